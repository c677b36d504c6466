//! The pieces agree on names: definition, workers, templates, error names, verdicts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use workers::Worker;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn definition(name: &str) -> Value {
    let text = text(&format!("statemachine/{name}.asl.json"));
    serde_json::from_str(&text).expect("the definition is JSON")
}

fn states() -> Vec<(String, Value)> {
    states_of("lifecycle")
}

fn states_of(name: &str) -> Vec<(String, Value)> {
    let definition = definition(name);
    let states = definition["States"]
        .as_object()
        .expect("the definition has States");
    states
        .iter()
        .map(|(name, state)| (name.clone(), state.clone()))
        .collect()
}

fn tasks() -> Vec<(String, Value)> {
    tasks_of("lifecycle")
}

fn tasks_of(name: &str) -> Vec<(String, Value)> {
    states_of(name)
        .into_iter()
        .filter(|(_, state)| state["Type"] == "Task")
        .collect()
}

/// `complete-action` is `CompleteAction` in the templates and the definition.
fn pascal(name: &str) -> String {
    name.split('-')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

#[test]
fn every_resource_of_the_definition_is_a_worker_that_the_template_substitutes() {
    let asked: BTreeSet<String> = [tasks(), tasks_of("reconcile")]
        .concat()
        .iter()
        .map(|(_, state)| {
            state["Resource"]
                .as_str()
                .expect("a Task has a Resource")
                .to_owned()
        })
        .collect();
    let workers: BTreeSet<String> = Worker::ALL
        .iter()
        .map(|worker| format!("${{{}}}", pascal(worker.name())))
        .collect();
    assert_eq!(asked, workers);
    let workflow = text("template/workflow.yaml");
    for worker in Worker::ALL {
        let name = pascal(worker.name());
        let substitution =
            format!("{name}: !If [OnLambda, !GetAtt {name}Function.Arn, !Ref {name}Activity]");
        assert!(
            workflow.contains(&substitution),
            "workflow.yaml lacks: {substitution}"
        );
    }
}

#[test]
fn every_worker_has_a_binary_and_a_zip_in_the_template() {
    let workflow = text("template/workflow.yaml");
    for worker in Worker::ALL {
        let file = worker.name().replace('-', "_");
        let binary = [
            format!("workers/src/bin/{file}.rs"),
            format!("workers/src/bin/{}.rs", worker.name()),
        ];
        assert!(
            binary.iter().any(|path| root().join(path).exists()),
            "none of {binary:?} is there"
        );
        let zip = format!("../target/lambda/{}/bootstrap.zip", worker.name());
        assert!(workflow.contains(&zip), "workflow.yaml does not name {zip}");
    }
}

#[test]
fn what_is_retried_is_what_workers_and_lambda_can_raise() {
    let known: BTreeSet<&str> = workers::Error::NAMES.into_iter().collect();
    for (name, task) in tasks() {
        let retried: BTreeSet<String> = task["Retry"]
            .as_array()
            .unwrap_or_else(|| panic!("{name} has no Retry"))
            .iter()
            .flat_map(|retrier| {
                retrier["ErrorEquals"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
            })
            .filter_map(|error| error.as_str().map(str::to_owned))
            .collect();
        for error in &retried {
            let foreign = error.starts_with("Lambda.") || error.starts_with("States.");
            assert!(
                foreign || known.contains(error.as_str()),
                "{name} retries {error}, which nobody raises"
            );
        }
        for error in &known {
            assert!(
                retried.contains(*error),
                "{name} does not say how {error} is retried"
            );
        }
    }
}

#[test]
fn every_task_has_a_timeout_and_catches_everything() {
    for (name, task) in tasks() {
        assert!(
            task["TimeoutSeconds"].is_u64(),
            "{name} has no TimeoutSeconds"
        );
        let caught = &task["Catch"][0]["ErrorEquals"];
        assert_eq!(
            *caught,
            serde_json::json!(["States.ALL"]),
            "{name} does not catch all errors"
        );
    }
    assert!(
        definition("lifecycle")["TimeoutSeconds"].is_u64(),
        "the definition has no TimeoutSeconds"
    );
}

#[test]
fn the_reconciler_asks_once_in_the_same_way_as_the_others_are_asked() {
    let tasks = tasks();
    let (_, one) = tasks.first().expect("the definition asks");
    let reconcile = tasks_of("reconcile");
    let [(_, only)] = &reconcile[..] else {
        panic!("it asks once, not {} times", reconcile.len());
    };
    for member in ["TimeoutSeconds", "HeartbeatSeconds", "Retry"] {
        assert_eq!(only[member], one[member], "{member}");
    }
    // All retries, half an hour at most, are over before the machine ends.
    assert_eq!(definition("reconcile")["TimeoutSeconds"], 3600);
    assert_eq!(only["Catch"][0]["Next"], "ReconcileFailed");
}

#[test]
fn the_rule_gives_the_reconciler_what_it_reads() {
    let workflow = text("template/workflow.yaml");
    let (_, input) = workflow
        .split_once("Input: !Sub '")
        .expect("the rule has an input");
    let (input, _) = input.split_once('\'').expect("the input ends");
    let input = input
        .replace("${AutoScalingGroupName}", "DevCluster")
        .replace(
            "${StateMachine}",
            "arn:aws:states:eu-west-1:123456789012:stateMachine:DevCluster-lifecycle",
        );
    let input: Value = serde_json::from_str(&input).expect("JSON");
    let order = workers::reconcile::read_order(&input).expect("an input that it reads");
    // The longest delay of an event on record is 129 s.
    assert!(order.tail.as_secs() > 129);
    for hook in ["ecs-rollout-launch", "ecs-rollout-terminate"] {
        let transitions = ["LAUNCHING", "TERMINATING"];
        let ours = transitions.map(|way| format!("autoscaling:EC2_INSTANCE_{way}"));
        let ours = ours.map(|way| workers::reconcile::hook_of(&way));
        assert!(ours.contains(&Some(hook)), "{hook}");
    }
}

#[test]
fn the_templates_carry_the_versions_of_the_crates() {
    let ours = workers::config::INTERFACE_VERSION;
    let cluster = text("template/ecs-cluster.yaml");
    let in_metadata = format!("\"metrics\": ${{Metrics}}, \"interfaceVersion\": {ours}}}\n");
    assert_eq!(cluster.matches(&in_metadata).count(), 2, "the two hooks");
    let in_input = format!("\"tailSeconds\": 180, \"interfaceVersion\": {ours}}}'\n");
    let workflow = text("template/workflow.yaml");
    assert_eq!(workflow.matches(&in_input).count(), 1, "the reconciler");
    for (output, value) in [
        ("InterfaceVersion", format!("'{ours}'")),
        ("ReleaseVersion", env!("CARGO_PKG_VERSION").to_owned()),
    ] {
        let (_, rest) = cluster
            .split_once(&format!("\n  {output}:\n"))
            .unwrap_or_else(|| panic!("ecs-cluster.yaml has no output {output}"));
        let found = rest
            .lines()
            .find_map(|line| line.strip_prefix("    Value: "));
        assert_eq!(found, Some(value.as_str()), "{output}");
    }
}

#[test]
fn an_error_never_leads_to_continue() {
    let states = states();
    let next_of = |name: &str| -> Vec<String> {
        let state = states
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, state)| state)
            .expect("a state of the definition");
        let choices = state["Choices"].as_array().cloned().unwrap_or_default();
        let rules = choices.iter().map(|rule| &rule["Next"]);
        rules
            .chain([&state["Next"], &state["Default"]])
            .filter_map(|next| next.as_str().map(str::to_owned))
            .collect()
    };
    for (name, task) in tasks() {
        let mut open = vec![
            task["Catch"][0]["Next"]
                .as_str()
                .expect("Catch has a Next")
                .to_owned(),
        ];
        let mut seen = BTreeSet::new();
        while let Some(state) = open.pop() {
            assert_ne!(state, "Continue", "an error of {name} reaches Continue");
            if seen.insert(state.clone()) {
                open.extend(next_of(&state));
            }
        }
    }
}

#[test]
fn the_verdicts_that_the_definition_knows_are_those_that_workers_give() {
    let text = text("statemachine/lifecycle.asl.json");
    for verdict in ["Reached", "NotYet", "Never", "Over"] {
        assert!(
            text.contains(&format!("\"StringEquals\": \"{verdict}\"")),
            "no choice on {verdict}"
        );
    }
}

/// Longest value of what the template writes into its hooks' metadata; numbers are five digits at
/// most.
fn longest(name: &str) -> String {
    let length = match name {
        "EcsClusterName" => 48,
        "AWS::StackName" => 128,
        "DrainDeadlinePolicy" => "stop-tasks".len(),
        "StandaloneTaskPolicy" => "skip-instance".len(),
        _ => 5,
    };
    "x".repeat(length)
}

#[test]
fn the_metadata_of_the_hooks_fits() {
    // Documented are 4000 characters now. 1023 is what older models of the API took: it leaves
    // room.
    let template = text("template/ecs-cluster.yaml");
    let texts: Vec<&str> = template
        .split("NotificationMetadata: !Sub >-\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("}\n"))
        .map(|(metadata, _)| metadata)
        .collect();
    assert_eq!(texts.len(), 2, "the hooks of the group");
    for metadata in texts {
        let mut whole = metadata.split_whitespace().collect::<Vec<_>>().join(" ") + "}";
        while let Some((before, rest)) = whole.split_once("${") {
            let (name, after) = rest.split_once('}').expect("a reference ends");
            whole = format!("{before}{}{after}", longest(name));
        }
        assert!(whole.len() <= 1023, "{} bytes: {whole}", whole.len());
    }
}

#[test]
fn the_parameter_file_names_parameters_of_the_template() {
    let template = text("template/ecs-cluster.yaml");
    let parameters: Value =
        serde_json::from_str(&text("template/parameters.example.json")).expect("JSON");
    for parameter in parameters.as_array().expect("a list") {
        let key = parameter["ParameterKey"].as_str().expect("a key");
        assert!(
            template.contains(&format!("\n  {key}:\n")),
            "ecs-cluster.yaml has no parameter {key}"
        );
    }
}
