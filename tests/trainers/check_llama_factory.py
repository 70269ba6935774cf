"""LLaMA-Factory prepares the exports with its own code; what stands under the loss is counted.

    check_llama_factory.py FOLDER
"""

import json
import sys

import transformers
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

from shared import bytewise, hermes_calls, lines, under_the_loss

folder = sys.argv[1]
model = f"{folder}/llama-factory-model"


def make_model():
    """A tokenizer of bytes with Qwen's special tokens; nothing of the model but its configuration is looked at."""
    bytewise(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]).save_pretrained(model)
    transformers.Qwen2Config(vocab_size=512, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                             num_key_value_heads=2, max_position_embeddings=1 << 20).save_pretrained(model)


def prepared(stage, name):
    """The rows as the trainer gets them."""
    model_args, data_args, training_args, *_ = get_train_args(dict(
        model_name_or_path=model, stage=stage, do_train=True, finetuning_type="full", output_dir=f"{folder}/trained",
        dataset_dir=f"{folder}/llama-factory", dataset=name, template="qwen", cutoff_len=1 << 20, packing=False,
        overwrite_cache=True, preprocessing_num_workers=1, report_to="none", bf16=False, use_cpu=True))
    module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(module["tokenizer"], data_args)
    stage = "rm" if stage == "dpo" else stage
    return module["tokenizer"], get_dataset(
        template, model_args, data_args, training_args, stage=stage, **module)["train_dataset"]


def calls_in_turn(turn):
    """The calls of a sharegpt turn."""
    if turn["from"] != "function_call":
        return []
    value = json.loads(turn["value"])
    return [(call["name"], call["arguments"]) for call in (value if isinstance(value, list) else [value])]


def sft():
    rows = lines(f"{folder}/llama-factory/sft.jsonl")
    tokenizer, data = prepared("sft", "magnet_sft")
    calls = replies = outputs = tools = 0
    for at, (row, ready) in enumerate(zip(rows, data, strict=True)):
        place = f"row {at + 1}"
        text, trained = tokenizer.decode(ready["input_ids"]), under_the_loss(tokenizer, ready)
        wanted = [call for turn in row["conversations"] for call in calls_in_turn(turn)]
        if hermes_calls(trained) != wanted:
            sys.exit(f"{place}: calls came out otherwise\n{trained}\n{wanted}")
        for turn in row["conversations"]:
            value = turn["value"]
            if value not in text and turn["from"] != "function_call":
                sys.exit(f"{place}: a turn of {turn['from']} is not there: {value}")
            if turn["from"] == "gpt":
                replies += 1
                if value not in trained:
                    sys.exit(f"{place}: a reply is not under the loss: {value}")
            elif turn["from"] != "function_call":
                outputs += turn["from"] == "observation"
                if len(value) > 60 and value in trained:
                    sys.exit(f"{place}: a turn of {turn['from']} is under the loss: {value}")
        for tool in json.loads(row["tools"]):
            tools += 1
            if json.dumps(tool, ensure_ascii=False) not in text:
                sys.exit(f"{place}: a tool is not shown as it is: {tool}")
        calls += len(wanted)
    print(f"SFT, qwen: {len(rows)} rows, {calls} calls and {replies} replies under the loss; "
          f"{tools} tools and {outputs} observations shown and not")


def dpo():
    rows = lines(f"{folder}/llama-factory/preference.jsonl")
    tokenizer, data = prepared("dpo", "magnet_preference")
    calls = 0
    for at, (row, ready) in enumerate(zip(rows, data, strict=True)):
        for side in ("chosen", "rejected"):
            half = {"input_ids": ready[f"{side}_input_ids"], "labels": ready[f"{side}_labels"]}
            trained, turn = under_the_loss(tokenizer, half), row[side]
            wanted = calls_in_turn(turn)
            is_there = hermes_calls(trained) == wanted if wanted else turn["value"] in trained
            if not is_there or "<tool_response>" in trained or "<|im_start|>" in trained:
                sys.exit(f"pair {at + 1}, {side}: {trained}\n{turn}")
            calls += len(wanted)
    print(f"DPO, qwen: {len(rows)} pairs, {calls} calls; one message a side under the loss")


make_model()
sft()
dpo()
