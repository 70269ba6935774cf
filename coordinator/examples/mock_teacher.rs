//! The tests' mock endpoint as a process of its own: to try a campaign, a
//! fleet or a limit against a model that costs nothing.
//!
//! ```text
//! cargo run --example mock_teacher -- 8000 '{"latency_ms": 50}'
//! ```
//!
//! The first argument is the port, 0 for any; the second what it is like, as
//! JSON (see `tests/it/mock/behaviour.rs`). It prints its base URL.

#[path = "../../tests/it/mock/mod.rs"]
mod mock;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse());
    let behaviour =
        arguments.next().map_or(Ok(mock::Behaviour::default()), |text| serde_json::from_str(&text));
    match (port, behaviour) {
        (Ok(port), Ok(behaviour)) => mock::serve_process(port, behaviour),
        (Err(error), _) => eprintln!("the port: {error}"),
        (_, Err(error)) => eprintln!("the behaviour: {error}"),
    }
}
