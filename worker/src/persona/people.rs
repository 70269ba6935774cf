//! People: given names × surnames, and the handles made of them.

use magnet_proto::rng::Rng;
use rand::RngExt;

use super::cities::City;
use super::pick;

pub const FIRST_NAMES: &[&str] = &[
    "Aaliyah", "Adam", "Adriana", "Agnes", "Ahmed", "Aiko", "Aisha", "Alejandro", "Alice", "Amara",
    "Amelia", "Amit", "Ana", "Anders", "Andrea", "Aniela", "Anika", "Anna", "Antonio", "Arjun",
    "Astrid", "Beatriz", "Benjamin", "Bianca", "Bruno", "Camille", "Carla", "Carlos", "Caroline",
    "Catarina", "Chen", "Chiara", "Chloe", "Clara", "Claire", "Daniel", "Daniela", "David",
    "Deepa", "Diego", "Dmitri", "Eduardo", "Elena", "Elif", "Elin", "Eliza", "Emeka", "Emil",
    "Emily", "Emma", "Enzo", "Erik", "Esther", "Ethan", "Eva", "Farah", "Fatima", "Felix", "Fiona",
    "Francesca", "Freya", "Gabriel", "Georgia", "Giulia", "Grace", "Greta", "Hana", "Hannah",
    "Haruto", "Helena", "Henrik", "Hiroshi", "Hugo", "Ibrahim", "Ida", "Ines", "Ingrid", "Irene",
    "Isaac", "Isabel", "Ivan", "Jack", "Jakub", "James", "Jamila", "Jana", "Jasmine", "Javier",
    "Joana", "Johan", "Jonas", "Jorge", "Joseph", "Julia", "Julian", "Kai", "Karim", "Katarina",
    "Kavya", "Kenji", "Kwame", "Lars", "Laura", "Layla", "Leah", "Leila", "Leo", "Liam", "Lina",
    "Linh", "Louise", "Luca", "Lucia", "Lukas", "Magnus", "Maja", "Malik", "Marcus", "Margaret",
    "Maria", "Marie", "Marta", "Martin", "Mateo", "Matilda", "Maya", "Mei", "Mia", "Michael",
    "Miguel", "Mila", "Minh", "Miriam", "Mohamed", "Monika", "Nadia", "Naomi", "Natalia", "Nia",
    "Nicolas", "Nina", "Noah", "Nora", "Olga", "Oliver", "Olivia", "Omar", "Oscar", "Pablo",
    "Paula", "Pedro", "Petra", "Philip", "Priya", "Rachel", "Rafael", "Ravi", "Rebecca", "Ricardo",
    "Rosa", "Ruth", "Sakura", "Samuel", "Sana", "Sandra", "Santiago", "Sara", "Sebastian", "Selin",
    "Simon", "Sofia", "Stella", "Sven", "Tara", "Tariq", "Teresa", "Thandi", "Theo", "Thomas",
    "Tobias", "Tomas", "Valentina", "Vera", "Victor", "Viktor", "Wei", "William", "Yara", "Yasmin",
    "Yuki", "Yusuf", "Zainab", "Zoe", "Zofia",
];

pub const LAST_NAMES: &[&str] = &[
    "Abbott", "Adeyemi", "Ahmed", "Almeida", "Andersen", "Anderson", "Aydin", "Bakker", "Barbosa",
    "Barnes", "Bauer", "Becker", "Bennett", "Berg", "Bernard", "Bianchi", "Boateng", "Brooks",
    "Campbell", "Cardoso", "Carter", "Castillo", "Chatterjee", "Chen", "Clarke", "Cohen",
    "Collins", "Conti", "Cooper", "Costa", "Cruz", "Dahl", "Das", "Davies", "De Vries", "Delgado",
    "Demir", "Desai", "Diaz", "Dubois", "Dupont", "Edwards", "Ekström", "Eriksen", "Esposito",
    "Evans", "Fernandes", "Ferrari", "Fischer", "Fontaine", "Foster", "Fraser", "Fujita", "Garcia",
    "Georgiou", "Gomez", "Graham", "Greco", "Gruber", "Gupta", "Haddad", "Hall", "Hansen",
    "Harris", "Hassan", "Hayashi", "Hernandez", "Hoffmann", "Holm", "Horvat", "Huang", "Hughes",
    "Ibrahim", "Ito", "Iyer", "Jackson", "Jansen", "Johansson", "Kaminski", "Kamau", "Kapoor",
    "Karlsson", "Kaya", "Keller", "Khan", "Kim", "Kobayashi", "Koch", "Kowalski", "Kumar",
    "Lambert", "Larsen", "Laurent", "Lee", "Lehmann", "Leroy", "Lewis", "Li", "Lindqvist", "Lopez",
    "Lund", "Marino", "Marques", "Martin", "Martinez", "Mbeki", "Mehta", "Mendes", "Meyer",
    "Miller", "Mitchell", "Moreau", "Moreno", "Morgan", "Moretti", "Müller", "Murphy", "Mwangi",
    "Nakamura", "Navarro", "Nguyen", "Nielsen", "Novak", "Nowak", "O'Brien", "Okafor", "Okonkwo",
    "Olsen", "Ortega", "Osei", "Papadakis", "Park", "Parker", "Patel", "Pereira", "Perez",
    "Petersen", "Petrov", "Pham", "Phillips", "Popescu", "Price", "Ramirez", "Rao", "Reed",
    "Ricci", "Richter", "Rivera", "Roberts", "Rocha", "Romano", "Rossi", "Roux", "Ruiz", "Russo",
    "Sanchez", "Santos", "Sato", "Schmidt", "Schneider", "Schwarz", "Shah", "Sharma", "Silva",
    "Singh", "Smith", "Sokolov", "Sousa", "Suzuki", "Svensson", "Takahashi", "Tan", "Taylor",
    "Thompson", "Torres", "Tran", "Turner", "Van Dijk", "Vargas", "Vega", "Virtanen", "Wagner",
    "Walker", "Wallace", "Wang", "Watson", "Weber", "Wilson", "Wong", "Wright", "Wu", "Yamamoto",
    "Yilmaz", "Young", "Zhang", "Zimmermann",
];

const MAIL_HOSTS: &[&str] = &[
    "gmail.com", "outlook.com", "proton.me", "icloud.com", "fastmail.com", "yahoo.com", "gmx.net",
    "example.com", "example.org", "mailbox.org",
];

pub fn first_name(rng: &mut Rng) -> &'static str {
    pick(FIRST_NAMES, rng)
}

pub fn last_name(rng: &mut Rng) -> &'static str {
    pick(LAST_NAMES, rng)
}

pub fn full_name(rng: &mut Rng) -> String {
    format!("{} {}", first_name(rng), last_name(rng))
}

/// An address that belongs to that person.
pub fn email(first: &str, last: &str, rng: &mut Rng) -> String {
    let host = pick(MAIL_HOSTS, rng);
    let (first, last) = (plain(first), plain(last));
    match rng.random_range(0..4) {
        0 => format!("{first}.{last}@{host}"),
        1 => format!("{}{last}@{host}", &first[..1]),
        2 => format!("{first}{last}{}@{host}", rng.random_range(2..99)),
        _ => format!("{first}_{last}@{host}"),
    }
}

/// A handle that belongs to that person.
pub fn username(first: &str, last: &str, rng: &mut Rng) -> String {
    let (first, last) = (plain(first), plain(last));
    match rng.random_range(0..4) {
        0 => format!("{first}{last}"),
        1 => format!("{first}-{last}"),
        2 => format!("{}{last}{}", &first[..1], rng.random_range(2..99)),
        _ => format!("{first}{}", rng.random_range(10..999)),
    }
}

pub fn phone(city: &City, rng: &mut Rng) -> String {
    city.country.phone(rng)
}

/// A name in lower-case ASCII letters, as handles and addresses have it.
pub fn plain(name: &str) -> String {
    name.chars()
        .filter_map(|c| match c.to_ascii_lowercase() {
            'ö' | 'ó' | 'ô' => Some('o'),
            'ü' | 'ú' => Some('u'),
            'ä' | 'á' | 'ã' | 'à' => Some('a'),
            'é' | 'è' => Some('e'),
            'í' => Some('i'),
            c if c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}
