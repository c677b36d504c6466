//! The changes that a change set tells.

use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::describe;
use crate::cloudformation::evaluate::same;
use crate::cloudformation::stack::Version;

/// What bringing the stack `id` to `version` would do to which resource.
pub(super) fn of(account: &mut Account, id: &str, version: &Version) -> Vec<Value> {
    let stack = account[CLOUDFORMATION].at(id);
    let known = stack.known();
    let scope = stack.scope(version, &known, true);
    let wanted = scope.wanted().unwrap_or_default();
    let change = |action: &str, name: &str, kind: &str, physical: &str| {
        let mut change = json!({
            "Action": action, "LogicalResourceId": name, "ResourceType": kind, "Scope": [], "Details": [],
        });
        describe::put(&mut change, "PhysicalResourceId", physical);
        if action == "Modify" {
            change["Replacement"] = "False".into();
            change["Scope"] = json!(["Properties"]);
        }
        json!({"Type": "Resource", "ResourceChange": change})
    };
    let mut all = Vec::new();
    for name in &wanted {
        let kind = version.template.resources[name].kind;
        match stack.resources.get(name) {
            None => all.push(change("Add", name, kind.name, "")),
            Some(old) => {
                let properties = scope.properties(name).unwrap_or_default();
                // What a nested stack would do is not known before it is asked.
                let may_change = kind.handler.may_change_inside();
                if may_change || !same(&old.properties, &properties) {
                    all.push(change("Modify", name, kind.name, &old.physical_id));
                }
            }
        }
    }
    let gone = stack
        .resources
        .iter()
        .filter(|(name, _)| !wanted.contains(*name));
    all.extend(gone.map(|(name, old)| change("Remove", name, old.kind.name, &old.physical_id)));
    all
}
