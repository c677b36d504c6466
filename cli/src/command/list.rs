//! `list`: the stacks of ours in the account and Region. Changes nothing.

use std::process::ExitCode;

use clap::Args;

use super::flow;
use super::rehearse::Output;
use crate::aws::Access;
use crate::failure::{Exit, Failure};
use crate::listing::look;
use crate::view::out::print;

/// Flags of `list`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout list
  ecs-rollout list --profile prod --region eu-west-1
  ecs-rollout list --output json | jq -r '.stacks[].stack'

Finds the stacks by their outputs, whatever their names are. If you may not describe all stacks, it finds them by the lifecycle
hooks of the Auto Scaling groups, 50 groups at most, and then describes each by its name.

Changes nothing. Calls: cloudformation:DescribeStacks, autoscaling:DescribeAutoScalingGroups, DescribeLifecycleHooks.
DescribeStacks for all stacks also takes the right cloudformation:ListStacks.

Exit code: 0 also if there is no stack, 2 input, 4 AWS."))]
pub struct List {
    /// A table, or one JSON object
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl List {
    /// Looks, and writes what it finds.
    ///
    /// # Errors
    /// If there is no access to the account.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let listing = super::wait_for(async {
            let aws = self.access.connect().await?;
            look(&aws).await
        })??;
        match self.output {
            Output::Text => {
                for note in listing.notes() {
                    anstream::eprintln!("ecs-rollout: {note}");
                }
                print(listing.table());
            }
            Output::Json => print(format_args!("{:#}\n", listing.json())),
        }
        Ok(Exit::AsAsked.into())
    }
}

#[cfg(test)]
mod tests;
