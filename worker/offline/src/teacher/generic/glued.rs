//! Words run together in a name: "getuserbyname" is get, user, by, name.

use super::verbs;

/// Words that names are made of, beside verbs.
const WORDS: &[&str] = &[
    "account", "address", "all", "album", "and", "artist", "author", "balance", "bank", "book",
    "books", "by", "card", "cart", "categories", "category", "channel", "charts", "city", "cities",
    "code", "coin", "coins", "color", "comment", "comments", "company", "contact", "country",
    "countries", "course", "currency", "customer", "data", "date", "detail", "details", "device",
    "document", "documents", "domain", "email", "event", "events", "file", "files", "for",
    "friends", "from", "game", "games", "group", "groups", "guids", "history", "hotel", "hotels",
    "icon", "icons", "id", "ids", "image", "images", "in", "info", "information", "inventory",
    "invoice", "item", "items", "job", "jobs", "key", "language", "languages", "last", "latest",
    "league", "leagues", "list", "live", "location", "locations", "match", "matches", "media",
    "member", "members", "message", "messages", "movie", "movies", "music", "name", "names", "new",
    "news", "next", "number", "numbers", "odds", "of", "order", "orders", "page", "pages",
    "password", "payment", "pet", "pets", "phone", "photo", "photos", "player", "players",
    "playlist", "post", "posts", "price", "prices", "product", "products", "profile", "project",
    "projects", "question", "quote", "quotes", "random", "rate", "rates", "recipe", "recipes",
    "region", "report", "result", "results", "review", "reviews", "season", "seasons", "sentiment",
    "server", "show", "song", "songs", "stage", "state", "states", "stats", "status", "stock",
    "store", "stores", "street", "symbol", "tag", "tags", "task", "team", "teams", "text",
    "ticket", "tickets", "time", "title", "to", "token", "top", "topic", "tournament",
    "tournaments", "track", "tracks", "transaction", "transactions", "trending", "type", "types",
    "url", "user", "username", "users", "version", "video", "videos", "weather", "with", "word",
    "words", "year",
];

/// Openers that a name runs into its next word.
const OPENERS: &[&str] = &[
    "get", "search", "list", "create", "delete", "update", "add", "find", "login", "logout",
    "check", "generate", "convert", "send", "upload", "set", "remove", "validate", "place",
    "upload", "bulk", "download", "verify", "fetch", "show",
];

/// The words of a run-together word; itself if it is not one.
pub(super) fn split(word: &str) -> Vec<String> {
    let opener =
        OPENERS.iter().find(|opener| word.len() > opener.len() + 2 && word.starts_with(**opener));
    let Some(opener) = opener else { return vec![word.to_owned()] };
    match parts(&word[opener.len()..]) {
        Some(mut rest) => {
            rest.push(opener);
            rest.into_iter().rev().map(str::to_owned).collect()
        }
        None => vec![word.to_owned()],
    }
}

/// The parts of a rest, last first.
fn parts(rest: &str) -> Option<Vec<&str>> {
    if rest.is_empty() {
        return Some(Vec::new());
    }
    (1..=rest.len()).rev().filter(|end| rest.is_char_boundary(*end)).find_map(|end| {
        let head = &rest[..end];
        let known = WORDS.contains(&head) || (end > 3 && verbs::action(head).is_some());
        let mut found = if known { parts(&rest[end..])? } else { return None };
        found.push(head);
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_together_words_come_apart() {
        let cases = [
            ("getuserbyname", "get user by name"),
            ("logoutuser", "logout user"),
            ("searchjobs", "search jobs"),
            ("listen", "listen"),
            ("setting", "setting"),
            ("database", "database"),
            ("getorderbyid", "get order by id"),
            ("bulkgenerateguids", "bulk generate guids"),
        ];
        for (word, expected) in cases {
            assert_eq!(split(word).join(" "), expected);
        }
    }
}
