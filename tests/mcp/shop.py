"""An MCP server for the tests: accounts and orders, with strict errors.

    python3 shop.py DIR [HOW]

JSON-RPC over stdin and stdout; its state is `DIR/shop.json`, read and written
at each call. HOW makes it hostile: see `Hostile`; `stateful` keeps its state in
the process as well, `clock` tells the time with each answer and names orders by
it.
"""

import json
import os
import sys
import time


class Refused(Exception):
    """What a call is told that does not fit the state."""


def hostile_by(how):
    return len(sys.argv) > 2 and sys.argv[2] == how


def state_path():
    return os.path.join(sys.argv[1], "shop.json")


def start():
    accounts = {
        f"AC-{n}": {"name": name, "status": status, "balance_cents": balance}
        for n, name, status, balance in [
            (101, "Ann Okafor", "active", 42000),
            (102, "Ben Ruiz", "active", 1500),
            (103, "Chloe Tan", "frozen", 99000),
            (104, "Dev Patel", "active", 260000),
        ]
    }
    orders = {
        "OR-7001": {"account_id": "AC-101", "sku": "KETTLE", "quantity": 1, "status": "open"},
        "OR-7002": {"account_id": "AC-104", "sku": "LAMP", "quantity": 2, "status": "shipped"},
        "OR-7003": {"account_id": "AC-104", "sku": "CHAIR", "quantity": 4, "status": "open"},
    }
    stock = {
        "KETTLE": {"price_cents": 3500, "stock": 12},
        "LAMP": {"price_cents": 2200, "stock": 3},
        "CHAIR": {"price_cents": 8900, "stock": 9},
    }
    return {"accounts": accounts, "orders": orders, "stock": stock, "next": 7004}


KEPT = {}


def load():
    if hostile_by("stateful") and KEPT:
        return json.loads(KEPT["state"])
    if not os.path.exists(state_path()):
        return start()
    with open(state_path()) as file:
        return json.load(file)


def save(state):
    KEPT["state"] = json.dumps(state)
    with open(state_path(), "w") as file:
        json.dump(state, file)


def get(state, kind, key):
    if key not in state[kind]:
        raise Refused(f"there is no {kind[:-1]} {key}")
    return state[kind][key]


def account(state, account_id):
    return {"account_id": account_id, **get(state, "accounts", account_id)}


def order(state, order_id):
    return {"order_id": order_id, **get(state, "orders", order_id)}


def active(state, account_id):
    found = get(state, "accounts", account_id)
    if found["status"] != "active":
        raise Refused(f"account {account_id} is frozen")
    return found


def list_accounts(state):
    return {"accounts": [account(state, key) for key in state["accounts"]]}


def get_account(state, account_id):
    return account(state, account_id)


def freeze_account(state, account_id):
    active(state, account_id)["status"] = "frozen"
    return account(state, account_id)


def unfreeze_account(state, account_id):
    found = get(state, "accounts", account_id)
    if found["status"] != "frozen":
        raise Refused(f"account {account_id} is not frozen")
    found["status"] = "active"
    return account(state, account_id)


def deposit_money(state, account_id, amount_cents):
    if not 0 < amount_cents <= 1000000:
        raise Refused("an amount lies between 1 and 1000000 cents")
    active(state, account_id)["balance_cents"] += amount_cents
    return account(state, account_id)


def list_products(state):
    return {"products": [{"sku": sku, **rest} for sku, rest in state["stock"].items()]}


def list_orders(state, account_id):
    get(state, "accounts", account_id)
    mine = [key for key, found in state["orders"].items() if found["account_id"] == account_id]
    return {"orders": [order(state, key) for key in mine]}


def get_order(state, order_id):
    note = {"note": "x" * 3_000_000} if hostile_by("large") else {}
    return {**order(state, order_id), **note}


def place_order(state, account_id, sku, quantity):
    found = active(state, account_id)
    if sku not in state["stock"]:
        raise Refused(f"there is no product {sku}")
    product = state["stock"][sku]
    if not 0 < quantity <= product["stock"]:
        raise Refused(f"{product['stock']} of {sku} are in stock")
    cost = quantity * product["price_cents"]
    if cost > found["balance_cents"]:
        raise Refused(f"account {account_id} has {found['balance_cents']} cents, not {cost}")
    found["balance_cents"] -= cost
    product["stock"] -= quantity
    order_id = f"OR-{time.time_ns() if hostile_by('clock') else state['next']}"
    state["next"] += 1
    state["orders"][order_id] = {
        "account_id": account_id, "sku": sku, "quantity": quantity, "status": "open",
    }
    return order(state, order_id)


def ship_order(state, order_id):
    found = get(state, "orders", order_id)
    if found["status"] != "open":
        raise Refused(f"order {order_id} is {found['status']}")
    found["status"] = "shipped"
    return order(state, order_id)


def cancel_order(state, order_id):
    found = get(state, "orders", order_id)
    if found["status"] != "open":
        raise Refused(f"order {order_id} is {found['status']}")
    found["status"] = "cancelled"
    return order(state, order_id)


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
ACCOUNT = {"account_id": TEXT, "name": TEXT, "status": TEXT, "balance_cents": WHOLE}
ORDER = {"order_id": TEXT, "account_id": TEXT, "sku": TEXT, "quantity": WHOLE, "status": TEXT}
PRODUCT = {"sku": TEXT, "price_cents": WHOLE, "stock": WHOLE}


def schema(properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


def several(name, properties):
    return schema({name: {"type": "array", "items": schema(properties)}})


ACCOUNT_ID = {"type": "string", "description": "The account's id, such as AC-101."}
ORDER_ID = {"type": "string", "description": "The order's id, such as OR-7001."}
QUANTITY = {"type": "integer", "minimum": 1, "maximum": 5, "description": "How many of it."}
AMOUNT = {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "In cents."}
SKU = {"type": "string", "description": "The product's article number."}

TOOLS = [
    (list_accounts, "Lists all accounts.", {}, several("accounts", ACCOUNT)),
    (get_account, "Shows an account.", {"account_id": ACCOUNT_ID}, schema(ACCOUNT)),
    (freeze_account, "Freezes an active account.", {"account_id": ACCOUNT_ID}, schema(ACCOUNT)),
    (unfreeze_account, "Makes a frozen account active again.", {"account_id": ACCOUNT_ID}, schema(ACCOUNT)),
    (deposit_money, "Pays money into an active account.", {"account_id": ACCOUNT_ID, "amount_cents": AMOUNT}, schema(ACCOUNT)),
    (list_products, "Lists what is sold, with prices and stock.", {}, several("products", PRODUCT)),
    (list_orders, "Lists the orders of an account.", {"account_id": ACCOUNT_ID}, several("orders", ORDER)),
    (get_order, "Shows an order.", {"order_id": ORDER_ID}, schema(ORDER)),
    (place_order, "Orders a product for an account.", {"account_id": ACCOUNT_ID, "sku": SKU, "quantity": QUANTITY}, schema(ORDER)),
    (ship_order, "Ships an open order.", {"order_id": ORDER_ID}, schema(ORDER)),
    (cancel_order, "Cancels an open order.", {"order_id": ORDER_ID}, schema(ORDER)),
]


class Hostile:
    """What a server may do to its client."""

    def __init__(self, how):
        self.how = how

    def before(self, method, params):
        """Done before an answer; true if there shall be none."""
        name = params.get("name", "")
        if self.how == "noisy":
            print("[info] a call came in", flush=True)
            print('{"jsonrpc": "2.0", "method": "notifications/message", "params": {}}', flush=True)
        if self.how == "silent":
            return True
        if self.how == "crash" and name == "get_order":
            print("the shop burns down", file=sys.stderr, flush=True)
            os._exit(3)
        if self.how == "hang" and name == "get_order":
            time.sleep(3600)
        if self.how == "huge" and name == "get_order":
            print("x" * 10_000_000, flush=True)
            return True
        if self.how == "mute" and name == "get_order":
            return True
        if self.how == "orphan" and name == "get_order":
            # Whoever is left holds the pipes open and says nothing.
            if os.fork() > 0:
                os._exit(0)
            time.sleep(3600)
        if self.how == "dribble" and name == "get_order":
            while True:
                print('{"jsonrpc": "2.0", "method": "notifications/message", "params": {}}', flush=True)
                time.sleep(0.05)
        if self.how == "asking" and name:
            print('{"jsonrpc": "2.0", "id": "ours", "method": "roots/list"}', flush=True)
            while json.loads(sys.stdin.readline()).get("id") != "ours":
                pass
        if self.how == "garbage" and name == "get_order":
            print('{"jsonrpc": "2.0", "id": 10, "resul', flush=True)
            return True
        return False

    def lied(self, result):
        """An answer that does not keep to its schema."""
        if self.how != "liar" or "structuredContent" not in result:
            return result
        odd = {key: [value, None] for key, value in result["structuredContent"].items()}
        return {"structuredContent": odd, "content": [{"type": "text", "text": json.dumps(odd)}]}

    def tools(self, params, tools):
        if self.how == "endless":
            page = int(params.get("cursor", 0))
            return {"tools": [], "nextCursor": str(page + 1)}
        if self.how == "odd":
            return {"tools": [*tools, {"name": 5}, "x", {"name": "odd", "inputSchema": []}]}
        return {"tools": tools}


def call(params):
    tool = next((run for run, *_ in TOOLS if run.__name__ == params["name"]), None)
    if tool is None:
        raise Refused(f"there is no tool {params['name']}")
    state = load()
    try:
        told = tool(state, **params.get("arguments", {}))
    except Refused as refused:
        return {"content": [{"type": "text", "text": str(refused)}], "isError": True}
    save(state)
    if hostile_by("clock"):
        told["told_at"] = time.time_ns()
    return {"content": [{"type": "text", "text": json.dumps(told)}], "structuredContent": told}


def answer(method, params, hostile):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "shop", "version": "1"},
        }
    if method == "tools/list":
        tools = [
            {"name": run.__name__, "description": text, "inputSchema": schema(takes), "outputSchema": gives}
            for run, text, takes, gives in TOOLS
        ]
        return hostile.tools(params, tools)
    if method == "tools/call":
        return call(params)
    return {}


def mortal():
    """Starts twice, then ten times not, then always; or once and never again."""
    with open(os.environ["STARTS"], "a+") as file:
        file.write("x")
        starts = file.tell()
    if hostile_by("mortal") and 3 <= starts <= 12 or hostile_by("dying") and starts > 1:
        sys.exit("out of memory")


def main():
    if hostile_by("mortal") or hostile_by("dying"):
        mortal()
    hostile = Hostile(sys.argv[2] if len(sys.argv) > 2 else "")
    if hostile.how == "chatty":
        print("The shop opens.\n{}\n[1, 2]\n\"ready\"", flush=True)
    if hostile.how == "brood":
        # A child that outlives its parent unless the whole group is ended.
        os.system("sleep 3600 & echo $! >> \"$BROOD\"")
    for line in sys.stdin:
        asked = json.loads(line)
        params = asked.get("params") or {}
        if "id" not in asked or hostile.before(asked["method"], params):
            continue
        told = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            told["result"] = answer(asked["method"], params, hostile)
            if asked["method"] == "tools/call":
                told["result"] = hostile.lied(told["result"])
        except Refused as refused:
            told["error"] = {"code": -32602, "message": str(refused)}
        for _ in range(2 if hostile.how == "stutter" else 1):
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
