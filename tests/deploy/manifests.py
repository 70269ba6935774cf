"""Checks what the chart renders, strictly: `manifests.py [--magnet PROGRAM] --rules FILE RENDERED...`

Every object is validated against the schema of its kind, unknown fields refused: those built into
Kubernetes by kubernetes-validate, KEDA's and the Prometheus operator's by the models published for
them. Then what no schema asks for: the restricted Pod Security standard on every pod, no token, no
replicas where an autoscaler rules, patience above the drain, and a campaign that the program itself
accepts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse

import jsonschema
import kubernetes_validate
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject, TriggerAuthentication
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule, ServiceMonitor

KUBERNETES = "1.33"
CUSTOM = {
    model.__name__: model
    for model in (ScaledObject, TriggerAuthentication, PodMonitor, PrometheusRule, ServiceMonitor)
}


def strict(schema):
    """The schema with every unnamed property refused."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    if isinstance(schema.get("pattern"), str):
        # Flags inside an expression are Go's way of writing them.
        closed["pattern"] = schema["pattern"].replace("^(?i)", "(?i)^")
    return closed


def custom_schema(kind):
    schema = strict(CUSTOM[kind].model_json_schema(by_alias=True))
    if kind == "ScaledObject":
        # KEDA 2.17 added it; the published models are of 2.16.
        behaviors = ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]
        schema["$defs"]["Fallback"]["properties"]["behavior"] = {"enum": behaviors}
    return schema


def pod_of(manifest):
    """The pod's metadata and spec, of whatever makes pods."""
    kind = manifest["kind"]
    if kind == "Pod":
        return manifest["metadata"], manifest["spec"]
    if kind in ("Deployment", "StatefulSet", "Job"):
        template = manifest["spec"]["template"]
        return template["metadata"], template["spec"]
    return None


def plain_environment(container):
    return {v["name"]: v["value"] for v in container.get("env", []) if "value" in v}


class Checks:
    def __init__(self, path):
        self.path, self.found = path, []
        with open(path) as file:
            self.manifests = [manifest for manifest in yaml.safe_load_all(file) if manifest]

    def require(self, holds, manifest, message):
        if not holds:
            name = manifest["metadata"].get("name")
            self.found.append(f"{self.path}: {manifest['kind']} {name}: {message}")

    def schema(self, manifest):
        kind = manifest["kind"]
        try:
            if kind in CUSTOM:
                jsonschema.validate(manifest, custom_schema(kind))
            else:
                kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            where = ".".join(map(str, error.path))
            self.require(False, manifest, f"{where}: {error.message}")

    def restricted(self, manifest, spec):
        security = spec.get("securityContext", {})
        self.require(security.get("runAsNonRoot") is True, manifest, "may run as root")
        profile = security.get("seccompProfile", {}).get("type")
        self.require(profile == "RuntimeDefault", manifest, "has no seccomp profile")
        token = spec.get("automountServiceAccountToken")
        self.require(token is False, manifest, "is given a token")
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            self.require(not spec.get(key), manifest, f"sets {key}")
        for volume in spec.get("volumes", []):
            self.require("hostPath" not in volume, manifest, "mounts a path of its node")
        for container in spec["containers"] + spec.get("initContainers", []):
            context = container.get("securityContext", {})
            escalation = context.get("allowPrivilegeEscalation")
            self.require(escalation is False, manifest, "may gain privileges")
            dropped = context.get("capabilities", {})
            self.require(dropped == {"drop": ["ALL"]}, manifest, "keeps capabilities")
            root = context.get("readOnlyRootFilesystem")
            self.require(root is True, manifest, "may write its root file system")
            limits = container.get("resources", {}).get("limits", {})
            self.require("memory" in limits, manifest, "has no memory limit")

    def pod(self, manifest, metadata, spec):
        self.restricted(manifest, spec)
        for container in spec["containers"]:
            if manifest["kind"] not in ("Deployment", "StatefulSet"):
                continue
            probe = container["livenessProbe"]["httpGet"]["path"]
            self.require(probe == "/healthz", manifest, f"is restarted for {probe}")
            annotations = metadata.get("annotations", {})
            self.require("checksum/config" in annotations, manifest, "does not follow its configuration")
            drain = plain_environment(container).get("MAGNET__FLEET__GRACE", "30s")
            patience = spec["terminationGracePeriodSeconds"]
            longer = patience > int(drain.removesuffix("s"))
            self.require(longer, manifest, f"is killed after {patience} s, and drains for {drain}")

    def scaling(self):
        scaled = {
            manifest["spec"]["scaleTargetRef"]["name"]
            for manifest in self.manifests
            if manifest["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")
        }
        for manifest in self.manifests:
            if manifest["kind"] == "Deployment":
                owned = manifest["metadata"]["name"] in scaled
                fixed = "replicas" in manifest["spec"]
                self.require(owned != fixed, manifest, "is scaled by two, or by nobody")

    def rules(self, manifest, expected):
        for group in manifest["spec"]["groups"]:
            for rule in group["rules"]:
                rule.get("annotations", {}).pop("runbook_url", None)
        self.require(manifest["spec"] == expected, manifest, "differs from the rules file")

    def campaign(self, magnet, manifest, spec):
        """The program accepts the campaign under the settings that the pod gets."""
        configs = {m["metadata"]["name"]: m["data"] for m in self.manifests if m["kind"] == "ConfigMap"}
        with tempfile.TemporaryDirectory() as folder:
            places = {mount["name"]: mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
            for volume in spec["volumes"]:
                files = configs.get(volume.get("configMap", {}).get("name"), {})
                place = folder + places[volume["name"]]
                os.makedirs(place, exist_ok=True)
                for name, text in files.items():
                    with open(os.path.join(place, name), "w") as file:
                        file.write(text)
            settings = plain_environment(spec["containers"][0])
            settings = {name: value.replace("/etc/", f"{folder}/etc/") for name, value in settings.items()}
            command = [magnet, "check", f"{folder}/etc/magnet/campaign.toml"]
            environment = {"PATH": os.environ["PATH"], **settings}
            ran = subprocess.run(command, env=environment, capture_output=True, text=True)
            self.require(ran.returncode == 0, manifest, f"its campaign is refused: {ran.stderr}")

    def egress(self, manifest):
        """The policy lets pods reach the campaign's own teachers."""
        rules = manifest["spec"].get("egress", [])
        allowed = {port["port"] for rule in rules for port in rule.get("ports", [])}
        texts = [m["data"].get("campaign.toml", "") for m in self.manifests if m["kind"] == "ConfigMap"]
        for text in texts:
            for name, teacher in tomllib.loads(text).get("teacher", {}).items():
                url = urllib.parse.urlsplit(teacher.get("base_url", ""))
                port = url.port or {"http": 80, "https": 443}.get(url.scheme)
                message = f"cuts off [teacher.{name}] at port {port}"
                self.require(port is None or port in allowed, manifest, message)

    def all(self, magnet, rules):
        for manifest in self.manifests:
            self.schema(manifest)
            pod = pod_of(manifest)
            if pod:
                self.pod(manifest, *pod)
                if magnet:
                    self.campaign(magnet, manifest, pod[1])
            if manifest["kind"] == "PrometheusRule":
                self.rules(manifest, rules)
            if manifest["kind"] == "NetworkPolicy":
                self.egress(manifest)
        self.scaling()
        return self.found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--magnet")
    arguments.add_argument("--rules", required=True)
    arguments.add_argument("rendered", nargs="+")
    arguments = arguments.parse_args()
    with open(arguments.rules) as file:
        rules = yaml.safe_load(file)
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.get("annotations", {}).pop("runbook_url", None)
    found, counted = [], 0
    for path in arguments.rendered:
        checks = Checks(path)
        found += checks.all(arguments.magnet, rules)
        counted += len(checks.manifests)
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{counted} objects checked, {len(found)} problems")
    sys.exit(bool(found) or counted == 0)


main()
