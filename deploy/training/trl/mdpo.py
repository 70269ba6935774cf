"""Multi-turn DPO: preference tuning on whole trajectories, of which only what the assistant wrote counts.

    python mdpo.py mdpo.yaml

    loss = -log sigmoid(eta * ((W - W0) - (L - L0))) + sft_weight * (-W / tokens of W)

W and L are the log-probabilities of all assistant tokens of the chosen and the rejected trajectory, W0 and L0 the same
under the model that training starts from (Xiong et al., 2409.02392; with the loss of fine-tuning on the chosen side, as
the paper has it). Stock trainers count every token after the prompt: they would train on outputs and requests.

Reads `preference.jsonl` of `magnet export --format trl --mdpo`: `chosen`, `rejected` (messages with `loss`), `tools`.
The model that training starts from is the reference, so its sums are computed once, before the first step: no second
model is held. Each process computes them for itself, which wants the whole model on each device.
"""

import json
import sys
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser, Trainer, TrainingArguments
from trl.chat_template_utils import get_training_chat_template

IGNORED = -100
SIDES = ("chosen", "rejected")


@dataclass
class Mdpo:
    """What is trained on what, and how hard."""

    model: str
    data: str
    eta: float = 0.1
    sft_weight: float = 1.0
    max_length: int = 16384


def encode(tokenizer, messages, tools):
    """The tokens of a trajectory, and its labels: the assistant's tokens, all else ignored."""
    for message in messages:
        if message.pop("loss") != (message["role"] == "assistant"):
            raise ValueError("a flag `loss` that does not follow the role: was this exported with --mdpo?")
    encoded = tokenizer.apply_chat_template(
        messages, tools=tools, chat_template=get_training_chat_template(tokenizer), tokenize=True, return_dict=True,
        return_assistant_tokens_mask=True)
    tokens, mask = encoded["input_ids"], encoded["assistant_masks"]
    if not any(mask):
        raise ValueError("the chat template marks nothing as the assistant's: it needs {% generation %}")
    return {"tokens": tokens, "labels": [t if own else IGNORED for t, own in zip(tokens, mask)]}


def read(path, tokenizer, max_length):
    """The pairs that are short enough."""
    pairs, too_long = [], 0
    with open(path) as lines:
        for line in lines:
            row = json.loads(line)
            tools = json.loads(row["tools"])
            pair = {side: encode(tokenizer, row[side], tools) for side in SIDES}
            if max(len(pair[side]["tokens"]) for side in SIDES) > max_length:
                too_long += 1
            else:
                pairs.append(pair)
    print(f"{len(pairs)} pairs; {too_long} longer than {max_length} tokens are left out", file=sys.stderr)
    if not pairs:
        raise SystemExit(f"no pair of {path} has at most {max_length} tokens a side")
    return pairs


def collate(pairs):
    """All chosen sides, then all rejected ones, padded at their ends."""
    sides = [pair[side] for side in SIDES for pair in pairs]
    longest = max(len(side["tokens"]) for side in sides)

    def padded(key, filling):
        return torch.tensor([side[key] + [filling] * (longest - len(side[key])) for side in sides])

    attention = torch.tensor([[1] * len(s["tokens"]) + [0] * (longest - len(s["tokens"])) for s in sides])
    batch = {"input_ids": padded("tokens", 0), "labels": padded("labels", IGNORED), "attention_mask": attention}
    if "reference" in pairs[0]:
        batch["reference"] = torch.tensor([pair["reference"][at] for at in range(2) for pair in pairs])
    return batch


def sums(model, batch):
    """For each trajectory the log-probability of its assistant tokens, and their number."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    labels = batch["labels"][:, 1:]
    own = labels != IGNORED
    # Only the places that count become floats over the whole vocabulary.
    scores = logits[:, :-1][own].float()
    log_probabilities = scores.gather(1, labels[own].unsqueeze(1)).squeeze(1) - scores.logsumexp(1)
    trajectory = torch.arange(len(labels), device=labels.device).unsqueeze(1).expand_as(labels)[own]
    zeros = torch.zeros(len(labels), device=labels.device)
    return zeros.index_add(0, trajectory, log_probabilities), own.sum(1)


def add_reference(model, pairs, device):
    """What the model gives each trajectory before it has learnt anything."""
    model.to(device).eval()
    with torch.no_grad():
        for pair in pairs:
            batch = {key: value.to(device) for key, value in collate([pair]).items()}
            pair["reference"] = sums(model, batch)[0].tolist()
    model.train()


class MdpoTrainer(Trainer):
    def __init__(self, settings, **rest):
        super().__init__(**rest)
        self.settings = settings
        # The loss is a mean over pairs, not over tokens: steps that accumulate are averaged.
        self.model_accepts_loss_kwargs = False
        self.seen = []

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        total, count = sums(model, inputs)
        chosen, rejected = (total - inputs["reference"]).chunk(2)
        preference = -F.logsigmoid(self.settings.eta * (chosen - rejected)).mean()
        won, length = total.chunk(2)[0], count.chunk(2)[0]
        fine_tuning = -(won / length).mean()
        preferred = (chosen > rejected).float().mean()
        self.seen.append({"preference": preference.item(), "fine_tuning": fine_tuning.item(), "preferred": preferred.item()})
        loss = preference + self.settings.sft_weight * fine_tuning
        return (loss, {}) if return_outputs else loss

    def log(self, logs, *rest):
        """The parts of the loss, and the share of pairs whose chosen side has gained more, since the last time."""
        if self.seen:
            logs |= {key: sum(seen[key] for seen in self.seen) / len(self.seen) for key in self.seen[0]}
            self.seen.clear()
        super().log(logs, *rest)


def main(config):
    settings, training = HfArgumentParser((Mdpo, TrainingArguments)).parse_yaml_file(config)
    training.remove_unused_columns = False
    tokenizer = AutoTokenizer.from_pretrained(settings.model)
    model = AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.bfloat16 if training.bf16 else torch.float32)
    # With dropout the reference would not be the model that training starts from.
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    pairs = read(settings.data, tokenizer, settings.max_length)
    add_reference(model, pairs, training.device)
    trainer = MdpoTrainer(settings, model=model, args=training, train_dataset=pairs, data_collator=collate,
                          processing_class=tokenizer)
    trainer.train()
    trainer.save_model()


if __name__ == "__main__":
    main(sys.argv[1])
