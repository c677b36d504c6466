//! The accounts in which readers are asked.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::cloudformation::CLOUDFORMATION;
use simulator::ec2::Instance;
use simulator::ecs::instance_started;
use simulator::scenario::files::{Files, built_in_parameters};
use simulator::wire::ApiError;

pub const HOUR: Duration = Duration::from_secs(3600);
/// The name of the cluster, which is that of the group as well.
pub const CLUSTER: &str = "DevCluster";
/// The name of the stack.
pub const STACK: &str = "ecs-cluster";
/// So many instances are in [`cluster`].
pub const MACHINES: usize = 3;

/// An account with nothing in it but two stored parameters.
pub fn empty() -> Account {
    let start = "2026-11-23T08:00:00Z".parse().expect("a constant time");
    let mut account = simulator::services::account(start, 7);
    for (name, value) in [("/ami/ecs/latest", "ami-0a1b2c3d4e5f60718"), ("/a", "b")] {
        let input = json!({"Name": name, "Type": "String", "Value": value});
        does(&mut account, "ssm", "PutParameter", &input);
    }
    account
}

/// An account with a cluster of three instances that differ.
pub fn cluster() -> Account {
    let mut account = empty();
    let input = json!({"clusterName": CLUSTER});
    does(&mut account, "ecs", "CreateCluster", &input);
    for number in 0..MACHINES {
        let machine = Instance {
            id: format!("i-0123456{number}"),
            ami: format!("ami-{number}"),
            instance_type: ["m7g.large", "m7g.large", "t3.micro"][number].to_owned(),
            availability_zone: format!("eu-west-1{}", ["a", "b", "c"][number]),
            subnet: format!("subnet-{number}"),
            user_data: format!("ECS_CLUSTER={CLUSTER}"),
        };
        instance_started(&mut account, &machine);
    }
    account.advance(account.now + HOUR);
    account
}

/// An account in which the stack of this build stands, with two instances and a service.
pub fn deployed() -> Account {
    let mut account = empty();
    let files = Files::built_in();
    account[CLOUDFORMATION].files = files.texts;
    let mut parameters = built_in_parameters();
    parameters.retain(|(key, _)| key != "ClusterSize");
    parameters.push(("ClusterSize".to_owned(), "2".to_owned()));
    let parameters: Vec<Value> = parameters
        .into_iter()
        .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
        .collect();
    let input = json!({
        "StackName": STACK, "TemplateURL": files.template, "Parameters": parameters,
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    });
    does(&mut account, "cloudformation", "CreateStack", &input);
    for _minute in 0..60 {
        account.advance(account.now + Duration::from_secs(60));
        let_join(&mut account);
    }
    let stack = account[CLOUDFORMATION].stack(STACK).expect("it was made");
    assert_eq!(stack.status, "CREATE_COMPLETE");
    serves(&mut account);
    account.trace.clear();
    account
}

/// Answers the launch hooks, and signals, in place of the workers.
fn let_join(account: &mut Account) {
    let named = json!({"AutoScalingGroupNames": [CLUSTER]});
    let groups = does(account, "autoscaling", "DescribeAutoScalingGroups", &named);
    for instance in groups["AutoScalingGroups"][0]["Instances"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|instance| instance["LifecycleState"] == "Pending:Wait")
    {
        let answer = json!({
            "AutoScalingGroupName": CLUSTER, "LifecycleHookName": "ecs-rollout-launch",
            "InstanceId": instance["InstanceId"], "LifecycleActionResult": "CONTINUE",
        });
        does(account, "autoscaling", "CompleteLifecycleAction", &answer);
        let signal = json!({
            "StackName": STACK, "LogicalResourceId": "EcsAutoScalingGroup",
            "UniqueId": instance["InstanceId"], "Status": "SUCCESS",
        });
        does(account, "cloudformation", "SignalResource", &signal);
    }
}

fn serves(account: &mut Account) {
    let container = json!({"name": "web", "image": "web", "cpu": 128, "memory": 256});
    let definition = json!({"family": "web", "containerDefinitions": [container]});
    does(account, "ecs", "RegisterTaskDefinition", &definition);
    let service = json!({
        "cluster": CLUSTER, "serviceName": "web", "taskDefinition": "web", "desiredCount": 2,
    });
    does(account, "ecs", "CreateService", &service);
    account.advance(account.now + HOUR);
}

/// A call by an operator, which must be answered.
pub fn does(account: &mut Account, service: &str, action: &str, input: &Value) -> Value {
    let answer = account.call(&Caller::Operator, service, action, input);
    answer.unwrap_or_else(|error| panic!("{service} {action} {input}: {error}"))
}

/// Does the next things that are planned, so many at most, as far as they are due within `time`.
pub fn steps(account: &mut Account, events: usize, time: Duration) {
    let until = account.now + time;
    for _event in 0..events {
        if !account.step(until) {
            break;
        }
    }
}

/// Checks that an error is one that a client could make something of.
pub fn error(error: &ApiError) {
    assert!((400..=599).contains(&error.status), "{error:?}");
    assert!(!error.code.is_empty(), "{error:?}");
    assert!(!error.message.is_empty(), "{error:?}");
}
