//! What a function's name says it does: look, change, end.
//!
//! Names are all that most libraries give. Only the first words count, so
//! that "list_open_orders" looks and "open_order" changes.

use magnet_proto::library::Function;
use magnet_proto::shape::words;

/// Whether a call takes the thing it names out of the world.
pub(super) fn ends(function: &Function) -> bool {
    words(&function.name)
        .take(4)
        .any(|word| ["delete", "remove", "cancel", "destroy"].contains(&word.as_str()))
}

/// Whether a call of the function changes the simulated world: one of its
/// name's first words says so, before any that says it only looks.
pub(super) fn changes(function: &Function) -> bool {
    const CHANGING: &[&str] = &[
        "create", "add", "update", "delete", "remove", "cancel", "set", "book", "reserve", "send",
        "post", "put", "patch", "modify", "edit", "change", "rename", "move", "register", "buy",
        "order", "pay", "transfer", "submit", "close", "open", "assign", "schedule", "hold",
        "place", "upload", "write", "save", "mark", "archive", "share", "start", "stop", "enable",
        "disable", "apply", "approve", "merge", "lock", "unlock", "replace", "reset", "record",
        "make", "switch", "toggle", "withdraw", "refund", "return", "reopen", "restore", "reject",
        "accept", "confirm", "complete",
    ];
    const LOOKING: &[&str] = &[
        "get", "list", "search", "find", "query", "check", "show", "fetch", "read", "calculate",
        "convert",
    ];
    let mut telling = words(&function.name)
        .take(6)
        .filter(|word| CHANGING.contains(&word.as_str()) || LOOKING.contains(&word.as_str()));
    telling.next().is_some_and(|word| CHANGING.contains(&word.as_str()))
}
