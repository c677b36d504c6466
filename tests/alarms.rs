//! The workflow's alarms ring when they are to, in the account in memory: their properties are
//! those of the template, as they were worked out, and what they look at is what the account's
//! services publish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::cloudformation::CLOUDFORMATION;
use simulator::cloudwatch::alarms::{AlarmState, state};
use simulator::narrator::LogLine;
use simulator::scenario::{Listener, files::Files, parse, run};
use simulator::trace::{ExecutionEvent, Record, TraceEvent};

/// The alarms about metrics that the account publishes.
const ALARMS: [&str; 5] = [
    "ExecutionsFailedAlarm",
    "ExecutionsTimedOutAlarm",
    "ExecutionsAbortedAlarm",
    "InstancesRetainedAlarm",
    "ReconcileFailedAlarm",
];

/// Whether an alarm of the workflow's stack rings now.
fn rings(account: &Account, stack: &str, alarm: &str) -> bool {
    let stack = account[CLOUDFORMATION].stack(stack).expect("it is there");
    let resource = stack.resources.get(alarm);
    let resource = resource.unwrap_or_else(|| panic!("there is no {alarm}"));
    let state = state(account, &resource.properties);
    state.unwrap_or_else(|error| panic!("{alarm}: {error}")) == AlarmState::Alarm
}

/// Notes which alarms rang, whenever an execution starts or ends.
#[derive(Default)]
struct Rang(BTreeSet<&'static str>);

impl Listener for Rang {
    fn line(&mut self, _line: &LogLine) {}

    fn fact(&mut self, account: &Account, record: &Record) {
        let started = matches!(
            record.event,
            TraceEvent::Execution {
                what: ExecutionEvent::Started,
                ..
            }
        );
        let Some(stack) = account[CLOUDFORMATION]
            .stack("ecs-cluster")
            .filter(|_| started)
        else {
            return;
        };
        let Some(workflow) = stack.resources.get("Workflow") else {
            return;
        };
        let id = workflow.physical_id.clone();
        let ringing = ALARMS.iter().filter(|alarm| rings(account, &id, alarm));
        self.0.extend(ringing);
    }
}

/// The alarms that rang in a scenario.
fn rang_in(text: &str) -> BTreeSet<&'static str> {
    let rang = Arc::new(Mutex::new(Rang::default()));
    let scenario = parse::read("alarms.scenario", text).expect("a scenario that can be read");
    run(&scenario.settings, &scenario.actions, rang.clone()).expect("it can be played");
    let mut rang = rang.lock().expect("no scenario panicked");
    std::mem::take(&mut rang.0)
}

#[test]
fn an_instance_that_is_retained_rings_and_a_roll_without_trouble_does_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a scenario");
    assert_eq!(
        rang_in(&scenario("rollout/plain.scenario")),
        BTreeSet::new()
    );
    let retained = format!("{}\npass 900\n", scenario("drain/hangs-retain.scenario"));
    let rang = rang_in(&retained);
    assert!(rang.contains("InstancesRetainedAlarm"), "{rang:?}");
    assert!(!rang.contains("ReconcileFailedAlarm"), "{rang:?}");
}

#[test]
fn a_reconciler_that_fails_rings() {
    let away = "instances 1\ndeploy\nfunctions-away 4800\npass 6000\n";
    let rang = rang_in(away);
    assert_eq!(Vec::from_iter(rang), ["ReconcileFailedAlarm"]);
}

fn call(account: &mut Account, service: &str, action: &str, input: &Value) -> Value {
    let answer = account.call(&Caller::Operator, service, action, input);
    answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

/// The workflow alone, for activity workers that nobody runs.
fn with_activities() -> Account {
    let start = "2026-11-24T08:00:00Z".parse().expect("an instant");
    let mut account = simulator::services::account(start, 1);
    account[CLOUDFORMATION].files = Files::built_in().texts;
    let parameters = BTreeMap::from([
        ("EcsClusterName", "Dev"),
        ("AutoScalingGroupName", "Dev"),
        ("GroupStackName", "dev"),
        ("WorkerHost", "Activity"),
    ]);
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
        .collect();
    let stack = json!({
        "StackName": "workflow", "TemplateURL": "template/workflow.yaml", "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM"],
    });
    call(&mut account, "cloudformation", "CreateStack", &stack);
    account.advance(account.now + Duration::from_secs(3600));
    account
}

#[test]
fn workers_that_take_no_question_ring_until_one_does() {
    let mut account = with_activities();
    let rings = |account: &Account| rings(account, "workflow", "WorkersAwayAlarm");
    assert!(rings(&account));
    let activity = "arn:aws:states:eu-west-1:123456789012:activity:Dev-reconcile";
    let poll = json!({"activityArn": activity});
    let task = call(&mut account, "states", "GetActivityTask", &poll);
    let asked: Value =
        serde_json::from_str(task["input"].as_str().expect("a question waits")).expect("JSON");
    assert_eq!(asked["group"], "Dev");
    account.advance(account.now + Duration::from_secs(300));
    assert!(!rings(&account));
    account.advance(account.now + Duration::from_secs(900));
    assert!(rings(&account));
}
