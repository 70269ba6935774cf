//! Referring to an earlier output: "the cheapest one", "that address".
//!
//! A reference carries no value; the call that follows looks it up by the same
//! selection. Its words depend on what the place is (the thing itself or one of
//! its properties), on whether there were several, and on how long ago it was.

use magnet_proto::library::Function;
use magnet_proto::path::Feed;
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, Leaf, words};
use rand::RngExt;

use super::noun;
use super::select::{Route, superlative};
use crate::conversation::Select;

/// An argument that an earlier output supplies.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    pub feed: &'a Feed,
    /// The function whose output it is.
    pub source: &'a Function,
    /// Which element, for each copy; all equal unless it is this that varies.
    pub selects: Vec<Select>,
    pub when: When,
    /// The request singles the element out; false if an earlier one did.
    pub fresh: bool,
    /// Every element's value, for a list.
    pub all: bool,
}

/// How far back the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In the same turn: the user has not seen it.
    Now,
    /// In the turn before.
    JustBefore,
    Earlier,
}

/// What a reference is to: the thing's noun, and the property's if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub thing: Option<String>,
    pub property: Option<String>,
    pub among_several: bool,
}

impl Reference<'_> {
    /// Whether two references are to the same object of the same output.
    pub(super) fn same_object(&self, other: &Reference<'_>) -> bool {
        self.feed.from == other.feed.from
            && Route::of(&self.feed.flow.output).head_or_parent()
                == Route::of(&other.feed.flow.output).head_or_parent()
    }

    pub(super) fn target(&self, field: &Field) -> Target {
        let path = self.feed.flow.output.as_str();
        let leaves = self.source.output_leaves();
        let leaf = leaves.iter().find(|leaf| leaf.path == path);
        target(path, leaf, field)
    }

    /// The words. `direct` says the slot is a verb's object, where "it" can
    /// stand.
    pub(super) fn words(&self, field: &Field, direct: bool, rng: &mut Rng) -> String {
        let target = self.target(field);
        let forms = match (&target.property, self.all) {
            (_, true) => everything(&target),
            (Some(property), _) => self.property(property, &target),
            (None, _) => self.thing(&target, direct),
        };
        forms[rng.random_range(0..forms.len())].clone()
    }

    fn thing(&self, target: &Target, direct: bool) -> Vec<String> {
        let noun = target.thing.as_deref();
        if !target.among_several {
            return self.single(noun.unwrap_or("one"), direct);
        }
        if self.selects.len() > 1 && self.selects.iter().any(|s| *s != self.selects[0]) {
            return vec![several(&self.selects, noun)];
        }
        let which = superlative(&self.selects[0]);
        let many = noun.map(noun::plural);
        let mut forms = vec![format!("the {which} one")];
        if !self.fresh {
            forms = vec!["that one".into(), "that same one".into()];
            forms.extend(noun.map(|noun| format!("that {noun}")));
            return forms;
        }
        forms.extend(noun.map(|noun| format!("the {which} {noun}")));
        match self.when {
            When::Now if which == "first" => {
                forms.extend(["the top result".into(), "the first one that comes up".into()]);
                forms.extend(noun.map(|noun| format!("the first {noun} you find")));
            }
            When::Now => forms.extend(many.map(|many| format!("the {which} of those {many}"))),
            When::JustBefore => {
                forms.extend(many.map(|many| format!("the {which} of those {many}")));
                forms.push(format!("the {which} one on that list"));
            }
            When::Earlier => {
                forms = vec![
                    format!("the {which} one you found earlier"),
                    format!("the {which} one from earlier"),
                ];
                forms.extend(noun.map(|noun| format!("the {which} {noun} from before")));
                forms.extend(many.map(|many| format!("the {which} of the {many} you found")));
            }
        }
        forms
    }

    fn single(&self, noun: &str, direct: bool) -> Vec<String> {
        let made = self.source.changes_state();
        let mut forms = vec![format!("that {noun}")];
        match self.when {
            When::Now => {
                forms.push(if noun == "one" { "the result".into() } else { format!("the {noun}") })
            }
            When::JustBefore if noun != "one" => {
                forms.push(format!("this {noun}"));
                forms.push(format!(
                    "the {noun} you just {}",
                    if made { "dealt with" } else { "found" }
                ));
            }
            When::JustBefore => forms.push("that same one".into()),
            When::Earlier if noun != "one" => {
                forms.push(format!("the {noun} from earlier"));
                forms
                    .push(format!("the {noun} {}", if made { "from before" } else { "you found" }));
            }
            When::Earlier => forms.push("the one from earlier".into()),
        }
        if direct && self.when != When::Earlier {
            forms.push("it".into());
        }
        forms
    }

    fn property(&self, property: &str, target: &Target) -> Vec<String> {
        let thing = target.thing.as_deref();
        let those = if noun::is_plural(property) { "those" } else { "that" };
        if target.among_several && self.fresh {
            let which = superlative(&self.selects[0]);
            let mut forms = vec![format!("the {property} of the {which} one")];
            forms.extend(thing.map(|thing| format!("the {property} of the {which} {thing}")));
            forms.extend((which == "first").then(|| format!("the first {property}")));
            return forms;
        }
        let mut forms = vec![format!("{those} {property}")];
        match self.when {
            When::Now => forms.push(format!("the {property}")),
            When::JustBefore => {
                forms.extend(again(property));
                forms.extend(thing.map(|thing| format!("the {property} of that {thing}")));
            }
            When::Earlier => {
                forms.push(format!("the {property} from earlier"));
                forms.extend(again(property));
            }
        }
        forms
    }
}

/// How people point at some kinds of value.
fn again(property: &str) -> Vec<String> {
    let last = property.rsplit(' ').next().unwrap_or(property);
    let forms: &[&str] = match last {
        "date" | "day" => &["that day", "the same day", "that same day"],
        "email" | "mail" => &["that address", "the same address"],
        "address" => &["that place", "the same address"],
        "city" | "town" => &["that city", "the same city"],
        "amount" | "price" | "cost" | "fare" | "fee" | "total" => &["that amount", "that sum"],
        "currency" => &["the same currency"],
        "time" => &["the same time"],
        "phone" | "number" => &["that number", "the same number"],
        _ => return vec![format!("the same {property}")],
    };
    forms.iter().map(|form| (*form).to_owned()).collect()
}

impl Route<'_> {
    /// The array, or the object that holds the place.
    fn head_or_parent(&self) -> &str {
        match self.tail {
            Some(_) => self.head,
            None => self.head.rsplit_once('/').map_or("", |(parent, _)| parent),
        }
    }
}

fn everything(target: &Target) -> Vec<String> {
    let noun = target.property.as_deref().or(target.thing.as_deref());
    let mut forms = vec!["all of them".to_owned(), "all of those".to_owned()];
    forms.extend(noun.map(|noun| format!("those {}", noun::plural(noun))));
    forms
}

/// "the first and the last one".
fn several(selects: &[Select], noun: Option<&str>) -> String {
    let mut which: Vec<String> =
        selects.iter().map(|s| format!("the {}", superlative(s))).collect();
    which.dedup();
    format!("{} {}", super::mention::series(&which, "and"), noun.unwrap_or("one"))
}

/// What a flow's output path leads to.
pub(super) fn target(path: &str, leaf: Option<&Leaf<'_>>, field: &Field) -> Target {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let among_several = steps.contains(&"*");
    let last = steps.iter().rev().find(|step| **step != "*").copied().unwrap_or("");
    let container = container(&steps);
    let leaf_noun = leaf.and_then(|leaf| leaf.shape.noun.clone());
    let is_identity = match leaf {
        Some(leaf) => noun::identifies(last, leaf.shape),
        None => words(last).last().is_some_and(|word| word == "id"),
    } || last.is_empty();
    let stripped =
        |name: &str| (!noun::is_bare(name) && !name.is_empty()).then(|| noun::of_name(name));
    let held = container.as_deref().and_then(noun::of_container);
    if is_identity {
        let thing = leaf_noun
            .or_else(|| field.shape.noun.clone())
            .or(held)
            .or_else(|| stripped(last))
            .or_else(|| stripped(&field.name))
            .filter(|noun| noun.split(' ').count() <= 3);
        return Target { thing, property: None, among_several };
    }
    Target { thing: held, property: Some(noun::singular(&noun::of_name(last))), among_several }
}

/// The name of the innermost array on the way, else of the object around.
fn container(steps: &[&str]) -> Option<String> {
    let star = steps.iter().rposition(|step| *step == "*");
    let at = match star {
        Some(0) => return None,
        Some(star) => star - 1,
        None => steps.len().checked_sub(2)?,
    };
    steps.get(at).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use magnet_proto::library::Document;
    use serde_json::json;

    fn check(path: &str, parameter: &str, expected: (Option<&str>, Option<&str>, bool)) {
        let function = Function::from(Document {
            name: "book_seat".into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {parameter: {"type": "string"}}}),
            response: None,
            phrasing: Default::default(),
        });
        let found = target(path, None, &function.params()[0]);
        let expected = Target {
            thing: expected.0.map(str::to_owned),
            property: expected.1.map(str::to_owned),
            among_several: expected.2,
        };
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_place_is_a_thing_or_a_property() {
        check("/trains/*/train_id", "train_id", (Some("train"), None, true));
        check("/hold_id", "hold", (Some("hold"), None, false));
        check("/trains/*/fare", "amount", (Some("train"), Some("fare"), true));
        check("/results/*/address", "address", (None, Some("address"), true));
        check("/*/id", "order_id", (Some("order"), None, true));
        check("/data/id", "id", (None, None, false));
    }
}
