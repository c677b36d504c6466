//! `plan`: what a roll would do, and whether it can end.

use std::process::ExitCode;

use clap::Args;

use super::rehearse::Output;
use crate::aws::Access;
use crate::failure::Failure;
use crate::plan::checks::Level;
use crate::plan::seen::{Asked, look};
use crate::plan::{Plan, estimate};
use crate::view::out::say;
use crate::view::planned;

/// Flags of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout plan ecs-cluster
  ecs-rollout plan ecs-cluster --ami ami-0123456789abcdef0 --batch 5
  ecs-rollout plan ecs-cluster --output json | jq '.remarks[] | select(.level == \"blocker\")'

Changes nothing. Calls: cloudformation:DescribeStacks, ssm:GetParameter, autoscaling:DescribeAutoScalingGroups,
DescribeInstanceRefreshes, DescribeLifecycleHooks, ecs:ListContainerInstances, DescribeContainerInstances, ListServices,
DescribeServices, ListTasks, DescribeTasks, DescribeTaskDefinition, GetTaskProtection,
elasticloadbalancing:DescribeTargetGroupAttributes. Then it rehearses the cluster in memory, which takes a second for a small
one and a minute for a thousand instances.

A container may say in its Docker labels how long it takes to exit after SIGTERM (ecs-rollout.exit-seconds), and after how long
it ends by itself (ecs-rollout.run-seconds); nothing in AWS tells that.

Exit code: 0 if nothing hinders the roll, 1 with warnings, 2 if it is blocked, or if it cannot be told.")]
pub struct PlanVerb {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// The AMI to roll to [default: what the stack's SSM parameter holds]
    #[arg(long, value_name = "ID")]
    ami: Option<String>,
    /// How many instances are replaced at a time [default: as the stack says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    batch: Option<u32>,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: Access,
}

impl PlanVerb {
    /// Looks, rehearses, and says what comes of it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let asked = Asked {
            ami: self.ami,
            batch: self.batch,
        };
        let plan = made(&self.access, &self.stack, &asked)?;
        match self.output {
            Output::Text => say(planned::text(&plan)),
            Output::Json => {
                let text = serde_json::to_string_pretty(&plan).expect("a plan is plain data");
                say(format!("{text}\n"));
            }
        }
        Ok(match plan.remarks.first().map(|worst| worst.level) {
            None => ExitCode::SUCCESS,
            Some(Level::Warning) => ExitCode::FAILURE,
            Some(Level::Blocker) => ExitCode::from(2),
        })
    }
}

/// The plan of a roll of this stack.
///
/// # Errors
/// A sentence for the user.
pub fn made(access: &Access, stack: &str, asked: &Asked) -> Result<Plan, Failure> {
    let (seen, unseen) = super::wait_for(look(access, stack))??;
    let expected = estimate::rehearse(&seen, asked);
    Ok(Plan::of(&seen, asked, expected, unseen))
}
