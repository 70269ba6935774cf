"""What `tests/servers-check` does with each server of this folder.

    python3 check.py MAGNET [SERVER…]

100 conversations are made; every call of them has an output of the server's, and none
that was not meant to is refused. Executed again, all of them come out as they stand.
Where a server remembers, its isolation is then switched off, and that must be seen.
Nothing is left behind: no process, no folder.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
SAMPLES = 100
# Servers of so few tools that no walk is long: their conversations have one turn.
SHORT = ["sequential-thinking", "time"]
# Servers that remember what is done with them.
REMEMBERING = ["filesystem", "git", "memory", "sequential-thinking", "sqlite"]
ONE_TURN = ["mix.multi_turn=0", "mix.single_turn=1", "dedup.near_duplicate=1.0"]


class Missed(Exception):
    """What a server's data falls short of."""


def run(folder, *line, expected=(0,)):
    """What a command of magnet's says, on stdout and stderr."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [MAGNET, *map(str, line)], cwd=folder, env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True, text=True, timeout=3000,
    )
    if done.returncode not in expected:
        raise Missed(f"`magnet {line[0]}` ends with {done.returncode}: {done.stderr[-2000:]}")
    is_tidy(temporary)
    return done.stdout, done.stderr


def is_tidy(temporary):
    """No server runs that names the folder, and nothing is in it."""
    for _ in range(500):
        left = [pid for pid in os.listdir("/proc") if pid.isdigit() and runs_in(pid, temporary)]
        kept = os.listdir(temporary)
        if not left and not kept:
            return
        time.sleep(0.02)
    raise Missed(f"left behind: processes {left}, folders {kept}")


def runs_in(pid, temporary):
    try:
        environment = pathlib.Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return False
    home = re.search(rb"(?:^|\0)HOME=([^\0]*)", environment)
    return home is not None and home[1].startswith(bytes(temporary))


def records(folder):
    with open(folder / "out" / "sft.jsonl") as file:
        return [json.loads(line) for line in file]


def made(folder, servers, samples, *settings):
    sets = [part for setting in settings for part in ("--set", setting)]
    return run(
        folder, "run", "--tools", servers, "--samples", samples, "--out", "out", *sets,
    )


def counted(all_records):
    """The outputs of the servers; each call must have one that is no refusal."""
    outputs = 0
    for record in all_records:
        if record["metadata"]["executor"] != "mcp":
            raise Missed(f"{record['id']}: executed by {record['metadata']['executor']}")
        calls = {call["id"] for message in record["messages"] for call in message.get("tool_calls") or []}
        answers = {m["tool_call_id"]: m["content"] for m in record["messages"] if m["role"] == "tool"}
        if calls != set(answers):
            raise Missed(f"{record['id']}: calls without an output")
        planned = "tool_error" in record["metadata"]["challenges"]
        for content in answers.values():
            refused = re.match(r'\{"error":|Error|Database error|Invalid', content)
            if refused and not planned:
                raise Missed(f"{record['id']}: a refused call in a positive: {content[:200]}")
        outputs += len(answers)
    return outputs


def verified(folder, expected=(0,)):
    return run(folder, "verify", "out", "--execute", "--start-servers", expected=expected)


def check(name):
    with tempfile.TemporaryDirectory(prefix="servers-check-") as place:
        folder = pathlib.Path(place).resolve()
        settings = ONE_TURN if name in SHORT else []
        _, said = made(folder, HERE / f"{name}.json", SAMPLES, *settings)
        walks = re.search(r"from (\d+) walks in ([0-9.]+) s", said)
        if len(records(folder)) != SAMPLES:
            raise Missed(f"{len(records(folder))} conversations, not {SAMPLES}")
        outputs = counted(records(folder))
        told, _ = verified(folder)
        if not told.startswith(f"{SAMPLES} reproduced, 0 mismatch, 0 unavailable"):
            raise Missed(told)
        leak = leaks(name, folder, settings) if name in REMEMBERING else "keeps nothing"
        walks = f"{walks[1]} walks in {walks[2]} s" if walks else ""
        return f"{SAMPLES} conversations of {walks}, {outputs} outputs; {told.strip()}; {leak}"


def leaks(name, folder, settings):
    """With its isolation switched off, one conversation's doings are in another's outputs."""
    listed = json.loads((HERE / f"{name}.json").read_text())
    listed["mcpServers"][name]["isolation"] = "none"
    (folder / "servers.json").write_text(json.dumps(listed))
    subprocess.run(["rm", "-rf", folder / "out"], check=True)
    _, said = made(folder, "servers.json", 30, "run.workers=1", *settings)
    if "conversations see what others write" not in said:
        raise Missed("isolation is switched off, and nobody is warned")
    told, _ = verified(folder, expected=(0, 1))
    mismatches = int(re.search(r"(\d+) mismatch", told)[1])
    if mismatches == 0:
        raise Missed(f"isolation is switched off, and nothing shows it: {told}")
    return f"without isolation {mismatches} mismatches in 30"


MAGNET = sys.argv[1]
wanted = sys.argv[2:] or sorted(path.stem for path in HERE.glob("*.json"))
missed = 0
for server in wanted:
    try:
        print(f"{server}: {check(server)}", flush=True)
    except (Missed, subprocess.TimeoutExpired) as why:
        missed += 1
        print(f"{server}: MISSED: {why}", flush=True)
print(f"{len(wanted) - missed} passed, {missed} failed")
sys.exit(missed > 0)
