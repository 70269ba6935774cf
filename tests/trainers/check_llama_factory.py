"""LLaMA-Factory prepares the exports with its own loader, templates and processors, told by the recipes of
deploy/training; what stands under the loss is counted.

    check_llama_factory.py FOLDER
"""

import json
import os
import sys

import datasets
import yaml
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args

from shared import Tally, bytewise, dataset, hermes_calls, llama_calls, pairs, stretches

folder = sys.argv[1]
recipes = f"{os.path.dirname(__file__)}/../../deploy/training/llama-factory"
datasets.disable_progress_bars()


# Template, whether several calls stand in a message, what reads its calls, how it shows a tool.
FAMILIES = [
    ("qwen", False, hermes_calls, lambda tool: json.dumps(tool, ensure_ascii=False)),
    ("qwen3", False, hermes_calls, lambda tool: json.dumps(tool, ensure_ascii=False)),
    ("qwen3_nothink", False, hermes_calls, lambda tool: json.dumps(tool, ensure_ascii=False)),
    ("llama3", True, llama_calls, lambda tool: json.dumps(tool, ensure_ascii=False, indent=4)),
]


def prepared(recipe, family, one_call):
    with open(f"{recipes}/{recipe}.yaml") as file:
        given = yaml.safe_load(file)
    given |= {
        "dataset_dir": f"{folder}/llama-factory" + "-one-call" * one_call, "output_dir": f"{folder}/trained",
        "template": family, "bf16": False, "eval_strategy": "no", "save_strategy": "no", "overwrite_cache": True,
        # A token is a byte here.
        "cutoff_len": 1 << 20,
    }
    given.pop("eval_dataset", None)
    model, data, training, *_ = get_train_args(given)
    tokens = bytewise()
    template = get_template_and_fix_tokenizer(tokens, data)
    stage = "rm" if given["stage"] == "dpo" else given["stage"]
    return tokens, get_dataset(template, model, data, training, stage=stage, tokenizer=tokens)["train_dataset"]


def sft(family, one_call, read, shown):
    tally = Tally(f"{family}, one call a message: {one_call}", read, shown)
    tokens, rows = prepared("sft", family, one_call)
    for row, made in zip(dataset(folder, one_call), rows, strict=True):
        tally.conversation(row, tokens.decode(made["input_ids"]), stretches(tokens, made["input_ids"], made["labels"]))
    tally.print()


def dpo(family, one_call, read, shown):
    tally = Tally(f"{family}, one call a message: {one_call}", read, shown)
    tokens, rows = prepared("dpo", family, one_call)
    for row, made in zip(pairs(folder, one_call), rows, strict=True):
        sides = [(made[f"{side}_input_ids"], made[f"{side}_labels"]) for side in ("chosen", "rejected")]
        tally.pair(row, [(tokens.decode(ids), stretches(tokens, ids, labels)) for ids, labels in sides])
    tally.print("DPO")


for family in FAMILIES:
    sft(*family)
    dpo(*family)
