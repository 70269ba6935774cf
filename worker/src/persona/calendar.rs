//! Civil dates and times of day, enough to draw and compare them.
//!
//! No clock: "today" is drawn with the persona. Proleptic Gregorian, no time
//! zones, no leap seconds.

use std::fmt;

/// A day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

/// A minute of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(u16);

pub const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
];

pub const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Date {
    /// The day with that year, month (1–12) and day of the month; a day or
    /// month out of range carries over into the neighbouring ones.
    pub fn new(year: i64, month: i64, day: i64) -> Self {
        let years = year + (month - 1).div_euclid(12);
        let month = (month - 1).rem_euclid(12) + 1;
        // Counting from 1 March puts the leap day at a year's end.
        let shifted = if month <= 2 { years - 1 } else { years };
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
        let days = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
        Self(era * 146_097 + days - 719_468 + day - 1)
    }

    /// Year, month (1–12), day (1–31).
    pub fn civil(self) -> (i64, i64, i64) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day)
    }

    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Whole days from `earlier` to this day.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    pub fn weekday(self) -> &'static str {
        WEEKDAYS[(self.0 + 3).rem_euclid(7) as usize]
    }

    pub fn month_name(self) -> &'static str {
        MONTHS[(self.civil().1 - 1) as usize]
    }

    /// Seconds from 1970-01-01T00:00:00Z to that minute of the day.
    pub fn epoch_seconds(self, minute: Minute) -> i64 {
        self.0 * 86_400 + i64::from(minute.0) * 60
    }

    /// Reads `YYYY-MM-DD` at the start of a text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let date = Self::new(year, month, day);
        (date.civil() == (year, month, day)).then_some(date)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Minute {
    pub const fn new(hour: u16, minute: u16) -> Self {
        Self((hour * 60 + minute) % 1_440)
    }

    pub fn hour(self) -> u16 {
        self.0 / 60
    }

    pub fn minute(self) -> u16 {
        self.0 % 60
    }

    /// That many minutes later, and how many days later that is.
    pub fn plus(self, minutes: i64) -> (Self, i64) {
        let total = i64::from(self.0) + minutes;
        (Self(total.rem_euclid(1_440) as u16), total.div_euclid(1_440))
    }

    /// Reads `H:MM` or `HH:MM`, seconds allowed, at the start of a text.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, rest) = text.split_once(':')?;
        let hour: u16 = hour.parse().ok()?;
        let minute: u16 = rest.get(..2)?.parse().ok()?;
        (hour < 24 && minute < 60).then(|| Self::new(hour, minute))
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_date_survives_its_text(days in -200_000i64..200_000) {
            let date = Date::new(1970, 1, 1).plus_days(days);
            let (year, month, day) = date.civil();
            prop_assert_eq!(Date::new(year, month, day), date);
            if (1000..9999).contains(&year) {
                prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
            }
        }
    }

    #[test]
    fn known_days_are_right() {
        let day = Date::parse("2024-03-14").unwrap();
        assert_eq!(day.weekday(), "Thursday");
        assert_eq!(day.plus_days(-14).to_string(), "2024-02-29");
        assert_eq!(day.epoch_seconds(Minute::new(8, 31)), 1_710_405_060);
        assert_eq!(Date::parse("2023-02-29"), None);
    }
}
