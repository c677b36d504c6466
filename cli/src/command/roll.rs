//! `roll`: plans a roll, begins it by an update of the stack with its own template and parameters, and watches it.

use std::process::ExitCode;

use clap::Args;
use jiff::SignedDuration;

use super::confirm::agreed;
use super::plan::made;
use super::watch::Watch;
use crate::aws::{Access, told};
use crate::plan::Plan;
use crate::plan::checks::Level;
use crate::plan::seen::Asked;
use crate::view::out::say;
use crate::view::planned;

/// The parameter of our template that says how many instances are replaced at a time.
const BATCH_SIZE: &str = "BatchSize";

/// Flags of `roll`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout roll ecs-cluster --ami ami-0123456789abcdef0
  ecs-rollout roll ecs-cluster --ami-parameter /aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id
  ecs-rollout roll ecs-cluster --batch 2 --yes --no-watch

First it plans the roll, as plan does, and does nothing if that is blocked. With --ami or --ami-parameter it puts the AMI id into
the stack's SSM parameter, from which CloudFormation reads it anew. The stack keeps its template and its parameters. Calls,
besides those of plan and watch: ssm:PutParameter, cloudformation:UpdateStack, and what the stack itself needs.

Exit code: as of watch; with --no-watch 0 if the update has begun; 1 if nothing was done, 2 if it could not be.")]
pub struct Roll {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// The AMI to roll to: its id is put into the stack's SSM parameter
    #[arg(long, value_name = "ID", conflicts_with = "ami_parameter")]
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
        let asked = Asked {
            ami: super::wait_for(self.new_ami())??,
            batch: self.batch,
        };
        let plan = made(&self.access, &self.stack, &asked)?;
        say(planned::text(&plan));
        if let Some(why) = self.refusal(&plan) {
            say(format!("{why}\nNothing is done.\n"));
            return Ok(ExitCode::FAILURE);
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
            false => Watch::of(self.stack, planned(&plan), self.access).run(),
        }
    }

    /// The AMI that is asked for, if any is.
    async fn new_ami(&self) -> Result<Option<String>, String> {
        let Some(name) = &self.ami_parameter else {
            return Ok(self.ami.clone());
        };
        let aws = self.access.connect().await?;
        match aws.parameter(name).await.map_err(|error| told(&error))? {
            Some(ami) => Ok(Some(ami)),
            None => Err(format!(
                "there is no SSM parameter {name} in {}",
                aws.region
            )),
        }
    }

    /// Why it is not to be begun, if so.
    fn refusal(&self, plan: &Plan) -> Option<String> {
        let is_blocked = plan.remarks.iter().any(|it| it.level == Level::Blocker);
        let is_busy = plan.remarks.iter().any(|it| it.name.starts_with("stack-"));
        match (is_blocked, self.force) {
            (true, false) => Some("The plan is blocked; see to that, or add --force.".to_owned()),
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
        if let Some(ami) = &asked.ami {
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

/// How long the rollout takes, by the plan.
fn planned(plan: &Plan) -> Option<SignedDuration> {
    let expected = plan.expected.as_ref()?;
    SignedDuration::try_from_secs_f64(expected.seconds).ok()
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
