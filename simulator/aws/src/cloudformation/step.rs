//! One resource's part in an operation: make it, change it, leave it alone, or delete it.

use jiff::Timestamp;
use serde_json::Value;

use super::Event;
use super::error::ChangeError;
use super::evaluate::{ResolvedResource, same};
use super::handler::{self, DesiredResource};
use super::operation::{self, Purpose, Step};
use super::resource_types::ResourceType;
use super::stack::{self, Resource};
use super::status_reason::StatusReason;
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;

/// Begins the part of the resource `name` in the operation on the stack `id`.
pub fn begin(account: &mut Account, id: &str, name: &str) {
    if operation::of(account, id).purpose.deletes() {
        return delete(account, id, name);
    }
    let stack = account[CLOUDFORMATION].at(id);
    let known = stack.known();
    let version = stack.version.clone();
    let declared = &version.template.resources[name];
    let wanted = DesiredResource {
        stack_id: id.to_owned(),
        stack_name: stack.name.clone(),
        name: name.to_owned(),
        kind: declared.kind,
        properties: Value::Null,
        base: version.template.path.clone(),
    };
    let properties = stack.scope(&version, &known, false).properties(name);
    let old = stack
        .resources
        .get(name)
        .map(|resource| (resource.properties.clone(), resource.status.clone()));
    match (properties, old) {
        (Err(refusal), _) => operation::finished(account, id, name, Err(refusal.into())),
        (Ok(properties), None) => create(
            account,
            DesiredResource {
                properties,
                ..wanted
            },
        ),
        (Ok(properties), Some((old, status))) => {
            // A change that failed half way may have left anything behind: it is made undone even
            // if nothing differs.
            let unchanged = same(&properties, &old) && !status.ends_with("_FAILED");
            if unchanged && !declared.kind.handler.may_change_inside() {
                operation::of(account, id)
                    .steps
                    .insert(name.to_owned(), Step::Over);
            } else {
                update(
                    account,
                    DesiredResource {
                        properties,
                        ..wanted
                    },
                    &old,
                );
            }
        }
    }
}

fn create(account: &mut Account, wanted: DesiredResource) {
    let (id, name) = (wanted.stack_id.clone(), wanted.name.clone());
    let resource = Resource {
        kind: wanted.kind,
        physical_id: String::new(),
        status: String::new(),
        reason: StatusReason::None,
        updated: account.now,
        properties: wanted.properties.clone(),
        known: ResolvedResource::default(),
        earlier: None,
    };
    account[CLOUDFORMATION]
        .at(&id)
        .resources
        .insert(name.clone(), resource);
    stack::resource_enters(
        account,
        &id,
        &name,
        "CREATE_IN_PROGRESS",
        StatusReason::None,
    );
    match handler::create(account, &wanted) {
        Ok(made) => {
            let resource = account[CLOUDFORMATION]
                .at(&id)
                .resources
                .get_mut(&name)
                .expect("just inserted");
            resource.physical_id = made.physical_id;
            resource.known = made.known;
            stack::resource_enters(
                account,
                &id,
                &name,
                "CREATE_IN_PROGRESS",
                StatusReason::CreationInitiated,
            );
            if wanted.kind.handler.has_consistency_check() {
                stack::resource_enters(
                    account,
                    &id,
                    &name,
                    "CREATE_IN_PROGRESS",
                    StatusReason::ConsistencyCheck,
                );
            }
            wanted.kind.handler.await_creation(account, &wanted);
        }
        Err(error) => operation::finished(account, &id, &name, Err(error)),
    }
}

fn update(account: &mut Account, wanted: DesiredResource, old: &Value) {
    let (id, name) = (wanted.stack_id.clone(), wanted.name.clone());
    stack::resource_enters(
        account,
        &id,
        &name,
        "UPDATE_IN_PROGRESS",
        StatusReason::None,
    );
    let was = account[CLOUDFORMATION].at(&id).resources[&name].kind;
    if let Err(error) = changeable(&wanted, was, old) {
        return operation::finished(account, &id, &name, Err(error.into()));
    }
    let rolls_back = operation::of(account, &id).purpose == Purpose::RollBack;
    let resource = account[CLOUDFORMATION]
        .at(&id)
        .resources
        .get_mut(&name)
        .expect("it is being updated");
    let known = resource.known.clone();
    let earlier = resource.earlier.replace(known.clone());
    let timing = &account[CLOUDFORMATION].timing;
    let is_restored = wanted.kind.handler.is_restored_without_calls(timing);
    let result = match earlier {
        Some(earlier) if rolls_back && is_restored => Ok(earlier),
        _ => handler::update(account, &wanted, old, known),
    };
    let resource = account[CLOUDFORMATION]
        .at(&id)
        .resources
        .get_mut(&name)
        .expect("it is being updated");
    resource.properties = wanted.properties.clone();
    match result {
        Ok(known) => {
            resource.known = known;
            wanted.kind.handler.await_update(account, &wanted, old);
        }
        Err(error) => operation::finished(account, &id, &name, Err(error)),
    }
}

/// Whether the change of a resource that `was` of a type, with the properties `old`, can be made in
/// place.
///
/// # Errors
/// The change, if it cannot.
pub fn changeable(
    wanted: &DesiredResource,
    was: &ResourceType,
    old: &Value,
) -> Result<(), ChangeError> {
    if was != wanted.kind {
        return Err(ChangeError::Type {
            name: wanted.name.clone(),
            was: was.name,
            wanted: wanted.kind.name,
        });
    }
    let nothing = Value::Null;
    let at = |properties: &Value, key: &str| properties.get(key).unwrap_or(&nothing).clone();
    let changed = wanted
        .kind
        .fixed
        .iter()
        .find(|key| !same(&at(&wanted.properties, key), &at(old, key)));
    match changed {
        Some(property) => Err(ChangeError::Property {
            property,
            name: wanted.name.clone(),
            kind: wanted.kind.name,
            from: Box::new(at(old, property)),
            to: Box::new(at(&wanted.properties, property)),
        }),
        None => Ok(()),
    }
}

fn delete(account: &mut Account, id: &str, name: &str) {
    if retained(account, id, name) {
        stack::resource_enters(account, id, name, "DELETE_SKIPPED", StatusReason::None);
        account[CLOUDFORMATION].at(id).resources.remove(name);
        operation::of(account, id)
            .steps
            .insert(name.to_owned(), Step::Over);
        return;
    }
    let resource = &account[CLOUDFORMATION].at(id).resources[name];
    let handler = resource.kind.handler;
    if resource.physical_id.is_empty() {
        return clean_up(account, id, name);
    }
    stack::resource_enters(account, id, name, "DELETE_IN_PROGRESS", StatusReason::None);
    handler.begin_deletion(account, id, name);
}

/// Cleans up a resource that never came to be: one event, DELETE_COMPLETE. Recorded
/// (radkawar/stackd testdata/aws/cloudformation/lifecycle.json, 2026-09) after a rollback.
///
/// assumption: how long it takes otherwise. The events of such a stack prove it.
fn clean_up(account: &mut Account, id: &str, name: &str) {
    let timing = &account[CLOUDFORMATION].timing;
    let after_rollback = timing.failed_cleanup;
    if operation::of(account, id).purpose == Purpose::CleanUpRollBack {
        operation::takes(account, id, name, after_rollback);
    } else {
        operation::finished(account, id, name, Ok(()));
    }
}

/// Deletes a resource; one that is in use is tried again `until` then.
pub fn delete_until(account: &mut Account, id: &str, name: &str, until: Timestamp) {
    let handler = account[CLOUDFORMATION].at(id).resources[name].kind.handler;
    let timing = &account[CLOUDFORMATION].timing;
    let (delay, again) = (handler.deletion_time(timing), 5 * timing.other);
    match handler::delete(account, id, name) {
        Ok(()) => operation::takes(account, id, name, delay),
        Err(refused) if refused.in_use && account.now < until => {
            let event = Event::DeleteAgain {
                stack: id.to_owned(),
                operation: operation::of(account, id).number,
                resource: name.to_owned(),
                until,
            };
            account.after(again, event);
        }
        Err(refused) => operation::finished(account, id, name, Err(refused.refusal.into())),
    }
}

/// Whether the template that last declared `name` retains it.
fn retained(account: &mut Account, id: &str, name: &str) -> bool {
    let before = operation::of(account, id).before.clone();
    let now = account[CLOUDFORMATION].at(id).version.clone();
    [Some(now), before]
        .iter()
        .flatten()
        .find_map(|version| version.template.resources.get(name))
        .is_some_and(|declared| declared.retained)
}
