//! The JSON API: what the page shows, for programs.
//!
//! Reading is open to whoever reaches the port. Steering takes the token as
//! `Authorization: Bearer …`: a header that no form and no other site's page
//! can send.

use std::time::Duration;

use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use magnet_proto::state::Control;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::info;

use super::page::HARDENED;
use super::reader::Reader;
use super::{PATIENCE, Token, Watch};

/// Samples a list has at most.
const LONGEST_LIST: usize = 100;
/// Dead letters shown at most.
const LETTERS: usize = 200;
/// Listing dead letters takes a queue longer than telling its depth.
const LETTERS_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Api {
    watch: Watch,
    token: Option<Token>,
}

pub(super) fn routes(watch: Watch, token: Option<Token>) -> Router {
    Router::new()
        .route("/api/v1/campaign", get(campaign))
        .route("/api/v1/samples", get(samples))
        .route("/api/v1/samples/{number}", get(sample))
        .route("/api/v1/dead-letters", get(dead_letters))
        .route("/api/v1/pause", post(pause))
        .route("/api/v1/resume", post(resume))
        .with_state(Api { watch, token })
}

/// What is wrong with a request, or with us.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, HARDENED, Json(json!({ "error": self.1 }))).into_response()
    }
}

type Answer = Result<Response, Problem>;

fn answer(body: impl Serialize) -> Answer {
    Ok((HARDENED, Json(body)).into_response())
}

fn away(what: &str) -> Problem {
    Problem(StatusCode::SERVICE_UNAVAILABLE, format!("{what} is away"))
}

async fn campaign(Shared(api): Shared<Api>) -> Answer {
    let (board, view) = (&api.watch.board, api.watch.board.view());
    let campaign = board.campaign();
    let counts = &view.counts;
    let rejected = counts.rejected_by_reason.iter().map(|(reason, count)| {
        json!({"stage": reason.stage().label(), "reason": reason.label(), "count": count})
    });
    let services = api.watch.health.services().into_iter().map(|(service, answer)| {
        json!({"service": service.label(), "up": answer.is_ok(), "why": answer.err()})
    });
    let queue = view.queue.map(|queue| {
        json!({
            "ready": queue.depth.ready, "delayed": queue.depth.delayed,
            "dead": queue.depth.dead, "workers": queue.consumers,
        })
    });
    answer(json!({
        "name": campaign.campaign.name,
        "campaign": board.digest().0.short(),
        "version": env!("CARGO_PKG_VERSION"),
        "phase": view.phase,
        "control": view.control,
        "leading": view.leading,
        "ended": view.ended,
        "trouble": view.trouble,
        "may_steer": api.token.is_some(),
        "running_seconds": view.running.as_secs(),
        "samples": {
            "wanted": campaign.campaign.samples,
            "accepted": counts.accepted,
            "readable": board.readable(),
            "per_second": view.rate,
            "eta_seconds": view.eta.map(|eta| eta.as_secs()),
            "history": view.history,
        },
        "walks": {
            "decided": counts.decided(), "accepted": counts.accepted,
            "rejected": counts.rejected, "duplicates": counts.duplicates,
            "near_duplicates": counts.near_duplicates, "over_quota": counts.over_quota,
            "surplus": counts.surplus,
            "missing": counts.missing, "pairs": counts.pairs,
            "rejected_by_reason": rejected.collect::<Vec<Value>>(),
        },
        "shards": { "outstanding": view.outstanding, "queue": queue },
        "spend": {
            "usd": view.spent.micro_usd as f64 / 1e6, "requests": view.spent.requests,
            "input_tokens": view.spent.input_tokens, "output_tokens": view.spent.output_tokens,
            "cached_input_tokens": view.spent.cached_input_tokens,
        },
        "refusals": view.refusals,
        "budget": campaign.budget,
        "services": services.collect::<Vec<Value>>(),
    }))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    from: u64,
    #[serde(default = "page_of")]
    limit: usize,
}

fn page_of() -> usize {
    25
}

async fn samples(Shared(api): Shared<Api>, Query(page): Query<Page>) -> Answer {
    let places = api.watch.board.places(page.from, page.limit.clamp(1, LONGEST_LIST));
    let list = reader(&api)?.list(&places).await.map_err(unread)?;
    answer(json!({"total": api.watch.board.readable(), "from": page.from, "samples": list}))
}

async fn sample(Shared(api): Shared<Api>, Path(number): Path<u64>) -> Answer {
    let places = api.watch.board.places(number, 1);
    let Some(place) = places.first() else {
        let total = api.watch.board.readable();
        let message = format!("no sample {number}: there are {total}");
        return Err(Problem(StatusCode::NOT_FOUND, message));
    };
    answer(reader(&api)?.read(place).await.map_err(unread)?)
}

fn reader(api: &Api) -> Result<std::sync::Arc<Reader>, Problem> {
    api.watch.open().reader.ok_or_else(|| away("the part store"))
}

fn unread(problem: super::reader::Error) -> Problem {
    Problem(StatusCode::SERVICE_UNAVAILABLE, problem.to_string())
}

async fn dead_letters(Shared(api): Shared<Api>) -> Answer {
    let queue = api.watch.open().queue.ok_or_else(|| away("the queue"))?;
    let asked = tokio::time::timeout(LETTERS_PATIENCE, queue.dead_letters(LETTERS)).await;
    let letters = asked.ok().and_then(Result::ok).ok_or_else(|| away("the queue"))?;
    let letters = letters.into_iter().map(|letter| {
        let part = letter.shard.as_ref().map(|shard| shard.part_name());
        let walks = letter.shard.map(|shard| [shard.first.0, shard.end().0]);
        json!({
            "part": part, "walks": walks, "attempts": letter.attempts, "reason": letter.reason,
        })
    });
    answer(json!({ "letters": letters.collect::<Vec<Value>>(), "limit": LETTERS }))
}

async fn pause(Shared(api): Shared<Api>, headers: HeaderMap) -> Answer {
    steer(&api, &headers, Control::Pause).await
}

async fn resume(Shared(api): Shared<Api>, headers: HeaderMap) -> Answer {
    steer(&api, &headers, Control::Run).await
}

async fn steer(api: &Api, headers: &HeaderMap, wish: Control) -> Answer {
    let refuse = |status, message: &str| Err(Problem(status, message.to_owned()));
    let Some(token) = &api.token else {
        let message = "steering is off: start the coordinator with MAGNET_STATUS_TOKEN or \
                       run.token_file";
        return refuse(StatusCode::FORBIDDEN, message);
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    if !given.is_some_and(|given| token.is(given)) {
        return refuse(StatusCode::UNAUTHORIZED, "that is not the token");
    }
    let state = api.watch.open().state.ok_or_else(|| away("the state store"))?;
    let exchange = async {
        // A campaign that is over is not begun again by a click.
        if let over @ (Control::Cancel | Control::Done) = state.control().await? {
            return Ok(over);
        }
        state.set_control(wish).await.map(|()| wish)
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(Ok(now)) if now == wish => {
            info!("the status page asks: {wish:?}");
            answer(json!({ "control": wish }))
        }
        Ok(Ok(_)) => refuse(StatusCode::CONFLICT, "the campaign is over"),
        Ok(Err(_)) | Err(_) => Err(away("the state store")),
    }
}
