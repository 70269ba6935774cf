use std::num::NonZeroUsize;

use magnet_proto::config::{GraphSettings, Walks};
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use serde_json::{Value, json};

use super::*;
use crate::graph::build;
use crate::graph::fixture::{function, library};

const HOSTILE: &str = "</script><script>alert(1)</script>\u{2028}\"'\\ & \u{1b}[2J";

fn small() -> (Library, Graph) {
    let trains = json!({"trains": {"type": "array", "items": {"type": "object", "properties": {
        "train_id": {"type": "string"}, "fare": {"type": "number"}
    }}}});
    let library = library(vec![
        function("search_trains", &["origin", "destination"], Some(trains)),
        function("hold_seat", &["train_id"], Some(json!({"hold_id": {"type": "string"}}))),
        function("cancel_hold", &["hold_id"], None),
    ]);
    let graph = build(&library, &GraphSettings::default(), 7);
    (library, graph)
}

fn hostile() -> (Library, Graph) {
    let (library, graph) = small();
    let mut functions: Vec<_> = library.into();
    functions[0].description = HOSTILE.into();
    functions[0].category = HOSTILE.into();
    (Library::from(functions), graph)
}

#[test]
fn the_summary_tells_sizes_ends_and_walks() {
    let (library, graph) = small();
    let text = summary(&library, &graph, &Walks::default(), 7);
    for part in ["functions      3", "lead nowhere", "walks", "search_trains → hold_seat"] {
        assert!(text.contains(part), "no \"{part}\" in\n{text}");
    }
}

#[test]
fn the_json_names_every_edge_with_its_flows() {
    let (library, graph) = small();
    let text = json(&library, &graph, &Walks::default(), 7);
    let view: Value = serde_json::from_str(&text).unwrap();
    let edges = view["edges"].as_array().unwrap();
    assert_eq!(edges.len(), graph.edge_count());
    let edge = edges.iter().find(|edge| edge["to"] == "hold_seat").unwrap();
    assert_eq!(edge["from"], "search_trains");
    assert_eq!(edge["kind"], "full_input");
    assert_eq!(edge["flows"], json!([{"output": "/trains/*/train_id", "input": "train_id"}]));
    assert_eq!(view["summary"]["functions"], 3);
}

#[test]
fn dot_quotes_what_it_is_given() {
    let (library, graph) = hostile();
    let text = dot(&library, &graph);
    assert!(text.starts_with("digraph {"));
    assert!(text.contains(r#"label="search_trains""#));
    assert!(text.contains(r#"\"'\\ & "#), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_hostile_library_cannot_leave_its_script_element() {
    let (library, graph) = hostile();
    let page = html(&library, &graph, &Walks::default(), 7);
    assert_eq!(page.matches("</script>").count(), 2, "only our own elements end");
    assert!(!page.contains('\u{2028}'));
    let opening = "<script type=\"application/json\" id=\"data\">";
    let data = page.split(opening).nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["functions"][0]["description"], HOSTILE);
}

#[test]
fn the_page_asks_no_network() {
    let (library, graph) = small();
    let page = html(&library, &graph, &Walks::default(), 7);
    for way in ["http:", "https:", "src=", "@import", "url(", "fetch("] {
        assert!(!page.contains(way), "\"{way}\" in the page");
    }
}

#[test]
fn an_empty_graph_has_its_views_too() {
    let (library, graph) = (Library::default(), Graph::default());
    let walks = Walks { min_nodes: NonZeroUsize::MIN, ..Walks::default() };
    assert!(summary(&library, &graph, &walks, 7).contains("functions      0"));
    assert!(json(&library, &graph, &walks, 7).contains("\"edges\": []"));
    assert!(html(&library, &graph, &walks, 7).contains("<canvas"));
    assert!(dot(&library, &graph).starts_with("digraph"));
}
