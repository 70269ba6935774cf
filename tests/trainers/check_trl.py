"""TRL prepares the exports with its own code, for a tiny random model; what stands under the loss is counted.

    check_trl.py FOLDER
"""

import itertools
import json
import os
import re
import sys

import datasets
import torch
import transformers
import trl

from shared import Tally, bytewise, dataset, hermes_calls, pairs, stretches

folder = sys.argv[1]
datasets.disable_progress_bars()
templates = os.path.join(os.path.dirname(trl.__file__), "chat_templates")


def harmony_calls(text):
    """Names and arguments of calls as gpt-oss writes them."""
    found = re.finditer(r"to=functions\.([\w-]+)<\|channel\|>commentary json<\|message\|>", text)
    return [(place[1], json.JSONDecoder().raw_decode(text, place.end())[0]) for place in found]


def plain(tool):
    return json.dumps(tool, ensure_ascii=False)


def typed(tool):
    return f"type {tool['function']['name']} = "


# Template, whether a message may hold several calls, what reads its calls, how it shows a tool.
FAMILIES = [
    ("qwen2_5", False, hermes_calls, plain),
    ("qwen3", False, hermes_calls, plain),
    ("gptoss", True, harmony_calls, typed),
]


def tokenizer(family):
    tokens = bytewise()
    with open(f"{templates}/{family}.jinja") as file:
        tokens.chat_template = file.read()
    return tokens


def tiny(size):
    torch.manual_seed(1)
    return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(
        vocab_size=size, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=65536))


def arguments(**further):
    return dict(output_dir=f"{folder}/trained", max_steps=1, per_device_train_batch_size=1, report_to=[],
                use_cpu=True, bf16=False, save_strategy="no", disable_tqdm=True, dataset_num_proc=1,
                gradient_checkpointing=False, **further)


def rows_of(one_call, name):
    path = f"{folder}/trl{'-one-call' * one_call}/{name}.jsonl"
    return datasets.load_dataset("json", data_files=path, split="train")


def sft(family, one_call, read, shown):
    tally = Tally(f"{family}, one call a message: {one_call}", read, shown)
    tokens = tokenizer(family)
    trainer = trl.SFTTrainer(
        model=tiny(len(tokens)), train_dataset=rows_of(one_call, "sft"), processing_class=tokens,
        args=trl.SFTConfig(**arguments(assistant_only_loss=True, max_length=None, packing=False)))
    for row, made in zip(dataset(folder, one_call), trainer.train_dataset, strict=True):
        tally.conversation(row, tokens.decode(made["input_ids"]), stretches(tokens, made["input_ids"], made["labels"]))
    tally.print()


def dpo(family, one_call, read, shown):
    tally = Tally(f"{family}, one call a message: {one_call}", read, shown)
    tokens = tokenizer(family)
    rows = rows_of(one_call, "preference").select(range(100))
    trainer = trl.DPOTrainer(
        model=tiny(len(tokens)), ref_model=tiny(len(tokens)), train_dataset=rows, processing_class=tokens,
        args=trl.DPOConfig(**arguments(max_length=None)))
    for row, made in zip(itertools.islice(pairs(folder, one_call), len(rows)), trainer.train_dataset, strict=True):
        prompt, *sides = (tokens.decode(made[f"{part}_ids"]) for part in ("prompt", "chosen", "rejected"))
        # All that follows the prompt is trained on.
        tally.pair(row, [(prompt + side, [side]) for side in sides])
    tally.print("DPO")


for family in FAMILIES:
    sft(*family)
    dpo(*family)
