//! How an operation ends: what is cancelled, and what follows it.

use super::{Purpose, Step, Work, begin, of, verb};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::stack::{Retained, USER_INITIATED};
use crate::cloudformation::{describe, instance_refresh, nested, stack};

/// Begins nothing more, and cancels the groups and nested stacks that are still at it. What needs
/// only a little time is let finish.
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
            instance_refresh::cancel(account, id, &name);
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
    let (purpose, before) = (operation.purpose, operation.before.clone());
    let (stopped, failed) = (operation.stopped, operation.failed.clone());
    match (purpose, stopped || !failed.is_empty()) {
        (Purpose::Create, false) => settle(account, id, "CREATE_COMPLETE", ""),
        (Purpose::Create, true) => {
            let reason = format!(
                "{}Rollback requested by user.",
                failures(account, id, &failed)
            );
            begin(account, id, Purpose::UndoCreate, None, &reason);
        }
        (Purpose::Update, false) => {
            // Recorded (radkawar/stackd testdata/aws/cloudformation/cleanup.json, 2026-09): the
            // outputs are new as soon as the clean-up begins.
            describe::renew_outputs(account, id);
            begin(account, id, Purpose::CleanUp, before, "");
        }
        (Purpose::Update, true) => {
            let before = before.expect("an update knows what was before");
            let reason = if failed.is_empty() {
                USER_INITIATED.to_owned()
            } else {
                failures(account, id, &failed)
            };
            let left = std::mem::replace(&mut account[CLOUDFORMATION].at(id).version, before);
            begin(account, id, Purpose::RollBack, Some(left), &reason);
        }
        (Purpose::RollBack, false) => begin(account, id, Purpose::CleanUpRollBack, before, ""),
        (Purpose::RollBack, true) => {
            let reason = failures(account, id, &failed);
            let children = std::mem::take(&mut of(account, id).children);
            account[CLOUDFORMATION].at(id).left = Some(Retained { before, children });
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
            let reason = sentence("delete", &failed);
            settle(account, id, status, &reason);
        }
    }
}

/// What failed, as the stack reports it: a sentence for what could not be made and one for what
/// could not be changed, each with a blank after it. Recorded (radkawar/stackd
/// testdata/aws/cloudformation/lifecycle.json, 2026-09) for what could not be made; that the other
/// has the blank too is assumed.
fn failures(account: &mut Account, id: &str, failed: &[String]) -> String {
    let resources = &account[CLOUDFORMATION].at(id).resources;
    let (made, changed): (Vec<_>, Vec<_>) = failed.iter().cloned().partition(|name| {
        resources
            .get(name)
            .is_some_and(|resource| resource.status == "CREATE_FAILED")
    });
    format!(
        "{}{}",
        sentence("create", &made),
        sentence("update", &changed)
    )
}

/// `The following resource(s) failed to …`; nothing if none did.
fn sentence(what: &str, failed: &[String]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    format!(
        "The following resource(s) failed to {what}: [{}]. ",
        failed.join(", ")
    )
}

/// The stack comes to rest in `status`.
fn settle(account: &mut Account, id: &str, status: &str, reason: &str) {
    account[CLOUDFORMATION].at(id).operation = None;
    if matches!(
        status,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE"
    ) {
        describe::renew_outputs(account, id);
    }
    stack::enter(account, id, status, reason);
    nested::settled(account, id);
}
