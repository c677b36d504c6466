//! `roll`: plans a rollout, begins it by an update of the stack with its own template and
//! parameters, and watches it.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::change::Change;
use super::flow;
use super::plan::made;
use super::stack_argument::StackArgument;
use super::watch::Watch;
use crate::aws::{Aws, with_access};
use crate::failure::{Exit, Failure};
use crate::plan::ami::{id_given, why_no_ami_in, why_no_id};
use crate::plan::checks::Level;
use crate::plan::estimate::Expected;
use crate::plan::observation::{BATCH_SIZE, PlanRequest};
use crate::plan::{Plan, Verdict};
use crate::view::planned;
use crate::view::wrap::columns;

/// Flags of `roll`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout roll ecs-cluster --ami ami-0123456789abcdef0
  ecs-rollout roll ecs-cluster --ami-parameter \\
    /aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id
  ecs-rollout roll ecs-cluster --batch 2 --yes --no-watch

First it plans the rollout, as plan does, and does nothing if that is blocked. With --ami or --ami-parameter it puts the AMI id into
the stack's SSM parameter, from which CloudFormation reads it at each update. It does so also if the instances have this AMI
already, so that no later update brings another one. If that is a public parameter (/aws/service/…), AWS puts the
AMI there: roll without --ami. The stack keeps its template and its parameters. Calls, besides those of plan and watch:
ssm:PutParameter, cloudformation:UpdateStack, and what the stack itself needs.

With --output json stdout has one object a line: first the start with its plan, then, unless --no-watch is given, one for each change
until the rollout has ended, as watch writes them.

Exit code: 0 if the rollout ended well (with --no-watch: has started), or if there is nothing to roll; 1 if it ended otherwise
or you said no; 2 input; 3 if the plan is BLOCKED or UNDER WAY; 4 AWS."))]
#[command(mut_arg("output", |output| output.help("Text, or JSON on stdout: one object for the start, then one for each change that is watched, one \
a line; messages and questions then go to stderr")))]
pub struct Roll {
    #[command(flatten)]
    stack: StackArgument,
    /// The AMI to roll to: its id is put into the stack's SSM parameter
    #[arg(long, value_name = "ID", conflicts_with = "ami_parameter", value_parser = id_given)]
    ami: Option<String>,
    /// Another SSM parameter that names the AMI to roll to, such as one of AWS's own
    #[arg(long, value_name = "NAME")]
    ami_parameter: Option<String>,
    /// How many instances are replaced at a time, from now on [default: as it is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    batch: Option<u32>,
    /// Roll although the plan is BLOCKED
    #[arg(long)]
    force: bool,
    /// Do not watch the rollout
    #[arg(long)]
    no_watch: bool,
    #[command(flatten)]
    change: Change,
}

impl Roll {
    /// Says what it will do, asks, does it, and watches.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let asked = PlanRequest {
            ami: super::wait_for(self.new_ami())??,
            batch: self.batch,
        };
        let plan = made(&self.change.access, &self.stack.name()?, &asked)?;
        self.change
            .note_painted(&planned::painted(&plan, columns()));
        let result = |started: bool| result(&plan, started, false);
        let nothing_to_roll = match plan.verdict {
            Verdict::NoChanges => Some(Exit::AsAsked),
            Verdict::UnderWay => Some(Exit::Refused),
            Verdict::Ready | Verdict::Uncertain | Verdict::Blocked => None,
        };
        if let Some(exit) = nothing_to_roll {
            let Some(ami) = plan.ami_to_write() else {
                let text = "Nothing was changed.";
                return Ok(self.change.end(exit, text, &result(false)));
            };
            return super::wait_for(async {
                let aws = self.change.access.connect().await?;
                self.only_write(&aws, &plan, ami, exit).await
            })?;
        }
        if let Some(why) = self.refusal(&plan) {
            let text = format!("{why} Nothing was changed.");
            return Ok(self.change.end(Exit::Refused, &text, &result(false)));
        }
        self.change.note(what(&plan, &asked));
        if !self.change.confirm("Start the rollout?")? {
            return Ok(self.change.declined(&result(false)));
        }
        let started = super::wait_for(self.begin(&plan, &asked))??;
        if !started {
            let text = format!(
                "No changes: the last update of stack {} used the AMI that SSM parameter {} names.",
                plan.stack, plan.ami_parameter
            );
            return Ok(self.change.end(Exit::AsAsked, &text, &result(false)));
        }
        let text = format!("The update of stack {} has started.", plan.stack);
        let code = self.change.end(Exit::AsAsked, &text, &result(true));
        if self.no_watch {
            return Ok(code);
        }
        let json = self.change.output == super::rehearse::Output::Json;
        let planned = plan.expected.as_ref().and_then(Expected::duration);
        Watch::of(self.stack.name()?, planned, self.change.access, json).run()
    }

    /// The AMI that is asked for, if any is.
    async fn new_ami(&self) -> Result<Option<String>, Failure> {
        let Some(name) = &self.ami_parameter else {
            return Ok(self.ami.clone());
        };
        if let Some(why) = why_no_ami_in(name) {
            return Err(Failure::from(format!("--ami-parameter: {why}")));
        }
        let aws = self.change.access.connect().await?;
        let Some(held) = aws.parameter(name).await? else {
            return Err(Failure::from(format!(
                "--ami-parameter: there is no SSM parameter {name} in {}; list those of ECS with {}",
                aws.region,
                with_access(
                    "aws ssm get-parameters-by-path --recursive --path /aws/service/ecs/optimized-ami --query 'Parameters[].Name'"
                )
            )));
        };
        match why_no_id(&held.value) {
            None => Ok(Some(held.value)),
            Some(why) => Err(Failure::from(format!(
                "--ami-parameter: what SSM parameter {name} holds cannot be rolled to: {why}"
            ))),
        }
    }

    /// There is nothing to roll, but the parameter names another AMI than the one that was given:
    /// the next update of the stack would bring that one.
    async fn only_write(
        &self,
        aws: &Aws,
        plan: &Plan,
        ami: &str,
        exit: Exit,
    ) -> Result<ExitCode, Failure> {
        let parameter = &plan.ami_parameter;
        self.change.note(format_args!(
            "This puts {ami} into SSM parameter {parameter}, and updates nothing: the last update of stack {} brought this AMI \
             already.\n",
            plan.stack
        ));
        if !self.change.confirm("Write the parameter?")? {
            return Ok(self.change.declined(&result(plan, false, false)));
        }
        let put = aws.put_parameter(parameter, ami).await;
        put.map_err(|error| Failure::from(&error))?;
        let text = format!("SSM parameter {parameter} holds {ami} now. No update was started.");
        Ok(self.change.end(exit, &text, &result(plan, false, true)))
    }

    /// Why it is not to be begun, if so.
    fn refusal(&self, plan: &Plan) -> Option<String> {
        let mut blockers = plan.remarks.iter().filter(|it| it.level == Level::Blocker);
        let is_blocked = plan.verdict == Verdict::Blocked;
        let is_busy = blockers.any(|it| it.name.starts_with("stack-"));
        match (is_blocked, self.force) {
            (true, false) => {
                Some("The plan is BLOCKED; remove the cause, or add --force.".to_owned())
            }
            // CloudFormation would refuse it anyway, after the AMI was put into the parameter.
            (true, true) if is_busy => Some(format!(
                "Stack {} accepts no update now, not even with --force.",
                plan.stack
            )),
            _ => None,
        }
    }

    /// Puts the AMI into the parameter, and updates the stack. Whether there is anything to update.
    async fn begin(&self, plan: &Plan, asked: &PlanRequest) -> Result<bool, Failure> {
        let aws = self.change.access.connect().await?;
        let stack = aws.stack(&self.stack.name()?).await?;
        let held = aws.parameter(&plan.ami_parameter).await?;
        let held = held.map(|held| held.value);
        if let Some(ami) = asked.ami.as_ref().filter(|ami| Some(*ami) != held.as_ref()) {
            let put = aws.put_parameter(&plan.ami_parameter, ami).await;
            put.map_err(|error| Failure::from(&error))?;
            self.change.note(format_args!(
                "SSM parameter {} holds {ami} now.\n",
                plan.ami_parameter
            ));
        }
        let batch = self.batch.map(|batch| (BATCH_SIZE, batch.to_string()));
        aws.update(&stack, batch).await
    }
}

/// The result for a program: whether an update has begun, or the parameter alone was written.
fn result(plan: &Plan, started: bool, parameter_written: bool) -> Value {
    json!({"stack": plan.stack, "started": started, "parameterWritten": parameter_written, "plan": plan})
}

/// What will be done.
fn what(plan: &Plan, asked: &PlanRequest) -> String {
    let first = match &asked.ami {
        Some(ami) => format!(
            "puts {ami} into SSM parameter {}, and then ",
            plan.ami_parameter
        ),
        None => String::new(),
    };
    let batch = match asked.batch {
        Some(batch) => format!(", but BatchSize, which becomes {batch}"),
        None => String::new(),
    };
    format!(
        "This {first}updates stack {} with the template and the parameters that it has{batch}.\n",
        plan.stack
    )
}

#[cfg(test)]
mod tests;
