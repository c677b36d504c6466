//! `pause` and `resume`: keep a rollout from proceeding, by a tag of the group that the workers
//! read.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use workers::model::group::PAUSE_TAG;

use super::cancel::ids;
use super::change::Change;
use super::flow;
use crate::aws::{self, Aws, Group, Member, Stack};
use crate::failure::{Exit, Failure};
use crate::watch::resume_command;

/// Flags of `pause`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout pause ecs-cluster --reason 'sale until noon, ask Kim'
  ecs-rollout resume ecs-cluster

Open drains continue to their end. No further drain begins, and no new instance is admitted, until you resume. CloudFormation
gives a batch an hour: if the pause is longer, the update fails and rolls back, and the rollback is paused as well. If a batch of a
rollback takes longer than its hour, the rollback fails: the stack is UPDATE_ROLLBACK_FAILED, with instances of both AMIs. Then
resume, and continue the rollback with aws cloudformation continue-update-rollback. A lifecycle hook ends after 48 hours in any case.

Calls: cloudformation:DescribeStacks, autoscaling:DescribeAutoScalingGroups, CreateOrUpdateTags (of
the group's tag ecs-rollout:hold); while instances leave: ecs:ListContainerInstances, DescribeContainerInstances.

Exit code: 0 if the rollout is paused, 1 if you said no, 2 input, 3 if it is already paused for another reason, 4 AWS."))]
pub struct Pause {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// Why: everyone who looks at the rollout reads it
    #[arg(long, value_name = "TEXT", default_value = "no reason given", value_parser = reason)]
    reason: String,
    /// Replace the reason of a pause; the pause keeps its first moment
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    change: Change,
}

/// Flags of `resume`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout resume ecs-cluster
  ecs-rollout resume ecs-cluster --yes --output json

Calls: cloudformation:DescribeStacks, autoscaling:DescribeAutoScalingGroups, DeleteTags (of the
group's tag ecs-rollout:hold).

Exit code: 0 if the rollout is not paused any more, or was not, 1 if you said no, 2 input, 4 AWS."))]
pub struct Resume {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    #[command(flatten)]
    change: Change,
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the reason is empty; say why, or leave --reason out".to_owned());
    }
    Ok(text.to_owned())
}

impl Pause {
    /// Says what will happen, asks, and pauses the rollout.
    ///
    /// # Errors
    /// A message for the operator.
    pub fn run(self) -> Result<ExitCode, Failure> {
        super::wait_for(async {
            let aws = self.change.access.connect().await?;
            let stack = aws.stack(&self.stack).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.pause(&aws, &stack).await
        })?
    }

    async fn pause(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        let name = stack.group()?;
        let group = aws.group(&name).await;
        let group = group.map_err(|error| Failure::from(&error))?;
        if let Some(pause) = group.pause.as_ref().filter(|_| !self.replace) {
            return self.paused_already(&stack.name, pause);
        }
        let begun = begun(aws, stack, &group).await?;
        let plan = plan(&aws.place(&stack.id), stack, &name, (&group, &begun));
        self.change.note_values(&plan, 0);
        let result = |paused| {
            json!({"stack": stack.name, "group": name, "paused": paused, "reason": self.reason,
                "updateInProgress": stack.is_busy()})
        };
        if !self.change.confirm("Pause the rollout?")? {
            return Ok(self.change.declined(&result(false)));
        }
        // Whoever looks at the rollout sees for how long it has stood still, whatever the reason is
        // now.
        let since = match &group.pause {
            Some(pause) => pause.since,
            None => Some(aws.now()),
        };
        aws.hold(&name, &self.reason, since).await?;
        let resume = resume_command(&stack.name);
        let text = match &group.pause {
            Some(before) => format!(
                "Still paused{}; the reason '{}' was replaced by '{}'.\nTo resume: {resume}",
                since_when(before),
                before.why,
                self.reason
            ),
            None if !stack.is_busy() => format!(
                "Paused. No update of stack {} is in progress: the next one starts paused.\nTo resume: {resume}",
                stack.name
            ),
            None => paused(stack, &resume),
        };
        Ok(self.change.end(Exit::AsAsked, &text, &result(true)))
    }

    /// The first reason stays: whoever paused the rollout relies on it.
    fn paused_already(&self, stack: &str, pause: &aws::Pause) -> Result<ExitCode, Failure> {
        let since = since_when(pause);
        let (reason, resume) = (&pause.why, resume_command(stack));
        if *reason == self.reason {
            let text = format!("Already paused{since}: '{reason}'.\nTo resume: {resume}");
            let result = json!({"stack": stack, "paused": true, "reason": reason});
            return Ok(self.change.end(Exit::AsAsked, &text, &result));
        }
        Err(Failure::refused(format!(
            "already paused{since}: '{reason}'; nothing was changed. To give another reason, add --replace.\nTo resume: {resume}"
        )))
    }
}

impl Resume {
    /// Says what will happen, asks, and resumes the rollout.
    ///
    /// # Errors
    /// A message for the operator.
    pub fn run(self) -> Result<ExitCode, Failure> {
        super::wait_for(async {
            let aws = self.change.access.connect().await?;
            let stack = aws.stack(&self.stack).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.resume(&aws, &stack).await
        })?
    }

    async fn resume(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        let name = stack.group()?;
        let group = aws.group(&name).await;
        let group = group.map_err(|error| Failure::from(&error))?;
        let result = |resumed| {
            json!({"stack": stack.name, "group": name, "resumed": resumed,
                "updateInProgress": stack.is_busy()})
        };
        let Some(pause) = &group.pause else {
            let text = format!("Group {name} is not paused; nothing to resume.");
            return Ok(self.change.end(Exit::AsAsked, &text, &result(false)));
        };
        let place = aws.place(&stack.id);
        self.change.note(format_args!(
            "{place}\nThis resumes the rollout of group {name}, paused: '{}'.\n{}",
            pause.why,
            without_update(stack, &group, "proceed")
        ));
        if !self.change.confirm("Resume the rollout?")? {
            return Ok(self.change.declined(&result(false)));
        }
        aws.release(&name).await?;
        let text = resumed(stack, &group);
        Ok(self.change.end(Exit::AsAsked, &text, &result(true)))
    }
}

fn since_when(pause: &aws::Pause) -> String {
    pause.since.map_or_else(String::new, |since| {
        format!(" since {}", since.strftime("%Y-%m-%d %H:%M:%SZ"))
    })
}

/// That no update is in progress, if so, and which instances move all the same: they `proceed`, or
/// wait.
fn without_update(stack: &Stack, group: &Group, moving: &str) -> String {
    if stack.is_busy() {
        return String::new();
    }
    let what = match group.moving().count() {
        0 => "no instance is on its way in or out".to_owned(),
        _ => format!(
            "these instances, on their way in or out, {moving}: {}",
            ids(group, Member::moves)
        ),
    };
    format!(
        "No update of stack {} is in progress ({}), and {what}.\n",
        stack.name, stack.status
    )
}

/// What was done to a stack whose operation is in progress, and what comes of it in a rollback.
fn paused(stack: &Stack, resume: &str) -> String {
    let hour = too_long(stack).filter(|_| stack.rolls_back());
    let hour = hour.map_or_else(String::new, |hour| format!("\n{hour}"));
    format!("Paused. To resume: {resume}{hour}")
}

/// What follows.
fn resumed(stack: &Stack, group: &Group) -> String {
    let watch = aws::with_access(&format!("ecs-rollout watch {}", stack.name));
    match (stack.is_busy(), group.moving().count()) {
        (false, 0) => format!(
            "Resumed. No update of stack {} is in progress, so nothing waited; the next rollout is not paused.",
            stack.name
        ),
        _ => {
            format!("Resumed; the next instances move within minutes. Follow the rollout:\n{watch}")
        }
    }
}

/// What CloudFormation does if the pause outlasts the hour of a batch.
///
/// A rollback that fails is left to you, and is continued:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html>
fn too_long(stack: &Stack) -> Option<String> {
    if stack.goes_forward() {
        let text = "CloudFormation gives a batch an hour: if the pause is longer, the update fails and rolls back.";
        return Some(text.to_owned());
    }
    let status = "UPDATE_ROLLBACK_FAILED";
    let failed = aws::FailedOperation::of(&stack.name, status).filter(|_| stack.rolls_back())?;
    let command = failed.command?;
    Some(format!(
        "CloudFormation gives a batch an hour: if the pause is longer, the rollback fails, and the stack is {status}, with \
         instances of both AMIs. Then resume, and continue the rollback:\n{command}"
    ))
}

/// The instances whose drains have begun: those at their terminate hooks that ECS shows as
/// DRAINING. The pause keeps the others.
async fn begun(aws: &Aws, stack: &Stack, group: &Group) -> Result<BTreeSet<String>, Failure> {
    if !group.members.iter().any(|one| one.state.awaits_end()) {
        return Ok(BTreeSet::new());
    }
    let machines = aws.machines(&stack.cluster()?).await;
    let machines = machines.map_err(|error| Failure::from(&error))?;
    let draining = machines.into_iter().filter(|one| one.status == "DRAINING");
    Ok(draining.map(|one| one.id).collect())
}

/// What happens, and what does not.
fn plan(
    place: &str,
    stack: &Stack,
    name: &str,
    (group, begun): (&Group, &BTreeSet<String>),
) -> String {
    let hour = too_long(stack).map_or_else(String::new, |hour| format!("{hour}\n"));
    format!(
        "{place}\nThis pauses the rollout of group {name}, by its tag {PAUSE_TAG}: no further drain begins, and no new instance is \
         admitted.\n{}\x20 drains that continue      {}\n\x20 instances that are paused {}\n{hour}",
        without_update(stack, group, "wait"),
        ids(group, |one| one.state.awaits_end()
            && begun.contains(&one.id)),
        ids(group, |one| {
            let leaves = one.state.awaits_end() && !begun.contains(&one.id);
            leaves || one.state.awaits_launch()
        }),
    )
}

#[cfg(test)]
mod tests;
