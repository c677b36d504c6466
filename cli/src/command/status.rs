//! `status`: one look at a rollout, and its answer. Waits for nothing and changes nothing.

use std::process::ExitCode;

use clap::Args;

use super::flow;
use super::rehearse::Output;
use super::stack_argument::StackArgument;
use super::watch::{TIMED_OUT, look_once};
use crate::aws::Access;
use crate::failure::{Exit, Failure};
use crate::view::out::{print, print_value};
use crate::view::status::{VALUES, severity, text_of};
use crate::watch::Outcome;

/// Flags of `status`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout status ecs-cluster
  ecs-rollout status ecs-cluster --output json | jq -r .outcome
  until ecs-rollout status ecs-cluster; do sleep 60; done

Shows the stack's status, how far the rollout is, what each instance at a hook waits for and since when, retained instances, a
pause with its reason, and services with too few tasks. If no operation is under way, it shows how the last one ended.

Changes nothing, and makes twenty calls a second at most, those of watch. Of a large cluster it reads the histories of 80 executions
and the description of 200 services or more; the text names how many services were looked at.

Exit code: 0 if the last operation ended well, 1 if the stack rolled back or failed, or an instance is retained, 2 input, 4 AWS, 124 if
an operation is under way, or a drain is open."))]
pub struct StatusVerb {
    #[command(flatten)]
    stack: StackArgument,
    /// Lines to read, or one JSON object
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl StatusVerb {
    /// Looks once.
    ///
    /// # Errors
    /// If there is no such stack, or no access to it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let stack = self.stack.name()?;
        let status = super::wait_for(async {
            let aws = self.access.connect_without_retries().await?;
            look_once(aws, self.access.clone(), &stack).await
        })??;
        match self.output {
            Output::Text => {
                for line in status.lines() {
                    print_value(severity(line.tone), &text_of(&line), VALUES);
                }
            }
            Output::Json => print(format_args!("{:#}\n", status.json())),
        }
        Ok(match status.outcome() {
            Outcome::Well => Exit::AsAsked.into(),
            Outcome::Otherwise => Exit::Otherwise.into(),
            Outcome::UnderWay => ExitCode::from(TIMED_OUT),
        })
    }
}

#[cfg(test)]
mod tests;
