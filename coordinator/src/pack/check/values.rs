//! Values that people bring along: of the parameter's own kind.

use magnet_proto::library::Library;

use super::super::load::Loaded;
use super::{Found, schema};

pub(super) fn check(loaded: &Loaded, library: &Library, found: &mut Found) {
    for ((id, parameter), place) in &loaded.values {
        let function = library.get(*id);
        let values = loaded.pack.values(*id, parameter);
        let Some(own) = schema::place(&function.parameters, &format!("/{parameter}")) else {
            let problem = place.problem(format!("it has no parameter \"{parameter}\""));
            let names: Vec<&str> = function.params().iter().map(|p| p.name.as_str()).collect();
            found.add(problem.of(&function.name).hint(format!("it has: {}", names.join(", "))));
            continue;
        };
        if values.is_empty() {
            found.add(place.problem(format!("{parameter}: there are none")).of(&function.name));
        }
        let Some(validator) = schema::validator(own) else {
            continue;
        };
        for value in values {
            if let Some(why) = schema::misfit(&validator, value) {
                found.add(place.problem(format!("{parameter}: {why}")).of(&function.name));
            }
        }
    }
}
