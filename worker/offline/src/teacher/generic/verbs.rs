//! Verbs of function names and descriptions, and what people say instead.

/// What a function does, as far as its verb tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Looks one thing up.
    Read,
    /// Lists many.
    List,
    Search,
    /// Anything else: the verb itself says it.
    Other,
}

const READ: &[&str] = &[
    "access", "bring", "contain", "deliver", "describe", "display", "extract", "fetch", "get",
    "give", "grab", "include", "load", "obtain", "offer", "present", "provide", "pull", "query",
    "read", "receive", "report", "represent", "retrieve", "return", "scrape", "see", "serve",
    "show", "supply", "view",
];

const LIST: &[&str] = &["list", "enumerate", "browse"];

const SEARCH: &[&str] = &["search", "lookup", "find", "look", "discover"];

/// Base forms of verbs that begin an imperative.
const OTHER: &[&str] = &[
    "abort", "accept", "activate", "add", "adjust", "analyse", "analyze", "append", "apply",
    "approve", "archive", "ask", "assess", "assign", "attach", "authenticate", "authorize",
    "autocomplete", "block", "book", "build", "buy", "calculate", "call", "cancel", "capture",
    "categorize", "change", "check", "classify", "clean", "clear", "clone", "close", "collect",
    "combine", "comment", "compare", "complete", "compress", "compute", "configure", "confirm",
    "connect", "convert", "copy", "correct", "count", "create", "crop", "deactivate", "decline",
    "decode", "decrypt", "define", "delete", "deploy", "detach", "detect", "determine", "disable",
    "dismiss", "download", "draw", "edit", "email", "enable", "encode", "encrypt", "enrich",
    "estimate", "evaluate", "execute", "exchange", "explain", "export", "filter", "follow",
    "forecast", "fork", "format", "forward", "generate", "geocode", "guess", "hold", "identify",
    "import", "insert", "install", "invite", "join", "kick", "leave", "like", "lock", "log",
    "make", "manage", "map", "mark", "match", "measure", "merge", "minify", "modify", "monitor",
    "move", "mute", "open", "optimize", "order", "parse", "pause", "pay", "perform", "pin", "ping",
    "place", "play", "post", "predict", "prepare", "preview", "print", "process", "publish",
    "purchase", "put", "rank", "rate", "recognize", "recommend", "record", "recover", "redeliver",
    "redo", "refresh", "refund", "register", "reject", "release", "reload", "remind", "remove",
    "rename", "render", "renew", "reopen", "reorder", "replace", "reply", "reprioritize",
    "request", "rerequest", "rerun", "re-run", "reschedule", "reserve", "reset", "resize",
    "resolve", "restart", "restore", "resume", "review", "revoke", "rotate", "run", "sanitize",
    "save", "scan", "schedule", "score", "select", "sell", "send", "set", "settle", "share",
    "shorten", "shuffle", "sign", "simulate", "skip", "solve", "sort", "split", "star", "start",
    "stop", "store", "stream", "submit", "subscribe", "suggest", "summarize", "suspend", "swap",
    "sync", "tag", "test", "track", "transcribe", "transfer", "transform", "translate", "trigger",
    "turn", "unarchive", "unblock", "unfollow", "unlock", "unpin", "unstar", "unsubscribe",
    "unsuspend", "update", "upgrade", "upload", "upscale", "validate", "verify", "vote", "wait",
    "watch", "withdraw", "write",
];

/// What a word does if it is a verb's base form.
pub(super) fn action(word: &str) -> Option<Action> {
    let among = |table: &[&str]| table.contains(&word);
    if among(READ) {
        Some(Action::Read)
    } else if among(LIST) {
        Some(Action::List)
    } else if among(SEARCH) {
        Some(Action::Search)
    } else {
        among(OTHER).then_some(Action::Other)
    }
}

/// The base form of a lower-case word that is a verb: "retrieves" and
/// "retrieving" are "retrieve".
pub(super) fn base(word: &str) -> Option<String> {
    if action(word).is_some() {
        return Some(word.to_owned());
    }
    let mut stems: Vec<String> = Vec::new();
    if let Some(stem) = word.strip_suffix("ies") {
        stems.push(format!("{stem}y"));
    }
    stems.extend(word.strip_suffix("es").map(str::to_owned));
    stems.extend(word.strip_suffix('s').map(str::to_owned));
    if let Some(stem) = word.strip_suffix("ing") {
        stems.push(stem.to_owned());
        stems.push(format!("{stem}e"));
        let doubled =
            stem.len() > 2 && stem.as_bytes()[stem.len() - 1] == stem.as_bytes()[stem.len() - 2];
        stems.extend(doubled.then(|| stem[..stem.len() - 1].to_owned()));
    }
    stems.into_iter().find(|stem| action(stem).is_some())
}

/// Ways to say it; the first one is the plainest.
pub(super) fn spoken(action: Action, verb: &str) -> Vec<String> {
    let forms: &[&str] = match (action, verb) {
        (Action::Read, _) => {
            &["get me", "show me", "pull up", "look up", "give me", "get", "find", "tell me"]
        }
        (Action::List, _) => &["list", "show me", "list", "get me", "pull up", "give me"],
        (Action::Search, _) => {
            &["find", "search for", "look for", "find me", "see if you can find"]
        }
        (_, "calculate" | "compute") => &["calculate", "work out", "figure out"],
        (_, "determine") => &["find out", "work out"],
        (_, "create") => &["create", "set up", "create", "make"],
        (_, "delete") => &["delete", "delete", "get rid of", "remove"],
        (_, "remove") => &["remove", "take out", "remove"],
        (_, "update" | "modify") => &["update", "change", "update"],
        (_, "generate") => &["generate", "make me", "create", "generate"],
        (_, "check") => &["check", "check", "see", "find out"],
        (_, "validate" | "verify") => &["check", verb],
        (_, "purchase") => &["buy", "order"],
        _ => &[verb],
    };
    forms.iter().map(|form| (*form).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflected_verbs_have_a_base() {
        let pairs = [
            ("retrieves", "retrieve"),
            ("retrieving", "retrieve"),
            ("fetches", "fetch"),
            ("getting", "get"),
            ("verifies", "verify"),
            ("lists", "list"),
            ("searching", "search"),
            ("unlock", "unlock"),
        ];
        for (word, verb) in pairs {
            assert_eq!(base(word).as_deref(), Some(verb));
        }
        assert_eq!(base("weather"), None);
        assert_eq!(base("news"), None);
    }
}
