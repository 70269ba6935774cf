//! One request's way through the mock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::behaviour::{Answers, Behaviour, Dialect, Draws, Fault, Reasoning, Usage};
use super::limit::Bucket;
use super::stats::{Seen, count};
use super::wire::{Answer, Asked, Manner};
use super::{answer, damage, refuse};

pub(super) struct Endpoint {
    inside: Mutex<Inside>,
}

struct Inside {
    behaviour: Arc<Behaviour>,
    slots: Arc<Semaphore>,
    heard: Arc<answer::Heard>,
    bucket: Option<Bucket>,
    seen: Seen,
}

/// What is known of a request before it is worked.
struct Arrival {
    behaviour: Arc<Behaviour>,
    slots: Arc<Semaphore>,
    heard: Arc<answer::Heard>,
    body: u64,
    /// How often the same body came before.
    before: u32,
    number: u64,
    refused: Option<Duration>,
}

impl Endpoint {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self { inside: Mutex::new(Inside::new(behaviour)) }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn answer(&self, asked: &Asked) -> Answer {
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", path) if path.ends_with("/chat/completions") => self.complete(asked).await,
            ("GET", path) if path.ends_with("/models") => {
                Answer::json(200, r#"{"object":"list","data":[{"id":"mock","object":"model"}]}"#)
            }
            ("GET", "/stats") => Answer::json(200, json!(self.lock().seen.stats).to_string()),
            ("POST", "/reset") => {
                self.lock().seen = Seen::default();
                Answer::json(200, "{}")
            }
            ("POST", "/killed") => {
                self.lock().seen.killed();
                Answer::json(200, "{}")
            }
            ("POST", "/behaviour") => match serde_json::from_slice(&asked.body) {
                Ok(behaviour) => {
                    let mut inside = self.lock();
                    let seen = std::mem::take(&mut inside.seen);
                    *inside = Inside { seen, ..Inside::new(behaviour) };
                    Answer::json(200, "{}")
                }
                Err(error) => Answer::json(400, error.to_string()),
            },
            _ => Answer::json(404, r#"{"error":{"message":"no such path"}}"#),
        }
    }

    async fn complete(&self, asked: &Asked) -> Answer {
        let arrival = self.lock().arrive(asked);
        // A client that hangs up drops this future half-way.
        let _left = Left(self);
        let behaviour = &arrival.behaviour;
        if let (Some(wait), Some(limit)) = (arrival.refused, &behaviour.limit) {
            return refuse::rate(limit.tell, wait);
        }
        let key = asked.headers.iter().find(|(name, _)| name == "authorization");
        let key = key.and_then(|(_, value)| value.strip_prefix("Bearer ")).unwrap_or_default();
        if behaviour.key.as_deref().is_some_and(|wanted| wanted != key) {
            return refuse::fault(Fault::Unauthorized, key, || Answer::json(200, ""));
        }
        let _slot = arrival.slots.acquire().await;
        let fault = arrival.fault();
        if !matches!(fault, Some(Fault::Hang | Fault::Reset)) {
            tokio::time::sleep(arrival.latency()).await;
        }
        if let Some(fault) = fault {
            count(&mut self.lock().seen.stats.faults, json!(fault).as_str().unwrap_or_default());
        }
        match fault {
            None => self.good(&arrival, asked),
            // Slow, but whole.
            Some(Fault::SlowBody) => Answer { manner: Manner::Slow, ..self.good(&arrival, asked) },
            Some(fault) => refuse::fault(fault, key, || rendered(&arrival, &asked.body, |_| ()).1),
        }
    }

    fn too_long(&self, arrival: &Arrival, asked: &Asked) -> Option<Answer> {
        let context = arrival.behaviour.context_tokens;
        if context == 0 {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let told = |key: &str| body[key].as_u64();
        let output = told("max_tokens").or_else(|| told("max_completion_tokens")).unwrap_or(0);
        let input = input_tokens(&asked.body);
        (input + output > context).then(|| {
            self.lock().seen.stats.too_long += 1;
            refuse::too_long(context, input, output)
        })
    }

    fn good(&self, arrival: &Arrival, asked: &Asked) -> Answer {
        if let Some(refusal) = self.too_long(arrival, asked) {
            return refusal;
        }
        let mut bad = None;
        let (told, answer) = rendered(arrival, &asked.body, |kind| bad = Some(kind));
        let inside = &mut *self.lock();
        let seen = &mut inside.seen;
        match told {
            Some(told) => {
                if let Some(bucket) = &mut inside.bucket {
                    bucket.answered(told.output);
                }
                seen.answered(arrival.body, told.purpose, told.input, told.output);
                if let Some(kind) = bad {
                    count(&mut seen.stats.bad_answers, kind);
                }
            }
            None => seen.stats.dialect += 1,
        }
        answer
    }
}

/// Counts a request as left, however it leaves.
struct Left<'a>(&'a Endpoint);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.lock().seen.left();
    }
}

impl Inside {
    fn new(behaviour: Behaviour) -> Self {
        let slots = match behaviour.slots {
            0 => Semaphore::MAX_PERMITS,
            slots => slots,
        };
        Self {
            bucket: behaviour.limit.as_ref().map(Bucket::new),
            slots: Arc::new(Semaphore::new(slots)),
            heard: Arc::default(),
            behaviour: Arc::new(behaviour),
            seen: Seen::default(),
        }
    }

    fn arrive(&mut self, asked: &Asked) -> Arrival {
        let body = Draws::of(&[&asked.body]).next();
        let before = self.seen.arrived(body);
        let mut refused = None;
        if let (Some(limit), Some(bucket)) = (&self.behaviour.limit, &mut self.bucket) {
            let tokens = input_tokens(&asked.body);
            let verdict = bucket.take(tokens, refuse::granularity(limit.tell));
            refused = verdict.refused;
            if refused.is_some() {
                self.seen.refused();
            }
            self.seen.stats.early += u64::from(verdict.is_early);
        }
        Arrival {
            behaviour: Arc::clone(&self.behaviour),
            slots: Arc::clone(&self.slots),
            heard: Arc::clone(&self.heard),
            body,
            before,
            number: self.seen.stats.requests,
            refused,
        }
    }
}

impl Arrival {
    fn draws(&self, purpose: &str) -> Draws {
        let seed = self.behaviour.seed.to_le_bytes();
        let (body, before) = (self.body.to_le_bytes(), self.before.to_le_bytes());
        Draws::of(&[&seed, purpose.as_bytes(), &body, &before])
    }

    fn fault(&self) -> Option<Fault> {
        if let Some(then) =
            self.behaviour.then.filter(|_| self.number > self.behaviour.healthy_requests)
        {
            return Some(then);
        }
        let mut share = self.draws("fault").share();
        self.behaviour.faults.iter().find_map(|(fault, chance)| {
            share -= chance;
            (share < 0.0).then_some(*fault)
        })
    }

    fn latency(&self) -> Duration {
        let spread = self.behaviour.latency_spread * (self.draws("latency").share() * 2.0 - 1.0);
        Duration::from_millis(self.behaviour.latency_ms).mul_f64((1.0 + spread).max(0.0))
    }
}

/// Some four characters each.
fn input_tokens(body: &[u8]) -> u64 {
    (body.len() / 4) as u64
}

/// What an answer took.
struct Told {
    purpose: &'static str,
    input: u64,
    output: u64,
}

/// The model's answer, spoiled where the model is a bad one; a refusal where
/// the request is in the wrong dialect.
fn rendered(
    arrival: &Arrival,
    body: &[u8],
    spoiled: impl FnOnce(&'static str),
) -> (Option<Told>, Answer) {
    let behaviour = &arrival.behaviour;
    let input = input_tokens(body);
    if behaviour.answers == Answers::Fixed {
        let text = r#"{"ok":true}"#;
        let told = Told { purpose: "fixed", input, output: 3 };
        return (Some(told), Answer::json(200, envelope(behaviour, text, false, input, 3)));
    }
    let Ok(body): Result<Value, _> = serde_json::from_slice(body) else {
        return (None, Answer::json(400, r#"{"error":{"message":"the body is not JSON"}}"#));
    };
    if let Some(refusal) = refuse::dialect(&behaviour.dialect, &body) {
        return (None, refusal);
    }
    let ask = answer::Ask::read(&body);
    let mut text = ask.answer(behaviour, &arrival.heard);
    let mut is_cut = false;
    let seed = behaviour.seed.to_le_bytes();
    let mut draws = match behaviour.stubborn {
        true => ask.draws_of_sampling(&body, &seed),
        false => Draws::of(&[&seed, b"bad", &arrival.body.to_le_bytes()]),
    };
    if draws.share() < behaviour.bad_answers {
        let damaged = damage::spoil(&ask, &text, &mut draws);
        (text, is_cut) = (damaged.text, damaged.is_cut);
        spoiled(damaged.kind);
    }
    let output = (text.len() / 4) as u64;
    let answer = Answer::json(200, envelope(behaviour, &text, is_cut, input, output));
    (Some(Told { purpose: ask.purpose.label(), input, output }), answer)
}

fn envelope(behaviour: &Behaviour, text: &str, is_cut: bool, input: u64, output: u64) -> String {
    let dialect = &behaviour.dialect;
    let mut message = json!({ "role": "assistant", "content": text });
    match dialect.reasoning {
        Reasoning::None => {}
        Reasoning::Field => message["reasoning_content"] = "Let me think about the hint.".into(),
        Reasoning::Think => {
            message["content"] = format!("<think>The hint says it.</think>\n{text}").into();
        }
    }
    if dialect.native_calls
        && let Some(calls) = native_calls(text)
    {
        message["content"] = Value::Null;
        message["tool_calls"] = calls;
    }
    let finish = if is_cut { "length" } else { "stop" };
    let mut whole = json!({
        "id": "chatcmpl-mock", "object": "chat.completion", "model": "mock",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
    });
    if let Some(usage) = usage(dialect, input, output) {
        whole["usage"] = usage;
    }
    whole.to_string()
}

fn usage(dialect: &Dialect, input: u64, output: u64) -> Option<Value> {
    let total = input + output;
    let cached = (input as f64 * dialect.cached) as u64;
    Some(match dialect.usage {
        Usage::Untold => return None,
        Usage::Told => json!({ "prompt_tokens": input, "completion_tokens": output,
            "total_tokens": total, "prompt_tokens_details": { "cached_tokens": cached } }),
        Usage::Zeros => {
            json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 })
        }
        Usage::Fractions => json!({ "prompt_tokens": input as f64,
            "completion_tokens": output as f64, "total_tokens": total as f64 }),
        Usage::Anthropic => json!({ "input_tokens": input - cached, "output_tokens": output,
            "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0 }),
        Usage::Hidden => json!({ "prompt_tokens": input, "completion_tokens": output / 2,
            "total_tokens": total }),
    })
}

/// The calls of an `act`, as servers with tool support return them.
fn native_calls(text: &str) -> Option<Value> {
    let answer: Value = serde_json::from_str(text).ok()?;
    let calls = answer.get("calls")?.as_array().filter(|calls| !calls.is_empty())?;
    // A list of names under that key calls nothing.
    if !calls.iter().all(|call| call["name"].is_string()) {
        return None;
    }
    let native = |(at, call): (usize, &Value)| {
        json!({ "id": format!("native_{at}"), "type": "function",
            "function": { "name": call["name"], "arguments": call["arguments"] } })
    };
    Some(calls.iter().enumerate().map(native).collect())
}
