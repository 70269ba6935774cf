//! A setting: what the values drawn together must agree on.
//!
//! The arguments of one call, or the fields of one object of an output, share
//! a city row, a person, a first date; a check-out comes after its check-in.

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::Value;

use super::Persona;
use super::calendar::{Date, Minute};
use super::place::{Place, Side};
use super::tables::cities::City;
use super::tables::{codes, culture, people};
use super::{chance, pick};

/// The facts drawn so far for values that belong together.
#[derive(Clone, Debug)]
pub struct Setting<'p> {
    pub persona: &'p Persona,
    cities: [Option<&'static City>; 3],
    person: Option<(&'static str, &'static str)>,
    /// The day that is settled, whatever the time.
    day: Option<Date>,
    begin: Option<(Date, Minute)>,
    past: Option<Date>,
    currency: Option<&'static str>,
    /// Choices that arguments have taken.
    pub(super) chosen: Vec<Value>,
    /// One number that picks rows of tables whose columns belong together.
    row: Option<usize>,
}

/// Which end of a journey a place is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Only,
    From,
    To,
}

impl<'p> Setting<'p> {
    pub fn new(persona: &'p Persona) -> Self {
        Self {
            persona,
            cities: [None; 3],
            person: None,
            day: None,
            begin: None,
            past: None,
            currency: None,
            chosen: Vec::new(),
            row: None,
        }
    }

    /// Lets a value that is already known (an argument, a sibling) settle what
    /// later ones agree with.
    pub fn learn(&mut self, name: &str, value: &str) {
        if let Some(city) = City::named(value).or_else(|| City::of_address(value)) {
            self.cities[end_of(name) as usize].get_or_insert(city);
        } else if let Some(date) = Date::parse(value).filter(|_| !is_end(name)) {
            self.day = Some(self.day.map_or(date, |day| day.min(date)));
        }
    }

    /// Draws another one of several choices from now on.
    pub fn avoid(&mut self, value: &Value) {
        self.chosen.push(value.clone());
    }

    /// The setting of one element of a list: the places and the day are the
    /// same, people and times are its own.
    pub(crate) fn element(&self) -> Self {
        Self { cities: self.cities, day: self.day, ..Self::new(self.persona) }
    }

    /// Draws dates and times after this one from now on.
    pub fn after(&mut self, date: Date, minute: Minute) {
        self.begin = Some((date, minute));
    }

    pub(super) fn city(&mut self, place: &Place<'_>, rng: &mut Rng) -> &'static City {
        let end = end_of(place.name);
        if let Some(city) = self.cities[end as usize] {
            return city;
        }
        let own = match (place.side, end) {
            (Side::Argument, End::From) => chance(60, rng),
            (Side::Argument, End::Only) => chance(25, rng),
            _ => false,
        };
        let taken = self.cities;
        let drawn = if own && !taken.contains(&Some(self.persona.home)) {
            self.persona.home
        } else {
            let fresh = |city: &&'static City| !taken.contains(&Some(*city));
            std::iter::repeat_with(|| City::draw(rng))
                .take(8)
                .find(fresh)
                .unwrap_or(self.persona.home)
        };
        self.cities[end as usize] = Some(drawn);
        drawn
    }

    /// The person that names, addresses and handles of this setting belong to.
    pub(super) fn person(
        &mut self,
        place: &Place<'_>,
        rng: &mut Rng,
    ) -> (&'static str, &'static str) {
        if is_own(place) {
            return (self.persona.first_name, self.persona.last_name);
        }
        *self.person.get_or_insert_with(|| (people::first_name(rng), people::last_name(rng)))
    }

    /// A currency; the next one of this setting is another one.
    pub(super) fn currency(&mut self, rng: &mut Rng) -> &'static str {
        let taken = self.currency;
        let mut drawn = std::iter::repeat_with(|| pick(codes::CURRENCIES, rng)).take(8);
        let fresh = drawn.find(|code| Some(*code) != taken).unwrap_or("EUR");
        self.currency = Some(fresh);
        fresh
    }

    pub(super) fn is_own(&self, place: &Place<'_>) -> bool {
        is_own(place)
    }

    /// A row of a table, the same one for every column of this setting.
    pub(super) fn row<'t, T>(&mut self, table: &'t [T], rng: &mut Rng) -> &'t T {
        let row = *self.row.get_or_insert_with(|| rng.random_range(0..10_080));
        &table[row % table.len()]
    }

    /// An upcoming day; the end of a span lies after its begin.
    pub(super) fn upcoming(&mut self, place: &Place<'_>, rng: &mut Rng) -> (Date, Minute) {
        let minute = round_minute(rng);
        if let Some((begin, _)) = self.begin.filter(|_| is_end(place.name)) {
            return (begin.plus_days(rng.random_range(1..9)), minute);
        }
        let drawn = self.persona.today.plus_days(rng.random_range(2..60));
        *self.begin.get_or_insert((self.day.unwrap_or(drawn), minute))
    }

    /// A moment to come; the end of a span follows its begin within hours.
    pub(super) fn moment_to_come(&mut self, place: &Place<'_>, rng: &mut Rng) -> (Date, Minute) {
        let Some((begin, at)) = self.begin.filter(|_| is_end(place.name)) else {
            return self.upcoming(place, rng);
        };
        let (minute, days) = at.plus(rng.random_range(2..12) * 15);
        (begin.plus_days(days), minute)
    }

    /// A day gone by, within two years.
    pub(super) fn gone_by(&mut self, place: &Place<'_>, rng: &mut Rng) -> (Date, Minute) {
        let minute = Minute::new(rng.random_range(7..22), rng.random_range(0..60));
        let date = match self.past {
            Some(earlier) if is_end(place.name) => {
                let span = self.persona.today.days_since(earlier).clamp(0, 60);
                earlier.plus_days(rng.random_range(0..=span))
            }
            Some(earlier) => earlier,
            None => self.persona.today.plus_days(-rng.random_range(3..500)),
        };
        self.past.get_or_insert(date);
        (date, minute)
    }

    /// A sports league with two of its teams in a stable order.
    pub(super) fn league(
        &mut self,
        rng: &mut Rng,
    ) -> &'static (&'static str, &'static str, &'static [&'static str]) {
        self.row(culture::LEAGUES, rng)
    }

    pub(super) fn keyword(&self, rng: &mut Rng) -> &'static str {
        pick(super::tables::prose::KEYWORDS, rng)
    }
}

/// A quarter of an hour between 7:00 and 21:45.
fn round_minute(rng: &mut Rng) -> Minute {
    Minute::new(rng.random_range(7..22), pick_quarter(rng))
}

fn pick_quarter(rng: &mut Rng) -> u16 {
    [0, 0, 15, 30, 30, 45][rng.random_range(0..6)]
}

fn end_of(name: &str) -> End {
    let name = name.to_ascii_lowercase();
    let has = |cues: &[&str]| cues.iter().any(|cue| name.contains(cue));
    if has(&["dest", "arriv", "drop", "target"]) || name.starts_with("to") || name == "end" {
        End::To
    } else if has(&["origin", "depart", "pickup", "source"])
        || name.starts_with("from")
        || name == "start"
    {
        End::From
    } else {
        End::Only
    }
}

/// Whether a name speaks of the later end of a span of time.
fn is_end(name: &str) -> bool {
    const CUES: &[&str] = &[
        "end", "out", "return", "until", "to", "arriv", "max", "updated", "closed", "merged",
        "completed", "expire", "expiry", "due", "finish", "modified", "last", "latest", "delivery",
        "pushed",
    ];
    let name = name.to_ascii_lowercase();
    CUES.iter().any(|cue| match *cue {
        "to" => name == "to" || name.ends_with("_to") || name.starts_with("to_"),
        "end" => {
            name.contains("end")
                && !name.contains("calendar")
                && !name.contains("attend")
                && !name.contains("weekend")
        }
        "out" => name.contains("out"),
        cue => name.contains(cue),
    })
}

/// Whether a place is about the user rather than somebody else.
fn is_own(place: &Place<'_>) -> bool {
    const OTHERS: &[&str] = &[
        "to", "recipient", "attendee", "participant", "invitee", "cc", "bcc", "assignee",
        "collaborator", "author", "friend", "receiver", "member", "payee", "target", "doctor",
        "client", "owner", "reviewer", "actor", "follow", "student", "employee", "contact",
        "sender", "beneficiary", "candidate", "creator",
    ];
    if place.side == Side::Output {
        return false;
    }
    let name = place.name.to_ascii_lowercase();
    let text = place.shape.description.to_ascii_lowercase();
    let own = [
        "your ", "user's", "of the user", "the customer", "the guest", "the passenger",
        "the patient",
    ];
    let of_others = OTHERS.iter().any(|cue| name.contains(cue) && *cue != "to") || name == "to";
    !of_others
        && (own.iter().any(|cue| text.contains(cue))
            || [
                "name", "email", "phone", "full_name", "first_name", "last_name", "phone_number",
                "city",
            ]
            .contains(&name.as_str())
                && !place.function.name.to_ascii_lowercase().contains("search"))
}
