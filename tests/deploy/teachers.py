"""Teachers that can be made to fail, for live.py: `/sulky` is no use from the beginning, `/machine` plays
the functions' outputs by their schemas until it is told otherwise."""

import http.server
import itertools
import json
import sys
import threading
import time


class Sulky:
    """Answers with a status, and words that are no use; every tenth time it is busy."""

    status = 200
    asked = itertools.count(1)


class Machine:
    """How it answers, and how long that takes it."""

    seconds = 0.2
    is_sane = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/machine"):
            self.play(asked)
        else:
            self.sulk()

    def sulk(self):
        status = 503 if next(Sulky.asked) % 10 == 0 else Sulky.status
        if status == 200:
            self.say("I would rather not.")
        else:
            self.answer(status, {"error": {"message": "not now"}})

    def play(self, asked):
        time.sleep(Machine.seconds)
        schema = asked.get("response_format", {}).get("json_schema", {}).get("schema")
        if not Machine.is_sane:
            self.say("I would rather not.")
        else:
            self.say(json.dumps(value_of(schema, "value") if schema else {"found": True}))

    def say(self, text):
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 900, "completion_tokens": 9}
        self.answer(200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    def answer(self, status, answer):
        body = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_):
        pass


def value_of(schema, name):
    """The same value for the same schema, so that calls that are alike meet again in the cache."""
    for chosen in ("enum", "examples"):
        if schema.get(chosen):
            return schema[chosen][0]
    kind = schema.get("type", "string")
    if kind == "object":
        return {member: value_of(of, member) for member, of in schema.get("properties", {}).items()}
    if kind == "array":
        return [value_of(schema.get("items", {}), name)] * schema.get("minItems", 1)
    least = schema.get("minimum", 7)
    return {"integer": int(least), "number": least, "boolean": True}.get(kind, f"{name}-A1")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Whoever asks is killed now and then; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*_)


def serve(port):
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
