//! Each worker's role allows exactly the calls that the worker makes, no more, no less: the calls
//! are those of all the scenarios in `tests/scenarios`, the roles are those that the template
//! makes. That each call is allowed on its very resource the account enforces while the scenarios
//! are played.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::cloudformation::CLOUDFORMATION;
use simulator::invocation::worker_of;
use simulator::lambda::LAMBDA;
use simulator::narrator::LogLine;
use simulator::scenario::{Listener, files::Files, parse, run};
use simulator::trace::{Record, TraceEvent};
use workers::Worker;

/// What Lambda's own runtime calls with the function's role: logs and traces. No worker does.
const OF_LAMBDA: [&str; 2] = ["logs:", "xray:"];
/// What an activity worker calls to be asked at all, where Lambda would call the function.
const OF_ACTIVITIES: [&str; 4] = [
    "states:GetActivityTask",
    "states:SendTaskFailure",
    "states:SendTaskHeartbeat",
    "states:SendTaskSuccess",
];

type ByWorker = BTreeMap<&'static str, BTreeSet<String>>;

/// Writes down what workers call, and what their roles allow.
#[derive(Default)]
struct Calls {
    made: ByWorker,
    allowed: ByWorker,
}

impl Listener for Calls {
    fn line(&mut self, _line: &LogLine) {}

    fn fact(&mut self, account: &Account, told: &Record) {
        let TraceEvent::ApiCall {
            caller: Caller::Function(name),
            service,
            action,
            ..
        } = &told.event
        else {
            return;
        };
        let function = account[LAMBDA].function(name).expect("it runs");
        let worker = worker_of(function).expect("a worker of ours").name();
        let made = self.made.entry(worker).or_default();
        made.insert(format!("{service}:{action}"));
        self.allowed.entry(worker).or_insert_with(|| {
            let policies = account[CLOUDFORMATION].role_policies(&function.role);
            let policies = policies.expect("the template makes the role");
            policies.into_iter().flat_map(actions).collect()
        });
    }
}

/// The actions that a policy allows, but for those of Lambda itself.
fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"]
        .as_array()
        .expect("a list of statements");
    let named = statements.iter().flat_map(|statement| {
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            one => vec![one.clone()],
        }
    });
    let named = named.map(|action| action.as_str().expect("an action").to_owned());
    named
        .filter(|action| !OF_LAMBDA.iter().any(|of| action.starts_with(of)))
        .collect()
}

/// Plays all scenarios, and writes down what the workers did in them.
fn record() -> Calls {
    let record = Arc::new(Mutex::new(Calls::default()));
    let scenarios = ecs_rollout_tests::scenarios();
    assert!(scenarios.len() > 10, "the scenarios were not found");
    for path in scenarios {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("a scenario");
        let scenario = parse::read(&file, &text).expect("a scenario that can be read");
        run(&scenario.settings, &scenario.actions, record.clone())
            .unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let mut played = record.lock().expect("no scenario panicked");
    std::mem::take(&mut played)
}

/// The actions of the policy for activity workers.
fn of_activity_workers() -> BTreeSet<String> {
    let start = "2026-11-24T08:00:00Z".parse().expect("an instant");
    let mut account = simulator::services::account(start, 1);
    account[CLOUDFORMATION].files = Files::built_in().texts;
    let parameters = [
        ("EcsClusterName", "Dev"),
        ("AutoScalingGroupName", "Dev"),
        ("GroupStackName", "dev"),
        ("WorkerHost", "Activity"),
    ];
    let parameters =
        parameters.map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}));
    let stack = json!({
        "StackName": "workflow", "TemplateURL": "template/workflow.yaml", "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    });
    let call = |account: &mut Account, action: &str, input: Value| {
        let answer = account.call(&Caller::Operator, "cloudformation", action, &input);
        answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
    };
    call(&mut account, "CreateStack", stack);
    account.advance(account.now + Duration::from_secs(3600));
    let told = call(
        &mut account,
        "DescribeStacks",
        json!({"StackName": "workflow"}),
    );
    let outputs = told["Stacks"][0]["Outputs"].as_array();
    let arn = outputs
        .into_iter()
        .flatten()
        .find(|output| output["OutputKey"] == "ActivityWorkerPolicyArn")
        .unwrap_or_else(|| panic!("no policy for activity workers: {told}"));
    let arn = arn["OutputValue"].as_str().expect("an ARN");
    let policy = account[CLOUDFORMATION].managed_policy(arn);
    actions(policy.expect("the policy of that ARN"))
}

#[test]
fn roles_allow_exactly_the_calls_that_workers_make() {
    let Calls { made, allowed } = record();
    let mut differences = Vec::new();
    for worker in Worker::ALL.map(Worker::name) {
        let none = BTreeSet::new();
        let (made, allowed) = (
            made.get(worker).unwrap_or(&none),
            allowed.get(worker).unwrap_or(&none),
        );
        println!(
            "{worker}: {}",
            Vec::from_iter(made.iter().cloned()).join(", ")
        );
        for call in allowed.difference(made) {
            differences.push(format!("{worker} may call {call}, but does in no scenario"));
        }
        for call in made.difference(allowed) {
            differences.push(format!(
                "{worker} calls {call}, which its role does not allow"
            ));
        }
        assert!(!made.is_empty(), "{worker} was never asked");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));

    let all: BTreeSet<String> = made.into_values().flatten().collect();
    let wanted: BTreeSet<String> = all
        .into_iter()
        .chain(OF_ACTIVITIES.map(str::to_owned))
        .collect();
    assert_eq!(
        of_activity_workers(),
        wanted,
        "the policy of activity workers"
    );
}
