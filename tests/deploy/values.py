"""Every value of the chart has a row in its README, and no row is of a value that is gone."""

import re
import sys

import yaml

# Sections whose keys are the user's, or that are passed through as they are.
WHOLE = {"resources", "labels", "annotations", "podLabels", "podAnnotations", "nodeSelector", "affinity",
         "set", "files", "accessModes"}


def leaves(value, path=()):
    if isinstance(value, dict) and value and path[-1:] and path[-1] not in WHOLE or not path:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    else:
        yield ".".join(path)


chart = sys.argv[1]
with open(f"{chart}/values.yaml") as file:
    values = set(leaves(yaml.safe_load(file)))
with open(f"{chart}/README.md") as file:
    table = file.read().split("## Values")[1]
cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
rows = {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
for key in sorted(values - rows):
    print(f"{chart}/README.md: no row for {key}", file=sys.stderr)
for key in sorted(rows - values):
    print(f"{chart}/README.md: {key} is no value", file=sys.stderr)
sys.exit(values != rows)
