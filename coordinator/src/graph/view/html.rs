//! The graph as one self-contained page: no network, no build step.
//!
//! The page is three files beside this one; the data goes in as JSON. Nothing
//! of a library is written as markup: the script sets text, and the JSON
//! cannot close its own element.

use indexmap::IndexSet;
use magnet_proto::config::Walks;
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use serde::Serialize;

use super::{Statistics, kind_name};

#[derive(Serialize)]
struct Data<'a> {
    summary: Statistics,
    /// Category names; functions refer to them by position.
    categories: Vec<&'a str>,
    classes: Vec<&'a str>,
    functions: Vec<Function<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: String,
    category: usize,
    class: usize,
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
struct Edge<'a> {
    to: u32,
    kind: &'static str,
    /// (output, input)
    flows: Vec<(&'a str, &'a str)>,
}

/// The whole page.
pub fn html(library: &Library, graph: &Graph, walks: &Walks, seed: u64) -> String {
    let data = data(library, graph, walks, seed);
    let json = serde_json::to_string(&data).expect("strings and numbers always serialize");
    // The data comes last, so that nothing in it is taken for a place of ours.
    include_str!("page.html")
        .replace("/*style*/", include_str!("page.css"))
        .replace("/*script*/", include_str!("page.js"))
        .replace("/*data*/", &inert(&json))
}

fn data<'a>(library: &'a Library, graph: &'a Graph, walks: &Walks, seed: u64) -> Data<'a> {
    let (mut categories, mut classes) = (IndexSet::new(), IndexSet::new());
    let functions = library
        .iter()
        .map(|(id, function)| Function {
            name: &function.name,
            description: function.description.chars().take(240).collect(),
            category: categories.insert_full(function.category.as_str()).0,
            class: classes.insert_full(function.class.as_str()).0,
            edges: graph
                .edges(id)
                .iter()
                .map(|edge| Edge {
                    to: edge.to.0,
                    kind: kind_name(edge.kind),
                    flows: edge
                        .flows
                        .iter()
                        .map(|flow| (flow.output.as_str(), flow.input.as_str()))
                        .collect(),
                })
                .collect(),
        })
        .collect();
    Data {
        summary: Statistics::of(graph, walks, seed),
        categories: categories.into_iter().collect(),
        classes: classes.into_iter().collect(),
        functions,
    }
}

/// JSON that may stand inside a `script` element: the same value, without the
/// characters that markup or old scripts act on.
fn inert(json: &str) -> String {
    let mut inert = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                inert.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => inert.push(c),
        }
    }
    inert
}
