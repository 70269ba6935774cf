//! What a pack's world costs: CPU a start and a call, and how large its
//! modules start. `cargo bench -p magnet-world -- PACK_DIR`.
//!
//! Only calls whose required arguments `known` gives are made.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use magnet_proto::WalkIndex;
use magnet_proto::pack::Module;
use magnet_world::{Modules, Outcome, World};
use serde_json::Value;

const WORLDS: u64 = 50;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let folder = folder.unwrap_or_else(|| "../../coordinator/src/library/builtin/pack".into());
    let (loading, modules) = cpu(|| modules(Path::new(&folder)))?;
    let modules = modules?;
    let names: Vec<String> = modules.names().map(str::to_owned).collect();
    println!("{} modules parsed and frozen in {:.1} ms", names.len(), loading / 1e3);

    let (mut starting, mut worlds) = (0.0, Vec::new());
    for walk in 0..WORLDS {
        let mut world = World::new(&modules, 7, WalkIndex(walk));
        let (spent, started) = cpu(|| world.start_all())?;
        started.map_err(|problem| anyhow!("{problem}"))?;
        starting += spent;
        worlds.push(world);
    }
    let state = worlds[0].state()?;
    for name in &names {
        println!("{name:<16} {:>6} bytes", state[name].to_string().len());
    }
    let bytes = Value::Object(state).to_string().len();
    println!("a start of all: {:.0} us, {bytes} bytes", starting / WORLDS as f64);

    let (mut knowing, mut calling, mut calls, mut refused) = (0.0, 0.0, 0_u64, 0_u64);
    for world in &mut worlds {
        let (spent, known) = cpu(|| world.known())?;
        knowing += spent;
        for (name, sets) in &known? {
            let first = sets.get(0).and_then(Value::as_object);
            let Some(set) = first.filter(|_| modules.have(name)) else {
                continue;
            };
            let (spent, outcome) = cpu(|| world.call(name, set))?;
            // A set may hold only some of what is required.
            match outcome {
                Err(_) => continue,
                Ok(Outcome::Refused(_)) => refused += 1,
                Ok(Outcome::Returned(_)) => {}
            }
            calling += spent;
            calls += 1;
        }
    }
    println!("known of all: {:.0} us", knowing / WORLDS as f64);
    println!("a call: {:.1} us ({calls} calls, {refused} refused)", calling / calls.max(1) as f64);
    Ok(())
}

fn modules(folder: &Path) -> Result<Modules> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder.join("world")).context("reading the pack")? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ending| ending == "star") && name != "prelude" {
            modules.push(Module { name, text: fs::read_to_string(&path)? });
        }
    }
    Modules::load(&modules).map_err(|problems| anyhow!("{}", problems[0]))
}

/// Runs something, with the CPU microseconds that this thread spent on it.
fn cpu<T>(work: impl FnOnce() -> T) -> Result<(f64, T)> {
    let before = spent_ns()?;
    let done = work();
    Ok(((spent_ns()? - before) as f64 / 1e3, done))
}

fn spent_ns() -> Result<u64> {
    let text =
        fs::read_to_string("/proc/thread-self/schedstat").context("reading the CPU clock")?;
    text.split_whitespace().next().context("an empty CPU clock")?.parse().context("the CPU clock")
}
