//! docs/parameters.md is the template's own descriptions, defaults and bounds. The page is written
//! again by
//!
//! BLESS=1 cargo test --workspace --test parameters && git diff docs/parameters.md

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use simulator::cloudformation::node::{self, Content, Node};

/// What stands above the tables.
const INTRODUCTION: &str = "\
# Parameters

Every parameter of [template/ecs-cluster.yaml](../template/ecs-cluster.yaml), in the groups of the CloudFormation console.
A test generates this page from the template. Change the template, then write the page again:
`BLESS=1 cargo test --workspace --test parameters`.

A parameter without a default must be given at each deployment. A parameter that an update does not name falls back to its
default, unless the update says `UsePreviousValue`. `ecs-rollout roll` says that for every parameter.
";

/// What stands above the rules.
const RULES: &str = "
## Combinations that the template refuses

CloudFormation checks these before it changes anything. It cannot compare numbers: that ClusterMaxSize leaves room for
BatchSize, and that the deadlines fit into the hour of a batch, `ecs-rollout plan` checks.

";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn template() -> Node {
    let path = "template/ecs-cluster.yaml";
    node::read(path, &read(path)).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// The member of a template at a path that must be there.
fn member<'a>(node: &'a Node, path: &[&str]) -> &'a Node {
    path.iter().fold(node, |node, key| {
        let found = node.get(key);
        found.unwrap_or_else(|| panic!("{}: no {key}", node.at))
    })
}

fn items(node: &Node) -> &[Node] {
    match &node.content {
        Content::List(items) => items,
        _ => panic!("{}: no list", node.at),
    }
}

/// The text of a plain member; empty if it is not there.
fn text(node: &Node, key: &str) -> String {
    let text = node.get(key).map(|member| member.text(key));
    let text = text
        .transpose()
        .unwrap_or_else(|refusal| panic!("{refusal}"));
    text.unwrap_or_default()
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a parameter takes: its values, its range, or the sentence about its form.
fn bounds(parameter: &Node) -> String {
    if let Some(values) = parameter.get("AllowedValues") {
        let values = items(values).iter().map(|value| {
            let value = value.text("AllowedValues");
            let value = value.unwrap_or_else(|refusal| panic!("{refusal}"));
            format!("`{value}`")
        });
        return values.collect::<Vec<_>>().join(", ");
    }
    let (least, most) = (text(parameter, "MinValue"), text(parameter, "MaxValue"));
    let constraint = text(parameter, "ConstraintDescription");
    let constraint = constraint.trim_end_matches('.');
    let constraint = constraint.strip_prefix("is ").unwrap_or(constraint);
    match (least.as_str(), most.as_str()) {
        ("", "") if constraint.is_empty() => format!("`{}`", text(parameter, "Type")),
        ("", "") => constraint.to_owned(),
        _ => {
            let range = format!("{least} to {most}");
            // The sentence repeats the range; what it adds stands behind it.
            let added = constraint.split_once(&most).map_or("", |(_, added)| added);
            format!("{range}{added}")
        }
    }
}

fn default(parameter: &Node) -> String {
    match (parameter.get("Default"), text(parameter, "Default")) {
        (None, _) => "–".to_owned(),
        (_, value) if value.is_empty() => "empty".to_owned(),
        (_, value) => format!("`{value}`"),
    }
}

fn row(name: &str, parameter: &Node) -> String {
    let cells = [
        name.to_owned(),
        default(parameter),
        bounds(parameter),
        text(parameter, "Description"),
    ];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The groups of the console: label, and names of parameters.
fn groups(template: &Node) -> Vec<(String, Vec<String>)> {
    let path = [
        "Metadata",
        "AWS::CloudFormation::Interface",
        "ParameterGroups",
    ];
    let groups = items(member(template, &path)).iter().map(|group| {
        let names = items(member(group, &["Parameters"])).iter();
        let names = names.map(|name| name.text("Parameters"));
        let names = names.map(|name| name.unwrap_or_else(|refusal| panic!("{refusal}")));
        (text(member(group, &["Label"]), "default"), names.collect())
    });
    groups.collect()
}

/// The refusals of each rule.
fn refusals(template: &Node) -> Vec<String> {
    let rules = member(template, &["Rules"]).entries("Rules");
    let rules = rules.unwrap_or_else(|refusal| panic!("{refusal}"));
    let assertions = rules
        .iter()
        .flat_map(|(_, _, rule)| items(member(rule, &["Assertions"])));
    assertions
        .map(|assertion| text(assertion, "AssertDescription"))
        .collect()
}

fn page(template: &Node) -> String {
    let parameters = member(template, &["Parameters"]);
    let mut page = INTRODUCTION.to_owned();
    for (label, names) in groups(template) {
        let _ = write!(
            page,
            "\n## {label}\n\n| name | default | takes | meaning |\n|---|---|---|---|\n"
        );
        page.extend(
            names
                .iter()
                .map(|name| row(name, member(parameters, &[name]))),
        );
    }
    page.push_str(RULES);
    page.extend(refusals(template).iter().map(|text| format!("- {text}\n")));
    page
}

#[test]
fn every_parameter_is_in_one_group() {
    let template = template();
    let parameters = member(&template, &["Parameters"]).entries("Parameters");
    let declared = parameters.unwrap_or_else(|refusal| panic!("{refusal}"));
    let declared: BTreeSet<&str> = declared.iter().map(|(name, _, _)| name.as_str()).collect();
    let groups = groups(&template);
    let grouped: Vec<&str> = groups
        .iter()
        .flat_map(|(_, names)| names.iter().map(String::as_str))
        .collect();
    assert_eq!(grouped.len(), declared.len(), "a parameter has two groups");
    assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), declared);
}

#[test]
fn the_page_says_what_the_template_says() {
    let page = page(&template());
    let path = "docs/parameters.md";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(root().join(path), &page).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let written = read(path);
    let line = written.lines().zip(page.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| written.lines().count().min(page.lines().count()));
    assert!(
        written == page,
        "{path} is stale from line {} on: write it again as its first lines say",
        line + 1
    );
}
