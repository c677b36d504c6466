//! `cancel`: cancels the update of the stack, which CloudFormation then rolls back.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::change::Change;
use crate::aws::{Aws, Group, Member, Stack};
use crate::failure::{Exit, Failure};

/// Flags of `cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout cancel ecs-cluster
  ecs-rollout cancel ecs-cluster --yes && ecs-rollout watch ecs-cluster

CloudFormation rolls the update back, a batch at a time. Open drains continue to their end. No task is killed.

Calls: cloudformation:DescribeStacks, CancelUpdateStack, autoscaling:DescribeAutoScalingGroups.

Exit code: 0 if the update is being cancelled or there is none, 1 if you said no, 2 input, 4 AWS.")]
pub struct Cancel {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
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
            let text = format!(
                "Stack {} is {}: no update in progress; nothing to cancel.",
                stack.name, stack.status
            );
            return Ok(self.change.end(Exit::AsAsked, &text, &result(false)));
        }
        let group = aws.group(&stack.group()?).await;
        let group = group.map_err(|error| Failure::from(&error))?;
        self.change.note(plan(&aws.place(&stack.id), stack, &group));
        if !self.change.confirm("Cancel the update?")? {
            return Ok(self.change.declined(&result(false)));
        }
        aws.cancel_update(&stack.name).await?;
        let text = format!(
            "The update of {0} is being cancelled. Follow the rollback: ecs-rollout watch {0}",
            stack.name
        );
        Ok(self.change.end(Exit::AsAsked, &text, &result(true)))
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
fn plan(place: &str, stack: &Stack, group: &Group) -> String {
    format!(
        "{place}\nThis cancels the update of stack {}. CloudFormation rolls the update back: it replaces the instances of the new \
         launch template by instances of the old one, a batch at a time.\n\
         \x20 drains that continue        {}\n\
         \x20 new instances, admitted     {}\n\
         \x20 retained instances, kept    {}\n",
        stack.name,
        ids(group, |one| one.state.awaits_end()),
        ids(group, |one| one.state.awaits_launch()),
        ids(group, |one| one.state.is_retained()),
    )
}
