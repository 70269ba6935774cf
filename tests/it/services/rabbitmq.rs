//! A RabbitMQ of our own.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::authority::Certificate;
use super::{Process, answers, folder, free_port, program, wait_for};

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
const START: Duration = Duration::from_secs(120);
const COOKIE: &str = "magnet-tests-only";

pub(crate) struct RabbitMq {
    pub(crate) port: u16,
    management: u16,
    folder: PathBuf,
    epmd_port: u16,
    distribution: u16,
    /// Of a broker that speaks nothing but TLS.
    certificate: Option<Certificate>,
    /// Its `rabbit` settings, as Erlang writes them.
    settings: String,
    /// The nodes of the cluster it is one of.
    nodes: Vec<String>,
    process: Option<Process>,
    /// What tells nodes where the others are; of a cluster the first one's.
    _epmd: Option<Process>,
}

/// The broker that tests share, each in a virtual host of its own.
pub(crate) fn shared() -> &'static RabbitMq {
    static SHARED: OnceLock<RabbitMq> = OnceLock::new();
    SHARED.get_or_init(RabbitMq::start)
}

impl RabbitMq {
    pub(crate) fn start() -> Self {
        Self::start_speaking(None, "")
    }

    /// With settings of its own, as Erlang writes them.
    pub(crate) fn start_with(settings: &str) -> Self {
        Self::start_speaking(None, settings)
    }

    pub(crate) fn start_with_tls(certificate: Certificate) -> Self {
        Self::start_speaking(Some(certificate), "")
    }

    /// Three that are one: what one of them takes the others have.
    pub(crate) fn start_cluster() -> [Self; 3] {
        let first = Self::prepare(None, "", None);
        let others = [(); 2].map(|()| Self::prepare(None, "", Some(first.epmd_port)));
        let [second, third] = others;
        let mut cluster = [first, second, third];
        let nodes: Vec<String> = cluster.iter().map(Self::node).collect();
        for broker in &mut cluster {
            broker.nodes = nodes.clone();
            broker.resume();
        }
        cluster
    }

    fn start_speaking(certificate: Option<Certificate>, settings: &str) -> Self {
        let mut broker = Self::prepare(certificate, settings, None);
        broker.resume();
        broker
    }

    fn prepare(certificate: Option<Certificate>, settings: &str, epmd_port: Option<u16>) -> Self {
        let folder = folder("rabbitmq");
        write_files(&folder);
        let own_epmd = epmd_port.is_none();
        let epmd_port = epmd_port.unwrap_or_else(free_port);
        let epmd = own_epmd.then(|| {
            let mut epmd = Command::new(program("/usr/bin/epmd", "rabbitmq-server"));
            epmd.args(["-port", &epmd_port.to_string(), "-address", "127.0.0.1"]);
            Process::start(&folder, &epmd)
        });
        Self {
            port: free_port(),
            management: free_port(),
            distribution: free_port(),
            folder,
            epmd_port,
            certificate,
            settings: settings.to_owned(),
            nodes: Vec::new(),
            process: None,
            _epmd: epmd,
        }
    }

    fn node(&self) -> String {
        format!("m{}@localhost", self.port)
    }

    /// Whether a cluster can spare this node: no queue would lose its majority.
    pub(crate) fn can_be_spared(&self) -> bool {
        self.ask("GET", "/api/health/checks/node-is-quorum-critical", "").0 == 200
    }

    /// Starts the process, with the data that are there.
    pub(crate) fn resume(&mut self) {
        let folder = &self.folder;
        let listener = match &self.certificate {
            Some(certificate) => certificate.rabbitmq_lines(self.port),
            None => format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.port),
        };
        let node = |(number, node): (usize, &String)| {
            format!("cluster_formation.classic_config.nodes.{} = {node}\n", number + 1)
        };
        let nodes: String = self.nodes.iter().enumerate().map(node).collect();
        let config = format!(
            "{listener}{nodes}management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {}\n\
             log.file.level = warning\nloopback_users.guest = true\n",
            self.management
        );
        fs::write(folder.join("rabbitmq.conf"), config).expect("a configuration can be written");
        let advanced = format!("[{{rabbit, [{}]}}].\n", self.settings);
        fs::write(folder.join("advanced.config"), advanced).expect("… this one, too");
        let mut server = Command::new(program(SERVER, "rabbitmq-server"));
        server
            .env("detached", "1")
            .env("HOME", folder)
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", self.node())
            .env("RABBITMQ_DIST_PORT", self.distribution.to_string())
            .env("RABBITMQ_SCHEDULER_BIND_TYPE", "u")
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 2:2 +sbwt none +sbwtdcpu none")
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", folder.join("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("enabled_plugins"));
        let process = Process::start(folder, &server);
        let (port, is_plain) = (self.port, self.certificate.is_none());
        wait_for("the broker to answer", START, || {
            assert!(process.is_running(), "the broker ended:\n{}", process.said());
            if is_plain { speaks_amqp(port) } else { answers(port) }
        });
        let management = self.management;
        wait_for("the broker's management to answer", START, || answers(management));
        self.process = Some(process);
    }

    /// Kills the process; its data stay.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Tells it something as an operator does.
    pub(crate) fn control(&self, arguments: &[&str]) {
        let mut control = Command::new(program(CONTROL, "rabbitmq-server"));
        control
            .args(arguments)
            .env("HOME", &self.folder)
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("RABBITMQ_NODENAME", self.node());
        let output = control.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Stops it in order; its data stay.
    pub(crate) fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal("TERM");
            wait_for("the broker to stop", Duration::from_secs(60), || !process.is_running());
        }
    }

    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    fn make_vhost(&self, vhost: &str) {
        self.manage("PUT", &format!("/api/vhosts/{vhost}"), "{}");
        let permissions = r#"{"configure":".*","write":".*","read":".*"}"#;
        self.manage("PUT", &format!("/api/permissions/{vhost}/guest"), permissions);
    }

    /// Deletes a virtual host with all that is in it, and makes it anew after a
    /// while.
    pub(crate) fn make_anew(&self, url: &str, after: Duration) {
        let vhost = url.rsplit('/').next().unwrap_or_default();
        self.manage("DELETE", &format!("/api/vhosts/{vhost}"), "");
        std::thread::sleep(after);
        self.make_vhost(vhost);
    }

    /// The URL of a new virtual host.
    pub(crate) fn new_vhost(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let vhost = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.make_vhost(&vhost);
        let scheme = if self.certificate.is_some() { "amqps" } else { "amqp" };
        format!("{scheme}://guest:guest@127.0.0.1:{}/{vhost}", self.port)
    }

    /// One request to the management interface; its answer, which must be a
    /// success.
    pub(crate) fn manage(&self, method: &str, path: &str, body: &str) -> String {
        let (status, answer) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.management)).expect("management answers");
        let length = body.len();
        // "guest:guest" in base64.
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("management reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("management answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status, body.unwrap_or_default())
    }

    /// Puts a message of any bytes into a queue.
    pub(crate) fn publish(&self, vhost: &str, queue: &str, bytes: &[u8]) {
        let payload = base64(bytes);
        let body = format!(
            r#"{{"properties":{{}},"routing_key":"{queue}","payload":"{payload}","payload_encoding":"base64"}}"#
        );
        let answer =
            self.manage("POST", &format!("/api/exchanges/{vhost}/amq.default/publish"), &body);
        assert!(answer.contains("true"), "\"{queue}\" takes no message: {answer}");
    }

    /// Where its management interface answers.
    pub(crate) fn management_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.management)
    }

    /// Drops what waits in a queue of the URL's virtual host.
    pub(crate) fn purge(&self, url: &str, queue: &str) {
        let vhost = url.rsplit('/').next().unwrap_or_default();
        self.manage("DELETE", &format!("/api/queues/{vhost}/{queue}/contents"), "");
    }

    /// Deletes a queue of the URL's virtual host.
    pub(crate) fn delete(&self, url: &str, queue: &str) {
        let vhost = url.rsplit('/').next().unwrap_or_default();
        self.manage("DELETE", &format!("/api/queues/{vhost}/{queue}"), "");
    }

    /// Closes all client connections, as an operator may.
    pub(crate) fn drop_connections(&self) {
        let listed: serde_json::Value =
            serde_json::from_str(&self.manage("GET", "/api/connections", "")).expect("JSON");
        for connection in listed.as_array().into_iter().flatten() {
            let name = connection["name"].as_str().unwrap_or_default();
            let name = name.replace(' ', "%20").replace('>', "%3E").replace(':', "%3A");
            self.manage("DELETE", &format!("/api/connections/{name}"), "");
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default())
        });
        let digit = |at: usize| char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]);
        (0..4).map(|at| if at <= chunk.len() { digit(at) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fn write_files(folder: &Path) {
    let cookie = folder.join(".erlang.cookie");
    fs::write(&cookie, COOKIE).expect("a cookie can be written");
    fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400)).expect("modes can be set");
    let plugins = "[rabbitmq_management].\n";
    fs::write(folder.join("enabled_plugins"), plugins).expect("plugins can be listed");
}

/// Whether a broker greets: the header of another version makes it say its
/// own.
fn speaks_amqp(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok();
    let mut greeting = [0; 4];
    stream.write_all(b"AMQP\0\0\0\0").is_ok()
        && stream.read_exact(&mut greeting).is_ok()
        && greeting == *b"AMQP"
}
