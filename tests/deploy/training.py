"""The recipes of deploy/training name files and columns that `magnet export` writes, and its README the recipes.

    training.py PROGRAM     PROGRAM: magnet
"""

import ast
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

magnet = str(pathlib.Path(sys.argv[1]).resolve())
recipes = pathlib.Path("deploy/training").resolve()
made = pathlib.Path(tempfile.mkdtemp(prefix="magnet-training-"))
checked = 0


def run(line):
    command = [magnet, *line.split()[1:]]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{line}: exit {done.returncode}\n{done.stderr}")


def rows(recipe, file):
    """The rows of a file that a recipe names."""
    path = made / file
    if not path.is_file():
        sys.exit(f"{recipe}: no export writes {file}; there are {sorted(p.name for p in path.parent.glob('*'))}")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    if not rows:
        sys.exit(f"{recipe}: {file} has no rows")
    return rows


def columns(recipe, file, names):
    global checked
    for row in rows(recipe, file):
        missing = set(names) - set(row)
        if missing:
            sys.exit(f"{recipe}: {file} has no columns {missing}; it has {list(row)}")
    checked += 1


def trl(recipe, settings):
    for dataset in settings.get("datasets", []):
        columns(recipe, dataset["data_files"], dataset["columns"])
    if "data" in settings:
        columns(recipe, settings["data"], ["chosen", "rejected", "tools"])
        for row in rows(recipe, settings["data"]):
            for message in row["chosen"] + row["rejected"]:
                assert message["loss"] == (message["role"] == "assistant"), message


def llama_factory(recipe, settings):
    folder = settings["dataset_dir"]
    info = json.loads((made / folder / "dataset_info.json").read_text())
    for key in ("dataset", "eval_dataset"):
        if key in settings:
            entry = info[settings[key]]
            columns(recipe, f"{folder}/{entry['file_name']}", entry["columns"].values())
    assert info[settings["dataset"]].get("ranking", False) == (settings["stage"] == "dpo"), recipe


def ms_swift(recipe, settings):
    pairs = ["rejected_messages", "rejected_tools"] if settings.get("rlhf_type") else []
    for file in settings["dataset"] + settings.get("val_dataset", []):
        columns(recipe, file, ["messages", "tools", *pairs])


def axolotl(recipe, settings):
    for dataset in settings["datasets"]:
        columns(recipe, dataset["path"], [name for key, name in dataset.items() if key.startswith("field_")])


files = sorted(recipes.glob("*/*.yaml"))
readme = (recipes / "README.md").read_text()
run("magnet run --samples 300 --out out")
commands = {line for file in files for line in re.findall(r"made by: (magnet export .*)", file.read_text())}
for command in sorted(commands):
    run(command)
for file in files:
    name = f"{file.parent.name}/{file.name}"
    if f"`{name}`" not in readme:
        sys.exit(f"deploy/training/README.md does not name {name}")
    settings = yaml.safe_load(file.read_text())
    checks = {"trl": trl, "llama-factory": llama_factory, "ms-swift": ms_swift, "axolotl": axolotl}
    checks[file.parent.name](name, settings)
    # A row is never cut off: where the trainer drops none, the export has.
    assert any(settings.get(key) == 16384 for key in ("max_length", "cutoff_len", "sequence_len")), name
script = (recipes / "trl/mdpo.py").read_text()
ast.parse(script)
assert len(script.splitlines()) < 250, "mdpo.py is too long to be read"
print(f"{len(files)} recipes of training: {checked} files with their columns")
subprocess.run(["rm", "-r", str(made)], check=True)
