//! The world of a group: asked for as one module, tried on seeded states,
//! mended with what the trial found.

use std::collections::{BTreeMap, BTreeSet};

use magnet_proto::FunctionId;
use magnet_proto::pack::{Module, Pack};
use magnet_worker::teacher::{Problem as Told, WriteWorld};
use magnet_world::{Modules, identifier};

use super::{Group, GroupWorld, Making, Part, Refused, Shared, Shown, Stop, listed, refused};
use crate::pack::Files;
use crate::pack::check::{self, SEEDS, Worlds};
use crate::pack::load::Loaded;
use crate::pack::problem::Problem;

/// Answers to one ask at most: the first and three mended ones.
const TRIES: u32 = 4;
/// The people and places that modules share.
const CAST: &str = "cast";

/// A module that passed, with the functions that did not and why.
struct Passed {
    text: String,
    worlds: Worlds,
    left_out: BTreeMap<FunctionId, String>,
}

impl Making<'_> {
    /// The group's world: what the folder has of it, or a new module.
    pub(super) async fn world(&self, group: &Group, shared: &Shared) -> Result<GroupWorld, Stop> {
        let mut world = GroupWorld::default();
        let mut due = Vec::new();
        for id in group.functions.iter().filter(|id| !self.elsewhere.contains(id)) {
            match shared.modules.have(&self.library.get(*id).name) {
                true => {
                    world.parts.insert(*id, Part::There);
                }
                false => due.push(*id),
            }
        }
        if !world.parts.is_empty() {
            let Worlds { seen, known, .. } = self.tried_there(group).await;
            world.shown = Shown { seen, known };
        }
        if due.is_empty() {
            return Ok(world);
        }
        let file = format!("world/{}.star", group.name);
        if self.folder.has(&file) {
            let why = format!("{file} has none, and is left as it is");
            world.parts.extend(due.into_iter().map(|id| (id, Part::LeftOut(why.clone()))));
            return Ok(world);
        }
        let (part, passed) = self.settled(shared, self.asked(group, &due, shared)).await?;
        let told = match &passed {
            Some(passed) => format!("{file}: {} functions", due.len() - passed.left_out.len()),
            None => format!("{file}: left out"),
        };
        (self.tell)(&told);
        let Passed { worlds, left_out, .. } = match passed {
            Some(passed) => passed,
            None => {
                world.parts.extend(due.into_iter().map(|id| (id, part.clone())));
                return Ok(world);
            }
        };
        for id in due {
            let part = left_out.get(&id).map_or(part.clone(), |why| Part::LeftOut(why.clone()));
            world.parts.insert(id, part);
        }
        world.shown.seen.extend(worlds.seen);
        world.shown.known.extend(worlds.known);
        Ok(world)
    }

    /// Asks for the module until it passes, and puts it into the folder.
    async fn asked(
        &self,
        group: &Group,
        due: &[FunctionId],
        shared: &Shared,
    ) -> Result<(Part, Option<Passed>), Stop> {
        let name = |id: &FunctionId| identifier(&self.library.get(*id).name).into_owned();
        let defined_as: Vec<String> = due.iter().map(name).collect();
        let (mut draft, mut why): (Option<Draft>, Option<String>) = (None, None);
        let mut asked = 0;
        while asked < TRIES {
            let ask = WriteWorld {
                library: self.library,
                module: &group.name,
                functions: due,
                defined_as: &defined_as,
                draft: draft.as_ref().map(|draft| draft.text.as_str()),
                problem: Told::after(asked, why.as_deref()),
            };
            let answer = {
                let _permit = shared.gate.acquire().await;
                self.author.world(&ask).await
            };
            asked += 1;
            let text = match answer {
                Ok(text) => text,
                Err(error) => match refused(error)? {
                    Refused::Again(reason) => {
                        why = Some(reason);
                        continue;
                    }
                    Refused::Never(reason) => return Ok((Part::LeftOut(reason), None)),
                    Refused::Unreached(reason) => return Ok((Part::Unreached(reason), None)),
                },
            };
            let worlds = self.tried_alone(group, due, &text).await;
            if worlds.problems.is_empty() {
                let passed = Passed { text, worlds, left_out: BTreeMap::new() };
                return Ok((Part::Made(asked), Some(self.kept(group, passed)?)));
            }
            let told = distinct(&worlds.problems).map(|problem| located(problem, &text));
            why = Some(listed(told));
            draft = Some(Draft { text, problems: worlds.problems });
        }
        if let Some(draft) = draft
            && let Some(passed) = self.without_failing(group, due, draft).await
        {
            return Ok((Part::Made(asked), Some(self.kept(group, passed)?)));
        }
        let why = why.unwrap_or_default().trim_start_matches(['\n', '-', ' ']).to_owned();
        Ok((Part::LeftOut(why), None))
    }

    fn kept(&self, group: &Group, passed: Passed) -> Result<Passed, Stop> {
        let cast = format!("world/{CAST}.star");
        if !self.folder.has(&cast) {
            self.folder.put(&cast, &cast_of_builtin())?;
        }
        self.folder.put(&format!("world/{}.star", group.name), &passed.text)?;
        Ok(passed)
    }

    /// The module without the functions that fail, where the others pass.
    async fn without_failing(
        &self,
        group: &Group,
        due: &[FunctionId],
        draft: Draft,
    ) -> Option<Passed> {
        let Draft { mut text, mut problems } = draft;
        let mut left_out = BTreeMap::new();
        while left_out.len() < due.len() {
            let before = left_out.len();
            for problem in &problems {
                let name = problem.function.as_deref()?;
                let id = *due.iter().find(|id| self.library.get(**id).name == name)?;
                if left_out.insert(id, problem.message.clone()).is_none() {
                    text = without(&text, &identifier(name));
                }
            }
            let rest: Vec<FunctionId> =
                due.iter().copied().filter(|id| !left_out.contains_key(id)).collect();
            if left_out.len() == before || rest.is_empty() {
                return None;
            }
            let worlds = self.tried_alone(group, &rest, &text).await;
            if worlds.problems.is_empty() {
                return Some(Passed { text, worlds, left_out });
            }
            problems = worlds.problems;
        }
        None
    }

    /// Tries what the folder has of a group, as it was tried when it was made.
    async fn tried_there(&self, group: &Group) -> Worlds {
        let all = &self.there.pack.world;
        let names = || group.functions.iter().map(|id| self.library.get(*id).name.as_str());
        let is_own = |module: &&Module| {
            let has = Modules::load(std::slice::from_ref(*module));
            module.name == CAST || has.is_ok_and(|has| names().any(|name| has.have(name)))
        };
        let own: Vec<Module> = all.iter().filter(is_own).cloned().collect();
        // One that needs others is tried among all.
        let modules = if Modules::load(&own).is_ok() { own } else { all.clone() };
        self.tried(modules, &group.functions).await
    }

    /// Tries a module with the people of the cast and nothing else.
    async fn tried_alone(&self, group: &Group, due: &[FunctionId], text: &str) -> Worlds {
        let own = Module { name: group.name.clone(), text: text.to_owned() };
        let file = own.file();
        let cast = self.there.pack.world.iter().find(|module| module.name == CAST).cloned();
        let cast = cast.unwrap_or_else(|| Module { name: CAST.into(), text: cast_of_builtin() });
        let modules = vec![cast, own];
        let has = Modules::load(&modules).ok();
        let mut worlds = self.tried(modules, due).await;
        // A module that cannot be read tells nothing of its functions.
        if let Some(has) = has {
            for (id, function) in self.library.iter() {
                let problem = match (due.contains(&id), has.have(&function.name)) {
                    (true, false) => "there is no such function in the module",
                    (false, true) => "it is not asked for: begin the names of helpers with _",
                    _ => continue,
                };
                worlds.problems.push(Problem::new(&file, problem).of(&function.name));
            }
            let strangers = worlds.known.keys().filter_map(|name| self.library.find(name));
            for id in strangers.filter(|id| !due.contains(id)) {
                let problem = "known gives arguments for it, and it is not of this module";
                worlds.problems.push(Problem::new(&file, problem).of(&self.library.get(id).name));
            }
        }
        worlds
    }

    /// Tries modules, whatever people may bring along for those functions.
    async fn tried(&self, world: Vec<Module>, functions: &[FunctionId]) -> Worlds {
        let library = self.library.clone();
        let pack = Pack { world, ..Pack::default() };
        let left_out = functions.iter().copied().collect();
        let loaded = Loaded { pack, left_out, ..Loaded::default() };
        let tried = tokio::task::spawn_blocking(move || check::worlds(&loaded, &library, SEEDS));
        tried.await.unwrap_or_else(|error| Worlds {
            problems: vec![Problem::new("world", format!("its trial failed: {error}"))],
            ..Worlds::default()
        })
    }
}

/// A module that did not pass.
struct Draft {
    text: String,
    problems: Vec<Problem>,
}

/// Problems of different kinds: the same fault with other values is told once.
fn distinct(problems: &[Problem]) -> impl Iterator<Item = &Problem> {
    let mut kinds = BTreeSet::new();
    problems.iter().filter(move |problem| {
        let kind = problem.message.split(['"', '(', '{']).next().unwrap_or_default();
        kinds.insert((problem.function.clone(), kind.to_owned()))
    })
}

/// A problem with the line that it names.
fn located(problem: &Problem, text: &str) -> String {
    let mut told = String::new();
    if let Some(line) = problem.line {
        let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        let shown = if shown.is_empty() { String::new() } else { format!(", `{shown}`") };
        told.push_str(&format!("line {line}{shown}: "));
    }
    if let Some(function) = &problem.function {
        told.push_str(&format!("{function}: "));
    }
    told.push_str(&problem.message);
    if let Some(hint) = &problem.hint {
        told.push_str(&format!(" ({hint})"));
    }
    told
}

/// A module's text without one of its functions.
fn without(text: &str, name: &str) -> String {
    let begins = format!("def {name}(");
    let mut is_out = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with(&begins) {
            is_out = true;
        } else if line.starts_with(|c: char| !c.is_whitespace() && c != ')' && c != '#') {
            is_out = false;
        }
        if !is_out {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The built-in library's people, places and day.
fn cast_of_builtin() -> String {
    Files::builtin().text("world/cast.star").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_taken_out_and_nothing_else() {
        let text = "def start(rng):\n    return {}\n\ndef a(\n    x,\n):\n    return 1\n# of b\ndef b(x):\n\n    return 2\n\n_C = 3\n";
        let expected = "def start(rng):\n    return {}\n\ndef b(x):\n\n    return 2\n\n_C = 3\n";
        assert_eq!(without(text, "a"), expected);
        assert_eq!(without(&without(text, "a"), "b"), "def start(rng):\n    return {}\n\n_C = 3\n");
    }
}
