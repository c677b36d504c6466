//! `terminate`: ends a retained instance, whatever still runs on it.

mod refusal;

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use workers::Error;
use workers::model::cluster::Task;
use workers::model::{ClusterName, GroupName, HookName, InstanceId};
use workers::terminate::{self, Observation, Outcome, Progress, Step, Target};

use super::change::Change;
use super::flow;
use crate::aws::{Aws, with_access};
use crate::completion;
use crate::failure::{Exit, Failure};
use crate::format::count;
use crate::view::ending::{Ending, describe};
use refusal::{in_no_group, refused};

/// Flags of `terminate`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout terminate i-0123456789abcdef0
  ecs-rollout terminate i-0123456789abcdef0 --stop-tasks --yes

Only a retained instance is ended: Terminating:Retained, or Warmed:Pending:Retained on its way into the warm pool. Auto Scaling
opens the terminate hook of such an instance again. So the request is first noted as attribute ecs-rollout.terminate of its
container instance: no worker drains it a second time, and no rollout waits for it or stops because of it. Then the instance is
terminated, its hook is answered, and what ECS still shows of it is deregistered. Each step may be repeated: if this is
interrupted, run it again.

Calls: autoscaling:DescribeAutoScalingInstances, DescribeAutoScalingGroups, DescribeLifecycleHooks, TerminateInstanceInAutoScalingGroup,
CompleteLifecycleAction, ecs:ListContainerInstances, DescribeContainerInstances, ListTasks, DescribeTasks, PutAttributes,
DeregisterContainerInstance, and with --stop-tasks StopTask and, for an instance that is still ACTIVE, UpdateContainerInstancesState.

Exit code: 0 if the instance is terminated, 1 if it is not yet or you said no, 2 input, 3 if it is not one to terminate, 4 AWS."))]
pub struct Terminate {
    /// The EC2 instance
    #[arg(value_name = "INSTANCE", value_parser = instance_id, add = completion::instances())]
    instance: String,
    /// Stop each task first (SIGTERM, then SIGKILL after its stopTimeout), and wait until all have
    /// stopped
    #[arg(long)]
    stop_tasks: bool,
    /// The cluster, for an instance that has left its group: what ECS still shows of it is
    /// deregistered
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    #[command(flatten)]
    change: Change,
}

/// Waits for Ctrl-C or SIGTERM, and gives the exit code of a program that such a signal ends.
fn ended_by_signal() -> Result<impl Future<Output = u8>, Failure> {
    let heard = |kind| signal(kind).map_err(|error| Failure::from(format!("signals: {error}")));
    let mut interrupt = heard(SignalKind::interrupt())?;
    let mut terminate = heard(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        }
    })
}

/// The id of an EC2 instance, as it is given on the command line.
///
/// # Errors
/// What such an id looks like.
pub fn instance_id(text: &str) -> Result<String, Failure> {
    if InstanceId::is_well_formed(text) {
        Ok(text.to_owned())
    } else {
        Err("is no id of an EC2 instance, such as i-0123456789abcdef0".into())
    }
}

impl Terminate {
    /// Says what it will do, asks, and does it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        super::wait_for(async {
            let aws = self.change.access.connect().await?;
            let signal = ended_by_signal()?;
            tokio::select! {
                ended = self.end(&aws) => ended,
                code = signal => {
                    let text = format!(
                        "Interrupted. Run the command again, it continues: {}",
                        with_access(&format!("ecs-rollout terminate {}", self.instance))
                    );
                    anstream::eprintln!("{text}");
                    Ok(ExitCode::from(code))
                }
            }
        })?
    }

    async fn end(&self, aws: &Aws) -> Result<ExitCode, Failure> {
        let target = self.target(aws).await?;
        let clients = &aws.acting;
        let seen = terminate::look(&target, clients).await;
        let seen = seen.map_err(|error| self.look_failure(&error, &aws.region))?;
        if let Err(refusal) = terminate::next_step(Progress::default(), &seen, aws.now()) {
            return Err(refused(&self.instance, &refusal, &target));
        }
        let tasks = terminate::tasks(&target, clients)
            .await
            .map_err(|error| Failure::from(&error))?;
        let arn = seen.registrations.first().map_or("", |it| it.arn.as_str());
        let plan = self.plan(&target, &seen, &tasks, aws.now());
        self.change.note(format_args!("{}\n{plan}", aws.place(arn)));
        if !self.change.confirm("Terminate the instance?")? {
            return Ok(self.change.declined(&self.result(false, tasks.len())));
        }
        let is_retained = seen
            .state
            .as_ref()
            .is_some_and(|state| state.can_be_ended());
        if self.stop_tasks && is_retained && !self.stop(aws, &target, tasks.len()).await? {
            let text = format!(
                "To terminate it with its tasks: {}",
                with_access(&format!("ecs-rollout terminate {}", self.instance))
            );
            let result = self.result(false, tasks.len());
            return Ok(self.change.end(Exit::Otherwise, &text, &result));
        }
        let before = |step: &Step| {
            self.change.note(format!("{step}\n"));
            ControlFlow::Continue(())
        };
        let outcome = terminate::run(&target, clients, &|| aws.now(), sleep, before).await;
        let again = "Run the command again: each step may be repeated";
        let outcome = outcome.map_err(|error| Failure::from(&error).and(again))?;
        self.conclude(outcome, &target, tasks.len())
    }

    /// Stops the tasks. Says whether all have stopped.
    async fn stop(&self, aws: &Aws, target: &Target, tasks: usize) -> Result<bool, Failure> {
        if tasks == 0 {
            return Ok(true);
        }
        self.change
            .note(format!("Waiting for {} to stop.\n", count(tasks, "task")));
        let left = terminate::stop_tasks(target, &aws.acting, &|| aws.now(), sleep).await;
        let left = left.map_err(|error| Failure::from(&error))?;
        if !left.is_empty() {
            self.change.note(format!(
                "{} {} not stopped, and {} is still retained:\n{}",
                count(left.len(), "task"),
                if left.len() == 1 { "has" } else { "have" },
                self.instance,
                describe(&left, aws.now()),
            ));
        }
        Ok(left.is_empty())
    }

    /// The result for a program.
    fn result(&self, terminated: bool, tasks: usize) -> Value {
        json!({"instance": self.instance, "terminated": terminated, "tasks": tasks})
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

    fn conclude(
        &self,
        outcome: Outcome,
        target: &Target,
        tasks: usize,
    ) -> Result<ExitCode, Failure> {
        let id = &self.instance;
        match outcome {
            Outcome::Ended => {
                let what = match (self.stop_tasks, tasks) {
                    (_, 0) => "nothing ran on it".to_owned(),
                    (true, tasks) => format!("{} stopped first", count(tasks, "task")),
                    (false, tasks) => format!("{} killed with it", count(tasks, "task")),
                };
                let text = format!("{id} is terminated: {what}.");
                Ok(self
                    .change
                    .end(Exit::AsAsked, &text, &self.result(true, tasks)))
            }
            Outcome::Refused(refusal) => Err(refused(id, &refusal, target)),
            Outcome::StillThere(seen) => {
                let state = seen
                    .state
                    .map_or("still in its cluster".to_owned(), |it| it.to_string());
                let text = format!(
                    "{id} is still {state}. Run the command again, or ask why: {}",
                    with_access(&format!("ecs-rollout explain {id}"))
                );
                Ok(self
                    .change
                    .end(Exit::Otherwise, &text, &self.result(false, tasks)))
            }
            Outcome::BrokenOff => {
                let text = format!("{id} is not terminated yet. Run the command again.");
                Ok(self
                    .change
                    .end(Exit::Otherwise, &text, &self.result(false, tasks)))
            }
        }
    }

    /// Why the instance could not be looked at. The cluster's name may come from a flag.
    fn look_failure(&self, error: &Error, region: &str) -> Failure {
        match (error, &self.cluster) {
            (Error::ClusterNotFound { .. }, Some(named)) => Failure::from(format!(
                "cluster {named} does not exist in {region}; --cluster names it, give the right one"
            )),
            _ => Failure::from(error),
        }
    }

    /// The instance, with what is to be known of its group.
    async fn target(&self, aws: &Aws) -> Result<Target, Failure> {
        let id = &self.instance;
        let instance = InstanceId::new(id);
        let found = aws
            .group_of(id)
            .await
            .map_err(|error| Failure::from(&error))?;
        let Some((group, _)) = found else {
            let Some(cluster) = &self.cluster else {
                return Err(in_no_group(aws, id).await?);
            };
            return Ok(Target {
                instance,
                // It has left its group: no call names it any more.
                group: GroupName::new(""),
                cluster: ClusterName::new(cluster),
                hook: HookName::new(""),
                other_hooks: Vec::new(),
            });
        };
        let hooks = aws
            .all_hooks(&group)
            .await
            .map_err(|error| Failure::from(&error))?;
        let leaving = hooks.into_iter().filter(|hook| !hook.is_of_launch);
        let (ours, others): (Vec<_>, Vec<_>) = leaving.partition(|hook| hook.ours.is_some());
        let ours = ours
            .into_iter()
            .find_map(|hook| Some((hook.name, hook.ours?)));
        let (hook, ours) = ours.ok_or_else(|| {
            format!(
                "group {group} of {id} has no terminate hook of ecs-rollout (one whose NotificationMetadata names cluster and \
                 stack), so ecs-rollout does not terminate its instances"
            )
        })?;
        if let Some(named) = self
            .cluster
            .as_ref()
            .filter(|named| **named != ours.cluster)
        {
            return Err(format!(
                "{id} is in group {group} of cluster {}, and --cluster names {named}; leave the flag out",
                ours.cluster
            )
            .into());
        }
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
