//! The definition, route by route, in our own interpreter: every state and every transition is
//! taken at least once, and each execution ends where the table of routes says. What was visited,
//! asked and answered is written to `target/conformance/definition.json`, with which
//! `tests/conformance/definition.py` compares other people's interpreters.

use std::path::Path;

use serde_json::{Value, json};

mod coverage;
mod play;
mod routes;

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn routes_take_every_transition_and_end_where_they_should() {
    let definition = play::deployed(read("../statemachine/lifecycle.asl.json"));
    let routes = routes::all(&read("conformance/definition/routes.json"));
    let mut taken = coverage::Taken::default();
    let mut record = Vec::new();
    for route in &routes {
        let played = play::play(&definition, route);
        taken.note(&definition, &played);
        let last = played.visits.last().map(|visit| visit.state.as_str());
        assert_eq!(last, Some(route.ends.as_str()), "route {:?}", route.name);
        record.push(route_report(route, &played));
    }
    let covered = taken.covered(&definition);
    let words = format!(
        "{} routes take {} of {} states and {} of {} transitions",
        routes.len(),
        covered.states.0,
        covered.states.1,
        covered.transitions.0,
        covered.transitions.1
    );
    println!("{words}");
    assert!(
        covered.missing.is_empty(),
        "{words}; no route takes:\n{}",
        covered.missing.join("\n")
    );
    let report = json!({
        "states": covered.states.1, "transitions": covered.transitions.1,
        "definition": definition, "routes": record,
    });
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../conformance");
    std::fs::create_dir_all(&folder)
        .expect("a folder for what the other interpreters are compared with");
    std::fs::write(folder.join("definition.json"), report.to_string())
        .expect("a file for what the other interpreters are compared with");
}

fn route_report(route: &routes::Route, played: &play::Played) -> Value {
    let visited: Vec<Value> = played
        .visits
        .iter()
        .map(|visit| json!([visit.state, visit.attempts.len()]))
        .collect();
    json!({
        "name": route.name, "input": route.input, "answers": route.answers,
        "visited": visited, "asked": played.asked,
        "status": played.status, "error": played.error, "cause": played.cause, "output": played.output,
    })
}
