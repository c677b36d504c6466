//! Ends a retained instance: the steps of `ecs-rollout terminate`, which the simulated operator takes too. No worker does.
//!
//! Auto Scaling opens the terminate hook again for a retained instance (see [`crate::ended`]). So the request is noted first,
//! for the workers that the new event brings; then the instance is terminated, and its hook answered. Each step follows
//! from what is there now, and nothing is remembered between two runs: a run that was interrupted is finished by the next.

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::ecs::TERMINATE;
use crate::error::Error;
use crate::model::cluster::{
    ContainerInstance, ContainerInstanceStatus as Status, Task, termination_requested,
};
use crate::model::group::LifecycleState;
use crate::model::{ClusterName, ContainerInstanceArn, GroupName, HookName, InstanceId, later};

/// So often it is looked whether a step has had its effect.
const LOOKS_EVERY: Duration = Duration::from_secs(3);

/// The slowest end that was recorded took 101 s from CONTINUE until the instance had left its group.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The longest heartbeat timeout that a hook of others may have, by the Auto Scaling API.
const PATIENCE_WITH_OTHERS: SignedDuration = SignedDuration::from_hours(2);

/// How long tasks may take that are told to stop, as at a drain deadline.
const STOP_PATIENCE: SignedDuration = crate::drained::STOP_GRACE;

/// What StopTask puts on record with a task.
const STOP_REASON: &str =
    "ecs-rollout: you end the retained instance of this task with --stop-tasks";

/// The instance that is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The instance.
    pub instance: InstanceId,
    /// Its group.
    pub group: GroupName,
    /// The cluster whose member it is.
    pub cluster: ClusterName,
    /// Our terminate hook.
    pub hook: HookName,
    /// The terminate hooks of others, which they answer.
    pub other_hooks: Vec<HookName>,
}

/// What was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Where it stands in its group, if a group has it.
    pub state: Option<LifecycleState>,
    /// What it is registered as in the cluster.
    pub registrations: Vec<ContainerInstance>,
}

/// What this run has done already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// It has taken a step, so that the instance was one to be ended.
    pub begun: bool,
    /// It was terminated.
    pub terminated: bool,
    /// Its hook was answered.
    pub answered: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Note the request on these container instances.
    Request(Vec<ContainerInstanceArn>),
    /// Terminate it.
    Terminate,
    /// Wait until its terminate hook opens.
    AwaitHook,
    /// Answer our hook.
    Answer,
    /// Wait until it has left its group, and its cluster.
    AwaitEnd,
    /// Deregister this one, which ECS still shows.
    Deregister(ContainerInstanceArn),
    /// Nothing: it is gone.
    Done,
}

impl Step {
    /// Whether it changes anything.
    pub fn acts(&self) -> bool {
        !matches!(self, Self::AwaitHook | Self::AwaitEnd | Self::Done)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(_) => write!(
                f,
                "Noting the request in ECS (attribute {TERMINATE}), so that no worker drains it again."
            ),
            Self::Terminate => {
                f.write_str("Terminating it. The group's desired capacity stays as it is.")
            }
            Self::AwaitHook => f.write_str("Waiting for its terminate hook to open."),
            Self::Answer => f.write_str("Answering its terminate hook with CONTINUE."),
            Self::AwaitEnd => {
                f.write_str("Waiting until EC2 has terminated it: about two minutes.")
            }
            Self::Deregister(arn) => write!(f, "Deregistering {arn}, which ECS still shows."),
            Self::Done => f.write_str("It is gone."),
        }
    }
}

/// Why an instance is not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No group has it, and nobody asked to end it.
    NotInGroup,
    /// It is not retained, but stands there.
    NotRetained(LifecycleState),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use LifecycleState as S;
        let state = match self {
            Self::NotInGroup => {
                return f.write_str(
                    "no Auto Scaling group has it, and no request to end it is noted in the cluster: it is gone already",
                );
            }
            Self::NotRetained(state) => state,
        };
        write!(
            f,
            "it is {state}, and only a retained instance can be ended. "
        )?;
        f.write_str(match state {
            S::InService => {
                "It is in service. To replace it, roll; or terminate it with aws autoscaling \
                 terminate-instance-in-auto-scaling-group, which drains it first."
            }
            S::TerminatingWait | S::WarmedPendingWait | S::WarmedTerminatingWait => {
                "Its terminate hook is open. Wait until its drain ends or fails; what holds it, and how to stop a task, says \
                 'ecs-rollout explain'."
            }
            S::TerminatingProceed | S::WarmedTerminatingProceed => {
                "Its terminate hook is answered, and EC2 terminates it: nothing is left to end."
            }
            S::Terminating | S::WarmedTerminating | S::WarmedPending => {
                "It is on its way out, and its terminate hook opens within seconds."
            }
            S::Pending | S::PendingWait | S::PendingProceed => {
                "It is being launched. If it does not join, its launch is abandoned at the join deadline."
            }
            _ => "To take it out of its group, use aws autoscaling terminate-instance-in-auto-scaling-group.",
        })
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The instance is gone.
    Ended,
    /// Whoever was told of the steps broke it off.
    BrokenOff,
    /// Nothing was done.
    Refused(Refusal),
    /// It was ended, but still is there after a long wait.
    StillThere(Observation),
}

/// Decides what comes next.
///
/// # Errors
/// Why it is not to be ended.
pub fn next_step(progress: Progress, seen: &Observation, now: Timestamp) -> Result<Step, Refusal> {
    use LifecycleState as S;
    let is_requested = termination_requested(&seen.registrations, now).is_some();
    let is_ours = progress.begun || is_requested;
    let Some(state) = &seen.state else {
        return left_over(is_ours, &seen.registrations);
    };
    match state {
        // The answer may be some seconds older than the termination.
        retained if retained.can_be_ended() && progress.terminated => Ok(Step::AwaitHook),
        retained if retained.can_be_ended() => {
            let arns = seen.registrations.iter().map(|one| one.arn.clone());
            match is_requested || seen.registrations.is_empty() {
                true => Ok(Step::Terminate),
                false => Ok(Step::Request(arns.collect())),
            }
        }
        S::Terminating | S::WarmedTerminating if is_ours => Ok(Step::AwaitHook),
        S::TerminatingWait | S::WarmedTerminatingWait if is_ours && !progress.answered => {
            Ok(Step::Answer)
        }
        S::TerminatingWait
        | S::WarmedTerminatingWait
        | S::TerminatingProceed
        | S::WarmedTerminatingProceed
            if is_ours =>
        {
            Ok(Step::AwaitEnd)
        }
        other => Err(Refusal::NotRetained(other.clone())),
    }
}

/// No group has it any more. ECS deregisters an instance that EC2 terminates, unless its agent was not connected.
fn left_over(is_ours: bool, registrations: &[ContainerInstance]) -> Result<Step, Refusal> {
    match registrations.first() {
        _ if !is_ours => Err(Refusal::NotInGroup),
        None => Ok(Step::Done),
        Some(one) if one.agent_connected => Ok(Step::AwaitEnd),
        Some(one) => Ok(Step::Deregister(one.arn.clone())),
    }
}

/// Takes one step after the other until the instance is gone. `before` is told of each new step, and may break off.
///
/// # Errors
/// What Auto Scaling and ECS meet. The next run goes on where this one ended.
pub async fn run(
    target: &Target,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
    mut before: impl FnMut(&Step) -> ControlFlow<()>,
) -> Result<Outcome, Error> {
    let patience = match target.other_hooks.is_empty() {
        true => PATIENCE,
        false => PATIENCE_WITH_OTHERS,
    };
    let mut progress = Progress::default();
    let (mut last, mut since) = (None, now());
    loop {
        let seen = look(target, clients).await?;
        let step = match next_step(progress, &seen, now()) {
            Ok(Step::Done) => return Ok(Outcome::Ended),
            Ok(step) => step,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        if last.as_ref() != Some(&step) {
            if before(&step).is_break() {
                return Ok(Outcome::BrokenOff);
            }
            (last, since) = (Some(step.clone()), now());
        } else if now() >= later(since, patience) {
            return Ok(Outcome::StillThere(seen));
        }
        take(&step, target, clients, now).await?;
        progress.begun = true;
        progress.terminated |= step == Step::Terminate;
        progress.answered |= step == Step::Answer;
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

/// Looks at the instance.
///
/// # Errors
/// What Auto Scaling and ECS meet.
pub async fn look(target: &Target, clients: &Clients) -> Result<Observation, Error> {
    let instance = std::slice::from_ref(&target.instance);
    let found = clients.autoscaling.some_instances(instance).await?;
    let registrations = clients
        .ecs
        .registrations(&target.cluster, &target.instance)
        .await?;
    Ok(Observation {
        state: found.into_iter().next().map(|one| one.state),
        registrations,
    })
}

async fn take(
    step: &Step,
    target: &Target,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<(), Error> {
    let (ecs, groups) = (&clients.ecs, &clients.autoscaling);
    match step {
        Step::Request(arns) => ecs.request_termination(&target.cluster, arns, now()).await,
        Step::Terminate => groups.terminate(&target.instance).await,
        Step::Answer => {
            let sent = groups.proceed(&target.group, &target.hook, &target.instance);
            sent.await.map(drop)
        }
        Step::Deregister(arn) => ecs.deregister(&target.cluster, arn).await,
        Step::AwaitHook | Step::AwaitEnd | Step::Done => Ok(()),
    }
}

/// The tasks on the instance that have not stopped.
///
/// # Errors
/// What ECS meets.
pub async fn tasks(target: &Target, clients: &Clients) -> Result<Vec<Task>, Error> {
    let (ecs, cluster) = (&clients.ecs, &target.cluster);
    let mut tasks = Vec::new();
    for one in ecs.registrations(cluster, &target.instance).await? {
        tasks.extend(ecs.tasks_on(cluster, &one.arn, &[]).await?);
    }
    tasks.retain(|task| !task.is_stopped());
    Ok(tasks)
}

/// Tells the tasks of a retained instance to stop, and waits until they have. Returns those that have not after a long wait.
/// An instance whose hook nobody answered may be ACTIVE still: it is set DRAINING first, or services would start their tasks there
/// again.
///
/// # Errors
/// What ECS meets.
pub async fn stop_tasks(
    target: &Target,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Vec<Task>, Error> {
    let end = later(now(), STOP_PATIENCE);
    let (ecs, cluster) = (&clients.ecs, &target.cluster);
    let registrations = ecs.registrations(cluster, &target.instance).await?;
    let active = registrations.into_iter().filter(|one| one.status == Status::Active);
    let active: Vec<ContainerInstanceArn> = active.map(|one| one.arn).collect();
    ecs.set_draining(cluster, &active).await?;
    loop {
        let left = tasks(target, clients).await?;
        if left.is_empty() || now() >= end {
            return Ok(left);
        }
        for task in left.iter().filter(|task| task.wanted) {
            clients
                .ecs
                .stop_task(&target.cluster, &task.arn, STOP_REASON)
                .await?;
        }
        tokio::time::sleep(LOOKS_EVERY).await;
    }
}

#[cfg(test)]
mod tests;
