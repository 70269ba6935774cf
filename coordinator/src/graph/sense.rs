//! What a word means as the last word of a value's name: `train_id` is an id,
//! `departure_city` a city, `status` nothing that anybody could pass on.

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Address,
    City,
    Color,
    Country,
    Currency,
    Date,
    DateTime,
    Domain,
    Email,
    File,
    Ip,
    Language,
    Latitude,
    Login,
    Longitude,
    Money,
    Phone,
    Place,
    Region,
    /// What is said about something; passes for a text, not a text for it.
    Remark,
    Text,
    Time,
    Timezone,
    Token,
    Url,
    Year,
    Zip,
}

impl Sense {
    /// The sense of a normalized word.
    pub(super) fn of(word: &str) -> Self {
        use Designator::*;
        use Kind::*;
        match word {
            "id" => Self::Designator(Id),
            "number" => Self::Designator(Number),
            "code" => Self::Designator(Code),
            "key" | "sku" => Self::Designator(Key),
            "reference" => Self::Designator(Reference),
            "slug" => Self::Designator(Slug),
            "symbol" => Self::Designator(Symbol),
            "name" | "label" | "fullname" => Self::Designator(Name),
            "title" | "subject" | "headline" => Self::Designator(Title),
            "address" | "street" => Self::Value(Address),
            "city" => Self::Value(City),
            "color" => Self::Value(Color),
            "country" | "nationality" => Self::Value(Country),
            "currency" => Self::Value(Currency),
            "date" | "checkin" | "checkout" => Self::Value(Date),
            "datetime" | "timestamp" => Self::Value(DateTime),
            "domain" | "host" => Self::Value(Domain),
            "email" => Self::Value(Email),
            "file" | "filename" | "path" | "filepath" => Self::Value(File),
            "ip" | "ipv" => Self::Value(Ip),
            "language" => Self::Value(Language),
            "latitude" => Self::Value(Latitude),
            "login" => Self::Value(Login),
            "longitude" => Self::Value(Longitude),
            "amount" | "price" | "cost" | "fare" | "fee" | "subtotal" | "balance" | "budget"
            | "refund" | "deposit" => Self::Value(Money),
            "phone" => Self::Value(Phone),
            "place" | "location" | "venue" => Self::Value(Place),
            "region" | "province" => Self::Value(Region),
            "text" | "content" | "body" | "message" | "transcript" | "translation" | "sentence"
            | "paragraph" | "lyric" => Self::Value(Text),
            "description" | "summary" | "caption" | "note" | "comment" | "quote" | "answer"
            | "definition" | "abstract" => Self::Value(Remark),
            "time" => Self::Value(Time),
            "timezone" => Self::Value(Timezone),
            "token" => Self::Value(Token),
            "url" => Self::Value(Url),
            "year" => Self::Value(Year),
            "zip" => Self::Value(Zip),
            "query" | "phrase" => Self::Query,
            _ if is_measure(word) => Self::Measure,
            _ if is_role(word) => Self::Role,
            _ if is_bookkeeping(word) => Self::Bookkeeping,
            _ => Self::Noun,
        }
    }
}

fn is_measure(word: &str) -> bool {
    const MEASURES: &[&str] = &[
        "quantity",
        "count",
        "age",
        "height",
        "width",
        "weight",
        "length",
        "distance",
        "duration",
        "radius",
        "volume",
        "speed",
        "score",
        "rating",
        "rank",
        "level",
        "percentage",
        "percent",
        "rate",
        "temperature",
        "humidity",
        "depth",
        "capacity",
        "minute",
        "hour",
        "day",
        "night",
        "month",
        "week",
        "guest",
        "adult",
        "child",
        "infant",
        "people",
        "passenger",
        "seat",
        "room",
        "total",
        "sum",
        "size",
        "ratio",
        "index",
        "position",
        "interest",
        "term",
        "area",
        "angle",
        "scale",
        "calory",
        "calorie",
        "mass",
        "pressure",
        "frequency",
        "step",
    ];
    MEASURES.contains(&word)
}

pub(super) fn is_role(word: &str) -> bool {
    const ROLES: &[&str] = &[
        "origin",
        "destination",
        "from",
        "to",
        "source",
        "target",
        "start",
        "end",
        "begin",
        "new",
        "old",
        "first",
        "second",
        "last",
        "current",
        "my",
        "your",
        "departure",
        "arrival",
        "depart",
        "arrive",
        "departing",
        "arriving",
        "pickup",
        "dropoff",
        "sender",
        "recipient",
        "receiver",
        "home",
        "default",
        "main",
        "primary",
        "given",
        "selected",
        "base",
        "original",
        "other",
        "next",
        "previous",
        "preferred",
        "the",
        "of",
        "a",
        "an",
        "for",
        "in",
        "on",
        "at",
        "by",
        "with",
        "and",
        "or",
        "desired",
        "specific",
        "valid",
        "local",
        "return",
        "input",
        "output",
        "value",
        "param",
        "parameter",
        "raw",
        "short",
        "long",
        "formatted",
        "display",
        "localized",
        "full",
        "final",
    ];
    ROLES.contains(&word)
}

fn is_bookkeeping(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "status",
        "state",
        "success",
        "successful",
        "ok",
        "error",
        "warning",
        "type",
        "kind",
        "format",
        "page",
        "per",
        "limit",
        "offset",
        "skip",
        "cursor",
        "sort",
        "sorting",
        "direction",
        "created",
        "updated",
        "modified",
        "deleted",
        "published",
        "version",
        "response",
        "request",
        "permission",
        "flag",
        "enabled",
        "disabled",
        "is",
        "has",
        "can",
        "callback",
        "debug",
        "verbose",
        "avatar",
        "gravatar",
        "field",
        "unit",
        "mode",
        "locale",
        "password",
        "visibility",
        "scope",
        "etag",
        "reason",
        "secret",
        "mime",
        "encoding",
        "method",
        "sig",
        "signature",
        "info",
        "detail",
        "html",
        "thumbnail",
        "icon",
        "logo",
        "etc",
        "option",
        "setting",
        "config",
        "metadata",
        "pagination",
        "include",
        "exclude",
        "filter",
        "asc",
        "desc",
        "progress",
        "active",
        "available",
        "availability",
        "priority",
        "action",
        "command",
        "algorithm",
        "strategy",
        "scheme",
        "protocol",
        "data",
        "result",
        "item",
        "list",
        "object",
        "entry",
        "record",
        "string",
        "array",
        "attribute",
        "property",
    ];
    WORDS.contains(&word)
}

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
        matches!(
            self,
            Self::Id | Self::Number | Self::Code | Self::Key | Self::Reference
        )
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

impl Kind {
    pub(super) const ALL: [Self; 27] = [
        Self::Address,
        Self::City,
        Self::Color,
        Self::Country,
        Self::Currency,
        Self::Date,
        Self::DateTime,
        Self::Domain,
        Self::Email,
        Self::File,
        Self::Ip,
        Self::Language,
        Self::Latitude,
        Self::Login,
        Self::Longitude,
        Self::Money,
        Self::Phone,
        Self::Place,
        Self::Region,
        Self::Remark,
        Self::Text,
        Self::Time,
        Self::Timezone,
        Self::Token,
        Self::Url,
        Self::Year,
        Self::Zip,
    ];

    /// The kind a schema `format` stands for.
    pub(super) fn of_format(format: &str) -> Option<Self> {
        Some(match format {
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "time" => Self::Time,
            "email" | "idn-email" => Self::Email,
            "uri" | "url" | "iri" => Self::Url,
            "hostname" => Self::Domain,
            "ipv4" | "ipv6" => Self::Ip,
            _ => return None,
        })
    }

    /// How well a value of this kind serves where `wanted` is asked.
    pub(super) fn serves(self, wanted: Self) -> f64 {
        use Kind::*;
        match (self, wanted) {
            _ if self == wanted => 1.0,
            (City | Address, Place) => 0.85,
            (Zip | Region, Place) => 0.65,
            (Place, Address) => 0.75,
            (Remark, Text) => 0.8,
            _ => 0.0,
        }
    }

    /// The kinds that serve where this one is asked.
    pub(super) fn served_by(self) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |kind| kind.serves(self) > 0.0)
    }

    /// Whether two values of the kind may well have nothing to do with each
    /// other, so that the kind alone makes no chain between distant functions.
    pub(super) fn is_common(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Date | Time
                | DateTime
                | Text
                | Remark
                | Language
                | Year
                | Country
                | Money
                | Url
                | Color
                | Timezone
                | Region
                | File
                | Currency
        )
    }

    /// What is left of a match whose names qualify the kind differently, as
    /// `client_email` and `assignee_email` do.
    pub(super) fn across_qualifiers(self) -> f64 {
        use Kind::*;
        match self {
            Email | Phone | City | Login | Latitude | Longitude | Ip | Domain => 0.85,
            Address | Place | Zip | Currency | Country => 0.75,
            Region | Language | Timezone | Color => 0.65,
            Money | Date => 0.5,
            Time | DateTime | Year | File | Text | Remark => 0.4,
            Url | Token => 0.3,
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
    matches!(
        word,
        "booking" | "order" | "ticket" | "confirmation" | "appointment" | "payment"
    )
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
    fn a_status_is_not_a_city_and_a_name_is_not_an_id() {
        assert_eq!(Designator::Name.serves(Designator::Id), 0.0);
        assert_eq!(Kind::Date.serves(Kind::City), 0.0);
        assert!(Kind::City.serves(Kind::Place) > 0.5);
        assert_eq!(Kind::Place.serves(Kind::City), 0.0);
    }

    #[test]
    fn every_kind_serves_itself() {
        assert!(
            Kind::ALL
                .into_iter()
                .all(|kind| kind.served_by().any(|by| by == kind))
        );
    }
}
