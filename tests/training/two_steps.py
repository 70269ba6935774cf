"""Two steps of each recipe of deploy/training/trl on a tiny random model; what is trained on is read back.

    two_steps.py RECIPES     in a folder with out-trl and out-mdpo, as tests/training-check makes them
"""

import importlib.util
import json
import pathlib
import runpy
import sys

import torch
import trl
import yaml
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

recipes = pathlib.Path(sys.argv[1])
# What a tiny model on a processor needs otherwise; the rest is the recipe's.
SMALL = {"max_steps": 2, "gradient_accumulation_steps": 2, "bf16": False, "gradient_checkpointing": False,
         "save_strategy": "no", "report_to": "none", "use_cpu": True}


def make_model(folder):
    """Qwen2.5's template and special tokens, a byte-level vocabulary of the data, random weights."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    with open("out-trl/sft.jsonl") as lines:
        tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
            vocab_size=2_000, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    templates = pathlib.Path(trl.__file__).parent / "chat_templates"
    tokenizer.chat_template = (templates / "qwen2_5.jinja").read_text()
    torch.manual_seed(7)
    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=32_768))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return tokenizer


def recipe(name, **changes):
    """A recipe with what a tiny model needs, as a file."""
    settings = yaml.safe_load((recipes / name).read_text()) | SMALL | changes
    pathlib.Path(name).write_text(yaml.safe_dump(settings))
    return name


def read_back(tokenizer):
    """The labels of the first pairs are the assistant's messages, calls and all, and nothing else."""
    spec = importlib.util.spec_from_file_location("mdpo", recipes / "mdpo.py")
    mdpo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mdpo)
    messages = calls = 0
    with open("out-mdpo/preference.jsonl") as lines:
        for line, _ in zip(lines, range(50)):
            row = json.loads(line)
            for side in mdpo.SIDES:
                wanted = [m for m in row[side] if m["role"] == "assistant"]
                encoded = mdpo.encode(tokenizer, row[side], json.loads(row["tools"]))
                text = tokenizer.decode([token for token in encoded["labels"] if token != mdpo.IGNORED])
                said = text.split("<|im_end|>")[:-1]
                assert len(said) == len(wanted), (said, wanted)
                for message, part in zip(wanted, said):
                    assert message["content"] in part, (message, part)
                    found = [json.loads(call.split("</tool_call>")[0]) for call in part.split("<tool_call>")[1:]]
                    expected = [call["function"] for call in message.get("tool_calls") or []]
                    assert found == [{"name": c["name"], "arguments": c["arguments"]} for c in expected], part
                    messages, calls = messages + 1, calls + len(found)
                assert "<tool_response>" not in text and "<|im_start|>user" not in text, text
    print(f"labels: {messages} messages with {calls} calls of the assistant, and nothing else")


tokenizer = make_model("tiny")
read_back(tokenizer)
sys.argv = ["sft", "--config", recipe("sft.yaml", model_name_or_path="tiny", output_dir="sft")]
runpy.run_module("trl.scripts.sft", run_name="__main__")
print("two steps of sft.yaml")
sys.argv = ["mdpo.py", recipe("mdpo.yaml", model="sft", output_dir="mdpo")]
runpy.run_path(str(recipes / "mdpo.py"), run_name="__main__")
print("two steps of mdpo.yaml")
