//! `roll`: begins a roll, by an update of the stack with its own template and parameters, and watches it.

use std::process::ExitCode;

use clap::Args;

use super::confirm::agreed;
use super::watch::Watch;
use crate::aws::{Access, Group, Stack, told};
use crate::view::out::say;

/// The parameter of our template that says how many instances are replaced at a time.
const BATCH_SIZE: &str = "BatchSize";

/// Flags of `roll`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  aws ssm put-parameter --name /ami/ecs/latest --type String --overwrite --value ami-0123456789abcdef0
  ecs-rollout roll ecs-cluster
  ecs-rollout roll ecs-cluster --batch 2 --yes --no-watch

The stack keeps its template and its parameters; CloudFormation reads the AMI id from the SSM parameter anew. Calls, besides
those of watch: cloudformation:UpdateStack, and what the stack itself needs.

Exit code: as of watch; with --no-watch 0 if the update has begun; 1 if nothing was done, 2 if it could not be.")]
pub struct Roll {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// How many instances are replaced at a time, from now on [default: as it is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    batch: Option<u32>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    /// Do not watch it
    #[arg(long)]
    no_watch: bool,
    #[command(flatten)]
    access: Access,
}

impl Roll {
    /// Says what it will do, asks, does it, and watches.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        let has_begun = super::wait_for(self.begin())??;
        if !has_begun {
            say("Nothing is done.\n");
            return Ok(ExitCode::FAILURE);
        }
        match self.no_watch {
            true => Ok(ExitCode::SUCCESS),
            false => Watch::of(self.stack, self.access).run(),
        }
    }

    /// Whether the update has begun.
    async fn begin(&self) -> Result<bool, String> {
        let aws = self.access.connect().await?;
        let stack = aws.stack(&self.stack).await.map_err(|error| told(&error))?;
        if stack.is_busy() {
            return Err(format!(
                "stack {0} is {1}, and takes no update before that is over; see it with ecs-rollout watch {0}",
                stack.name, stack.status
            ));
        }
        let group = aws.group(&stack.group()?).await;
        let group = group.map_err(|error| told(&error))?;
        say(self.plan(&stack, &group));
        if !self.yes && !agreed("Roll it?")? {
            return Ok(false);
        }
        let batch = self.batch.map(|batch| (BATCH_SIZE, batch.to_string()));
        aws.update(&stack, batch).await?;
        say(format!("The update of {} has begun.\n", stack.name));
        Ok(true)
    }

    fn plan(&self, stack: &Stack, group: &Group) -> String {
        let now = stack.parameter(BATCH_SIZE).unwrap_or("?");
        let batch = match self.batch {
            Some(batch) => format!("{batch} (it was {now})"),
            None => now.to_owned(),
        };
        let retained: Vec<&str> = group.retained().map(|one| one.id.as_str()).collect();
        let warning = match retained.as_slice() {
            [] => String::new(),
            some => format!(
                "It cannot go forward while these are retained: {}. Ask why with ecs-rollout explain.\n",
                some.join(", ")
            ),
        };
        format!(
            "This updates stack {} with the template and the parameters that it has. If the SSM parameter names another AMI than \
             at the last update, the {} instances of the group are replaced, {batch} at a time.\n{warning}",
            stack.name,
            group.members.len(),
        )
    }
}
