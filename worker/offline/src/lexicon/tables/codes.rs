//! Codes of the trade: airlines, tickers, coins, languages, units, versions.

/// IATA code and name.
pub const AIRLINES: &[(&str, &str)] = &[
    ("LH", "Lufthansa"),
    ("BA", "British Airways"),
    ("AF", "Air France"),
    ("KL", "KLM"),
    ("UA", "United Airlines"),
    ("DL", "Delta Air Lines"),
    ("AA", "American Airlines"),
    ("LX", "Swiss"),
    ("OS", "Austrian Airlines"),
    ("SK", "SAS"),
    ("AY", "Finnair"),
    ("IB", "Iberia"),
    ("TP", "TAP Air Portugal"),
    ("TK", "Turkish Airlines"),
    ("EK", "Emirates"),
    ("QR", "Qatar Airways"),
    ("SQ", "Singapore Airlines"),
    ("NH", "ANA"),
    ("JL", "Japan Airlines"),
    ("QF", "Qantas"),
    ("AC", "Air Canada"),
    ("U2", "easyJet"),
    ("FR", "Ryanair"),
    ("VY", "Vueling"),
    ("LA", "LATAM"),
    ("ET", "Ethiopian Airlines"),
    ("CX", "Cathay Pacific"),
    ("NZ", "Air New Zealand"),
];

/// Ticker, company, exchange, ISIN.
pub const STOCKS: &[(&str, &str, &str, &str)] = &[
    ("AAPL", "Apple Inc.", "NASDAQ", "US0378331005"),
    ("MSFT", "Microsoft Corporation", "NASDAQ", "US5949181045"),
    ("AMZN", "Amazon.com, Inc.", "NASDAQ", "US0231351067"),
    ("GOOGL", "Alphabet Inc.", "NASDAQ", "US02079K3059"),
    ("TSLA", "Tesla, Inc.", "NASDAQ", "US88160R1014"),
    ("NVDA", "NVIDIA Corporation", "NASDAQ", "US67066G1040"),
    ("META", "Meta Platforms, Inc.", "NASDAQ", "US30303M1027"),
    ("NFLX", "Netflix, Inc.", "NASDAQ", "US64110L1061"),
    ("JPM", "JPMorgan Chase & Co.", "NYSE", "US46625H1005"),
    ("KO", "The Coca-Cola Company", "NYSE", "US1912161007"),
    ("PFE", "Pfizer Inc.", "NYSE", "US7170811035"),
    ("DIS", "The Walt Disney Company", "NYSE", "US2546871060"),
    ("NKE", "NIKE, Inc.", "NYSE", "US6541061031"),
    ("INTC", "Intel Corporation", "NASDAQ", "US4581401001"),
    ("AMD", "Advanced Micro Devices, Inc.", "NASDAQ", "US0079031078"),
    ("IBM", "International Business Machines", "NYSE", "US4592001014"),
    ("ORCL", "Oracle Corporation", "NYSE", "US68389X1054"),
    ("SAP", "SAP SE", "XETRA", "DE0007164600"),
    ("SIE", "Siemens AG", "XETRA", "DE0007236101"),
    ("V", "Visa Inc.", "NYSE", "US92826C8394"),
    ("WMT", "Walmart Inc.", "NYSE", "US9311421039"),
    ("COST", "Costco Wholesale", "NASDAQ", "US22160K1051"),
    ("CSCO", "Cisco Systems, Inc.", "NASDAQ", "US17275R1023"),
    ("ADBE", "Adobe Inc.", "NASDAQ", "US00724F1012"),
    ("SBUX", "Starbucks Corporation", "NASDAQ", "US8552441094"),
    ("UBER", "Uber Technologies, Inc.", "NYSE", "US90353T1007"),
];

/// Symbol and name.
pub const COINS: &[(&str, &str)] = &[
    ("BTC", "Bitcoin"),
    ("ETH", "Ethereum"),
    ("SOL", "Solana"),
    ("ADA", "Cardano"),
    ("XRP", "XRP"),
    ("DOT", "Polkadot"),
    ("DOGE", "Dogecoin"),
    ("LTC", "Litecoin"),
    ("LINK", "Chainlink"),
    ("AVAX", "Avalanche"),
    ("ATOM", "Cosmos"),
    ("XLM", "Stellar"),
];

/// Name and ISO 639-1 code.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("English", "en"),
    ("French", "fr"),
    ("German", "de"),
    ("Spanish", "es"),
    ("Italian", "it"),
    ("Portuguese", "pt"),
    ("Dutch", "nl"),
    ("Swedish", "sv"),
    ("Danish", "da"),
    ("Polish", "pl"),
    ("Turkish", "tr"),
    ("Japanese", "ja"),
    ("Korean", "ko"),
    ("Chinese", "zh"),
    ("Hindi", "hi"),
    ("Arabic", "ar"),
    ("Greek", "el"),
    ("Finnish", "fi"),
    ("Czech", "cs"),
    ("Vietnamese", "vi"),
];

pub const LOCALES: &[&str] = &[
    "en-US", "en-GB", "fr-FR", "de-DE", "es-ES", "it-IT", "pt-BR", "nl-NL", "sv-SE", "ja-JP",
    "ko-KR", "pl-PL", "da-DK", "tr-TR",
];

pub const CURRENCIES: &[&str] = &[
    "USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "SGD",
    "INR", "BRL", "MXN", "ZAR", "NZD", "TRY", "KRW",
];

pub const UNITS: &[&str] = &[
    "meters", "kilometers", "miles", "feet", "kilograms", "pounds", "liters", "gallons", "ounces",
];

pub const MIME_TYPES: &[&str] = &[
    "application/json", "text/plain", "text/html", "image/png", "image/jpeg", "application/pdf",
    "text/csv", "application/zip",
];

pub const USER_AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
];

pub const LICENSES: &[(&str, &str)] = &[
    ("mit", "MIT License"),
    ("apache-2.0", "Apache License 2.0"),
    ("bsd-3-clause", "BSD 3-Clause License"),
    ("gpl-3.0", "GNU General Public License v3.0"),
    ("mpl-2.0", "Mozilla Public License 2.0"),
    ("isc", "ISC License"),
];

pub const PROGRAMMING_LANGUAGES: &[&str] =
    &["Python", "Rust", "Go", "TypeScript", "JavaScript", "Java", "Kotlin", "C++", "Ruby", "Swift"];

pub const ERRORS: &[&str] =
    &["Request failed validation", "Not found", "Permission denied", "Quota exceeded"];

pub const SECRETS: &[&str] = &[
    "DEPLOY_TOKEN", "NPM_TOKEN", "DATABASE_URL", "AWS_ACCESS_KEY_ID", "SENTRY_DSN", "STRIPE_KEY",
    "SLACK_WEBHOOK", "DOCKER_PASSWORD", "SIGNING_KEY", "CODECOV_TOKEN", "SMTP_PASSWORD",
    "API_SECRET",
];

pub const TRAINS: &[&str] = &["ICE", "TGV", "IC", "RE", "EC", "TER", "RJX", "AVE", "IR", "FR"];

pub const BLOOD_TYPES: &[&str] = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];
