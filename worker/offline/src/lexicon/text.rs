//! Text by topic.

use magnet_proto::rng::Rng;
use magnet_proto::shape::words;
use rand::RngExt;
use serde_json::Value;

use super::place::{Place, Side};
use super::said::speaks_of;
use super::setting::Setting;
use super::tables::{business, codes, leisure, people, prose};
use super::topic::Topic;
use super::{chance, ids, pick};

impl Setting<'_> {
    /// A text about a topic; numbers come out as their digits.
    pub(super) fn text(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        if topic == Topic::Price {
            let amount = self.number(topic, place, None, None, rng).as_f64().unwrap_or_default();
            return format!("{amount:.2}");
        }
        if topic.is_number() {
            return match self.number(topic, place, None, None, rng) {
                Value::String(text) => text,
                value => value.to_string(),
            };
        }
        if topic.is_time() {
            return self.moment(topic, place, rng);
        }
        if topic <= Topic::Landmark {
            return self.whereabouts(topic, place, rng);
        }
        if topic <= Topic::Industry {
            return self.someone(topic, place, rng);
        }
        if topic <= Topic::CardNumber {
            return self.code(topic, place, rng);
        }
        if topic <= Topic::Emoji {
            return self.thing(topic, place, rng);
        }
        self.words(topic, place, rng)
    }

    fn whereabouts(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        let city = self.city(place, rng);
        match topic {
            Topic::Country => city.country.name.into(),
            Topic::CountryCode
                if place.name.chars().any(char::is_uppercase) || !speaks_of(place, &["lower"]) =>
            {
                city.country.code.into()
            }
            Topic::CountryCode => city.country.code.to_lowercase(),
            Topic::Continent => city.country.continent.into(),
            Topic::Region => city.region.into(),
            Topic::RegionCode => city.region_code.into(),
            Topic::Location if chance(30, rng) => format!("{}, {}", city.name, city.country.name),
            Topic::Address => {
                format!("{}, {} {}", city.street(rng), city.postal_code(rng), city.name)
            }
            Topic::Street => city.street(rng),
            Topic::PostalCode => city.postal_code(rng),
            Topic::Coordinates => format!("{:.4},{:.4}", city.latitude, city.longitude),
            Topic::TimeZone => city.time_zone.into(),
            Topic::UtcOffset => city.utc_offset(),
            Topic::Landmark => pick(leisure::LANDMARKS, rng).into(),
            _ => city.name.into(),
        }
    }

    fn someone(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        let own = self.is_own(place);
        let (first, last) = self.person(place, rng);
        match topic {
            Topic::FirstName => first.into(),
            Topic::LastName => last.into(),
            Topic::Username if own => self.persona.username.clone(),
            Topic::Username => people::username(first, last, rng),
            Topic::Email if own => self.persona.email.clone(),
            Topic::Email => people::email(first, last, rng),
            Topic::Phone if own => self.persona.phone.clone(),
            Topic::Phone => self.city(place, rng).country.phone(rng),
            Topic::Password => {
                ids::fill(pick(&["@~~~~~~#~!", "~~~~@~~##~", "@~~~-~~##-~~~"], rng), rng)
            }
            Topic::Gender => pick(&["female", "male"], rng).into(),
            Topic::JobTitle => pick(business::JOBS, rng).into(),
            Topic::Department => pick(business::DEPARTMENTS, rng).into(),
            Topic::Biography => format!(
                "{} who likes {} and {}",
                pick(business::JOBS, rng),
                self.keyword(rng),
                self.keyword(rng)
            ),
            Topic::Relation => pick(prose::RELATIONS, rng).into(),
            Topic::Nationality => self.city(place, rng).country.nationality.into(),
            Topic::Company if own || place.side == Side::Argument && chance(25, rng) => {
                self.persona.employer.clone()
            }
            Topic::Company | Topic::Organization => business::company(rng),
            Topic::Team if place.name.contains("slug") => {
                format!("{}-team", pick(prose::SLUG_WORDS, rng))
            }
            Topic::Team => format!("{} team", pick(business::DEPARTMENTS, rng)),
            Topic::School => pick(business::SCHOOLS, rng).into(),
            Topic::University => pick(business::UNIVERSITIES, rng).into(),
            Topic::Hospital => pick(business::HOSPITALS, rng).into(),
            Topic::Bank => pick(business::BANKS, rng).into(),
            Topic::Store => pick(business::STORES, rng).into(),
            Topic::Industry => pick(business::INDUSTRIES, rng).into(),
            _ => format!("{first} {last}"),
        }
    }

    fn code(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        match topic {
            Topic::Url => self.url(place, rng),
            Topic::ImageUrl => format!(
                "https://{}/images/{}.jpg",
                business::domain(rng),
                ids::fill("~~~~~~~~", rng)
            ),
            Topic::Domain => business::domain(rng),
            Topic::IpAddress => format!(
                "{}.{}.{}.{}",
                rng.random_range(11..199),
                rng.random_range(0..255),
                rng.random_range(0..255),
                rng.random_range(1..254)
            ),
            Topic::MacAddress => ids::fill("xx:xx:xx:xx:xx:xx", rng),
            Topic::UserAgent => pick(codes::USER_AGENTS, rng).into(),
            Topic::FileName => file_name(rng),
            Topic::FilePath => {
                format!("/{}/{}", pick(prose::FOLDERS, rng).to_lowercase(), file_name(rng))
            }
            Topic::Folder => pick(prose::FOLDERS, rng).into(),
            Topic::MimeType => pick(codes::MIME_TYPES, rng).into(),
            Topic::FileFormat => pick(&["json", "pdf", "csv", "png", "mp3", "xml"], rng).into(),
            Topic::Html => format!("<p>{}</p>", self.sentence(rng)),
            Topic::Json => format!("{{\"topic\":\"{}\"}}", self.keyword(rng)),
            Topic::Uuid => ids::uuid(rng),
            Topic::Hash => ids::hex(if speaks_of(place, &["md5"]) { 32 } else { 40 }, rng),
            Topic::Commit => ids::hex(40, rng),
            Topic::Token => format!(
                "{}_{}",
                pick(&["tk", "sk", "ak"], rng),
                ids::fill("~~~~~~~~~~~~~~~~~~~~~~~~", rng)
            ),
            Topic::Cursor => ids::fill("@~~~@~~~@~~~~~~=", rng),
            Topic::Slug => {
                format!("{}-{}", pick(prose::SLUG_WORDS, rng), pick(business::REPO_SECOND, rng))
            }
            Topic::SecretName => pick(codes::SECRETS, rng).into(),
            Topic::Version => format!(
                "{}.{}.{}",
                rng.random_range(0..6),
                rng.random_range(0..20),
                rng.random_range(0..10)
            ),
            Topic::Repository if place.side == Side::Argument && chance(70, rng) => {
                self.persona.repository.clone()
            }
            Topic::Repository => business::repository(rng),
            Topic::Branch if chance(40, rng) => pick(prose::BRANCHES, rng).into(),
            Topic::Branch => {
                format!("{}/{}", pick(prose::BRANCH_VERBS, rng), business::repository(rng))
            }
            Topic::Label => pick(prose::LABELS, rng).into(),
            Topic::Hashtag => pick(prose::KEYWORDS, rng).replace(' ', ""),
            Topic::Handle if place.side == Side::Argument && chance(80, rng) => {
                self.persona.handle.clone()
            }
            Topic::Handle => business::handle(rng),
            Topic::License if place.name == "name" => self.row(codes::LICENSES, rng).1.into(),
            Topic::License => self.row(codes::LICENSES, rng).0.into(),
            _ => self.trade_code(topic, place, rng),
        }
    }

    fn trade_code(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> String {
        match topic {
            Topic::Airport => self.city(place, rng).airport.into(),
            Topic::Airline if wants_code(place) => self.row(codes::AIRLINES, rng).0.into(),
            Topic::Airline => self.row(codes::AIRLINES, rng).1.into(),
            Topic::Flight => {
                format!("{}{}", self.row(codes::AIRLINES, rng).0, rng.random_range(100..2_000))
            }
            Topic::Station => format!(
                "{} {}",
                self.city(place, rng).name,
                pick(&["Central", "Main Station", "North"], rng)
            ),
            Topic::Train => {
                format!("{}-{}", pick(codes::TRAINS, rng), rng.random_range(500..99_000))
            }
            Topic::Currency => self.currency(rng).into(),
            Topic::Language => pick_row(codes::LANGUAGES, rng).0.into(),
            Topic::LanguageCode => pick_row(codes::LANGUAGES, rng).1.into(),
            Topic::Locale => pick(codes::LOCALES, rng).into(),
            Topic::Ticker => self.row(codes::STOCKS, rng).0.into(),
            Topic::Isin => self.row(codes::STOCKS, rng).3.into(),
            Topic::Exchange => self.row(codes::STOCKS, rng).2.into(),
            Topic::DialCode => self.city(place, rng).country.dial.into(),
            Topic::CryptoCoin if wants_code(place) => self.row(codes::COINS, rng).0.into(),
            Topic::CryptoCoin => self.row(codes::COINS, rng).1.to_lowercase(),
            Topic::Barcode => ids::fill("4############", rng),
            Topic::Isbn => ids::fill("978##########", rng),
            Topic::Sku => ids::fill("@@-####-@", rng),
            Topic::LicensePlate => ids::fill("@@ ### @@", rng),
            Topic::Vin => ids::fill("@@@##@##@@#######", rng),
            Topic::BloodType => pick(codes::BLOOD_TYPES, rng).into(),
            Topic::Coupon => format!(
                "{}{}",
                pick(&["SAVE", "WELCOME", "SPRING", "TAKE"], rng),
                rng.random_range(1..8) * 5
            ),
            Topic::TrackingNumber => ids::fill("@@#########@@", rng),
            Topic::AccountNumber => ids::fill("##########", rng),
            Topic::CardNumber => format!("4{}", ids::fill("### #### #### ####", rng)),
            Topic::Code if speaks_of(place, &["status", "http"]) => "200".into(),
            Topic::Code if speaks_of(place, &["verif", "otp", "digit"]) => ids::fill("######", rng),
            Topic::Code => ids::fill("@@@##", rng),
            _ => self.identifier(place, rng),
        }
    }

    /// An id with a prefix that tells what it identifies: `BK-48213`.
    fn identifier(&mut self, place: &Place<'_>, rng: &mut Rng) -> String {
        let noun = super::noun::identified(place);
        if noun == "ghsa" {
            return ids::fill("GHSA-~~~~-~~~~-~~~~", rng);
        }
        let mut letters = noun.chars().filter(char::is_ascii_alphabetic);
        let prefix: String = match (letters.next(), letters.find(|c| !"aeiou".contains(*c))) {
            (Some(first), Some(second)) => [first, second].iter().collect(),
            _ => "id".into(),
        };
        // The same noun is numbered the same way everywhere.
        match noun.bytes().map(usize::from).sum::<usize>() % 4 {
            0 => format!("{}{}", prefix.to_uppercase(), ids::fill("######", rng)),
            1 => format!("{prefix}_{}", ids::fill("~~~~~~~~", rng)),
            _ => format!("{}-{}", prefix.to_uppercase(), ids::fill("#####", rng)),
        }
    }

    fn url(&mut self, place: &Place<'_>, rng: &mut Rng) -> String {
        if speaks_of(place, &["image", "photo", "picture"]) {
            return format!(
                "https://{}/images/{}.jpg",
                business::domain(rng),
                ids::fill("~~~~~~~~", rng)
            );
        }
        if speaks_of(place, &["video", "youtube"]) {
            return format!(
                "https://video.{}/watch/{}",
                business::domain(rng),
                ids::fill("~~~~~~~~~~~", rng)
            );
        }
        let slug = pick(prose::KEYWORDS, rng).replace(' ', "-");
        let owner: Vec<String> = words(place.name).collect();
        match owner.first().map(String::as_str) {
            Some("webhook" | "callback" | "hooks") => {
                format!("https://hooks.{}/{}", business::domain(rng), slug)
            }
            Some("homepage" | "website" | "blog") => {
                format!("https://www.{}", business::domain(rng))
            }
            _ => format!("https://{}/{slug}", business::domain(rng)),
        }
    }
}

impl Topic {
    /// Whether its values are numbers wherever the schema leaves it open.
    pub(super) fn is_number(self) -> bool {
        (Self::Price..=Self::Level).contains(&self)
            || matches!(
                self,
                Self::Latitude
                    | Self::Longitude
                    | Self::Age
                    | Self::Timestamp
                    | Self::Year
                    | Self::Day
                    | Self::Duration
                    | Self::Port
                    | Self::SomeNumber
            )
    }

    pub(crate) fn is_time(self) -> bool {
        (Self::Date..=Self::Interval).contains(&self)
    }
}

fn wants_code(place: &Place<'_>) -> bool {
    let name = place.name.to_ascii_lowercase();
    ["code", "symbol", "ticker", "iata", "coin"].iter().any(|cue| name.contains(cue))
}

pub(super) fn pick_row<'t, T>(table: &'t [T], rng: &mut Rng) -> &'t T {
    &table[rng.random_range(0..table.len())]
}

fn file_name(rng: &mut Rng) -> String {
    let stem = pick(prose::FILE_STEMS, rng);
    let extension = pick(prose::EXTENSIONS, rng);
    match rng.random_range(0..3) {
        0 => format!("{stem}_{}.{extension}", rng.random_range(2022..2028)),
        1 => format!("{stem}_v{}.{extension}", rng.random_range(2..9)),
        _ => format!("{stem}.{extension}"),
    }
}
