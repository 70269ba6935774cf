"""An MCP server for the tests: a bank that refuses whatever does not fit its state.

    python3 bank.py DIR

JSON-RPC over stdin and stdout; its state is `DIR/bank.json`, read and written at
each call. Two parameters of a transfer are of one kind and must differ, cards and
payees belong to an account, an order's lines are a list that may be left out. What
was asked of it is a line of the file that the variable CALLS names.
"""

import json
import os
import sys


class Refused(Exception):
    """What a call is told that does not fit the state."""


def start():
    accounts = {
        f"IB-{n}": {"owner": owner, "kind": kind, "status": status, "balance_cents": balance}
        for n, owner, kind, status, balance in [
            (2201, "Ann Okafor", "current", "open", 84000),
            (2202, "Ann Okafor", "savings", "open", 310000),
            (2203, "Ben Ruiz", "current", "open", 2100),
            (2204, "Chloe Tan", "current", "blocked", 56000),
            (2205, "Dev Patel", "savings", "open", 0),
        ]
    }
    cards = {
        "CD-51": {"account_id": "IB-2201", "status": "active", "limit_cents": 50000},
        "CD-52": {"account_id": "IB-2203", "status": "lost", "limit_cents": 20000},
        "CD-53": {"account_id": "IB-2204", "status": "active", "limit_cents": 10000},
    }
    payees = {
        "PY-7": {"account_id": "IB-2201", "name": "City Water", "iban": "XX47100023"},
        "PY-8": {"account_id": "IB-2202", "name": "Harbour Rent", "iban": "XX47100877"},
    }
    return {
        "accounts": accounts, "cards": cards, "payees": payees,
        "orders": {}, "transfers": {}, "next": 900,
    }


def state_path():
    return os.path.join(sys.argv[1], "bank.json")


def load():
    if not os.path.exists(state_path()):
        return start()
    with open(state_path()) as file:
        return json.load(file)


def save(state):
    with open(state_path(), "w") as file:
        json.dump(state, file)


def get(state, kind, key):
    if key not in state[kind]:
        raise Refused(f"no {kind[:-1]} has the id {key}")
    return state[kind][key]


def shown(state, kind, key):
    return {f"{kind[:-1]}_id": key, **get(state, kind, key)}


def listed(state, kind, of=lambda found: True):
    return {kind: [shown(state, kind, key) for key, found in state[kind].items() if of(found)]}


def open_account(state, account_id):
    found = get(state, "accounts", account_id)
    if found["status"] != "open":
        raise Refused(f"account {account_id} is {found['status']}")
    return found


def take(state, account_id, amount_cents):
    found = open_account(state, account_id)
    if amount_cents > found["balance_cents"]:
        raise Refused(f"account {account_id} holds {found['balance_cents']} cents only")
    found["balance_cents"] -= amount_cents


def new(state, kind, prefix, value):
    key = f"{prefix}-{state['next']}"
    state["next"] += 1
    state[kind][key] = value
    return shown(state, kind, key)


def list_accounts(state):
    return listed(state, "accounts")


def get_account(state, account_id):
    return shown(state, "accounts", account_id)


def block_account(state, account_id):
    open_account(state, account_id)["status"] = "blocked"
    return shown(state, "accounts", account_id)


def unblock_account(state, account_id):
    found = get(state, "accounts", account_id)
    if found["status"] != "blocked":
        raise Refused(f"account {account_id} is not blocked")
    found["status"] = "open"
    return shown(state, "accounts", account_id)


def transfer_money(state, from_account_id, to_account_id, amount_cents, reference=""):
    if from_account_id == to_account_id:
        raise Refused("both accounts are the same")
    open_account(state, to_account_id)
    take(state, from_account_id, amount_cents)
    state["accounts"][to_account_id]["balance_cents"] += amount_cents
    return new(state, "transfers", "TR", {
        "from_account_id": from_account_id, "to_account_id": to_account_id,
        "amount_cents": amount_cents, "reference": reference,
    })


def list_cards(state, account_id):
    get(state, "accounts", account_id)
    return listed(state, "cards", lambda found: found["account_id"] == account_id)


def active_card(state, card_id):
    found = get(state, "cards", card_id)
    if found["status"] != "active":
        raise Refused(f"card {card_id} is {found['status']}")
    return found


def block_card(state, card_id):
    found = active_card(state, card_id)
    found["status"] = "blocked"
    return shown(state, "cards", card_id)


def set_card_limit(state, card_id, limit_cents):
    found = active_card(state, card_id)
    found["limit_cents"] = limit_cents
    return shown(state, "cards", card_id)


def list_payees(state, account_id):
    get(state, "accounts", account_id)
    return listed(state, "payees", lambda found: found["account_id"] == account_id)


def own_payee(state, account_id, payee_id):
    if get(state, "payees", payee_id)["account_id"] != account_id:
        raise Refused(f"payee {payee_id} is not one of account {account_id}")


def pay_bill(state, account_id, payee_id, amount_cents):
    own_payee(state, account_id, payee_id)
    take(state, account_id, amount_cents)
    return shown(state, "accounts", account_id)


def create_standing_order(state, account_id, payee_id, amount_cents, months=None):
    open_account(state, account_id)
    own_payee(state, account_id, payee_id)
    return new(state, "orders", "SO", {
        "account_id": account_id, "payee_id": payee_id, "amount_cents": amount_cents,
        "months": months or list(range(1, 13)), "status": "running",
    })


def list_standing_orders(state, account_id):
    get(state, "accounts", account_id)
    return listed(state, "orders", lambda found: found["account_id"] == account_id)


def cancel_standing_order(state, order_id):
    found = get(state, "orders", order_id)
    if found["status"] != "running":
        raise Refused(f"standing order {order_id} is {found['status']}")
    found["status"] = "cancelled"
    return shown(state, "orders", order_id)


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
ACCOUNT = {"account_id": TEXT, "owner": TEXT, "kind": TEXT, "status": TEXT, "balance_cents": WHOLE}
CARD = {"card_id": TEXT, "account_id": TEXT, "status": TEXT, "limit_cents": WHOLE}
PAYEE = {"payee_id": TEXT, "account_id": TEXT, "name": TEXT, "iban": TEXT}
MONTHS = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 12}}
ORDER = {
    "order_id": TEXT, "account_id": TEXT, "payee_id": TEXT, "amount_cents": WHOLE,
    "months": MONTHS, "status": TEXT,
}
TRANSFER = {
    "transfer_id": TEXT, "from_account_id": TEXT, "to_account_id": TEXT, "amount_cents": WHOLE,
    "reference": TEXT,
}


def schema(properties, optional=()):
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def several(name, properties):
    return schema({name: {"type": "array", "items": schema(properties)}})


def told(text, of=TEXT):
    return {**of, "description": text}


ACCOUNT_ID = {"account_id": told("The account's id, such as IB-2201.")}
CARD_ID = {"card_id": told("The card's id, such as CD-51.")}
PAYEE_ID = {"payee_id": told("The payee's id, such as PY-7.")}
AMOUNT = {"amount_cents": {**told("How much, in cents.", WHOLE), "minimum": 1, "maximum": 90000}}
TRANSFER_OF = {
    "from_account_id": told("The account that pays."), "to_account_id": told("The account that gets it."),
    **AMOUNT, "reference": told("What the other side reads."),
}
LIMIT = {"limit_cents": {**told("The new limit, in cents.", WHOLE), "minimum": 0, "maximum": 100000}}
IN_MONTHS = {"months": {**MONTHS, "description": "The months it is paid in; all if left out."}}

TOOLS = [
    (list_accounts, "Lists all accounts.", schema({}), several("accounts", ACCOUNT)),
    (get_account, "Shows an account.", schema(ACCOUNT_ID), schema(ACCOUNT)),
    (block_account, "Blocks an open account.", schema(ACCOUNT_ID), schema(ACCOUNT)),
    (unblock_account, "Opens a blocked account again.", schema(ACCOUNT_ID), schema(ACCOUNT)),
    (transfer_money, "Moves money from one account to another.", schema(TRANSFER_OF, ["reference"]), schema(TRANSFER)),
    (list_cards, "Lists the cards of an account.", schema(ACCOUNT_ID), several("cards", CARD)),
    (block_card, "Blocks an active card.", schema(CARD_ID), schema(CARD)),
    (set_card_limit, "Sets the limit of an active card.", schema({**CARD_ID, **LIMIT}), schema(CARD)),
    (list_payees, "Lists whom an account pays.", schema(ACCOUNT_ID), several("payees", PAYEE)),
    (pay_bill, "Pays one of an account's payees.", schema({**ACCOUNT_ID, **PAYEE_ID, **AMOUNT}), schema(ACCOUNT)),
    (create_standing_order, "Has a payee paid regularly.", schema({**ACCOUNT_ID, **PAYEE_ID, **AMOUNT, **IN_MONTHS}, ["months"]), schema(ORDER)),
    (list_standing_orders, "Lists the standing orders of an account.", schema(ACCOUNT_ID), several("orders", ORDER)),
    (cancel_standing_order, "Cancels a running standing order.", schema({"order_id": told("The standing order's id.")}), schema(ORDER)),
]


def noted(name, arguments, refusal):
    path = os.environ.get("CALLS")
    if path:
        with open(path, "a") as file:
            file.write(json.dumps({"name": name, "arguments": arguments, "refused": refusal}) + "\n")


def call(params):
    name, arguments = params["name"], params.get("arguments", {})
    tool = next((run for run, *_ in TOOLS if run.__name__ == name), None)
    if tool is None:
        raise Refused(f"there is no tool {name}")
    state = load()
    try:
        told = tool(state, **arguments)
    except Refused as refused:
        noted(name, arguments, str(refused))
        return {"content": [{"type": "text", "text": str(refused)}], "isError": True}
    noted(name, arguments, None)
    save(state)
    return {"content": [{"type": "text", "text": json.dumps(told)}], "structuredContent": told}


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
            "serverInfo": {"name": "bank", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [
            {"name": run.__name__, "description": text, "inputSchema": takes, "outputSchema": gives}
            for run, text, takes, gives in TOOLS
        ]}
    return call(params) if method == "tools/call" else {}


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        told = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            told["result"] = answer(asked["method"], asked.get("params") or {})
        except Refused as refused:
            told["error"] = {"code": -32602, "message": str(refused)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
