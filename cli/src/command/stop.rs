//! `stop`: halts a roll safely, by cancelling the update, which CloudFormation then rolls back.

use std::process::ExitCode;

use clap::Args;

use super::confirm::agreed;
use crate::aws::{Access, Group, Stack, told};
use crate::view::out::say;

/// Flags of `stop`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout stop ecs-cluster
  ecs-rollout stop ecs-cluster --yes && ecs-rollout watch ecs-cluster

Calls: cloudformation:DescribeStacks, CancelUpdateStack, autoscaling:DescribeAutoScalingGroups. No instance is let go or cut
off by it: drains that are open go on to their end.

Exit code: 0 if the update is being cancelled, 1 if nothing was done, 2 if it could not be.")]
pub struct Stop {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    access: Access,
}

impl Stop {
    /// Says what it will do, asks, and does it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        super::wait_for(async {
            let aws = self.access.connect().await?;
            let stack = aws.stack(&self.stack).await.map_err(|error| told(&error))?;
            if !stack.goes_forward() {
                return Err(format!(
                    "stack {} is {}: no update of it goes forward that could be cancelled; nothing is done",
                    stack.name, stack.status
                ));
            }
            let group = aws
                .group(&stack.group()?)
                .await
                .map_err(|error| told(&error))?;
            say(plan(&stack, &group));
            if !self.yes && !agreed("Cancel it?")? {
                say("Nothing is done.\n");
                return Ok(ExitCode::FAILURE);
            }
            aws.cancel_update(&stack.name).await?;
            say(format!(
                "The update of {0} is being cancelled. Until it is over: ecs-rollout watch {0}\n",
                stack.name
            ));
            Ok(ExitCode::SUCCESS)
        })?
    }
}

/// What will be done, and what stays as it is.
fn plan(stack: &Stack, group: &Group) -> String {
    let ids = |test: &dyn Fn(&crate::aws::Member) -> bool| {
        let those = group.members.iter().filter(|one| test(one));
        let those: Vec<&str> = those.map(|one| one.id.as_str()).collect();
        match those.is_empty() {
            true => "none".to_owned(),
            false => those.join(", "),
        }
    };
    format!(
        "This cancels the update of stack {}. CloudFormation rolls it back: instances that came from the new launch template are \
         replaced by instances from the old one, a batch at a time.\n\
         \x20 go on to their end      drains: {}\n\
         \x20 are let in first        new instances at their launch hooks: {}\n\
         \x20 stay as they are        retained: {}\n",
        stack.name,
        ids(&|one| one.state.awaits_end()),
        ids(&|one| one.state.awaits_launch()),
        ids(&|one| one.state.is_retained()),
    )
}
