"""A real Prometheus over a real small fleet, for about five minutes:

    bash tests/deploy-check        puts the tools there
    target/deploy-tools/bin/python tests/deploy/live.py target/debug/magnet

A coordinator, two workers, RabbitMQ with its own metrics, Redis, and a teacher that can be made to fail,
all private and on free ports. First every query of both dashboards must return data; then one thing after
the other is broken, and its alert must fire. The alerts are the shipped ones with minutes become seconds
and hours minutes. Which alerts are not tried here is said at the end; promtool tries them all.
"""

import base64
import http.server
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

CHART = pathlib.Path("deploy/helm/magnet")
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url, data=None, user=None, method=None):
    request = urllib.request.Request(url, data=data, method=method)
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def wait_for(what, seconds, condition):
    """The first true value of the condition; an error with its last one when time is up."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except (OSError, urllib.error.URLError) as error:
            last = error
        time.sleep(0.5)
    raise SystemExit(f"waited {seconds} s for {what}: {last!r}")


# Every process of the fleet and its campaign. The teacher's troubles stay in a campaign of their own.
MEMBERS = {
    "coordinator": "live", "worker-1": "live", "worker-2": "live",
    "coordinator-sulky": "sulky", "worker-sulky": "sulky",
}


class Teacher(http.server.BaseHTTPRequestHandler):
    """Answers with a status, and words that are no use; every tenth time it is busy."""

    status = 200
    asked = itertools.count(1)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "I would rather not."}
        usage = {"prompt_tokens": 900, "completion_tokens": 9}
        answer = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
        status = 503 if next(Teacher.asked) % 10 == 0 else Teacher.status
        if status != 200:
            answer = {"error": {"message": "not now"}}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Fleet:
    def __init__(self, program, folder):
        self.program, self.folder = pathlib.Path(program).resolve(), pathlib.Path(folder)
        self.running, self.ports, self.silent = {}, {}, []

    def port(self, name):
        return self.ports.setdefault(name, free_port())

    def start(self, name, command, **environment):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env={**os.environ, **environment})

    def stop(self, name, how=signal.SIGTERM):
        process = self.running.pop(name)
        process.send_signal(how)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self):
        for name in list(self.running)[::-1]:
            self.stop(name, signal.SIGKILL)

    # The services.

    def broker(self):
        home = self.folder / "rabbitmq"
        home.mkdir()
        (home / ".erlang.cookie").write_text("live-test-only")
        (home / ".erlang.cookie").chmod(0o400)
        (home / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].")
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port('amqp')}\nmanagement.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self.port('management')}\nprometheus.tcp.ip = 127.0.0.1\n"
            f"prometheus.tcp.port = {self.port('broker-metrics')}\n")
        names = {
            "detached": "1", "HOME": str(home), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_EPMD_PORT": str(self.port("epmd")), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"m{self.port('amqp')}@localhost",
            "RABBITMQ_DIST_PORT": str(self.port("dist")), "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"), "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        }
        self.broker_names = names
        self.start("epmd", ["/usr/bin/epmd", "-port", self.port("epmd"), "-address", "127.0.0.1"])
        self.start("rabbitmq", [RABBITMQ], **names)
        api = f"http://127.0.0.1:{self.port('management')}/api/overview"
        wait_for("RabbitMQ", 120, lambda: get(api, user="guest:guest"))

    def rabbitmqctl(self, *arguments):
        command = ["/usr/lib/rabbitmq/bin/rabbitmqctl", *arguments]
        environment = {**os.environ, **self.broker_names}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    def redis(self):
        self.start("redis", ["redis-server", "--port", self.port("redis"), "--bind", "127.0.0.1", "--save", ""])

    def teacher(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port("teacher")), Teacher)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def prometheus(self):
        rules = (CHART / "files/rules.yaml").read_text()
        rules = re.sub(r"\b(\d+)([mh])\b", lambda m: m[1] + {"m": "s", "h": "m"}[m[2]], rules)
        (self.folder / "rules.yaml").write_text(rules)
        targets = [
            {"targets": [f"127.0.0.1:{self.port(name)}"],
             "labels": {"namespace": "live", "campaign": campaign, "role": name.split("-")[0], "pod": name}}
            for name, campaign in MEMBERS.items()]
        broker = [{"targets": [f"127.0.0.1:{self.port('broker-metrics')}"]}]
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [
                {"job_name": "magnet", "honor_labels": True, "static_configs": targets},
                {"job_name": "rabbitmq", "static_configs": broker},
            ],
        }
        (self.folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self.start("prometheus", [
            "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=metrics",
            f"--web.listen-address=127.0.0.1:{self.port('prometheus')}"])
        wait_for("Prometheus", 30, lambda: get(f"http://127.0.0.1:{self.port('prometheus')}/-/ready"))

    # The fleet.

    def campaign(self, name, more=""):
        api = f"http://127.0.0.1:{self.port('management')}/api"
        get(f"{api}/vhosts/{name}", b"", "guest:guest", "PUT")
        everything = json.dumps({"configure": ".*", "write": ".*", "read": ".*"}).encode()
        get(f"{api}/permissions/{name}/guest", everything, "guest:guest", "PUT")
        (self.folder / f"{name}.toml").write_text(f"""
[campaign]
name = "{name}"
samples = 5000000
[run]
workers = 1
in_flight = 16
[fleet]
queue = "amqp://guest:guest@127.0.0.1:{self.port('amqp')}/{name}"
state = "redis://127.0.0.1:{self.port('redis')}/0"
cache = "redis://127.0.0.1:{self.port('redis')}/1"
parts = "file:{self.folder}/parts"
shard_walks = 20
grace = "5s"
[output]
dir = "{self.folder}/{name}-out"
{more}""")

    def member(self, name):
        campaign, role = MEMBERS[name], name.split("-")[0]
        stay = ["--stay"] if role == "coordinator" else []
        listen = ["--listen", f"127.0.0.1:{self.port(name)}"]
        self.start(name, ["nice", self.program, role, f"{campaign}.toml", *stay, *listen])

    def all(self):
        self.broker()
        self.redis()
        self.teacher()
        self.campaign("live")
        url = f"http://127.0.0.1:{self.port('teacher')}/v1"
        self.campaign("sulky", f"""
[teacher.sulky]
kind = "openai"
base_url = "{url}"
model = "sulky"
requests_per_minute = 600
deadline = "60s"
usd_per_million_input_tokens = 1.0
""")
        for name in MEMBERS:
            self.member(name)
        self.prometheus()

    # What Prometheus says.

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port('prometheus')}/api/v1/query?"
        answer = json.loads(get(url + urllib.parse.urlencode({"query": expression})))
        return answer["data"]["result"]

    def firing(self):
        alerts = json.loads(get(f"http://127.0.0.1:{self.port('prometheus')}/api/v1/alerts"))["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def expect(self, alert, seconds=90):
        start = time.monotonic()
        while alert not in self.firing():
            if time.monotonic() - start > seconds:
                self.silent.append(alert)
                print(f"{alert} did not fire within {seconds} s", file=sys.stderr, flush=True)
                return
            time.sleep(0.5)
        print(f"{alert} fired after {time.monotonic() - start:.0f} s", flush=True)


def queries():
    for path in sorted((CHART / "files/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"].replace("$__rate_interval", "15s")
                expression = expression.replace("$namespace", ".*").replace("$campaign", ".*")
                yield f"{path.stem}: {panel['title']} ({target['refId']})", expression


def check_panels(fleet):
    todo = dict(queries())
    count, end = len(todo), time.monotonic() + 120
    assert count > 50, count
    while todo and time.monotonic() < end:
        todo = {what: query for what, query in todo.items() if not fleet.query(query)}
        time.sleep(1)
    for what, query in todo.items():
        print(f"no data: {what}: {query}", file=sys.stderr)
    print(f"{count - len(todo)} of {count} queries returned data", flush=True)
    return not todo


def check_alerts(fleet):
    print(f"firing before any fault: {sorted(fleet.firing())}", flush=True)
    Teacher.status = 429
    fleet.expect("MagnetTeacherThrottled")
    Teacher.status = 500
    fleet.expect("MagnetTeacherDown")
    Teacher.status = 200

    api = f"http://127.0.0.1:{fleet.port('management')}/api/exchanges/live/amq.default/publish"
    letter = {"properties": {}, "routing_key": "magnet.v1.work", "payload": "?", "payload_encoding": "string"}
    get(api, json.dumps(letter).encode(), "guest:guest", "POST")
    fleet.expect("MagnetDeadLettersGrowing")

    fleet.rabbitmqctl("set_vm_memory_high_watermark", "0.00001")
    fleet.expect("MagnetBrokerBlocked")
    fleet.rabbitmqctl("set_vm_memory_high_watermark", "0.4")

    for _ in range(3):
        fleet.stop("worker-2", signal.SIGKILL)
        fleet.member("worker-2")
        time.sleep(3)
    fleet.expect("MagnetCrashLoop")

    fleet.stop("redis", signal.SIGKILL)
    fleet.expect("MagnetStateStoreErrors")
    fleet.expect("MagnetServiceAway")
    fleet.redis()

    fleet.stop("coordinator", signal.SIGKILL)
    fleet.expect("MagnetCoordinatorGone")
    fleet.member("coordinator")

    fleet.stop("worker-1")
    fleet.stop("worker-2")
    fleet.expect("MagnetNoConsumers", 120)
    fleet.expect("MagnetQueueStalled", 120)
    print("not tried here: MagnetShardsFailing, MagnetBudgetTooSmall, MagnetCacheHitsDropped, "
          "MagnetYieldDropped, MagnetNoProgress, MagnetEtaSlipping")


def main():
    folder = tempfile.mkdtemp(prefix="magnet-live-")
    fleet = Fleet(sys.argv[1], folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        fleet.all()
        good = check_panels(fleet)
        check_alerts(fleet)
    finally:
        fleet.close()
        if "KEEP" in os.environ:
            print(f"logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not good or bool(fleet.silent))


main()
