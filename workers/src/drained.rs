//! Is every task that was on the leaving instance STOPPED?
//!
//! Counters are not asked: ECS counts a task out as soon as it wants it stopped, minutes before its last connection is
//! closed. At the drain deadline the user's policy decides; with `stop-tasks` the tasks that are left are told to stop,
//! again with each look, and have [`STOP_GRACE`] to do so. Safe to repeat.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Clients;
use crate::config::{DrainBegun, drain_begun, tasks_left};
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus, Task};
use crate::model::{Finding, Policy, Subject, TaskArn, TasksLeft, Verdict, later, seconds_between};

/// How long tasks that were told to stop may take. A default web task needs about five and a half minutes: 300 s until
/// its load balancer lets go, 30 s from SIGTERM to SIGKILL. Less than the 15 minutes would cut off slower ones.
pub const STOP_GRACE: SignedDuration = SignedDuration::from_mins(15);

/// What StopTask puts on record with the task.
const STOP_REASON: &str =
    "ecs-rollout: the drain deadline of this instance has passed, and its policy is stop-tasks";

/// So long it is enough to look at the tasks that the last list left. Then all are listed anew, so that it is seen and
/// said when somebody set the instance ACTIVE again.
const LISTED_ANEW: SignedDuration = SignedDuration::from_mins(5);

/// So many tasks can be described in one call (documented).
const LOOKED_AT_ALONE: usize = 100;

/// So many tasks are named in a reason, and the others counted.
const TASKS_NAMED: usize = 3;

/// Looks, decides, and stops tasks if the policy says so.
///
/// # Errors
/// What ECS meets; `BadEvent` without draining's answer.
pub async fn handle(
    subject: &Subject,
    input: &Value,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Finding, Error> {
    let begun = drain_begun(input)?;
    let subject = &under_deletion(subject, &begun);
    let known = tasks_left(input).filter(|left| {
        now().duration_since(left.listed_at) < LISTED_ANEW && left.arns.len() <= LOOKED_AT_ALONE
    });
    let seen = look_again(subject, known.as_ref(), clients).await?;
    let listed = seen.is_none();
    let seen = match seen {
        Some(seen) => seen,
        // All that was left is over, so this may be the end: a look at half of it would not do.
        None if known.as_ref().is_some_and(|left| !left.arns.is_empty()) => {
            look_at_all(subject, &begun, clients).await?
        }
        None => look(subject, &begun, clients).await?,
    };
    let at = now();
    let mut decision = decide(subject, &seen, at);
    let listed_at = known.filter(|_| !listed).map_or(at, |left| left.listed_at);
    remember(&mut decision.finding, &seen, listed_at);
    for task in &decision.stop {
        let cluster = &subject.settings.cluster;
        clients.ecs.stop_task(cluster, task, STOP_REASON).await?;
    }
    Ok(decision.finding)
}

/// While the stack is being deleted no service can place a task elsewhere, so waiting is in vain: tasks are told to stop
/// at once, and have the usual grace to do so.
fn under_deletion(subject: &Subject, begun: &DrainBegun) -> Subject {
    let mut subject = subject.clone();
    if begun.stack_deleting {
        subject.settings.policy = Policy::StopTasks;
        subject.settings.drain_deadline = SignedDuration::ZERO;
    }
    subject
}

/// What was seen of the instance.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What it is registered as now, and what it was when the drain began, as far as ECS remembers.
    pub registrations: Vec<ContainerInstance>,
    /// The tasks of all of these, stopped ones included.
    pub tasks: Vec<Task>,
}

/// The tasks that the last look left, or that draining found, if any of them is still not STOPPED: that is enough to say "not yet", and takes one
/// call instead of three. Before anything else is said all tasks are listed.
async fn look_again(
    subject: &Subject,
    known: Option<&TasksLeft>,
    clients: &Clients,
) -> Result<Option<Seen>, Error> {
    let Some(left) = known.filter(|left| !left.arns.is_empty()) else {
        return Ok(None);
    };
    let cluster = &subject.settings.cluster;
    let tasks = clients.ecs.tasks(cluster, &left.arns).await?;
    let is_left = tasks.iter().any(|task| !task.is_stopped());
    Ok(is_left.then(|| Seen {
        tasks,
        ..Seen::default()
    }))
}

/// Notes for the next look which tasks are left.
fn remember(finding: &mut Finding, seen: &Seen, listed_at: Timestamp) {
    if finding.verdict == Verdict::NotYet {
        let left = seen.tasks.iter().filter(|task| !task.is_stopped());
        let arns = left.map(|task| task.arn.clone()).collect();
        finding.extra.tasks_left = Some(TasksLeft { arns, listed_at });
    }
}

/// The tasks of the registrations that the drain began with, as long as that is enough to say "not yet": while tasks
/// are left there, none of them younger than the drain. Otherwise the registrations of now are looked at too.
async fn look(subject: &Subject, begun: &DrainBegun, clients: &Clients) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    for arn in &begun.container_instances {
        let cluster = &subject.settings.cluster;
        match clients.ecs.tasks_on(cluster, arn).await {
            Ok(tasks) => seen.tasks.extend(tasks),
            // Perhaps a registration that ECS has forgotten; what is there now is looked up anew.
            Err(Error::BadAnswer { .. }) => return look_at_all(subject, begun, clients).await,
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
    look_at_all(subject, begun, clients).await
}

/// The registrations of now and those of then: an agent may register anew, and a deregistered one is not listed.
async fn look_at_all(
    subject: &Subject,
    begun: &DrainBegun,
    clients: &Clients,
) -> Result<Seen, Error> {
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let mut registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    let mut unlisted = begun.container_instances.clone();
    unlisted.retain(|arn| registrations.iter().all(|one| &one.arn != arn));
    registrations.extend(ecs.container_instances(cluster, &unlisted).await?);
    let mut tasks = Vec::new();
    for one in &registrations {
        tasks.extend(ecs.tasks_on(cluster, &one.arn).await?);
    }
    Ok(Seen {
        registrations,
        tasks,
    })
}

/// What is concluded, and what is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// The conclusion.
    pub finding: Finding,
    /// The tasks to stop.
    pub stop: Vec<TaskArn>,
}

/// Decides.
pub fn decide(subject: &Subject, seen: &Seen, now: Timestamp) -> Decision {
    let policy = subject.settings.policy;
    let left: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|task| !task.is_stopped())
        .collect();
    let Some(obstacle) = obstacle(subject, seen, &left, now) else {
        let finding = Finding::reached(nothing_left(subject, seen, now)).under(policy);
        let stop = Vec::new();
        return Decision { finding, stop };
    };
    let deadline = subject.drain_deadline();
    let grace_end = later(deadline, STOP_GRACE);
    let allowed = subject.settings.drain_deadline.as_secs();
    let mut stop = Vec::new();
    let finding = if now < deadline {
        Finding::not_yet(format!("{obstacle}.")).by(deadline)
    } else if policy != Policy::StopTasks {
        Finding::never(format!(
            "{obstacle}; the drain had {allowed} s, and they are over."
        ))
    } else if now < grace_end {
        let still_wanted = left.iter().filter(|task| task.wanted);
        stop.extend(still_wanted.map(|task| task.arn.clone()));
        let count = stop.len();
        let reason = format!(
            "{obstacle}; the drain had {allowed} s, and they are over, so {count} task(s) are told to stop."
        );
        Finding::not_yet(reason)
            .by(grace_end)
            .restarted_at(deadline)
    } else {
        let grace = STOP_GRACE.as_secs();
        Finding::never(format!(
            "{obstacle}; the drain had {allowed} s, and {grace} s more after its tasks were told to stop."
        ))
    };
    Decision {
        finding: finding.under(policy),
        stop,
    }
}

/// What stands in the way, if anything does.
fn obstacle(subject: &Subject, seen: &Seen, left: &[&Task], now: Timestamp) -> Option<String> {
    let instance = &subject.action.instance;
    let is_active = |one: &&ContainerInstance| one.status == ContainerInstanceStatus::Active;
    let again = seen.registrations.iter().find(is_active).map(|one| {
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
    match (again, tasks) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(again), Some(tasks)) => Some(format!("{again}; {tasks}")),
    }
}

fn nothing_left(subject: &Subject, seen: &Seen, now: Timestamp) -> String {
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
    format!(
        "All {count} task(s) on {instance} that ECS remembers are STOPPED, {spent} s after its terminate hook opened."
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ContainerInstanceStatus::{Active, Draining, Inactive};
    use serde_json::json;

    use super::*;
    use crate::model::ContainerInstanceArn;
    use crate::stub;

    fn task(id: &str, last_status: &str) -> Task {
        Task {
            arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/DevCluster/{id}")),
            group: "service:web".to_owned(),
            last_status: last_status.to_owned(),
            wanted: matches!(last_status, "RUNNING" | "PENDING"),
            since: Some(stub::at(5)),
        }
    }

    fn seen(statuses: &[ContainerInstanceStatus], tasks: &[&str]) -> Seen {
        let registration = |status: &ContainerInstanceStatus| ContainerInstance {
            arn: ContainerInstanceArn::new("c"),
            status: *status,
            agent_connected: true,
        };
        let tasks = tasks.iter().enumerate();
        Seen {
            registrations: statuses.iter().map(registration).collect(),
            tasks: tasks
                .map(|(n, status)| task(&format!("t{n}"), status))
                .collect(),
        }
    }

    fn decided(policy: Policy, seen: &Seen, seconds: i64) -> (Verdict, usize) {
        let mut subject = stub::terminating();
        subject.settings.policy = policy;
        let decision = decide(&subject, seen, stub::at(seconds));
        assert_eq!(decision.finding.extra.policy, Some(policy));
        (decision.finding.verdict, decision.stop.len())
    }

    #[test]
    fn only_stopped_tasks_let_an_instance_go() {
        for state in [
            "PROVISIONING",
            "PENDING",
            "ACTIVATING",
            "RUNNING",
            "DEACTIVATING",
            "STOPPING",
            "DEPROVISIONING",
            "SOMETHING_NEW",
        ] {
            let seen = seen(&[Draining], &["STOPPED", state]);
            assert_eq!(
                decided(Policy::Retain, &seen, 10),
                (Verdict::NotYet, 0),
                "{state}"
            );
        }
        let stopped = seen(&[Draining], &["STOPPED", "STOPPED"]);
        assert_eq!(decided(Policy::Retain, &stopped, 10), (Verdict::Reached, 0));
        assert_eq!(
            decided(Policy::Retain, &stopped, 9999),
            (Verdict::Reached, 0)
        );
        assert_eq!(
            decided(Policy::Retain, &seen(&[Draining], &[]), 10),
            (Verdict::Reached, 0)
        );
    }

    #[test]
    fn an_instance_that_left_the_cluster_is_let_go_only_without_tasks() {
        let gone = seen(&[Inactive], &["STOPPED"]);
        assert_eq!(decided(Policy::Retain, &gone, 10), (Verdict::Reached, 0));
        assert_eq!(
            decided(Policy::Retain, &seen(&[], &[]), 10),
            (Verdict::Reached, 0)
        );
        let orphan = seen(&[Inactive], &["RUNNING"]);
        assert_eq!(decided(Policy::Retain, &orphan, 10), (Verdict::NotYet, 0));
    }

    #[test]
    fn an_instance_that_is_active_again_is_not_let_go() {
        let again = seen(&[Active], &[]);
        assert_eq!(decided(Policy::Terminate, &again, 10), (Verdict::NotYet, 0));
        let decision = decide(&stub::terminating(), &again, stub::at(10));
        assert!(
            decision
                .finding
                .reason
                .contains("ACTIVE again in cluster DevCluster (c)")
        );
    }

    #[test]
    fn the_policy_decides_at_the_deadline() {
        let left = seen(&[Draining], &["RUNNING", "STOPPING", "PENDING"]);
        for (policy, seconds, expected) in [
            (Policy::Retain, 2999, (Verdict::NotYet, 0)),
            (Policy::Retain, 3000, (Verdict::Never, 0)),
            (Policy::Terminate, 3000, (Verdict::Never, 0)),
            (Policy::StopTasks, 2999, (Verdict::NotYet, 0)),
            (Policy::StopTasks, 3000, (Verdict::NotYet, 2)),
            (Policy::StopTasks, 3899, (Verdict::NotYet, 2)),
            (Policy::StopTasks, 3900, (Verdict::Never, 0)),
        ] {
            assert_eq!(
                decided(policy, &left, seconds),
                expected,
                "{policy:?} at {seconds} s"
            );
        }
    }

    #[test]
    fn the_reason_names_tasks_with_service_state_and_time() {
        let left = seen(
            &[Draining],
            &["DEACTIVATING", "RUNNING", "RUNNING", "RUNNING", "RUNNING"],
        );
        let finding = decide(&stub::terminating(), &left, stub::at(100)).finding;
        assert_eq!(
            finding.reason,
            "5 task(s) on i-0123456789abcdef0 not STOPPED: \
             task t0 of service web, DEACTIVATING since 2026-11-23T00:00:05Z (95 s); \
             task t1 of service web, RUNNING since 2026-11-23T00:00:05Z (95 s); \
             task t2 of service web, RUNNING since 2026-11-23T00:00:05Z (95 s); and 2 more."
        );
        assert_eq!(finding.deadline, Some(stub::at(3000)));
    }

    #[tokio::test]
    async fn tasks_of_a_registration_that_is_listed_no_more_are_found_and_stopped_at_the_deadline()
    {
        let stopped = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&stopped);
        let clients = Clients::new(&stub::aws(move |request| {
            let body = request.json();
            let answer = match request.action.as_str() {
                "ListContainerInstances" => json!({"containerInstanceArns": []}),
                "DescribeContainerInstances" => {
                    assert_eq!(body["containerInstances"], json!(["then"]));
                    json!({"containerInstances": [{"containerInstanceArn": "then", "status": "INACTIVE"}]})
                }
                "ListTasks" if body["desiredStatus"] == "RUNNING" => {
                    json!({"taskArns": ["wanted"]})
                }
                "ListTasks" => json!({"taskArns": ["unwanted"]}),
                "DescribeTasks" => json!({"tasks": [
                    {"taskArn": "wanted", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "family:job"},
                    {"taskArn": "unwanted", "lastStatus": "STOPPING", "desiredStatus": "STOPPED"},
                ]}),
                "StopTask" => {
                    log.lock().expect("a log").push(body);
                    json!({"task": {}})
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut subject = stub::terminating();
        subject.settings.policy = Policy::StopTasks;
        let input = json!({"draining": {
            "since": "2026-11-23T00:00:01Z", "unstable": [], "services": [], "containerInstances": ["then"],
        }});
        let finding = handle(&subject, &input, &clients, &|| stub::at(3000)).await;
        let finding = finding.expect("an answer");
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert_eq!(finding.deadline, Some(stub::at(3900)));
        let stopped = stopped.lock().expect("a log").clone();
        let expected = json!({"cluster": "DevCluster", "task": "wanted", "reason": STOP_REASON});
        assert_eq!(stopped, [expected]);
    }

    #[tokio::test]
    async fn tasks_that_were_left_are_looked_at_alone_for_five_minutes_and_while_one_of_them_is_left()
     {
        for (task_state, listed_seconds_ago, expected) in [
            ("RUNNING", 60, "DescribeTasks"),
            ("RUNNING", 300, "ListTasks"),
            ("STOPPED", 60, "DescribeTasks ListContainerInstances"),
        ] {
            let asked = Arc::new(Mutex::new(Vec::<String>::new()));
            let log = Arc::clone(&asked);
            let clients = Clients::new(&stub::aws(move |request| {
                log.lock().expect("a log").push(request.action.clone());
                let answer = match request.action.as_str() {
                    "ListContainerInstances" => json!({"containerInstanceArns": []}),
                    "DescribeContainerInstances" => json!({"containerInstances": []}),
                    "ListTasks" => json!({"taskArns": ["a"]}),
                    "DescribeTasks" => {
                        json!({"tasks": [{"taskArn": "a", "lastStatus": task_state, "desiredStatus": "STOPPED"}]})
                    }
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let listed_at = stub::at(1000 - listed_seconds_ago);
            let input = json!({
                "draining": {
                    "since": stub::at(1), "unstable": [], "services": [], "containerInstances": ["then"],
                },
                "drained": {"tasksLeft": {"arns": ["a"], "listedAt": listed_at}},
            });
            let finding = handle(&stub::terminating(), &input, &clients, &|| stub::at(1000)).await;
            let finding = finding.expect("an answer");
            let asked = asked.lock().expect("a log").join(" ");
            assert!(asked.starts_with(expected), "{task_state}: {asked}");
            let left = finding.extra.tasks_left;
            match (task_state, expected) {
                ("STOPPED", _) => assert_eq!((finding.verdict, left), (Verdict::Reached, None)),
                (_, "DescribeTasks") => assert_eq!(left.expect("left").listed_at, listed_at),
                _ => assert_eq!(left.expect("left").listed_at, stub::at(1000)),
            }
        }
    }
}
