//! The table of routes, and the further routes that follow from its ways: to each Task state, and
//! what becomes of an execution whose worker fails or mumbles there.

use serde_json::{Map, Value, json};

/// One execution: what it is about, what workers answer, where it ends.
pub struct Route {
    /// Unlike any other's.
    pub name: String,
    /// The event, with the route's name as its id.
    pub input: Value,
    /// Answers of each worker in turn: `{"error": …}`, `{"silent": true}`, or what it answers.
    pub answers: Map<String, Value>,
    /// Name of the last state.
    pub ends: String,
}

/// All routes of the table.
pub fn all(table: &Value) -> Vec<Route> {
    let mut routes: Vec<Route> = list(&table["routes"])
        .iter()
        .map(|row| route(table, text(&row["name"]), row, &[&row["answers"]], row))
        .collect();
    for way in list(&table["ways"]) {
        routes.extend(failures(table, way));
        routes.push(recovery(table, way));
        if way["isQuestion"] == true {
            routes.extend(unclear(table, way));
        }
    }
    let mut names: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), routes.len(), "two routes have one name");
    routes
}

/// Each failure once more than it is retried.
fn failures(table: &Value, way: &Value) -> Vec<Route> {
    let failed = |failure: &Value| {
        let times = failure["retries"].as_u64().expect("a number of retries") + 1;
        let kinds = kinds(failure);
        let answers: Vec<Value> = kinds.iter().cycle().take(times as usize).cloned().collect();
        let name = format!(
            "{}: {} to the end",
            text(&way["state"]),
            text(&failure["name"])
        );
        let asked = json!({text(&way["asks"]): answers});
        let parts = [&way["before"], &asked, &way["failed"]["answers"]];
        route(table, &name, way, &parts, &way["failed"])
    };
    list(&table["failures"]).iter().map(failed).collect()
}

/// Each failure that is retried, once, and then an answer.
fn recovery(table: &Value, way: &Value) -> Route {
    let retried = list(&table["failures"])
        .iter()
        .filter(|failure| failure["retries"] != 0);
    let mut answers: Vec<Value> = retried.flat_map(kinds).collect();
    answers.push(json!({"verdict": "Reached"}));
    let asked = json!({text(&way["asks"]): answers});
    let parts = [&way["before"], &asked, &way["cured"]["answers"]];
    let name = format!("{}: cured by retries", text(&way["state"]));
    route(table, &name, way, &parts, &way["cured"])
}

fn unclear(table: &Value, way: &Value) -> Vec<Route> {
    let mumbled = |answer: &Value| {
        let asked = json!({text(&way["asks"]): [answer]});
        let parts = [&way["before"], &asked, &way["failed"]["answers"]];
        let name = format!("{}: {answer}", text(&way["state"]));
        route(table, &name, way, &parts, &way["failed"])
    };
    list(&table["unclear"]).iter().map(mumbled).collect()
}

/// The answers that a failure stands for.
fn kinds(failure: &Value) -> Vec<Value> {
    if failure["silent"] == true {
        return vec![json!({"silent": true})];
    }
    let errors = list(&failure["errors"]);
    errors.iter().map(|error| json!({"error": error})).collect()
}

fn route(table: &Value, name: &str, from: &Value, parts: &[&Value], end: &Value) -> Route {
    let mut input = table["events"][text(&from["event"])].clone();
    assert!(input.is_object(), "{name}: no event of that name");
    input["id"] = json!(name);
    let mut answers = Map::new();
    for (worker, given) in parts.iter().filter_map(|part| part.as_object()).flatten() {
        let all = answers.entry(worker).or_insert(json!([]));
        let all = all.as_array_mut().expect("just made a list");
        all.extend(list(given).iter().flat_map(repeated));
    }
    Route {
        name: name.to_owned(),
        input,
        answers,
        ends: text(&end["ends"]).to_owned(),
    }
}

/// `{"error": "Throttled", "times": 3}` stands for three answers.
fn repeated(answer: &Value) -> Vec<Value> {
    let mut one = answer.clone();
    let times = one
        .as_object_mut()
        .and_then(|members| members.shift_remove("times"))
        .map_or(1, |times| times.as_u64().expect("times is a number"));
    vec![one; times as usize]
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list in the table of routes")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in the table of routes")
}
