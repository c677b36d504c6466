//! Resources that the account in memory only keeps in mind: identities, logs, queues, alarms,
//! topics. Their properties are known by name (see [`super::resource_types`]).
//!
//! assumption: their Ref and GetAtt answers, after each type's page in the Template Reference. The
//! outputs of a stack on AWS prove them.

use serde_json::Value;

use super::error::ResourceError;
use super::handler::{CreatedResource, DesiredResource, allowed, name};
use super::node::scalar_text;
use super::resource_types::{
    ALARM, INSTANCE_PROFILE, LOG_GROUP, MANAGED_POLICY, POLICY, QUEUE, ROLE, TOPIC,
};
use super::{State, permissions};
use crate::account::{ACCOUNT_ID, Account, PARTITION, REGION, arn};

/// Keeps a resource in mind, if the stack's service role allows what CloudFormation calls to make
/// it.
///
/// # Errors
/// The refusal, as a stack event shows it.
pub fn create(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let made = made(account, wanted);
    let calls = permissions::creation(account, wanted, &made.physical_id);
    allowed(account, &wanted.stack_id, calls)?;
    Ok(made)
}

fn made(account: &mut Account, wanted: &DesiredResource) -> CreatedResource {
    match wanted.kind.name {
        ROLE => {
            let name = name(account, wanted, "RoleName");
            let id = format!("AROA{}", account.hex(17).to_uppercase());
            let arn = identity(wanted, "role", &name);
            CreatedResource::new(name, [("Arn", arn), ("RoleId", id.into())])
        }
        MANAGED_POLICY => managed_policy(account, wanted),
        INSTANCE_PROFILE => {
            let name = name(account, wanted, "InstanceProfileName");
            let arn = identity(wanted, "instance-profile", &name);
            CreatedResource::new(name, [("Arn", arn)])
        }
        LOG_GROUP => {
            let name = name(account, wanted, "LogGroupName");
            let arn = arn("logs", &format!("log-group:{name}:*"));
            CreatedResource::new(name, [("Arn", arn.into())])
        }
        QUEUE => {
            let name = name(account, wanted, "QueueName");
            let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}");
            let arn = arn("sqs", &name);
            CreatedResource::new(
                url.clone(),
                [
                    ("Arn", arn.into()),
                    ("QueueName", name.into()),
                    ("QueueUrl", url.into()),
                ],
            )
        }
        ALARM => {
            let name = name(account, wanted, "AlarmName");
            let arn = arn("cloudwatch", &format!("alarm:{name}"));
            CreatedResource::new(name, [("Arn", arn.into())])
        }
        TOPIC => {
            let name = name(account, wanted, "TopicName");
            let arn = arn("sns", &name);
            CreatedResource::new(
                arn.clone(),
                [("TopicArn", arn.into()), ("TopicName", name.into())],
            )
        }
        "AWS::SNS::Subscription" => {
            let id = account.uuid();
            let arn = format!("{}:{id}", scalar_text(&wanted.properties["TopicArn"]));
            CreatedResource::new(arn.clone(), [("Arn", arn.into())])
        }
        // Policies and permissions: no more than that they are there.
        _ => {
            let id = name(account, wanted, "PolicyName");
            CreatedResource::new(id.clone(), [("Id", id.into())])
        }
    }
}

fn managed_policy(account: &mut Account, wanted: &DesiredResource) -> CreatedResource {
    let name = name(account, wanted, "ManagedPolicyName");
    let id = format!("ANPA{}", account.hex(17).to_uppercase());
    let arn = identity(wanted, "policy", &name);
    let attributes = [("PolicyArn", arn.clone()), ("PolicyId", id.into())];
    CreatedResource::new(scalar_text(&arn), attributes)
}

fn identity(wanted: &DesiredResource, kind: &str, name: &str) -> Value {
    let path = wanted
        .properties
        .get("Path")
        .map_or_else(|| "/".to_owned(), scalar_text);
    format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:{kind}{path}{name}").into()
}

/// The ARN of the role of this name, if a stack made it.
pub fn role_arn<'a>(state: &'a State, name: &str) -> Option<&'a str> {
    let resources = state
        .stacks
        .values()
        .flat_map(|stack| stack.resources.values());
    let mut roles = resources.filter(|resource| resource.kind.name == ROLE);
    roles
        .find(|role| role.physical_id == name)
        .and_then(|role| role.known.attributes.get("Arn")?.as_str())
}

/// The ARN of the role in the instance profile of this name, if a stack made both.
pub fn profile_role_arn<'a>(state: &'a State, profile: &str) -> Option<&'a str> {
    let resources = state
        .stacks
        .values()
        .flat_map(|stack| stack.resources.values());
    let mut profiles = resources.filter(|resource| resource.kind.name == INSTANCE_PROFILE);
    let profile = profiles.find(|found| found.physical_id == profile)?;
    role_arn(state, profile.properties["Roles"][0].as_str()?)
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
