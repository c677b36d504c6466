//! What `terminate` is about to do to an instance.

use std::fmt::{self, Display};

use crate::format::{count, task_name};
use jiff::{SignedDuration, Timestamp};
use workers::model::cluster::{Task, termination_requested};
use workers::terminate::{Observation, Target};

/// The terminate hook of ECS's managed draining, which ECS answers when no task runs on the
/// instance
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html>).
const MANAGED_DRAINING: &str = "ecs-managed-draining-termination-hook";

/// The end of an instance.
#[derive(Debug)]
pub struct Ending<'a> {
    /// The instance.
    pub target: &'a Target,
    /// What was seen of it.
    pub seen: &'a Observation,
    /// The tasks on it that have not stopped.
    pub tasks: &'a [Task],
    /// Whether they are stopped first.
    pub stop_tasks: bool,
    /// AWS's time.
    pub now: Timestamp,
}

impl Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target {
            instance,
            group,
            cluster,
            other_hooks,
            ..
        } = self.target;
        match &self.seen.state {
            Some(state) => writeln!(
                f,
                "{instance} is {state} in group {group}, cluster {cluster}."
            )?,
            None => writeln!(
                f,
                "{instance} has left its group. ECS still shows it in cluster {cluster}."
            )?,
        }
        if let Some(at) = termination_requested(&self.seen.registrations, self.now) {
            writeln!(
                f,
                "Its end was requested at {}. This continues it.",
                clock(at)
            )?;
        }
        match self.tasks.len() {
            0 => writeln!(f, "No task runs on it.")?,
            tasks => {
                let verb = if tasks == 1 { "runs" } else { "run" };
                writeln!(f, "{} still {verb} on it:", count(tasks, "task"))?;
                f.write_str(&describe(self.tasks, self.now))?;
                f.write_str(if self.stop_tasks {
                    "Each is stopped (SIGTERM, then SIGKILL after its stopTimeout). Then the instance is terminated.\n"
                } else {
                    "They are killed when EC2 terminates the instance. To stop them first: --stop-tasks\n"
                })?;
            }
        }
        if !other_hooks.is_empty() {
            let names: Vec<&str> = other_hooks.iter().map(|hook| hook.as_str()).collect();
            writeln!(
                f,
                "Other terminate hooks of the group are not answered by this, and the end waits for them: {}.",
                names.join(", ")
            )?;
            if names.contains(&MANAGED_DRAINING) && !self.stop_tasks {
                f.write_str("ECS answers its own when no task runs: use --stop-tasks.\n")?;
            }
        }
        Ok(())
    }
}

/// Tasks, a line each, by whom they belong to.
pub fn describe(tasks: &[Task], now: Timestamp) -> String {
    let mut lines: Vec<String> = tasks.iter().map(|task| line(task, now)).collect();
    lines.sort();
    lines.concat()
}

fn line(task: &Task, now: Timestamp) -> String {
    let owner = match task.service() {
        Some(service) => format!("{service} (service)"),
        None => format!("{} (standalone)", task_name(&task.group)),
    };
    let id = task.arn.as_str().rsplit('/').next().unwrap_or_default();
    let since = task.since.map_or(String::new(), |since| {
        format!(
            " since {} ({})",
            clock(since),
            lasting(now.duration_since(since))
        )
    });
    format!("  {owner:<28} task {id}, {}{since}\n", task.last_status)
}

/// `19:05:20Z`.
fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%SZ").to_string()
}

/// `14m47s`.
fn lasting(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{:02}s", seconds % 60),
        _ => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use workers::model::cluster::{ContainerInstance, ContainerInstanceStatus};
    use workers::model::group::LifecycleState;
    use workers::model::{
        ClusterName, ContainerInstanceArn, GroupName, HookName, InstanceId, TaskArn,
    };

    use super::*;

    fn task(group: &str, id: &str, since: Timestamp) -> Task {
        Task {
            arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/c/{id}")),
            group: group.to_owned(),
            last_status: "RUNNING".to_owned(),
            wanted: true,
            since: Some(since),
            stopped_reason: None,
        }
    }

    #[test]
    fn it_is_said_what_runs_there_and_what_becomes_of_it() {
        let now: Timestamp = "2026-11-23T19:20:07Z".parse().expect("a time");
        let since = now - SignedDuration::from_secs(887);
        let target = Target {
            instance: InstanceId::new("i-0123456789abcdef0"),
            group: GroupName::new("g"),
            cluster: ClusterName::new("c"),
            hook: HookName::new("ecs-rollout-terminate"),
            other_hooks: vec![HookName::new("backup")],
        };
        let registration = ContainerInstance {
            arn: ContainerInstanceArn::new("a"),
            status: ContainerInstanceStatus::Draining,
            agent_connected: true,
            termination_requested_at: Some(since),
        };
        let seen = Observation {
            state: Some(LifecycleState::TerminatingRetained),
            registrations: vec![registration],
        };
        let tasks = [
            task("service:web", "9f", since),
            task("family:batch", "0a", now),
        ];
        let ending = Ending {
            target: &target,
            seen: &seen,
            tasks: &tasks,
            stop_tasks: false,
            now,
        };
        assert_eq!(
            ending.to_string(),
            "i-0123456789abcdef0 is Terminating:Retained in group g, cluster c.\n\
             Its end was requested at 19:05:20Z. This continues it.\n\
             2 tasks still run on it:\n\
             \x20 batch (standalone)           task 0a, RUNNING since 19:20:07Z (0s)\n\
             \x20 web (service)                task 9f, RUNNING since 19:05:20Z (14m47s)\n\
             They are killed when EC2 terminates the instance. To stop them first: --stop-tasks\n\
             Other terminate hooks of the group are not answered by this, and the end waits for them: backup.\n"
        );
        let ending = Ending {
            stop_tasks: true,
            ..ending
        };
        assert!(ending.to_string().contains("Each is stopped (SIGTERM"));
    }
}
