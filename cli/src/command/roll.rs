//! `roll`: plans a roll, begins it by an update of the stack with its own template and parameters, and watches it.

use std::process::ExitCode;

use clap::Args;

use super::confirm::agreed;
use super::plan::made;
use super::watch::Watch;
use crate::aws::{Access, told};
use crate::plan::ami::{id_given, why_no_id};
use crate::plan::checks::Level;
use crate::plan::failure::{BLOCKED, Failure};
use crate::plan::seen::{Asked, BATCH_SIZE};
use crate::plan::{Plan, Verdict};
use crate::view::out::say;
use crate::view::planned;

/// Flags of `roll`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout roll ecs-cluster --ami ami-0123456789abcdef0
  ecs-rollout roll ecs-cluster --ami-parameter /aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id
  ecs-rollout roll ecs-cluster --batch 2 --yes --no-watch

First it plans the roll, as plan does, and does nothing if that is blocked. With --ami or --ami-parameter it puts the AMI id into
the stack's SSM parameter, from which CloudFormation reads it anew. If that is a public parameter (/aws/service/…), AWS puts the
AMI there: roll without --ami. The stack keeps its template and its parameters. Calls, besides those of plan and watch:
ssm:PutParameter, cloudformation:UpdateStack, and what the stack itself needs.

Exit code: as of watch; with --no-watch 0 if the update has begun; 0 if there are no changes; 1 if you did not agree; 2 bad input;
3 if the plan is BLOCKED; 4 no access to AWS.")]
pub struct Roll {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// The AMI to roll to: its id is put into the stack's SSM parameter
    #[arg(long, value_name = "ID", conflicts_with = "ami_parameter", value_parser = id_given)]
    ami: Option<String>,
    /// Another SSM parameter that names the AMI to roll to, such as one of AWS's own
    #[arg(long, value_name = "NAME")]
    ami_parameter: Option<String>,
    /// How many instances are replaced at a time, from now on [default: as it is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    batch: Option<u32>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    /// Do it though the plan says that it is blocked
    #[arg(long)]
    force: bool,
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
        let (plan, asked) = match self.plan() {
            Ok(planned) => planned,
            Err(failure) => return failure.end(),
        };
        say(planned::text(&plan));
        if plan.verdict == Verdict::NoChanges {
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(why) = self.refusal(&plan) {
            say(format!("{why}\nNothing is done.\n"));
            return Ok(ExitCode::from(BLOCKED));
        }
        say(what(&plan, &asked));
        if !self.yes && !agreed("Roll it?")? {
            say("Nothing is done.\n");
            return Ok(ExitCode::FAILURE);
        }
        super::wait_for(self.begin(&plan, &asked))??;
        say(format!("The update of {} has begun.\n", plan.stack));
        match self.no_watch {
            true => Ok(ExitCode::SUCCESS),
            false => Watch::of(self.stack, self.access).run(),
        }
    }

    /// What the rollout would do, and what was asked for.
    fn plan(&self) -> Result<(Plan, Asked), Failure> {
        let ami = super::wait_for(self.new_ami()).map_err(Failure::BadInput)?;
        let asked = Asked {
            ami: ami?,
            batch: self.batch,
        };
        Ok((made(&self.access, &self.stack, &asked)?, asked))
    }

    /// The AMI that is asked for, if any is.
    async fn new_ami(&self) -> Result<Option<String>, Failure> {
        let Some(name) = &self.ami_parameter else {
            return Ok(self.ami.clone());
        };
        let aws = self.access.connect().await.map_err(Failure::NoAccess)?;
        let Some(held) = aws.parameter(name).await? else {
            return Err(Failure::BadInput(format!(
                "--ami-parameter: there is no SSM parameter {name} in {}; list those of ECS with aws ssm get-parameters-by-path \
                 --recursive --path /aws/service/ecs/optimized-ami --query 'Parameters[].Name'",
                aws.region
            )));
        };
        match why_no_id(&held.value) {
            None => Ok(Some(held.value)),
            Some(why) => Err(Failure::BadInput(format!(
                "--ami-parameter: what SSM parameter {name} holds cannot be rolled to: {why}"
            ))),
        }
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
                "Stack {} takes no update now, with --force or without.",
                plan.stack
            )),
            _ => None,
        }
    }

    /// Puts the AMI into the parameter, and updates the stack.
    async fn begin(&self, plan: &Plan, asked: &Asked) -> Result<(), String> {
        let aws = self.access.connect().await?;
        let stack = aws.stack(&self.stack).await.map_err(|error| told(&error))?;
        let held = aws.parameter(&plan.ami_parameter).await;
        let held = held.map_err(|error| told(&error))?.map(|held| held.value);
        if let Some(ami) = asked.ami.as_ref().filter(|ami| Some(*ami) != held.as_ref()) {
            let put = aws.put_parameter(&plan.ami_parameter, ami).await;
            put.map_err(|error| told(&error))?;
            say(format!(
                "SSM parameter {} holds {ami} now.\n",
                plan.ami_parameter
            ));
        }
        let batch = self.batch.map(|batch| (BATCH_SIZE, batch.to_string()));
        aws.update(&stack, batch).await
    }
}

/// What will be done.
fn what(plan: &Plan, asked: &Asked) -> String {
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
