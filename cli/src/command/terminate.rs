//! `terminate`: ends a retained instance, whatever still runs on it.

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use tokio::time::sleep;
use workers::model::cluster::Task;
use workers::model::{ClusterName, GroupName, HookName, InstanceId};
use workers::terminate::{self, Observation, Outcome, Progress, Step, Target};

use super::confirm::agreed;
use crate::aws::{Access, Aws, told};
use crate::view::ending::{Ending, describe};
use crate::view::out::say;

/// Flags of `terminate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout terminate i-0123456789abcdef0
  ecs-rollout terminate i-0123456789abcdef0 --stop-tasks --yes

Only a retained instance is ended: Terminating:Retained, or Warmed:Pending:Retained on its way into the warm pool. Auto Scaling
opens the terminate hook of such an instance again. So the request is first noted as attribute ecs-rollout.terminate of its
container instance: no worker drains it a second time, and no rollout waits for it or stops because of it. Then the instance is
terminated, its hook is answered, and what ECS still shows of it is deregistered. Each step may be repeated: if this is
interrupted, run it again.

Calls: autoscaling:DescribeAutoScalingInstances, DescribeLifecycleHooks, TerminateInstanceInAutoScalingGroup,
CompleteLifecycleAction, ecs:ListContainerInstances, DescribeContainerInstances, ListTasks, DescribeTasks, PutAttributes,
DeregisterContainerInstance, and with --stop-tasks StopTask and, for an instance that is still ACTIVE, UpdateContainerInstancesState.

Exit code: 0 if the instance is gone, 1 if nothing was done or it is not gone yet, 2 if it could not be.")]
pub struct Terminate {
    /// The EC2 instance
    #[arg(value_name = "INSTANCE", value_parser = instance_id)]
    instance: String,
    /// Stop each task first (SIGTERM, then SIGKILL after its stopTimeout), and wait until all have stopped
    #[arg(long)]
    stop_tasks: bool,
    /// The cluster, for an instance that has left its group: what ECS still shows of it is deregistered
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    access: Access,
}

fn instance_id(text: &str) -> Result<String, String> {
    match InstanceId::is_well_formed(text) {
        true => Ok(text.to_owned()),
        false => Err("is no id of an EC2 instance, such as i-0123456789abcdef0".to_owned()),
    }
}

impl Terminate {
    /// Says what it will do, asks, and does it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        super::wait_for(async {
            let aws = self.access.connect().await?;
            self.end(&aws).await
        })?
    }

    async fn end(&self, aws: &Aws) -> Result<ExitCode, String> {
        let target = self.target(aws).await?;
        let clients = &aws.acting;
        let seen = terminate::look(&target, clients)
            .await
            .map_err(|error| told(&error))?;
        if let Err(refusal) = terminate::next_step(Progress::default(), &seen, aws.now()) {
            return Err(format!("{} is not ended: {refusal}", self.instance));
        }
        let tasks = terminate::tasks(&target, clients)
            .await
            .map_err(|error| told(&error))?;
        say(self.plan(&target, &seen, &tasks, aws.now()));
        if !self.yes && !agreed("End it?")? {
            say("Nothing is done.\n");
            return Ok(ExitCode::FAILURE);
        }
        let is_retained = seen
            .state
            .as_ref()
            .is_some_and(|state| state.can_be_ended());
        if self.stop_tasks && is_retained && !self.stop(aws, &target, tasks.len()).await? {
            return Ok(ExitCode::FAILURE);
        }
        let before = |step: &Step| {
            say(format!("{step}\n"));
            ControlFlow::Continue(())
        };
        let outcome = terminate::run(&target, clients, &|| aws.now(), sleep, before).await;
        let outcome = outcome.map_err(|error| {
            format!("{}. Run it again: it continues where it was", told(&error))
        })?;
        self.conclude(outcome, tasks.len())
    }

    /// Stops the tasks. Says whether all have stopped.
    async fn stop(&self, aws: &Aws, target: &Target, count: usize) -> Result<bool, String> {
        if count == 0 {
            return Ok(true);
        }
        say(format!("Waiting for {count} tasks to stop.\n"));
        let left = terminate::stop_tasks(target, &aws.acting, &|| aws.now(), sleep).await;
        let left = left.map_err(|error| told(&error))?;
        if !left.is_empty() {
            say(format!(
                "{} tasks have not stopped, and {} is still retained:\n{}To end it with them: ecs-rollout terminate {1}\n",
                left.len(),
                self.instance,
                describe(&left, aws.now()),
            ));
        }
        Ok(left.is_empty())
    }

    /// What will be done.
    fn plan(&self, target: &Target, seen: &Observation, tasks: &[Task], now: Timestamp) -> String {
        let ending = Ending {
            target,
            seen,
            tasks,
            stop_tasks: self.stop_tasks,
            now,
        };
        ending.to_string()
    }

    fn conclude(&self, outcome: Outcome, tasks: usize) -> Result<ExitCode, String> {
        let id = &self.instance;
        match outcome {
            Outcome::Ended => {
                let what = match (self.stop_tasks, tasks) {
                    (_, 0) => "nothing ran on it".to_owned(),
                    (true, count) => format!("{count} tasks stopped first"),
                    (false, count) => format!("{count} tasks killed with it"),
                };
                say(format!("{id} is gone: {what}.\n"));
                Ok(ExitCode::SUCCESS)
            }
            Outcome::Refused(refusal) => Err(format!("{id} is not ended: {refusal}")),
            Outcome::StillThere(seen) => {
                let state = seen
                    .state
                    .map_or("still in its cluster".to_owned(), |it| it.to_string());
                say(format!(
                    "{id} is not gone yet: it is {state}. Run it again, or ask why: ecs-rollout explain {id}\n"
                ));
                Ok(ExitCode::FAILURE)
            }
            Outcome::BrokenOff => Ok(ExitCode::FAILURE),
        }
    }

    /// The instance, with what is to be known of its group.
    async fn target(&self, aws: &Aws) -> Result<Target, String> {
        let id = &self.instance;
        let instance = InstanceId::new(id);
        let found = aws.group_of(id).await.map_err(|error| told(&error))?;
        let Some((group, _)) = found else {
            let cluster = self.cluster.as_ref().ok_or_else(|| {
                format!(
                    "{id} is in no Auto Scaling group of {}: is it gone already, and are the Region and the account right? If \
                     ECS still shows it, run this again with --cluster NAME",
                    aws.region
                )
            })?;
            return Ok(Target {
                instance,
                // It has left its group: no call names it any more.
                group: GroupName::new(""),
                cluster: ClusterName::new(cluster),
                hook: HookName::new(""),
                other_hooks: Vec::new(),
            });
        };
        let hooks = aws.all_hooks(&group).await.map_err(|error| told(&error))?;
        let leaving = hooks.into_iter().filter(|hook| !hook.is_of_launch);
        let (ours, others): (Vec<_>, Vec<_>) = leaving.partition(|hook| hook.ours.is_some());
        let ours = ours
            .into_iter()
            .find_map(|hook| Some((hook.name, hook.ours?)));
        let (hook, ours) = ours.ok_or_else(|| {
            format!(
                "group {group} of {id} has no terminate hook of ecs-rollout (one whose NotificationMetadata names cluster and \
                 stack), so it is none of ours to end"
            )
        })?;
        let others = others.into_iter().map(|hook| HookName::new(hook.name));
        Ok(Target {
            instance,
            group: GroupName::new(group),
            cluster: ClusterName::new(ours.cluster),
            hook: HookName::new(hook),
            other_hooks: others.collect(),
        })
    }
}
