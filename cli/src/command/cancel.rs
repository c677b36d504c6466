//! `cancel`: cancels the update of the stack, which CloudFormation then rolls back.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use workers::Error;

use super::change::Change;
use super::flow;
use crate::aws::{Aws, Group, Member, Stack, error_text, with_access};
use crate::failure::{Exit, Failure};
use crate::plan::ami::{ROLLED_BACK, is_public, restore};

/// Flags of `cancel`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout cancel ecs-cluster
  ecs-rollout cancel ecs-cluster --yes && ecs-rollout watch ecs-cluster
  ecs-rollout cancel ecs-cluster --restore-ami

CloudFormation rolls the update back, a batch at a time. Open drains continue to their end. No task is killed.

Calls: cloudformation:DescribeStacks, CancelUpdateStack, autoscaling:DescribeAutoScalingGroups, ecs:ListContainerInstances,
DescribeContainerInstances, ssm:GetParameter; with --restore-ami PutParameter.

Exit code: 0 if the update is being cancelled or no update is in progress, 1 if you said no, or if the old AMI id could not be put back, 2
input, 4 AWS."))]
pub struct Cancel {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
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
            let stack = aws.stack(&self.stack).await;
            let stack = stack.map_err(|error| Failure::from(&error))?;
            self.cancel(&aws, &stack).await
        })?
    }

    async fn cancel(&self, aws: &Aws, stack: &Stack) -> Result<ExitCode, Failure> {
        let result = |cancelled: bool| json!({"stack": stack.name, "status": stack.status, "cancelled": cancelled});
        if !stack.goes_forward() {
            return self.nothing_to_cancel(aws, stack, &result(false)).await;
        }
        let group = aws.group(&stack.group()?).await;
        let group = group.map_err(|error| Failure::from(&error))?;
        self.change.note(plan(&aws.place(&stack.id), stack, &group));
        if !self.change.confirm("Cancel the update?")? {
            return Ok(self.change.declined(&result(false)));
        }
        // Asked for before the rollback takes instances away, and no reason not to cancel.
        let old_ami = old_ami(aws, stack, &group).await;
        aws.cancel_update(&stack.name).await?;
        let (exit, ami) = self.restore(aws, stack, old_ami).await;
        let text = format!(
            "The update of {} is being cancelled. Follow the rollback: {}\n{ami}",
            stack.name,
            with_access(&format!("ecs-rollout watch {}", stack.name))
        );
        Ok(self.change.end(exit, &text, &result(true)))
    }

    /// There is no update to cancel; but after a rollback the parameter may still name the AMI that
    /// failed.
    async fn nothing_to_cancel(
        &self,
        aws: &Aws,
        stack: &Stack,
        result: &Value,
    ) -> Result<ExitCode, Failure> {
        let text = format!(
            "Stack {} is {}: no update in progress; nothing to cancel.",
            stack.name, stack.status
        );
        if stack.is_busy() && self.restore_ami {
            let later = "Use --restore-ami again when the stack is UPDATE_ROLLBACK_COMPLETE.";
            let text = format!("{text} {later}");
            return Ok(self.change.end(Exit::Otherwise, &text, result));
        }
        let parameter = stack.ami_parameter();
        let old_ami = match left_to_restore(aws, stack).await {
            Ok(Some(old_ami)) => old_ami,
            Err(error) if self.restore_ami => return Err(error.into()),
            // Without the flag the parameter is a remark beside the answer.
            Ok(None) | Err(_) => return Ok(self.change.end(Exit::AsAsked, &text, result)),
        };
        let names = format!("SSM parameter {parameter} still names the AMI that was rolled back.");
        if !self.restore_ami {
            let command = restore(stack, &old_ami);
            let text = format!("{text}\n{names} To restore the old one:\n{command}");
            return Ok(self.change.end(Exit::AsAsked, &text, result));
        }
        self.change
            .note(format_args!("{}\n{text}\n{names}\n", aws.place(&stack.id)));
        if !is_public(parameter) && !self.change.confirm(&format!("Put {old_ami} back?"))? {
            return Ok(self.change.declined(result));
        }
        let (exit, text) = self.restore(aws, stack, Ok(Some(old_ami))).await;
        Ok(self.change.end(exit, &text, result))
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

/// The AMI of the last update that was not rolled back, if the stack was rolled back and its
/// parameter names another one.
async fn left_to_restore(aws: &Aws, stack: &Stack) -> Result<Option<String>, Error> {
    let Some(old_ami) = stack.ami().filter(|_| stack.status == ROLLED_BACK) else {
        return Ok(None);
    };
    let held = aws.parameter(stack.ami_parameter()).await?;
    Ok(held
        .filter(|held| held.value != old_ami)
        .map(|_| old_ami.to_owned()))
}

/// The AMI of an instance that the update has not replaced yet; nothing if none is left, or if none
/// is registered.
async fn old_ami(aws: &Aws, stack: &Stack, group: &Group) -> Result<Option<String>, Error> {
    let Ok(cluster) = stack.cluster() else {
        return Ok(None);
    };
    let members = group.members.iter();
    for old in members.filter(|one| one.version != group.version) {
        let Some(arn) = aws.registration(&cluster, &old.id).await? else {
            continue;
        };
        if let Some(ami) = aws.ami(&cluster, &arn).await? {
            return Ok(Some(ami));
        }
    }
    Ok(None)
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
fn plan(place: &str, stack: &Stack, group: &Group) -> String {
    format!(
        "{place}\nThis cancels the update of stack {}. CloudFormation rolls the update back: it replaces the instances of the new \
         launch template by instances of the old one, a batch at a time.\n\
         \x20 drains that continue         {}\n\
         \x20 new instances to be admitted {}\n\
         \x20 instances that stay retained {}\n",
        stack.name,
        ids(group, |one| one.state.awaits_end()),
        ids(group, |one| one.state.awaits_launch()),
        ids(group, |one| one.state.is_retained()),
    )
}
