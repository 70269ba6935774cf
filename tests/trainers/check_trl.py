"""TRL prepares the exports with its own code, for a tiny random model; what stands under the loss is counted.

    check_trl.py FOLDER
"""

import json
import os
import re
import sys

import datasets
import torch
import transformers
import trl

from shared import bytewise, calls_of, hermes_calls, is_alone, lines, under_the_loss

folder = sys.argv[1]
datasets.disable_progress_bars()
templates = os.path.join(os.path.dirname(trl.__file__), "chat_templates")


def harmony_calls(text):
    """Names and arguments of calls as gpt-oss writes them."""
    found = re.finditer(r"to=functions\.([\w-]+)<\|channel\|>commentary json<\|message\|>", text)
    return [(place[1], json.JSONDecoder().raw_decode(text, place.end())[0]) for place in found]


# Template, the export that is for it, what reads its calls, whether a call's name stands in the assistant's message.
FAMILIES = [
    ("qwen2_5", "trl", hermes_calls, True),
    ("qwen3", "trl", hermes_calls, True),
    ("gptoss", "trl-one-call", harmony_calls, False),
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


def sft(family, export, read, is_whole):
    tokens = tokenizer(family)
    rows = lines(f"{folder}/{export}/sft.jsonl")
    data = datasets.load_dataset("json", data_files=f"{folder}/{export}/sft.jsonl", split="train")
    trainer = trl.SFTTrainer(
        model=tiny(len(tokens)), train_dataset=data, processing_class=tokens,
        args=trl.SFTConfig(**arguments(assistant_only_loss=True, max_length=None, packing=False)))
    calls = outputs = replies = late = tools = 0
    for at, (row, prepared) in enumerate(zip(rows, trainer.train_dataset, strict=True)):
        place = f"{family}, row {at + 1}"
        text = tokens.decode(prepared["input_ids"])
        trained = under_the_loss(tokens, prepared)
        wanted = calls_of(row["messages"])
        if read(text) != wanted:
            sys.exit(f"{place}: calls came out otherwise")
        if is_whole and read(trained) != wanted:
            sys.exit(f"{place}: calls are not all under the loss\n{trained}\n{wanted}")
        for tool in json.loads(row["tools"]) if is_whole else []:
            tools += 1
            if json.dumps(tool, ensure_ascii=False) not in text:
                sys.exit(f"{place}: a tool is not shown as it is: {tool}")
        said = [message["content"] for message in row["messages"] if message["role"] == "assistant"]
        for message in row["messages"]:
            content = message["content"]
            if message["role"] in ("tool", "user"):
                outputs += message["role"] == "tool"
                late += message["role"] == "user" and content.count('{"type":"function"')
                if content not in text and json.dumps(content, ensure_ascii=False) not in text:
                    sys.exit(f"{place}: a message of {message['role']} is not there: {content}")
                if content in trained and is_alone(content, said):
                    sys.exit(f"{place}: a message of {message['role']} is under the loss: {content}")
            if message["role"] == "assistant" and not message.get("tool_calls"):
                replies += 1
                if content.strip() not in trained:
                    sys.exit(f"{place}: a reply is not under the loss: {content}")
        calls += len(wanted)
    print(f"SFT, {family} on {export}: {len(rows)} rows, {calls} calls and {replies} replies under the loss; "
          f"{tools} tools, {outputs} outputs and {late} late tools shown and not", flush=True)


def dpo(family, export, read, is_whole):
    tokens = tokenizer(family)
    rows = lines(f"{folder}/{export}/preference.jsonl")[:100]
    data = datasets.load_dataset("json", data_files=f"{folder}/{export}/preference.jsonl", split="train")
    trainer = trl.DPOTrainer(
        model=tiny(len(tokens)), ref_model=tiny(len(tokens)), train_dataset=data.select(range(len(rows))),
        processing_class=tokens, args=trl.DPOConfig(**arguments(max_length=None)))
    calls = 0
    for at, (row, prepared) in enumerate(zip(rows, trainer.train_dataset, strict=True)):
        for side in ("chosen", "rejected"):
            text = tokens.decode(prepared[f"{side}_ids"])
            wanted = calls_of(row[side])
            content = row[side][0]["content"].strip()
            if (is_whole and read(text) != wanted) or content not in text:
                sys.exit(f"{family}, pair {at + 1}, {side}: {text}\n{row[side]}")
            if "tool_response" in text or "<|im_start|>user" in text:
                sys.exit(f"{family}, pair {at + 1}, {side} holds more than the assistant's message: {text}")
            calls += len(wanted)
    print(f"DPO, {family} on {export}: {len(rows)} pairs, {calls} calls; one message of the assistant a side", flush=True)


for family in FAMILIES:
    sft(*family)
    dpo(*family)
