"""A real Prometheus over a real small fleet, for some ten minutes:

    bash tests/deploy-check        puts the tools there
    target/deploy-tools/bin/python tests/deploy/live.py target/debug/magnet [STORY...]

First every query of both dashboards must return data; then one thing after the other is broken for real, and
its alert, at rest before, must fire. The alerts are the shipped ones made sixty times as fast, by the rule of
fleet.sixty_times_as_fast. A story is a function below, such as `processes_die`; without one all are told.
"""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from fleet import CHART, Fleet, get, wait_for
from teachers import Machine, Sulky


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


def check_alerts(fleet, names):
    stories = [teachers_fail, work_gets_dear, broker_suffers, nobody_works, processes_die, bundle_is_torn]
    for story in stories:
        if not names or story.__name__ in names:
            story(fleet)
    named = set(re.findall(r"- alert: (\w+)", (CHART / "files/rules.yaml").read_text()))
    print(f"{len(fleet.seen)} of {len(named)} alerts seen firing; not seen: {sorted(named - fleet.seen) or 'none'}")
    return named == fleet.seen


def teachers_fail(fleet):
    def answer(status):
        Sulky.status = status
    fleet.fires("sulky", ["MagnetTeacherThrottled"], lambda: answer(429))
    fleet.fires("sulky", ["MagnetTeacherDown"], lambda: answer(500))
    answer(200)


def work_gets_dear(fleet):
    """The campaign that pays has a budget too small from the start. Then its teacher is slow, its cache goes,
    the answers are no use, and there is none at all."""
    def play(seconds=0.2, is_sane=True):
        Machine.seconds, Machine.is_sane = seconds, is_sane
    budget = ("MagnetBudgetTooSmall", "paid")
    wait_for(budget[0], 180, lambda: budget in fleet.alerts("firing"))
    fleet.seen.add(budget[0])
    print(f"{budget[0]} (paid) fires: $27 are needed, there are $18", flush=True)
    fleet.fires("paid", ["MagnetEtaSlipping"], lambda: play(seconds=2))
    play()
    fleet.fires("paid", ["MagnetCacheHitsDropped"], lambda: fleet.stop("cache", signal.SIGKILL))
    fleet.cache()
    fleet.fires("paid", ["MagnetYieldDropped"], lambda: play(is_sane=False))
    play()
    fleet.fires("paid", ["MagnetNoProgress"], lambda: play(seconds=45))
    play()


def broker_suffers(fleet):
    def publish_rubbish():
        api = f"http://127.0.0.1:{fleet.port('management')}/api/exchanges/live/amq.default/publish"
        letter = {"properties": {}, "routing_key": "magnet.v1.work", "payload": "?", "payload_encoding": "string"}
        get(api, json.dumps(letter).encode(), "guest:guest", "POST")
    fleet.fires("live", ["MagnetDeadLettersGrowing"], publish_rubbish)
    fleet.fires("live", ["MagnetBrokerBlocked"], lambda: fleet.rabbitmqctl("set_vm_memory_high_watermark", "0.00001"))
    fleet.rabbitmqctl("set_vm_memory_high_watermark", "0.4")


def nobody_works(fleet):
    def leave():
        fleet.stop("worker-1")
        fleet.stop("worker-2")
    fleet.fires("live", ["MagnetNoConsumers", "MagnetQueueStalled"], leave)
    fleet.member("worker-1")
    fleet.member("worker-2")


def processes_die(fleet):
    def crash():
        start = 'process_start_time_seconds{pod="worker-2"}'
        for _ in range(3):
            before = [series["value"][1] for series in fleet.query(start)]
            fleet.stop("worker-2", signal.SIGKILL)
            fleet.member("worker-2")
            wait_for("worker-2 to be seen again", 60, lambda: [
                series for series in fleet.query(start) if series["value"][1] not in before])
    fleet.fires("live", ["MagnetCrashLoop"], crash)
    services = ["MagnetStateStoreErrors", "MagnetServiceAway"]
    fleet.fires("live", services, lambda: fleet.stop("state", signal.SIGKILL))
    fleet.state()
    fleet.fires("live", ["MagnetCoordinatorGone"], lambda: fleet.stop("coordinator", signal.SIGKILL))
    fleet.member("coordinator")


def bundle_is_torn(fleet):
    """What workers must know about the campaign is damaged in the store: no shard can be worked."""
    def tear():
        for bundle in (fleet.folder / "parts").glob("*/bundle"):
            bundle.write_bytes(bundle.read_bytes()[:100])
        fleet.stop("worker-1")
        fleet.member("worker-1")
    # A coordinator that starts mends it.
    wait_for("a leader", 120, lambda: fleet.query('magnet_campaign_leading{campaign="live"} == 1'))
    fleet.fires("live", ["MagnetShardsFailing"], tear)


def main():
    folder = tempfile.mkdtemp(prefix="magnet-live-")
    fleet = Fleet(sys.argv[1], folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        fleet.all()
        good = check_panels(fleet)
        good = check_alerts(fleet, sys.argv[2:]) and good
    finally:
        fleet.close()
        if "KEEP" in os.environ:
            print(f"logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not good)


main()
