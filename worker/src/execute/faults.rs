//! Realistic error texts of tools that fail.

use magnet_proto::library::Function;
use magnet_proto::path::Fault;
use magnet_proto::rng::Rng;
use magnet_proto::shape::words;
use rand::RngExt;

/// What a failing call returns.
pub(super) fn text(fault: Fault, function: &Function, rng: &mut Rng) -> String {
    let noun = function_noun(function);
    let number = rng.random_range(2..45);
    match (fault, rng.random_range(0..6)) {
        (Fault::Transient, 0) => format!("429 Too Many Requests: retry after {number} seconds"),
        (Fault::Transient, 1) => format!("request timed out after {}000 ms", number),
        (Fault::Transient, 2) => "503 Service Unavailable: please try again".into(),
        (Fault::Transient, 3) => {
            format!("rate limit reached for {noun} requests, try again shortly")
        }
        (Fault::Transient, 4) => "502 Bad Gateway: upstream closed the connection".into(),
        (Fault::Transient, _) => {
            format!("temporary failure in the {noun} service (code E{}1)", number + 100)
        }
        (Fault::Permanent, 0) => {
            format!("503 Service Unavailable: the {noun} service is down for maintenance")
        }
        (Fault::Permanent, 1) => "500 Internal Server Error: database connection lost".into(),
        (Fault::Permanent, 2) => format!("the {noun} service is not available at the moment"),
        (Fault::Permanent, 3) => "504 Gateway Timeout: no answer from the backend".into(),
        (Fault::Permanent, 4) => {
            format!("backend unavailable: incident INC-{number}07 is being worked on")
        }
        (Fault::Permanent, _) => {
            format!("{noun} backend returned an invalid response (code E{}5)", number + 400)
        }
    }
}

/// The thing a function is about: the first word of its name that is no verb.
fn function_noun(function: &Function) -> String {
    let mut parts = words(&function.name).skip(1);
    parts.next().or_else(|| words(&function.name).next()).unwrap_or_else(|| "item".into())
}
