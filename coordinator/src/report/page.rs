//! The report as one self-contained page.

use std::fmt::Write;

use magnet_proto::difficulty::{Level, Outcome};
use magnet_proto::sample::ErrorType;

use super::chart::{self, Bar, Mark, percent};
use super::gallery::Gallery;
use super::profile::{Played, Profile, Tally, share};
use super::{escape, human, story};
use crate::contamination::Account;
use crate::finalize::{Manifest, QuotaKept};
use crate::trial::Uncallable;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn render(
    manifest: &Manifest,
    profile: &Profile,
    gallery: &Gallery,
    shared: Option<&Account>,
) -> String {
    let charts = [
        turns(profile),
        calls_per_turn(profile),
        dependencies(profile),
        request_length(profile),
        tally("Challenges", "share of conversations", &profile.challenges, profile.conversations),
        tally("Node operations", "applied, a conversation", &profile.ops, profile.conversations),
        tally("Domains", "share of conversations", &profile.domains, profile.conversations),
        domains_called(profile),
        negatives(manifest),
        origins(profile),
        mix(manifest),
        levels(manifest),
        failures(manifest),
        failed_turns(profile),
        passed_by_challenge(profile),
        funnel(manifest),
        rejections(manifest),
        never_called(manifest),
        uncallable(manifest),
    ];
    format!(
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>\
         <meta name='viewport' content='width=device-width, initial-scale=1'>\
         <title>{title} · dataset report</title><style>{STYLE}</style></head><body>\
         <header><h1>{title}</h1><p>{}</p>{}</header><main>\
         <section><h2>Against people’s conversations</h2>{}\
         <p class='note'>People: {}. <span class='key'>│</span> marks them in the pictures.</p></section>\
         <section><h2>The numbers as pictures</h2><div class='charts'>{}</div></section>\
         {}<section><h2>Conversations to read</h2>\
         <p class='note'>Marked in a request is what calls took from it. Keys: j and k go to the next \
         and the previous conversation, Enter opens it, e opens or closes all.</p>{}{}</section>\
         </main><script>{SCRIPT}</script></body></html>\n",
        headline(manifest, profile),
        lacks(manifest),
        comparison(profile),
        human::SOURCE,
        charts.concat(),
        shared.map_or_else(uncompared, contamination),
        story::choice(gallery),
        story::all(gallery),
        title = escape(&manifest.origin.name),
    )
}

fn headline(manifest: &Manifest, profile: &Profile) -> String {
    let (counts, spent) = (&manifest.counts, &manifest.counts.spent);
    let facts = [
        format!("{} conversations", profile.conversations),
        format!("{} preference pairs", counts.pairs),
        format!("{} of walks accepted", percent(share(counts.accepted, counts.decided()))),
        format!("teacher: {}", manifest.origin.teacher.get("teacher").map_or("", String::as_str)),
        format!("seed {}", manifest.origin.seed),
        format!("{} teacher calls", spent.requests),
        format!("{} tokens", spent.input_tokens + spent.output_tokens),
        format!("${:.2}", spent.micro_usd as f64 / 1e6),
        manifest.called_for.as_ref().map_or_else(String::new, |read| {
            format!(
                "{} requests read without their calls, {} as meant at once",
                read.read,
                percent(read.agreement)
            )
        }),
    ];
    let each = manifest.per_sample.as_ref().map(|each| {
        let tokens = each.input_tokens + each.output_tokens;
        format!("a conversation: {:.1} calls, {tokens:.0} tokens, ${:.4}", each.answers, each.usd)
    });
    let played = student(manifest, profile);
    let facts = facts.into_iter().chain(each).chain(played).filter(|fact| !fact.is_empty());
    escape(&facts.collect::<Vec<String>>().join(" · "))
}

/// What a student made of it, where that is measured.
fn student(manifest: &Manifest, profile: &Profile) -> Option<String> {
    let (played, Played { student, attempts, .. }) =
        (&manifest.dataset.difficulty, &profile.played);
    (played.conversations() > 0).then(|| {
        let (once, of_k) = (percent(played.pass_at_1()), percent(played.pass_at_k()));
        match *attempts {
            1 => format!("student {student}: pass@1 {once}"),
            _ => format!("student {student}: pass@1 {once}, pass@{attempts} {of_k}"),
        }
    })
}

/// What is missing for a dataset to train on, if anything is.
fn lacks(manifest: &Manifest) -> String {
    let lacks = manifest.origin.graded.lacks.as_deref();
    lacks.map(|lacks| format!("<p><strong>{}</strong></p>", escape(lacks))).unwrap_or_default()
}

/// Nobody has looked.
fn uncompared() -> String {
    "<section><h2>Against a benchmark</h2><p>It was compared with none: <code>magnet contamination \
     DIR --against TOOLS</code> does so.</p></section>"
        .into()
}

/// What a benchmark has, too.
fn contamination(shared: &Account) -> String {
    let mut rows = String::new();
    for function in &shared.functions {
        write!(
            rows,
            "<tr><th scope='row'>{}</th><td>{}</td><td>{:.2}</td><td>{}</td><td>{}</td></tr>",
            escape(&function.function),
            escape(&function.benchmark),
            function.similarity,
            function.called,
            function.offered,
        )
        .expect("writing to a string cannot fail");
    }
    let heads = ["the benchmark’s", "similarity", "called in", "only offered in"];
    let heads = heads.map(|head| format!("<th scope='col'>{head}</th>")).concat();
    let table = format!(
        "<div class='scroll'><table><thead><tr><th></th>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    );
    format!(
        "<section><h2>Against a benchmark</h2><p>{}</p>{}</section>",
        escape(&shared.sentence()),
        if rows.is_empty() { "" } else { &table },
    )
}

/// Key figures, ours beside people's.
fn comparison(profile: &Profile) -> String {
    let each = |count: u64| share(count, profile.conversations);
    let turns = profile.turn_count();
    let mean = |value: f64| format!("{value:.2}");
    let mut rows = String::new();
    let mut row = |label: &str, ours: String, people: String| {
        write!(rows, "<tr><th scope='row'>{label}</th><td>{ours}</td><td>{people}</td></tr>")
            .expect("writing to a string cannot fail");
    };
    row("User turns a conversation", mean(each(turns)), mean(human::TURNS));
    row("Calls a conversation", mean(each(profile.call_count())), mean(human::CALLS));
    row("Distinct functions called", mean(each(profile.functions_called)), mean(human::FUNCTIONS));
    row("Functions on offer", mean(each(profile.tools_offered)), mean(human::TOOLS_OFFERED));
    row(
        "Turns that use an output of their own",
        percent(share(profile.same.turns, turns)),
        percent(human::TURNS_WITH_SAME),
    );
    row(
        "Multi-call turns that do",
        percent(share(profile.same.multi_call_turns, profile.multi_call_turns())),
        percent(human::MULTI_CALL_TURNS_WITH_SAME),
    );
    row(
        "Turns that use an earlier turn’s output",
        percent(share(profile.earlier.turns, turns)),
        percent(human::TURNS_WITH_EARLIER),
    );
    row("Words a request", mean(profile.mean_request_words()), mean(human::REQUEST_WORDS));
    for (percentile, people) in human::REQUEST_PERCENTILES {
        let ours = profile.request_percentile(percentile).to_string();
        row(&format!("Words a request, p{percentile}"), ours, people.to_string());
    }
    row(
        "Distinct function sequences",
        percent(profile.distinct_sequences()),
        percent(human::DISTINCT_SEQUENCES),
    );
    row(
        "Argument values found in conversation or schema",
        percent(profile.grounded_values()),
        percent(human::GROUNDED_VALUES),
    );
    format!(
        "<div class='scroll'><table><thead><tr><th></th><th scope='col'>this dataset</th>\
         <th scope='col'>people</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn turns(profile: &Profile) -> String {
    let longest = profile.turns.keys().last().copied().unwrap_or(0).clamp(7, 15);
    let mut counts: Vec<(String, u64)> = (1..=longest).map(|turn| (turn.to_string(), 0)).collect();
    for (&turns, &conversations) in &profile.turns {
        counts[(turns.clamp(1, longest) - 1) as usize].1 += conversations;
    }
    let label = format!("people: {} on average", human::TURNS);
    let marks = [Mark { at: human::TURNS - 0.5, label }];
    chart::columns("User turns", "conversations by length", &counts, &marks)
}

fn calls_per_turn(profile: &Profile) -> String {
    let labels = ["no call", "1 call", "2 calls", "3 calls", "4 and more"];
    let shares = profile.calls_per_turn_shares();
    let rows = labels.iter().zip(shares).zip(human::CALLS_PER_TURN);
    let bars: Vec<Bar> =
        rows.map(|((label, ours), people)| Bar::new(*label, ours, Some(people))).collect();
    chart::bars("Calls a turn", "share of turns", &bars)
}

fn dependencies(profile: &Profile) -> String {
    let (turns, all) = (profile.turn_count(), profile.conversations);
    let (same, earlier) = (&profile.same, &profile.earlier);
    let bars = [
        Bar::new("turns: own", share(same.turns, turns), Some(human::TURNS_WITH_SAME)),
        Bar::new("turns: earlier", share(earlier.turns, turns), Some(human::TURNS_WITH_EARLIER)),
        Bar::new(
            "conversations: own",
            share(same.conversations, all),
            Some(human::CONVERSATIONS_WITH_SAME),
        ),
        Bar::new(
            "conversations: earlier",
            share(earlier.conversations, all),
            Some(human::CONVERSATIONS_WITH_EARLIER),
        ),
    ];
    chart::bars("Dependencies", "a call needs an output of its own or of an earlier turn", &bars)
}

fn request_length(profile: &Profile) -> String {
    const BIN: usize = 5;
    let counts: Vec<(String, u64)> = profile
        .request_bins(BIN, 16)
        .into_iter()
        .enumerate()
        .map(|(bin, count)| {
            (if bin % 2 == 0 { (bin * BIN).to_string() } else { String::new() }, count)
        })
        .collect();
    let mark = |(percentile, words): (u32, u32)| Mark {
        at: f64::from(words) / BIN as f64,
        label: format!("p{percentile}"),
    };
    let note = "requests by words, in fives; marks: people’s percentiles";
    chart::columns("Request length", note, &counts, &human::REQUEST_PERCENTILES.map(mark))
}

fn domains_called(profile: &Profile) -> String {
    let bars: Vec<Bar> = profile
        .domains_called
        .iter()
        .take(6)
        .map(|(&domains, &count)| {
            let people = (domains as usize).checked_sub(1).and_then(|at| human::DOMAINS.get(at));
            let label = if domains == 1 { "1 domain".into() } else { format!("{domains} domains") };
            Bar::new(label, share(count, profile.conversations), people.copied())
        })
        .collect();
    chart::bars("Domains a conversation", "share of conversations", &bars)
}

fn origins(profile: &Profile) -> String {
    let all = profile.sources.iter().map(|(_, count)| count).sum();
    tally("Where arguments came from", "share of values", &profile.sources, all)
}

/// How many walks came so far, stage by stage.
fn funnel(manifest: &Manifest) -> String {
    // Those for which the mix had no room were not worked.
    let walks = manifest.funnel.first().map_or(0, |stage| stage.walks);
    let stages = manifest.funnel.iter();
    let bars: Vec<Bar> =
        stages.map(|stage| Bar::new(&*stage.stage, share(stage.walks, walks), None)).collect();
    let note = format!("of {walks} walks worked, those that came out of each stage");
    chart::bars("Yield", &note, &bars)
}

/// The promised shares beside those that were kept; nothing where none were.
fn mix(manifest: &Manifest) -> String {
    if manifest.quotas.is_empty() {
        return String::new();
    }
    let row = |quota: &QuotaKept| {
        let QuotaKept { class, wanted, kept, .. } = quota;
        let class = escape(&spaced(class));
        let strays = if quota.drifted() { " class='strays'" } else { "" };
        format!(
            "<tr><th scope='row'>{class}</th><td>{}</td><td>{}</td><td{strays}>{:+.1}</td></tr>",
            percent(*wanted),
            percent(*kept),
            (kept - wanted) * 100.0,
        )
    };
    let rows: String = manifest.quotas.iter().map(row).collect();
    let heads = ["quota", "kept", "drift"].map(|head| format!("<th scope='col'>{head}</th>"));
    format!(
        "<figure><figcaption><b>Mix</b> share of conversations; drift in percentage points\
         </figcaption><div class='scroll'><table class='shares'><thead><tr><th></th>{}</tr></thead>\
         <tbody>{rows}</tbody></table></div></figure>",
        heads.concat(),
    )
}

/// Conversations by what a student made of them.
fn levels(manifest: &Manifest) -> String {
    let played = &manifest.dataset.difficulty;
    let bar = |level: Level| {
        let count = played.levels.get(&level).copied().unwrap_or_default();
        Bar::new(level.label(), share(count, played.conversations()), None)
    };
    let note = "easy: the student was right in every attempt, medium: in some, hard: in none";
    match played.conversations() {
        0 => String::new(),
        _ => chart::bars("Difficulty", note, &Level::ALL.map(bar)),
    }
}

fn failures(manifest: &Manifest) -> String {
    let attempts = manifest.dataset.difficulty.attempts.iter();
    let all = attempts.clone().map(|(_, count)| count).sum();
    let failed = attempts.filter(|(outcome, _)| **outcome != Outcome::Passed);
    let mut failed: Vec<(&str, u64)> = failed.map(|(o, count)| (o.label(), *count)).collect();
    failed.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranking("What the student gets wrong", "share of attempts", &failed, all)
}

fn failed_turns(profile: &Profile) -> String {
    const SHOWN: usize = 10;
    let failed = &profile.played.failed_turns;
    let Some((&last, _)) = failed.last_key_value() else { return String::new() };
    let mut counts: Vec<(String, u64)> =
        (0..=last.min(SHOWN - 1)).map(|turn| (turn.to_string(), 0)).collect();
    for (turn, count) in failed {
        counts[(*turn).min(SHOWN - 1)].1 += count;
    }
    chart::columns("Where the student fails", "attempts by the turn that goes wrong", &counts, &[])
}

/// How often a student is right, challenge by challenge.
fn passed_by_challenge(profile: &Profile) -> String {
    let passed = profile.played.by_challenge.iter();
    let bar = |(name, (attempts, passed)): (&String, &(u64, u64))| {
        Bar::new(spaced(name), share(*passed, *attempts), None)
    };
    let bars: Vec<Bar> = passed.map(bar).collect();
    match bars.is_empty() {
        true => String::new(),
        false => chart::bars("Right by challenge", "share of the student’s attempts", &bars),
    }
}

fn rejections(manifest: &Manifest) -> String {
    let counts = &manifest.counts;
    let rejected = counts.rejected_by_reason.iter();
    let mut dropped: Vec<(&str, u64)> =
        rejected.map(|(reason, count)| (reason.label(), *count)).collect();
    dropped.push(("duplicates", counts.duplicates));
    dropped.push(("near_duplicates", counts.near_duplicates));
    dropped.push(("missing", counts.missing));
    dropped.retain(|(_, count)| *count > 0);
    dropped.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranking("Why walks were dropped", "share of walks", &dropped, counts.decided())
}

/// Functions that are in no conversation.
fn never_called(manifest: &Manifest) -> String {
    const SHOWN: usize = 60;
    let uncalled = &manifest.uncalled;
    if uncalled.functions == 0 {
        return String::new();
    }
    let names: Vec<String> = uncalled.names.iter().take(SHOWN).map(|name| escape(name)).collect();
    let more = uncalled.functions as usize - names.len().min(uncalled.functions as usize);
    let more = if more > 0 { format!(" … and {more} more") } else { String::new() };
    format!(
        "<figure><figcaption><b>Functions never called</b> {} of the library</figcaption>\
         <p class='names'>{}{more}</p></figure>",
        uncalled.functions,
        names.join(", "),
    )
}

/// Functions that no conversation can call, with the reason.
fn uncallable(manifest: &Manifest) -> String {
    let uncallable = &manifest.uncalled.uncallable;
    if uncallable.is_empty() {
        return String::new();
    }
    let row = |Uncallable { function, why }: &Uncallable| {
        format!("<tr><th scope='row'>{}</th><td>{}</td></tr>", escape(function), escape(why))
    };
    let rows: String = uncallable.iter().map(row).collect();
    format!(
        "<figure><figcaption><b>Functions no conversation can call</b></figcaption>\
         <div class='scroll'><table><tbody>{rows}</tbody></table></div></figure>"
    )
}

fn negatives(manifest: &Manifest) -> String {
    let errors = manifest.dataset.pairs_by_error.iter();
    let mut errors: Vec<(&str, u64)> = errors.map(|(error, n)| (error_name(*error), *n)).collect();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranking("Errors of the negatives", "share of pairs", &errors, manifest.counts.pairs)
}

fn error_name(error: ErrorType) -> &'static str {
    match error {
        ErrorType::Nested => "nested call left out",
        ErrorType::ShortDependency => "own output misused",
        ErrorType::LongDependency => "earlier value misused",
        ErrorType::Summary => "summary contradicts",
        ErrorType::Missing => "missing misjudged",
    }
}

fn tally(title: &str, note: &str, tally: &Tally, of: u64) -> String {
    ranking(title, note, &tally.ranked(), of)
}

/// The most frequent ones as bars; nothing where there are none.
fn ranking(title: &str, note: &str, ranked: &[(&str, u64)], of: u64) -> String {
    const SHOWN: usize = 14;
    if ranked.is_empty() {
        return String::new();
    }
    let bar = |(name, count): &(&str, u64)| Bar::new(spaced(name), share(*count, of), None);
    let bars: Vec<Bar> = ranked.iter().take(SHOWN).map(bar).collect();
    chart::bars(title, note, &bars)
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}
