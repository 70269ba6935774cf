//! Category and tool class for the functions that have none.
//!
//! The library's own categories stand first on the list that the judge chooses
//! from; a few general ones follow.

use magnet_proto::library::{Function, Library};
use magnet_proto::{Digest, FunctionId};
use magnet_worker::teacher::{Categorize, Label, Problem};

use super::{Asking, Stop, kept};

const MISC: &str = "misc";
/// Functions in one question.
const TOGETHER: usize = 20;
/// What functions are about, in general.
const CATEGORIES: [&str; 49] = [
    "advertising", "art", "astrology", "business", "cars & vehicles", "commerce", "communication",
    "cryptography", "customer support", "data", "databases", "developer tools", "devices & iot",
    "education", "email & messaging", "energy", "entertainment", "events & tickets", "files",
    "finance", "fitness", "food & recipes", "games", "geography", "government", "health", "home",
    "human resources", "images", "jobs", "language & translation", "legal", "logistics", "maps",
    "mathematics", "media", "medical", "monitoring", "movies & tv", "music", "news", "payments",
    "real estate", "science", "security", "social media", "sports", "travel", "weather",
];

/// The library with labels for what is "misc".
pub(super) async fn labelled(asking: &Asking<'_>, library: Library) -> Result<Library, Stop> {
    let bare: Vec<FunctionId> =
        library.iter().filter(|(_, f)| f.category == MISC).map(|(id, _)| id).collect();
    if bare.is_empty() {
        return Ok(library);
    }
    let categories = categories(&library);
    let names: Vec<&str> = categories.iter().map(String::as_str).collect();
    let questions: Vec<&[FunctionId]> = bare.chunks(TOGETHER).collect();
    let key = |functions: &&[FunctionId]| {
        let told = functions.iter().map(|id| {
            let function = library.get(*id);
            format!("{} {} {}", id.0, function.name, function.description)
        });
        let told: Vec<String> = ["labels".into(), asking.identity.clone(), names.join("\n")]
            .into_iter()
            .chain(told)
            .collect();
        Digest::of_fields(told.iter().map(String::as_bytes))
    };
    let ask = async |functions: &&[FunctionId], problem: Option<Problem<'_>>| {
        let ask = Categorize { library: &library, functions, categories: &names, problem };
        asking.judge.categorize(&ask).await
    };
    let labels = kept::answered(asking, &questions, key, ask).await?;
    Ok(with(&library, labels.into_iter().flatten()))
}

/// The library's own categories, then the general ones, "misc" last.
fn categories(library: &Library) -> Vec<String> {
    let mut own: Vec<String> = library.iter().map(|(_, f)| f.category.clone()).collect();
    own.sort_unstable();
    own.dedup();
    own.retain(|category| category != MISC);
    let general = CATEGORIES.iter().map(|category| (*category).to_owned());
    let general: Vec<String> = general.filter(|category| !own.contains(category)).collect();
    own.into_iter().chain(general).chain([MISC.to_owned()]).collect()
}

fn with(library: &Library, labels: impl Iterator<Item = Label>) -> Library {
    let mut functions: Vec<Function> =
        library.iter().map(|(_, function)| function.clone()).collect();
    for Label { function, category, class } in labels {
        if let Some(function) = functions.get_mut(function.index()) {
            function.category = category;
            function.class = class;
        }
    }
    functions.into()
}
