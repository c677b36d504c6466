//! AWS::IAM::Role.

use std::time::Duration;

use serde_json::{Value, json};

use super::iam_policy::IAM_POLICY;
use super::identity::{identity_arn, identity_capability, path};
use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::State;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::same;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, call, each, items};
use crate::cloudformation::template::{Declared, Template};
use crate::cloudformation::timing::Timing;
use crate::wire::Call;

/// An IAM role.
pub static ROLE: ResourceType = ResourceType {
    name: "AWS::IAM::Role",
    name_property: Some("RoleName"),
    required: &["AssumeRolePolicyDocument"],
    optional: &[
        "Description",
        "ManagedPolicyArns",
        "MaxSessionDuration",
        "Path",
        "PermissionsBoundary",
        "Policies",
        "RoleName",
        "Tags",
    ],
    fixed: &["RoleName", "Path"],
    attributes: &["Arn", "RoleId"],
    handler: &Role,
};

#[derive(Debug)]
struct Role;

impl Handler for Role {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let id = format!("AROA{}", account.hex(17).to_uppercase());
        let arn = identity_arn(desired, "role", &name);
        Ok(CreatedResource::new(
            name,
            [("Arn", arn), ("RoleId", id.into())],
        ))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let role = RoleCalls {
            name: subject.name,
            new: subject.properties,
        };
        Ok(match verb {
            Verb::Create => role.create(),
            Verb::Change(old) => role.change(old),
            Verb::Delete => role.delete(),
        })
    }

    fn capability(&self, _: &Account, _: &Template, declared: &Declared) -> Option<&'static str> {
        Some(identity_capability(declared))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.identity
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.identity_deletion
    }
}

/// A role, of which calls are made.
struct RoleCalls<'a> {
    name: &'a str,
    new: &'a Value,
}

impl RoleCalls<'_> {
    fn create(&self) -> Vec<Call> {
        let mut calls = self.bounded(&["CreateRole"]);
        if self.new.get("Policies").is_some() {
            calls.extend(self.bounded(&["PutRolePolicy"]));
            calls.extend(self.plain(&["GetRolePolicy"]));
        }
        calls.extend(self.managed("AttachRolePolicy", self.new, &Value::Null));
        calls.extend(self.plain(&["GetRole"]));
        calls
    }

    fn change(&self, old: &Value) -> Vec<Call> {
        let new = self.new;
        let differs = |property: &str| !same(&old[property], &new[property]);
        let mut calls = self.plain(&["GetRole"]);
        if differs("AssumeRolePolicyDocument") {
            calls.extend(self.plain(&["UpdateAssumeRolePolicy"]));
        }
        if differs("Description") || differs("MaxSessionDuration") {
            calls.extend(self.plain(&["UpdateRole"]));
        }
        if differs("PermissionsBoundary") {
            let action = match new.get("PermissionsBoundary") {
                Some(_) => "PutRolePermissionsBoundary",
                None => "DeleteRolePermissionsBoundary",
            };
            calls.extend(self.bounded(&[action]));
        }
        if differs("Policies") {
            calls.extend(self.bounded(&["PutRolePolicy"]));
            let kept = policy_names(new);
            if policy_names(old).iter().any(|name| !kept.contains(name)) {
                calls.extend(self.bounded(&["DeleteRolePolicy"]));
            }
        }
        calls.extend(self.managed("AttachRolePolicy", new, old));
        calls.extend(self.managed("DetachRolePolicy", old, new));
        calls
    }

    fn delete(&self) -> Vec<Call> {
        let mut calls = self.plain(&["GetRole", "ListAttachedRolePolicies", "ListRolePolicies"]);
        if self.new.get("Policies").is_some() {
            calls.extend(self.bounded(&["DeleteRolePolicy"]));
        }
        calls.extend(self.managed("DetachRolePolicy", self.new, &Value::Null));
        calls.extend(self.bounded(&["DeleteRole"]));
        calls
    }

    /// Calls whose conditions see the role's path alone.
    fn plain(&self, actions: &[&str]) -> Vec<Call> {
        each("iam", actions, &self.input(&Value::Null, &Value::Null))
    }

    /// Calls whose conditions see its permissions boundary too.
    fn bounded(&self, actions: &[&str]) -> Vec<Call> {
        let boundary = &self.new["PermissionsBoundary"];
        each("iam", actions, &self.input(boundary, &Value::Null))
    }

    /// One call for each managed policy of `properties` that `others` do not have.
    fn managed(&self, action: &str, properties: &Value, others: &Value) -> Vec<Call> {
        let others = items(&others["ManagedPolicyArns"]);
        let boundary = &self.new["PermissionsBoundary"];
        items(&properties["ManagedPolicyArns"])
            .into_iter()
            .filter(|policy| !others.contains(policy))
            .map(|policy| call("iam", action, self.input(boundary, policy)))
            .collect()
    }

    fn input(&self, boundary: &Value, policy: &Value) -> Value {
        let path = path(self.new);
        json!({"RoleName": self.name, "Path": path, "PermissionsBoundary": boundary, "PolicyArn": policy})
    }
}

fn policy_names(properties: &Value) -> Vec<String> {
    let policies = items(&properties["Policies"]);
    let names = policies
        .iter()
        .map(|policy| scalar_text(&policy["PolicyName"]));
    names.collect()
}

/// The ARN of the role of this name, if a stack made it.
pub(super) fn role_arn<'a>(state: &'a State, name: &str) -> Option<&'a str> {
    state
        .resources_of(&ROLE)
        .find(|role| role.physical_id == name)
        .and_then(|role| role.known.attributes.get("Arn")?.as_str())
}

/// The inline policies of a role that a stack made, those of AWS::IAM::Policy included.
pub fn role_policies<'a>(state: &'a State, role_arn: &str) -> Option<Vec<&'a Value>> {
    let has_arn = |arn: &Value| arn == role_arn;
    let role = state
        .resources_of(&ROLE)
        .find(|role| role.known.attributes.get("Arn").is_some_and(has_arn))?;
    let own = role.properties["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|policy| &policy["PolicyDocument"]);
    let attached = state
        .resources_of(&IAM_POLICY)
        .filter(|policy| {
            policy.properties["Roles"]
                .as_array()
                .is_some_and(|roles| roles.contains(&role.physical_id.clone().into()))
        })
        .map(|policy| &policy.properties["PolicyDocument"]);
    Some(own.chain(attached).collect())
}
