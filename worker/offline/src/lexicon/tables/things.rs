//! Things people look for, buy, use, study and do.

pub const COLORS: &[(&str, &str)] = &[
    ("black", "000000"),
    ("white", "ffffff"),
    ("red", "d62828"),
    ("navy", "1d3557"),
    ("teal", "2a9d8f"),
    ("olive", "606c38"),
    ("mustard", "e9c46a"),
    ("coral", "f4845f"),
    ("lavender", "b8a1d9"),
    ("charcoal", "333d47"),
    ("ivory", "fffff0"),
    ("burgundy", "7f1d3a"),
    ("sky blue", "87ceeb"),
    ("forest green", "228b22"),
    ("orange", "f77f00"),
    ("beige", "d8c3a5"),
];
pub const SIZES: &[&str] = &["XS", "S", "M", "L", "XL", "XXL"];
pub const MATERIALS: &[&str] =
    &["cotton", "linen", "wool", "leather", "oak", "steel", "bamboo", "ceramic", "silk", "glass"];
pub const PRODUCT_QUALITIES: &[&str] = &[
    "wireless", "stainless steel", "foldable", "ergonomic", "waterproof", "compact", "insulated",
    "organic cotton", "adjustable", "portable", "rechargeable", "noise-cancelling", "handmade",
    "lightweight", "cast-iron", "solar", "smart", "vintage",
];
pub const PRODUCTS: &[&str] = &[
    "headphones", "desk lamp", "water bottle", "office chair", "backpack", "hiking boots",
    "coffee grinder", "keyboard", "phone case", "yoga mat", "rain jacket", "bike helmet",
    "frying pan", "travel mug", "bookshelf", "tent", "running shoes", "speaker", "webcam",
    "monitor", "blender", "suitcase", "notebook", "sunglasses", "wall clock", "umbrella",
    "camera bag", "power bank", "sleeping bag", "toaster", "garden hose", "picture frame",
];
pub const BRANDS: &[&str] = &[
    "Sony", "Bosch", "Samsung", "Patagonia", "Adidas", "Nike", "IKEA", "Philips", "Logitech",
    "Canon", "Garmin", "Lego", "Dyson", "Levi's", "New Balance", "Fjallraven",
];
pub const CATEGORIES: &[&str] = &[
    "electronics", "books", "clothing", "home and garden", "sports", "toys", "groceries", "beauty",
    "technology", "business", "health", "science", "travel", "music", "food", "education",
    "entertainment", "finance", "photography", "fitness",
];
pub const VEHICLES: &[&str] = &[
    "sedan", "compact", "SUV", "convertible", "pickup truck", "hatchback", "station wagon",
    "minivan", "van",
];
/// Make and model.
pub const CARS: &[(&str, &str)] = &[
    ("Toyota", "Corolla"),
    ("Volkswagen", "Golf"),
    ("Honda", "Civic"),
    ("Ford", "Focus"),
    ("Tesla", "Model 3"),
    ("BMW", "X3"),
    ("Skoda", "Octavia"),
    ("Volvo", "XC60"),
    ("Hyundai", "Kona"),
    ("Mazda", "CX-5"),
    ("Renault", "Clio"),
    ("Kia", "Niro"),
];
pub const COURSES: &[&str] = &[
    "Introduction to Statistics", "Machine Learning Basics", "Creative Writing",
    "Modern Art History", "Spanish for Beginners", "Organic Chemistry", "Personal Finance",
    "Web Development", "Digital Photography", "Public Speaking", "Data Structures",
    "Nutrition Science", "Project Management Essentials", "Linear Algebra",
];
pub const SUBJECTS: &[&str] = &[
    "mathematics", "history", "biology", "physics", "chemistry", "literature", "geography",
    "economics", "computer science", "philosophy", "psychology", "statistics",
];
pub const SYMPTOMS: &[&str] = &[
    "headache", "sore throat", "back pain", "fatigue", "fever", "dizziness", "dry cough", "nausea",
    "joint pain", "skin rash", "shortness of breath", "insomnia",
];
pub const DISEASES: &[&str] = &[
    "asthma", "type 2 diabetes", "migraine", "hypertension", "influenza", "bronchitis",
    "arthritis", "anemia", "eczema", "sinusitis",
];
pub const MEDICINES: &[&str] = &[
    "ibuprofen", "paracetamol", "amoxicillin", "cetirizine", "omeprazole", "metformin",
    "lisinopril", "salbutamol", "loratadine", "atorvastatin",
];
pub const SPECIALTIES: &[&str] = &[
    "cardiology", "dermatology", "pediatrics", "orthopedics", "neurology", "ophthalmology",
    "general practice", "gynecology", "psychiatry", "dentistry",
];
pub const EVENTS: &[&str] = &[
    "team offsite", "product launch", "jazz night", "design workshop", "charity run", "book fair",
    "board meeting", "wedding reception", "open day", "tech conference", "photo exhibition",
    "quarterly review", "food festival", "school concert", "farewell party", "hackathon",
];
pub const PROJECTS: &[&str] = &[
    "website redesign", "mobile app", "data migration", "office move", "customer survey",
    "inventory audit", "onboarding guide", "spring campaign", "billing rewrite", "annual report",
    "kitchen renovation", "search upgrade",
];
pub const TASKS: &[&str] = &[
    "review the budget", "call the supplier", "book the venue", "update the slides",
    "send the invoice", "order new badges", "prepare the agenda", "fix the login page",
    "water the plants", "renew the insurance", "clean up the backlog", "pick up the dry cleaning",
    "draft the contract", "confirm the caterer", "back up the laptop", "plan the sprint",
];
pub const DEVICES: &[&str] = &[
    "living room lamp", "thermostat", "front door lock", "kitchen speaker", "bedroom light",
    "garage door", "robot vacuum", "hallway camera", "smart plug", "coffee machine",
];
pub const ANIMALS: &[&str] = &[
    "dog", "cat", "rabbit", "parrot", "horse", "otter", "red fox", "barn owl", "tortoise",
    "hamster",
];
pub const BREEDS: &[&str] = &[
    "beagle", "labrador", "poodle", "siamese", "maine coon", "border collie", "dachshund", "husky",
];
pub const PLANTS: &[&str] =
    &["monstera", "basil", "lavender", "ficus", "rosemary", "aloe vera", "orchid"];
pub const EXERCISES: &[&str] = &[
    "running", "swimming", "push-ups", "cycling", "yoga", "rowing", "deadlift", "plank", "squats",
];
pub const WEATHER: &[&str] = &[
    "sunny", "partly cloudy", "light rain", "overcast", "heavy rain", "clear sky", "fog",
    "light snow", "thunderstorms", "windy", "scattered showers",
];
pub const CHANNELS: &[&str] = &[
    "general", "announcements", "random", "design-review", "support", "engineering",
    "product-news", "marketing", "ops-alerts",
];
pub const EMOJI: &[&str] = &["👍", "🎉", "🚀", "❤️", "👀", "😄"];
