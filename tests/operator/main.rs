//! What the template makes for operators: the dashboard shows what workers write, the notices
//! arrive, and the policies are within AWS's limits. That the policies allow what the verbs call is
//! judged by `conformance/operated.py`.

mod notices;
mod repairs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::cloudformation::CLOUDFORMATION;
use simulator::cloudwatch::Metric;
use simulator::cloudwatch::{CLOUDWATCH, DocumentError};
use simulator::narrator::LogLine;
use simulator::scenario::{Listener, files::Files, parse, run};
use simulator::trace::{ExecutionEvent, Record, TraceEvent};
use workers::Worker;
use workers::metrics::NAMESPACE;

const CLUSTER: &str = "DevCluster";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:notices";
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:DevCluster-lifecycle";

/// The scenarios that are played with metrics: of all phases, workers and verdicts, and of some
/// errors.
const SCENARIOS: [&str; 7] = [
    "rollout/plain",
    "launch/never-joins",
    "drain/hangs-retain",
    "errors/throttle",
    "errors/worker-error",
    "rollout/early-signal-lost",
    "activities/rollout",
];

fn call(account: &mut Account, service: &str, action: &str, input: Value) -> Value {
    let answer = account.call(&Caller::Operator, service, action, &input);
    answer.unwrap_or_else(|error| panic!("{action}: {error}"))
}

/// An account in which the operator's template is deployed with all that it has, with the topic's
/// policy as it must be.
fn deployed() -> Account {
    let start = "2026-11-24T08:00:00Z".parse().expect("an instant");
    let mut account = simulator::services::account(start, 1);
    account[CLOUDFORMATION].files = Files::built_in().texts;
    call(
        &mut account,
        "sns",
        "CreateTopic",
        json!({"Name": "notices"}),
    );
    let allowed = json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish", "Resource": TOPIC});
    let policy = json!({"Version": "2012-10-17", "Statement": [allowed]}).to_string();
    let policy = json!({"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy});
    call(&mut account, "sns", "SetTopicAttributes", policy);
    let parameters = [
        ("EcsClusterName", CLUSTER),
        ("AutoScalingGroupName", CLUSTER),
        ("GroupStackName", "ecs-cluster"),
        ("StateMachineArn", MACHINE),
        ("Dashboard", "true"),
        ("NoticeTopicArn", TOPIC),
        ("OperatorPolicies", "true"),
    ];
    let parameters =
        parameters.map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}));
    let stack = json!({"StackName": "operator", "TemplateURL": "template/operator.yaml",
        "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"]});
    call(&mut account, "cloudformation", "CreateStack", stack);
    account.advance(account.now + Duration::from_secs(3600));
    let status = &account[CLOUDFORMATION]
        .stack("operator")
        .expect("it is there")
        .status;
    assert_eq!(status, "CREATE_COMPLETE");
    account
}

/// A property of a resource of the operator's stack, as it was worked out.
fn property(account: &Account, resource: &str, name: &str) -> Value {
    let stack = account[CLOUDFORMATION]
        .stack("operator")
        .expect("it is there");
    stack.resources[resource].properties[name].clone()
}

/// Keeps the metrics that a scenario's workers write.
#[derive(Default)]
struct Published {
    metrics: BTreeSet<Metric>,
    refused: Vec<(String, DocumentError)>,
}

impl Listener for Published {
    fn line(&mut self, _line: &LogLine) {}

    fn fact(&mut self, account: &Account, told: &Record) {
        if let TraceEvent::Execution {
            what: ExecutionEvent::Ended { .. },
            ..
        } = told.event
        {
            self.metrics
                .extend(account[CLOUDWATCH].metrics.keys().cloned());
            self.refused = account[CLOUDWATCH].refused.clone();
        }
    }
}

fn written() -> BTreeSet<Metric> {
    let record = Arc::new(Mutex::new(Published::default()));
    for name in SCENARIOS {
        let path: PathBuf =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.scenario"));
        let text = std::fs::read_to_string(&path).expect("a scenario");
        let mut scenario = parse::read(name, &text).expect("a scenario that can be read");
        scenario.settings.set_parameter("Metrics", "true");
        run(&scenario.settings, &scenario.actions, record.clone())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let record = record.lock().expect("no scenario panicked");
    assert!(record.refused.is_empty(), "{:?}", record.refused);
    record.metrics.clone()
}

/// The metrics that a dashboard shows: `...` stands for what the line before it has at its
/// beginning, options are left out.
fn shown(body: &Value) -> BTreeSet<Metric> {
    let mut shown = BTreeSet::new();
    for widget in body["widgets"].as_array().expect("widgets") {
        let mut before: Vec<String> = Vec::new();
        for line in widget["properties"]["metrics"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let words = line.as_array().expect("a line of a metric").iter();
            let words: Vec<&str> = words.filter_map(Value::as_str).collect();
            if let Some((&"...", own)) = words.split_first() {
                let kept = before.len() - own.len();
                before.truncate(kept);
                before.extend(own.iter().map(|word| (*word).to_owned()));
            } else if words.is_empty() {
                continue;
            } else {
                before = words.iter().map(|word| (*word).to_owned()).collect();
            }
            let [namespace, name, dimensions @ ..] = &before[..] else {
                panic!("{line} is no metric");
            };
            let pairs = dimensions.chunks(2);
            shown.insert(Metric {
                namespace: namespace.clone(),
                name: name.clone(),
                dimensions: pairs
                    .map(|pair| (pair[0].clone(), pair[1].clone()))
                    .collect(),
            });
        }
    }
    shown
}

/// Every metric of ours that there can be, by the names that the workers' code has.
fn possible() -> BTreeSet<Metric> {
    let of = |name: &str, dimension: &str, value: &str| Metric {
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::from([
            ("Cluster".to_owned(), CLUSTER.to_owned()),
            (dimension.to_owned(), value.to_owned()),
        ]),
    };
    let phases = ["join", "hold", "drain", "stable"];
    let phases = phases.map(|phase| of("PhaseDuration", "Phase", phase));
    let errors = workers::Error::NAMES.map(|error| of("Errors", "Error", error));
    let verdicts = ["Reached", "NotYet", "Never", "Over"]
        .into_iter()
        .flat_map(|verdict| {
            Worker::OF_AN_ACTION.map(|worker| of(verdict, "Worker", worker.name()))
        });
    // It acts and has no deadline: it never gives up.
    let never = of("Never", "Worker", Worker::CompleteAction.name());
    let all = verdicts.chain(phases).chain(errors);
    all.filter(|metric| *metric != never).collect()
}

#[test]
fn the_dashboard_shows_every_metric_that_workers_write_and_none_that_they_cannot() {
    let account = deployed();
    let body = property(&account, "RollDashboard", "DashboardBody");
    let body: Value = serde_json::from_str(body.as_str().expect("a text")).expect("JSON");
    let (ours, aws): (BTreeSet<Metric>, BTreeSet<Metric>) = shown(&body)
        .into_iter()
        .partition(|metric| metric.namespace == NAMESPACE);
    assert_eq!(ours, possible());
    let namespaces: BTreeSet<&str> = aws.iter().map(|metric| metric.namespace.as_str()).collect();
    assert_eq!(
        Vec::from_iter(namespaces),
        ["AWS/AutoScaling", "AWS/States"]
    );
    let written = written();
    let unknown: Vec<_> = written.difference(&ours).collect();
    assert!(unknown.is_empty(), "written, and not shown: {unknown:?}");
    let names: BTreeSet<&str> = written.iter().map(|metric| metric.name.as_str()).collect();
    let wanted = ["Errors", "Never", "NotYet", "PhaseDuration", "Reached"];
    for name in wanted {
        assert!(names.contains(name), "no scenario writes {name}: {names:?}");
    }
    let phases = written
        .iter()
        .filter(|metric| metric.name == "PhaseDuration");
    assert_eq!(phases.count(), 4, "of the phases in {written:?}");
}

#[test]
fn widgets_lie_side_by_side_and_within_the_grid() {
    let body = property(&deployed(), "RollDashboard", "DashboardBody");
    let body: Value = serde_json::from_str(body.as_str().expect("a text")).expect("JSON");
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().expect("widgets") {
        let number = |name: &str| widget[name].as_u64().expect("a number");
        let (x, y, width, height) = (number("x"), number("y"), number("width"), number("height"));
        assert!(x + width <= 24, "{widget}");
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{cell:?} is taken twice: {widget}");
        }
    }
}

/// AWS counts 6,144 characters of a managed policy, without white space, and 1,000 of a
/// description.
#[test]
fn the_policies_fit() {
    let account = deployed();
    for policy in ["LookPolicy", "RollPolicy", "RepairPolicy"] {
        let document = property(&account, policy, "PolicyDocument").to_string();
        // Names may be longer than those here: a cluster's has 48 characters at most, a stack's
        // 128.
        let longer = document.replace(CLUSTER, &"x".repeat(48));
        let longest = longer.replace("ecs-cluster", &"x".repeat(128));
        assert!(
            longest.len() <= 6144,
            "{policy} has {} characters",
            longest.len()
        );
        let description = property(&account, policy, "Description").to_string();
        assert!(description.len() <= 900, "{policy}: {description}");
    }
}
