//! `doctor`: what stands between you and a rollout. Changes nothing.

use std::process::ExitCode;

use clap::Args;

use super::flow;
use super::rehearse::Output;
use super::stack_argument::StackArgument;
use crate::aws::Access;
use crate::doctor::{VALUES, diagnose};
use crate::failure::{Exit, Failure};
use crate::format::count;
use crate::view::out::{print, print_value};

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout doctor
  ecs-rollout doctor ecs-cluster --profile prod
  ecs-rollout doctor ecs-cluster --output json | \\
    jq '.findings[] | select(.state == \"WRONG\")'

Checks credentials, Region, endpoint, the clock of this machine, the stack's outputs, and your permissions: it makes each call that the
verbs read with once, and shows what AWS answers. Each line is ok, a note, or WRONG with the way out. Without a stack it tries the calls
of list alone.

Changes nothing. Calls: sts:GetCallerIdentity, and with a stack the calls of plan, watch, explain and report. Calls that change
something are not tried.

Exit code: 0 if nothing is wrong, 1 if something is, 2 input."))]
pub struct Doctor {
    #[command(flatten)]
    stack: StackArgument,
    /// Lines to read, or one JSON object
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl Doctor {
    /// Looks, and writes what it finds.
    ///
    /// # Errors
    /// If this process cannot make calls at all.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let stack = self.stack.name().ok();
        let diagnosis = super::wait_for(diagnose(&self.access, stack.as_deref()))?;
        let wrong = diagnosis.wrong();
        match self.output {
            Output::Json => print(format_args!("{:#}\n", diagnosis.json())),
            Output::Text => {
                for finding in &diagnosis.findings {
                    print_value(finding.state.severity(), &finding.line(), VALUES);
                }
                print(match wrong {
                    0 => "Nothing is wrong.\n".to_owned(),
                    some => format!("{} found.\n", count(some, "problem")),
                });
            }
        }
        let exit = if wrong == 0 {
            Exit::AsAsked
        } else {
            Exit::Otherwise
        };
        Ok(exit.into())
    }
}

#[cfg(test)]
mod tests;
