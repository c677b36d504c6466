//! `plan`: what a rollout would do, and whether it can end.

use std::process::ExitCode;

use clap::Args;

use super::flow;
use super::rehearse::Output;
use super::stack_argument::StackArgument;
use crate::aws::Access;
use crate::failure::{Exit, Failure};
use crate::plan::ami::{id_given, why_not_yours};
use crate::plan::observation::{Observation, PlanRequest, look};
use crate::plan::{Plan, Verdict, estimate};
use crate::view::out::print;
use crate::view::planned;
use crate::view::wrap::columns;

/// Flags of `plan`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout plan ecs-cluster
  ecs-rollout plan ecs-cluster --ami ami-0123456789abcdef0 --batch 5
  ecs-rollout plan ecs-cluster --output json | \\
    jq '.remarks[] | select(.level == \"blocker\")'

Changes nothing. Calls: cloudformation:DescribeStacks, ssm:GetParameter, autoscaling:DescribeAutoScalingGroups,
DescribeInstanceRefreshes, DescribeLifecycleHooks, ecs:ListContainerInstances, DescribeContainerInstances, ListServices,
DescribeServices, ListTasks, DescribeTasks, DescribeTaskDefinition, GetTaskProtection,
elasticloadbalancing:DescribeTargetGroupAttributes. Then it rehearses the cluster in memory, which takes a second for a small
one and a minute for a thousand instances.

A container may say in its Docker labels how long it takes to exit after SIGTERM (ecs-rollout.exit-seconds), and after how long
it ends by itself (ecs-rollout.run-seconds); AWS does not know that.

The last line is the answer. READY: the rollout ends on the new AMI. UNCERTAIN: that depends on what nobody can know yet, such as
when a standalone task ends. BLOCKED: it cannot begin, or cannot end on the new AMI. No changes: there is nothing to roll.
UNDER WAY: there is nothing to roll, but an instance is still draining, or retained.

Exit code: 0 READY, with or without warnings, or No changes; 2 bad input; 3 BLOCKED, UNCERTAIN or UNDER WAY;
4 no access to AWS."))]
pub struct PlanVerb {
    #[command(flatten)]
    stack: StackArgument,
    /// The AMI to roll to [default: what the stack's SSM parameter holds]
    #[arg(long, value_name = "ID", value_parser = id_given)]
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
        let asked = PlanRequest {
            ami: self.ami,
            batch: self.batch,
        };
        let plan = made(&self.access, &self.stack.name()?, &asked)?;
        match self.output {
            Output::Text => print(planned::painted(&plan, columns())),
            Output::Json => {
                let text = serde_json::to_string_pretty(&plan).expect("a plan is plain data");
                print(format!("{text}\n"));
            }
        }
        Ok(match plan.verdict {
            Verdict::Ready | Verdict::NoChanges => Exit::AsAsked.into(),
            Verdict::Uncertain | Verdict::Blocked | Verdict::UnderWay => Exit::Refused.into(),
        })
    }
}

/// The plan of a rollout of this stack.
///
/// # Errors
/// If there is no such stack, no access to it, or no way to roll it to the AMI that was given.
pub fn made(access: &Access, stack: &str, asked: &PlanRequest) -> Result<Plan, Failure> {
    let (seen, unseen) = super::wait_for(look(access, stack))??;
    can_be_asked(&seen, asked)?;
    let rehearse = || estimate::rehearse(&seen, asked);
    Ok(Plan::of(&seen, asked, rehearse, unseen))
}

/// An AMI that was given can be put where the stack takes its AMI from, if it is not there already.
fn can_be_asked(seen: &Observation, asked: &PlanRequest) -> Result<(), Failure> {
    let held = seen.ami.as_ref().map(|held| held.value.as_str());
    let given = asked.ami.as_deref().filter(|given| Some(*given) != held);
    let why = given.and_then(|given| why_not_yours(&seen.stack, given));
    why.map_or(Ok(()), |why| Err(why.into()))
}
