"""What the checks of all trainers have in common: a tokenizer whose tokens can be read back, and the calls in a text."""

import json
import re
import sys

import tokenizers
import transformers


# What begins and ends the messages of the templates, each one token.
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]


def bytewise(special=SPECIAL, eos="<|im_end|>"):
    """One token a byte, so that what is under the loss can be read back whatever the vocabulary, and the special ones."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    model = tokenizers.models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=eos, pad_token="<|endoftext|>", clean_up_tokenization_spaces=False)


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def hermes_calls(text):
    """Names and arguments of the calls between tags, in order."""
    # Not the form that the prompt tells, where a placeholder stands for the name.
    found = re.finditer(r"<tool_call>\n(?=\{\"name\": \")", text)
    values = [json.JSONDecoder().raw_decode(text, place.end())[0] for place in found]
    return [(value["name"], value["arguments"]) for value in values]


def llama_calls(text):
    """Names and arguments of the calls that are whole messages."""
    found = []
    header = r"<\|start_header_id\|>assistant<\|end_header_id\|>\n\n"
    for place in re.finditer(rf"(?:{header}|\A)(?=\{{\"name\": \"|\[\{{\"name\": \")", text):
        value = json.JSONDecoder().raw_decode(text, place.end())[0]
        found += value if isinstance(value, list) else [value]
    return [(call["name"], call["parameters"]) for call in found]


def calls_of(messages):
    """The same of messages in OpenAI's form, whose arguments are text or objects."""
    def read(given):
        return json.loads(given) if isinstance(given, str) else given
    return [(call["function"]["name"], read(call["function"]["arguments"]))
            for message in messages for call in message.get("tool_calls") or []]


def stretches(tokenizer, ids, labels):
    """What a prepared row trains on, as texts: one a stretch of tokens."""
    found, inside = [], False
    for token, label in zip(ids, labels, strict=True):
        if label != -100:
            if not inside:
                found.append([])
            found[-1].append(token)
        inside = label != -100
    return [tokenizer.decode(stretch) for stretch in found]


def one_call_a_message(messages):
    """As `--one-call-per-message` has it: each call with its own outputs behind it."""
    outputs = {message["tool_call_id"]: message for message in messages if message["role"] == "tool"}
    for message in messages:
        if message["role"] == "tool":
            continue
        calls = message.get("tool_calls") or []
        for call in calls:
            yield {"role": "assistant", "content": message["content"] if call is calls[0] else "", "tool_calls": [call]}
            if call["id"] in outputs:
                yield outputs[call["id"]]
        if not calls:
            yield message


def dataset(folder, one_call=False):
    """The dataset's own conversations, which every export is held to."""
    for row in lines(f"{folder}/raw/sft.jsonl"):
        row["messages"] = list(one_call_a_message(row["messages"])) if one_call else row["messages"]
        yield row


def pairs(folder, one_call=False):
    """The dataset's own pairs, each side cut to the message where the two part."""
    def says(message):
        return message["role"], message["content"] or "", calls_of([message])
    for row in lines(f"{folder}/raw/preference.jsonl"):
        sides = [list(one_call_a_message(row[side])) if one_call else row[side] for side in ("chosen", "rejected")]
        shared = next((at for at, (a, b) in enumerate(zip(*sides)) if says(a) != says(b)), min(map(len, sides)))
        if all(len(side) > shared and side[shared]["role"] == "assistant" for side in sides):
            yield row | {"prompt": sides[0][:shared], "chosen": sides[0][shared], "rejected": sides[1][shared]}


EMPTY_THOUGHT = r"<think>\s*</think>"


def spoken(text):
    """What an assistant wrote, without what begins and ends a turn and without an empty thought."""
    around = r"<\|(im_end|eot_id|end|return)\|>|<\|start\|>assistant|<\|channel\|>final<\|message\|>|"
    return re.sub(around + EMPTY_THOUGHT, "", text).strip()


class Tally:
    """Counts what stands in prepared rows; the check ends where one is not as the dataset has it."""

    def __init__(self, title, read, shown):
        """`read` finds the calls in a text, `shown` makes of a tool what a prompt shows of it."""
        self.title, self.read, self.shown = title, read, shown
        self.rows = self.tools = self.calls = self.replies = self.outputs = self.late = self.thoughts = 0

    def fail(self, row, what, *shown):
        sys.exit("\n".join([f"{self.title}, row {row}: {what}", *map(str, shown)]))

    def conversation(self, row, text, trained):
        """`trained`: what stands under the loss, one text a message of the assistant that is trained on."""
        self.rows += 1
        messages = row["messages"]
        own = [message for message in messages if message["role"] == "assistant" and message.get("loss") is not False]
        if len(own) != len(trained):
            self.fail(self.rows, f"{len(trained)} stretches under the loss for {len(own)} messages of the assistant",
                      *trained)
        for message, stretch in zip(own, trained):
            self.said(message, stretch)
        self.prompt(row, text, messages)
        if self.read(text) != calls_of(messages):
            self.fail(self.rows, "calls came out otherwise", self.read(text), calls_of(messages))

    def pair(self, row, sides):
        """`sides`: of the chosen and the rejected one, what is shown and what is trained on."""
        self.rows += 1
        for name, (text, trained) in zip(("chosen", "rejected"), sides, strict=True):
            if len(trained) != 1:
                self.fail(self.rows, f"{name}: not one message is under the loss", *trained)
            self.said(row[name], trained[0])
            self.prompt(row, text, row["prompt"] + [row[name]])

    def said(self, message, stretch):
        """Exactly what the assistant wrote stands there: its calls, or its words."""
        wanted = calls_of([message])
        self.calls += len(wanted)
        self.replies += not wanted
        self.thoughts += bool(re.search(EMPTY_THOUGHT, stretch))
        came_out = self.read(stretch) if wanted else spoken(stretch)
        if came_out != (wanted or message["content"].strip()):
            self.fail(self.rows, "the assistant's message came out otherwise", stretch, message)

    def prompt(self, row, text, messages):
        """All tools, and in their order the requests, outputs and replies."""
        for tool in row["tools"]:
            self.tools += 1
            if self.shown(tool) not in text:
                self.fail(self.rows, "a tool is not shown as it is", self.shown(tool))
        at = 0
        for message in messages:
            content = message["content"] or ""
            place = text.find(content.strip(), at)
            if place < 0 and message["role"] == "tool":
                # Some templates write outputs as text within JSON.
                content = json.dumps(content, ensure_ascii=False)
                place = text.find(content, at)
            if place < 0:
                self.fail(self.rows, f"a message of {message['role']} is not where it belongs", content)
            at = place + len(content.strip())
            self.outputs += message["role"] == "tool"
            # The message that brings a tool carries its document.
            self.late += message["role"] == "user" and content.count('{"type":"function"')

    def print(self, what="SFT"):
        print(f"{what}, {self.title}: {self.rows} rows, {self.calls} calls and {self.replies} replies under the loss and "
              f"nothing else; {self.tools} tools, {self.outputs} outputs and {self.late} late tools shown"
              + f"; {self.thoughts} empty thoughts under the loss" * bool(self.thoughts), flush=True)
