"""Axolotl prepares the exports with its own prompt strategies, told by the recipes of deploy/training; what stands
under the loss is counted.

    check_axolotl.py FOLDER
"""

import json
import os
import sys

import datasets
import jinja2
import trl
import axolotl.utils.data  # first: its modules import each other
import yaml
from axolotl.prompt_strategies import chat_template
from axolotl.prompt_strategies.dpo import load as load_dpo
from axolotl.utils.data.wrappers import wrap_dataset_for_tokenized_prompt
from axolotl.utils.dict import DictDefault

from shared import Tally, bytewise, dataset, hermes_calls, llama_calls, pairs, stretches

folder = sys.argv[1]
recipes = f"{os.path.dirname(__file__)}/../../deploy/training/axolotl"
templates = os.path.join(os.path.dirname(trl.__file__), "chat_templates")
datasets.disable_progress_bars()


def plain(tool):
    return json.dumps(tool, ensure_ascii=False)


def indented(tool):
    return json.dumps(tool, ensure_ascii=False, indent=4)


# Template, the end of its turns, whether several calls stand in a message, what reads its calls, how it shows a tool.
FAMILIES = [
    ("qwen2_5", "<|im_end|>", False, hermes_calls, plain),
    ("qwen3", "<|im_end|>", False, hermes_calls, plain),
    ("llama3_1", "<|eot_id|>", True, llama_calls, indented),
]


def given(recipe, family, end):
    """The recipe, with a tokenizer of one token a byte."""
    with open(f"{recipes}/{recipe}.yaml") as file:
        config = DictDefault(yaml.safe_load(file)) | DictDefault(sequence_len=1 << 20)
    tokens = bytewise(eos=end)
    with open(f"{templates}/{family}.jinja") as file:
        tokens.chat_template = file.read()
    return config, tokens


def rows_of(one_call, name):
    path = f"{folder}/axolotl{'-one-call' * one_call}/{name}.jsonl"
    return datasets.load_dataset("json", data_files=path, split="train")


def prepared(family, end, one_call):
    config, tokens = given("sft", family, end)
    strategy = chat_template.load(tokens, config, config.datasets[0])
    rows = rows_of(one_call, "sft")
    return tokens, wrap_dataset_for_tokenized_prompt(strategy, rows, process_count=1, keep_in_memory=True)


def sft(family, end, one_call, read, shown):
    tally = Tally(f"{family}, one call a message: {one_call}", read, shown)
    tokens, rows = prepared(family, end, one_call)
    for row, made in zip(dataset(folder, one_call), rows, strict=True):
        tally.conversation(row, tokens.decode(made["input_ids"]), stretches(tokens, made["input_ids"], made["labels"]))
    tally.print()


def dpo(family, end, one_call):
    """Pairs are text: the form of their calls is Hermes's, whatever the template."""
    tally = Tally(f"{family}, one call a message: {one_call}", hermes_calls, plain)
    config, tokens = given("dpo", family, end)
    transform, _ = load_dpo(config.datasets[0].type, config, dataset_idx=0)
    for row, pair in zip(pairs(folder, one_call), rows_of(one_call, "preference"), strict=True):
        made = transform(pair, tokenizer=tokens)
        # Nothing but what follows the prompt is trained on.
        tally.pair(row, [(made["prompt"] + made[side], [made[side]]) for side in ("chosen", "rejected")])
    tally.print("DPO")


def refused():
    """The export's README says that gpt-oss does not go: is it still so?"""
    try:
        prepared("gptoss", "<|return|>", True)
    except jinja2.TemplateError as error:
        print(f"SFT, gptoss: refused, as the export's README says ({error})")
    else:
        sys.exit("gptoss is prepared now: take the exception out of the export's README and count it here")


for family, end, one_call, read, shown in FAMILIES:
    sft(family, end, one_call, read, shown)
    dpo(family, end, one_call)
refused()
