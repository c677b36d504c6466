//! Wrongs in the calls that a worker makes, and in how it reads the answers.

use serde_json::{Value, json};
use workers::ecs::TERMINATE;

use super::Mutation;
use crate::account::{Account, Caller};
use crate::wire::Call;

/// Before a call: changes it, or answers in its place as if it had been made.
pub fn before(
    wrong: Option<Mutation>,
    account: &mut Account,
    caller: &Caller,
    call: &mut Call,
) -> Option<Value> {
    let wrong = wrong?;
    let input = &mut call.input;
    match (wrong, call.action.as_str()) {
        (Mutation::NoHeartbeat, "RecordLifecycleActionHeartbeat")
        | (Mutation::EventIsBelieved, "RecordLifecycleActionHeartbeat")
        | (Mutation::NeverCompleted, "CompleteLifecycleAction")
        | (Mutation::NeverSignalled, "SignalResource")
        | (Mutation::NoStopTask, "StopTask") => return Some(json!({"task": {}})),
        (Mutation::FailureIsSuccess, "SignalResource") => input["Status"] = json!("SUCCESS"),
        (Mutation::AbandonIsContinue, "CompleteLifecycleAction") => {
            input["LifecycleActionResult"] = json!("CONTINUE");
        }
        (Mutation::ContinueIsAbandon, "CompleteLifecycleAction") => {
            input["LifecycleActionResult"] = json!("ABANDON");
        }
        (Mutation::NeverDraining, "UpdateContainerInstancesState") => {
            return Some(as_if_draining(account, input));
        }
        (Mutation::FirstActiveOnly, "UpdateContainerInstancesState") => {
            return first_set_draining(account, caller, input);
        }
        (Mutation::UnwantedNotListed, "ListTasks") if input["desiredStatus"] == "STOPPED" => {
            return Some(json!({"taskArns": []}));
        }
        (Mutation::ReconcilesNever, "StartExecution") => {
            let machine = input["stateMachineArn"].as_str().unwrap_or_default();
            let arn = machine.replace(":stateMachine:", ":execution:");
            let now = account.now.to_string();
            return Some(json!({"executionArn": format!("{arn}:none"), "startDate": now}));
        }
        (Mutation::FreshNames, "StartExecution") => {
            let name = input["name"].as_str().unwrap_or_default();
            let fresh = format!("{}-{}", &name[..name.len().min(70)], account.hex(8));
            input["name"] = json!(fresh);
        }
        (Mutation::MetadataForgotten, "StartExecution") => {
            let event = input["input"].as_str().unwrap_or_default();
            let mut event: Value = serde_json::from_str(event).unwrap_or_default();
            if let Some(detail) = event["detail"].as_object_mut() {
                detail.remove("NotificationMetadata");
            }
            input["input"] = json!(event.to_string());
        }
        (Mutation::OtherInstance, "UpdateContainerInstancesState") => {
            return another_set_draining(account, input);
        }
        _ => {}
    }
    None
}

/// Sets another instance DRAINING, and answers as if it were the one.
fn another_set_draining(account: &mut Account, input: &Value) -> Option<Value> {
    let record = as_if_draining(account, input);
    let operator = Caller::Operator;
    let all = json!({"cluster": input["cluster"]});
    let listed = account.call(&operator, "ecs", "ListContainerInstances", &all);
    let listed = listed.unwrap_or_default();
    let arns = listed["containerInstanceArns"].as_array();
    let own = &input["containerInstances"][0];
    let other = arns?.iter().find(|arn| *arn != own)?;
    let change =
        json!({"cluster": input["cluster"], "containerInstances": [other], "status": "DRAINING"});
    // If there is none of that name any more nobody is drained at all, which is as wrong.
    let _other = account.call(&operator, "ecs", "UpdateContainerInstancesState", &change);
    Some(record)
}

/// What ECS would answer if these were set DRAINING.
fn as_if_draining(account: &mut Account, input: &Value) -> Value {
    let ask =
        json!({"cluster": input["cluster"], "containerInstances": input["containerInstances"]});
    let answered = account.call(&Caller::Operator, "ecs", "DescribeContainerInstances", &ask);
    let mut answered = answered.unwrap_or_default();
    for one in items(&mut answered, "containerInstances") {
        one["status"] = json!("DRAINING");
    }
    answered
}

/// Sets the first of several DRAINING, and answers as if all were. One alone is left to the call
/// itself.
fn first_set_draining(account: &mut Account, caller: &Caller, input: &Value) -> Option<Value> {
    let arns = input["containerInstances"].as_array()?;
    let (first, true) = (arns.first()?, arns.len() > 1) else {
        return None;
    };
    let record = as_if_draining(account, input);
    let mut change = input.clone();
    change["containerInstances"] = json!([first]);
    let set = account.call(caller, "ecs", "UpdateContainerInstancesState", &change);
    set.is_ok().then_some(record)
}

/// After a call that was answered: changes what the worker reads.
pub fn after(
    wrong: Option<Mutation>,
    account: &Account,
    caller: &Caller,
    call: &Call,
    answer: &mut Value,
) {
    let Some(wrong) = wrong else {
        return;
    };
    match (wrong, call.action.as_str()) {
        (Mutation::Counters, "DescribeTasks") => {
            for task in items(answer, "tasks") {
                if task["desiredStatus"] == "STOPPED" {
                    task["lastStatus"] = json!("STOPPED");
                }
            }
        }
        (Mutation::FirstPage, _) => end_at_first_page(answer),
        (Mutation::FailuresIgnored, _) if answer.get("failures").is_some() => {
            answer["failures"] = json!([]);
        }
        (Mutation::RetainedIgnored, "DescribeAutoScalingGroups") => {
            show_retained_in_service(answer);
        }
        (Mutation::TaskFailuresAreGone, "DescribeTasks") => {
            set(answer, "failures", "reason", &json!("MISSING"));
        }
        (Mutation::StackIsSettled, "DescribeStacks") => {
            set(answer, "Stacks", "StackStatus", &json!("UPDATE_COMPLETE"));
        }
        (Mutation::RunningIgnored, "ListExecutions") => answer["executions"] = json!([]),
        (Mutation::FirstRecord, "ListContainerInstances") => {
            if let Some(arns) = answer["containerInstanceArns"].as_array_mut() {
                arns.truncate(1);
            }
        }
        (Mutation::NoMember, "ListContainerInstances") if is(caller, "draining") => {
            answer["containerInstanceArns"] = json!([]);
        }
        (Mutation::DaemonIsReplica, "DescribeServices") => {
            set(answer, "services", "schedulingStrategy", &json!("REPLICA"));
        }
        (Mutation::EventIsBelieved, "DescribeAutoScalingInstances")
            if is(caller, "draining") || is(caller, "drained") =>
        {
            let state = json!("Terminating:Wait");
            set(answer, "AutoScalingInstances", "LifecycleState", &state);
        }
        (Mutation::LeftBehindCounts, "DescribeContainerInstances") => {
            set(answer, "containerInstances", "agentConnected", &json!(true));
        }
        (Mutation::RegisteringIsActive, "DescribeContainerInstances") => show_active(answer),
        (_, "DescribeContainerInstances") => of_end_requests(wrong, account, caller, answer),
        _ => {}
    }
}

/// Wrongs in reading that the operator asked to end an instance.
fn of_end_requests(wrong: Mutation, account: &Account, caller: &Caller, answer: &mut Value) {
    match wrong {
        Mutation::EndRequestIgnored if is(caller, "draining") || is(caller, "drained") => {
            change_requests(answer, |_| None);
        }
        Mutation::QueueStopsForEnded if is(caller, "stable") => change_requests(answer, |_| None),
        Mutation::EndRequestNeverLapses => {
            let now = json!(account.now);
            change_requests(answer, |mut request| {
                request["value"] = now.clone();
                Some(request)
            });
        }
        _ => {}
    }
}

/// Gives `member` of each of the `list` the same value.
fn set(answer: &mut Value, list: &str, member: &str, value: &Value) {
    for one in items(answer, list) {
        one[member] = value.clone();
    }
}

fn end_at_first_page(answer: &mut Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("nextToken");
        answer.remove("NextToken");
    }
}

fn show_active(answer: &mut Value) {
    for one in items(answer, "containerInstances") {
        if one["status"] == "REGISTERING" {
            one["status"] = json!("ACTIVE");
            one["agentConnected"] = json!(true);
        }
    }
}

fn show_retained_in_service(answer: &mut Value) {
    for group in items(answer, "AutoScalingGroups") {
        for instance in items(group, "Instances") {
            if instance["LifecycleState"] == "Terminating:Retained" {
                instance["LifecycleState"] = json!("InService");
            }
        }
    }
}

/// Changes the operator's requests to end instances, or leaves them out.
fn change_requests(answer: &mut Value, change: impl Fn(Value) -> Option<Value>) {
    for one in items(answer, "containerInstances") {
        let Some(attributes) = one["attributes"].as_array_mut() else {
            continue;
        };
        let all = std::mem::take(attributes).into_iter();
        attributes.extend(all.filter_map(|it| {
            if it["name"] == TERMINATE {
                change(it)
            } else {
                Some(it)
            }
        }));
    }
}

/// What the worker takes a refusal for, if it does not take it for what it is.
pub fn in_place_of_an_error(wrong: Option<Mutation>, call: &Call) -> Option<Value> {
    let wrong = wrong?;
    match (wrong, call.action.as_str()) {
        (Mutation::RefusedIsEmpty, "ListTasks") => Some(json!({"taskArns": []})),
        (Mutation::RefusedIsEmpty, "ListContainerInstances") => {
            Some(json!({"containerInstanceArns": []}))
        }
        _ => None,
    }
}

fn is(caller: &Caller, worker: &str) -> bool {
    matches!(caller, Caller::Function(name) if name.ends_with(worker))
}

fn items<'a>(value: &'a mut Value, member: &str) -> impl Iterator<Item = &'a mut Value> {
    value[member].as_array_mut().into_iter().flatten()
}
