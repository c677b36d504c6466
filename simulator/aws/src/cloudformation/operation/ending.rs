//! How an operation ends: what is cancelled, and what follows it.

use super::{Purpose, Step, Work, begin, of, verb};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::resource_types::group::instance_refresh;
use crate::cloudformation::resource_types::nested_stack;
use crate::cloudformation::stack::Retained;
use crate::cloudformation::status_reason::{FailedResources, StatusReason};
use crate::cloudformation::{describe, stack};

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
            let reason = if verb == "CREATE" {
                StatusReason::CreationCancelled
            } else {
                StatusReason::UpdateCancelled
            };
            of(account, id).steps.insert(name.clone(), Step::Over);
            of(account, id).failed.push(name.clone());
            stack::resource_enters(account, id, &name, &format!("{verb}_FAILED"), reason);
        } else {
            nested_stack::cancel(account, id, &name);
        }
    }
}

/// What follows the operation that has just come to its end.
pub(super) fn end(account: &mut Account, id: &str) {
    let operation = of(account, id);
    let (purpose, before) = (operation.purpose, operation.before.clone());
    let (stopped, failed) = (operation.stopped, operation.failed.clone());
    match (purpose, stopped || !failed.is_empty()) {
        (Purpose::Create, false) => settle(account, id, "CREATE_COMPLETE", StatusReason::None),
        (Purpose::Create, true) => {
            let reason = StatusReason::CreationFailed(failures(account, id, &failed));
            begin(account, id, Purpose::UndoCreate, None, reason);
        }
        (Purpose::Update, false) => {
            // Recorded (radkawar/stackd testdata/aws/cloudformation/cleanup.json, 2026-09): the
            // outputs are new as soon as the clean-up begins.
            describe::renew_outputs(account, id);
            begin(account, id, Purpose::CleanUp, before, StatusReason::None);
        }
        (Purpose::Update, true) => {
            let before = before.expect("an update knows what was before");
            let reason = if failed.is_empty() {
                StatusReason::UserInitiated
            } else {
                StatusReason::UpdateFailed(failures(account, id, &failed))
            };
            let left = std::mem::replace(&mut account[CLOUDFORMATION].at(id).version, before);
            begin(account, id, Purpose::RollBack, Some(left), reason);
        }
        (Purpose::RollBack, false) => begin(
            account,
            id,
            Purpose::CleanUpRollBack,
            before,
            StatusReason::None,
        ),
        (Purpose::RollBack, true) => {
            let reason = StatusReason::UpdateFailed(failures(account, id, &failed));
            let children = std::mem::take(&mut of(account, id).children);
            account[CLOUDFORMATION].at(id).left = Some(Retained { before, children });
            settle(account, id, "UPDATE_ROLLBACK_FAILED", reason);
        }
        // What cannot be cleaned up stays behind, and the update is complete all the same.
        (Purpose::CleanUp, _) => settle(account, id, "UPDATE_COMPLETE", StatusReason::None),
        (Purpose::CleanUpRollBack, _) => {
            settle(account, id, "UPDATE_ROLLBACK_COMPLETE", StatusReason::None)
        }
        (Purpose::UndoCreate, false) => {
            settle(account, id, "ROLLBACK_COMPLETE", StatusReason::None)
        }
        (Purpose::Delete, false) => settle(account, id, "DELETE_COMPLETE", StatusReason::None),
        (Purpose::UndoCreate | Purpose::Delete, true) => {
            let status = if purpose == Purpose::Delete {
                "DELETE_FAILED"
            } else {
                "ROLLBACK_FAILED"
            };
            settle(account, id, status, StatusReason::DeletionFailed(failed));
        }
    }
}

/// Which resources failed, and in what.
fn failures(account: &mut Account, id: &str, failed: &[String]) -> FailedResources {
    let resources = &account[CLOUDFORMATION].at(id).resources;
    let (created, updated) = failed.iter().cloned().partition(|name| {
        resources
            .get(name)
            .is_some_and(|resource| resource.status == "CREATE_FAILED")
    });
    FailedResources { created, updated }
}

/// The stack comes to rest in `status`.
fn settle(account: &mut Account, id: &str, status: &str, reason: StatusReason) {
    account[CLOUDFORMATION].at(id).operation = None;
    if matches!(
        status,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE"
    ) {
        describe::renew_outputs(account, id);
    }
    stack::enter(account, id, status, reason);
    nested_stack::settled(account, id);
}
