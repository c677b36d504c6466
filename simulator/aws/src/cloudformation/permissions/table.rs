//! The calls of each resource type's handler.

mod identities;
mod instances;

use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::evaluate::same;
use crate::cloudformation::files;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::Calls;
use crate::cloudformation::resource_types::{
    ACTIVITY, ALARM, ASSOCIATION, CAPACITY_PROVIDER, CLUSTER, DASHBOARD, FUNCTION, GROUP,
    INSTANCE_PROFILE, LAUNCH_TEMPLATE, LOG_GROUP, MANAGED_POLICY, QUEUE, QUEUE_POLICY, ROLE, RULE,
    STACK, STATE_MACHINE, WARM_POOL,
};
use crate::s3;
use crate::wire::{ApiError, Call};
use identities::{instance_profile, managed_policy, role};
use instances::{capacity_provider, group, launch_template};

/// What is done to a resource.
#[derive(Debug)]
pub enum Verb<'a> {
    /// It is made.
    Create,
    /// It is changed from these properties.
    Change(&'a Value),
    /// It is deleted.
    Delete,
}

/// The resource.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The account, in which what it names is looked up.
    pub account: &'a Account,
    /// ARN of the service role.
    pub role: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Its name, or its physical id once it has one.
    pub name: &'a str,
    /// Its properties, worked out.
    pub properties: &'a Value,
    /// Path of the template, against which its local files are resolved.
    pub base: &'a str,
}

/// What the handler of the resource's type calls, besides the calls that the account in memory
/// makes for it.
///
/// # Errors
/// `NotImplemented` for a type whose calls are not known here.
pub fn calls(verb: &Verb<'_>, of: &Subject<'_>) -> Calls {
    Ok(match of.kind {
        ROLE => role(verb, of),
        INSTANCE_PROFILE => instance_profile(verb, of),
        MANAGED_POLICY => managed_policy(verb, of),
        LOG_GROUP => log_group(verb, of),
        QUEUE => queue(verb, of),
        QUEUE_POLICY => queue_policy(of),
        ALARM => alarm(verb, of),
        DASHBOARD => dashboard(verb, of),
        FUNCTION => function(verb, of),
        STATE_MACHINE => state_machine(verb, of),
        ACTIVITY => {
            let input = json!({"activityArn": of.name, "name": of.name});
            each("states", &["DescribeActivity"], &input)
        }
        RULE => rule(verb, of),
        CLUSTER | ASSOCIATION => {
            let cluster = of.properties.get("Cluster").map(scalar_text);
            let cluster = cluster.unwrap_or_else(|| of.name.to_owned());
            each(
                "ecs",
                &["DescribeClusters"],
                &json!({"clusters": [cluster]}),
            )
        }
        CAPACITY_PROVIDER => capacity_provider(verb, of),
        LAUNCH_TEMPLATE => launch_template(verb, of),
        GROUP => group(verb, of),
        WARM_POOL => each(
            "autoscaling",
            &["DescribeAutoScalingGroups", "DescribeWarmPool"],
            &json!({}),
        ),
        STACK => nested(verb, of),
        other => {
            return Err(ApiError::not_known(format_args!(
                "what CloudFormation calls for a {other}, and so what its service role must allow"
            )));
        }
    })
}

fn call(service: &str, action: &str, input: Value) -> Call {
    Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input,
    }
}

fn each(service: &str, actions: &[&str], input: &Value) -> Vec<Call> {
    actions
        .iter()
        .map(|action| call(service, action, input.clone()))
        .collect()
}

/// The items of a list, or the one that stands for a list of one.
fn items(list: &Value) -> Vec<&Value> {
    match list {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// Hands a role to a service.
fn pass_role(role: &str, service: &str) -> Call {
    let to = format!("{service}.amazonaws.com");
    call(
        "iam",
        "PassRole",
        json!({"RoleArn": role, "PassedToService": to}),
    )
}

/// Reads what a property names, if it is an object in a bucket.
fn read_object(of: &Subject<'_>, property: &'static str) -> Option<Call> {
    let location = of.properties.get(property)?;
    let path = files::local(of.base, property, location).ok()?;
    let object = path.strip_prefix(s3::SCHEME)?;
    Some(call("s3", "GetObject", json!({"Object": object})))
}

fn log_group(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"logGroupName": of.name});
    let mut actions = vec!["DescribeLogGroups"];
    match verb {
        Verb::Create => {
            actions.extend(["CreateLogGroup", "ListTagsForResource"]);
            if of.properties.get("RetentionInDays").is_some() {
                actions.push("PutRetentionPolicy");
            }
        }
        Verb::Change(_) => actions.extend(["PutRetentionPolicy", "ListTagsForResource"]),
        Verb::Delete => actions.push("DeleteLogGroup"),
    }
    each("logs", &actions, &input)
}

fn queue(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"QueueName": last(of.name)});
    let actions: &[&str] = match verb {
        Verb::Create => &[
            "CreateQueue",
            "GetQueueUrl",
            "GetQueueAttributes",
            "ListQueueTags",
        ],
        Verb::Change(_) => &["SetQueueAttributes", "GetQueueAttributes", "ListQueueTags"],
        Verb::Delete => &["DeleteQueue", "GetQueueAttributes"],
    };
    each("sqs", actions, &input)
}

fn queue_policy(of: &Subject<'_>) -> Vec<Call> {
    let queues = items(&of.properties["Queues"]);
    let queues = queues
        .iter()
        .map(|url| last(url.as_str().unwrap_or_default()));
    let of_queue = |queue: &str| {
        let actions = ["GetQueueAttributes", "SetQueueAttributes"];
        each("sqs", &actions, &json!({"QueueName": queue}))
    };
    queues.flat_map(of_queue).collect()
}

/// The name of a queue, of its name or its URL.
fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn alarm(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let action = match verb {
        Verb::Delete => "DeleteAlarms",
        _ => "PutMetricAlarm",
    };
    let input = json!({"AlarmName": of.name});
    each("cloudwatch", &[action, "DescribeAlarms"], &input)
}

fn dashboard(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let actions: &[&str] = match verb {
        Verb::Delete => &["GetDashboard", "DeleteDashboards"],
        _ => &["PutDashboard", "GetDashboard"],
    };
    each("cloudwatch", actions, &json!({"DashboardName": of.name}))
}

fn function(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    if matches!(verb, Verb::Delete) {
        return Vec::new();
    }
    let input = json!({"FunctionName": of.name});
    let mut actions = vec![
        "GetFunction",
        "GetFunctionCodeSigningConfig",
        "GetRuntimeManagementConfig",
    ];
    let mut object = read_object(of, "Code");
    if let Verb::Change(old) = verb {
        if same(&old["Code"], &of.properties["Code"]) {
            object = None;
        } else {
            actions.push("UpdateFunctionCode");
        }
    }
    if of.properties.get("ReservedConcurrentExecutions").is_some() {
        actions.push("PutFunctionConcurrency");
    }
    let mut calls = each("lambda", &actions, &input);
    calls.extend(object);
    calls.push(pass_role(&scalar_text(&of.properties["Role"]), "lambda"));
    calls
}

fn state_machine(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"stateMachineArn": of.name, "name": of.name});
    let mut calls = each("states", &["DescribeStateMachine"], &input);
    if !matches!(verb, Verb::Delete) {
        calls.extend(each("states", &["ListTagsForResource"], &input));
        calls.extend(read_object(of, "DefinitionS3Location"));
        calls.push(pass_role(&scalar_text(&of.properties["RoleArn"]), "states"));
    }
    calls
}

fn rule(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"Name": of.name});
    let mut calls = each("events", &["DescribeRule", "ListTargetsByRule"], &input);
    if !matches!(verb, Verb::Delete) {
        let targets = items(&of.properties["Targets"]);
        let roles = targets
            .iter()
            .filter_map(|target| target["RoleArn"].as_str());
        calls.extend(roles.map(|role| pass_role(role, "events")));
    }
    calls
}

fn nested(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"StackName": of.name});
    let action = match verb {
        Verb::Create => "CreateStack",
        Verb::Change(_) => "UpdateStack",
        Verb::Delete => "DeleteStack",
    };
    let mut calls = each("cloudformation", &[action, "DescribeStacks"], &input);
    if !matches!(verb, Verb::Delete) {
        // Reported (aws-samples/sample-autonomous-cloud-coding-agents#865, 2026-09): a nested stack
        // gets the service role, and the role must be allowed to pass itself.
        calls.push(pass_role(of.role, "cloudformation"));
        calls.extend(read_object(of, "TemplateURL"));
    }
    calls
}
