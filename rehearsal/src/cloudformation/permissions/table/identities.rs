//! Roles, instance profiles and managed policies.

use serde_json::{Value, json};

use super::{Subject, Verb, call, each, items, pass_role};
use crate::cloudformation::evaluate::same;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::record;
use crate::wire::Call;

/// The calls for a role.
pub fn role(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let path = of
        .properties
        .get("Path")
        .map_or("/".to_owned(), scalar_text);
    let input = |boundary: &Value, policy: &Value| json!({"RoleName": of.name, "Path": path, "PermissionsBoundary": boundary, "PolicyArn": policy});
    let new = of.properties;
    let (plain, bounded) = (
        input(&Value::Null, &Value::Null),
        input(&new["PermissionsBoundary"], &Value::Null),
    );
    let managed = |action: &str, properties: &Value, but: &Value| -> Vec<Call> {
        let but = items(&but["ManagedPolicyArns"]);
        items(&properties["ManagedPolicyArns"])
            .into_iter()
            .filter(|policy| !but.contains(policy))
            .map(|policy| call("iam", action, input(&new["PermissionsBoundary"], policy)))
            .collect()
    };
    let nothing = Value::Null;
    let mut calls = Vec::new();
    match verb {
        Verb::Create => {
            calls.extend(each("iam", &["CreateRole"], &bounded));
            if new.get("Policies").is_some() {
                calls.extend(each("iam", &["PutRolePolicy"], &bounded));
                calls.extend(each("iam", &["GetRolePolicy"], &plain));
            }
            calls.extend(managed("AttachRolePolicy", new, &nothing));
            calls.extend(each("iam", &["GetRole"], &plain));
        }
        Verb::Change(old) => {
            let differs = |property: &str| !same(&old[property], &new[property]);
            calls.extend(each("iam", &["GetRole"], &plain));
            if differs("AssumeRolePolicyDocument") {
                calls.extend(each("iam", &["UpdateAssumeRolePolicy"], &plain));
            }
            if differs("Description") || differs("MaxSessionDuration") {
                calls.extend(each("iam", &["UpdateRole"], &plain));
            }
            if differs("PermissionsBoundary") {
                let action = match new.get("PermissionsBoundary") {
                    Some(_) => "PutRolePermissionsBoundary",
                    None => "DeleteRolePermissionsBoundary",
                };
                calls.extend(each("iam", &[action], &bounded));
            }
            if differs("Policies") {
                calls.extend(each("iam", &["PutRolePolicy"], &bounded));
                let names = |properties: &Value| -> Vec<String> {
                    let policies = items(&properties["Policies"]);
                    let names = policies
                        .iter()
                        .map(|policy| scalar_text(&policy["PolicyName"]));
                    names.collect()
                };
                let kept = names(new);
                if names(old).iter().any(|name| !kept.contains(name)) {
                    calls.extend(each("iam", &["DeleteRolePolicy"], &bounded));
                }
            }
            calls.extend(managed("AttachRolePolicy", new, old));
            calls.extend(managed("DetachRolePolicy", old, new));
        }
        Verb::Delete => {
            let reads = ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies"];
            calls.extend(each("iam", &reads, &plain));
            if new.get("Policies").is_some() {
                calls.extend(each("iam", &["DeleteRolePolicy"], &bounded));
            }
            calls.extend(managed("DetachRolePolicy", new, &nothing));
            calls.extend(each("iam", &["DeleteRole"], &plain));
        }
    }
    calls
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
        record::role_arn(&of.account.cloudformation, &role).map(|role| pass_role(role, "ec2"))
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
