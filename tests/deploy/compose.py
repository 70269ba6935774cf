"""The Compose file keeps to the Compose specification, unknown keys refused, and holds together: what
services depend on, mount and share is there."""

import json
import pathlib
import sys

import yaml
from compose_spec import PyCompose

path = pathlib.Path(sys.argv[1])
compose = yaml.safe_load(path.read_text())
services, found = compose["services"], []
try:
    PyCompose.from_json(json.dumps(compose)).validate()
except ValueError as error:
    found.append(str(error))
for name, service in services.items():
    for other, how in service.get("depends_on", {}).items():
        if other not in services:
            found.append(f"{name} depends on {other}, which is no service")
        elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
            found.append(f"{name} waits for {other}, whose health nobody checks")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            if not (path.parent / source).exists():
                found.append(f"{name} mounts {source}, which is not there")
        elif source not in compose["volumes"]:
            found.append(f"{name} mounts {source}, which is no volume")
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            found.append(f"{name} listens beyond this machine: {port}")
    if service["image"] != "magnet" and ":" not in service["image"]:
        found.append(f"{name}: {service['image']} names no version")
    dockerfile = service.get("build", {}).get("dockerfile")
    if dockerfile and not (path.parent / service["build"]["context"] / dockerfile).exists():
        found.append(f"{name}: no {dockerfile}")
for problem in found:
    print(f"{path}: {problem}", file=sys.stderr)
sys.exit(bool(found) or len(services) < 9)
