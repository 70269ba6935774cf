//! Identifiers as terms: words brought to one form, so that `userIDs` and
//! `user_id` meet, and so do `repo` and `repository`.
//!
//! Terms are interned: matching compares numbers. Not here: what a term means
//! as the name of a value (`concept`).

use std::collections::HashMap;

use magnet_proto::shape;

/// A normalized word of this vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Term(u32);

impl Term {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The terms of a library.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    ids: HashMap<Box<str>, Term>,
    words: Vec<Box<str>>,
}

impl Vocabulary {
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &**word)
    }

    pub(super) fn word(&self, term: Term) -> &str {
        &self.words[term.index()]
    }

    /// The term of a word that is normalized already.
    pub(super) fn intern(&mut self, word: &str) -> Term {
        if let Some(&term) = self.ids.get(word) {
            return term;
        }
        let term = Term(self.words.len() as u32);
        self.words.push(word.into());
        self.ids.insert(word.into(), term);
        term
    }

    /// The terms of an identifier or a text, in order; bare numbers are left
    /// out unless there is nothing else.
    pub(super) fn terms(&mut self, text: &str) -> Vec<Term> {
        normalize(text).iter().map(|word| self.intern(word)).collect()
    }
}

/// The normalized words of an identifier or a text.
pub(super) fn normalize(text: &str) -> Vec<String> {
    let raw: Vec<String> = shape::words(text).collect();
    let mut words = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let pair = raw.get(at + 1).and_then(|next| compound(&raw[at], next));
        match pair {
            Some(joined) => words.extend(joined.iter().map(|&word| word.to_owned())),
            None => canonical(&raw[at], &mut words),
        }
        at += if pair.is_some() { 2 } else { 1 };
    }
    if words.iter().any(|word| !is_number(word)) {
        words.retain(|word| !is_number(word));
    }
    words
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn canonical(word: &str, words: &mut Vec<String>) {
    let single = singular(word);
    match synonym(&single) {
        Some(same) => words.extend(same.iter().map(|&word| word.to_owned())),
        None => words.push(single),
    }
}

/// Two written words that are one thing.
fn compound(first: &str, second: &str) -> Option<&'static [&'static str]> {
    Some(match (first, second) {
        ("e", "mail") | ("email", "address") | ("mail", "address") => &["email"],
        ("phone" | "telephone" | "mobile", "number" | "no") => &["phone"],
        ("zip" | "postal" | "post", "code") => &["zip"],
        ("user" | "screen", "name") => &["user", "login"],
        ("first" | "given", "name") => &["firstname"],
        ("last" | "family", "name") => &["lastname"],
        ("full", "name") => &["fullname"],
        ("time", "zone") => &["timezone"],
        ("ip", "address") => &["ip"],
        ("domain", "name") => &["domain"],
        ("host", "name") => &["host"],
        ("file", "name") => &["filename"],
        ("check", "in") => &["checkin"],
        ("check", "out") => &["checkout"],
        ("sub", "total") => &["subtotal"],
        ("web", "site") | ("home", "page") => &["url"],
        ("i", "ds") => &["id"],
        ("sub", "reddit") => &["subreddit"],
        ("play", "list") => &["playlist"],
        _ => return None,
    })
}

/// Words that name the same thing.
fn synonym(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "lat" => &["latitude"],
        "lng" | "lon" => &["longitude"],
        "repo" => &["repository"],
        "org" | "organisation" => &["organization"],
        "username" | "screenname" => &["user", "login"],
        "userid" => &["user", "id"],
        "handle" => &["login"],
        "identifier" | "uuid" | "guid" => &["id"],
        "no" | "num" | "nr" => &["number"],
        "ref" => &["reference"],
        "addr" => &["address"],
        "qty" => &["quantity"],
        "desc" => &["description"],
        "msg" => &["message"],
        "pwd" | "passwd" => &["password"],
        "img" | "picture" | "pic" | "photo" => &["image"],
        "tel" | "telephone" | "mobile" | "cellphone" | "msisdn" => &["phone"],
        "mail" => &["email"],
        "zipcode" | "postcode" | "postalcode" => &["zip"],
        "ccy" => &["currency"],
        "lang" => &["language"],
        "tz" => &["timezone"],
        "dept" => &["department"],
        "src" => &["source"],
        "dst" | "dest" => &["destination"],
        "film" => &["movie"],
        "ticker" => &["symbol"],
        "uri" | "link" | "href" | "website" | "hyperlink" => &["url"],
        "hostname" => &["host"],
        "keyword" | "q" | "term" | "search" => &["query"],
        "countrycode" => &["country", "code"],
        "currencycode" => &["currency", "code"],
        "town" => &["city"],
        "colour" => &["color"],
        "transcription" => &["transcript"],
        "mins" => &["minute"],
        _ => return None,
    })
}

fn singular(word: &str) -> String {
    const KEPT: &[&str] = &[
        "news", "series", "species", "sms", "dns", "gps", "https", "aws", "css", "lens", "always",
        "cms", "os", "ios", "plus", "bonus",
    ];
    const IE: &[&str] = &["movies", "cookies", "calories", "pies", "ties", "selfies", "rookies"];
    let drop = |n: usize| word[..word.len() - n].to_owned();
    match word {
        _ if !word.is_ascii() || word.len() < 3 || KEPT.contains(&word) => word.to_owned(),
        _ if IE.contains(&word) => drop(1),
        _ if word.ends_with("ies") && word.len() > 4 => drop(3) + "y",
        _ if ["sses", "shes", "ches", "xes", "zzes"].iter().any(|end| word.ends_with(end)) => {
            drop(2)
        }
        _ if ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => word.to_owned(),
        _ if word.ends_with('s') => drop(1),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_meet() {
        let same = |a: &str, b: &str| assert_eq!(normalize(a), normalize(b), "{a} and {b}");
        same("userIDs", "user_id");
        same("repo_name", "repositoryName");
        same("username", "user-name");
        same("lng", "longitude");
        same("phoneNumber", "phone");
        same("cities", "city");
        same("movies", "movie");
    }

    #[test]
    fn numbers_in_names_do_not_count() {
        assert_eq!(normalize("lat1"), ["latitude"]);
        assert_eq!(normalize("42"), ["42"]);
    }

    #[test]
    fn words_that_only_look_plural_stay() {
        assert_eq!(normalize("status"), ["status"]);
        assert_eq!(normalize("address"), ["address"]);
        assert_eq!(normalize("analysis"), ["analysis"]);
    }
}
