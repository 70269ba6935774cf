//! A whole message list: legal as a chat, and legal against the tools on offer
//! turn by turn.

use std::collections::{BTreeMap, HashMap, HashSet};

use magnet_proto::library::Library;
use magnet_proto::sample::{Message, Provenance, Sample};
use magnet_proto::{FunctionId, late};

use super::calls::Validators;
use super::mentions::Text;
use super::provenance::{Ledger, Shown};
use super::{challenges, prose};
use crate::execute::Output;

/// The functions on offer, which may grow from turn to turn.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    pub tools: &'a [FunctionId],
    pub added: &'a BTreeMap<u16, Vec<FunctionId>>,
}

impl Offer<'_> {
    /// What is on offer at a user turn.
    pub fn at(&self, turn: usize) -> Vec<FunctionId> {
        let added = self.added.iter().filter(|(from, _)| **from as usize <= turn);
        self.tools.iter().chain(added.flat_map(|(_, functions)| functions)).copied().collect()
    }
}

/// Checks roles, call ids and arguments of a message list. A tool that arrives
/// later may be called once a message has carried its document. The error says
/// which message breaks which rule.
pub fn legal(
    library: &Library,
    validators: &Validators,
    offer: Offer<'_>,
    messages: &[Message],
) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    let mut turn = None::<usize>;
    let mut shown: HashSet<FunctionId> = offer.tools.iter().copied().collect();
    let mut on_offer = HashSet::new();
    let mut last = "";
    for (at, message) in messages.iter().enumerate() {
        let refuse = |why: String| Err(format!("message {at}: {why}"));
        if !open.is_empty() && !matches!(message, Message::Tool { .. }) {
            return refuse(format!("call \"{}\" is not answered", open[0]));
        }
        last = match message {
            Message::System(_) if at == 0 => "system",
            Message::System(_) => return refuse("a system message inside".into()),
            Message::User(_) if last == "user" => return refuse("two requests in a row".into()),
            Message::User(_) if last == "tool" => return refuse("a turn without a reply".into()),
            Message::User(text) => {
                let now = turn.map_or(0, |turn| turn + 1);
                turn = Some(now);
                on_offer = offer.at(now).into_iter().collect::<HashSet<_>>();
                let carried = |id: &&FunctionId| late::carries(text, &library.get(**id).document());
                let late = offer.added.values().flatten().filter(|id| on_offer.contains(*id));
                shown.extend(late.filter(carried));
                "user"
            }
            Message::Assistant { .. } if last == "assistant" => {
                return refuse("two replies in a row".into());
            }
            Message::Assistant { .. } if turn.is_none() => {
                return refuse("a reply before any request".into());
            }
            Message::Assistant { content, calls } => {
                if calls.is_empty() && content.as_ref().is_none_or(|text| text.trim().is_empty()) {
                    return refuse("neither prose nor a call".into());
                }
                for call in calls {
                    if !seen.insert(call.id.as_str()) {
                        return refuse(format!("call id \"{}\" twice", call.id));
                    }
                    let name = &library.get(call.function).name;
                    if !on_offer.contains(&call.function) {
                        return refuse(format!("\"{name}\" is not on offer in this turn"));
                    }
                    if !shown.contains(&call.function) {
                        return refuse(format!("\"{name}\" is called, its document was not shown"));
                    }
                    if let Err(why) = validators.check(library, call.function, &call.arguments) {
                        return refuse(why);
                    }
                    open.push(&call.id);
                }
                if calls.is_empty() { "assistant" } else { "calls" }
            }
            Message::Tool { call_id, .. } => {
                let Some(place) = open.iter().position(|id| id == call_id) else {
                    return refuse(format!("an answer to \"{call_id}\", which was not called"));
                };
                open.remove(place);
                "tool"
            }
        };
    }
    match (open.first(), last) {
        (Some(id), _) => Err(format!("call \"{id}\" is not answered")),
        (None, "assistant") => Ok(()),
        (None, _) => Err("the conversation does not end with a reply".into()),
    }
}

/// Checks everything a record claims about itself: legality, hints,
/// provenance, challenges, pairs.
pub fn check(
    library: &Library,
    validators: &Validators,
    sample: &Sample,
    tools_chars: usize,
) -> Result<(), String> {
    let offer = Offer { tools: &sample.tools, added: &sample.tools_added };
    legal(library, validators, offer, &sample.messages)?;
    no_hint(&sample.messages)?;
    provenance_holds(library, sample)?;
    let observed = challenges::observed(&challenges::Evidence {
        library,
        messages: &sample.messages,
        provenance: &sample.provenance,
        node_ops: &sample.node_ops,
        tools_chars,
    });
    if let Some(absent) = sample.challenges.iter().find(|claim| !observed.contains(claim)) {
        return Err(format!("the challenge {absent:?} is claimed but not there"));
    }
    for pair in &sample.pairs {
        let shared = &sample.messages[..(pair.prompt_len as usize).min(sample.messages.len())];
        let rejected: Vec<Message> = shared.iter().chain(&pair.rejected).cloned().collect();
        let whose = |why| format!("the negative of type {:?}: {why}", pair.error);
        legal(library, validators, offer, &rejected).map_err(whose)?;
        no_hint(&pair.rejected).map_err(whose)?;
    }
    Ok(())
}

fn no_hint(messages: &[Message]) -> Result<(), String> {
    let texts = messages.iter().filter_map(|message| match message {
        Message::Assistant { content, .. } => content.as_deref(),
        Message::User(text) => Some(text.as_str()),
        _ => None,
    });
    match texts.filter_map(prose::hint_trace).next() {
        Some(trace) => Err(format!("a trace of the hint: \"{trace}\"")),
        None => Ok(()),
    }
}

/// Replays the messages and checks each claimed source where it is claimed.
fn provenance_holds(library: &Library, sample: &Sample) -> Result<(), String> {
    let mut claims: HashMap<&str, Vec<&Provenance>> = HashMap::new();
    for claim in &sample.provenance {
        claims.entry(&claim.call).or_default().push(claim);
    }
    let mut ledger = Ledger::default();
    for message in &sample.messages {
        match message {
            Message::User(text) => ledger.requests.push(Text::new(text)),
            Message::Assistant { calls, .. } => {
                for call in calls {
                    let arguments = serde_json::Value::Object(call.arguments.clone());
                    for claim in claims.get(call.id.as_str()).into_iter().flatten() {
                        let whose = || format!("{} of \"{}\"", claim.argument, call.id);
                        let value = arguments
                            .pointer(&claim.argument)
                            .ok_or_else(|| format!("provenance of {}: no such value", whose()))?;
                        let name = claim.argument[1..].split('/').next().unwrap_or_default();
                        let field = library.get(call.function).param(&unescape(name));
                        if !ledger.holds(value, &claim.source, field.map(|f| &f.shape)) {
                            return Err(format!("{}: {value} is not where it is said", whose()));
                        }
                    }
                }
            }
            Message::Tool { call_id, content } => {
                if let Output::Value(output) = Output::parse(content) {
                    let turn = ledger.requests.len().saturating_sub(1) as u16;
                    ledger.outputs.push(Shown { turn, call: call_id.clone(), output });
                }
            }
            Message::System(_) => {}
        }
    }
    Ok(())
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
