"""The shop over streamable HTTP, for the tests: a state for each session.

    python3 remote.py HOW    prints its port

HOW is a list of words, comma by comma: `sse` answers in events, `shared` gives
all sessions one state, `forgetful` loses its sessions now and then as a restart
does, `sloppy` says so as some SDKs do, `flaky` breaks connections off, `broken`
breaks off at each `get_order`, `closed` wants a token. `GET /seen` tells what
was asked of it; after `GET /well` it does none of this.
"""

import copy
import json
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import shop

HOW = sys.argv[1].split(",") if len(sys.argv) > 1 else []
LOCK = threading.Lock()
SESSIONS, SEEN = {}, {"begun": 0, "ended": 0, "lost": 0, "calls": 0, "unknown": 0, "tokens": []}


def answered(session, method, params):
    if "shared" in HOW:
        session = "all"
    state = SESSIONS[session]
    shop.load = lambda: copy.deepcopy(state["shop"])
    shop.save = lambda changed: state.update(shop=changed)
    return shop.answer(method, params, shop.Hostile(""))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, told=None, headers=()):
        body = b"" if told is None else json.dumps(told).encode()
        kind = "application/json"
        if "sse" in HOW and status == 200 and self.command == "POST":
            body, kind = b"event: message\ndata: " + body + b"\n\n", "text/event-stream"
        self.send_response(status)
        for name, value in [("content-length", len(body)), ("content-type", kind), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/well":
            HOW.clear()
        if self.path in ["/seen", "/well"]:
            with LOCK:
                return self.say(200, {**SEEN, "open": len(SESSIONS) - ("all" in SESSIONS)})
        self.say(405)

    def do_DELETE(self):
        with LOCK:
            known = SESSIONS.pop(self.headers["mcp-session-id"], None)
            SEEN["ended"] += known is not None
        self.say(204 if known else 404)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with LOCK:
            self.asked(asked, self.headers["mcp-session-id"])

    def asked(self, asked, session):
        token = self.headers["authorization"]
        if token and token not in SEEN["tokens"]:
            SEEN["tokens"].append(token)
        if "closed" in HOW and token != "Bearer hush-0123456789":
            return self.say(401, {"told": "who are you?"})
        method, params = asked["method"], asked.get("params") or {}
        begins = method == "initialize"
        if begins:
            session = uuid.uuid4().hex
            SESSIONS[session] = {"shop": shop.start()}
            SESSIONS.setdefault("all", {"shop": shop.start()})
            SEEN["begun"] += 1
        elif session not in SESSIONS:
            SEEN["unknown"] += 1
            told = {"code": -32000, "message": "Bad Request: No valid session ID provided"}
            told = {"jsonrpc": "2.0", "id": None, "error": told}
            return self.say(*((400, told) if "sloppy" in HOW else (404, None)))
        if "id" not in asked:
            return self.say(202)
        SEEN["calls"] += method == "tools/call"
        if "forgetful" in HOW and method == "tools/call" and SEEN["calls"] % 40 == 0:
            SEEN["lost"] += len(SESSIONS) - ("all" in SESSIONS)
            SESSIONS.clear()
            return self.say(404)
        flaky = "flaky" in HOW and method == "tools/call" and SEEN["calls"] % 40 == 0
        if flaky or "broken" in HOW and params.get("name") == "get_order":
            self.close_connection = True
            return None
        told = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            told["result"] = answered(session, method, params)
        except shop.Refused as refused:
            told["error"] = {"code": -32602, "message": str(refused)}
        self.say(200, told, [("mcp-session-id", session)] if begins else ())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
