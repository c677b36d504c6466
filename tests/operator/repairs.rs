//! Whoever has RepairPolicy may do what our texts tell people to do, in this cluster, and in no
//! other.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::access;
use simulator::account::{Account, Caller};
use simulator::autoscaling::AUTOSCALING;
use simulator::cloudformation::CLOUDFORMATION;
use simulator::wire::Call;

use super::{CLUSTER, call, deployed, property};

/// An instance of a group of this name, with which a machine of the cluster would begin.
fn instance_of(account: &mut Account, group: &str) -> String {
    let data = json!({"LaunchTemplateName": group,
        "LaunchTemplateData": {"ImageId": "ami-1", "InstanceType": "m7g.large"}});
    call(account, "ec2", "CreateLaunchTemplate", data);
    let template = json!({"LaunchTemplateName": group, "Version": "$Latest"});
    let input = json!({"AutoScalingGroupName": group, "MinSize": 1, "MaxSize": 1,
        "LaunchTemplate": template, "VPCZoneIdentifier": "subnet-1"});
    call(account, "autoscaling", "CreateAutoScalingGroup", input);
    account.advance(account.now + Duration::from_secs(300));
    let group = account[AUTOSCALING].group(group).expect("it is there");
    group.instances[0].id.clone()
}

/// The ARN of a thing of `service`.
fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:123456789012:{rest}")
}

fn repair(service: &str, action: &str, input: Value) -> Call {
    Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input,
    }
}

/// The calls that RepairPolicy is for, about things of the cluster `own`.
fn repairs(own: &str, stack: &str, instance: &str) -> Vec<Call> {
    let machine =
        json!({"stateMachineArn": arn("states", &format!("stateMachine:{own}-lifecycle"))});
    let execution = json!({"executionArn": arn("states", &format!("execution:{own}-lifecycle:1"))});
    let group = json!({"AutoScalingGroupName": own});
    let instance = json!({"InstanceId": instance});
    let stack = json!({"StackName": stack});
    let mut calls = vec![
        repair("states", "StartExecution", machine),
        repair("states", "DescribeExecution", execution),
        repair("autoscaling", "CompleteLifecycleAction", group.clone()),
        repair("autoscaling", "DetachInstances", group),
        repair(
            "autoscaling",
            "TerminateInstanceInAutoScalingGroup",
            instance,
        ),
        repair("cloudformation", "ContinueUpdateRollback", stack),
    ];
    calls.extend(repairs_in_ecs(own));
    calls
}

fn repairs_in_ecs(own: &str) -> Vec<Call> {
    let task = arn("ecs", &format!("task/{own}/1"));
    let member = arn("ecs", &format!("container-instance/{own}/1"));
    let attribute = json!({"name": "ecs-rollout.ending", "value": "x", "targetId": member});
    let marked = json!({"cluster": own, "attributes": [attribute]});
    let draining = json!({"cluster": own, "containerInstances": [member], "status": "DRAINING"});
    let gone = json!({"cluster": own, "containerInstance": member});
    vec![
        repair("ecs", "PutAttributes", marked),
        repair("ecs", "UpdateContainerInstancesState", draining),
        repair("ecs", "DeregisterContainerInstance", gone),
        repair("ecs", "StopTask", json!({"cluster": own, "task": task})),
        repair(
            "ecs",
            "UpdateTaskProtection",
            json!({"cluster": own, "tasks": [task]}),
        ),
    ]
}

#[test]
fn whoever_repairs_may_do_so_in_this_cluster_and_in_no_other() {
    let mut account = deployed();
    let (own, other) = (
        instance_of(&mut account, CLUSTER),
        instance_of(&mut account, "Other"),
    );
    let policies = ["LookPolicy", "RepairPolicy"];
    let stack = account[CLOUDFORMATION].stack("operator").expect("there");
    let arns = policies.map(|policy| stack.resources[policy].physical_id.clone());
    let repairer = Caller::PolicyHolder(arns.to_vec());
    let looker = Caller::PolicyHolder(arns[..1].to_vec());
    let ours = repairs(CLUSTER, "ecs-cluster", &own);
    for call in &ours {
        assert_eq!(access::refuses(&account, &repairer, call), None, "{call:?}");
        assert!(
            access::refuses(&account, &looker, call).is_some(),
            "{call:?}"
        );
    }
    for call in repairs("Other", "other", &other) {
        let refused = access::refuses(&account, &repairer, &call);
        assert!(refused.is_some(), "{call:?}");
    }
    // Each action that the policy allows is one of these, but for the queue, which no service here
    // serves.
    let document = property(&account, "RepairPolicy", "PolicyDocument");
    let statements = document["Statement"].as_array().expect("a list").iter();
    let allowed = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    });
    let allowed: BTreeSet<String> = allowed
        .map(|action| action.as_str().expect("a text").to_owned())
        .filter(|action| action != "sqs:ReceiveMessage")
        .collect();
    let called = ours
        .iter()
        .map(|call| format!("{}:{}", call.service, call.action));
    assert_eq!(allowed, called.collect());
}
