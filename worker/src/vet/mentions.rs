//! Finding a value in what a person wrote.
//!
//! Strings are found as they stand, whatever their case; dates and times also
//! in the forms people use; numbers in digits, with or without thousands
//! separators, or as small number words; telephone numbers whatever their
//! spacing; codes and values of enumerations by the words for them. A find lies
//! on word borders: 3 is not in "13:30".

use serde_json::Value;

use super::spoken;

/// A message prepared for searching.
#[derive(Clone, Debug)]
pub struct Text {
    /// Lower case, one `char` for each of the original.
    chars: Vec<char>,
    lower: String,
}

/// A find in characters, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

const MONTHS: [&str; 12] = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
];

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

impl Text {
    pub fn new(text: &str) -> Self {
        // One lower-case char for each char keeps spans those of the original.
        let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
        let chars: Vec<char> = text.chars().map(lower).collect();
        Self { lower: chars.iter().collect(), chars }
    }

    /// Where the scalar stands, if it does.
    pub fn find(&self, value: &Value) -> Option<Span> {
        match value {
            Value::String(text) => self.find_string(text),
            Value::Number(number) => self.find_number(number),
            _ => None,
        }
    }

    fn find_string(&self, value: &str) -> Option<Span> {
        let value = value.trim();
        if value.is_empty() {
            return None;
        }
        self.find_word(&value.to_lowercase())
            .or_else(|| value.contains('_').then(|| self.find_word(&spaced(value)))?)
            .or_else(|| self.find_moment(value))
            .or_else(|| self.find_phone(value))
            .or_else(|| self.find_number(&value.parse().ok()?))
            .or_else(|| spoken::names(value).iter().find_map(|name| self.find_word(name)))
            .or_else(|| self.find_bent(&spoken::of_enumeration(value)))
    }

    /// Words next to each other, each in any of its forms.
    fn find_bent(&self, wanted: &[String]) -> Option<Span> {
        if wanted.is_empty() {
            return None;
        }
        let mut said: Vec<(Span, String)> = Vec::new();
        let mut is_open = false;
        for (at, &c) in self.chars.iter().enumerate() {
            let end = at as u32 + 1;
            match said.last_mut().filter(|_| is_open && c.is_alphanumeric()) {
                Some((span, word)) => {
                    word.push(c);
                    span.end = end;
                }
                None if c.is_alphanumeric() => {
                    said.push((Span { start: at as u32, end }, c.to_string()));
                }
                None => {}
            }
            is_open = c.is_alphanumeric();
        }
        let found = said.windows(wanted.len()).find(|window| {
            let mut pairs = window.iter().zip(wanted);
            pairs.all(|((_, said), word)| spoken::is_form_of(said, word))
        })?;
        Some(Span { start: found.first()?.0.start, end: found.last()?.0.end })
    }

    /// Whether a day is said together with its year, in this text or at all.
    pub fn says_year_of(&self, value: &str) -> bool {
        date_parts(value).is_none_or(|(year, ..)| self.find_word(&year.to_string()).is_some())
    }

    fn find_number(&self, number: &serde_json::Number) -> Option<Span> {
        let plain = number.to_string();
        let plain = plain.strip_suffix(".0").unwrap_or(&plain);
        let word = number.as_u64().and_then(|n| NUMBERS.get(n as usize));
        let padded = plain.split_once('.').filter(|(_, cents)| cents.len() == 1);
        let padded = padded.map(|_| format!("{plain}0"));
        self.find_word(plain)
            .or_else(|| self.find_word(padded.as_deref()?))
            .or_else(|| self.find_word(&thousands(plain)?))
            .or_else(|| self.find_word(&thousands(padded.as_deref()?)?))
            .or_else(|| self.find_word(word?))
            .or_else(|| self.find_share(number.as_f64()?))
    }

    /// A share below 1 as people say it: "7.75 percent" for 0.0775.
    fn find_share(&self, share: f64) -> Option<Span> {
        if !(share > 0.0 && share < 1.0) {
            return None;
        }
        let percent = format!("{:.4}", share * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        let forms = [" percent", " per cent", "%", " %"].map(|sign| format!("{percent}{sign}"));
        forms.iter().find_map(|form| self.find_word(form))
    }

    /// ISO dates, times and date-times in the forms people write.
    fn find_moment(&self, value: &str) -> Option<Span> {
        if let Some((date, time)) = value.split_once(['T', ' ']) {
            let date = self.find_date(date)?;
            // Midnight stands for the whole day.
            let is_said = time.starts_with("00:00") || self.find_time(time).is_some();
            return is_said.then_some(date);
        }
        self.find_date(value).or_else(|| self.find_time(value))
    }

    fn find_date(&self, value: &str) -> Option<Span> {
        if let Some(span) = self.find_word(&value.to_lowercase()) {
            return Some(span);
        }
        let (year, month, day) = date_parts(value)?;
        let name = *MONTHS.get(month.checked_sub(1)? as usize)?;
        let months = [name, &name[..3], if month == 9 { "sept" } else { name }];
        let days = [day.to_string(), ordinal(day)];
        let pairs = || months.iter().flat_map(|month| days.iter().map(move |day| (day, month)));
        let whole = pairs().flat_map(|(day, month)| {
            [
                format!("{day} {month} {year}"),
                format!("{day} of {month} {year}"),
                format!("{month} {day}, {year}"),
                format!("{month} {day} {year}"),
            ]
        });
        let without_year = pairs().flat_map(|(day, month)| {
            [format!("{day} {month}"), format!("{day} of {month}"), format!("{month} {day}")]
        });
        let mut forms = whole.chain(without_year).chain([format!("{month}/{day}/{year}")]);
        forms.find_map(|form| self.find_word(&form))
    }

    fn find_time(&self, value: &str) -> Option<Span> {
        let mut parts = value.trim_end_matches('Z').split(':');
        let hour: u32 = parts.next()?.parse().ok()?;
        let minute: u32 = parts.next()?.get(..2)?.parse().ok()?;
        let (half, twelve) = (if hour < 12 { "am" } else { "pm" }, (hour + 11) % 12 + 1);
        let mut forms = vec![
            format!("{hour:02}:{minute:02}"),
            format!("{hour}:{minute:02}"),
            format!("{twelve}:{minute:02} {half}"),
            format!("{twelve}:{minute:02}{half}"),
        ];
        if minute == 0 {
            forms.push(format!("{twelve} {half}"));
            forms.push(format!("{twelve}{half}"));
        }
        forms.iter().find_map(|form| self.find_word(form))
    }

    fn find_phone(&self, value: &str) -> Option<Span> {
        let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
        let phone_like = |c: char| c.is_ascii_digit() || " +-().".contains(c);
        if digits.len() < 7 || !value.chars().all(phone_like) {
            return None;
        }
        let starts = self.chars.iter().enumerate().filter(|(_, c)| **c == digits[0]);
        starts.map(|(start, _)| start).find_map(|start| {
            let mut left = digits.iter().peekable();
            for (at, &c) in self.chars.iter().enumerate().skip(start) {
                if left.next_if(|digit| **digit == c).is_none()
                    && (!phone_like(c) || c.is_ascii_digit())
                {
                    return None;
                }
                if left.peek().is_none() {
                    return Some(Span { start: start as u32, end: at as u32 + 1 });
                }
            }
            None
        })
    }

    /// A literal on word borders.
    pub fn find_word(&self, needle: &str) -> Option<Span> {
        if needle.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(found) = self.lower.get(from..)?.find(needle) {
            let start_byte = from + found;
            let start = self.lower[..start_byte].chars().count();
            let end = start + needle.chars().count();
            if self.on_borders(start, end) {
                return Some(Span { start: start as u32, end: end as u32 });
            }
            from = start_byte + needle.chars().next().map_or(1, char::len_utf8);
        }
        None
    }

    fn on_borders(&self, start: usize, end: usize) -> bool {
        let joined = |before: usize, after: usize| {
            let (Some(&left), Some(&right)) = (self.chars.get(before), self.chars.get(after))
            else {
                return false;
            };
            let beyond = self.chars.get(after + 1);
            let fraction = left.is_ascii_digit()
                && ".,:".contains(right)
                && beyond.is_some_and(char::is_ascii_digit);
            (left.is_alphanumeric() && right.is_alphanumeric()) || fraction
        };
        let inside_number = start >= 2
            && self.chars[start].is_ascii_digit()
            && ".,:".contains(self.chars[start - 1])
            && self.chars[start - 2].is_ascii_digit();
        let runs_on = (start > 0 && joined(start - 1, start)) || joined(end - 1, end);
        !runs_on && !inside_number
    }
}

fn spaced(value: &str) -> String {
    value.to_lowercase().replace('_', " ")
}

fn date_parts(value: &str) -> Option<(u32, u32, u32)> {
    let mut parts = value.get(..10).filter(|_| value.len() == 10)?.split('-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Some((year, month, day))
}

/// "1st", "22nd", "13th".
fn ordinal(day: u32) -> String {
    let ending = match (day % 10, day / 10) {
        (1, 0 | 2 | 3) => "st",
        (2, 0 | 2) => "nd",
        (3, 0 | 2) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// `1234567` as `1,234,567`; none for a number of three digits or fewer.
fn thousands(plain: &str) -> Option<String> {
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    if whole.len() < 4 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    Some(grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, value: Value, expected: Option<&str>) {
        let found = Text::new(text).find(&value);
        let word = found.map(|span| {
            text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect()
        });
        assert_eq!(word, expected.map(str::to_owned), "{value} in {text:?}");
    }

    #[test]
    fn strings_stand_on_word_borders_in_any_case() {
        check("From geneva, please", json!("Geneva"), Some("geneva"));
        check("Genevans only", json!("Geneva"), None);
        check("a first class seat", json!("first_class"), Some("first class"));
        check("Café Zoë at six", json!("café zoë"), Some("Café Zoë"));
    }

    #[test]
    fn numbers_are_found_in_digits_groups_and_words() {
        check("at 13:30", json!(3), None);
        check("for 3.5 euros", json!(3), None);
        check("for 3.5 euros", json!(5), None);
        check("about 1,250 of them.", json!(1250), Some("1,250"));
        check("31.50 francs", json!(31.5), Some("31.50"));
        check("1,642.10 dollars", json!(1642.1), Some("1,642.10"));
        check("at 7.75 percent a year", json!(0.0775), Some("7.75 percent"));
        check("about 30% of it", json!(0.3), Some("30%"));
        check("30 of them", json!(0.3), None);
        check("just three, thanks", json!(3), Some("three"));
        check("it is 12.", json!(12), Some("12"));
        check("order 96508", json!("96508"), Some("96508"));
    }

    #[test]
    fn dates_and_times_are_found_as_people_write_them() {
        check("on Thursday, 14 March 2026", json!("2026-03-14"), Some("14 March 2026"));
        check("on March 14, 2026", json!("2026-03-14"), Some("March 14, 2026"));
        check("on August 8th", json!("2025-08-08"), Some("August 8th"));
        check("the 22nd of Sept", json!("2025-09-22"), Some("22nd of Sept"));
        check("on August 8th", json!("2025-08-18"), None);
        check("at 2:30 pm", json!("14:30"), Some("2:30 pm"));
        check("March 14, 2026 at 2:30 pm", json!("2026-03-14T14:30:00"), Some("March 14, 2026"));
    }

    #[test]
    fn codes_are_found_by_the_words_for_them() {
        check("in Finnish, please", json!("fi"), Some("Finnish"));
        check("the shops in Finland", json!("FI"), Some("Finland"));
        check("20 % off", json!("percentage"), Some("%"));
        check("twenty percent off", json!("percentage"), Some("percent"));
        check("sorted by their last names", json!("lastName"), Some("last names"));
        check("all that are cancelled", json!("cancel"), Some("cancelled"));
        check("the Finns", json!("fi"), None);
        check("those of Lyons", json!("Lyon"), None);
    }

    #[test]
    fn telephone_numbers_are_found_whatever_their_spacing() {
        check("it's +33 6 12 34 56 78.", json!("+33612345678"), Some("33 6 12 34 56 78"));
    }
}
