//! A server that is talked to: every question with a deadline.

use std::time::Duration;

use magnet_proto::servers::Server;
use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
    Implementation, ListToolsRequest, PaginatedRequestParams,
};
use rmcp::service::{ClientInitializeError, RunningService, ServiceError, serve_client};
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::folder::Folder;
use crate::launch::Program;
use crate::process::Process;
use crate::remote::{self, Remote};
use crate::trouble::Trouble;

/// Tools a server may offer, and pages it may take for them.
const MAX_TOOLS: usize = 5_000;
const MAX_PAGES: usize = 100;

/// How long a server may take to let a session go.
const GOODBYE: Duration = Duration::from_secs(6);

/// A server that was greeted. Gone when dropped.
pub(crate) struct Client {
    /// Before the process, so that it sees no closed pipe.
    service: RunningService<RoleClient, ClientConfig>,
    /// None where it runs elsewhere.
    process: Option<Process>,
    deadline: Duration,
}

fn us() -> ClientConfig {
    let us = Implementation::new("magnet", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), us)
}

impl Client {
    /// Starts a server in a folder and greets it.
    ///
    /// # Errors
    /// Why it did not start, with what it said last.
    pub(crate) async fn start(
        program: &Program,
        server: &Server,
        folder: &Folder,
    ) -> Result<Self, Trouble> {
        let gone = |why: String| Err(Trouble::Gone(why));
        let (mut process, wire) = match Process::start(program, folder) {
            Ok(started) => started,
            Err(error) => return gone(format!("it did not start: {error}")),
        };
        match timeout(server.start_timeout, serve_client(us(), wire)).await {
            Ok(Ok(service)) => {
                Ok(Self { service, process: Some(process), deadline: server.call_timeout })
            }
            Ok(Err(error)) => {
                let ended = process.autopsy().await;
                gone(format!("it did not start: {error}; {ended}"))
            }
            Err(_) => {
                let said = process.said();
                let waited = server.start_timeout.as_secs_f64();
                gone(format!("it did not answer within {waited} s of its start; it said: {said}"))
            }
        }
    }

    /// Begins a session with a server that runs elsewhere.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn reach(remote: &Remote, server: &Server) -> Result<Self, Trouble> {
        let greeted = timeout(server.start_timeout, serve_client(us(), remote.transport())).await;
        let error = match greeted {
            Ok(Ok(service)) => {
                return Ok(Self { service, process: None, deadline: server.call_timeout });
            }
            Ok(Err(error)) => error,
            Err(_) => {
                let waited = server.start_timeout.as_secs_f64();
                return Err(Trouble::Away(format!("it did not answer within {waited} s")));
            }
        };
        Err(match &error {
            ClientInitializeError::JsonRpcError(error) => {
                Trouble::Denied(error.message.to_string())
            }
            ClientInitializeError::TransportError { error, .. } => {
                let refusal = remote::refusal(&*error.error);
                refusal.unwrap_or_else(|| Trouble::Away(error.to_string()))
            }
            other => Trouble::Away(other.to_string()),
        })
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

    /// Whether it can be asked more.
    pub(crate) fn is_alive(&mut self) -> bool {
        match &mut self.process {
            Some(process) => process.is_alive(),
            None => !self.service.is_transport_closed(),
        }
    }

    /// Tells what was started to end, without waiting.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn end(mut self) {
        match &mut self.process {
            Some(process) => process.end().await,
            // Its session is told to end on the way.
            None => {
                self.service.close_with_timeout(GOODBYE).await.ok();
            }
        }
    }

    async fn ask(&mut self, request: ClientRequest) -> Result<Value, Trouble> {
        let asked = timeout(self.deadline, self.service.send_request(request));
        let answer = match &mut self.process {
            None => asked.await,
            // What it has started may hold its pipes open for ever.
            Some(process) => tokio::select! {
                biased;
                answer = asked => answer,
                () = process.ended() => return Err(Trouble::Gone(process.autopsy().await)),
            },
        };
        let Ok(answer) = answer else {
            let waited = self.deadline.as_secs_f64();
            return Err(Trouble::Gone(format!("it did not answer within {waited} s")));
        };
        match (answer, &mut self.process) {
            (Ok(answer), _) => {
                serde_json::to_value(&answer).map_err(|error| Trouble::Refused(error.to_string()))
            }
            (Err(ServiceError::McpError(error)), _) => Err(Trouble::Refused(error.message.into())),
            (Err(_), Some(process)) => Err(Trouble::Gone(process.autopsy().await)),
            (Err(ServiceError::TransportSend(error)), None) => {
                let trouble = remote::trouble(&*error.error);
                Err(trouble.unwrap_or_else(|| Trouble::Away(error.to_string())))
            }
            (Err(_), None) => Err(Trouble::Away("its answer broke off".into())),
        }
    }
}
