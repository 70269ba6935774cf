//! The tools on offer: the path's own functions and distractors, shuffled,
//! without what a turn says is missing.

use std::collections::{BTreeMap, BTreeSet};

use magnet_proto::library::{Function, Library};
use magnet_proto::path::{NodeOp, Path, Purpose};
use magnet_proto::rng::Rng;
use magnet_proto::sample::Message;
use magnet_proto::shape::words;
use magnet_proto::{FunctionId, late};
use rand::RngExt;
use rand::seq::SliceRandom;

/// What is on offer at the start, and what is added at later user turns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub tools: Vec<FunctionId>,
    pub added: BTreeMap<u16, Vec<FunctionId>>,
}

impl Offer {
    /// A turn's request as a message: it carries the documents of the tools it
    /// brings.
    pub fn message(&self, library: &Library, turn: usize, request: &str) -> Message {
        let brought = self.added.get(&(turn as u16)).into_iter().flatten();
        let documents: Vec<String> = brought.map(|id| library.get(*id).document()).collect();
        Message::User(late::carrying(request, &documents))
    }
}

/// How many more distractors a padded conversation gets.
const PAD_DISTRACTORS: usize = 24;

/// Functions by category, for drawing distractors.
#[derive(Debug)]
pub struct Categories {
    members: BTreeMap<String, Vec<FunctionId>>,
}

impl Categories {
    pub fn new(library: &Library) -> Self {
        let mut members: BTreeMap<String, Vec<FunctionId>> = BTreeMap::new();
        for (id, function) in library.iter() {
            members.entry(function.category.clone()).or_default().push(id);
        }
        Self { members }
    }

    fn of(&self, category: &str) -> &[FunctionId] {
        self.members.get(category).map_or(&[], Vec::as_slice)
    }
}

/// Draws the tools of one conversation.
pub fn draw(
    library: &Library,
    categories: &Categories,
    path: &Path,
    distractors: usize,
    rng: &mut Rng,
) -> Offer {
    let mut offer = Offer::default();
    let mut absent = BTreeSet::new();
    let mut hidden_classes = BTreeSet::new();
    for (turn, plan) in path.turns.iter().enumerate() {
        match &plan.purpose {
            Purpose::MissingFunction { function, resolved } => {
                absent.insert(*function);
                hidden_classes.insert(class_of(library, *function));
                if *resolved {
                    offer.added.entry(turn as u16 + 1).or_default().push(*function);
                }
            }
            Purpose::Irrelevant { function } => {
                absent.insert(*function);
                hidden_classes.insert(class_of(library, *function));
            }
            Purpose::Calls | Purpose::MissingParameter { .. } => {}
        }
    }
    let own: BTreeSet<FunctionId> =
        path.functions().chain(asked_functions(path)).filter(|id| !absent.contains(id)).collect();
    let padded = path.ops.iter().any(|op| matches!(op, NodeOp::Pad { .. }));
    let wanted = distractors + if padded { PAD_DISTRACTORS } else { 0 };
    let asked: Vec<FunctionId> = own.iter().chain(&absent).copied().collect();
    let other = |id: &FunctionId| {
        !asked.contains(id) && !asked.iter().any(|own| are_alike(library, *own, *id))
    };
    let hidden = |id: &FunctionId| hidden_classes.contains(&class_of(library, *id));
    let usable = |id: &FunctionId| other(id) && !hidden(id);
    let mut extra = distract(library, categories, &own, wanted, usable, rng);
    if extra.len() < wanted {
        // A library of one class: what is about other things may stay.
        let unrelated = |id: &FunctionId| {
            other(id)
                && !extra.iter().any(|drawn| drawn == id || are_alike(library, *drawn, *id))
                && !absent.iter().any(|a| share_a_thing(library.get(*a), library.get(*id)))
        };
        let missing = wanted - extra.len();
        let more = distract(library, categories, &own, missing, unrelated, rng);
        extra.extend(more);
    }
    offer.tools = own.iter().copied().chain(extra).collect();
    offer.tools.shuffle(rng);
    offer
}

/// Functions a turn asks for without calling them, and which are on offer.
fn asked_functions(path: &Path) -> impl Iterator<Item = FunctionId> {
    path.turns.iter().filter_map(|turn| match turn.purpose {
        Purpose::MissingParameter { function, .. } => Some(function),
        _ => None,
    })
}

/// Whether nobody could tell by their descriptions which of two functions to
/// call.
fn are_alike(library: &Library, one: FunctionId, other: FunctionId) -> bool {
    let told = |id| library.get(id).description.trim().trim_end_matches('.');
    !told(one).is_empty() && told(one).eq_ignore_ascii_case(told(other))
}

/// Whether two functions are named after one thing.
pub(in crate::distill) fn share_a_thing(one: &Function, other: &Function) -> bool {
    let things = |function: &Function| words(&function.name).skip(1).collect::<BTreeSet<_>>();
    !things(one).is_disjoint(&things(other))
}

fn class_of(library: &Library, id: FunctionId) -> (&str, &str) {
    let function = library.get(id);
    (&function.category, &function.class)
}

/// Draws from the path's own categories first, then from anywhere.
fn distract(
    library: &Library,
    categories: &Categories,
    own: &BTreeSet<FunctionId>,
    wanted: usize,
    usable: impl Fn(&FunctionId) -> bool,
    rng: &mut Rng,
) -> Vec<FunctionId> {
    let near: BTreeSet<&str> = own.iter().map(|id| library.get(*id).category.as_str()).collect();
    let pool: Vec<FunctionId> = near.iter().flat_map(|c| categories.of(c)).copied().collect();
    let mut drawn = BTreeSet::new();
    draw_distinct(library, &pool, wanted, &usable, &mut drawn, rng);
    if drawn.len() < wanted {
        let all: Vec<FunctionId> = (0..library.len() as u32).map(FunctionId).collect();
        draw_distinct(library, &all, wanted, &usable, &mut drawn, rng);
    }
    drawn.into_iter().collect()
}

/// Adds random members until `wanted` are drawn, no two of them alike; gives up
/// on a pool that has hardly any left.
fn draw_distinct(
    library: &Library,
    pool: &[FunctionId],
    wanted: usize,
    usable: impl Fn(&FunctionId) -> bool,
    drawn: &mut BTreeSet<FunctionId>,
    rng: &mut Rng,
) {
    for _ in 0..wanted * 8 {
        if drawn.len() >= wanted || pool.is_empty() {
            return;
        }
        let id = pool[rng.random_range(0..pool.len())];
        if usable(&id) && !drawn.iter().any(|other| are_alike(library, *other, id)) {
            drawn.insert(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use magnet_proto::path::{Kind, Step, Turn};
    use magnet_proto::rng::campaign_stream;
    use serde_json::json;

    use super::*;

    /// Functions by name and description, all of one class.
    fn library(functions: &[(&str, &str)]) -> Library {
        let parameters = json!({"type": "object", "properties": {"artist": {"type": "string"}}});
        let document = |(name, description): &(&str, &str)| Document {
            name: (*name).into(),
            description: (*description).into(),
            category: "music".into(),
            class: "music".into(),
            parameters: parameters.clone(),
            response: None,
        };
        Library::from(functions.iter().map(document).map(Function::from).collect::<Vec<_>>())
    }

    #[test]
    fn nobody_is_offered_two_tools_that_are_told_alike() {
        let twins = "Search for music by artist.";
        let library = library(&[
            ("play_song", "Plays a song."),
            ("search_music", twins),
            ("find_music", "search for music by artist"),
            ("rate_song", "Rates a song."),
        ]);
        let play = library.find("play_song").unwrap();
        let turns = vec![Turn::new(Purpose::Calls, vec![Step::new(play)])];
        let path = Path { kind: Kind::MultiTurn, turns, ops: Vec::new() };
        let categories = Categories::new(&library);
        for seed in 0..20 {
            let rng = &mut campaign_stream(seed, "offer", b"");
            let tools = draw(&library, &categories, &path, 3, rng).tools;
            let search = tools.iter().filter(|id| library.get(**id).name.ends_with("_music"));
            assert_eq!((tools.len(), search.count()), (3, 1), "{tools:?}");
        }
    }
}
