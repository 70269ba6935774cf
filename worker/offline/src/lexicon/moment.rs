//! Dates and times in the form their description asks for.

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::Value;

use super::calendar::{Date, MONTHS, Minute, WEEKDAYS};
use super::pick;
use super::place::{Place, Side};
use super::said::speaks_of;
use super::setting::Setting;
use super::tables::prose;
use super::topic::Topic;

impl Setting<'_> {
    pub(super) fn moment(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        match topic {
            Topic::Date => written_date(self.upcoming(place, rng).0, place),
            Topic::PastDate => written_date(self.gone_by(place, rng).0, place),
            Topic::BirthDate => {
                let days = rng.random_range(19 * 365..75 * 365);
                written_date(self.persona.today.plus_days(-days), place)
            }
            Topic::Time => {
                let minute = self.moment_to_come(place, rng).1;
                if speaks_of(place, &["%s", "hh:mm:ss"]) {
                    format!("{minute}:00")
                } else {
                    minute.to_string()
                }
            }
            Topic::DateTime => written_moment(self.moment_to_come(place, rng), place),
            Topic::PastDateTime => written_moment(self.gone_by(place, rng), place),
            Topic::Month if speaks_of(place, &["1-12", "number", "mm", "01"]) => {
                format!("{:02}", rng.random_range(1..=12))
            }
            Topic::Month => pick(&MONTHS, rng).into(),
            Topic::Weekday => pick(&WEEKDAYS, rng).into(),
            Topic::Period => pick(prose::PERIODS, rng).into(),
            Topic::Interval => pick(prose::INTERVALS, rng).into(),
            other => match self.number(other, place, None, None, rng) {
                Value::String(text) => text,
                number => number.to_string(),
            },
        }
    }
}

/// How a date is written here, by the description's form or the default's.
fn written_date(date: Date, place: &Place<'_>) -> String {
    let (year, month, day) = date.civil();
    let default = place.shape.default.as_ref().and_then(Value::as_str).unwrap_or_default();
    let says = |cues: &[&str]| speaks_of(place, cues);
    let compact = default.len() == 8 && default.bytes().all(|byte| byte.is_ascii_digit());
    match () {
        () if place.shape.format.is_some() => date.to_string(),
        () if says(&["yyyymmdd"]) || compact => format!("{year:04}{month:02}{day:02}"),
        () if says(&["mm/dd/yyyy", "%m/%d/%y"]) => format!("{month:02}/{day:02}/{year:04}"),
        () if says(&["dd/mm/yyyy", "%d/%m/%y"]) => format!("{day:02}/{month:02}/{year:04}"),
        () if says(&["dd-mm-yyyy", "%d-%m-%y"]) => format!("{day:02}-{month:02}-{year:04}"),
        () if says(&["mm-dd-yyyy", "%m-%d-%y"]) => format!("{month:02}-{day:02}-{year:04}"),
        () if says(&["dd.mm.yyyy"]) => format!("{day:02}.{month:02}.{year:04}"),
        () if says(&["yyyy/mm/dd"]) => format!("{year:04}/{month:02}/{day:02}"),
        () => date.to_string(),
    }
}

fn written_moment((date, minute): (Date, Minute), place: &Place<'_>) -> String {
    if speaks_of(place, &["unix", "epoch"]) {
        return date.epoch_seconds(minute).to_string();
    }
    if place.shape.format.is_none() && speaks_of(place, &["%h:%m", "hh:mm"]) {
        let seconds = if speaks_of(place, &["%s", ":ss"]) { ":00" } else { "" };
        return format!("{date} {minute}{seconds}");
    }
    let zone = if place.shape.format.is_some() || place.side == Side::Output { "Z" } else { "" };
    format!("{date}T{minute}:00{zone}")
}
