"""An executor over HTTP: an address book. `python3 http_executor.py 8080`"""
import itertools
import json
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAMES = ["Ada Byron", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov"]
sessions, numbers = {}, itertools.count(1)


def start(seed, walk):
    """What a conversation starts from: the same for the same seed and walk."""
    rng = random.Random(f"{seed} {walk}")
    return {f"C-{rng.randrange(100, 999)}": {"name": name} for name in rng.sample(NAMES, 3)}


def call(world, function, contact_id=None, **changes):
    """Changes the world and returns the output; a KeyError is a refusal."""
    if function == "list_contacts":
        return {"contacts": [{"contact_id": key, **one} for key, one in world.items()]}
    if contact_id not in world:
        raise KeyError(f"there is no contact {contact_id}")
    if function == "delete_contact":
        return {"contact_id": contact_id, **world.pop(contact_id)}
    world[contact_id].update(changes)
    return {"contact_id": contact_id, **world[contact_id]}


class Executor(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = {"clean_refusals": True}
        if self.path == "/sessions":
            session = str(next(numbers))
            world = asked["initial_config"] or start(asked["seed"], asked["walk"])
            told |= {"session": session, "initial_config": world}
            sessions[session] = world
        else:
            world = sessions[self.path.split("/")[2]]
            try:
                told["output"] = call(world, asked["function"], **asked["arguments"])
            except KeyError as refused:
                told["error"] = refused.args[0]
        self.answer({**told, "known": {"contact_id": list(world)}})

    def do_DELETE(self):
        sessions.pop(self.path.split("/")[2], None)
        self.answer({})

    def answer(self, told):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Executor)
print(server.server_port, flush=True)
server.serve_forever()
