//! Resources that the account in memory only keeps in mind: identities, logs, queues, alarms, topics. Their properties
//! are known by name (see [`super::kinds`]), their Ref and GetAtt answers are as documented.

use serde_json::Value;

use super::State;
use super::handler::{Made, Wanted, name};
use super::kinds::{LOG_GROUP, MANAGED_POLICY, POLICY, ROLE};
use super::node::scalar_text;
use crate::account::{ACCOUNT_ID, Account, PARTITION, REGION, arn};

/// Keeps a resource in mind.
pub fn create(account: &mut Account, wanted: &Wanted) -> Made {
    match wanted.kind.name {
        ROLE => {
            let name = name(account, wanted, "RoleName");
            let id = format!("AROA{}", account.hex(17).to_uppercase());
            let arn = identity(wanted, "role", &name);
            Made::new(name, [("Arn", arn), ("RoleId", id.into())])
        }
        MANAGED_POLICY => managed_policy(account, wanted),
        "AWS::IAM::InstanceProfile" => {
            let name = name(account, wanted, "InstanceProfileName");
            let arn = identity(wanted, "instance-profile", &name);
            Made::new(name, [("Arn", arn)])
        }
        LOG_GROUP => {
            let name = name(account, wanted, "LogGroupName");
            let arn = arn("logs", &format!("log-group:{name}:*"));
            Made::new(name, [("Arn", arn.into())])
        }
        "AWS::SQS::Queue" => {
            let name = name(account, wanted, "QueueName");
            let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}");
            let arn = arn("sqs", &name);
            Made::new(
                url.clone(),
                [
                    ("Arn", arn.into()),
                    ("QueueName", name.into()),
                    ("QueueUrl", url.into()),
                ],
            )
        }
        "AWS::CloudWatch::Alarm" => {
            let name = name(account, wanted, "AlarmName");
            let arn = arn("cloudwatch", &format!("alarm:{name}"));
            Made::new(name, [("Arn", arn.into())])
        }
        "AWS::SNS::Topic" => {
            let name = name(account, wanted, "TopicName");
            let arn = arn("sns", &name);
            Made::new(
                arn.clone(),
                [("TopicArn", arn.into()), ("TopicName", name.into())],
            )
        }
        "AWS::SNS::Subscription" => {
            let id = account.uuid();
            let arn = format!("{}:{id}", scalar_text(&wanted.properties["TopicArn"]));
            Made::new(arn.clone(), [("Arn", arn.into())])
        }
        // Policies and permissions: no more than that they are there.
        _ => {
            let id = name(account, wanted, "PolicyName");
            Made::new(id.clone(), [("Id", id.into())])
        }
    }
}

fn managed_policy(account: &mut Account, wanted: &Wanted) -> Made {
    let name = name(account, wanted, "ManagedPolicyName");
    let id = format!("ANPA{}", account.hex(17).to_uppercase());
    let arn = identity(wanted, "policy", &name);
    let attributes = [("PolicyArn", arn.clone()), ("PolicyId", id.into())];
    Made::new(scalar_text(&arn), attributes)
}

fn identity(wanted: &Wanted, kind: &str, name: &str) -> Value {
    let path = wanted
        .properties
        .get("Path")
        .map_or_else(|| "/".to_owned(), scalar_text);
    format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:{kind}{path}{name}").into()
}

/// The managed policies that stacks made: each ARN and document.
pub fn managed_policies(state: &State) -> impl Iterator<Item = (&str, &Value)> {
    let stacks = state.stacks.values();
    stacks
        .flat_map(|stack| stack.resources.values())
        .filter(|resource| {
            resource.kind.name == MANAGED_POLICY && !resource.known.reference.is_empty()
        })
        .map(|policy| {
            (
                policy.physical_id.as_str(),
                &policy.properties["PolicyDocument"],
            )
        })
}

/// The ARNs of the log groups that stacks made.
pub fn log_groups(state: &State) -> impl Iterator<Item = &Value> {
    let stacks = state.stacks.values();
    stacks
        .flat_map(|stack| stack.resources.values())
        .filter(|resource| resource.kind.name == LOG_GROUP && !resource.known.reference.is_empty())
        .filter_map(|group| group.known.attributes.get("Arn"))
}

/// The inline policies of a role that a stack made, those of AWS::IAM::Policy included.
pub fn role_policies<'a>(state: &'a State, role_arn: &str) -> Option<Vec<&'a Value>> {
    let resources = || {
        state
            .stacks
            .values()
            .flat_map(|stack| stack.resources.values())
    };
    let role = resources().find(|resource| {
        resource.kind.name == ROLE
            && resource
                .known
                .attributes
                .get("Arn")
                .is_some_and(|arn| arn == role_arn)
    })?;
    let own = role.properties["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|policy| &policy["PolicyDocument"]);
    let attached = resources()
        .filter(|resource| resource.kind.name == POLICY)
        .filter(|policy| {
            policy.properties["Roles"]
                .as_array()
                .is_some_and(|roles| roles.contains(&role.physical_id.clone().into()))
        })
        .map(|policy| &policy.properties["PolicyDocument"]);
    Some(own.chain(attached).collect())
}
