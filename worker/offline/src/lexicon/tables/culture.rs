//! Films, music, books, games and sports: rows whose columns belong together.

pub const MOVIES: &[(&str, &str, i64)] = &[
    ("Inception", "Christopher Nolan", 2010),
    ("The Matrix", "Lana Wachowski", 1999),
    ("Parasite", "Bong Joon-ho", 2019),
    ("Spirited Away", "Hayao Miyazaki", 2001),
    ("The Grand Budapest Hotel", "Wes Anderson", 2014),
    ("Arrival", "Denis Villeneuve", 2016),
    ("Casablanca", "Michael Curtiz", 1942),
    ("Amélie", "Jean-Pierre Jeunet", 2001),
    ("Jaws", "Steven Spielberg", 1975),
    ("Alien", "Ridley Scott", 1979),
    ("The Godfather", "Francis Ford Coppola", 1972),
    ("Roma", "Alfonso Cuarón", 2018),
    ("Whiplash", "Damien Chazelle", 2014),
    ("Moonlight", "Barry Jenkins", 2016),
    ("Interstellar", "Christopher Nolan", 2014),
    ("Dune", "Denis Villeneuve", 2021),
    ("Rear Window", "Alfred Hitchcock", 1954),
    ("Coco", "Lee Unkrich", 2017),
    ("Her", "Spike Jonze", 2013),
    ("The Truman Show", "Peter Weir", 1998),
];
pub const SHOWS: &[&str] = &[
    "Breaking Bad", "The Crown", "Dark", "Chernobyl", "Severance", "The Bear", "Borgen", "Lupin",
    "The Office", "Slow Horses", "Stranger Things", "The Great British Bake Off", "Fargo",
    "Ted Lasso",
];
pub const SONGS: &[(&str, &str, &str)] = &[
    ("Clocks", "Coldplay", "A Rush of Blood to the Head"),
    ("Dreams", "Fleetwood Mac", "Rumours"),
    ("Halo", "Beyoncé", "I Am... Sasha Fierce"),
    ("Africa", "Toto", "Toto IV"),
    ("Heroes", "David Bowie", "Heroes"),
    ("Royals", "Lorde", "Pure Heroine"),
    ("Rolling in the Deep", "Adele", "21"),
    ("Waterloo", "ABBA", "Waterloo"),
    ("Karma Police", "Radiohead", "OK Computer"),
    ("Superstition", "Stevie Wonder", "Talking Book"),
    ("Blinding Lights", "The Weeknd", "After Hours"),
    ("Levitating", "Dua Lipa", "Future Nostalgia"),
    ("Hurt", "Johnny Cash", "American IV"),
    ("Take On Me", "a-ha", "Hunting High and Low"),
    ("No Surprises", "Radiohead", "OK Computer"),
    ("Jolene", "Dolly Parton", "Jolene"),
];
pub const BOOKS: &[(&str, &str)] = &[
    ("Middlemarch", "George Eliot"),
    ("Dune", "Frank Herbert"),
    ("Beloved", "Toni Morrison"),
    ("The Hobbit", "J. R. R. Tolkien"),
    ("Things Fall Apart", "Chinua Achebe"),
    ("Pachinko", "Min Jin Lee"),
    ("The Left Hand of Darkness", "Ursula K. Le Guin"),
    ("Norwegian Wood", "Haruki Murakami"),
    ("Americanah", "Chimamanda Ngozi Adichie"),
    ("Sapiens", "Yuval Noah Harari"),
    ("Educated", "Tara Westover"),
    ("Emma", "Jane Austen"),
    ("The Name of the Rose", "Umberto Eco"),
    ("Atomic Habits", "James Clear"),
    ("The Overstory", "Richard Powers"),
    ("Wolf Hall", "Hilary Mantel"),
];
pub const GAMES: &[&str] = &[
    "Stardew Valley", "Minecraft", "Hollow Knight", "Celeste", "Portal 2", "Hades", "Factorio",
    "League of Legends", "Rocket League", "Chess", "Elden Ring", "Civilization VI", "Overwatch 2",
];
pub const GENRES: &[&str] = &[
    "drama", "comedy", "thriller", "science fiction", "documentary", "jazz", "rock", "electronic",
    "mystery", "romance", "animation", "classical", "fantasy", "indie", "horror", "folk",
];
/// Sport, league, teams.
pub const LEAGUES: &[(&str, &str, &[&str])] = &[
    ("soccer", "Premier League", &["Arsenal", "Liverpool", "Chelsea", "Everton", "Aston Villa"]),
    ("soccer", "La Liga", &["Real Madrid", "Barcelona", "Sevilla", "Valencia", "Real Sociedad"]),
    (
        "soccer",
        "Bundesliga",
        &["Bayern Munich", "Borussia Dortmund", "RB Leipzig", "Werder Bremen"],
    ),
    ("basketball", "NBA", &["Boston Celtics", "Denver Nuggets", "Miami Heat", "Phoenix Suns"]),
    (
        "baseball",
        "MLB",
        &["New York Yankees", "Chicago Cubs", "Houston Astros", "Seattle Mariners"],
    ),
    ("american football", "NFL", &["Green Bay Packers", "Dallas Cowboys", "Buffalo Bills"]),
    ("ice hockey", "NHL", &["Toronto Maple Leafs", "Boston Bruins", "Edmonton Oilers"]),
    ("cricket", "IPL", &["Mumbai Indians", "Chennai Super Kings", "Rajasthan Royals"]),
];
pub const SPORTS: &[&str] = &[
    "soccer", "tennis", "basketball", "baseball", "ice hockey", "cricket", "rugby", "volleyball",
    "handball", "golf",
];
pub const INSTRUMENTS: &[&str] =
    &["piano", "violin", "guitar", "drums", "cello", "flute", "saxophone"];
pub const HOLIDAYS: &[&str] = &[
    "New Year's Day", "Easter Monday", "Labor Day", "Christmas Day", "Thanksgiving",
    "Midsummer Day",
];
pub const ZODIAC: &[&str] = &[
    "aries", "taurus", "gemini", "cancer", "leo", "virgo", "libra", "scorpio", "sagittarius",
    "capricorn", "aquarius", "pisces",
];
pub const PODCASTS: &[&str] =
    &["Signal Path", "The Quiet Hour", "Byte Sized", "Trade Winds", "Field Notes", "Second Draft"];
