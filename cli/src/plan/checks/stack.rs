//! The stack, the AMI, the hooks, and what holds the group.

use workers::model::group::LifecycleState;

use super::{Diagnostic, Observation, PlanRequest, SAME_AMI, some};
use crate::aws::{FailedOperation, failure_events, quoted, with_access};
use crate::plan::ami::{correct, is_public, restore, why_no_id};
use crate::plan::observation::Method;
use crate::watch::resume_command;

/// Statuses from which CloudFormation takes an update (documented).
const TAKES_AN_UPDATE: [&str; 5] = [
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// The stack takes an update now.
pub fn stack(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let (name, status) = (&seen.stack.name, seen.stack.status.as_str());
    if TAKES_AN_UPDATE.contains(&status) {
        return Vec::new();
    }
    if seen.stack.is_deleted() {
        let words = format!(
            "stack {name} is {status}, so it takes no update any more: follow the deletion with {}, and create the stack again",
            with_access(&format!("ecs-rollout watch {name}"))
        );
        return vec![Diagnostic::blocker("stack-busy", words)];
    }
    if seen.stack.is_busy() {
        let words = format!(
            "stack {name} is {status} and takes no update until that is over; see it with {}",
            with_access(&format!("ecs-rollout watch {name}"))
        );
        return vec![Diagnostic::blocker("stack-busy", words)];
    }
    if matches!(status, "UPDATE_FAILED" | "CREATE_FAILED") {
        return vec![Diagnostic::warning("stack-failed", failed(name, status))];
    }
    let out = match status {
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => format!(
            "it can only be deleted, and then created again; find the cause with {}",
            failure_events(name)
        ),
        _ => match FailedOperation::of(name, status) {
            Some(failed) => failed.way_out(""),
            None => format!("find the cause with {}", failure_events(name)),
        },
    };
    let words = format!("stack {name} is {status}, in which CloudFormation takes no update; {out}");
    vec![Diagnostic::blocker("stack-failed", words)]
}

/// This program understands the stack's template.
pub fn interface(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let newer = seen.stack.newer_interface().into_iter();
    newer
        .map(|newer| Diagnostic::warning("newer-stack", newer.to_string()))
        .collect()
}

/// An operation failed whose rollback was disabled: CloudFormation takes an update, a retry or a
/// rollback then.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html>
fn failed(name: &str, status: &str) -> String {
    let back = match status {
        "CREATE_FAILED" => "deletes it, since it has no earlier state",
        _ => "goes back to the state before the failed update",
    };
    format!(
        "stack {name} is {status}: its last operation failed, and its rollback was disabled. A rollout is an update, which also \
         tries again what failed; find the cause first, with {}. Or {}, which {back}",
        failure_events(name),
        with_access(&format!(
            "aws cloudformation rollback-stack --stack-name {name}"
        ))
    )
}

/// The AMI is named.
pub fn ami(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let parameter = seen.stack.ami_parameter();
    let instance_type = seen.word("EcsInstanceType", "");
    let Some(ami) = asked.wanted(seen) else {
        let out = if is_public(parameter) {
            "AWS owns this name, and publishes no such parameter in this Region".to_owned()
        } else {
            format!(
                "create it with the AMI that you want, such as the one that AWS recommends: {}",
                correct(parameter, None, instance_type)
            )
        };
        let words = format!(
            "there is no SSM parameter {parameter}, from which the stack takes the AMI id; {out}"
        );
        return vec![Diagnostic::blocker("ami-parameter", words)];
    };
    let Some(why) = why_no_id(ami) else {
        return Vec::new();
    };
    // An AMI that was given is checked before anything else is.
    let out = if is_public(parameter) {
        String::new()
    } else {
        format!(
            ". Put the id of the AMI that you want there, such as: {}",
            correct(parameter, Some(ami), instance_type)
        )
    };
    let words = format!("what SSM parameter {parameter} holds cannot be rolled to: {why}{out}");
    vec![Diagnostic::blocker("ami-parameter", words)]
}

/// The update changes the launch template: its AMI is another than that of the last update.
pub fn change(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let Some(ami) = asked
        .new_ami(seen)
        .filter(|ami| seen.stack.ami() == Some(ami))
    else {
        return Vec::new();
    };
    // An operation under way, or one that failed half-way, has instances of both.
    if !seen.stack.status.ends_with("_COMPLETE") {
        return Vec::new();
    }
    // One in Standby comes back with the AMI that it has.
    let serving = seen.staying();
    let serving = serving.filter(|one| {
        let state = &one.state;
        matches!(state, LifecycleState::InService | LifecycleState::Standby)
    });
    let others = serving.filter_map(|one| seen.machine(&one.id));
    let others = others.filter(|machine| {
        let own = machine.attribute("ecs.ami-id");
        own.is_some_and(|own| own != ami)
    });
    let others = some(others.map(|machine| machine.id.as_str()));
    if others.is_empty() {
        return Vec::new();
    }
    let group = seen.stack.group().unwrap_or_default();
    let words = format!(
        "the last update of the stack brought {ami} already, so CloudFormation finds nothing to change, though these have \
         another AMI: {others}. Replace them with {}",
        with_access(&format!(
            "aws autoscaling start-instance-refresh --auto-scaling-group-name {}",
            quoted(&group)
        ))
    );
    vec![Diagnostic::blocker(SAME_AMI, words)]
}

/// The last rollout to this AMI ended well, or there was none: a value that the parameter has had
/// since before the stack's last operation is the one with which that was rolled back. If the
/// parameter was written since (`cancel --restore-ami` does so), nothing here names the AMI that
/// was tried.
pub fn rolled_back(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let Some(ami) = asked.new_ami(seen) else {
        return Vec::new();
    };
    let (Some(held), Some(old)) = (&seen.ami, seen.stack.ami()) else {
        return Vec::new();
    };
    if seen.stack.status != "UPDATE_ROLLBACK_COMPLETE" || old == ami {
        return Vec::new();
    }
    let is_unwritten = held
        .modified
        .is_some_and(|at| seen.stack.since.is_some_and(|since| at <= since));
    let tried = (is_unwritten && held.value != old).then_some(held.value.as_str());
    let report = with_access(&format!("ecs-rollout report {}", seen.stack.name));
    let words = match tried {
        Some(tried) if tried == ami => format!(
            "the last rollout to this AMI was rolled back, to {old}; find out why with {report}. To stay on \
             {old}:\n{}",
            restore(&seen.stack, old)
        ),
        Some(_) => return Vec::new(),
        None => format!(
            "the last rollout was rolled back or cancelled, and {old} stayed. SSM parameter {} was written since, so plan does \
             not know whether that rollout brought {ami} too. If so, find out why first: {report}",
            seen.stack.ami_parameter()
        ),
    };
    vec![Diagnostic::warning("rolled-back", words)]
}

/// Our hooks are there, and whose others are.
pub fn hooks(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    for (of_launch, moment) in [(true, "launch"), (false, "terminate")] {
        let mut hooks = seen
            .hooks
            .iter()
            .filter(|hook| hook.is_of_launch == of_launch);
        if !hooks.any(|hook| hook.ours.is_some()) {
            let words = format!(
                "the group has no {moment} hook of this stack, so instances {} unchecked; somebody deleted it: put it back with an \
                 update of the stack that changes it",
                if of_launch { "come" } else { "go" }
            );
            remarks.push(Diagnostic::blocker("hooks-missing", words));
        }
    }
    let others = seen.hooks.iter().filter(|hook| hook.ours.is_none());
    let others = some(others.map(|hook| hook.name.as_str()));
    if !others.is_empty() {
        let words = format!(
            "hooks that are not of this stack: {others}. An instance comes or goes only when they are answered too, and the time \
             that they take counts into CloudFormation's hour for each batch"
        );
        remarks.push(Diagnostic::warning("foreign-hooks", words));
    }
    remarks
}

/// Nobody has paused the group.
pub fn pause(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let Some(why) = seen.capacity.paused.as_deref() else {
        return Vec::new();
    };
    let words = format!(
        "the group is paused ('{why}'), so no instance comes or goes; {}",
        resume_command(&seen.stack.name)
    );
    vec![Diagnostic::blocker("paused", words)]
}

/// No instance refresh goes on.
pub fn refresh(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let Some(status) = seen.capacity.refresh.as_deref() else {
        return Vec::new();
    };
    // CloudFormation started it, for the operation in progress.
    if seen.stack.is_busy() && seen.method() == Method::InstanceRefresh {
        return Vec::new();
    }
    let words = format!(
        "an instance refresh of the group is {status}; wait for its end, or cancel it with {}",
        with_access(&format!(
            "aws autoscaling cancel-instance-refresh --auto-scaling-group-name {}",
            quoted(&seen.stack.group().unwrap_or_default())
        ))
    );
    vec![Diagnostic::blocker("refresh-running", words)]
}
