"""Renders exports with the chat templates of models, as `transformers` does, and counts what a model would see:
every call with its arguments as an object, every output, every late tool's document before its first call.

    templates.py FOLDER TEMPLATES     TEMPLATES: a folder of .jinja files
"""

import datetime
import json
import re
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox

folder, templates = sys.argv[1:]


def refuse(message):
    raise jinja2.TemplateError(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def template(name):
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = datetime.datetime(2025, 1, 1).strftime
    with open(f"{templates}/{name}.jinja") as file:
        return environment.from_string(file.read())


def rows(name):
    with open(f"{folder}/{name}") as file:
        yield from map(json.loads, file)


def values(text, begins):
    """The JSON values that stand after each place where the pattern ends, with the pattern's groups."""
    decoder = json.JSONDecoder()
    for found in re.finditer(begins, text):
        yield found, decoder.raw_decode(text, found.end())[0]


def in_tags(text):
    return [(call["name"], call["arguments"]) for _, call in values(text, r"<tool_call>\n(?=\{\"name\": \"\w)")]


def in_llama(text):
    calls = values(text, r"<\|start_header_id\|>assistant<\|end_header_id\|>\n\n(?=\{\"name\": )")
    return [(call["name"], call["parameters"]) for _, call in calls]


def in_harmony(text):
    calls = values(text, r"to=functions\.([\w-]+)<\|channel\|>commentary json<\|message\|>")
    return [(found[1], call) for found, call in calls]


def in_mistral(text):
    lists = values(text, r"\[TOOL_CALLS\] ?(?=\[)")
    return [(call["name"], call["arguments"]) for _, calls in lists for call in calls]


def calls_of(messages):
    return [(call["function"]["name"], call["function"]["arguments"])
            for message in messages for call in message.get("tool_calls", [])]


def check(name, export, found_in, most=None):
    calls = outputs = late = 0
    model = template(name)
    for number, (row, raw) in enumerate(zip(rows(f"{export}/sft.jsonl"), rows("raw/sft.jsonl"), strict=True)):
        added = [tool for arrival in raw["metadata"]["tools_added"] for tool in arrival["tools"]]
        # All that have a late tool, and the first ones of the others.
        if most is not None and number >= most and not added:
            continue
        tools = json.loads(row["tools"])
        text = model.render(messages=row["messages"], tools=tools, bos_token="", eos_token="",
                            add_generation_prompt=False)
        place = f"{name}, {export}, row {number + 1}"
        wanted = calls_of(row["messages"])
        if any(not isinstance(arguments, dict) for _, arguments in wanted):
            sys.exit(f"{place}: arguments that are no object")
        if found_in(text) != wanted:
            sys.exit(f"{place}: calls came out otherwise\n{found_in(text)}\n{wanted}")
        at = 0
        for message in row["messages"]:
            if message["role"] == "tool":
                forms = [message["content"], to_json(message["content"])]
                places = [text.find(form, at) for form in forms if form in text[at:]]
                if not places:
                    sys.exit(f"{place}: an output is not there: {message['content']}")
                at = min(places) + 1
                outputs += 1
        for tool in added:
            document = json.dumps(tool, ensure_ascii=False, separators=(",", ":"))
            if document not in text or tool in tools:
                sys.exit(f"{place}: the late tool {tool['function']['name']} is not shown where it arrives")
            late += 1
        calls += len(wanted)
    if not calls or not outputs or not late:
        sys.exit(f"{name}: {calls} calls, {outputs} outputs, {late} late tools: nothing was checked")
    print(f"{name} on {export}: {calls} calls, {outputs} outputs, {late} late tools, all there")


def check_text():
    """The text of `hermes` is what Qwen2.5's template makes of messages and tools."""
    model = template("Qwen-Qwen2.5-7B-Instruct")
    compared = 0
    for row, text in zip(rows("trl/sft.jsonl"), rows("hermes/sft.jsonl"), strict=True):
        wanted = model.render(messages=row["messages"], tools=json.loads(row["tools"]), add_generation_prompt=False)
        found = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in text["messages"])
        if found != wanted:
            sys.exit(f"hermes, row {compared + 1}, is not what the template makes of it:\n{found}\n\n{wanted}")
        compared += 1
    print(f"hermes: {compared} rows equal what Qwen2.5's template makes of them")


def check_pairs(export):
    """One assistant message a side, and the sides differ."""
    pairs = 0
    for pairs, row in enumerate(rows(f"{export}/preference.jsonl"), 1):
        sides = [row["chosen"], row["rejected"]]
        if [[message["role"] for message in side] for side in sides] != [["assistant"]] * 2 or sides[0] == sides[1]:
            sys.exit(f"{export}: pair {pairs} does not part at one assistant message")
    print(f"{export}: {pairs} pairs of one assistant message a side")


check_text()
check("Qwen-Qwen3-0.6B", "trl", in_tags, 500)
check("Qwen-Qwen2.5-7B-Instruct", "trl", in_tags, 500)
check("mistralai-Mistral-Nemo-Instruct-2407", "trl", in_mistral, 500)
check("mistralai-Mistral-7B-Instruct-v0.3", "trl", in_mistral, 500)
check("meta-llama-Llama-3.1-8B-Instruct", "trl-one-call", in_llama, 500)
check("openai-gpt-oss-120b", "trl-one-call", in_harmony, 500)
check_pairs("trl")
check_pairs("trl-one-call")
