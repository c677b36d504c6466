//! `cancel`: cancels the update of the stack, which CloudFormation then rolls back.

mod old_ami;

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use workers::Error;

use super::change::Change;
use super::flow;
use super::pause::effect::{begun, paused_instances, paused_rollback, still_paused};
use super::stack_argument::StackArgument;
use crate::aws::{Aws, Group, Member, Stack, error_text, missing_group, with_access};
use crate::failure::{Exit, Failure};
use crate::format::shortened;
use crate::plan::ami::{SHOWN_AT_MOST, is_public, restore};
use crate::watch::resume_command;
use old_ami::{OldAmi, of_instances};

/// Flags of `cancel`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout cancel ecs-cluster
  ecs-rollout cancel ecs-cluster --yes && ecs-rollout watch ecs-cluster
  ecs-rollout cancel ecs-cluster --restore-ami

CloudFormation rolls the update back, a batch at a time. Open drains continue to their end. No task is killed. If the group is
paused, the rollback is paused as well, until you resume.

--restore-ami also works when no update is in progress, such as during a rollback, or after a rollback has ended or failed.

Calls: cloudformation:DescribeStacks, CancelUpdateStack, autoscaling:DescribeAutoScalingGroups, ecs:ListContainerInstances,
DescribeContainerInstances, ssm:GetParameter; with --restore-ami PutParameter.

Exit code: 0 if the update is being cancelled or no update is in progress, 1 if you said no, or if --restore-ami could not put the
old AMI id back, 2 input, 4 AWS."))]
pub struct Cancel {
    #[command(flatten)]
    stack: StackArgument,
    /// Put the old AMI id back into the stack's SSM parameter, so that the next update does not try
    /// the new AMI again
    #[arg(long)]
    restore_ami: bool,
    #[command(flatten)]
    change: Change,
}

impl Cancel {
    /// Says what will happen, asks, and cancels the update.
    ///
    /// # Errors
    /// A message for the operator.
    pub fn run(self) -> Result<ExitCode, Failure> {
        super::wait_for(async {
            let aws = self.change.access.connect().await?;
            let stack = aws.stack(&self.stack.name()?).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.cancel(&aws, &stack).await
        })?
    }

    async fn cancel(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        if !stack.goes_forward() {
            return self.nothing_to_cancel(aws, stack).await;
        }
        let group = aws.group(&stack.group()?).await;
        let group = group.map_err(|error| missing_group(stack, error))?;
        let begun = match group.pause {
            Some(_) => begun(aws, stack, &group).await?,
            None => BTreeSet::new(),
        };
        let result = |cancelled| result(stack, Some(&group), cancelled);
        self.change
            .note(plan(&aws.place(&stack.id), stack, &group, &begun));
        if !self.change.confirm("Cancel the update?")? {
            return Ok(self.change.declined(&result(false)));
        }
        // Asked for before the rollback takes instances away, and no reason not to cancel.
        let old_ami = of_instances(aws, stack, &group).await;
        aws.cancel_update(&stack.name).await?;
        let (exit, ami) = self.restore(aws, stack, old_ami).await;
        let text = format!("{}\n{ami}", cancelled(stack, &group));
        Ok(self.change.end(exit, &text, &result(true)))
    }

    /// There is no update to cancel; but the parameter may name another AMI than the one that the
    /// next update should find there.
    async fn nothing_to_cancel(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        let result = result(stack, None, false);
        let text = format!(
            "Stack {} is {}: no update in progress; nothing to cancel.",
            stack.name, stack.status
        );
        let source = OldAmi::by_status(&stack.status);
        if !self.restore_ami && source != OldAmi::OfRollback {
            return Ok(self.change.end(Exit::AsAsked, &text, &result));
        }
        let old_ami = match self.find(aws, stack, source).await {
            Ok(Some(old_ami)) => old_ami,
            // Without the flag the parameter is a remark beside the answer.
            _ if !self.restore_ami => {
                return Ok(self.change.end(Exit::AsAsked, &text, &result));
            }
            Ok(None) => {
                let why = source.why_none(stack);
                let text = format!("{text} The old AMI id was not restored: {why}.");
                return Ok(self.change.end(Exit::Otherwise, &text, &result));
            }
            Err(failure) => return Err(failure),
        };
        let parameter = stack.ami_parameter();
        let held = match aws.parameter(parameter).await {
            Ok(held) => held.map(|held| held.value),
            Err(error) if self.restore_ami => return Err(error.into()),
            Err(_) => return Ok(self.change.end(Exit::AsAsked, &text, &result)),
        };
        if held.as_ref() == Some(&old_ami) {
            let holds = format!("SSM parameter {parameter} holds {old_ami}, as it should.");
            let text = if self.restore_ami {
                format!("{text} {holds}")
            } else {
                text
            };
            return Ok(self.change.end(Exit::AsAsked, &text, &result));
        }
        let names = not_held(parameter, held.as_deref(), &old_ami);
        if !self.restore_ami {
            let command = restore(stack, &old_ami);
            let text = format!("{text}\n{names} To restore the old one:\n{command}");
            return Ok(self.change.end(Exit::AsAsked, &text, &result));
        }
        self.change
            .note(format_args!("{}\n{text}\n{names}\n", aws.place(&stack.id)));
        if !is_public(parameter) && !self.change.confirm(&format!("Put {old_ami} back?"))? {
            return Ok(self.change.declined(&result));
        }
        let (exit, text) = self.restore(aws, stack, Ok(Some(old_ami))).await;
        Ok(self.change.end(exit, &text, &result))
    }

    /// The AMI that the parameter has to hold, if there is one.
    async fn find(
        &self,
        aws: &Aws,
        stack: &Stack,
        source: OldAmi,
    ) -> Result<Option<String>, Failure> {
        Ok(match source {
            OldAmi::OfRollback | OldAmi::OfLastUpdate => stack.ami().map(str::to_owned),
            OldAmi::OfInstances => {
                let group = aws.group(&stack.group()?).await;
                let group = group.map_err(|error| missing_group(stack, error))?;
                of_instances(aws, stack, &group).await?
            }
            OldAmi::NoneYet | OldAmi::NoneAnyMore => None,
        })
    }

    /// Puts the old AMI id back, if that was asked for, or else says how.
    async fn restore(
        &self,
        aws: &Aws,
        stack: &Stack,
        old_ami: Result<Option<String>, Error>,
    ) -> (Exit, String) {
        let wanted = if self.restore_ami {
            Exit::Otherwise
        } else {
            Exit::AsAsked
        };
        let again = "or the next update tries the new AMI again";
        let old_ami = match old_ami {
            Ok(Some(ami)) => ami,
            unknown => {
                let no_instance = "no instance of the old launch template names it any more";
                let why =
                    unknown.map_or_else(|error| error_text(&error), |_| no_instance.to_owned());
                let text =
                    format!("The old AMI id is not known: {why}. Put it back yourself, {again}.");
                return (wanted, text);
            }
        };
        let by_hand = format!(
            "Put the old AMI id back, {again}:\n{}",
            restore(stack, &old_ami)
        );
        if !self.restore_ami || is_public(stack.ami_parameter()) {
            return (wanted, by_hand);
        }
        let parameter = stack.ami_parameter();
        match aws.put_parameter(parameter, &old_ami).await {
            Ok(()) => (
                Exit::AsAsked,
                format!("SSM parameter {parameter} holds {old_ami} again."),
            ),
            Err(error) => (wanted, format!("{}\n{by_hand}", error_text(&error))),
        }
    }
}

/// Cancels the update of a stack for somebody who was asked elsewhere; what follows, in one line.
///
/// # Errors
/// If there is no update to cancel, or AWS refuses.
pub async fn without_question(aws: &Aws, stack: &Stack) -> Result<String, Failure> {
    if !stack.goes_forward() {
        let (name, status) = (&stack.name, &stack.status);
        let text = format!("stack {name} is {status}: no update in progress; nothing to cancel");
        return Err(Failure::refused(text));
    }
    aws.cancel_update(&stack.name).await?;
    Ok("The update is being cancelled: CloudFormation rolls it back.".to_owned())
}

/// The result for a program; `group` is that of an update that can be cancelled.
fn result(stack: &Stack, group: Option<&Group>, cancelled: bool) -> Value {
    let mut result = json!({"stack": stack.name, "status": stack.status, "cancelled": cancelled});
    let Some(group) = group else {
        return result;
    };
    result["paused"] = json!(group.pause.is_some());
    if let Some(pause) = &group.pause {
        result["reason"] = json!(pause.why);
        result["pausedSince"] = json!(pause.since);
        result["resume"] = json!(resume_command(&stack.name));
    }
    result
}

/// That the update is being cancelled, and what follows.
fn cancelled(stack: &Stack, group: &Group) -> String {
    let pause = group.pause.as_ref();
    let paused = pause.map(|pause| format!("{}\n", still_paused(stack, pause)));
    format!(
        "The update of {} is being cancelled.\n{}Follow the rollback: {}",
        stack.name,
        paused.unwrap_or_default(),
        with_access(&format!("ecs-rollout watch {}", stack.name))
    )
}

/// That the parameter does not hold the old AMI id.
fn not_held(parameter: &str, held: Option<&str>, old_ami: &str) -> String {
    match held {
        Some(held) => format!(
            "SSM parameter {parameter} holds {}, and not {old_ami}.",
            shortened(held, SHOWN_AT_MOST)
        ),
        None => format!("There is no SSM parameter {parameter}, which should hold {old_ami}."),
    }
}

/// The instances for which `test` holds.
pub fn ids(group: &Group, test: impl Fn(&Member) -> bool) -> String {
    let ids = group.members.iter().filter(|one| test(one));
    let ids: Vec<&str> = ids.map(|one| one.id.as_str()).collect();
    if ids.is_empty() {
        "none".to_owned()
    } else {
        ids.join(", ")
    }
}

/// What happens, and what does not.
fn plan(place: &str, stack: &Stack, group: &Group, begun: &BTreeSet<String>) -> String {
    let instances = match &group.pause {
        Some(_) => paused_instances(group, begun, 28),
        None => format!(
            "\x20 drains that continue         {}\n\x20 new instances to be admitted {}\n",
            ids(group, |one| one.state.awaits_end()),
            ids(group, |one| one.state.awaits_launch()),
        ),
    };
    let stay = ids(group, |one| one.state.is_retained());
    let pause = group.pause.as_ref();
    let pause = pause.map(|pause| format!("{}\n", paused_rollback(stack, pause)));
    format!(
        "{place}\nThis cancels the update of stack {}. CloudFormation rolls the update back: it replaces the instances of the new \
         launch template by instances of the old one, a batch at a time.\n\
         {instances}\x20 instances that stay retained {stay}\n{}",
        stack.name,
        pause.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests;
