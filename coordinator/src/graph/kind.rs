//! Values that say by themselves what they are, and which serves for which.

/// What a value is, whatever it belongs to.
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
        Self::ALL.into_iter().filter(move |kind| kind.serves(self) > 0.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_serves_itself() {
        let itself = |kind: Kind| kind.served_by().any(|by| by == kind);
        assert!(Kind::ALL.into_iter().all(itself));
    }

    #[test]
    fn a_city_is_a_place_but_not_every_place_a_city() {
        assert!(Kind::City.serves(Kind::Place) > 0.5);
        assert_eq!(Kind::Place.serves(Kind::City), 0.0);
        assert_eq!(Kind::Date.serves(Kind::City), 0.0);
    }
}
