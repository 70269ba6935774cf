//! Companies, jobs, and what they are about.

use magnet_proto::rng::Rng;
use rand::RngExt;

use super::people;
use super::pick;

const FIRST: &[&str] = &[
    "Blue", "North", "Bright", "Silver", "Green", "Clear", "Stone", "Red", "Iron", "Golden",
    "Swift", "Quiet", "Summit", "Harbor", "River", "Maple", "Cobalt", "Vertex", "Lumen", "Nova",
    "Atlas", "Beacon", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Horizon", "Juniper",
    "Keystone", "Lantern", "Meridian", "Orchid", "Pioneer", "Quartz", "Raven", "Sable", "Tidal",
    "Umbra", "Willow",
];
const SECOND: &[&str] = &[
    "field", "wind", "line", "water", "gate", "path", "works", "bridge", "peak", "light", "stone",
    "wood", "port", "crest", "leaf", "point", "way", "mark", "house", "bay",
];
const SUFFIX: &[&str] = &[
    "Labs", "Logistics", "Foods", "Systems", "Consulting", "Studios", "Energy", "Health",
    "Partners", "Textiles", "Robotics", "Analytics", "Media", "Travel", "Outfitters", "Interiors",
    "Software", "Ceramics", "Capital", "Events",
];
const LEGAL: &[&str] = &["GmbH", "Ltd", "Inc.", "SA", "AB", "LLC", "BV", "Oy"];

/// A company that does not exist: some 40,000 names.
pub fn company(rng: &mut Rng) -> String {
    let stem = format!("{}{}", pick(FIRST, rng), pick(SECOND, rng));
    match rng.random_range(0..5) {
        0 => format!("{} {} {}", pick(FIRST, rng), pick(SUFFIX, rng), pick(LEGAL, rng)),
        1 => format!("{} & {}", people::last_name(rng), people::last_name(rng)),
        2 => format!("{stem} {}", pick(LEGAL, rng)),
        _ => format!("{stem} {}", pick(SUFFIX, rng)),
    }
}

/// A host name such a company could own.
pub fn domain(rng: &mut Rng) -> String {
    let tld = pick(&["com", "io", "org", "net", "co", "eu", "dev"], rng);
    let (first, second) = (pick(FIRST, rng), pick(SECOND, rng));
    let joint = if rng.random_range(0..3) == 0 { "-" } else { "" };
    format!("{}{joint}{second}.{tld}", first.to_lowercase())
}

/// A short lower-case handle of an organization: `lumen-labs`.
pub fn handle(rng: &mut Rng) -> String {
    let first = pick(FIRST, rng).to_lowercase();
    match rng.random_range(0..3) {
        0 => format!("{first}{}", pick(SECOND, rng)),
        1 => format!("{first}-{}", pick(SUFFIX, rng).to_lowercase()),
        _ => format!(
            "{first}{}-{}",
            pick(SECOND, rng),
            pick(&["hq", "io", "dev", "org", "oss"], rng)
        ),
    }
}

pub const JOBS: &[&str] = &[
    "Account Manager", "Backend Developer", "Barista", "Bookkeeper", "Business Analyst", "Chef",
    "Civil Engineer", "Content Editor", "Customer Success Manager", "Data Engineer",
    "Data Scientist", "Dental Hygienist", "DevOps Engineer", "Electrician", "Financial Analyst",
    "Frontend Developer", "Graphic Designer", "HR Generalist", "Interior Designer",
    "Lab Technician", "Logistics Planner", "Marketing Manager", "Mechanical Engineer",
    "Nurse Practitioner", "Office Manager", "Paralegal", "Pharmacist", "Physiotherapist",
    "Product Manager", "Project Coordinator", "QA Engineer", "Recruiter", "Sales Representative",
    "Scrum Master", "Software Engineer", "Store Manager", "Support Specialist", "Translator",
    "UX Designer", "Warehouse Supervisor",
];

pub const DEPARTMENTS: &[&str] = &[
    "Engineering", "Sales", "Marketing", "Finance", "Human Resources", "Operations", "Legal",
    "Customer Support", "Research", "Procurement", "Design", "Logistics", "IT",
];

pub const INDUSTRIES: &[&str] = &[
    "renewable energy", "healthcare", "logistics", "fintech", "education", "retail", "tourism",
    "agriculture", "construction", "biotechnology", "publishing", "automotive",
    "food and beverage", "software", "telecommunications", "textiles", "insurance",
    "manufacturing",
];

pub const UNIVERSITIES: &[&str] = &[
    "University of Oslo", "ETH Zurich", "Boston University", "University of Porto",
    "KTH Stockholm", "University of Toronto", "Kyoto University", "University of Cape Town",
    "TU Munich", "University of Melbourne", "Leiden University", "University of Edinburgh",
    "Rice University", "University of Bologna", "Seoul National University",
    "Trinity College Dublin",
];

pub const SCHOOLS: &[&str] = &[
    "Lincoln High School", "Riverside Elementary", "St. Mary's School", "Oakwood Academy",
    "Hillcrest Middle School", "Northgate High School", "Maple Grove School", "Westfield Academy",
];

pub const HOSPITALS: &[&str] = &[
    "City General Hospital", "St. Luke's Medical Center", "Riverside Clinic",
    "University Hospital", "Mercy Hospital", "Lakeside Medical Center", "Northside Clinic",
    "Children's Hospital",
];

pub const BANKS: &[&str] = &[
    "Northern Trust Bank", "First Harbor Bank", "Union Credit Bank", "Alpine Savings Bank",
    "Metro Bank", "Coastal Credit Union", "Meridian Bank", "Heritage Bank",
];

pub const STORES: &[&str] = &[
    "Corner Market", "Green Grocer", "Harbor Books", "The Bike Shed", "Paper & Ink",
    "Home Harvest", "Sunrise Pharmacy", "Trailhead Outfitters", "Kitchen & Co", "Vinyl Junction",
    "Toy Box",
];

const REPO_FIRST: &[&str] = &[
    "weather", "invoice", "photo", "recipe", "ticket", "map", "budget", "chat", "garden", "train",
    "note", "calendar", "music", "parcel", "sensor", "survey", "book", "health", "fleet", "color",
];

pub const REPO_SECOND: &[&str] = &[
    "api", "cli", "dashboard", "tools", "server", "app", "sdk", "parser", "bot", "planner",
    "tracker", "viewer", "core", "sync", "lab",
];

/// A repository's name, such as "harbor-notes".
pub fn repository(rng: &mut Rng) -> String {
    format!("{}-{}", pick(REPO_FIRST, rng), pick(REPO_SECOND, rng))
}
