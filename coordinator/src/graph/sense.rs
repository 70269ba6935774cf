//! What a word means as the last word of a value's name: `train_id` is an id,
//! `departure_city` a city, `status` nothing that anybody could pass on.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::kind::Kind;

/// The sense of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sense {
    /// Names a thing; says nothing until it is known which kind of thing.
    Designator(Designator),
    /// Says by itself what it is.
    Value(Kind),
    /// A number of something: feeds only what is measured the same way.
    Measure,
    /// Free words to search with.
    Query,
    /// Says what a value is for, not what it is: origin, target.
    Role,
    /// Speaks of the call, not of the world: paging, formats, outcomes.
    Bookkeeping,
    /// Any other word: a thing.
    Noun,
}

/// What a name calls the thing it identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Designator {
    Id,
    Number,
    Code,
    Key,
    Reference,
    Slug,
    Symbol,
    Name,
    Title,
}

impl Sense {
    /// The sense of a normalized word.
    pub(super) fn of(word: &str) -> Self {
        SENSES.get(word).copied().unwrap_or(Self::Noun)
    }
}

static SENSES: LazyLock<HashMap<&str, Sense>> = LazyLock::new(|| {
    let listed = |(sense, words): &(Sense, &'static str)| {
        let sense = *sense;
        words.split_whitespace().map(move |word| (word, sense))
    };
    WORDS.iter().flat_map(listed).collect()
});

/// The words of every sense but a thing's; no word stands twice.
const WORDS: &[(Sense, &str)] = &[
    (Sense::Designator(Designator::Id), "id"),
    (Sense::Designator(Designator::Number), "number"),
    (Sense::Designator(Designator::Code), "code"),
    (Sense::Designator(Designator::Key), "key sku"),
    (Sense::Designator(Designator::Reference), "reference"),
    (Sense::Designator(Designator::Slug), "slug"),
    (Sense::Designator(Designator::Symbol), "symbol"),
    (Sense::Designator(Designator::Name), "name label fullname"),
    (Sense::Designator(Designator::Title), "title subject headline"),
    (Sense::Value(Kind::Address), "address street"),
    (Sense::Value(Kind::City), "city"),
    (Sense::Value(Kind::Color), "color"),
    (Sense::Value(Kind::Country), "country nationality"),
    (Sense::Value(Kind::Currency), "currency"),
    (Sense::Value(Kind::Date), "date checkin checkout"),
    (Sense::Value(Kind::DateTime), "datetime timestamp"),
    (Sense::Value(Kind::Domain), "domain host"),
    (Sense::Value(Kind::Email), "email"),
    (Sense::Value(Kind::File), "file filename path filepath"),
    (Sense::Value(Kind::Ip), "ip ipv"),
    (Sense::Value(Kind::Language), "language"),
    (Sense::Value(Kind::Latitude), "latitude"),
    (Sense::Value(Kind::Login), "login"),
    (Sense::Value(Kind::Longitude), "longitude"),
    (
        Sense::Value(Kind::Money),
        "amount price cost fare fee subtotal balance budget refund deposit",
    ),
    (Sense::Value(Kind::Phone), "phone"),
    (Sense::Value(Kind::Place), "place location venue"),
    (Sense::Value(Kind::Region), "region province"),
    (
        Sense::Value(Kind::Text),
        "text content body message transcript translation sentence paragraph lyric",
    ),
    (
        Sense::Value(Kind::Remark),
        "description summary caption note comment quote answer definition abstract",
    ),
    (Sense::Value(Kind::Time), "time"),
    (Sense::Value(Kind::Timezone), "timezone"),
    (Sense::Value(Kind::Token), "token"),
    (Sense::Value(Kind::Url), "url"),
    (Sense::Value(Kind::Year), "year"),
    (Sense::Value(Kind::Zip), "zip"),
    (Sense::Query, "query phrase"),
    (
        Sense::Measure,
        "quantity count age height width weight length distance duration radius volume \
          speed score rating rank level percentage percent rate temperature humidity depth \
          capacity minute hour day night month week guest adult child infant people \
          passenger seat room total sum size ratio index position interest term area angle \
          scale calory calorie mass pressure frequency step",
    ),
    (
        Sense::Role,
        "origin destination from to source target start end begin new old first second last \
          current my your departure arrival depart arrive departing arriving pickup dropoff \
          sender recipient receiver home default main primary given selected base original \
          other next previous preferred the of a an for in on at by with and or desired \
          specific valid local return input output value param parameter raw short long \
          formatted display localized full final",
    ),
    (
        Sense::Bookkeeping,
        "status state success successful ok error warning type kind format page per limit \
          offset skip cursor sort sorting direction created updated modified deleted \
          published version response request permission flag enabled disabled is has can \
          callback debug verbose avatar gravatar field unit mode locale password visibility \
          scope etag birthday birth birthdate dob reason secret mime encoding method sig \
          signature info detail html thumbnail icon logo etc option setting config metadata \
          pagination include exclude filter asc desc progress active available availability \
          priority action command algorithm strategy scheme protocol data result item list \
          object entry record string array attribute property",
    ),
];

impl Designator {
    /// How well a value of this sense serves where `wanted` is asked, the
    /// thing being the same.
    pub(super) fn serves(self, wanted: Self) -> f64 {
        use Designator::*;
        match (self, wanted) {
            _ if self == wanted => 1.0,
            (Name, Title) | (Title, Name) => 0.8,
            (Reference, Number | Code | Id | Key) | (Number | Code | Id | Key, Reference) => 0.8,
            (Id, Number | Key | Code) | (Number | Key | Code, Id) => 0.72,
            (Number, Code | Key) | (Code | Key, Number) | (Symbol, Code) | (Code, Symbol) => 0.72,
            (Slug, Name) | (Name, Slug) => 0.6,
            _ => 0.0,
        }
    }

    /// Whether it is a number or code that one only copies, not a name.
    pub(super) fn is_opaque(self) -> bool {
        matches!(self, Self::Id | Self::Number | Self::Code | Self::Key | Self::Reference)
    }

    /// How well it serves where the thing itself is asked: `artist`, `owner`.
    pub(super) fn stands_for_thing(self) -> f64 {
        match self {
            Self::Name => 0.88,
            Self::Title => 0.84,
            Self::Symbol => 0.82,
            Self::Code | Self::Slug => 0.78,
            Self::Id => 0.76,
            Self::Reference | Self::Number | Self::Key => 0.7,
        }
    }
}

/// Different nouns for what one library calls this and the next one that.
pub(super) fn kin(word: &str) -> &str {
    match word {
        "reservation" => "booking",
        "purchase" => "order",
        "registration" => "appointment",
        "timer" => "alarm",
        "schedule" => "agenda",
        "film" => "movie",
        "song" => "track",
        "stock" => "symbol",
        "club" => "team",
        _ => word,
    }
}

/// Things that stand for one deal: what one function calls a booking, the next
/// calls an order.
pub(super) fn is_deal(word: &str) -> bool {
    matches!(word, "booking" | "order" | "ticket" | "confirmation" | "appointment" | "payment")
}

/// Words of an address that is an office's.
pub(super) fn is_desk(word: &str) -> bool {
    matches!(word, "support" | "service" | "desk" | "career" | "helpdesk" | "hotline" | "office")
}

/// Things that are written to somebody.
pub(super) fn is_letter(word: &str) -> bool {
    matches!(word, "email" | "mail" | "message" | "sms" | "text" | "letter" | "reply" | "contact")
}

/// Words that tell a search for anything from one in a catalogue.
pub(super) fn is_open_search(word: &str) -> bool {
    matches!(
        word,
        "web"
            | "wiki"
            | "wikipedia"
            | "google"
            | "bing"
            | "engine"
            | "news"
            | "internet"
            | "knowledge"
            | "youtube"
            | "encyclopedia"
            | "article"
            | "video"
            | "trend"
    )
}

/// Words beside an `address` that is no place.
pub(super) fn is_virtual(word: &str) -> bool {
    matches!(
        word,
        "wallet"
            | "eth"
            | "ethereum"
            | "bitcoin"
            | "btc"
            | "crypto"
            | "contract"
            | "mac"
            | "blockchain"
            | "token"
            | "server"
            | "ens"
            | "solana"
            | "nft"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_and_paging_are_no_values() {
        for word in ["status", "success", "page", "limit", "type", "error"] {
            assert_eq!(Sense::of(word), Sense::Bookkeeping, "{word}");
        }
    }

    #[test]
    fn a_name_is_not_an_id() {
        assert_eq!(Designator::Name.serves(Designator::Id), 0.0);
    }

    #[test]
    fn no_word_has_two_senses() {
        let listed = WORDS.iter().flat_map(|(_, words)| words.split_whitespace());
        assert_eq!(listed.count(), SENSES.len());
    }
}
