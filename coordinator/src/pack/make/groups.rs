//! Which functions share a world: those that work on the same things.
//!
//! Determined by library and graph alone, whatever is made already, so that a
//! pack that was left half-way goes on with the same questions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use magnet_proto::FunctionId;
use magnet_proto::graph::{Edge, EdgeKind, Graph};
use magnet_proto::library::Library;

use crate::graph::nouns;
use crate::library::topics;

/// More functions than that are too much for one answer.
const MOST: usize = 8;
/// What a common word of two names says, beside the edges between them.
const SAME_NAME: u8 = 7;
/// Modules of the runtime's own.
const TAKEN: [&str; 2] = ["cast", "prelude"];

/// Functions of one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name of its files and of its part of the state.
    pub name: String,
    /// In the library's order.
    pub functions: Vec<FunctionId>,
}

/// The functions of a library in groups, none in two.
pub fn groups(library: &Library, graph: &Graph) -> Vec<Group> {
    let mut categories: BTreeMap<&str, Vec<FunctionId>> = BTreeMap::new();
    for (id, function) in library.iter() {
        categories.entry(&function.category).or_default().push(id);
    }
    let mut groups: Vec<Group> = Vec::new();
    for (category, members) in categories {
        for functions in bins(clusters(&members, library, graph)) {
            let name = free_name(category, &groups);
            groups.push(Group { name, functions });
        }
    }
    groups
}

/// The members of a category, joined while a group can hold them: first those
/// that are named after the same thing, then those that pass ids on.
fn clusters(members: &[FunctionId], library: &Library, graph: &Graph) -> Vec<Vec<FunctionId>> {
    if members.len() <= MOST {
        return vec![members.to_vec()];
    }
    let mut clusters: Vec<Vec<FunctionId>> = members.iter().map(|id| vec![*id]).collect();
    for (_, one, other) in ties(members, library, graph) {
        let place = |id: FunctionId| clusters.iter().position(|cluster| cluster.contains(&id));
        if let (Some(one), Some(other)) = (place(one), place(other))
            && one != other
            && clusters[one].len() + clusters[other].len() <= MOST
        {
            let joined = clusters.swap_remove(one.max(other));
            clusters[one.min(other)].extend(joined);
        }
    }
    clusters
}

/// What ties members to each other, the strongest first.
fn ties(
    members: &[FunctionId],
    library: &Library,
    graph: &Graph,
) -> Vec<(Reverse<u8>, FunctionId, FunctionId)> {
    let mut named: BTreeMap<String, Vec<FunctionId>> = BTreeMap::new();
    for id in members {
        for topic in topics(&nouns(library.get(*id)).join(" ")) {
            named.entry(topic).or_default().push(*id);
        }
    }
    let mut ties: BTreeMap<(FunctionId, FunctionId), u8> = BTreeMap::new();
    // A topic that most of them have says nothing.
    for same in named.values().filter(|same| same.len() <= MOST) {
        for pair in same.windows(2) {
            *ties.entry((pair[0], pair[1])).or_default() += SAME_NAME;
        }
    }
    for from in members {
        for edge in graph.edges(*from) {
            *ties.entry((*from.min(&edge.to), *from.max(&edge.to))).or_default() += strength(edge);
        }
    }
    let mut ties: Vec<_> =
        ties.into_iter().map(|((one, other), tie)| (Reverse(tie), one, other)).collect();
    ties.sort_unstable();
    ties
}

/// How much an edge says about a common state: what is passed by id lives in
/// one, an e-mail address or a city passes between strangers.
fn strength(edge: &Edge) -> u8 {
    let by_id = |input: &str| {
        let input = input.to_lowercase();
        input == "id"
            || ["_id", "id", "_ids", "code", "number"].iter().any(|end| input.ends_with(end))
    };
    match (edge.flows.first(), edge.kind) {
        (Some(flow), _) if by_id(&flow.input) => 3,
        (Some(_), EdgeKind::FullInput) => 2,
        (Some(_), _) => 1,
        (None, _) => 0,
    }
}

/// Small clusters put together, so that they take fewer answers.
fn bins(mut clusters: Vec<Vec<FunctionId>>) -> Vec<Vec<FunctionId>> {
    clusters.iter_mut().for_each(|cluster| cluster.sort_unstable());
    clusters.sort_unstable();
    let mut bins: Vec<Vec<FunctionId>> = Vec::new();
    for cluster in clusters {
        match bins.iter_mut().find(|bin| bin.len() + cluster.len() <= MOST) {
            Some(bin) => bin.extend(cluster),
            None => bins.push(cluster),
        }
    }
    bins.iter_mut().for_each(|bin| bin.sort_unstable());
    bins
}

/// A name after the category that no group has: lower-case letters, digits, _.
fn free_name(category: &str, groups: &[Group]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let plain: String = category.chars().map(plain).collect();
    let words: Vec<&str> = plain.split('_').filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "functions".to_owned() } else { words.join("_") };
    let is_free =
        |name: &str| !TAKEN.contains(&name) && groups.iter().all(|group| group.name != name);
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| is_free(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use magnet_proto::config::GraphSettings;
    use magnet_proto::library::{Document, Function};
    use serde_json::json;

    use super::*;

    fn function(name: &str, category: &str, takes: &str, gives: &str) -> Function {
        let text = json!({"type": "string"});
        Function::from(Document {
            name: name.into(),
            description: format!("Works on {takes} for {gives}."),
            category: category.into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {takes: text}, "required": [takes]}),
            response: Some(json!({"type": "object", "properties": {gives: text}})),
        })
    }

    fn groups_of(functions: Vec<Function>) -> (Library, Vec<Group>) {
        let library = Library::from(functions);
        let graph = crate::graph::build(&library, &GraphSettings::default(), 7);
        let groups = groups(&library, &graph);
        (library, groups)
    }

    #[test]
    fn a_small_category_is_one_group_named_after_it() {
        let functions = vec![
            function("get_cat", "Pets & more", "cat_id", "name"),
            function("cast_vote", "cast", "vote", "count"),
            function("list_cats", "Pets & more", "name", "cat_id"),
        ];
        let (_, groups) = groups_of(functions);
        let names: Vec<_> = groups.iter().map(|g| (g.name.as_str(), g.functions.len())).collect();
        assert_eq!(names, [("pets_more", 2), ("cast_2", 1)]);
    }

    #[test]
    fn what_is_named_after_the_same_thing_stays_together_though_cities_pass_everywhere() {
        let things = ["Buses", "Hotels", "Movies", "Salons"];
        let verbs = ["Find", "Reserve", "Cancel"];
        let name =
            |thing: &str, verb: &str| format!("{thing}_{verb}{}", thing.trim_end_matches('s'));
        let functions = verbs.iter().flat_map(|verb| {
            things.iter().map(move |thing| function(&name(thing, verb), "misc", "city", "date"))
        });
        let (library, groups) = groups_of(functions.collect());
        for thing in things {
            let ids = verbs.map(|verb| library.find(&name(thing, verb)).unwrap());
            let has = |group: &&Group| ids.iter().any(|id| group.functions.contains(id));
            assert_eq!(groups.iter().filter(has).count(), 1, "{thing}: {groups:?}");
        }
    }

    #[test]
    fn what_passes_ids_on_stays_together_in_a_large_category() {
        let things = ["parcel", "invoice", "lease", "voyage", "recipe", "garden", "engine"];
        let mut functions = Vec::new();
        for verb in ["find", "update"] {
            for thing in things {
                let (name, id) = (format!("{verb}_{thing}"), format!("{thing}_id"));
                functions.push(match verb {
                    "find" => function(&name, "misc", &format!("{thing}_words"), &id),
                    _ => function(&name, "misc", &id, &format!("{thing}_state")),
                });
            }
        }
        let (library, groups) = groups_of(functions);
        assert!(groups.iter().all(|group| group.functions.len() <= MOST), "{groups:?}");
        assert_eq!(groups.iter().map(|group| group.functions.len()).sum::<usize>(), library.len());
        for thing in things {
            let has = |name: String| library.find(&name).unwrap();
            let (find, update) = (has(format!("find_{thing}")), has(format!("update_{thing}")));
            let group = groups.iter().find(|group| group.functions.contains(&find)).unwrap();
            assert!(group.functions.contains(&update), "{thing}: {groups:?}");
        }
    }
}
