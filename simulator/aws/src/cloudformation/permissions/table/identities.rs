//! Roles, instance profiles and managed policies.

use serde_json::{Value, json};

use super::{Subject, Verb, call, each, items, pass_role};
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::evaluate::same;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::opaque_resource;
use crate::wire::Call;

/// The calls for a role.
pub fn role(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let role = Role {
        name: of.name,
        new: of.properties,
    };
    match verb {
        Verb::Create => role.create(),
        Verb::Change(old) => role.change(old),
        Verb::Delete => role.delete(),
    }
}

/// A role, of which calls are made.
struct Role<'a> {
    name: &'a str,
    new: &'a Value,
}

impl Role<'_> {
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
        let path = self.new.get("Path").map_or("/".to_owned(), scalar_text);
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

/// The calls for an instance profile.
pub fn instance_profile(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let path = of
        .properties
        .get("Path")
        .map_or("/".to_owned(), scalar_text);
    let input = json!({"InstanceProfileName": of.name, "Path": path});
    let roles = items(&of.properties["Roles"]);
    let roles = roles.iter().filter_map(|role| {
        let role = scalar_text(role);
        opaque_resource::role_arn(&of.account[CLOUDFORMATION], &role)
            .map(|role| pass_role(role, "ec2"))
    });
    let own: &[&str] = match verb {
        Verb::Create => &[
            "CreateInstanceProfile",
            "AddRoleToInstanceProfile",
            "GetInstanceProfile",
        ],
        Verb::Change(_) => &[
            "RemoveRoleFromInstanceProfile",
            "AddRoleToInstanceProfile",
            "GetInstanceProfile",
        ],
        Verb::Delete => &[
            "GetInstanceProfile",
            "RemoveRoleFromInstanceProfile",
            "DeleteInstanceProfile",
        ],
    };
    let mut calls = each("iam", own, &input);
    if !matches!(verb, Verb::Delete) {
        calls.extend(roles);
    }
    calls
}

/// The calls for a managed policy.
pub fn managed_policy(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let path = of
        .properties
        .get("Path")
        .map_or("/".to_owned(), scalar_text);
    let name = of.name.rsplit('/').next().unwrap_or(of.name);
    let input = json!({"PolicyName": name, "Path": path});
    let actions: &[&str] = match verb {
        Verb::Create => &["CreatePolicy", "GetPolicy"],
        Verb::Change(_) => &[
            "GetPolicy",
            "ListPolicyVersions",
            "CreatePolicyVersion",
            "DeletePolicyVersion",
        ],
        Verb::Delete => &[
            "GetPolicy",
            "ListEntitiesForPolicy",
            "ListPolicyVersions",
            "DeletePolicyVersion",
            "DeletePolicy",
        ],
    };
    each("iam", actions, &input)
}
