//! Words and sentences: what people search for, call things and write.
//!
//! Sentences are put together from parts, so that a million conversations do
//! not share a handful of them. `{…}` slots are filled by `lexicon::text`.

pub const KEYWORDS: &[&str] = &[
    "renewable energy", "remote work", "machine learning", "urban gardening", "electric bikes",
    "sourdough baking", "data privacy", "trail running", "vintage cameras", "solar panels",
    "home office", "language learning", "train travel", "climate policy", "board games",
    "minimalist design", "coffee roasting", "street food", "astronomy", "podcasting",
    "open source", "personal finance", "meal prep", "digital art", "bird watching", "jazz piano",
    "wooden toys", "marathon training", "battery storage", "indoor plants", "cloud security",
    "film photography", "public transport", "hiking trails", "cheese making", "tiny houses",
];

pub const WORDS: &[&str] = &[
    "harbor", "lantern", "meadow", "puzzle", "velvet", "compass", "ripple", "ember", "saffron",
    "cascade", "thicket", "marble", "quiver", "orbit", "willow", "beacon", "gravel", "sonnet",
    "timber", "cobalt", "drift", "anchor", "hollow", "mosaic", "nectar", "pebble", "tundra",
];

pub const TAGS: &[&str] = &[
    "urgent", "follow-up", "draft", "budget", "travel", "summer", "family", "research", "backend",
    "design", "release", "client", "personal", "recipe", "invoice", "review", "planning",
    "outdoor",
];

pub const LABELS: &[&str] = &[
    "bug", "enhancement", "documentation", "help wanted", "good first issue", "question",
    "security", "performance", "dependencies", "needs triage", "regression", "ui",
];

/// What a document, post or issue may be about, for titles.
pub const MATTERS: &[&str] = &[
    "the spring budget", "the new office", "weekly planning", "the login page",
    "customer feedback", "the summer trip", "team onboarding", "the delivery schedule",
    "quarterly results", "the wedding menu", "the release notes", "apartment hunting",
    "the garden project", "invoice reminders", "the search filters", "the training plan",
    "the supplier contract", "the family reunion", "password resets", "the migration plan",
    "the photo archive", "holiday coverage", "the product survey", "the charity dinner",
    "the mobile layout",
];
pub const TITLES: &[&str] = &[
    "Notes on {matter}", "Plan for {matter}", "Questions about {matter}", "Update on {matter}",
    "Ideas for {matter}", "Review of {matter}", "Checklist for {matter}",
    "Next steps for {matter}", "Summary of {matter}", "Proposal for {matter}",
    "Progress on {matter}", "Feedback on {matter}",
];
pub const OPENINGS: &[&str] = &[
    "Quick update on {matter}:", "About {matter}:", "A note on {matter}:", "Regarding {matter},",
    "On {matter}:", "As for {matter},", "Following up on {matter}:", "Concerning {matter},",
];
pub const CLAUSES: &[&str] = &[
    "the first draft is ready for review", "we are still waiting for two answers",
    "everything is on track for {weekday}", "the numbers look better than last month",
    "please send your comments by {weekday}", "we moved the deadline to {weekday}",
    "{name} will take care of the details", "the last open point is the venue",
    "we need one more person to help", "the total came in slightly under budget",
    "{name} has already confirmed", "I will share the final version on {weekday}",
    "a short call on {weekday} should settle it", "the new version fixes the earlier problem",
    "there is one question left for {name}", "we can start as soon as the parts arrive",
];
pub const DESCRIPTIONS: &[&str] = &[
    "Covers {matter} from start to finish.",
    "A short overview of {matter}.",
    "Everything needed for {matter}, in one place.",
    "Prepared by {name} for {matter}.",
    "Collects open questions on {matter}.",
    "Background material on {matter}.",
    "Made together with {name} after the discussion of {matter}.",
    "Step-by-step guide to {matter}, last edited by {name}.",
];
pub const COMMENTS: &[&str] = &[
    "Great service, would come again.", "Works as described, quick delivery.",
    "A bit smaller than expected but well made.", "The staff were friendly and helpful.",
    "Good value for the price.", "Looks good to me, thanks for the quick fix.",
    "Could you add a test for this case?", "I ran into the same problem yesterday.",
    "Lovely place, although a little noisy in the evening.", "Clear explanation, easy to follow.",
    "Arrived a day late, otherwise perfect.", "This solved it for me.",
];
pub const REASONS: &[&str] = &[
    "schedule conflict", "change of plans", "duplicate entry", "no longer needed", "wrong item",
    "family matter", "annual check-up", "budget cut", "bad weather", "requested by the customer",
];
pub const QUESTIONS: &[&str] = &[
    "How long does delivery usually take?", "What is the best season to visit?",
    "Which plan includes priority support?", "How do I reset my password?",
    "What should I cook with leftover rice?", "Is there parking near the venue?",
    "How can I improve my running pace?", "What documents do I need to apply?",
];
pub const QUOTES: &[&str] = &[
    "Well begun is half done.", "Fortune favors the prepared mind.",
    "Little by little, one travels far.", "Simplicity is the soul of efficiency.",
    "What we learn with pleasure we never forget.", "A smooth sea never made a skilled sailor.",
];
pub const PRIORITIES: &[&str] = &["low", "medium", "high"];
pub const SEVERITIES: &[&str] = &["low", "moderate", "high", "critical"];
pub const NICE_STATUSES: &[&str] = &["active", "completed", "pending", "confirmed", "open"];
pub const PAYMENT_METHODS: &[&str] =
    &["credit card", "debit card", "bank transfer", "PayPal", "cash", "Apple Pay"];
pub const ROLES: &[&str] = &["member", "admin", "editor", "viewer", "owner"];
pub const RELATIONS: &[&str] = &["colleague", "sister", "manager", "friend", "neighbor", "client"];
pub const PERIODS: &[&str] = &["day", "week", "month", "quarter", "year"];
pub const INTERVALS: &[&str] = &["1d", "1h", "15m", "1wk", "5m", "1mo"];
pub const FOLDERS: &[&str] = &[
    "Documents", "Invoices", "Photos", "Reports", "Archive", "Projects", "Receipts", "Contracts",
    "Drafts", "Shared",
];
pub const FILE_STEMS: &[&str] = &[
    "report", "invoice", "budget", "meeting_notes", "photo", "contract", "presentation",
    "itinerary", "resume", "inventory", "survey_results", "floor_plan", "menu", "schedule",
    "summary",
];
pub const EXTENSIONS: &[&str] = &["pdf", "docx", "xlsx", "csv", "txt", "png", "jpg", "json"];
pub const SLUG_WORDS: &[&str] = &[
    "api", "web", "core", "data", "mobile", "infra", "docs", "design", "search", "billing", "auth",
    "platform", "search", "metrics", "deploy", "client",
];
pub const BRANCHES: &[&str] = &["main", "develop", "release", "staging"];
pub const BRANCH_VERBS: &[&str] = &["fix", "feature", "chore", "docs", "refactor"];
pub const SORT_FIELDS: &[&str] =
    &["created", "updated", "name", "price", "rating", "relevance", "date"];
pub const EXPRESSIONS: &[&str] =
    &["(12 + 8) * 3", "144 / 12 + 7", "2 * (15 - 4)", "3.5 * 18", "(250 - 40) / 6", "17 * 23"];
