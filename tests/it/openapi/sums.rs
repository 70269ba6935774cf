//! An API of pure functions that counts what it is asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// What each function converts, and between which units.
const KINDS: [(&str, &str, [&str; 4]); 6] = [
    ("length", "distance", ["metre", "mile", "foot", "kilometre"]),
    ("weight", "weight", ["gram", "pound", "ounce", "kilogram"]),
    ("volume", "volume", ["litre", "gallon", "pint", "cup"]),
    ("area", "area", ["acre", "hectare", "are", "square_mile"]),
    ("speed", "speed", ["knot", "mile_per_hour", "metre_per_second", "kilometre_per_hour"]),
    ("energy", "energy", ["joule", "calorie", "kilowatt_hour", "watt_second"]),
];

/// A running API; ends when dropped.
pub(crate) struct Sums {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<BTreeMap<String, u64>>>,
    _stop: oneshot::Sender<()>,
}

impl Sums {
    pub(crate) fn start() -> Self {
        let asked = Arc::new(Mutex::new(BTreeMap::new()));
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&asked);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).expect("it is waited for");
                let app = Router::new().fallback(answer).with_state(shared);
                let until = async { stopped.await.unwrap_or_default() };
                axum::serve(listener, app).with_graceful_shutdown(until).await.expect("it serves");
            });
        });
        Self { address: told.recv().expect("it starts"), asked, _stop: stop }
    }

    /// How often each request came.
    pub(crate) fn asked(&self) -> BTreeMap<String, u64> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(State(asked): State<Arc<Mutex<BTreeMap<String, u64>>>>, uri: Uri) -> String {
    let line = uri.to_string();
    let number = line.bytes().fold(1_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 10_007);
    *asked.lock().unwrap_or_else(PoisonError::into_inner).entry(line).or_default() += 1;
    // Others may ask for the same meanwhile.
    tokio::time::sleep(Duration::from_millis(2)).await;
    json!({"result": number as f64 / 8.0, "precision": "exact"}).to_string()
}

/// The document that describes it.
pub(crate) fn document() -> Value {
    let path = |(name, noun, units): &(&str, &str, [&str; 4])| {
        let unit = |key: &str, what: &str| {
            json!({"name": key, "in": "query", "required": true, "description": what,
                "schema": {"type": "string", "enum": units}})
        };
        let amount = json!({"name": "amount", "in": "query", "required": true,
            "description": format!("The {noun} to convert."),
            "schema": {"type": "integer", "minimum": 1, "maximum": 400}});
        let parameters = [amount, unit("from", "Its unit."), unit("to", "The unit to convert to.")];
        let schema = json!({"type": "object", "required": ["result"], "properties": {
            "result": {"type": "number", "description": format!("The {noun} in the other unit.")},
            "precision": {"type": "string"}}});
        let get = json!({"operationId": format!("convert_{name}"), "tags": ["units"],
            "summary": format!("Converts a {noun} into another unit."), "parameters": parameters,
            "responses": {"200": {"content": {"application/json": {"schema": schema}}}}});
        (format!("/convert/{name}"), json!({"get": get}))
    };
    let paths: serde_json::Map<String, Value> = KINDS.iter().map(path).collect();
    json!({"openapi": "3.1.0", "info": {"title": "Units", "version": "1"}, "paths": paths})
}
