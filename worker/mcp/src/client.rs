//! A server that is talked to: every question with a deadline.

use std::time::Duration;

use magnet_proto::servers::Server;
use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
    Implementation, ListToolsRequest, PaginatedRequestParams,
};
use rmcp::service::{RunningService, ServiceError, serve_client};
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::folder::Folder;
use crate::launch::Launch;
use crate::process::Process;

/// Tools a server may offer, and pages it may take for them.
const MAX_TOOLS: usize = 5_000;
const MAX_PAGES: usize = 100;

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server says no, and goes on.
    Refused(String),
    /// It cannot be talked to any more.
    Gone(String),
}

/// A server in a folder. Gone when dropped.
pub(crate) struct Client {
    /// Before the process, so that it sees no closed pipe.
    service: RunningService<RoleClient, ClientConfig>,
    pub(crate) process: Process,
    deadline: Duration,
}

impl Client {
    /// Starts a server in a folder and greets it.
    ///
    /// # Errors
    /// Why it did not start, with what it said last.
    pub(crate) async fn start(
        launch: &Launch,
        server: &Server,
        folder: &Folder,
    ) -> Result<Self, String> {
        let (mut process, wire) =
            Process::start(launch, folder).map_err(|error| format!("it did not start: {error}"))?;
        let us = ClientConfig::new(
            ClientCapabilities::default(),
            Implementation::new("magnet", env!("CARGO_PKG_VERSION")),
        );
        match timeout(server.start_timeout, serve_client(us, wire)).await {
            Ok(Ok(service)) => Ok(Self { service, process, deadline: server.call_timeout }),
            Ok(Err(error)) => {
                let ended = process.autopsy().await;
                Err(format!("it did not start: {error}; {ended}"))
            }
            Err(_) => {
                let said = process.said();
                let waited = server.start_timeout.as_secs();
                Err(format!("it did not answer within {waited} s of its start; it said: {said}"))
            }
        }
    }

    /// All tools that it offers, as it describes them.
    pub(crate) async fn list(&mut self) -> Result<Vec<Value>, Trouble> {
        let mut tools: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor.take());
            let request = ListToolsRequest { params: Some(page), ..ListToolsRequest::default() };
            let mut page = self.ask(ClientRequest::ListToolsRequest(request)).await?;
            match page.get_mut("tools").map(Value::take) {
                Some(Value::Array(more)) => tools.extend(more),
                _ => return Err(Trouble::Refused("its answer has no list of tools".into())),
            }
            if tools.len() > MAX_TOOLS {
                return Err(Trouble::Refused(format!("it offers more than {MAX_TOOLS} tools")));
            }
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(tools),
            }
        }
        Err(Trouble::Refused(format!("its list of tools does not end after {MAX_PAGES} pages")))
    }

    /// What a tool answers.
    pub(crate) async fn call(
        &mut self,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Value, Trouble> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.ask(ClientRequest::CallToolRequest(CallToolRequest::new(params))).await
    }

    /// Ends it; its folder goes once it can write no more.
    pub(crate) fn bury(self, folder: Folder) {
        self.process.bury(folder);
    }

    async fn ask(&mut self, request: ClientRequest) -> Result<Value, Trouble> {
        match timeout(self.deadline, self.service.send_request(request)).await {
            Ok(Ok(answer)) => {
                serde_json::to_value(&answer).map_err(|error| Trouble::Refused(error.to_string()))
            }
            Ok(Err(ServiceError::McpError(error))) => Err(Trouble::Refused(error.message.into())),
            Ok(Err(_)) => Err(Trouble::Gone(self.process.autopsy().await)),
            Err(_) => {
                let waited = self.deadline.as_secs_f64();
                Err(Trouble::Gone(format!("it did not answer within {waited} s")))
            }
        }
    }
}
