//! What a campaign says of each function: in which section, of which kind.

use std::collections::BTreeMap;

use anyhow::Result;
use magnet_proto::config::{Campaign, DEFAULT_EXECUTOR, Execution, ExecutorKind};
use magnet_proto::library::{Function, Library};

use super::refusal::refusal;

/// By the function's name, the section that claims it and its kind.
pub(super) type Claims<'a> = BTreeMap<String, (&'a str, ExecutorKind)>;

/// What the campaign says of each function, and in which section.
pub(super) fn claims<'a>(campaign: &'a Campaign, library: &Library) -> Result<Claims<'a>> {
    let mut claimed = Claims::new();
    let others = campaign.executor.iter().filter(|(name, _)| *name != DEFAULT_EXECUTOR);
    for (section, execution) in others {
        for function in matched(section, execution, library)? {
            let earlier = claimed.insert(function.name.clone(), (section, execution.kind));
            if let Some((other, _)) = earlier.filter(|(other, _)| other != section) {
                let name = &function.name;
                return Err(refusal(format!(
                    "[executor.{other}] and [executor.{section}] both claim \"{name}\"\nhint: \
                     let one of them name less"
                )));
            }
        }
    }
    let rest = campaign.executor.get(DEFAULT_EXECUTOR).map(|default| default.kind);
    let kind_of = |function: &Function| {
        let rest = (DEFAULT_EXECUTOR, rest.unwrap_or_default());
        claimed.get(&function.name).copied().unwrap_or(rest)
    };
    Ok(library.iter().map(|(_, function)| (function.name.clone(), kind_of(function))).collect())
}

/// The functions that a section claims.
fn matched<'a>(
    section: &str,
    execution: &Execution,
    library: &'a Library,
) -> Result<Vec<&'a Function>> {
    let mut found = Vec::new();
    let mut add = |key: &str, wanted: &str, is_it: &dyn Fn(&Function) -> bool| {
        let before = found.len();
        found.extend(library.iter().map(|(_, function)| function).filter(|f| is_it(f)));
        match found.len() > before {
            true => Ok(()),
            false => Err(refusal(format!(
                "executor.{section}.{key}: the library has nothing that \"{wanted}\" names\n\
                 hint: `magnet graph` shows functions and their categories"
            ))),
        }
    };
    for wanted in &execution.functions {
        let pattern = glob::Pattern::new(wanted).map_err(|error| {
            refusal(format!("executor.{section}.functions: \"{wanted}\" is no pattern: {error}"))
        })?;
        add("functions", wanted, &|function| pattern.matches(&function.name))?;
    }
    for wanted in &execution.groups {
        add("groups", wanted, &|function| function.category == *wanted)?;
    }
    Ok(found)
}
