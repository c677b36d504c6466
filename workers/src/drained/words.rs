//! What stands in the way of a drain, in words for a person.

use jiff::Timestamp;

use super::{Seen, hindered};
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus, Task, current};
use crate::model::{Policy, Subject, seconds_between};

/// So many tasks are named in a reason, and the others counted.
const TASKS_NAMED: usize = 3;

/// What stands in the way, if anything does, and what is known of why.
pub fn obstacle(subject: &Subject, seen: &Seen, left: &[&Task], now: Timestamp) -> Option<String> {
    let instance = &subject.action.instance;
    let is_active = |one: &&ContainerInstance| one.status == ContainerInstanceStatus::Active;
    let again = current(&seen.registrations).find(is_active).map(|one| {
        let cluster = &subject.settings.cluster;
        format!(
            "{instance} is ACTIVE again in cluster {cluster} ({}): somebody set it so, or its agent registered anew; \
             set it DRAINING",
            one.arn
        )
    });
    let tasks = (!left.is_empty()).then(|| {
        let named: Vec<String> = left
            .iter()
            .take(TASKS_NAMED)
            .map(|task| task.describe(now))
            .collect();
        let others = match left.len().saturating_sub(TASKS_NAMED) {
            0 => String::new(),
            count => format!("; and {count} more"),
        };
        format!(
            "{} task(s) on {instance} not STOPPED: {}{others}",
            left.len(),
            named.join("; ")
        )
    });
    let standing: Vec<String> = again.into_iter().chain(tasks).collect();
    if standing.is_empty() {
        return None;
    }
    let agent = seen.agent_gone_since.map(|since| {
        let seconds = seconds_between(since, now);
        let waits = subject.settings.policy == Policy::Terminate && now < subject.drain_deadline();
        let waits = match waits {
            true => ", and under terminate nothing is let go before the drain deadline",
            false => "",
        };
        format!(
            "its ECS agent has not been connected since {since} ({seconds} s), so these states are the last that ECS heard \
             of{waits}"
        )
    });
    let hindered = seen.hindrances.iter();
    let hindered = hindered.flat_map(|known| hindered::words(known, subject, left, now));
    let parts = standing.into_iter().chain(agent).chain(hindered);
    Some(parts.collect::<Vec<String>>().join("; "))
}

/// Why nothing does.
pub fn nothing_left(subject: &Subject, seen: &Seen, now: Timestamp) -> String {
    let (cluster, instance) = (&subject.settings.cluster, &subject.action.instance);
    let spent = seconds_between(subject.began, now);
    let is_gone = |one: &ContainerInstance| one.status == ContainerInstanceStatus::Inactive;
    let count = seen.tasks.len();
    if seen.registrations.iter().all(is_gone) {
        return format!(
            "{instance} is no longer registered in cluster {cluster}, and none of the {count} task(s) that ECS \
             remembers on it is left, {spent} s after its terminate hook opened."
        );
    }
    let agent = seen.agent_gone_since.map_or_else(String::new, |since| {
        format!(" Its ECS agent has not been connected since {since}, but ECS knows that they are.")
    });
    format!(
        "All {count} task(s) on {instance} that ECS remembers are STOPPED, {spent} s after its terminate hook opened.{agent}"
    )
}

/// Why an instance is kept, and what a person is to do later.
pub fn kept(subject: &Subject, obstacle: &str) -> String {
    let instance = &subject.action.instance;
    format!(
        "{obstacle}. StandaloneTaskPolicy is skip-instance, so {instance} is retained (Terminating:Retained) and marked, and \
         the rollout continues. When its standalone tasks have ended, end it with 'ecs-rollout terminate {instance}'."
    )
}
