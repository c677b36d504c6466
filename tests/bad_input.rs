//! What the command line says about bad input: the file, the place, the way out; and the exit code
//! 2.

mod refusals;
mod support;

use std::process::Command;

use refusals::refused;
use support::{changed_template, file, root};

#[test]
fn bad_flags() {
    refused(
        &["rehearse", "--fault", "boredom"],
        &["boredom", "never-joins", "drain-hangs", "agent-gone"],
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
    for (key, value, words) in [
        (
            "StandaloneTaskPolicy",
            "kill",
            "wait, stop or skip-instance",
        ),
        ("StandaloneTaskLimitSeconds", "3301", "from 0 to 3300"),
        ("AgentDisconnectedLimitSeconds", "5", "from 60 to 3300"),
        ("WaitForDaemons", "yes", "true or false"),
    ] {
        let one = format!("[{{\"ParameterKey\": \"{key}\", \"ParameterValue\": \"{value}\"}},");
        let hard = file("hard.json", &text.replacen('[', &one, 1));
        refused(
            &["rehearse", "--parameters", &hard],
            &["hard.json", key, words],
        );
    }
}

#[test]
fn bad_parameters_of_an_instance_refresh() {
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("the example");
    for (number, (key, value, words)) in [
        ("UpdateMethod", "Hope", "RollingUpdate"),
        ("RefreshMinHealthyPercentage", "101", "0 to 100"),
        ("RefreshMaxHealthyPercentage", "99", "100 to 200"),
        ("RefreshCheckpointPercentages", "25,50", "the last is 100"),
        (
            "RefreshCheckpointPercentages",
            "50,20,100",
            // AWS's own words, which do not spell the member.
            "AutoScalingInstanceRefresh: Checkpoint percentages must be sorted",
        ),
        ("RefreshCheckpointDelaySeconds", "-1", "0 to 86400"),
        ("RefreshBakeTimeSeconds", "172800", "36 hours"),
        ("RefreshAlarmNames", "a, b", "no spaces"),
        (
            "RefreshMaxHealthyPercentage",
            "200",
            "less than or equal to 100",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut given = vec![
            ("UpdateMethod", "InstanceRefresh"),
            ("RefreshMinHealthyPercentage", "50"),
        ];
        given.retain(|(known, _)| *known != key);
        given.push((key, value));
        let entries = given.into_iter().map(|(key, value)| {
            format!(r#"{{"ParameterKey": "{key}", "ParameterValue": "{value}"}},"#)
        });
        let more: String = entries.collect();
        let name = format!("refresh-{number}.json");
        let parameters = file(&name, &text.replacen('[', &format!("[{more}"), 1));
        let member = key.trim_start_matches("Refresh");
        let spelled = !words.contains("Checkpoint percentages");
        let wanted = if spelled {
            vec![member, words]
        } else {
            vec![words]
        };
        refused(&["rehearse", "--parameters", &parameters], &wanted);
    }
}

#[test]
fn activities_are_not_started_as_processes() {
    let text = std::fs::read_to_string(root().join("template/parameters.example.json"))
        .expect("a file of the product");
    let more = r#"[{"ParameterKey": "WorkerHost", "ParameterValue": "Activity"},"#;
    let activities = file("activities.json", &text.replacen('[', more, 1));
    refused(
        &["rehearse", "--processes", "--parameters", &activities],
        &["WorkerHost=Activity", "activity-worker"],
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
    for (member, says) in [
        (
            r#""schedulingStrategy": "DAEMON", "deploymentConfiguration": {"maximumPercent": 200}"#,
            "maximumPercent",
        ),
        (
            r#""desiredCount": 1, "deploymentConfiguration": {"maximumPercent": 50}"#,
            "InvalidParameterException",
        ),
        (r#""desiredCount": 99999999"#, "InvalidParameterException"),
    ] {
        let text = format!(
            r#"{{"services": [{{"serviceName": "fine", "desiredCount": 1}}, {{"serviceName": "odd", {member}}}]}}"#
        );
        let path = file("odd-workload.json", &text);
        refused(
            &["rehearse", "--workload", &path],
            &["odd-workload.json", "service odd was refused", says],
        );
    }
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
            "\"StartAt\": \"ChooseTransition\"",
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
fn bad_scenarios() {
    let scenario = file("bad.scenario", "instances 1\nfly\n");
    refused(
        &["scenario", &scenario],
        &["bad.scenario:2", "fly", "deploy"],
    );
    refused(&["scenario", "nowhere.scenario"], &["nowhere.scenario"]);
    for (name, text) in [
        ("empty.scenario", ""),
        ("settings.scenario", "# one\ninstances 1\n"),
    ] {
        let scenario = file(name, text);
        refused(&["scenario", &scenario], &[name, "no step", "deploy"]);
    }
}

#[test]
fn a_page_that_cannot_be_written_is_reported_before_the_roll() {
    for verb in [&["rehearse"][..], &["report", "ecs-cluster"]] {
        let arguments = [verb, &["--html", "/nowhere/page.html"]].concat();
        refused(&arguments, &["/nowhere/page.html", "can be written"]);
    }
    refused(
        &["report", "ecs-cluster", "--since", "soon"],
        &["soon", "2h or 3d"],
    );
}

#[test]
fn a_full_disk_is_no_panic() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let output = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(["rehearse", "--instances", "1"])
        .stdout(full)
        .output()
        .expect("the binary starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("stdout: No space left on device"),
        "{message}"
    );
    assert!(!message.contains("panicked"), "{message}");
}
