//! What a reference is to: a thing, or one of its properties.

use magnet_proto::shape::{Field, Leaf, words};

use super::noun;

/// What a reference is to: the thing's noun, and the property's if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub thing: Option<String>,
    pub property: Option<String>,
    pub among_several: bool,
    pub being: Being,
}

/// Which pronoun a target can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Being {
    /// "it"
    Thing,
    /// "them": the person that the output is about.
    Person,
    /// None: a desk or a shop, or somebody who merely has to do with the output.
    Party,
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
            .map(|noun| qualified(last, &noun).unwrap_or(noun))
            .or_else(|| field.shape.noun.clone())
            .or(held)
            .or_else(|| stripped(last))
            .or_else(|| stripped(&field.name))
            .filter(|noun| noun.split(' ').count() <= 3);
        return Target { thing, property: None, among_several, being: Being::Thing };
    }
    let property = noun::of_property(last);
    Target { thing: held, property: Some(property), among_several, being: Being::Thing }
}

/// "latest article" for the article of `latest_article_id`, "manual" for the
/// file of `manual_file_id`.
fn qualified(leaf: &str, noun: &str) -> Option<String> {
    let parts: Vec<String> = words(leaf).collect();
    let [role, thing, id] = parts.as_slice() else {
        return None;
    };
    let is_role = id == "id" && thing == noun;
    is_role.then(|| if thing == "file" { role.clone() } else { format!("{role} {thing}") })
}

/// The name of the innermost array on the way, else of the object around.
pub(super) fn container(steps: &[&str]) -> Option<String> {
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
    use magnet_proto::library::{Document, Function};
    use serde_json::json;

    fn check(path: &str, parameter: &str, expected: (Option<&str>, Option<&str>, bool)) {
        let function = Function::from(Document {
            name: "book_seat".into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {parameter: {"type": "string"}}}),
            response: None,
        });
        let found = target(path, None, &function.params()[0]);
        let expected = Target {
            thing: expected.0.map(str::to_owned),
            property: expected.1.map(str::to_owned),
            among_several: expected.2,
            being: Being::Thing,
        };
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_thing_goes_by_what_its_place_makes_of_it() {
        assert_eq!(qualified("manual_file_id", "file"), Some("manual".into()));
        assert_eq!(qualified("latest_article_id", "article"), Some("latest article".into()));
        assert_eq!(qualified("file_id", "file"), None);
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
