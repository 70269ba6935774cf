//! A lending library's API, as `lending.json` describes it: it remembers and
//! refuses, each conversation in a sandbox of its own.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub(crate) const KEY: &str = "lending-key-5f2a";

/// A running API; ends when dropped.
pub(crate) struct Lending {
    pub(crate) address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct Inside {
    sandboxes: HashMap<String, Sandbox>,
    opened: u64,
    /// Calls by method and path, as they came.
    calls: BTreeMap<String, u64>,
    /// Answered to every call, if there is one.
    trouble: Option<(u16, &'static str)>,
}

struct Sandbox {
    books: Vec<Value>,
    members: Vec<Value>,
    loans: Vec<Value>,
}

type Refusal = (u16, Value);

impl Lending {
    pub(crate) fn start() -> Self {
        let inside = Arc::new(Mutex::new(Inside::default()));
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&inside);
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
        Self { address: told.recv().expect("it starts"), inside, _stop: stop }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Has every call answered so.
    pub(crate) fn always(&self, status: u16, body: &'static str) {
        self.lock().trouble = Some((status, body));
    }

    /// How often each request came.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.lock().calls.clone()
    }

    pub(crate) fn open_sandboxes(&self) -> usize {
        self.lock().sandboxes.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    State(inside): State<Arc<Mutex<Inside>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, body) = match inside.serve(&method, &uri, &headers, &body) {
        Ok(value) => (200, value.to_string()),
        Err((status, Value::String(text))) => (status, text),
        Err((status, detail)) => (status, detail.to_string()),
    };
    (StatusCode::from_u16(status).expect("a status"), body)
}

impl Inside {
    fn serve(
        &mut self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Value, Refusal> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if header("x-api-key") != Some(KEY) {
            // As careless as some servers are.
            let told = format!("not a key: {}", header("x-api-key").unwrap_or("none"));
            return Err((401, told.into()));
        }
        let segments: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        if let Some((status, body)) = self.trouble {
            return Err((status, body.into()));
        }
        match (method.as_str(), &segments[..]) {
            ("POST", ["v1", "sandboxes"]) => {
                self.opened += 1;
                let id = format!("s{}", self.opened);
                let query = uri.query().unwrap_or_default();
                self.sandboxes.insert(id.clone(), Sandbox::new(query));
                return Ok(json!({"sandbox": {"id": id}}));
            }
            ("DELETE", ["v1", "sandboxes", id]) => {
                self.sandboxes.remove(*id);
                return Ok(Value::Null);
            }
            _ => {}
        }
        let line = format!("{method} {}", uri.path_and_query().map_or("", |it| it.as_str()));
        *self.calls.entry(line).or_default() += 1;
        let id = header("x-sandbox").unwrap_or("shared");
        if id == "shared" {
            self.sandboxes.entry(id.into()).or_insert_with(|| Sandbox::new("seed=0&walk=0"));
        }
        let none = (400, json!({"detail": "there is no such sandbox"}));
        let sandbox = self.sandboxes.get_mut(id).ok_or(none)?;
        let form = header("content-type").is_some_and(|kind| kind.contains("urlencoded"));
        let body = match form {
            true => pairs(std::str::from_utf8(body).unwrap_or_default())
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect(),
            false => serde_json::from_slice(body).unwrap_or_default(),
        };
        sandbox.serve(method.as_str(), &segments[1..], uri.query().unwrap_or_default(), &body)
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).expect("a URL");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

impl Sandbox {
    /// What the conversation starts from depends on what opens it.
    fn new(query: &str) -> Self {
        let number = query.bytes().fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 89);
        let genres = ["crime", "travel", "poetry"];
        let titles = ["The Cold Harbour", "Nine Rivers", "A Quiet Verdict", "Salt Roads", "Ember"];
        let books = titles.into_iter().zip(0..).map(|(title, at)| {
            let id = 100 + number + at * 97;
            json!({"id": id, "title": title, "genre": genres[(at % 3) as usize], "copies": at % 3})
        });
        let names = ["Ada Byron", "Grace Hopper", "Alan Turing", "Barbara Liskov"];
        let members = names.into_iter().zip(0..).map(|(name, at)| {
            json!({"member_id": format!("M-{}", 10 + number + at * 13), "name": name, "city": "Lyon"})
        });
        let (books, members): (Vec<Value>, Vec<Value>) = (books.collect(), members.collect());
        let loan = json!({"id": format!("L-{number}"), "book_id": books[1]["id"],
            "member_id": members[0]["member_id"], "state": "open"});
        Self { books, members, loans: vec![loan] }
    }

    fn serve(
        &mut self,
        method: &str,
        path: &[&str],
        query: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        match (method, path) {
            ("GET", ["books"]) => {
                let genres = pairs(query);
                let is_wanted = |book: &&Value| {
                    genres.is_empty()
                        || genres
                            .iter()
                            .any(|(key, genre)| key == "genre" && book["genre"] == *genre)
                };
                Ok(json!({"books": self.books.iter().filter(is_wanted).collect::<Vec<_>>()}))
            }
            ("GET", ["books", id]) => {
                found(&mut self.books, "id", &id.parse().unwrap_or(0).into()).cloned_value()
            }
            ("GET", ["members"]) => Ok(json!({"members": self.members})),
            ("GET", ["members", id]) => {
                found(&mut self.members, "member_id", &(*id).into()).cloned_value()
            }
            ("PUT", ["members", id, "address"]) => {
                let member = found(&mut self.members, "member_id", &(*id).into())?;
                let city = body["city"].as_str().ok_or((422, json!({"detail": "no city"})))?;
                member["city"] = city.into();
                Ok(member.clone())
            }
            ("GET", ["loans"]) => Ok(json!({"loans": self.loans})),
            ("POST", ["loans"]) => {
                found(&mut self.members, "member_id", &body["member_id"])?;
                let book = found(&mut self.books, "id", &body["book_id"])?;
                let copies = book["copies"].as_u64().unwrap_or(0);
                if copies == 0 {
                    return Err((409, json!({"detail": "all copies are lent"})));
                }
                book["copies"] = (copies - 1).into();
                let id = format!("L-{}", 500 + self.loans.len());
                let mut loan = body.clone();
                loan["id"] = id.into();
                loan["state"] = "open".into();
                self.loans.push(loan.clone());
                Ok(loan)
            }
            ("GET", ["loans", id]) => found(&mut self.loans, "id", &(*id).into()).cloned_value(),
            ("POST", ["loans", id, "return"]) => {
                let loan = found(&mut self.loans, "id", &(*id).into())?;
                if loan["state"] == "returned" {
                    return Err((409, "it is here already".into()));
                }
                loan["state"] = "returned".into();
                Ok(loan.clone())
            }
            _ => Err((404, json!({"detail": "there is no such path"}))),
        }
    }
}

/// The thing that has that value.
fn found<'a>(all: &'a mut [Value], key: &str, value: &Value) -> Result<&'a mut Value, Refusal> {
    let none = (404, json!({"detail": format!("there is none with {key} {value}")}));
    all.iter_mut().find(|one| one[key] == *value).ok_or(none)
}

trait Cloned {
    fn cloned_value(self) -> Result<Value, Refusal>;
}

impl Cloned for Result<&mut Value, Refusal> {
    fn cloned_value(self) -> Result<Value, Refusal> {
        self.map(|value| value.clone())
    }
}
