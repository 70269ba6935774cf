"""What names something that must exist: metrics in rules, dashboards and texts; alerts in the runbook.

Metrics are those of deploy/METRICS.md, which a test compares with what the program exports.
"""

import json
import pathlib
import re
import sys

import yaml

DEPLOY = pathlib.Path("deploy")
CHART = DEPLOY / "helm/magnet"
SUFFIX = re.compile(r"_(bucket|sum|count)$")
METRIC = re.compile(r"\b((?:magnet|process)_[a-z_]+[a-z])\b")

found = []


def exported():
    table = (DEPLOY / "METRICS.md").read_text()
    return set(re.findall(r"^\| `([a-z_]+)`", table, re.M))


def check_metrics(known, where, text):
    # A recorded series is told by its colons, and its parts are not metrics.
    text = re.sub(r"\b\w+:\w+:\w+\b", "", text)
    text = re.sub(r"\bmagnet_(worker|coordinator|proto|data)\b", "", text)
    for name in sorted(set(METRIC.findall(text))):
        if name not in known and SUFFIX.sub("", name) not in known:
            found.append(f"{where}: {name} is not exported")


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def check_dashboard(path, known):
    dashboard = json.loads(path.read_text())
    assert panels(dashboard), path
    for panel in panels(dashboard):
        what = f"{path}: panel {panel['title']!r}"
        if not panel.get("description"):
            found.append(f"{what} has no description")
        if not panel["fieldConfig"]["defaults"].get("unit"):
            found.append(f"{what} has no unit")
        for target in panel["targets"]:
            check_metrics(known, what, target["expr"])
            if "$namespace" not in target["expr"] or "$campaign" not in target["expr"]:
                found.append(f"{what} does not follow the variables")
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    if names != {"datasource", "namespace", "campaign"}:
        found.append(f"{path}: its variables are {names}")


def check_alerts(rules):
    anchors = re.findall(r"^#+ (.*)$", (DEPLOY / "RUNBOOK.md").read_text(), re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in anchors}
    tests = yaml.safe_load((DEPLOY / "prometheus/tests.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert alerts
    for alert in alerts:
        name, notes = alert["alert"], alert["annotations"]
        if set(notes) != {"summary", "description", "runbook_url"}:
            found.append(f"{name}: its annotations are {set(notes)}")
        if notes["runbook_url"].removeprefix("RUNBOOK.md#") not in anchors:
            found.append(f"{name}: no section in RUNBOOK.md")
        fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == name}
        if fires != {True, False}:
            found.append(f"{name}: needs a test that fires it and one that does not")


def main():
    rules_path = CHART / "files/rules.yaml"
    check_alerts(yaml.safe_load(rules_path.read_text()))
    known = exported()
    for path in sorted((CHART / "files/dashboards").glob("*.json")):
        check_dashboard(path, known)
    for path in (rules_path, DEPLOY / "RUNBOOK.md", pathlib.Path("README.md"), CHART / "README.md"):
        check_metrics(known, path, path.read_text())
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(bool(found))


main()
