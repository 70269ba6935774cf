//! Food, restaurants, hotels and sights.

pub const DISHES: &[&str] = &[
    "mushroom risotto", "chicken tikka masala", "pad thai", "lentil soup", "beef tacos", "ramen",
    "Greek salad", "margherita pizza", "vegetable curry", "shakshuka", "fish and chips", "paella",
    "spinach lasagna", "falafel wrap", "banana bread", "bibimbap", "apple pie", "pho", "moussaka",
    "roast pumpkin salad", "shrimp fried rice", "goulash",
];
pub const CUISINES: &[&str] = &[
    "Italian", "Japanese", "Thai", "Mexican", "Indian", "French", "Greek", "Lebanese",
    "Vietnamese", "Korean", "Spanish", "Ethiopian", "Turkish", "Peruvian",
];
pub const INGREDIENTS: &[&str] = &[
    "tomatoes", "chickpeas", "basil", "garlic", "rice", "chicken breast", "eggs", "spinach",
    "lemon", "feta", "coconut milk", "mushrooms", "salmon", "potatoes", "red lentils", "ginger",
    "carrots",
];
pub const DIETS: &[&str] = &[
    "vegetarian", "vegan", "gluten-free", "pescatarian", "low-carb", "halal", "dairy-free", "keto",
];
pub const ALLERGENS: &[&str] =
    &["peanuts", "shellfish", "dairy", "gluten", "soy", "eggs", "tree nuts"];
pub const RESTAURANT_FIRST: &[&str] = &[
    "The Golden", "The Little", "Casa", "Chez", "Blue", "Trattoria", "Old Town", "The Olive",
    "Lucky", "Red", "Green", "The Copper", "Saffron", "Harbour", "Villa",
];
pub const RESTAURANT_SECOND: &[&str] = &[
    "Lemon", "Anchor", "Marina", "Garden", "Fig", "Bistro", "Kitchen", "Lantern", "Table",
    "Pepper", "Oven", "Spoon", "Rosa", "Terrace", "Cellar", "Fork",
];
pub const HOTEL_FIRST: &[&str] = &[
    "Grand", "Park", "Royal", "Central", "Riverside", "Harbor", "Alpine", "Garden", "Palace",
    "City", "Lakeside", "Old Mill", "Station", "Belvedere", "Continental",
];
pub const HOTEL_SECOND: &[&str] =
    &["Hotel", "Inn", "Suites", "Lodge", "Residence", "Resort", "Guesthouse"];
pub const AMENITIES: &[&str] = &[
    "free wifi", "breakfast", "pool", "gym", "parking", "air conditioning", "pet friendly", "spa",
    "airport shuttle", "rooftop terrace", "laundry", "kitchenette",
];
pub const ROOM_TYPES: &[&str] =
    &["single", "double", "twin", "suite", "family room", "studio", "deluxe double"];
pub const LANDMARKS: &[&str] = &[
    "Old Town Square", "Central Park", "the Botanical Garden", "City Museum", "Riverside Theatre",
    "the Cathedral", "Market Hall", "Harbour Pier", "Castle Hill", "the National Gallery",
    "Union Station", "Convention Center", "the Science Museum", "Opera House",
];
pub const CABINS: &[&str] = &["economy", "premium economy", "business", "first"];
