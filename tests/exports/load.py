"""Loads a dataset and its exports with the installed `datasets` and compares every row with the file's own.

    load.py FOLDER     FOLDER: `raw` and one folder an export, as tests/exports-check makes them
"""

import glob
import json
import sys
import tempfile

import datasets

folder = sys.argv[1]
version = tuple(int(part) for part in datasets.__version__.split(".")[:2])
# Before 4.7 a column of objects has one type for all rows: arguments and tools of many shapes do not fit.
objects_fit = version >= (4, 7)
datasets.disable_progress_bars()


def lines(files):
    for name in files:
        with open(name) as file:
            yield from map(json.loads, file)


def plain(value):
    """Without keys that hold nothing: a loader gives every message the keys of all. Numbers to fifteen digits: its
    columns of objects give 0.6 back as 0.6000000000000001."""
    if isinstance(value, float):
        return float(f"{value:.15g}")
    if isinstance(value, dict):
        return {key: plain(below) for key, below in value.items() if below is not None}
    if isinstance(value, list):
        return [plain(below) for below in value]
    return value


def load(kind, files, **options):
    with tempfile.TemporaryDirectory() as cache:
        data = datasets.load_dataset(kind, data_files=files, split="train", cache_dir=cache, **options)
        yield from data


def check(name, loaded, expected, same):
    rows = 0
    for rows, (got, wanted) in enumerate(zip(loaded, expected, strict=True), 1):
        if not same(got, wanted):
            sys.exit(f"{name}: row {rows} came back otherwise\n{got}\n{wanted}")
    if not rows:
        sys.exit(f"{name}: no row")
    print(f"datasets {datasets.__version__}: {name}: {rows} rows come back equal")


def from_text(row, like):
    """A row of text columns, back in the types of another."""
    return {key: value if isinstance(like[key], str) else json.loads(value) for key, value in row.items()}


def jsonl(name, **options):
    files = sorted(glob.glob(f"{folder}/{name}"))
    check(name, load("json", files, **options), lines(files), lambda got, wanted: plain(got) == plain(wanted))


def parquet(name, ours):
    files = sorted(glob.glob(f"{folder}/{name}"))
    expected = lines(sorted(glob.glob(f"{folder}/{ours}")))
    check(name, load("parquet", files), expected, lambda got, wanted: from_text(got, wanted) == wanted)


for name in ("sft", "preference"):
    # What has a type in one block has another in the next, so there must be one.
    jsonl(f"raw/{name}.jsonl", **({} if objects_fit else {"chunksize": 1 << 30}))
    if objects_fit:
        jsonl(f"trl/{name}.jsonl")
    jsonl(f"llama-factory/{name}.jsonl")
    jsonl(f"ms-swift/{name}.jsonl")
    jsonl(f"axolotl/{name}.jsonl")
    jsonl(f"hermes/{name}.jsonl")
    parquet(f"parquet/{name}*.parquet", f"raw/{name}.jsonl")
    parquet(f"trl-parquet/{name}.parquet", f"trl/{name}.jsonl")
jsonl("verl/rl.jsonl")
text = lines([f"{folder}/verl-text/sft.jsonl"])
check("verl/sft.parquet", load("parquet", [f"{folder}/verl/sft.parquet"]), text, lambda got, wanted: got == wanted)
