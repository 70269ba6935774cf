"""ms-swift prepares the exports with its own loader and templates, told by the recipes of deploy/training; what stands
under the loss is counted.

    check_ms_swift.py FOLDER
"""

import json
import os
import sys

import datasets
import transformers
import yaml
from swift.dataset import load_dataset
from swift.model import get_processor
from swift.template import TEMPLATE_MAPPING, get_template

from shared import Tally, bytewise, dataset, hermes_calls, lines, llama_calls, pairs, stretches

folder = sys.argv[1]
recipes = f"{os.path.dirname(__file__)}/../../deploy/training/ms-swift"
datasets.disable_progress_bars()

# Model and template, how it writes tools and calls, the export for it, what reads its calls, how it shows a tool.
FAMILIES = [
    ("qwen2", "qwen2_5", "hermes", False, hermes_calls, lambda tool: json.dumps(tool, ensure_ascii=False)),
    ("qwen3", "qwen3", "hermes", False, hermes_calls, lambda tool: json.dumps(tool, ensure_ascii=False)),
    ("llama", "llama3_2", "llama3", True, llama_calls, lambda tool: json.dumps(tool, ensure_ascii=False, indent=4)),
]


def prepared(recipe, family, template, agent, data, mode):
    """The rows, encoded, and the tokenizer."""
    with open(f"{recipes}/{recipe}.yaml") as file:
        given = yaml.safe_load(file)
    model = f"{folder}/{family}"
    bytewise().save_pretrained(model)
    transformers.CONFIG_MAPPING[family](architectures=["Any"]).save_pretrained(model)
    tokens = get_processor(model, model_type=family, download_model=False)
    # The recipes are for Qwen.
    agent = given["agent_template"] if agent == "hermes" else agent
    meta, loss = TEMPLATE_MAPPING[template], given["loss_scale"]
    if meta.is_thinking and meta.non_thinking_prefix:
        # As its command line does by itself.
        loss += "+ignore_empty_think"
    encoder = get_template(tokens, template_type=template, agent_template=agent, loss_scale=loss, max_length=1 << 20)
    encoder.set_mode(mode)
    return tokens, [encoder.encode(row) for row in load_dataset(data)[0]]


def sft(family, template, agent, one_call, read, shown):
    tally = Tally(f"{template}, one call a message: {one_call}", read, shown)
    data = f"{folder}/ms-swift{'-one-call' * one_call}/sft.jsonl"
    tokens, rows = prepared("sft", family, template, agent, data, "train")
    for row, made in zip(dataset(folder, one_call), rows, strict=True):
        tally.conversation(row, tokens.decode(made["input_ids"]), stretches(tokens, made["input_ids"], made["labels"]))
    tally.print()


def split(family, template, agent, one_call, read, shown):
    """What stands in an earlier row of a split conversation is not trained on again."""
    tally = Tally(f"{template}, late tools split", read, shown)
    data = f"{folder}/ms-swift-split/sft.jsonl"
    tokens, rows = prepared("sft", family, template, agent, data, "train")
    masked = 0
    for row, made in zip(lines(data), rows, strict=True):
        row["tools"] = json.loads(row["tools"])
        masked += sum(message.get("loss") is False for message in row["messages"])
        tally.conversation(row, tokens.decode(made["input_ids"]), stretches(tokens, made["input_ids"], made["labels"]))
    if not masked:
        sys.exit("no message of a split conversation is masked: nothing is checked")
    tally.print(f"SFT ({masked} messages masked)")


def dpo(family, template, agent, one_call, read, shown):
    tally = Tally(f"{template}, one call a message: {one_call}", read, shown)
    data = f"{folder}/ms-swift{'-one-call' * one_call}/preference.jsonl"
    tokens, rows = prepared("dpo", family, template, agent, data, "rlhf")
    for row, made in zip(pairs(folder, one_call), rows, strict=True):
        sides = [(made[f"{side}_input_ids"], made[f"{side}_labels"]) for side in ("chosen", "rejected")]
        tally.pair(row, [(tokens.decode(ids), stretches(tokens, ids, labels)) for ids, labels in sides])
    tally.print("DPO")


for family in FAMILIES:
    sft(*family)
    dpo(*family)
split(*FAMILIES[0])
