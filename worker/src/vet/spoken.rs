//! The words that people say for a code: "Finnish" for `fi`, "first class" for
//! `firstClass`, "per cent" for `percentage`.
//!
//! Codes only: an id, a name or anything with a digit is said as it stands.

use magnet_proto::shape::words;

/// ISO 639-1, by the names that people use.
const LANGUAGES: &str = "af Afrikaans|ar Arabic|bg Bulgarian|bn Bengali|ca Catalan|cs Czech|\
    cy Welsh|da Danish|de German|el Greek|en English|es Spanish|et Estonian|eu Basque|fa Persian|\
    fi Finnish|fr French|ga Irish|he Hebrew|hi Hindi|hr Croatian|hu Hungarian|hy Armenian|\
    id Indonesian|is Icelandic|it Italian|ja Japanese|ka Georgian|ko Korean|la Latin|\
    lt Lithuanian|lv Latvian|mk Macedonian|ms Malay|mt Maltese|nb Norwegian|ne Nepali|nl Dutch|\
    no Norwegian|pl Polish|pt Portuguese|ro Romanian|ru Russian|sk Slovak|sl Slovenian|\
    sq Albanian|sr Serbian|sv Swedish|sw Swahili|ta Tamil|te Telugu|th Thai|tl Tagalog|\
    tr Turkish|uk Ukrainian|ur Urdu|vi Vietnamese|zh Chinese|zh Mandarin";

/// ISO 3166-1, by the names that people use.
const COUNTRIES: &str = "ae Emirates|ar Argentina|at Austria|au Australia|be Belgium|bg Bulgaria|\
    br Brazil|ca Canada|ch Switzerland|cl Chile|cn China|co Colombia|cy Cyprus|cz Czechia|\
    cz Czech Republic|de Germany|dk Denmark|ee Estonia|eg Egypt|es Spain|fi Finland|fr France|\
    gb United Kingdom|gb UK|gb Britain|gb Great Britain|gr Greece|hk Hong Kong|hr Croatia|\
    hu Hungary|id Indonesia|ie Ireland|il Israel|in India|is Iceland|it Italy|jp Japan|ke Kenya|\
    kr South Korea|kr Korea|lt Lithuania|lu Luxembourg|lv Latvia|ma Morocco|mt Malta|mx Mexico|\
    my Malaysia|ng Nigeria|nl Netherlands|nl Holland|no Norway|nz New Zealand|pe Peru|\
    ph Philippines|pk Pakistan|pl Poland|pt Portugal|ro Romania|rs Serbia|ru Russia|\
    sa Saudi Arabia|se Sweden|sg Singapore|si Slovenia|sk Slovakia|th Thailand|tr Turkey|\
    tw Taiwan|ua Ukraine|uk United Kingdom|us United States|us USA|us America|vn Vietnam|\
    za South Africa";

/// ISO 4217.
const CURRENCIES: &str = "aud Australian dollars|brl reais|cad Canadian dollars|chf francs|\
    chf Swiss francs|cny yuan|czk koruna|dkk Danish kroner|eur euros|eur euro|gbp pounds|\
    hkd Hong Kong dollars|inr rupees|jpy yen|krw won|mxn pesos|nok Norwegian kroner|\
    nzd New Zealand dollars|pln zloty|sek Swedish kronor|sgd Singapore dollars|try lira|\
    usd dollars|usd US dollars|zar rand";

/// Words that mean the same in a code and in a sentence.
const SAME: &str = "percentage %|percentage percent|percentage per cent|percent %|\
    percent per cent|celsius degrees";

/// The length of the longest code here.
const LONGEST: usize = 10;

/// What else people call a code, in lower case.
pub(super) fn names(code: &str) -> Vec<String> {
    let is_short = (1..=LONGEST).contains(&code.len());
    if !is_short || !code.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_') {
        return Vec::new();
    }
    let code = code.to_lowercase();
    let language = code.split(['-', '_']).next().filter(|part| part.len() == 2);
    let of = |table: &str, code: &str| -> Vec<String> {
        let entries = table.split('|').filter_map(|entry| entry.split_once(' '));
        entries.filter(|(key, _)| *key == code).map(|(_, name)| name.to_lowercase()).collect()
    };
    let mut names = of(LANGUAGES, language.unwrap_or_default());
    for table in [COUNTRIES, CURRENCIES, SAME] {
        names.extend(of(table, &code));
    }
    names
}

/// The words of a value of an enumeration; none for what is written as it
/// stands: an id, a name, a text.
pub(super) fn of_enumeration(value: &str) -> Vec<String> {
    let is_code = value.len() > 2
        && value.chars().all(|c| c.is_alphabetic() || c == '_' || c == '-')
        && (value.contains('_') || value.starts_with(char::is_lowercase));
    if is_code { words(value).collect() } else { Vec::new() }
}

/// Whether a word said is a word of a code, in whatever form its sentence asks
/// for: "followers" is `follower`, "cancelled" is `cancel`.
pub(super) fn is_form_of(said: &str, word: &str) -> bool {
    const ENDINGS: [&str; 8] = ["s", "es", "ed", "d", "led", "ing", "ling", "ly"];
    let ends = |long: &str, short: &str| {
        short.chars().count() > 2
            && (long.strip_prefix(short).is_some_and(|rest| ENDINGS.contains(&rest))
                || short.strip_suffix('y').is_some_and(|stem| long == format!("{stem}ies")))
    };
    said == word || ends(said, word) || ends(word, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_names_that_people_use() {
        assert!(names("fi").contains(&"finnish".to_owned()));
        assert!(names("FI").contains(&"finland".to_owned()));
        assert!(names("de-AT").contains(&"german".to_owned()));
        assert_eq!(names("Geneva"), Vec::<String>::new());
    }

    #[test]
    fn ids_and_names_are_no_codes() {
        assert_eq!(of_enumeration("firstClass"), ["first", "class"]);
        assert_eq!(of_enumeration("HIGH_PRIORITY"), ["high", "priority"]);
        for literal in ["RS-131", "Geneva", "ab12", "anna@foxglove.example", "ok"] {
            assert!(of_enumeration(literal).is_empty(), "{literal}");
        }
    }

    #[test]
    fn a_word_may_be_bent_and_not_broken() {
        assert!(is_form_of("followers", "follower") && is_form_of("category", "categories"));
        assert!(is_form_of("cancelled", "cancel"));
        assert!(!is_form_of("personal", "person") && !is_form_of("bus", "bu"));
    }
}
