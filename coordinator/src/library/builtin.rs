//! The built-in library: what a campaign without tools of its own learns, and
//! its pack.

macro_rules! pack {
    ($($kind:ident $ending:literal: $($name:literal)*;)*) => {
        &[
            ("pack.json", include_str!("builtin/pack/pack.json")),
            $($(
                (
                    concat!(stringify!($kind), "/", $name, $ending),
                    include_str!(concat!(
                        "builtin/pack/", stringify!($kind), "/", $name, $ending
                    )),
                ),
            )*)*
        ]
    };
}

/// The pack's files, each with its path in the pack's folder.
pub(crate) const PACK: &[(&str, &str)] = pack! {
    phrases ".jsonl": "calendar" "files" "health" "jobs" "mail" "maps" "music" "news" "payments"
        "restaurants" "shopping" "smart_home" "tickets" "travel" "units" "weather";
    values ".jsonl": "calendar" "files" "health" "jobs" "mail" "maps" "music" "news" "payments"
        "restaurants" "shopping" "smart_home" "tickets" "travel" "units";
    world ".star": "calendar" "cast" "files" "health" "jobs" "mail" "maps" "music" "news"
        "payments" "restaurants" "shopping" "smart_home" "tickets" "travel" "units" "weather";
};

/// Each file with its name in reports.
pub(super) const FILES: &[(&str, &str)] = &[
    ("built-in/travel.json", include_str!("builtin/travel.json")),
    ("built-in/calendar.json", include_str!("builtin/calendar.json")),
    ("built-in/mail.json", include_str!("builtin/mail.json")),
    ("built-in/files.json", include_str!("builtin/files.json")),
    ("built-in/payments.json", include_str!("builtin/payments.json")),
    ("built-in/tickets.json", include_str!("builtin/tickets.json")),
    ("built-in/weather.json", include_str!("builtin/weather.json")),
    ("built-in/maps.json", include_str!("builtin/maps.json")),
    ("built-in/units.json", include_str!("builtin/units.json")),
    ("built-in/shopping.json", include_str!("builtin/shopping.json")),
    ("built-in/restaurants.json", include_str!("builtin/restaurants.json")),
    ("built-in/health.json", include_str!("builtin/health.json")),
    ("built-in/music.json", include_str!("builtin/music.json")),
    ("built-in/smart_home.json", include_str!("builtin/smart_home.json")),
    ("built-in/jobs.json", include_str!("builtin/jobs.json")),
    ("built-in/news.json", include_str!("builtin/news.json")),
];
