//! How ECS sees the instance: its registrations, and the tasks that are left on it.

use jiff::Timestamp;
use workers::model::ServiceName;
use workers::model::cluster::{
    ContainerInstance, ContainerInstanceStatus, Task, agent_is_gone, termination_requested,
};

use crate::format::{between, count, task_name};

/// So many tasks are named.
const TASKS_NAMED: usize = 5;

/// What ECS shows of the instance.
#[derive(Debug, Clone, Default)]
pub struct OnCluster {
    /// Its registrations, as the workers see them.
    pub registrations: Vec<ContainerInstance>,
    /// The tasks of all of these, stopped ones included.
    pub tasks: Vec<Task>,
    /// The DAEMON services of the cluster: their tasks leave with the instance.
    pub daemons: Vec<ServiceName>,
}

impl OnCluster {
    /// The tasks that have to stop before the instance may go, in the order in which a person
    /// should look at them: standalone ones, which no service replaces, first. A daemon's tasks are
    /// not among them.
    pub fn tasks_left(&self) -> Vec<&Task> {
        let left = self.tasks.iter().filter(|task| !task.is_stopped());
        let mut left: Vec<&Task> = left.filter(|task| !self.is_daemon(task)).collect();
        left.sort_by_key(|task| (task.service().is_some(), task.since, task.arn.as_str()));
        left
    }

    fn is_daemon(&self, task: &Task) -> bool {
        let service = task.service();
        service.is_some_and(|service| self.daemons.iter().any(|one| one.as_str() == service))
    }

    /// The tasks that are left, a line each, with their ARNs.
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        let left = self.tasks_left();
        let named = left
            .iter()
            .take(TASKS_NAMED)
            .map(|task| described(task, now));
        let mut lines: Vec<String> = named.collect();
        if left.len() > TASKS_NAMED {
            lines.push(format!("and {} more", left.len() - TASKS_NAMED));
        }
        lines
    }

    /// How many tasks are left, in words.
    pub fn counted(&self) -> String {
        count(self.tasks_left().len(), "task")
    }

    /// When you asked to terminate the instance, if you did and that is still in force.
    pub fn termination_requested(&self, now: Timestamp) -> Option<Timestamp> {
        termination_requested(&self.registrations, now)
    }

    /// Whether ECS knows the instance.
    pub fn is_registered(&self) -> bool {
        self.registrations
            .iter()
            .any(|one| one.status.is_registered())
    }

    /// Its registrations that ECS counts as members of the cluster.
    pub fn registered(&self) -> Vec<&str> {
        let live = self.registrations.iter();
        let live = live.filter(|one| one.status.is_registered());
        live.map(|one| one.arn.as_str()).collect()
    }

    /// Its registrations, if ECS places no task on any of them because all are DRAINING.
    pub fn draining(&self) -> Option<Vec<&str>> {
        let live = || {
            self.registrations
                .iter()
                .filter(|one| one.status.is_registered())
        };
        let all = live().all(|one| one.status == ContainerInstanceStatus::Draining);
        (all && self.is_registered()).then(|| live().map(|one| one.arn.as_str()).collect())
    }

    /// Whether no agent of it is connected.
    pub fn agent_is_gone(&self) -> bool {
        agent_is_gone(&self.registrations)
    }
}

fn described(task: &Task, now: Timestamp) -> String {
    let (name, kind) = match task.service() {
        Some(service) => (service, ""),
        None => (task_name(&task.group), ", standalone"),
    };
    let since = task
        .since
        .map_or_else(String::new, |since| format!(" {}", between(since, now)));
    format!("{name} ({}{since}{kind}): {}", task.last_status, task.arn)
}

#[cfg(test)]
mod tests {
    use workers::model::TaskArn;

    use super::*;

    fn task(id: &str, group: &str, status: &str, since: i64) -> Task {
        Task {
            arn: TaskArn::new(format!("arn:aws:ecs:eu-west-1:123456789012:task/c/{id}")),
            group: group.to_owned(),
            last_status: status.to_owned(),
            wanted: status != "STOPPED",
            since: Timestamp::from_second(since).ok(),
            stopped_reason: None,
        }
    }

    #[test]
    fn tasks_that_run_are_named_standalone_first_and_no_daemon_and_nothing_that_stopped() {
        let on = OnCluster {
            tasks: vec![
                task("1", "service:web", "RUNNING", 10),
                task("2", "service:logs", "RUNNING", 0),
                task("3", "family:batch", "RUNNING", 60),
                task("4", "service:web", "STOPPED", 0),
                task("5", "service:api", "DEACTIVATING", 5),
            ],
            daemons: vec![ServiceName::new("logs")],
            ..OnCluster::default()
        };
        let now = Timestamp::from_second(300).expect("a time");
        assert_eq!(
            on.lines(now),
            [
                "batch (RUNNING 4m00s, standalone): arn:aws:ecs:eu-west-1:123456789012:task/c/3",
                "api (DEACTIVATING 4m55s): arn:aws:ecs:eu-west-1:123456789012:task/c/5",
                "web (RUNNING 4m50s): arn:aws:ecs:eu-west-1:123456789012:task/c/1",
            ]
        );
        assert_eq!(on.counted(), "3 tasks");
        let many = OnCluster {
            tasks: vec![task("1", "service:web", "RUNNING", 10); 8],
            ..OnCluster::default()
        };
        assert_eq!(
            many.lines(now).last().map(String::as_str),
            Some("and 3 more")
        );
    }
}
