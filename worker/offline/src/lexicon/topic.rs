//! Topics: what a place is about. A closed list, each with its own values.

macro_rules! topics {
    ($($(#[$note:meta])* $name:ident),* $(,)?) => {
        /// What a value is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Topic {
            $($(#[$note])* $name,)*
        }

        impl Topic {
            /// Every topic, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name as written here.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            pub(super) fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|topic| topic.name() == name)
            }
        }
    };
}

topics! {
    // Places
    City, Country, CountryCode, Continent, Region, RegionCode, Location, Address, Street, PostalCode,
    Latitude, Longitude, Coordinates, TimeZone, UtcOffset, Landmark,
    // Time
    Date, PastDate, BirthDate, Time, DateTime, PastDateTime, Timestamp, Year, Month, Day, Weekday,
    Duration, Period, Interval,
    // People
    FullName, FirstName, LastName, Username, Email, Phone, Password, Age, Gender, JobTitle,
    Department, Biography, Relation, Nationality,
    // Organizations
    Company, Organization, Team, School, University, Hospital, Bank, Store, Industry,
    // The net and files
    Url, ImageUrl, Domain, IpAddress, MacAddress, UserAgent, FileName, FilePath, Folder, MimeType,
    FileFormat, Html, Json, Port,
    // Names for machines
    Identifier, Uuid, Hash, Token, Cursor, Slug, SecretName, Version, Repository, Branch, Commit,
    Label, Hashtag, Handle, License, Code,
    // Codes
    Airport, Airline, Flight, Station, Train, Currency, Language, LanguageCode, Locale, Ticker,
    CryptoCoin, Isin, Exchange, DialCode, Barcode, Isbn, Sku, LicensePlate, Vin, BloodType, Coupon, TrackingNumber,
    AccountNumber, CardNumber,
    // Numbers
    Price, Salary, Percentage, Rate, Rating, Score, Count, Limit, Page, Offset, Quantity, Number,
    Temperature, Distance, Weight, Height, Dimension, Area, Speed, Humidity, Pressure, Bytes,
    Calories, Index, Level,
    // Things
    Product, Brand, Category, Color, HexColor, ClothingSize, Material, Movie, Show, Song, Artist, Album, Book,
    Author, Game, Genre, Sport, League, SportsTeam, Player, Season, Dish, Cuisine, Ingredient,
    Diet, Allergen, Restaurant, Hotel, Amenity, RoomType, Seat, CabinClass, Vehicle, CarModel, Course, Subject, Symptom,
    Disease, Medicine, Doctor, Specialty, Event, Project, Task, Device, Animal, Breed, Plant, Recipe,
    Exercise, Instrument, Holiday, Zodiac, Weather, Channel, Podcast, Emoji,
    // Words
    Query, Keyword, Title, Message, Description, Comment, Note, Reason, Question,
    Answer, Quote, Word, Tag, Topic, Expression, Unit, SortField, Direction, Status, Priority,
    Severity, Kind, Mode, Term, Role, PaymentMethod, Flag, Success, Error,
    /// A number nothing is known about.
    SomeNumber,
    /// Text nothing is known about.
    SomeText,
}
