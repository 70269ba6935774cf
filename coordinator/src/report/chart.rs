//! Numbers as pictures: inline SVG that takes its colours from the page, and
//! says in words what it shows.

use std::fmt::Write;

use super::escape;

/// One bar: a share of 1, with what people do where that is known.
pub(super) struct Bar {
    pub label: String,
    pub share: f64,
    pub human: Option<f64>,
}

impl Bar {
    pub(super) fn new(label: impl Into<String>, share: f64, human: Option<f64>) -> Self {
        Self { label: label.into(), share, human }
    }
}

/// A mark on a histogram's axis.
pub(super) struct Mark {
    /// In columns from the left edge of the first.
    pub at: f64,
    pub label: String,
}

const WIDTH: f64 = 360.0;
const ROW: f64 = 24.0;
const LABEL: f64 = 158.0;
const VALUE: f64 = 52.0;
const COLUMNS_HEIGHT: f64 = 110.0;

/// Horizontal bars, one a row, scaled to the longest.
pub(super) fn bars(title: &str, note: &str, bars: &[Bar]) -> String {
    let longest = bars.iter().flat_map(|bar| [bar.share, bar.human.unwrap_or(0.0)]);
    let longest = longest.fold(0.01, f64::max);
    let scale = (WIDTH - LABEL - VALUE) / longest;
    let mut rows = String::new();
    for (row, bar) in bars.iter().enumerate() {
        let y = row as f64 * ROW;
        put(
            &mut rows,
            format_args!(
                "<text x='{:.1}' y='{:.1}' class='end'>{}</text>\
             <rect x='{LABEL}' y='{:.1}' width='{:.1}' height='14' rx='2'/>\
             <text x='{:.1}' y='{:.1}' class='num'>{}</text>",
                LABEL - 8.0,
                y + 16.0,
                escape(&clip(&bar.label)),
                y + 5.0,
                bar.share * scale,
                WIDTH - VALUE + 6.0,
                y + 16.0,
                percent(bar.share),
            ),
        );
        if let Some(human) = bar.human {
            let x = LABEL + human * scale;
            put(
                &mut rows,
                format_args!(
                    "<path d='M{x:.1} {:.1}v20' class='human'><title>people: {}</title></path>",
                    y + 2.0,
                    percent(human),
                ),
            );
        }
    }
    figure(title, note, bars.len() as f64 * ROW + 2.0, &rows, &spoken(bars))
}

/// Vertical columns of counts with their labels below and marks on the axis.
pub(super) fn columns(title: &str, note: &str, counts: &[(String, u64)], marks: &[Mark]) -> String {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / counts.len().max(1) as f64;
    let mut drawn = String::new();
    for (at, (label, count)) in counts.iter().enumerate() {
        let (x, height) = (at as f64 * step, *count as f64 / most * COLUMNS_HEIGHT);
        put(
            &mut drawn,
            format_args!(
                "<rect x='{:.1}' y='{:.1}' width='{:.1}' height='{height:.1}' rx='2'>\
             <title>{}: {count}</title></rect>\
             <text x='{:.1}' y='{:.1}' class='mid'>{}</text>",
                x + 1.5,
                20.0 + COLUMNS_HEIGHT - height,
                (step - 3.0).max(1.0),
                escape(label),
                x + step / 2.0,
                COLUMNS_HEIGHT + 36.0,
                escape(label),
            ),
        );
    }
    for mark in marks {
        let x = (mark.at * step).clamp(2.0, WIDTH - 2.0);
        let anchor = if x > WIDTH * 0.7 { "end" } else { "start" };
        put(
            &mut drawn,
            format_args!(
                "<path d='M{x:.1} 4v{:.1}' class='human'/>\
             <text x='{:.1}' y='13' class='mark {anchor}'>{}</text>",
                COLUMNS_HEIGHT + 16.0,
                if anchor == "end" { x - 5.0 } else { x + 5.0 },
                escape(&mark.label),
            ),
        );
    }
    let told: Vec<String> =
        counts.iter().map(|(label, count)| format!("{label}: {count}")).collect();
    figure(title, note, COLUMNS_HEIGHT + 44.0, &drawn, &told.join(", "))
}

fn figure(title: &str, note: &str, height: f64, drawn: &str, spoken: &str) -> String {
    format!(
        "<figure><figcaption><b>{}</b> {}</figcaption>\
         <svg viewBox='0 0 {WIDTH} {height:.0}' role='img' aria-label='{}'>{drawn}</svg></figure>",
        escape(title),
        escape(note),
        escape(&format!("{title}: {spoken}")),
    )
}

/// What a screen reader says of the bars.
fn spoken(bars: &[Bar]) -> String {
    let told = bars.iter().map(|bar| match bar.human {
        Some(human) => format!("{} {} (people {})", bar.label, percent(bar.share), percent(human)),
        None => format!("{} {}", bar.label, percent(bar.share)),
    });
    told.collect::<Vec<_>>().join(", ")
}

pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// A label that fits its column.
fn clip(label: &str) -> String {
    match label.char_indices().nth(24) {
        None => label.to_owned(),
        Some((at, _)) => format!("{}…", &label[..at]),
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}
