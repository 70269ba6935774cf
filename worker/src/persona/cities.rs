//! Cities and their countries: rows whose columns agree with each other.

use std::sync::LazyLock;

use magnet_proto::rng::Rng;
use rand::RngExt;

use super::ids;

/// A country.
#[derive(Debug, PartialEq)]
pub struct Country {
    /// ISO 3166 alpha-2.
    pub code: &'static str,
    pub name: &'static str,
    pub currency: &'static str,
    pub language: &'static str,
    /// ISO 639-1.
    pub language_code: &'static str,
    /// With its plus sign.
    pub dial: &'static str,
    phone: &'static str,
    postal: &'static str,
    pub nationality: &'static str,
    pub continent: &'static str,
    street: &'static str,
}

/// A city with an airport.
#[derive(Debug, PartialEq)]
pub struct City {
    pub name: &'static str,
    pub country: &'static Country,
    pub region: &'static str,
    pub region_code: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    /// IATA code.
    pub airport: &'static str,
    pub time_zone: &'static str,
    pub utc_offset_minutes: i32,
    pub currency: &'static str,
}

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    rows::<11>(include_str!("countries.txt"))
        .map(
            |[
                code,
                name,
                currency,
                language,
                language_code,
                dial,
                phone,
                postal,
                nationality,
                continent,
                street,
            ]| {
                Country {
                    code,
                    name,
                    currency,
                    language,
                    language_code,
                    dial,
                    phone,
                    postal,
                    nationality,
                    continent,
                    street,
                }
            },
        )
        .collect()
});

static CITIES: LazyLock<Vec<City>> = LazyLock::new(|| {
    rows::<9>(include_str!("cities.txt"))
        .filter_map(|[name, country, region, region_code, lat, lon, airport, time_zone, offset]| {
            let country = COUNTRIES.iter().find(|row| row.code == country)?;
            Some(City {
                name,
                country,
                region,
                region_code,
                latitude: lat.parse().ok()?,
                longitude: lon.parse().ok()?,
                airport,
                time_zone,
                utc_offset_minutes: offset.parse().ok()?,
                currency: country.currency,
            })
        })
        .collect()
});

/// Every city, in the table's order.
pub fn cities() -> &'static [City] {
    &CITIES
}

/// Every country, in the table's order.
pub fn countries() -> &'static [Country] {
    &COUNTRIES
}

fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('|').collect::<Vec<_>>().try_into().ok())
}

impl City {
    pub fn draw(rng: &mut Rng) -> &'static Self {
        &CITIES[rng.random_range(0..CITIES.len())]
    }

    /// The city of that name, airport code included.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.split(',').next().unwrap_or(name).trim();
        CITIES.iter().find(|city| city.name.eq_ignore_ascii_case(name) || city.airport == name)
    }

    /// The city that a postal address ends with.
    pub fn of_address(address: &str) -> Option<&'static Self> {
        let addressed = address.contains(", ") && address.bytes().any(|byte| byte.is_ascii_digit());
        CITIES.iter().find(|city| addressed && address.ends_with(city.name))
    }

    /// A postal code in the country's form.
    pub fn postal_code(&self, rng: &mut Rng) -> String {
        ids::fill(self.country.postal, rng)
    }

    /// A street and house number in the country's order.
    pub fn street(&self, rng: &mut Rng) -> String {
        let number = rng.random_range(1..200);
        let name = |names: &[&'static str], rng: &mut Rng| super::pick(names, rng);
        match self.country.street {
            "n rue" => format!("{number} {}", name(FRENCH, rng)),
            "strasse n" => format!("{} {number}", name(GERMAN, rng)),
            "via n" => format!("{} {number}", name(ITALIAN, rng)),
            "calle n" => format!("{} {number}", name(SPANISH, rng)),
            "rua n" => format!("{}, {number}", name(PORTUGUESE, rng)),
            "straat n" => format!("{} {number}", name(DUTCH, rng)),
            "n Road" => format!("{number} {} Road", name(ENGLISH, rng)),
            "n Street" if number % 3 == 0 => format!("{number} {} Avenue", name(ENGLISH, rng)),
            "n Street" => format!("{number} {} Street", name(ENGLISH, rng)),
            _ => format!("{} {number}", name(NORDIC, rng)),
        }
    }

    /// The UTC offset as `+05:30`.
    pub fn utc_offset(&self) -> String {
        let minutes = self.utc_offset_minutes;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

impl Country {
    /// A phone number with the country's dial code, digits only after the plus.
    pub fn phone(&self, rng: &mut Rng) -> String {
        let mut number = self.dial.to_owned();
        if self.dial == "+1" {
            number.push_str(super::pick(&["212", "415", "503", "617", "604", "312"], rng));
            number.push_str(&ids::fill("555####", rng));
        } else {
            number.push_str(&ids::fill(self.phone, rng));
        }
        number
    }
}

const ENGLISH: &[&str] = &[
    "Maple", "Oak", "Cedar", "Elm", "Park", "Lake", "Hill", "Church", "Station", "Mill", "River",
    "Garden", "Market", "Victoria", "Bridge", "Orchard", "Harbour", "Willow", "Chestnut", "Albert",
    "Spring", "Highland", "Franklin", "Union", "Walnut",
];
const FRENCH: &[&str] = &[
    "rue de la Paix", "rue Victor Hugo", "avenue Jean Jaurès", "rue du Moulin", "rue des Lilas",
    "boulevard Voltaire", "rue de la Gare", "quai des Tanneurs", "rue Pasteur", "place du Marché",
];
const GERMAN: &[&str] = &[
    "Hauptstrasse", "Bahnhofstrasse", "Gartenweg", "Lindenallee", "Schillerstrasse", "Bergstrasse",
    "Kirchgasse", "Goethestrasse", "Seestrasse", "Am Markt",
];
const ITALIAN: &[&str] = &[
    "Via Roma", "Via Garibaldi", "Via Dante", "Corso Italia", "Via Mazzini", "Via Verdi",
    "Via dei Mille", "Viale Europa",
];
const SPANISH: &[&str] = &[
    "Calle Mayor", "Calle del Sol", "Avenida de la Paz", "Calle Real", "Calle San Juan",
    "Avenida Central", "Calle Luna", "Paseo del Prado",
];
const PORTUGUESE: &[&str] = &[
    "Rua das Flores", "Rua Augusta", "Avenida da Liberdade", "Rua do Comércio", "Rua Nova",
    "Avenida Brasil",
];
const DUTCH: &[&str] =
    &["Kerkstraat", "Dorpsstraat", "Molenweg", "Stationsplein", "Prinsengracht", "Schoolstraat"];
const NORDIC: &[&str] = &[
    "Storgata", "Kongens gate", "Parkveien", "Skolegata", "Havnegata", "Kirkeveien", "Strandgata",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(countries().len(), lines(include_str!("countries.txt")));
        assert_eq!(cities().len(), lines(include_str!("cities.txt")));
    }
}
