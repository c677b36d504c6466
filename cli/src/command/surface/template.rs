//! Parameters and outputs of the templates that people deploy, and the keys that a template hands
//! to the workers.

use std::collections::BTreeSet;
use std::path::Path;

/// The templates that are deployed by themselves.
const TEMPLATES: [&str; 3] = ["ecs-cluster.yaml", "workflow.yaml", "service-role.yaml"];

/// What a parameter allows, in the order in which it is listed.
const PROPERTIES: [&str; 6] = [
    "Type",
    "AllowedValues",
    "AllowedPattern",
    "MinValue",
    "MaxValue",
    "Default",
];

/// A member of a section of a template, with the lines below it.
struct Entry<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

/// A line for each parameter, with what it allows, and for each output.
pub fn parameters_and_outputs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in TEMPLATES {
        let text = template(name);
        for entry in section(&text, "Parameters") {
            let properties = PROPERTIES.iter().filter_map(|property| {
                let start = format!("    {property}: ");
                let value = entry
                    .lines
                    .iter()
                    .find_map(|line| line.strip_prefix(&start))?;
                Some(format!(" {property} {value}"))
            });
            let properties: String = properties.collect();
            found.insert(format!("{name} parameter {}:{properties}", entry.name));
        }
        for entry in section(&text, "Outputs") {
            found.insert(format!("{name} output {}", entry.name));
        }
    }
    found
}

/// A line for each key of the hooks' metadata, and of the reconciler's input.
pub fn metadata() -> BTreeSet<String> {
    let cluster = template("ecs-cluster.yaml");
    let hooks = cluster.split("NotificationMetadata: !Sub >-\n").skip(1);
    let hooks = hooks.filter_map(|rest| rest.split_once("}\n"));
    let hooks = hooks.flat_map(|(text, _)| keys(text));
    let mut found: BTreeSet<String> = hooks.map(|key| format!("metadata {key}")).collect();
    let workflow = template("workflow.yaml");
    let (_, input) = workflow
        .split_once("Input: !Sub '")
        .expect("the reconciler's input");
    let (input, _) = input.split_once('\'').expect("its end");
    found.extend(keys(input).map(|key| format!("reconciler's input {key}")));
    found
}

fn template(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template");
    std::fs::read_to_string(folder.join(name)).expect("a template of the product")
}

/// The members of a section, which stand at two columns.
fn section<'a>(text: &'a str, name: &str) -> Vec<Entry<'a>> {
    let header = format!("{name}:");
    let lines = text.lines().skip_while(|line| *line != header).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in lines {
        let member = line
            .strip_prefix("  ")
            .and_then(|rest| rest.strip_suffix(':'));
        match (member, entries.last_mut()) {
            (Some(name), _) if !name.starts_with([' ', '#']) => entries.push(Entry {
                name,
                lines: Vec::new(),
            }),
            (_, Some(last)) => last.lines.push(line),
            (_, None) => {}
        }
    }
    entries
}

/// The keys of a JSON object that CloudFormation still has to complete.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = text.split('"').collect();
    let pairs = (1..parts.len().saturating_sub(1)).step_by(2);
    let keys = pairs.filter(|at| parts[at + 1].trim_start().starts_with(':'));
    let keys: Vec<&str> = keys.map(|at| parts[at]).collect();
    keys.into_iter()
}
