"""Makes the dashboards: `python3 generate.py [FOLDER]` (the chart's files/dashboards by default).

Panels are rows of (title, description, unit, queries); a query is a legend and PromQL, in which $S
stands for the selector that the dashboard's variables choose. Nothing but Python is needed.
"""

import json
import pathlib
import sys

SELECTOR = 'namespace=~"$namespace",campaign=~"$campaign"'
FOLDER = pathlib.Path(__file__).parent / "../helm/magnet/files/dashboards"
COLUMNS, HEIGHT = 24, 8


def variable(name, query, label, several):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".*" if several else None,
        "current": {},
        "options": [],
    }


def variables():
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    spaces = variable("namespace", "label_values(magnet_build_info, namespace)", "Namespace", True)
    of_space = 'label_values(magnet_build_info{namespace=~"$namespace"}, campaign)'
    return [source, spaces, variable("campaign", of_space, "Campaign", True)]


class Dashboard:
    def __init__(self, uid, title, description):
        self.uid, self.title, self.description = uid, title, description
        self.panels, self.x, self.y, self.tall = [], 0, 0, 0

    def row(self, title):
        self.wrap()
        self.add({"type": "row", "title": title, "collapsed": False, "panels": []}, COLUMNS, 1)
        self.wrap()

    def stat(self, title, description, unit, *queries, width=4, thresholds=None):
        options = {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value" if thresholds else "none",
            "graphMode": "none",
            "textMode": "auto",
        }
        self.panel("stat", title, description, unit, queries, width, 4, options, {}, thresholds)

    def graph(self, title, description, unit, *queries, width=8, stack=False):
        options = {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
        custom = {"lineWidth": 1, "fillOpacity": 40 if stack else 10, "showPoints": "never"}
        if stack:
            custom["stacking"] = {"mode": "normal", "group": "A"}
        self.panel("timeseries", title, description, unit, queries, width, HEIGHT, options, custom)

    def bars(self, title, description, unit, *queries, width=8):
        options = {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "orientation": "horizontal",
            "displayMode": "basic",
            "showUnfilled": True,
        }
        self.panel("bargauge", title, description, unit, queries, width, HEIGHT + 2, options, {}, instant=True)

    def panel(self, kind, title, description, unit, queries, width, height, options, custom,
              thresholds=None, instant=False):
        source = {"type": "prometheus", "uid": "${datasource}"}
        targets = [
            {
                "refId": chr(ord("A") + at),
                "datasource": source,
                "expr": query.replace("$S", SELECTOR),
                "legendFormat": legend,
                "instant": instant or kind == "stat",
                "range": not (instant or kind == "stat"),
            }
            for at, (legend, query) in enumerate(queries)
        ]
        steps = thresholds or [("text", None)]
        defaults = {
            "unit": unit,
            "min": 0,
            "custom": custom,
            "color": {"mode": "thresholds" if kind != "timeseries" else "palette-classic"},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": color, "value": value} for color, value in steps],
            },
        }
        panel = {
            "type": kind,
            "title": title,
            "description": description,
            "datasource": source,
            "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": options,
        }
        self.add(panel, width, height)

    def add(self, panel, width, height):
        if self.x + width > COLUMNS:
            self.wrap()
        panel["id"] = len(self.panels) + 1
        panel["gridPos"] = {"x": self.x, "y": self.y, "w": width, "h": height}
        self.panels.append(panel)
        self.x, self.tall = self.x + width, max(self.tall, height)

    def wrap(self):
        self.x, self.y, self.tall = 0, self.y + self.tall, 0

    def json(self):
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["magnet"],
            "editable": True,
            "schemaVersion": 39,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "",
            "templating": {"list": variables()},
            "links": [{"type": "dashboards", "tags": ["magnet"], "title": "Magnet", "keepTime": True,
                       "includeVars": True, "asDropdown": False}],
            "annotations": {"list": []},
            "panels": self.panels,
        }


GREEN_AT_1 = [("red", None), ("green", 1)]
RED_FROM_1 = [("green", None), ("red", 1)]


def rate(metric, labels="", by=""):
    return f"sum by ({by}) (rate({metric}{{$S{labels}}}[$__rate_interval]))"


def quantile(q, metric, by="le"):
    return f"histogram_quantile({q}, sum by ({by}) (rate({metric}_bucket{{$S}}[$__rate_interval])))"


def ratio(part, whole, by=""):
    return f"{rate(*part, by=by)} / {rate(*whole, by=by)}"


def campaign():
    board = Dashboard("magnet-campaign", "Magnet / Campaign",
                      "What a campaign makes, how far it is, and what it costs.")
    done = 'sum(max by (namespace, campaign) (magnet_campaign_walks{$S,verdict="accepted"}))'
    wanted = "sum(max by (namespace, campaign) (magnet_campaign_samples_wanted{$S}))"
    spent = "sum(max by (namespace, campaign) (magnet_campaign_spend_dollars{$S}))"
    board.row("Progress")
    board.stat("Samples", "Accepted conversations so far.", "short", ("", done))
    board.stat("Wanted", "Accepted conversations asked for.", "short", ("", wanted))
    board.stat("Done", "Share of the samples wanted.", "percentunit", ("", f"{done} / {wanted}"))
    board.stat("Time left", "At the rate of the last five minutes; empty while there is no telling.", "s",
               ("{{campaign}}", "max by (campaign) (magnet_campaign_eta_seconds{$S})"))
    board.stat("Phase", "What the campaign is at.", "none",
               ("{{phase}}", "max by (phase) (magnet_campaign_phase{$S}) > 0"))
    board.stat("Paused", "1 while an operator holds the campaign.", "none",
               ("{{campaign}}", "max by (campaign) (magnet_campaign_paused{$S})"), thresholds=RED_FROM_1)
    board.graph("Samples over time", "Accepted conversations, and how many are wanted.", "short",
                ("samples", done), ("wanted", wanted), width=12)
    board.graph("Samples a minute", "Accepted conversations that the coordinator counts, and those that workers make.",
                "short", ("accepted", "60 * sum(max by (namespace, campaign) (magnet_campaign_samples_per_second{$S}))"),
                ("made: {{kind}}", f"60 * {rate('magnet_samples_total', by='kind')}"), width=12)
    board.row("Money")
    board.stat("Spent", "Rejected walks included.", "currencyUSD", ("", spent))
    board.stat("For 1,000 samples", "Money for 1,000 accepted samples; nothing with a teacher that costs nothing.",
               "currencyUSD", ("", f"1000 * {spent} / clamp_min({done}, 1)"))
    board.stat("Budget", "budget.max_usd; 0 = none.", "currencyUSD",
               ("", "sum(max by (namespace, campaign) (magnet_campaign_budget_dollars{$S}))"))
    board.stat("Requests", "Requests to teachers.", "short",
               ("", "sum(max by (namespace, campaign) (magnet_campaign_requests{$S}))"))
    board.stat("Tokens", "Tokens of all answers.", "short",
               ("{{direction}}", "sum by (direction) (max by (namespace, campaign, direction) (magnet_campaign_tokens{$S}))"),
               width=8)
    board.row("Yield")
    board.graph("Walks by outcome", "Walks that workers finish, a second.", "short",
                ("{{outcome}}", rate("magnet_walks_total", by="outcome")), width=8, stack=True)
    board.graph("Yield", "Share of the walks that give a sample.", "percentunit",
                ("yield", ratio(("magnet_walks_total", ',outcome="accepted"'),
                                ("magnet_walks_total", ',outcome=~"accepted|rejected"'))), width=8)
    board.graph("Rejections by stage", "Walks rejected, a second, by the stage that rejected them.", "short",
                ("{{stage}}", rate("magnet_walks_rejected_total", by="stage")), width=8, stack=True)
    verdicts = "max by (namespace, campaign, verdict) (magnet_campaign_walks{$S})"
    board.bars("What became of the walks", "Every walk decided upon. Surplus: accepted, and not needed.", "short",
               ("{{verdict}}", f"sum by (verdict) ({verdicts})"))
    reasons = "max by (namespace, campaign, stage, reason) (magnet_campaign_rejected_walks{$S})"
    board.bars("Reasons of rejection", "The ten that cost most walks, in the order of the pipeline's stages.", "short",
               ("{{stage}}: {{reason}}", f"topk(10, sum by (stage, reason) ({reasons}))"))
    board.bars("Pairs by error", "Preference pairs of the samples made, by what the worse one gets wrong.", "short",
               ("{{error}}, {{source}}", "sum by (error, source) (magnet_pairs_total{$S}) > 0"))
    board.row("What the samples are like")
    board.bars("Challenges", "Share of the samples made that pose it.", "percentunit",
               ("{{challenge}}", "sum by (challenge) (magnet_challenges_total{$S}) / scalar(sum(magnet_samples_total{$S}))"))
    board.bars("Node operations", "For each sample made; compare with the shares in the campaign's [node_ops].", "short",
               ("{{operation}}", "sum by (operation) (magnet_node_operations_total{$S}) / scalar(sum(magnet_samples_total{$S}))"))
    board.bars("Kinds", "Share of the samples made; compare with the campaign's [mix].", "percentunit",
               ("{{kind}}", "sum by (kind) (magnet_samples_total{$S}) / scalar(sum(magnet_samples_total{$S}))"))
    per_sample = "sum({}{{$S}}) / sum(magnet_samples_total{{$S}})"
    board.stat("Turns a sample", "User turns.", "short", ("", per_sample.format("magnet_sample_turns_total")), width=8)
    board.stat("Calls a sample", "Calls of functions.", "short", ("", per_sample.format("magnet_sample_calls_total")), width=8)
    board.stat("Pairs a sample", "Preference pairs of the accepted samples.", "short",
               ("", f"sum(max by (namespace, campaign) (magnet_campaign_pairs{{$S}})) / clamp_min({done}, 1)"), width=8)
    return board


def plumbing():
    board = Dashboard("magnet-plumbing", "Magnet / Plumbing",
                      "What a campaign runs on: queue, workers, teachers, stores, processes.")
    board.row("At a glance")
    board.stat("Leading", "Coordinators that lead; one a campaign.", "none",
               ("{{campaign}}", "sum by (campaign) (magnet_campaign_leading{$S})"), thresholds=GREEN_AT_1)
    board.stat("Workers", "Processes with slots for walks.", "none", ("", "count(magnet_walk_slots{$S})"), thresholds=GREEN_AT_1)
    board.stat("Consumers", "Who takes shards, as the broker sees it.", "none", ("", "sum(max by (namespace, campaign) (magnet_queue_consumers{$S}))"))
    board.stat("Services", "The least reachable of queue, state, cache and parts.", "none",
               ("{{service}}", "min by (service) (magnet_service_up{$S})"), thresholds=GREEN_AT_1, width=8)
    board.stat("Dead letters", "Shards that nobody could work.", "none",
               ("", 'sum(max by (namespace, campaign) (magnet_queue_shards{$S,state="dead"}))'), thresholds=RED_FROM_1)
    board.row("Queue and shards")
    board.graph("Shards in the broker", "Ready to be taken, waiting out a delay, dead.", "short",
                ("{{state}}", "sum by (state) (max by (namespace, campaign, state) (magnet_queue_shards{$S}))"),
                ("outstanding", "sum(max by (namespace, campaign) (magnet_shards_outstanding{$S}))"))
    board.graph("Wait in the queue", "From publishing a shard to taking it.", "s",
                ("p50", quantile(0.5, "magnet_shard_wait_seconds")), ("p95", quantile(0.95, "magnet_shard_wait_seconds")))
    board.graph("Time a shard takes", "From taking a shard to settling it.", "s",
                ("p50", quantile(0.5, "magnet_shard_duration_seconds")), ("p95", quantile(0.95, "magnet_shard_duration_seconds")))
    board.graph("Shards issued and done", "A second.", "short",
                ("issued: {{outcome}}", rate("magnet_shards_published_total", by="outcome")),
                ("done", rate("magnet_shards_completed_total")), ("given up", rate("magnet_shards_dead_total")))
    board.graph("Shards settled", "A second, by what came of them in the workers.", "short",
                ("{{outcome}}", rate("magnet_shards_settled_total", by="outcome")),
                ("redelivered", rate("magnet_shards_redelivered_total")), stack=True)
    board.graph("Messages", "Published a second; unreadable and parked ones; connections made again.", "short",
                ("{{outcome}}", rate("magnet_queue_publishes_total", by="outcome")),
                ("unreadable", rate("magnet_queue_unreadable_messages_total")),
                ("parked", rate("magnet_queue_parked_messages_total")),
                ("reconnects", rate("magnet_queue_reconnects_total")))
    board.row("Workers")
    board.graph("Walks under way and slots", "Walks at work, and how many could be.", "short",
                ("under way", "sum(magnet_walks_in_flight{$S})"), ("slots", "sum(magnet_walk_slots{$S})"),
                ("shards held", "sum(magnet_shards_in_flight{$S})"))
    board.graph("Time a walk takes", "Half and all but a twentieth of the walks take less.", "s",
                ("p50", quantile(0.5, "magnet_walk_duration_seconds")), ("p95", quantile(0.95, "magnet_walk_duration_seconds")))
    board.graph("Walks of each worker", "A second.", "short", ("{{pod}}", rate("magnet_walks_total", by="pod")))
    board.graph("Parts put", "Parts put in the part store, a second.", "short",
                ("{{outcome}}", rate("magnet_parts_put_total", by="outcome")))
    board.graph("Bytes of parts", "Bytes put, a second.", "Bps", ("bytes", rate("magnet_parts_put_bytes_total")))
    board.graph("Time since progress", "Of each process; above twenty minutes it is restarted.", "s",
                ("{{role}} {{pod}}", "max by (role, pod) (magnet_progress_age_seconds{$S})"))
    board.row("Teachers (nothing here with the offline teacher)")
    board.graph("Requests", "A second, by teacher and outcome.", "reqps",
                ("{{endpoint}}: {{outcome}}", rate("magnet_teacher_requests_total", by="endpoint, outcome")), stack=True)
    board.graph("Requests by purpose", "A second, by what is asked for.", "reqps",
                ("{{purpose}}", rate("magnet_teacher_requests_total", by="purpose")), stack=True)
    latency = "magnet_teacher_request_duration_seconds"
    board.graph("Latency", "From sending a request to the whole answer.", "s",
                ("{{endpoint}} p50", quantile(0.5, latency, "le, endpoint")), ("{{endpoint}} p95", quantile(0.95, latency, "le, endpoint")))
    board.graph("Wait for the limits", "How long requests wait for the teacher's limits before they are sent.", "s",
                ("{{endpoint}} p50", quantile(0.5, "magnet_teacher_limiter_wait_seconds", "le, endpoint")),
                ("{{endpoint}} p95", quantile(0.95, "magnet_teacher_limiter_wait_seconds", "le, endpoint")))
    board.graph("Tokens", "A second, by direction.", "short",
                ("{{endpoint}} {{direction}}", rate("magnet_teacher_tokens_total", by="endpoint, direction")))
    board.graph("Money", "Dollars an hour, at the rate of the last ten minutes.", "currencyUSD",
                ("{{campaign}}", "3600 * clamp_min(max by (campaign) (deriv(magnet_campaign_spend_dollars{$S}[10m])), 0)"))
    board.graph("In flight", "Requests sent and not answered.", "short",
                ("{{endpoint}}", "sum by (endpoint) (magnet_teacher_requests_in_flight{$S})"))
    board.graph("Retries", "Tries after the first, a second, by what went wrong.", "short",
                ("{{endpoint}}: {{cause}}", rate("magnet_teacher_retries_total", by="endpoint, cause")))
    board.graph("Circuit", "1 while a teacher is left alone because it fails.", "none",
                ("{{endpoint}}", "max by (endpoint) (magnet_teacher_circuit_open{$S})"))
    board.row("Executors")
    board.graph("Calls", "A second, by executor and what came of them.", "ops",
                ("{{executor}}: {{outcome}}", rate("magnet_executor_calls_total", by="executor, outcome")), stack=True)
    board.graph("Time of a call", "From the call to its output.", "s",
                ("{{executor}} p95", quantile(0.95, "magnet_executor_call_duration_seconds", "le, executor")))
    board.graph("Sessions", "Open, and taken back to their start a second.", "short",
                ("{{executor}} open", "sum by (executor) (magnet_executor_sessions{$S})"),
                ("{{executor}} taken back", rate("magnet_executor_restarts_total", by="executor")))
    board.row("State and caches")
    board.graph("Found already", "Share of function outputs and of paid answers that were there.", "percentunit",
                ("outputs", ratio(("magnet_output_lookups_total", ',outcome="hit"'), ("magnet_output_lookups_total",))),
                ("answers", ratio(("magnet_memo_lookups_total", ',outcome="hit"'), ("magnet_memo_lookups_total",))))
    board.graph("Claims", "A second; lost: a walk of a lower index has the path.", "short",
                ("{{outcome}}", rate("magnet_claims_total", by="outcome")), stack=True)
    board.graph("Time of an operation", "On the stores, all but a hundredth.", "s",
                ("{{store}} p99", quantile(0.99, "magnet_state_operation_duration_seconds", "le, store")))
    board.graph("Errors", "Operations that failed, a second.", "short", ("{{store}}", rate("magnet_state_errors_total", by="store")))
    board.graph("Degraded", "Processes that go on without a store.", "none", ("{{store}}", "sum by (store) (magnet_state_degraded{$S})"))
    board.graph("Broker", "Processes that the broker blocks, and processes without it.", "none",
                ("blocked", "sum(magnet_queue_blocked{$S})"), ("not connected", "sum(1 - magnet_queue_connected{$S})"))
    board.row("Processes")
    board.graph("CPU", "Cores that each process uses.", "short", ("{{role}} {{pod}}", rate("process_cpu_seconds_total", by="role, pod")))
    board.graph("Memory", "Resident.", "bytes", ("{{role}} {{pod}}", "sum by (role, pod) (process_resident_memory_bytes{$S})"))
    board.graph("Running since", "How long each process runs; a fall is a restart.", "s",
                ("{{role}} {{pod}}", "time() - max by (role, pod) (process_start_time_seconds{$S})"))
    return board


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for board in (campaign(), plumbing()):
        path = folder / f"{board.uid.removeprefix('magnet-')}.json"
        path.write_text(json.dumps(board.json(), indent=1) + "\n")


main()
