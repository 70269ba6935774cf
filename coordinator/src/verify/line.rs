//! A dataset's line read back into the form that was checked when it was made.
//!
//! The line is the only source: its tools become a small library of their own,
//! so that every check runs as it did in the pipeline. Functions that are only
//! named (withheld ones) become bare entries.

use std::collections::{BTreeMap, HashMap};

use magnet_proto::library::{Document, Function, Library};
use magnet_proto::path::NodeOp;
use magnet_proto::sample::{Arguments, Call, Message, Pair, Provenance, Sample};
use magnet_proto::{FunctionId, WalkIndex};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A line of `sft.jsonl`.
pub(super) struct Record {
    pub(super) library: Library,
    pub(super) sample: Sample,
    /// Characters of the tool documents on offer.
    pub(super) tools_chars: usize,
}

/// A line of `preference.jsonl`, over the library of its sample's record.
pub(super) struct PairLine {
    pub(super) id: String,
    pub(super) chosen: Vec<Message>,
    pub(super) rejected: Vec<Message>,
    pub(super) prompt_len: usize,
    metadata: Value,
}

impl PairLine {
    /// The pair, parting after `shared` messages.
    pub(super) fn pair(&self, shared: usize) -> Result<Pair, String> {
        Ok(Pair {
            error: typed(&self.metadata, "error_type")?,
            turn: typed(&self.metadata, "turn")?,
            source: typed(&self.metadata, "source")?,
            prompt_len: shared as u32,
            rejected: self.rejected[shared..].to_vec(),
            step: typed(&self.metadata, "step")?,
            reason: typed(&self.metadata, "reason")?,
        })
    }
}

/// Reads a line of `sft.jsonl`. The error names the key.
pub(super) fn record(line: &Value) -> Result<Record, String> {
    let metadata = line.get("metadata").ok_or("no \"metadata\"")?;
    let documents = list(line, "tools")?;
    let mut names = Names::default();
    let mut tools_chars = 0;
    let mut offer = |documents: &[Value]| {
        let ids = documents.iter().map(|document| {
            tools_chars += document.to_string().len();
            names.add_tool(document)
        });
        ids.collect::<Result<Vec<FunctionId>, String>>()
    };
    let tools = offer(documents)?;
    let mut tools_added = BTreeMap::new();
    for added in list(metadata, "tools_added")? {
        tools_added.insert(typed(added, "turn")?, offer(list(added, "tools")?)?);
    }
    let node_ops = list(metadata, "node_ops")?.iter().map(|op| names.node_op(op));
    let node_ops = node_ops.collect::<Result<_, _>>()?;
    let messages = list(line, "messages")?.iter().map(|m| names.message(m));
    let messages = messages.collect::<Result<_, _>>()?;
    let path = list(metadata, "signature_path")?.iter().map(|turn| names.all(turn));
    let signature_path = path.collect::<Result<_, _>>()?;
    let sample = Sample {
        id: typed(line, "id")?,
        walk: WalkIndex(typed(metadata, "walk")?),
        kind: typed(metadata, "kind")?,
        signature_path,
        node_ops,
        challenges: typed(metadata, "challenges")?,
        tools,
        tools_added,
        messages,
        reference: Vec::new(),
        provenance: typed::<Vec<Provenance>>(metadata, "provenance")?,
        executor: typed(metadata, "executor")?,
        initial_config: initial_config(metadata)?,
        brief: Default::default(),
        teacher: typed(metadata, "teacher")?,
        domains: typed(metadata, "domains")?,
        persona: typed(metadata, "persona")?,
        reasoning: Default::default(),
        readings: None,
        difficulty: None,
        pairs: Vec::new(),
    };
    Ok(Record { library: names.into_library(), sample, tools_chars })
}

/// Reads a line of `preference.jsonl`.
pub(super) fn pair(line: &Value, library: &Library) -> Result<PairLine, String> {
    let metadata = line.get("metadata").ok_or("no \"metadata\"")?;
    let mut names = Names::of(library);
    let known = library.len();
    let mut read = |key| {
        let messages = list(line, key)?.iter().map(|message| names.message(message));
        messages.collect::<Result<Vec<_>, _>>()
    };
    let (chosen, rejected) = (read("chosen")?, read("rejected")?);
    if names.functions.len() > known {
        let name = &names.functions[known].name;
        return Err(format!("\"rejected\" calls \"{name}\", which its sample never offers"));
    }
    Ok(PairLine {
        id: typed(line, "id")?,
        chosen,
        rejected,
        prompt_len: typed(line, "prompt_len")?,
        metadata: metadata.clone(),
    })
}

fn list<'a>(object: &'a Value, key: &str) -> Result<&'a Vec<Value>, String> {
    object.get(key).and_then(Value::as_array).ok_or_else(|| format!("\"{key}\" is not a list"))
}

fn typed<T: DeserializeOwned>(object: &Value, key: &str) -> Result<T, String> {
    let value = object.get(key).ok_or_else(|| format!("no \"{key}\""))?;
    T::deserialize(value).map_err(|error| format!("\"{key}\": {error}"))
}

/// The state that executors started from, which stands there as JSON text.
fn initial_config(metadata: &Value) -> Result<Option<Value>, String> {
    let text = match metadata.get("initial_config") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err("\"initial_config\" is no JSON text".into()),
    };
    let state = serde_json::from_str(text);
    state.map(Some).map_err(|error| format!("\"initial_config\": {error}"))
}

/// Function names seen so far, each with an id.
#[derive(Default)]
struct Names {
    functions: Vec<Document>,
    ids: HashMap<String, FunctionId>,
}

impl Names {
    fn of(library: &Library) -> Self {
        let mut names = Self::default();
        for (_, function) in library.iter() {
            names.add(function.clone().into());
        }
        names
    }

    fn into_library(self) -> Library {
        let functions: Vec<Function> = self.functions.into_iter().map(Function::from).collect();
        functions.into()
    }

    fn add(&mut self, document: Document) -> FunctionId {
        let id = FunctionId(self.functions.len() as u32);
        self.ids.insert(document.name.clone(), id);
        self.functions.push(document);
        id
    }

    fn add_tool(&mut self, tool: &Value) -> Result<FunctionId, String> {
        let function = tool.get("function").ok_or("a tool has no \"function\"")?;
        let name: String = typed(function, "name")?;
        if self.ids.contains_key(&name) {
            return Err(format!("the tool \"{name}\" is offered twice"));
        }
        let parameters = function.get("parameters").cloned();
        let mut document = bare(name);
        document.description = typed(function, "description").unwrap_or_default();
        document.parameters = parameters.unwrap_or(document.parameters);
        Ok(self.add(document))
    }

    fn id(&mut self, name: &str) -> FunctionId {
        match self.ids.get(name) {
            Some(id) => *id,
            None => self.add(bare(name.to_owned())),
        }
    }

    fn all(&mut self, names: &Value) -> Result<Vec<FunctionId>, String> {
        let names = names.as_array().ok_or("a list of function names is no list")?;
        let one = |name: &Value| name.as_str().map(|name| self.id(name));
        names.iter().map(one).collect::<Option<_>>().ok_or_else(|| "a name is no text".into())
    }

    /// The log line with names turned back into ids.
    fn node_op(&mut self, op: &Value) -> Result<NodeOp, String> {
        let mut op = op.as_object().cloned().ok_or("a node operation is no object")?;
        for key in ["function", "src_fn", "new_fn"] {
            if let Some(name) = op.get(key).and_then(Value::as_str).map(str::to_owned) {
                op.insert(key.into(), self.id(&name).0.into());
            }
        }
        if let Some(functions) = op.get("functions").cloned() {
            let ids: Vec<u32> = self.all(&functions)?.into_iter().map(|id| id.0).collect();
            op.insert("functions".into(), json!(ids));
        }
        serde_json::from_value(Value::Object(op)).map_err(|error| format!("node_ops: {error}"))
    }

    fn message(&mut self, message: &Value) -> Result<Message, String> {
        let content = message.get("content").and_then(Value::as_str).map(str::to_owned);
        let needed = || content.clone().ok_or("a message has no content");
        Ok(match message.get("role").and_then(Value::as_str) {
            Some("system") => Message::System(needed()?),
            Some("user") => Message::User(needed()?),
            Some("tool") => {
                Message::Tool { call_id: typed(message, "tool_call_id")?, content: needed()? }
            }
            Some("assistant") => {
                let calls = message.get("tool_calls").and_then(Value::as_array);
                let calls = calls.into_iter().flatten().map(|call| self.call(call));
                Message::Assistant { content, calls: calls.collect::<Result<_, _>>()? }
            }
            role => return Err(format!("a message of role {role:?}")),
        })
    }

    fn call(&mut self, call: &Value) -> Result<Call, String> {
        let function = call.get("function").ok_or("a call has no \"function\"")?;
        let name: String = typed(function, "name")?;
        let text: String = typed(function, "arguments")?;
        let arguments: Arguments = serde_json::from_str(&text)
            .map_err(|error| format!("the arguments of \"{name}\" are no JSON object: {error}"))?;
        Ok(Call { id: typed(call, "id")?, function: self.id(&name), arguments })
    }
}

fn bare(name: String) -> Document {
    Document {
        name,
        description: String::new(),
        category: "misc".into(),
        class: "misc".into(),
        parameters: Value::Object(Map::from_iter([("type".to_owned(), json!("object"))])),
        response: None,
    }
}
