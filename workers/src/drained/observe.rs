//! What is asked of ECS about a leaving instance: its tasks, and whether its agent is there.

use jiff::Timestamp;

use super::Observation;
use crate::Clients;
use crate::config::DrainStart;
use crate::error::Error;
use crate::model::cluster::{Task, agent_is_gone};
use crate::model::{Subject, TasksLeft};

/// The tasks that the last look left, or that draining found. If any of them is still not STOPPED,
/// that is enough to say "not yet", and took one call instead of three. Before anything else is
/// said all tasks are listed.
pub async fn look_again(
    subject: &Subject,
    known: Option<&TasksLeft>,
    clients: &Clients,
) -> Result<Vec<Task>, Error> {
    let cluster = &subject.settings.cluster;
    match known {
        Some(left) => clients.ecs.tasks(cluster, &left.arns).await,
        None => Ok(Vec::new()),
    }
}

/// The tasks of the registrations that the drain began with, as long as that is enough to say "not
/// yet": while tasks are left there, none of them younger than the drain. Otherwise the
/// registrations of now are looked at too.
pub async fn look(
    subject: &Subject,
    begun: &DrainStart,
    clients: &Clients,
) -> Result<Observation, Error> {
    let mut seen = Observation::default();
    for arn in &begun.container_instances {
        let cluster = &subject.settings.cluster;
        match clients.ecs.tasks_on(cluster, arn, &[]).await {
            Ok(tasks) => seen.tasks.extend(tasks),
            // Perhaps a registration that ECS has forgotten; what is there now is looked up anew.
            Err(Error::BadAnswer { .. }) => {
                return look_at_all(subject, begun, &[], clients).await;
            }
            Err(error) => return Err(error),
        }
    }
    let is_left = |task: &&Task| !task.is_stopped();
    let is_younger =
        |task: &Task| task.wanted && task.since.is_none_or(|since| since > begun.since);
    let mut left = seen.tasks.iter().filter(is_left).peekable();
    if left.peek().is_some() && !left.any(is_younger) {
        return Ok(seen);
    }
    look_at_all(subject, begun, &seen.tasks, clients).await
}

/// The registrations of now and those of then: an agent may register anew, and a deregistered one
/// is not listed. `known` are tasks that were just looked at.
pub async fn look_at_all(
    subject: &Subject,
    begun: &DrainStart,
    known: &[Task],
    clients: &Clients,
) -> Result<Observation, Error> {
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let mut registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    let mut unlisted = begun.container_instances.clone();
    unlisted.retain(|arn| registrations.iter().all(|one| &one.arn != arn));
    registrations.extend(ecs.container_instances(cluster, &unlisted).await?);
    let mut tasks = Vec::new();
    for one in &registrations {
        tasks.extend(ecs.tasks_on(cluster, &one.arn, known).await?);
    }
    Ok(Observation {
        registrations,
        tasks,
        ..Observation::default()
    })
}

/// Since when its agent is gone, if it is. An agent is disconnected for a moment several times an
/// hour, so a look is worth a call only when all tasks were `listed` anyway, or when the last look
/// found it gone, `since` then.
pub async fn agent_gone_since(
    subject: &Subject,
    begun: &DrainStart,
    seen: &Observation,
    listed: bool,
    since: Option<Timestamp>,
    clients: &Clients,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let gone = match seen.registrations.as_slice() {
        // It may have registered anew since.
        [] if since.is_some() => {
            agent_is_gone(&ecs.registrations(cluster, &subject.action.instance).await?)
        }
        [] if listed => {
            let then = &begun.container_instances;
            agent_is_gone(&ecs.container_instances(cluster, then).await?)
        }
        some => agent_is_gone(some),
    };
    Ok(gone.then(|| since.unwrap_or(now)))
}
