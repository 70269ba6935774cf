"""The fleet of live.py: RabbitMQ with its own metrics, two Redis, coordinators and workers of three
campaigns, and a Prometheus that scrapes them; all private, on free ports, and ended with it."""

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

import teachers

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


# Every process of the fleet and its campaign: one of plain work, one whose teacher is no use, and one that
# pays for the outputs of its functions.
MEMBERS = {
    "coordinator": "live", "worker-1": "live", "worker-2": "live",
    "coordinator-sulky": "sulky", "worker-sulky": "sulky",
    "coordinator-paid": "paid", "worker-paid": "paid",
}


def sixty_times_as_fast(rules):
    """The shipped rules with hours become minutes and minutes seconds, in windows, in `for:` and in what
    seconds are compared with; shares and dollars stay as they are."""
    rules = re.sub(r"\b(\d+)([mh])\b", lambda m: m[1] + {"m": "s", "h": "m"}[m[2]], rules)
    return re.sub(r"(_seconds\b.*> -?)(\d{3,})", lambda m: m[1] + str(int(m[2]) // 60), rules)


class Fleet:
    def __init__(self, program, folder):
        self.program, self.folder = pathlib.Path(program).resolve(), pathlib.Path(folder)
        self.running, self.ports, self.seen = {}, {}, set()

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

    def redis(self, name, policy):
        self.start(name, [
            "redis-server", "--port", self.port(name), "--bind", "127.0.0.1", "--save", "",
            "--maxmemory-policy", policy])

    def state(self):
        self.redis("state", "noeviction")

    def cache(self):
        self.redis("cache", "allkeys-lru")

    def prometheus(self):
        rules = (CHART / "files/rules.yaml").read_text()
        (self.folder / "rules.yaml").write_text(sixty_times_as_fast(rules))
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

    def campaign(self, name, samples, more=""):
        api = f"http://127.0.0.1:{self.port('management')}/api"
        get(f"{api}/vhosts/{name}", b"", "guest:guest", "PUT")
        everything = json.dumps({"configure": ".*", "write": ".*", "read": ".*"}).encode()
        get(f"{api}/permissions/{name}/guest", everything, "guest:guest", "PUT")
        (self.folder / f"{name}.toml").write_text(f"""
[campaign]
name = "{name}"
samples = {samples}
[run]
workers = 1
in_flight = 16
[fleet]
queue = "amqp://guest:guest@127.0.0.1:{self.port('amqp')}/{name}"
state = "redis://127.0.0.1:{self.port('state')}/0"
cache = "redis://127.0.0.1:{self.port('cache')}/0"
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
        self.state()
        self.cache()
        teachers.serve(self.port("teacher"))
        url = f"http://127.0.0.1:{self.port('teacher')}"
        self.campaign("live", 5_000_000)
        self.campaign("sulky", 5_000_000, f"""
[teacher.sulky]
kind = "openai"
base_url = "{url}/sulky/v1"
model = "sulky"
requests_per_minute = 600
deadline = "60s"
usd_per_million_input_tokens = 1.0
""")
        # Some 0.9 cents a sample: 27 dollars in the end.
        self.campaign("paid", 3_000, f"""
[teacher.rules]
kind = "offline"
[teacher.machine]
kind = "openai"
base_url = "{url}/machine/v1"
model = "machine"
usd_per_million_input_tokens = 1.0
[roles]
teacher = "rules"
student = "rules"
judge = "rules"
simulator = "machine"
[budget]
max_usd = 18.0
""")
        for name in MEMBERS:
            self.member(name)
        self.prometheus()

    # What Prometheus says.

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port('prometheus')}/api/v1/query?"
        answer = json.loads(get(url + urllib.parse.urlencode({"query": expression})))
        return answer["data"]["result"]

    def alerts(self, *states):
        """The alerts in one of these states, each with its campaign."""
        alerts = json.loads(get(f"http://127.0.0.1:{self.port('prometheus')}/api/v1/alerts"))["data"]["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("campaign"))
                for alert in alerts if alert["state"] in states}

    def fires(self, campaign, alerts, fault, seconds=180):
        """Lets these alerts come to rest, makes the fault, and waits until each of them fires."""
        wanted = {(alert, campaign) for alert in alerts}
        wait_for(f"{alerts} to rest", seconds, lambda: not wanted & self.alerts("pending", "firing"))
        start = time.monotonic()
        fault()
        while wanted and time.monotonic() - start < seconds:
            time.sleep(0.5)
            for alert, _ in sorted(wanted & self.alerts("firing")):
                self.seen.add(alert)
                print(f"{alert} ({campaign}) fired after {time.monotonic() - start:.0f} s", flush=True)
                wanted.remove((alert, campaign))
        for alert, _ in sorted(wanted):
            print(f"{alert} ({campaign}) did not fire within {seconds} s", file=sys.stderr, flush=True)
