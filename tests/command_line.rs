//! The command line as people use it: what it prints, with which exit code, and what it says about bad input.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the binary starts")
}

/// A file of its own for one test, in the folder that cargo gives to tests.
fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder for the test");
    }
    std::fs::write(&path, text).expect("a file for the test");
    path.to_string_lossy().into_owned()
}

/// The copies of the template files in a folder of their own, one of them changed.
fn changed_template(folder: &str, file_name: &str, from: &str, to: &str) -> String {
    let copy = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).expect("a file of the product");
        let text = if path.ends_with(file_name) {
            assert!(text.contains(from), "{path} does not contain {from:?}");
            text.replacen(from, to, 1)
        } else {
            text
        };
        file(&format!("{folder}/{path}"), &text)
    };
    copy("template/workflow.yaml");
    copy("statemachine/lifecycle.asl.json");
    copy("template/ecs-cluster.yaml")
}

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = run(arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{arguments:?} ended with: {message}"
    );
    for word in words {
        assert!(
            message.contains(word),
            "{arguments:?} does not say {word:?}, but: {message}"
        );
    }
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn json_is_one_object_with_the_documented_members() {
    let output = run(&["rehearse", "--instances", "1", "--output", "json"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    for member in [
        "outcome",
        "ami",
        "instances",
        "replaced",
        "rollSeconds",
        "lowerBoundSeconds",
        "overhead",
        "tasksMoved",
        "tasksKilledEarly",
        "maxOpenDrains",
        "apiCalls",
        "apiCallsPerInstance",
        "stateTransitions",
        "maxHistoryEvents",
        "costUsd",
        "promises",
        "seed",
    ] {
        assert!(!report[member].is_null(), "{member} is missing");
    }
    assert_ne!(report["ami"]["old"], report["ami"]["new"]);
}

#[test]
fn the_readme_shows_what_the_first_command_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    let shown = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let shown: Vec<&str> = shown
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.is_empty())
        .collect();
    assert!(shown.len() > 5, "the README shows nothing of the output");
    let output = run(&["rehearse"]);
    let told = String::from_utf8_lossy(&output.stdout);
    for line in shown {
        // A line of the README is cut at each …
        let is_it = |told: &str| {
            let mut rest = told;
            line.split('…').all(|part| match rest.split_once(part) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
        };
        assert!(
            told.lines().any(is_it),
            "the README shows, but nobody prints: {line}"
        );
    }
}

#[test]
fn the_same_seed_prints_the_same_and_another_seed_does_not() {
    let told = |seed: &str| run(&["rehearse", "--instances", "1", "--seed", seed]).stdout;
    assert_eq!(told("5"), told("5"));
    assert_ne!(told("5"), told("6"));
}

#[test]
fn a_roll_that_does_not_end_as_asked_has_exit_code_1() {
    let output = run(&[
        "rehearse",
        "--instances",
        "1",
        "--fault",
        "never-joins",
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    assert_eq!(report["outcome"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn bad_flags() {
    refused(
        &["rehearse", "--fault", "boredom"],
        &["boredom", "never-joins", "drain-hangs"],
    );
    refused(
        &["rehearse", "--instances", "0"],
        &["--instances", "1..=1000"],
    );
    refused(&["rehearse", "--batch", "many"], &["--batch", "many"]);
    refused(&["rehearse", "--output", "xml"], &["xml", "text", "json"]);
    refused(&["rehears"], &["rehearse"]);
}

#[test]
fn bad_parameter_files() {
    refused(
        &["rehearse", "--parameters", "nowhere.json"],
        &["nowhere.json", "No such file", "--parameters"],
    );
    let cut = file("cut.json", "[{\"ParameterKey\": \"EcsClusterName\",");
    refused(
        &["rehearse", "--parameters", &cut],
        &["cut.json", "line 1 column", "ParameterValue"],
    );
    let unknown = file(
        "unknown.json",
        r#"[{"ParameterKey": "EcsClusterName", "ParameterValue": "Dev"}, {"ParameterKey": "EcsClustrSize", "ParameterValue": "2"}]"#,
    );
    refused(
        &["rehearse", "--parameters", &unknown],
        &[
            "unknown.json",
            "EcsClustrSize",
            "do not exist in the template",
        ],
    );
    let few = file(
        "few.json",
        r#"[{"ParameterKey": "EcsClusterName", "ParameterValue": "Dev"}]"#,
    );
    refused(
        &["rehearse", "--parameters", &few],
        &["few.json", "ClusterSize", "must have values"],
    );
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("the example");
    let bad = file("bad.json", &text.replace("\"DevCluster\"", "\"9 lives\""));
    refused(
        &["rehearse", "--parameters", &bad],
        &["bad.json", "EcsClusterName", "begins with a letter"],
    );
    let late = file("late.json", &text.replace("\"3000\"", "\"4000\""));
    refused(
        &["rehearse", "--parameters", &late],
        &["late.json", "DrainDeadlineSeconds", "3300"],
    );
}

#[test]
fn bad_workloads() {
    refused(
        &["rehearse", "--workload", "nowhere.json"],
        &["nowhere.json", "--workload"],
    );
    let empty = file("empty-workload.json", r#"{"services": []}"#);
    refused(
        &["rehearse", "--workload", &empty],
        &["empty-workload.json", "aws ecs describe-services"],
    );
    let huge = file(
        "huge-workload.json",
        r#"{"services": [{"serviceName": "huge", "desiredCount": 500}]}"#,
    );
    refused(
        &["rehearse", "--workload", &huge],
        &[
            "huge-workload.json",
            "huge",
            "not at rest",
            "more instances",
        ],
    );
}

#[test]
fn bad_templates() {
    refused(
        &["rehearse", "--template", "nowhere.yaml"],
        &["nowhere.yaml", "--template"],
    );
    let cluster = "ClusterName: !Ref EcsClusterName";
    let cases = [
        (
            "ecs-cluster.yaml",
            "AWS::ECS::Cluster\n",
            "AWS::ECS::Clustre\n",
            "AWS::ECS::Clustre",
        ),
        (
            "ecs-cluster.yaml",
            cluster,
            "ClusterNaem: !Ref EcsClusterName",
            "ClusterNaem",
        ),
        (
            "ecs-cluster.yaml",
            cluster,
            "ClusterName: !Ref EcsClusterNaem",
            "EcsClusterNaem",
        ),
        (
            "ecs-cluster.yaml",
            "Resources:",
            "Resources: [",
            "ecs-cluster.yaml:",
        ),
        (
            "workflow.yaml",
            "      TracingConfig:",
            "      TracingConfg:",
            "TracingConfg",
        ),
        (
            "lifecycle.asl.json",
            "\"StartAt\": \"WhichMove\"",
            "\"StartAt\": \"Nowhere\"",
            "Nowhere",
        ),
        (
            "lifecycle.asl.json",
            "\"TimeoutSeconds\": 172800",
            "\"TimeoutSecond\": 172800",
            "TimeoutSecond",
        ),
    ];
    for (number, (file_name, from, to, word)) in cases.into_iter().enumerate() {
        let template = changed_template(&format!("template-{number}"), file_name, from, to);
        refused(&["rehearse", "--template", &template], &[file_name, word]);
    }
    let template = changed_template("runtime", "workflow.yaml", "provided.al2023", "python2.7");
    let words = ["JoinedFunction", "python2.7", "provided.al2023"];
    refused(&["rehearse", "--template", &template], &words);
}

#[test]
fn a_role_that_lacks_an_action_is_found_out() {
    let (action, other) = (
        "Action: ecs:ListContainerInstances",
        "Action: ecs:ListClusters",
    );
    let template = changed_template("role", "workflow.yaml", action, other);
    let output = run(&["rehearse", "--instances", "1", "--template", &template]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("joined: AccessDenied"), "{told}");
    assert!(
        told.contains("ecs:ListContainerInstances is not allowed"),
        "{told}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn bad_stories() {
    let story = file("bad.story", "instances 1\nfly\n");
    refused(&["story", &story], &["bad.story:2", "fly", "deploy"]);
    refused(&["story", "nowhere.story"], &["nowhere.story"]);
}
