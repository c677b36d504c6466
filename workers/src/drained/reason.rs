//! What stands in the way of a drain, in words for a person.

use jiff::Timestamp;

use super::{Observation, blockers};
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus, Task, current};
use crate::model::{Policy, Subject};
use crate::text::{between, clock, count, list_first};

/// So many tasks are named in a reason, and the others counted.
const TASKS_NAMED: usize = 3;

/// What stands in the way of a drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The tasks that have not stopped.
    tasks: Option<Tasks>,
    /// What else there is to know, each a sentence.
    notes: Vec<String>,
}

/// Tasks that have not stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tasks {
    count: usize,
    named: String,
}

impl Obstacle {
    /// Of a drain that continues: `next` is what happens next, each a sentence.
    pub fn waiting(&self, next: &[String]) -> String {
        let tasks = self.tasks.iter().map(|tasks| {
            let count = count(tasks.count, "task");
            format!("Waiting for {count} to stop: {}.", tasks.named)
        });
        sentences(tasks.chain(self.notes.iter().cloned()).chain(next.to_vec()))
    }

    /// Of a drain that has ended with tasks left.
    pub fn left(&self) -> String {
        let tasks = self.tasks.iter().map(|tasks| {
            let verb = if tasks.count == 1 { "has" } else { "have" };
            let count = count(tasks.count, "task");
            format!("{count} {verb} not stopped: {}.", tasks.named)
        });
        sentences(tasks.chain(self.notes.iter().cloned()))
    }
}

/// Whose a task is, in the order in which tasks are named: ECS never stops a standalone task, and
/// stops a daemon's after all others
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Standalone,
    Replica,
    Daemon,
}

fn kind(seen: &Observation, task: &Task) -> Kind {
    let of_daemon = |service: &str| seen.daemons.iter().any(|one| one.as_str() == service);
    match task.service() {
        None => Kind::Standalone,
        Some(service) if of_daemon(service) => Kind::Daemon,
        Some(_) => Kind::Replica,
    }
}

fn sentences(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<String>>().join(" ")
}

/// What stands in the way, if anything does, and what is known of why.
pub fn obstacle(
    subject: &Subject,
    seen: &Observation,
    left: &[&Task],
    now: Timestamp,
) -> Option<Obstacle> {
    let is_active = |one: &&ContainerInstance| one.status == ContainerInstanceStatus::Active;
    let again = current(&seen.registrations).find(is_active).map(|one| {
        format!(
            "The instance is ACTIVE again: somebody set it ACTIVE, or its agent registered again. Set it DRAINING ({}).",
            one.arn
        )
    });
    let tasks = (!left.is_empty()).then(|| {
        let mut left = left.to_vec();
        left.sort_by_key(|task| kind(seen, task));
        let named = left.iter().map(|task| match kind(seen, task) {
            Kind::Daemon => task.describe_as("daemon, stops last", now),
            Kind::Standalone => task.describe_as("standalone", now),
            Kind::Replica => task.describe_as("", now),
        });
        Tasks {
            count: left.len(),
            named: list_first(TASKS_NAMED, named, ", "),
        }
    });
    if again.is_none() && tasks.is_none() {
        return None;
    }
    let agent = seen.agent_gone_since.map(|since| {
        let waits = subject.settings.policy == Policy::Terminate && now < subject.drain_deadline();
        let waits = if waits { " Policy terminate waits for the drain deadline." } else { "" };
        format!(
            "The ECS agent has been disconnected since {} ({}), so these task states may be outdated.{waits}",
            clock(since),
            between(since, now)
        )
    });
    let hindered = seen.hindrances.iter();
    let hindered = hindered.flat_map(|known| blockers::words(known, subject, left, now));
    let notes = again.into_iter().chain(agent).chain(hindered).collect();
    Some(Obstacle { tasks, notes })
}

/// Why nothing does.
pub fn nothing_left(subject: &Subject, seen: &Observation, now: Timestamp) -> String {
    let spent = between(subject.began, now);
    let is_gone = |one: &ContainerInstance| one.status == ContainerInstanceStatus::Inactive;
    let stopped = match seen.tasks.len() {
        0 => "No task is left".to_owned(),
        1 => "The only task has stopped".to_owned(),
        more => format!("All {more} tasks have stopped"),
    };
    if seen.registrations.iter().all(is_gone) {
        return format!("{stopped}, and the instance has left the cluster ({spent}).");
    }
    let agent = seen.agent_gone_since.map_or_else(String::new, |since| {
        let since = clock(since);
        format!(" ECS knows this, although the agent has been disconnected since {since}.")
    });
    format!("{stopped} ({spent}).{agent}")
}

/// Why an instance is kept, and what a person is to do later: the rest of a sentence that begins
/// with the instance.
pub fn kept(subject: &Subject, obstacle: &Obstacle) -> String {
    let instance = &subject.action.instance;
    format!(
        "is retained for its standalone tasks (StandaloneTaskPolicy skip-instance), and the rollout continues. {} When they \
         have stopped: 'ecs-rollout terminate {instance}'.",
        obstacle.left()
    )
}
