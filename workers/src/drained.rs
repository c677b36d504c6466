//! Is every task that was on the leaving instance STOPPED?
//!
//! Counters are not asked: ECS counts a task out as soon as it wants it stopped, minutes before its
//! last connection is closed. At the drain deadline the user's policy decides; with `stop-tasks`
//! the tasks that are left are told to stop, again with each look, and have [`STOP_GRACE`] to do
//! so. Safe to repeat.
//!
//! Hard cases: `standalone` tasks follow a policy of their own. An agent that is gone for long ends
//! the drain before its deadline, but never lets the instance go with tasks that ECS does not know
//! to be STOPPED. What holds the tasks of services is asked for once it takes long (`hindered`),
//! and told.

mod act;
pub mod blockers;
mod memory;
mod observe;
#[cfg(test)]
mod parts;
mod reason;
mod standalone;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::config::{DrainStart, History};
use crate::ended;
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, Task, termination_requested};
use crate::model::drain_options::StandaloneTaskPolicy;
use crate::model::{
    Assessment, DrainBlockers, Policy, ServiceName, Subject, TaskArn, TasksLeft, Verdict,
    WaitCause, later,
};
use crate::text::{between, count, duration};
use act::act;
use memory::{named, remember, still_left};
use observe::{look, look_again, look_at_all};
use reason::{Obstacle, kept, nothing_left, obstacle};

/// How long tasks that were told to stop may take. A default web task needs about five and a half
/// minutes: 300 s until its load balancer lets go, 30 s from SIGTERM to SIGKILL. Less than the 15
/// minutes would cut off slower ones.
pub const STOP_GRACE: SignedDuration = SignedDuration::from_mins(15);

/// So long it is enough to look at the tasks that the last list left. Then all are listed anew, so
/// that it is seen and said when somebody set the instance ACTIVE again. Longer than most drains
/// take (five minutes until a load balancer with the default delay lets go, and one or two until
/// the containers are gone): just before its end a list would be for nothing.
const LISTED_ANEW: SignedDuration = SignedDuration::from_mins(7);

/// So many tasks can be described in one call
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>).
const LOOKED_AT_ALONE: usize = 100;

/// Looks, decides, stops tasks if a policy says so, and marks an instance that is kept.
///
/// # Errors
/// What ECS meets; `BadEvent` without draining's answer.
pub async fn handle(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    let begun = history.drain_begun()?;
    if let Some(at) = history.termination_requested() {
        return Ok(ended::on_request(at).under(subject.settings.policy));
    }
    let subject = &under_deletion(subject, begun);
    let known = history.tasks_left().cloned().filter(|left| {
        now().duration_since(left.listed_at) < LISTED_ANEW && left.arns.len() <= LOOKED_AT_ALONE
    });
    let again = look_again(subject, known.as_ref(), clients).await?;
    let listed = again.iter().all(Task::is_stopped);
    let mut seen = match known.as_ref().is_some_and(|left| !left.arns.is_empty()) {
        _ if !listed => Observation {
            tasks: again,
            ..Observation::default()
        },
        // All that was left is over, so this may be the end: a look at half of it would not do.
        true => look_at_all(subject, begun, &again, clients).await?,
        false => look(subject, begun, clients).await?,
    };
    let at = now();
    let gone = history.agent_gone_since();
    let told = history.drained.hindrances.clone();
    seen.agent_gone_since =
        observe::agent_gone_since(subject, begun, &seen, listed, gone, clients, at).await?;
    seen.hindrances = blockers::look(subject, begun, &seen.tasks, told, clients, at).await?;
    seen.daemons.clone_from(&begun.daemons);
    seen.stack_deleting = begun.stack_deleting;
    if let Some(asked) = termination_requested(&seen.registrations, at) {
        return Ok(ended::on_request(asked).under(subject.settings.policy));
    }
    let mut decision = decide(subject, &seen, at);
    decision.finding = ended::look_before_failing(decision.finding, subject, clients, at).await?;
    // Those that have stopped meanwhile stay among them: once all have, what became of each is
    // known at once.
    let left = known.filter(|_| !listed);
    let left = left.map(|left| TasksLeft {
        named: named(&seen.tasks),
        ..left
    });
    let left = left.unwrap_or_else(|| still_left(&seen.tasks, at));
    remember(&mut decision.finding, seen, left);
    act(subject, decision, clients, now).await
}

/// While the stack is being deleted no service can place a task elsewhere, so waiting is in vain:
/// tasks are told to stop at once, and have the usual grace to do so.
fn under_deletion(subject: &Subject, begun: &DrainStart) -> Subject {
    let mut subject = subject.clone();
    if begun.stack_deleting {
        subject.settings.policy = Policy::StopTasks;
        subject.settings.drain_deadline = SignedDuration::ZERO;
        subject.settings.cases.standalone = StandaloneTaskPolicy::Wait;
    }
    subject
}

/// What was seen of the instance.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// What it is registered as now, and what it was when the drain began, as far as ECS remembers.
    pub registrations: Vec<ContainerInstance>,
    /// The tasks of all of these, stopped ones included.
    pub tasks: Vec<Task>,
    /// The DAEMON services that had a task on it when the drain began.
    pub daemons: Vec<ServiceName>,
    /// Since when its agent has been seen to be gone, if it is.
    pub agent_gone_since: Option<Timestamp>,
    /// What holds the tasks of services, if that was asked for.
    pub hindrances: Option<DrainBlockers>,
    /// Whether the stack is being deleted, so that its tasks have no time to drain.
    pub stack_deleting: bool,
}

/// What is concluded, and what is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// The conclusion.
    pub finding: Assessment,
    /// The tasks to stop.
    pub stop: Vec<TaskArn>,
}

/// Decides.
pub fn decide(subject: &Subject, seen: &Observation, now: Timestamp) -> Decision {
    let policy = subject.settings.policy;
    let left: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|task| !task.is_stopped())
        .collect();
    let Some(obstacle) = obstacle(subject, seen, &left, now) else {
        let finding = Assessment::reached(nothing_left(subject, seen, now)).under(policy);
        let stop = Vec::new();
        return Decision { finding, stop };
    };
    if standalone::keep(subject, seen, &left, now) {
        let finding = Assessment::never(subject, &kept(subject, &obstacle)).under(Policy::Keep);
        let stop = Vec::new();
        return Decision { finding, stop };
    }
    let agent_end = agent_end(subject, seen);
    let (finding, stop) = if agent_end.is_some_and(|end| now >= end) {
        let limit = duration(subject.settings.cases.agent_limit);
        let why = format!(
            "did not drain: the ECS agent did not reconnect within {limit}, and only the agent knows whether tasks run. {}",
            obstacle.left()
        );
        (Assessment::never(subject, &why), Vec::new())
    } else if now < subject.drain_deadline() {
        before_deadline(subject, &obstacle, &left, agent_end, now)
    } else {
        after_deadline(subject, seen, &obstacle, &left, now)
    };
    let mut finding = finding.under(policy);
    if finding.verdict == Verdict::NotYet {
        finding.extra.wait_causes = wait_causes(seen, &left, finding.restarted.is_some(), now);
    }
    Decision { finding, stop }
}

/// What the reason of a wait explains beyond the tasks that are left.
fn wait_causes(seen: &Observation, left: &[&Task], stops: bool, now: Timestamp) -> Vec<WaitCause> {
    let hindrances = seen.hindrances.as_ref();
    let is_protected = hindrances.is_some_and(|it| blockers::protected(it, left, now).count() > 0);
    let is_blocked = hindrances.is_some_and(|it| blockers::blocked(it, left).count() > 0);
    let causes = [
        (stops, WaitCause::TasksStopped),
        (is_protected, WaitCause::ScaleInProtection),
        (is_blocked, WaitCause::ServiceBlocked),
        (
            seen.agent_gone_since.is_some(),
            WaitCause::AgentDisconnected,
        ),
    ];
    let causes = causes.into_iter().filter(|(is_so, _)| *is_so);
    causes.map(|(_, cause)| cause).collect()
}

/// When the drain fails because its agent is gone, if it is. Under `terminate` that is no way out
/// before the drain deadline: failing means there to let the instance go, and its tasks may well
/// run.
fn agent_end(subject: &Subject, seen: &Observation) -> Option<Timestamp> {
    let since = seen.agent_gone_since?;
    let waits = subject.settings.policy != Policy::Terminate;
    waits.then(|| later(since, subject.settings.cases.agent_limit))
}

/// Not yet; but standalone tasks that have had their own limit are stopped, if the policy for them
/// says so.
fn before_deadline(
    subject: &Subject,
    obstacle: &Obstacle,
    left: &[&Task],
    agent_end: Option<Timestamp>,
    now: Timestamp,
) -> (Assessment, Vec<TaskArn>) {
    let deadline = subject.drain_deadline();
    let next = agent_end.map_or(deadline, |end| end.min(deadline));
    let until = format!("Deadline in {}.", between(now, deadline));
    match standalone::limit(subject, left) {
        Some(limit) if now < limit => {
            let stop = format!("Standalone tasks are stopped in {}.", between(now, limit));
            let finding = Assessment::not_yet(obstacle.waiting(&[stop, until]));
            (finding.by(limit.min(next)), Vec::new())
        }
        Some(limit) => {
            let meant = left
                .iter()
                .filter(|task| task.wanted && task.service().is_none());
            let stop: Vec<TaskArn> = meant.map(|task| task.arn.clone()).collect();
            let allowed = duration(subject.settings.cases.standalone_limit);
            let tasks = count(stop.len(), "standalone task");
            let stops = format!("Stopping {tasks} after the limit of {allowed}.");
            let finding = Assessment::not_yet(obstacle.waiting(&[stops, until]));
            (finding.by(next).restarted_at(limit), stop)
        }
        None => {
            let finding = Assessment::not_yet(obstacle.waiting(&[until]));
            (finding.by(next), Vec::new())
        }
    }
}

/// As the policy says. With `stop-tasks` the tasks that are left are told to stop first.
fn after_deadline(
    subject: &Subject,
    seen: &Observation,
    obstacle: &Obstacle,
    left: &[&Task],
    now: Timestamp,
) -> (Assessment, Vec<TaskArn>) {
    let deadline = subject.drain_deadline();
    let grace_end = later(deadline, STOP_GRACE);
    let allowed = duration(subject.settings.drain_deadline);
    if subject.settings.policy != Policy::StopTasks {
        let why = format!("did not drain within {allowed}. {}", obstacle.left());
        return (Assessment::never(subject, &why), Vec::new());
    }
    if now >= grace_end {
        let grace = duration(STOP_GRACE);
        let left = obstacle.left();
        let why = format!("did not drain within {grace} after its tasks were stopped. {left}");
        return (Assessment::never(subject, &why), Vec::new());
    }
    let meant = left
        .iter()
        .filter(|task| standalone::may_stop(subject, task));
    let stop: Vec<TaskArn> = meant.map(|task| task.arn.clone()).collect();
    let why = if seen.stack_deleting {
        "The stack is being deleted".to_owned()
    } else {
        format!("The drain deadline of {allowed} has passed")
    };
    let passed = match stop.len() {
        0 => format!("{why}."),
        some => format!("{why}: stopping {}.", count(some, "task")),
    };
    let fails = format!("The drain fails in {}.", between(now, grace_end));
    let finding = Assessment::not_yet(obstacle.waiting(&[passed, fails]));
    let next = agent_end(subject, seen).map_or(grace_end, |end| end.min(grace_end));
    (finding.by(next).restarted_at(deadline), stop)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ContainerInstanceStatus::{Active, Draining, Inactive};
    use serde_json::json;

    use super::act::STOP_REASON;
    use super::*;
    use crate::model::ContainerInstanceArn;
    use crate::model::cluster::ContainerInstanceStatus;
    use crate::stub;

    fn task(id: &str, last_status: &str) -> Task {
        Task {
            arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/DevCluster/{id}")),
            group: "service:web".to_owned(),
            last_status: last_status.to_owned(),
            wanted: matches!(last_status, "RUNNING" | "PENDING"),
            since: Some(stub::at(5)),
            stopped_reason: None,
        }
    }

    fn seen(statuses: &[ContainerInstanceStatus], tasks: &[&str]) -> Observation {
        let registration = |status: &ContainerInstanceStatus| ContainerInstance {
            arn: ContainerInstanceArn::new("c"),
            status: *status,
            agent_connected: true,
            termination_requested_at: None,
        };
        let tasks = tasks.iter().enumerate();
        Observation {
            registrations: statuses.iter().map(registration).collect(),
            tasks: tasks
                .map(|(n, status)| task(&format!("t{n}"), status))
                .collect(),
            ..Observation::default()
        }
    }

    fn decided(policy: Policy, seen: &Observation, seconds: i64) -> (Verdict, usize) {
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
                .ends_with("Set it DRAINING (c). Deadline in 49m50s.")
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

    /// What is decided of standalone tasks `alone` and tasks of service logs, a daemon, under these
    /// policies.
    fn standing_alone(
        policy: Policy,
        standalone: StandaloneTaskPolicy,
        alone: &[&str],
        others: &[(&str, &str)],
        seconds: i64,
    ) -> (Verdict, Policy, usize) {
        let mut subject = stub::terminating();
        subject.settings.policy = policy;
        subject.settings.cases.standalone = standalone;
        let mut seen = seen(&[Draining], alone);
        for task in &mut seen.tasks {
            task.group = "family:job".to_owned();
        }
        seen.tasks.extend(others.iter().map(|(group, status)| Task {
            group: (*group).to_owned(),
            ..task("other", status)
        }));
        seen.daemons = vec![ServiceName::new("logs")];
        let decision = decide(&subject, &seen, stub::at(seconds));
        let finding = decision.finding;
        assert!(finding.deadline.is_none_or(|next| next > stub::at(seconds)));
        (
            finding.verdict,
            finding.extra.policy.expect("a policy"),
            decision.stop.len(),
        )
    }

    #[test]
    fn standalone_tasks_are_stopped_after_their_own_limit_if_so_chosen() {
        use Policy::{Retain, StopTasks};
        use StandaloneTaskPolicy::{Stop, Wait};
        let others = [("service:web", "RUNNING")];
        let job = |policy, standalone, seconds| {
            standing_alone(policy, standalone, &["RUNNING"], &others, seconds)
        };
        assert_eq!(job(Retain, Wait, 2999), (Verdict::NotYet, Retain, 0));
        assert_eq!(job(Retain, Stop, 899), (Verdict::NotYet, Retain, 0));
        assert_eq!(job(Retain, Stop, 900), (Verdict::NotYet, Retain, 1));
        assert_eq!(job(Retain, Stop, 3000), (Verdict::Never, Retain, 0));
        assert_eq!(job(StopTasks, Stop, 900), (Verdict::NotYet, StopTasks, 1));
        assert_eq!(job(StopTasks, Stop, 3000), (Verdict::NotYet, StopTasks, 2));
    }

    #[test]
    fn an_instance_is_kept_once_only_standalone_tasks_and_daemons_are_left() {
        use Policy::{Keep, Retain, StopTasks, Terminate};
        use StandaloneTaskPolicy::SkipInstance;
        let job = |policy, others: &[(&str, &str)], seconds| {
            standing_alone(policy, SkipInstance, &["RUNNING"], others, seconds)
        };
        let (logs, web) = (("service:logs", "RUNNING"), ("service:web", "DEACTIVATING"));
        assert_eq!(job(Retain, &[], 10), (Verdict::Never, Keep, 0));
        assert_eq!(job(Retain, &[logs], 10), (Verdict::Never, Keep, 0));
        assert_eq!(job(Retain, &[logs, web], 10), (Verdict::NotYet, Retain, 0));
        assert_eq!(job(Retain, &[web], 3000), (Verdict::Never, Retain, 0));
        assert_eq!(job(Terminate, &[web], 3000), (Verdict::Never, Keep, 0));
        let stuck = ("service:web", "RUNNING");
        assert_eq!(
            job(StopTasks, &[stuck], 3000),
            (Verdict::NotYet, StopTasks, 1)
        );
        let none = standing_alone(Retain, SkipInstance, &["STOPPED"], &[logs], 10);
        assert_eq!(none, (Verdict::NotYet, Retain, 0));
    }

    #[test]
    fn an_agent_that_is_gone_ends_a_drain_only_into_keeping_the_instance() {
        use Policy::{Retain, StopTasks, Terminate};
        let mut seen = seen(&[], &["RUNNING"]);
        seen.agent_gone_since = Some(stub::at(100));
        for (policy, seconds, expected) in [
            (Retain, 699, (Verdict::NotYet, 0)),
            (Retain, 700, (Verdict::Never, 0)),
            (StopTasks, 700, (Verdict::Never, 0)),
            (Terminate, 700, (Verdict::NotYet, 0)),
            (Terminate, 2999, (Verdict::NotYet, 0)),
            (Terminate, 3000, (Verdict::Never, 0)),
        ] {
            let name = format!("{policy:?} at {seconds} s");
            assert_eq!(decided(policy, &seen, seconds), expected, "{name}");
        }
        let never = decide(&stub::terminating(), &seen, stub::at(700)).finding;
        assert!(
                        never.reason.starts_with(
                "i-0123456789abcdef0 did not drain: the ECS agent did not reconnect within 10m00s, and only the agent knows \
                 whether tasks run. 1 task has not stopped: web (RUNNING 11m35s). The ECS agent has been disconnected since \
                 00:01:40Z (10m00s)"
            ),
            "{}",
            never.reason
        );
        let next = decide(&stub::terminating(), &seen, stub::at(650))
            .finding
            .deadline;
        assert_eq!(next, Some(stub::at(700)));
        seen.tasks[0].last_status = "STOPPED".to_owned();
        assert_eq!(decided(Retain, &seen, 700), (Verdict::Reached, 0));
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
            "Waiting for 5 tasks to stop: web (DEACTIVATING 1m35s), web (RUNNING 1m35s), web (RUNNING 1m35s), and 2 more. \
             Deadline in 48m20s."
        );
        assert_eq!(finding.deadline, Some(stub::at(3000)));
    }

    #[tokio::test]
    async fn tasks_of_a_registration_that_is_listed_no_more_are_found_and_stopped_at_the_deadline()
    {
        let stopped = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&stopped);
        let clients = Clients::new(&stub::aws(move |request| {
            let body = match request.action.as_str() {
                "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
                "RecordLifecycleActionHeartbeat" => return stub::heartbeat(true),
                _ => request.json(),
            };
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
        let finding = handle(&subject, &History::read(&input), &clients, &|| {
            stub::at(3000)
        })
        .await;
        let finding = finding.expect("an answer");
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert_eq!(finding.deadline, Some(stub::at(3900)));
        let stopped = stopped.lock().expect("a log").clone();
        let expected = json!({"cluster": "DevCluster", "task": "wanted", "reason": STOP_REASON});
        assert_eq!(stopped, [expected]);
    }

    /// An instance in this state in its group, its action open or over, with a task of a service
    /// and one that is standalone, after its drain deadline. Any change panics.
    async fn overdue(state: &'static str, is_open: bool, skips: bool) -> Assessment {
        let clients = Clients::new(&stub::aws(move |request| {
            let answer = match request.action.as_str() {
                "DescribeAutoScalingInstances" => return stub::in_state(state),
                "RecordLifecycleActionHeartbeat" => return stub::heartbeat(is_open),
                "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
                "DescribeContainerInstances" => {
                    json!({"containerInstances": [{"containerInstanceArn": "c", "status": "DRAINING", "agentConnected": true}]})
                }
                "ListTasks" => json!({"taskArns": ["a"]}),
                "DescribeTasks" => {
                    json!({"tasks": [{"taskArn": "a", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "job"}]})
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut subject = stub::terminating();
        subject.settings.policy = Policy::StopTasks;
        if skips {
            subject.settings.cases.standalone = StandaloneTaskPolicy::SkipInstance;
        }
        let input = json!({"draining": {
            "since": stub::at(1), "unstable": [], "services": [], "containerInstances": ["c"],
        }});
        let finding = handle(&subject, &History::read(&input), &clients, &|| {
            stub::at(3000)
        })
        .await;
        finding.expect("an answer")
    }

    #[tokio::test]
    async fn nothing_is_stopped_or_marked_on_an_instance_that_has_left_its_hook() {
        for (state, is_open) in [
            ("InService", true),
            ("Terminating:Retained", true),
            ("Terminating:Wait", false),
        ] {
            for skips in [false, true] {
                let finding = overdue(state, is_open, skips).await;
                assert_eq!(
                    finding.verdict,
                    Verdict::Over,
                    "{state}: {}",
                    finding.reason
                );
            }
        }
    }

    #[test]
    fn a_record_that_an_agent_left_behind_does_not_hold_a_drain() {
        let mut seen = seen(&[Active, Draining], &["STOPPED"]);
        assert_eq!(decided(Policy::Retain, &seen, 10), (Verdict::NotYet, 0));
        seen.registrations[0].agent_connected = false;
        assert_eq!(decided(Policy::Retain, &seen, 10), (Verdict::Reached, 0));
    }

    #[tokio::test]
    async fn an_instance_that_is_kept_is_marked_first() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let clients = Clients::new(&stub::aws(move |request| {
            let answer = match request.action.as_str() {
                "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
                "RecordLifecycleActionHeartbeat" => return stub::heartbeat(true),
                "DescribeTasks" => {
                    json!({"tasks": [{"taskArn": "a", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "family:job"}]})
                }
                "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
                "DescribeContainerInstances" => {
                    json!({"containerInstances": [{"containerInstanceArn": "c", "status": "DRAINING", "agentConnected": true}]})
                }
                "PutAttributes" => {
                    log.lock()
                        .expect("a log")
                        .push(request.json()["attributes"].clone());
                    json!({"attributes": []})
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut subject = stub::terminating();
        subject.settings.cases.standalone = StandaloneTaskPolicy::SkipInstance;
        let left = json!({"arns": ["a"], "listedAt": stub::at(1)});
        let input = json!({"draining": {
            "since": stub::at(1), "unstable": [], "services": [], "containerInstances": ["c"], "tasksLeft": left,
        }});
        let finding = handle(&subject, &History::read(&input), &clients, &|| stub::at(5)).await;
        let finding = finding.expect("an answer");
        assert_eq!(finding.verdict, Verdict::Never);
        assert_eq!(finding.extra.policy, Some(Policy::Keep));
        let mark = json!([{"name": "ecs-rollout.kept-for", "value": "standalone-tasks",
            "targetType": "container-instance", "targetId": "c"}]);
        assert_eq!(*asked.lock().expect("a log"), [mark]);
    }

    #[tokio::test]
    async fn what_holds_tasks_is_asked_for_once_a_drain_takes_long_and_remembered() {
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&asked);
        let clients = Clients::new(&stub::aws(move |request| {
            log.lock().expect("a log").push(request.action.clone());
            let answer = match request.action.as_str() {
                "DescribeTasks" => {
                    json!({"tasks": [{"taskArn": "a", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "service:web"}]})
                }
                "GetTaskProtection" => {
                    json!({"protectedTasks": [{"taskArn": "a", "protectionEnabled": true, "expirationDate": 1_795_395_600.0}]})
                }
                "DescribeServices" => {
                    let percents = json!({"minimumHealthyPercent": 100, "maximumPercent": 100});
                    json!({"services": [{"serviceName": "web", "status": "ACTIVE", "desiredCount": 2,
                        "deploymentConfiguration": percents}]})
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut input = json!({"draining": {
            "since": stub::at(1), "unstable": [], "services": ["web"], "containerInstances": ["c"],
            "tasksLeft": {"arns": ["a"], "listedAt": stub::at(1)},
        }});
        for (seconds, calls) in [
            (60, "DescribeTasks"),
            (130, "DescribeTasks GetTaskProtection DescribeServices"),
            (200, "DescribeTasks"),
        ] {
            asked.lock().expect("a log").clear();
            let now = || stub::at(seconds);
            let finding =
                handle(&stub::terminating(), &History::read(&input), &clients, &now).await;
            let finding = finding.expect("an answer");
            assert_eq!(
                asked.lock().expect("a log").join(" "),
                calls,
                "after {seconds} s"
            );
            let told = [
                "Task a is protected from scale-in until 01:00:00Z",
                "Service web can never move a task",
            ];
            for part in told {
                assert_eq!(
                    finding.reason.contains(part),
                    seconds > 60,
                    "{}",
                    finding.reason
                );
            }
            input["drained"] = serde_json::to_value(&finding.extra).expect("JSON");
        }
    }

    #[test]
    fn each_cause_of_a_wait_is_named_alone() {
        let known = |protected: bool, blocked: bool, until: i64| DrainBlockers {
            asked_at: stub::at(130),
            protected: [0]
                .into_iter()
                .filter(|_| protected)
                .map(|n| crate::model::ProtectedTask {
                    task: task(&format!("t{n}"), "RUNNING").arn,
                    until: stub::at(until),
                })
                .collect(),
            services: ["web"]
                .into_iter()
                .filter(|_| blocked)
                .map(|name| crate::model::HinderedService {
                    service: ServiceName::new(name),
                    why: "finds no place".to_owned(),
                })
                .collect(),
        };
        for (hindrances, gone, seconds, causes) in [
            (None, false, 200, &[][..]),
            (Some(known(false, false, 0)), false, 200, &[]),
            (
                Some(known(true, false, 600)),
                false,
                200,
                &[WaitCause::ScaleInProtection],
            ),
            (Some(known(true, false, 200)), false, 200, &[]),
            (
                Some(known(false, true, 0)),
                false,
                200,
                &[WaitCause::ServiceBlocked],
            ),
            (None, true, 200, &[WaitCause::AgentDisconnected]),
            (None, false, 3000, &[WaitCause::TasksStopped]),
            (
                Some(known(true, true, 9000)),
                true,
                3000,
                &[
                    WaitCause::TasksStopped,
                    WaitCause::ScaleInProtection,
                    WaitCause::ServiceBlocked,
                    WaitCause::AgentDisconnected,
                ],
            ),
        ] {
            let mut seen = seen(&[Draining], &["RUNNING"]);
            seen.hindrances = hindrances;
            seen.agent_gone_since = gone.then(|| stub::at(seconds - 1));
            let mut subject = stub::terminating();
            subject.settings.policy = Policy::StopTasks;
            let finding = decide(&subject, &seen, stub::at(seconds)).finding;
            assert_eq!(finding.verdict, Verdict::NotYet);
            assert_eq!(finding.extra.wait_causes, causes, "{}", finding.reason);
        }
    }

    #[tokio::test]
    async fn the_registrations_of_now_are_looked_at_if_nothing_is_left_or_a_task_is_younger() {
        // The drain began with `then`; the agent has registered as `now` since.
        for (status, started, looks_at_now) in [
            ("RUNNING", Some(0), false),
            ("STOPPING", Some(0), false),
            ("STOPPED", Some(0), true),
            ("RUNNING", Some(2), true),
            ("RUNNING", None, true),
        ] {
            let asked = Arc::new(Mutex::new(Vec::<String>::new()));
            let log = Arc::clone(&asked);
            let clients = Clients::new(&stub::aws(move |request| {
                log.lock().expect("a log").push(request.action.clone());
                let mut one = json!({"taskArn": "a", "lastStatus": status, "desiredStatus": "RUNNING", "group": "service:web"});
                if let Some(started) = started {
                    one["startedAt"] = json!(stub::at(started).as_second());
                }
                let answer = match request.action.as_str() {
                    "ListContainerInstances" => json!({"containerInstanceArns": ["now"]}),
                    "DescribeContainerInstances" => {
                        let all = request.json()["containerInstances"].clone();
                        let one = |arn: &serde_json::Value| json!({"containerInstanceArn": arn, "status": "DRAINING", "agentConnected": true});
                        let all: Vec<_> = all.as_array().expect("a list").iter().map(one).collect();
                        json!({"containerInstances": all})
                    }
                    "ListTasks" => json!({"taskArns": ["a"]}),
                    "DescribeTasks" => json!({"tasks": [one]}),
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let input = json!({"draining": {
                "since": stub::at(1), "unstable": [], "services": [], "containerInstances": ["then"],
            }});
            let subject = stub::terminating();
            let finding =
                handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let is_stopped = status == "STOPPED";
            let verdict = finding.expect("an answer").verdict;
            assert_eq!(
                verdict == Verdict::Reached,
                is_stopped,
                "{status}, {started:?}"
            );
            let asked = asked.lock().expect("a log").clone();
            let looked = asked.contains(&"ListContainerInstances".to_owned());
            assert_eq!(looked, looks_at_now, "{status}, {started:?}: {asked:?}");
        }
    }

    #[tokio::test]
    async fn tasks_that_were_left_are_looked_at_alone_for_seven_minutes_and_while_one_of_them_is_left()
     {
        for (task_state, listed_seconds_ago, expected) in [
            ("RUNNING", 60, "DescribeTasks"),
            ("RUNNING", 420, "ListTasks"),
            (
                "STOPPED",
                60,
                "DescribeTasks ListContainerInstances DescribeContainerInstances ListTasks ListTasks",
            ),
        ] {
            let asked = Arc::new(Mutex::new(Vec::<String>::new()));
            let log = Arc::clone(&asked);
            let clients = Clients::new(&stub::aws(move |request| {
                log.lock().expect("a log").push(request.action.clone());
                let answer = match request.action.as_str() {
                    "ListContainerInstances" => json!({"containerInstanceArns": []}),
                    "DescribeContainerInstances" => {
                        json!({"containerInstances": [{"containerInstanceArn": "then", "status": "DRAINING"}]})
                    }
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
            let finding = handle(
                &stub::terminating(),
                &History::read(&input),
                &clients,
                &|| stub::at(1000),
            )
            .await;
            let finding = finding.expect("an answer");
            let asked = asked.lock().expect("a log").join(" ");
            assert!(asked.starts_with(expected), "{task_state}: {asked}");
            let left = finding.extra.tasks_left;
            match (task_state, expected) {
                ("STOPPED", _) => assert_eq!((finding.verdict, left), (Verdict::Reached, None)),
                (_, "DescribeTasks") => {
                    let left = left.expect("left");
                    assert_eq!((left.listed_at, left.named.len()), (listed_at, 1));
                }
                _ => assert_eq!(left.expect("left").listed_at, stub::at(1000)),
            }
        }
    }
}
