//! Names of things by topic, words and sentences.

use magnet_proto::rng::Rng;
use rand::RngExt;

use super::calendar::WEEKDAYS;
use super::place::{Place, Side};
use super::said::speaks_of;
use super::setting::Setting;
use super::tables::{culture, leisure, people, prose, things};
use super::topic::Topic;
use super::{chance, pick, terms};

impl Setting<'_> {
    pub(super) fn thing(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        let table: &[&str] = match topic {
            Topic::Brand => things::BRANDS,
            Topic::Category => things::CATEGORIES,
            Topic::ClothingSize => things::SIZES,
            Topic::Material => things::MATERIALS,
            Topic::Show => culture::SHOWS,
            Topic::Game => culture::GAMES,
            Topic::Genre => culture::GENRES,
            Topic::Dish | Topic::Recipe => leisure::DISHES,
            Topic::Cuisine => leisure::CUISINES,
            Topic::Ingredient => leisure::INGREDIENTS,
            Topic::Diet => leisure::DIETS,
            Topic::Allergen => leisure::ALLERGENS,
            Topic::Amenity => leisure::AMENITIES,
            Topic::RoomType => leisure::ROOM_TYPES,
            Topic::CabinClass => leisure::CABINS,
            Topic::Vehicle => things::VEHICLES,
            Topic::Course => things::COURSES,
            Topic::Subject => things::SUBJECTS,
            Topic::Symptom => things::SYMPTOMS,
            Topic::Disease => things::DISEASES,
            Topic::Medicine => things::MEDICINES,
            Topic::Specialty => things::SPECIALTIES,
            Topic::Event => things::EVENTS,
            Topic::Project => things::PROJECTS,
            Topic::Task => things::TASKS,
            Topic::Device => things::DEVICES,
            Topic::Animal => things::ANIMALS,
            Topic::Breed => things::BREEDS,
            Topic::Plant => things::PLANTS,
            Topic::Exercise => things::EXERCISES,
            Topic::Instrument => culture::INSTRUMENTS,
            Topic::Holiday => culture::HOLIDAYS,
            Topic::Zodiac => culture::ZODIAC,
            Topic::Weather => things::WEATHER,
            Topic::Channel => things::CHANNELS,
            Topic::Podcast => culture::PODCASTS,
            Topic::Emoji => things::EMOJI,
            _ => return self.made_up(topic, place, rng),
        };
        pick(table, rng).to_owned()
    }

    fn made_up(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        let joined = |first: &[&str], second: &[&str], rng: &mut Rng| {
            format!("{} {}", pick(first, rng), pick(second, rng))
        };
        match topic {
            Topic::Product => joined(things::PRODUCT_QUALITIES, things::PRODUCTS, rng),
            Topic::Color => self.row(things::COLORS, rng).0.into(),
            Topic::HexColor if speaks_of(place, &["#"]) => {
                format!("#{}", self.row(things::COLORS, rng).1)
            }
            Topic::HexColor => self.row(things::COLORS, rng).1.into(),
            Topic::Movie => self.row(culture::MOVIES, rng).0.into(),
            Topic::Song => self.row(culture::SONGS, rng).0.into(),
            Topic::Artist => self.row(culture::SONGS, rng).1.into(),
            Topic::Album => self.row(culture::SONGS, rng).2.into(),
            Topic::Book => self.row(culture::BOOKS, rng).0.into(),
            Topic::Author if place.parent.is_empty() => self.row(culture::BOOKS, rng).1.into(),
            Topic::Sport if place.side == Side::Argument => pick(culture::SPORTS, rng).into(),
            Topic::Sport => self.league(rng).0.into(),
            Topic::League => self.league(rng).1.into(),
            Topic::SportsTeam => pick(self.league(rng).2, rng).into(),
            Topic::Season => format!("{}", self.persona.today.civil().0 - rng.random_range(0..4)),
            Topic::Restaurant => joined(leisure::RESTAURANT_FIRST, leisure::RESTAURANT_SECOND, rng),
            Topic::Hotel => joined(leisure::HOTEL_FIRST, leisure::HOTEL_SECOND, rng),
            Topic::Seat => {
                format!("{}{}", rng.random_range(1..38), pick(&["A", "B", "C", "D", "E", "F"], rng))
            }
            Topic::CarModel => {
                let (make, model) = self.row(things::CARS, rng);
                format!("{make} {model}")
            }
            Topic::Doctor => format!("Dr. {}", people::last_name(rng)),
            _ => people::full_name(rng),
        }
    }

    pub(super) fn words(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        match topic {
            Topic::Query => self.query(place, rng),
            Topic::Keyword | Topic::Topic => self.keyword(rng).into(),
            Topic::Title => self.fill(pick(prose::TITLES, rng), rng),
            Topic::Message => self.sentence(rng),
            Topic::Description => self.fill(pick(prose::DESCRIPTIONS, rng), rng),
            Topic::Comment | Topic::Answer => pick(prose::COMMENTS, rng).into(),
            Topic::Note => {
                let clause = self.fill(pick(prose::CLAUSES, rng), rng);
                let mut chars = clause.chars();
                chars
                    .next()
                    .map_or_else(String::new, |c| format!("{}{}", c.to_uppercase(), chars.as_str()))
            }
            Topic::Reason => pick(prose::REASONS, rng).into(),
            Topic::Question => pick(prose::QUESTIONS, rng).into(),
            Topic::Quote => pick(prose::QUOTES, rng).into(),
            Topic::Word => pick(prose::WORDS, rng).into(),
            Topic::Tag => pick(prose::TAGS, rng).into(),
            Topic::Expression => pick(prose::EXPRESSIONS, rng).into(),
            Topic::Unit => pick(super::tables::codes::UNITS, rng).into(),
            Topic::SortField => pick(prose::SORT_FIELDS, rng).into(),
            Topic::Direction => pick(&["asc", "desc"], rng).into(),
            Topic::Status if place.side == Side::Output => self.status(place, rng),
            Topic::Status => pick(prose::NICE_STATUSES, rng).into(),
            Topic::Priority => pick(prose::PRIORITIES, rng).into(),
            Topic::Severity => pick(prose::SEVERITIES, rng).into(),
            Topic::Role => pick(prose::ROLES, rng).into(),
            Topic::PaymentMethod => pick(prose::PAYMENT_METHODS, rng).into(),
            Topic::Kind | Topic::Mode => self.kind(topic, rng),
            Topic::Term => {
                let name: Vec<String> = magnet_proto::shape::words(place.name).collect();
                let name: Vec<&str> = name.iter().map(String::as_str).collect();
                match terms::of_name(&name) {
                    Some(terms) => pick(terms, rng).into(),
                    None => self.unknown(place, rng),
                }
            }
            Topic::Flag => (if chance(50, rng) { "true" } else { "false" }).into(),
            Topic::Success => "true".into(),
            Topic::Error => String::new(),
            _ => self.unknown(place, rng),
        }
    }

    /// What a person would type into that function's search box.
    fn query(&mut self, place: &Place<'_>, rng: &mut Rng) -> String {
        use magnet_proto::shape::words;
        let about = [&place.function.category, &place.function.class, &place.function.name];
        let searched: Option<Topic> =
            about.into_iter().flat_map(|text| words(text).collect::<Vec<_>>()).find_map(|word| {
                Some(match word.as_str() {
                    "movie" | "movies" | "film" | "ott" | "imdb" => Topic::Movie,
                    "tv" | "shows" | "streaming" => Topic::Show,
                    "music" | "song" | "songs" | "lyrics" | "spotify" => Topic::Song,
                    "artist" | "artists" => Topic::Artist,
                    "book" | "books" | "library" => Topic::Book,
                    "recipe" | "recipes" | "food" | "meal" => Topic::Dish,
                    "restaurant" | "restaurants" => Topic::Cuisine,
                    "product" | "products" | "shopping" | "commerce" | "ecommerce" | "amazon" => {
                        Topic::Product
                    }
                    "job" | "jobs" => Topic::JobTitle,
                    "weather" | "location" | "city" | "hotel" | "hotels" | "places" | "travel" => {
                        Topic::City
                    }
                    "stock" | "stocks" | "finance" => Topic::Ticker,
                    "repository" | "repositories" | "repos" => Topic::Repository,
                    "team" | "teams" => Topic::SportsTeam,
                    "game" | "games" | "gaming" => Topic::Game,
                    "dictionary" | "word" | "words" => Topic::Word,
                    _ => return None,
                })
            });
        match searched {
            Some(topic) => self.text(topic, place, rng),
            None => self.keyword(rng).into(),
        }
    }

    fn status(&mut self, place: &Place<'_>, rng: &mut Rng) -> String {
        let words = place.shape.description.to_ascii_lowercase();
        if words.contains("success")
            || place.parent.is_empty() && place.name.eq_ignore_ascii_case("status")
        {
            return "success".into();
        }
        if words.contains("ok ") { "ok".into() } else { pick(prose::NICE_STATUSES, rng).into() }
    }

    fn kind(&mut self, topic: Topic, rng: &mut Rng) -> String {
        match topic {
            Topic::Mode => pick(&["driving", "walking", "transit", "cycling"], rng).into(),
            _ => pick(
                &["standard", "basic", "premium", "regular", "public", "private", "general"],
                rng,
            )
            .into(),
        }
    }

    /// Text nothing is known about: short for a short name, longer where a
    /// description says that there is more to it.
    fn unknown(&mut self, place: &Place<'_>, rng: &mut Rng) -> String {
        match (place.side, place.shape.description.len()) {
            _ if place.name.len() <= 4 => pick(prose::WORDS, rng).into(),
            (Side::Output, 40..) => self.fill(pick(prose::DESCRIPTIONS, rng), rng),
            _ => self.keyword(rng).into(),
        }
    }

    /// One or two sentences a person could have written.
    pub(super) fn sentence(&mut self, rng: &mut Rng) -> String {
        let opening = self.fill(pick(prose::OPENINGS, rng), rng);
        let clause = self.fill(pick(prose::CLAUSES, rng), rng);
        if chance(40, rng) {
            let other = self.fill(pick(prose::CLAUSES, rng), rng);
            return format!("{opening} {clause}, and {other}.");
        }
        format!("{opening} {clause}.")
    }

    /// Fills `{matter}`, `{name}`, `{weekday}`.
    fn fill(&mut self, template: &str, rng: &mut Rng) -> String {
        let mut text = String::with_capacity(template.len() + 16);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(match slot {
                "matter" => pick(prose::MATTERS, rng),
                "weekday" => pick(&WEEKDAYS[..5], rng),
                _ => people::first_name(rng),
            });
            rest = after;
        }
        text.push_str(rest);
        text
    }

    pub(crate) fn long_text(&mut self, sentences: usize, rng: &mut Rng) -> String {
        let sentences: Vec<String> = (0..sentences).map(|_| self.sentence(rng)).collect();
        sentences.join(" ")
    }
}
