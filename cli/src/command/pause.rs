//! `pause` and `resume`: keep a rollout from proceeding, by a tag of the group that the workers
//! read.

pub mod effect;

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use workers::text::printable;

use super::change::Change;
use super::flow;
use super::stack_argument::StackArgument;
use crate::aws::{self, Aws, Stack, missing_group};
use crate::failure::{Exit, Failure};
use crate::watch::resume_command;
use effect::{begun, paused, plan, resumed, since_when, without_update};

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

A stack that is being deleted is not paused: its instances drain and end all the same.

Exit code: 0 if the rollout is paused, 1 if you said no, 2 input, 3 if it is already paused for another reason, or the stack is
being deleted, 4 AWS."))]
pub struct Pause {
    #[command(flatten)]
    stack: StackArgument,
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
    #[command(flatten)]
    stack: StackArgument,
    #[command(flatten)]
    change: Change,
}

fn reason(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the reason is empty; say why, or leave --reason out".into());
    }
    // It is shown wherever the pause is, and read back from the tag in this form.
    let text = printable(text).into_owned();
    aws::fits_tag(&text)?;
    Ok(text)
}

impl Pause {
    /// Says what will happen, asks, and pauses the rollout.
    ///
    /// # Errors
    /// A message for the operator.
    pub fn run(self) -> Result<ExitCode, Failure> {
        super::wait_for(async {
            let aws = self.change.access.connect().await?;
            let stack = aws.stack(&self.stack.name()?).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.pause(&aws, &stack).await
        })?
    }

    async fn pause(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        if let Some(why) = effect::why_not(stack) {
            return Err(Failure::refused(why));
        }
        let name = stack.group()?;
        let group = aws.group(&name).await;
        let group = group.map_err(|error| missing_group(stack, error))?;
        if let Some(pause) = group.pause.as_ref().filter(|_| !self.replace) {
            return self.paused_already(&stack.name, pause);
        }
        let begun = begun(aws, stack, &group).await?;
        let plan = plan(&aws.place(&stack.id), stack, &name, &group, &begun);
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
        aws.pause(&name, &self.reason, since).await?;
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
            let stack = aws.stack(&self.stack.name()?).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.resume(&aws, &stack).await
        })?
    }

    async fn resume(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        let name = stack.group()?;
        let group = aws.group(&name).await;
        let group = group.map_err(|error| missing_group(stack, error))?;
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
            without_update(stack, &group, &Default::default(), "proceed")
        ));
        if !self.change.confirm("Resume the rollout?")? {
            return Ok(self.change.declined(&result(false)));
        }
        aws.release(&name).await?;
        let text = resumed(stack, &group);
        Ok(self.change.end(Exit::AsAsked, &text, &result(true)))
    }
}

#[cfg(test)]
mod tests;
