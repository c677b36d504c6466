//! What a pause does to a rollout, in words: which instances wait, which continue, and what
//! CloudFormation does if the pause lasts.

use std::collections::BTreeSet;

use workers::model::group::{PAUSE_TAG, StackState};

use crate::aws::{self, Aws, Group, Member, Stack};
use crate::command::cancel::ids;
use crate::failure::Failure;
use crate::watch::resume_command;

/// Since when the group is paused, if that is known.
pub fn since_when(pause: &aws::Pause) -> String {
    pause.since.map_or_else(String::new, |since| {
        format!(" since {}", since.strftime("%Y-%m-%d %H:%M:%SZ"))
    })
}

/// Why the rollout of a stack cannot be paused, and what can be done; nothing if it can. The
/// workers let every instance of a stack that is being deleted go at once, paused or not. If a
/// deletion fails, the stack can only be deleted again:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
pub fn why_not(stack: &Stack) -> Option<String> {
    let (name, status) = (&stack.name, stack.status.as_str());
    let next = match status {
        "DELETE_FAILED" => {
            let failed = aws::FailedOperation::of(name, status)?;
            format!(
                "The stack can only be deleted again: {}",
                failed.way_out("")
            )
        }
        _ if StackState::from_name(status) == StackState::Deleting => format!(
            "CloudFormation does not cancel a deletion; follow it: {}",
            aws::with_access(&format!("ecs-rollout watch {name}"))
        ),
        _ => return None,
    };
    Some(format!(
        "stack {name} is {status}: a pause does not hold a deletion, in which each drain begins at once and no service is \
         waited for. Nothing was changed. {next}"
    ))
}

/// Whether an instance waits in a pause: one that has not been admitted, or whose drain has not
/// begun. An instance whose hook is answered does not wait.
fn is_paused(member: &Member, begun: &BTreeSet<String>) -> bool {
    let state = &member.state;
    state.awaits_launch() || (state.is_draining() && !begun.contains(&member.id))
}

/// That no update is in progress, if so, and which instances `proceed`, or wait, all the same.
pub fn without_update(
    stack: &Stack,
    group: &Group,
    begun: &BTreeSet<String>,
    verb: &str,
) -> String {
    if stack.is_busy() {
        return String::new();
    }
    let paused = group.members.iter().filter(|one| is_paused(one, begun));
    let what = match (group.moving().count(), paused.count()) {
        (0, _) => "no instance is on its way in or out".to_owned(),
        (_, 0) => "no instance waits at a hook that a pause holds".to_owned(),
        _ => format!(
            "these instances, on their way in or out, {verb}: {}",
            ids(group, |one| is_paused(one, begun))
        ),
    };
    format!(
        "No update of stack {} is in progress ({}), and {what}.\n",
        stack.name, stack.status
    )
}

/// What was done to a stack whose operation is in progress, and what comes of it in a rollback.
pub fn paused(stack: &Stack, resume: &str) -> String {
    let hour = too_long(stack).filter(|_| stack.rolls_back());
    let hour = hour.map_or_else(String::new, |hour| format!("\n{hour}"));
    format!("Paused. To resume: {resume}{hour}")
}

/// What follows.
pub fn resumed(stack: &Stack, group: &Group) -> String {
    let watch = aws::with_access(&format!("ecs-rollout watch {}", stack.name));
    let none = BTreeSet::new();
    let waited = group.members.iter().any(|one| is_paused(one, &none));
    if !stack.is_busy() && !waited {
        return format!(
            "Resumed. No update of stack {} is in progress, so nothing waited; the next rollout is not paused.",
            stack.name
        );
    }
    format!("Resumed; the next instances move within minutes. Follow the rollout:\n{watch}")
}

/// What CloudFormation does if the pause outlasts the hour of a batch.
fn too_long(stack: &Stack) -> Option<String> {
    if stack.goes_forward() {
        let text = "CloudFormation gives a batch an hour: if the pause is longer, the update fails and rolls back.";
        return Some(text.to_owned());
    }
    stack
        .rolls_back()
        .then(|| too_long_for_rollback(&stack.name))
        .flatten()
}

/// The same of a rollback, which fails then, is left to you, and is continued:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html>
fn too_long_for_rollback(stack: &str) -> Option<String> {
    let status = "UPDATE_ROLLBACK_FAILED";
    let command = aws::FailedOperation::of(stack, status)?.command?;
    Some(format!(
        "CloudFormation gives a batch an hour: if the pause is longer, the rollback fails, and the stack is {status}, with \
         instances of both AMIs. Then resume, and continue the rollback:\n{command}"
    ))
}

/// What a pause does to the rollback that follows when the update is cancelled, and the way out.
pub fn paused_rollback(stack: &Stack, pause: &aws::Pause) -> String {
    let hour = too_long_for_rollback(&stack.name);
    let hour = hour.map_or_else(String::new, |hour| format!("\n{hour}"));
    format!(
        "The group is paused{}: '{}'. So the rollback is paused as well: no further drain begins, and no new instance is \
         admitted, until you resume: {}{hour}",
        since_when(pause),
        pause.why,
        resume_command(&stack.name)
    )
}

/// The same in short, once the update is being cancelled.
pub fn still_paused(stack: &Stack, pause: &aws::Pause) -> String {
    format!(
        "The rollback is paused{}: '{}'. Each batch of it has an hour, and then the rollback fails. To resume: {}",
        since_when(pause),
        pause.why,
        resume_command(&stack.name)
    )
}

/// The instances whose drains have begun: those at their terminate hooks that ECS shows as
/// DRAINING. The pause keeps the others.
///
/// # Errors
/// If ECS cannot be asked.
pub async fn begun(aws: &Aws, stack: &Stack, group: &Group) -> Result<BTreeSet<String>, Failure> {
    if !group.members.iter().any(|one| one.state.awaits_end()) {
        return Ok(BTreeSet::new());
    }
    let machines = aws.machines(&stack.cluster()?).await;
    let machines = machines.map_err(|error| Failure::from(&error))?;
    let draining = machines.into_iter().filter(|one| one.status == "DRAINING");
    Ok(draining.map(|one| one.id).collect())
}

/// Which instances of a paused group continue, and which wait, at column `width`.
pub fn paused_instances(group: &Group, begun: &BTreeSet<String>, width: usize) -> String {
    format!(
        "\x20 {:<width$} {}\n\x20 {:<width$} {}\n",
        "drains that continue",
        ids(group, |one| one.state.awaits_end()
            && begun.contains(&one.id)),
        "instances that are paused",
        ids(group, |one| is_paused(one, begun)),
    )
}

/// What happens, and what does not.
pub fn plan(
    place: &str,
    stack: &Stack,
    name: &str,
    group: &Group,
    begun: &BTreeSet<String>,
) -> String {
    let hour = too_long(stack).map_or_else(String::new, |hour| format!("{hour}\n"));
    format!(
        "{place}\nThis pauses the rollout of group {name}, by its tag {PAUSE_TAG}: no further drain begins, and no new instance is \
         admitted.\n{}{}{hour}",
        without_update(stack, group, begun, "wait"),
        paused_instances(group, begun, 25),
    )
}
