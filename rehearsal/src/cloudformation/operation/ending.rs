//! How an operation ends: what is cancelled, and what follows it.

use super::{Purpose, Step, Work, begin, of, verb};
use crate::account::Account;
use crate::cloudformation::stack::Left;
use crate::cloudformation::{describe, nested, refreshing, stack};

/// Begins nothing more, and cancels the groups and nested stacks that are still at it. What needs only a little time
/// is let finish.
pub fn stop(account: &mut Account, id: &str) {
    let operation = of(account, id);
    if operation.stopped {
        return;
    }
    operation.stopped = true;
    let slow: Vec<(String, bool)> = operation
        .steps
        .iter()
        .filter_map(|(name, step)| match step {
            Step::Running(Work::Group(_)) => Some((name.clone(), true)),
            Step::Running(Work::Nested) => Some((name.clone(), false)),
            _ => None,
        })
        .collect();
    for (name, is_group) in slow {
        if is_group {
            refreshing::cancel(account, id, &name);
            let verb = verb(account, id, &name, false);
            let what = if verb == "CREATE" {
                "creation"
            } else {
                "update"
            };
            of(account, id).steps.insert(name.clone(), Step::Over);
            of(account, id).failed.push(name.clone());
            stack::resource_enters(
                account,
                id,
                &name,
                &format!("{verb}_FAILED"),
                &format!("Resource {what} cancelled"),
            );
        } else {
            nested::cancel(account, id, &name);
        }
    }
}

/// What follows the operation that has just come to its end.
pub(super) fn end(account: &mut Account, id: &str) {
    let operation = of(account, id);
    let (purpose, before, failed) = (
        operation.purpose,
        operation.before.clone(),
        operation.failed.join(", "),
    );
    let stopped = operation.stopped;
    match (purpose, stopped || !failed.is_empty()) {
        (Purpose::Create, false) => settle(account, id, "CREATE_COMPLETE", ""),
        (Purpose::Create, true) => {
            let reason = format!(
                "The following resource(s) failed to create: [{failed}]. Rollback requested by user."
            );
            begin(account, id, Purpose::UndoCreate, None, &reason);
        }
        (Purpose::Update, false) => begin(account, id, Purpose::CleanUp, before, ""),
        (Purpose::Update, true) => {
            let before = before.expect("an update knows what was before");
            let left = std::mem::replace(&mut account.cloudformation.at(id).version, before);
            let reason = match failed.as_str() {
                "" => "User Initiated".to_owned(),
                failed => format!("The following resource(s) failed to update: [{failed}]."),
            };
            begin(account, id, Purpose::RollBack, Some(left), &reason);
        }
        (Purpose::RollBack, false) => begin(account, id, Purpose::CleanUpRollBack, before, ""),
        (Purpose::RollBack, true) => {
            let reason = format!("The following resource(s) failed to update: [{failed}].");
            let children = std::mem::take(&mut of(account, id).children);
            account.cloudformation.at(id).left = Some(Left { before, children });
            settle(account, id, "UPDATE_ROLLBACK_FAILED", &reason);
        }
        // What cannot be cleaned up stays behind, and the update is complete all the same.
        (Purpose::CleanUp, _) => settle(account, id, "UPDATE_COMPLETE", ""),
        (Purpose::CleanUpRollBack, _) => settle(account, id, "UPDATE_ROLLBACK_COMPLETE", ""),
        (Purpose::UndoCreate, false) => settle(account, id, "ROLLBACK_COMPLETE", ""),
        (Purpose::Delete, false) => settle(account, id, "DELETE_COMPLETE", ""),
        (Purpose::UndoCreate | Purpose::Delete, true) => {
            let status = if purpose == Purpose::Delete {
                "DELETE_FAILED"
            } else {
                "ROLLBACK_FAILED"
            };
            let reason = format!("The following resource(s) failed to delete: [{failed}].");
            settle(account, id, status, &reason);
        }
    }
}

/// The stack comes to rest in `status`.
fn settle(account: &mut Account, id: &str, status: &str, reason: &str) {
    let stack = account.cloudformation.at(id);
    stack.operation = None;
    if matches!(
        status,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE"
    ) {
        let known = stack.known();
        let outputs = describe::outputs(&stack.scope(&stack.version, &known, false));
        stack.outputs = outputs;
    }
    stack::enter(account, id, status, reason);
    nested::settled(account, id);
}
