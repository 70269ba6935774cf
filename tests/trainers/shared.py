"""What the checks of all trainers have in common: a tokenizer whose tokens can be read back, and the calls in a text."""

import json
import re

import tokenizers
import transformers


def bytewise(special=()):
    """One token a byte, so that what is under the loss can be read back whatever the vocabulary, and the special ones."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    model = tokenizers.models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", clean_up_tokenization_spaces=False)


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def hermes_calls(text):
    """Names and arguments of the calls between tags, in order."""
    # Not the form that the prompt tells, where a placeholder stands for the name.
    found = re.finditer(r"<tool_call>\n(?=\{\"name\": \")", text)
    values = [json.JSONDecoder().raw_decode(text, place.end())[0] for place in found]
    return [(value["name"], value["arguments"]) for value in values]


def calls_of(messages):
    """The same of messages in OpenAI's form, whose arguments are text or objects."""
    def read(given):
        return json.loads(given) if isinstance(given, str) else given
    return [(call["function"]["name"], read(call["function"]["arguments"]))
            for message in messages for call in message.get("tool_calls") or []]


def under_the_loss(tokenizer, row):
    """What a prepared row of ids and labels trains on, as text; a line a stretch of tokens."""
    stretches = [[]]
    for token, label in zip(row["input_ids"], row["labels"], strict=True):
        if label != -100:
            stretches[-1].append(token)
        elif stretches[-1]:
            stretches.append([])
    return "\n".join(tokenizer.decode(stretch) for stretch in stretches)


def is_alone(content, replies):
    """Whether a text is long enough to be found by itself, and nobody repeats it."""
    return len(content) > 60 and not any(content in reply for reply in replies)
