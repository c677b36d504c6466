//! Ends a retained instance: the steps of `ecs-rollout terminate`, which the simulated operator
//! takes too. No worker does.
//!
//! Auto Scaling opens the terminate hook again for a retained instance (see [`crate::ended`]). So
//! the request is noted first, for the workers that the new event brings; then the instance is
//! terminated, and its hook answered. Each step follows from what is there now, and nothing is
//! remembered between two runs: a run that was interrupted is finished by the next.

mod step;

pub use step::{Observation, Progress, Refusal, Step, Target, next_step};

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::{ContainerInstanceStatus as Status, Task};
use crate::model::{ContainerInstanceArn, later};

/// So often it is looked whether a step has had its effect.
const LOOKS_EVERY: Duration = Duration::from_secs(3);

/// The slowest end that was recorded took 101 s from CONTINUE until the instance had left its
/// group (radkawar/stackd testdata/aws/autoscaling, 2026-09).
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The longest heartbeat timeout that a hook of others may have, by the Auto Scaling API.
const PATIENCE_WITH_OTHERS: SignedDuration = SignedDuration::from_hours(2);

/// How long tasks may take to stop, as at a drain deadline.
const STOP_PATIENCE: SignedDuration = crate::drained::STOP_GRACE;

/// What StopTask puts on record with a task.
pub const STOP_REASON: &str =
    "ecs-rollout: you end the retained instance of this task with --stop-tasks";

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The instance is gone.
    Ended,
    /// The caller broke it off before a step.
    BrokenOff,
    /// Nothing was done.
    Refused(Refusal),
    /// It was ended, but still is there after a long wait.
    StillThere(Observation),
}

/// Takes one step after the other until the instance is gone. `wait` sleeps between the looks.
/// `before` hears each new step, and may break off.
///
/// # Errors
/// What Auto Scaling and ECS meet. The next run continues where this one ended.
pub async fn run(
    target: &Target,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
    wait: impl AsyncFn(Duration),
    mut before: impl FnMut(&Step) -> ControlFlow<()>,
) -> Result<Outcome, Error> {
    let patience = if target.other_hooks.is_empty() {
        PATIENCE
    } else {
        PATIENCE_WITH_OTHERS
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
        wait(LOOKS_EVERY).await;
    }
}

/// Looks at the instance.
///
/// # Errors
/// What Auto Scaling and ECS meet.
pub async fn look(target: &Target, clients: &Clients) -> Result<Observation, Error> {
    let instance = std::slice::from_ref(&target.instance);
    let found = clients.autoscaling.some_instances(instance).await?;
    let state = found.into_iter().next().map(|one| one.state);
    let ecs = &clients.ecs;
    let registrations = match ecs.registrations(&target.cluster, &target.instance).await {
        // A stack that was waiting for this instance takes its cluster with it.
        Err(Error::ClusterNotFound { .. }) if state.is_none() && target.has_group() => Vec::new(),
        known => known?,
    };
    Ok(Observation {
        state,
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

/// Stops the tasks of a retained instance, and waits until they have stopped. Returns those that
/// have not after a long wait. An instance whose hook nobody answered may be ACTIVE still: it is
/// set DRAINING first, or services would start their tasks there again.
///
/// # Errors
/// What ECS meets.
pub async fn stop_tasks(
    target: &Target,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
    wait: impl AsyncFn(Duration),
) -> Result<Vec<Task>, Error> {
    let end = later(now(), STOP_PATIENCE);
    let (ecs, cluster) = (&clients.ecs, &target.cluster);
    let registrations = ecs.registrations(cluster, &target.instance).await?;
    let active = registrations
        .into_iter()
        .filter(|one| one.status == Status::Active);
    let active: Vec<ContainerInstanceArn> = active.map(|one| one.arn).collect();
    ecs.set_draining(cluster, &active).await?;
    loop {
        let left = tasks(target, clients).await?;
        if left.is_empty() || now() >= end {
            return Ok(left);
        }
        for task in left.iter().filter(|task| task.wanted) {
            ecs.stop_task(cluster, &task.arn, STOP_REASON).await?;
        }
        wait(LOOKS_EVERY).await;
    }
}

#[cfg(test)]
mod tests;
