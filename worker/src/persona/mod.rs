//! Personas: who speaks as the user, in which register, and their own facts.
//!
//! Drawn once a walk; everything personal in the conversation (name, e-mail,
//! home city, what day it is) comes from here, so that it stays consistent.

pub mod business;
pub mod calendar;
pub mod cities;
pub mod ids;
pub mod people;

use magnet_proto::WalkIndex;
use magnet_proto::config::{Mix, Translation};
use magnet_proto::quotas::{Class, Quota};
use magnet_proto::rng::{self, Rng};
use rand::RngExt;

use self::calendar::Date;
use self::cities::{City, cities};

/// One of a table's entries.
pub fn pick<'a, T: ?Sized>(table: &[&'a T], rng: &mut Rng) -> &'a T {
    table[rng.random_range(0..table.len())]
}

/// How a user writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    Polite,
    Casual,
    Terse,
    Chatty,
    Formal,
}

impl Register {
    pub const ALL: [Self; 5] =
        [Self::Polite, Self::Casual, Self::Terse, Self::Chatty, Self::Formal];

    /// Its name in a campaign and in metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polite => "polite",
            Self::Casual => "casual",
            Self::Terse => "terse",
            Self::Chatty => "chatty",
            Self::Formal => "formal",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|register| register.name() == name)
    }
}

/// What personas do for a living, as a campaign names them.
pub const ROLES: &[&str] = &[
    "event planner", "student", "nurse", "software developer", "small-business owner",
    "freelance designer", "teacher", "sales manager", "researcher", "journalist", "accountant",
    "parent of two", "retired engineer", "travel blogger", "project manager", "restaurant owner",
    "marketing assistant", "data analyst", "office administrator", "amateur athlete",
    "property manager", "musician", "support agent", "consultant", "volunteer coordinator",
    "system administrator", "photographer", "operations lead",
];

/// The roles and registers that a campaign draws from.
#[derive(Clone, Debug)]
pub struct Voices {
    roles: Vec<String>,
    registers: Vec<(Register, f64)>,
}

impl Default for Voices {
    fn default() -> Self {
        Self::new(&Translation::default(), &Mix::default())
    }
}

impl Voices {
    /// The campaign's lists of allowed ones; an empty list allows all of ours,
    /// names of registers we do not know are passed over. Registers with a
    /// quota are drawn by it, the others share what is left.
    pub fn new(settings: &Translation, mix: &Mix) -> Self {
        let allowed = settings.registers.iter().filter_map(|name| Register::named(name));
        let mut allowed: Vec<Register> = allowed.collect();
        if allowed.is_empty() {
            allowed = Register::ALL.to_vec();
        }
        let quotas: Vec<Quota> =
            mix.quotas.iter().filter_map(|quota| Quota::read(quota).ok()).collect();
        let share = |register: Register| {
            let of = |quota: &&Quota| quota.class == Class::Register(register.name().to_owned());
            quotas.iter().find(of).map(|quota| quota.share)
        };
        let named: f64 = allowed.iter().filter_map(|&register| share(register)).sum();
        let free = allowed.iter().filter(|&&register| share(register).is_none()).count();
        let rest = (1.0 - named).max(0.0) / free.max(1) as f64;
        let weight = |&register: &Register| (register, share(register).unwrap_or(rest));
        Self { roles: settings.personas.clone(), registers: allowed.iter().map(weight).collect() }
    }

    /// How the user of a walk speaks.
    pub fn register(&self, seed: u64, walk: WalkIndex) -> Register {
        self.of(seed, walk).1
    }

    fn of(&self, seed: u64, walk: WalkIndex) -> (&str, Register) {
        let mut rng = rng::stream(seed, walk, "persona");
        let role = match &self.roles[..] {
            [] => pick(ROLES, &mut rng),
            roles => &roles[rng.random_range(0..roles.len())],
        };
        let total: f64 = self.registers.iter().map(|(_, weight)| weight).sum();
        let mut drawn = rng.random::<f64>() * total;
        let register = self.registers.iter().find(|(_, weight)| {
            drawn -= weight;
            drawn < 0.0
        });
        (role, register.or(self.registers.last()).map_or(Register::Polite, |(drawn, _)| *drawn))
    }
}

/// Who speaks as the user, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// A name for metadata, such as "event planner, terse".
    pub label: String,
    pub role: String,
    pub register: Register,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: String,
    pub phone: String,
    pub username: String,
    /// Where they live.
    pub home: &'static City,
    pub employer: String,
    /// The handle of the account they work under, such as `lumen-labs`.
    pub handle: String,
    /// The repository they mostly talk about.
    pub repository: String,
    /// The conversation's today: 2025 to 2027.
    pub today: Date,
}

impl Persona {
    /// The persona of a walk.
    pub fn draw(seed: u64, walk: WalkIndex, voices: &Voices) -> Self {
        let (role, register) = voices.of(seed, walk);
        // A stream of their own: the facts do not depend on the allowed lists.
        Self::of(role.to_owned(), register, &mut rng::stream(seed, walk, "persona facts"))
    }

    fn of(role: String, register: Register, rng: &mut Rng) -> Self {
        let first_name = people::first_name(rng);
        let last_name = people::last_name(rng);
        let home = &cities()[rng.random_range(0..cities().len())];
        let employer = business::company(rng);
        Self {
            label: format!("{role}, {}", register.name()),
            role,
            register,
            first_name,
            last_name,
            email: people::email(first_name, last_name, rng),
            phone: people::phone(home, rng),
            username: people::username(first_name, last_name, rng),
            home,
            employer,
            handle: business::handle(rng),
            repository: business::repository(rng),
            today: Date::new(2025, 1, 6).plus_days(rng.random_range(0..1_080)),
        }
    }

    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The conversation's today, as whoever has to know it is told.
    pub fn today_told(&self) -> String {
        format!("Today is {}, {}.", self.today.weekday(), self.today)
    }

    /// The currency of the home city, such as "EUR".
    pub fn currency(&self) -> &'static str {
        self.home.currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_has_one_persona() {
        let draw = |walk| Persona::draw(7, WalkIndex(walk), &Voices::default());
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn only_allowed_roles_and_registers_are_drawn() {
        let personas = vec!["baker".to_owned()];
        let registers = vec!["formal".to_owned(), "martian".to_owned()];
        let settings = Translation { personas, registers, ..Translation::default() };
        let voices = Voices::new(&settings, &Mix::default());
        for walk in 0..50 {
            let persona = Persona::draw(7, WalkIndex(walk), &voices);
            assert_eq!(persona.label, "baker, formal");
        }
    }

    #[test]
    fn registers_with_a_quota_are_drawn_by_it() {
        let quotas = vec!["register=terse 60%".to_owned()];
        let mix = Mix { quotas, ..Mix::default() };
        let voices = Voices::new(&Translation::default(), &mix);
        let drawn = |register| {
            (0..2_000).filter(|&walk| voices.register(7, WalkIndex(walk)) == register).count()
        };
        assert!((1_100..1_300).contains(&drawn(Register::Terse)));
        assert!((140..260).contains(&drawn(Register::Formal)));
    }

    #[test]
    fn personas_hardly_ever_repeat() {
        let names: std::collections::BTreeSet<String> = (0..2_000)
            .map(|walk| Persona::draw(7, WalkIndex(walk), &Voices::default()).full_name())
            .collect();
        assert!(names.len() > 1_850, "{} different names of 2000", names.len());
    }
}
