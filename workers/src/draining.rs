//! Is the leaving instance DRAINING? It is set so, and the services that were not stable before are
//! noted, so that nobody waits later for what was broken anyway.
//!
//! Only services with tasks on the instance are looked at: its drain cannot hurt others, and a busy
//! neighbour must not hold it. The note is taken before the change. If the instance is found
//! DRAINING already (this step is repeated, or somebody else began), a service with tasks on it is
//! not excused: its trouble may be the drain's own doing. An instance that is no member of the
//! cluster is nobody's to drain; if its machine went away by itself (a Spot interruption) the
//! answer says which tasks that cut off, as far as ECS remembers. Whether the stack is being
//! deleted is noted too: then the services of the cluster have nowhere to go, and the workers after
//! this one do not wait for them.
//!
//! The event is not believed: unless Auto Scaling shows the instance on its way out, the answer is
//! `Over` and nothing is changed, see [`crate::at_hook`].
//!
//! While the stack is in an operation it may have to wait for its turn, see
//! [`crate::drain_admission`]. An instance that you ended with `ecs-rollout terminate` is not
//! drained, see [`crate::ended`].

mod running;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::Clients;
use crate::at_hook;
use crate::config::History;
use crate::drain_admission::{self, Admission};
use crate::ended;
use crate::error::Error;
use crate::model::cluster::{
    ContainerInstance, ContainerInstanceStatus as Status, Service, ServiceCounts, Task,
    agent_is_gone, counted, current, termination_requested,
};
use crate::model::group::StackState;
use crate::model::{Assessment, ContainerInstanceArn, Details, ServiceName, Subject, Turn};
use crate::text::{between, count, duration, list};
use running::what_runs;

/// Looks, decides, notes the services, and sets the instance to DRAINING.
///
/// # Errors
/// What ECS meets.
pub async fn handle(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    if let Some(finding) = at_hook::look(subject, clients, now).await? {
        return Ok(finding);
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    if let Some(at) = termination_requested(&registrations, now()) {
        return Ok(ended_on_request(registrations, at));
    }
    let (active, draining) = match decide(subject, &registrations, now()) {
        Step::Done(finding) if finding.extra.member == Some(false) => {
            let lost = ecs.lost_with(cluster, &subject.action.instance).await?;
            return Ok(with_lost_tasks(*finding, &lost));
        }
        Step::Done(finding) => return Ok(*finding),
        Step::Drain { active, draining } => (active, draining),
    };
    let stack = &subject.settings.target.stack;
    let stack = clients.cloudformation.stack_state(stack).await?;
    let has_begun = is_draining(&registrations);
    let turn = match turn_of(subject, history, has_begun, &stack, clients, now).await? {
        Admission::Granted(turn) => admitted(turn, now()),
        Admission::Deferred(finding) => return Ok(*finding),
    };
    let subject = &Subject {
        turn_came: turn.came_at,
        ..subject.clone()
    };
    let running = what_runs(clients, cluster, &active, &draining, now()).await?;
    let hosted: Vec<ServiceName> = running.services.into_iter().collect();
    let services = ecs.services(cluster, &hosted).await?;
    if !active.is_empty()
        && let Some(finding) = at_hook::closed(subject, clients).await?
    {
        return Ok(finding);
    }
    let unstable = unstable_before(&services, &running.suspects);
    let updated = ecs.set_draining(cluster, &active).await?;
    let mut finding = conclude(subject, active, draining, unstable, &updated, now());
    finding.extra.services = Some(hosted);
    finding.extra.services_counted = Some(counted(&services));
    finding.extra.stack_deleting = Some(stack == StackState::Deleting);
    finding.extra.tasks_left = running.left.remembered();
    finding.extra.daemons = Some(daemons(services));
    finding.extra.agent_gone_since = agent_is_gone(&registrations).then(&now);
    finding.extra.turn = Some(turn);
    Ok(finding)
}

/// You asked to end the instance: nothing is set to DRAINING, and no service is waited for.
fn ended_on_request(registrations: Vec<ContainerInstance>, at: Timestamp) -> Assessment {
    let mut finding = ended::on_request(at);
    let arns = registrations.into_iter().map(|one| one.arn);
    finding.extra.member = Some(true);
    finding.extra.container_instances = Some(arns.collect());
    finding.extra.services = Some(Vec::new());
    finding.extra.unstable = Some(Vec::new());
    finding
}

/// Whether the drain has begun. A record that an agent left behind says nothing of that.
fn is_draining(registrations: &[ContainerInstance]) -> bool {
    current(registrations).any(|one| one.status == Status::Draining)
}

/// What is DRAINING already has had its turn, however it came to it.
async fn turn_of(
    subject: &Subject,
    history: &History,
    is_draining: bool,
    stack: &StackState,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Admission, Error> {
    let earlier = history.draining.turn.clone();
    if is_draining {
        return Ok(Admission::Granted(earlier));
    }
    drain_admission::look(subject, earlier, stack, clients, now).await
}

/// The turn of a drain that begins now, unless an earlier answer noted that it had begun. The drain
/// deadline counts from here: an event may come minutes late, and the queue may be long, but a
/// drain always has its whole time.
fn admitted(turn: Option<Turn>, now: Timestamp) -> Turn {
    let came_at = turn.and_then(|turn| turn.came_at).unwrap_or(now);
    Turn {
        came_at: Some(came_at),
        ..Turn::default()
    }
}

/// The same, with what is known of the tasks that were on an EC2 instance which is gone.
fn with_lost_tasks(mut finding: Assessment, lost: &[Task]) -> Assessment {
    if lost.is_empty() {
        return finding;
    }
    finding.reason = format!(
        "{} EC2 interrupted, terminated or stopped the instance, which killed {}: {}.",
        finding.reason,
        count(lost.len(), "task"),
        list(lost.iter().map(Task::name), ", ")
    );
    finding
}

/// What is to be done about the registrations that were found.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: this is the answer.
    Done(Box<Assessment>),
    /// The first are to be set DRAINING, the second are so already.
    Drain {
        /// To be set DRAINING.
        active: Vec<ContainerInstanceArn>,
        /// DRAINING already.
        draining: Vec<ContainerInstanceArn>,
    },
}

/// Decides what is to be done.
pub fn decide(subject: &Subject, registrations: &[ContainerInstance], now: Timestamp) -> Step {
    let with = |status: Status| -> Vec<ContainerInstanceArn> {
        let those = registrations.iter().filter(|one| one.status == status);
        those.map(|one| one.arn.clone()).collect()
    };
    let (active, draining) = (with(Status::Active), with(Status::Draining));
    if !active.is_empty() || !draining.is_empty() {
        return Step::Drain { active, draining };
    }
    if with(Status::Registering).is_empty() {
        let standing = match current(registrations).last() {
            None => "Not registered in the cluster".to_owned(),
            Some(last) => format!("{} in the cluster", last.status),
        };
        let mut finding = Assessment::reached(format!("{standing}: nothing to drain."));
        finding.extra.member = Some(false);
        return Step::Done(Box::new(finding));
    }
    let finding = unless_overdue(
        subject,
        "Waiting for the instance to become ACTIVE: still REGISTERING, and only an ACTIVE instance can be drained.",
        "still REGISTERING, and only an ACTIVE instance can be drained",
        now,
    );
    Step::Done(Box::new(finding))
}

/// Not yet, as `waiting` says, or after the drain deadline never, and `why`.
fn unless_overdue(subject: &Subject, waiting: &str, why: &str, now: Timestamp) -> Assessment {
    let deadline = subject.drain_deadline();
    if now >= deadline {
        let allowed = duration(subject.settings.drain_deadline);
        let reason = format!("did not drain within {allowed}: {why}.");
        return Assessment::never(subject, &reason).under(subject.settings.policy);
    }
    let left = between(now, deadline);
    Assessment::not_yet(format!("{waiting} Deadline in {left}.")).by(deadline)
}

/// The names of those that have a task on each instance.
fn daemons(services: Vec<Service>) -> Vec<ServiceName> {
    let daemons = services
        .into_iter()
        .filter(|service| service.terms.is_daemon);
    daemons.map(|service| service.counts.service).collect()
}

/// The services that are excused: not stable before the drain, and not by its doing. No drain waits
/// for a daemon, so none needs an excuse.
pub fn unstable_before(services: &[Service], suspects: &BTreeSet<String>) -> Vec<ServiceCounts> {
    let unstable = services.iter().filter(|service| {
        let name = service.counts.service.as_str();
        let counts = service.active && !service.terms.is_daemon;
        counts && !service.counts.is_stable() && !suspects.contains(name)
    });
    unstable.map(|service| service.counts.clone()).collect()
}

/// The answer, after `active` were asked to be set DRAINING and `updated` came back.
pub fn conclude(
    subject: &Subject,
    active: Vec<ContainerInstanceArn>,
    draining: Vec<ContainerInstanceArn>,
    unstable: Vec<ServiceCounts>,
    updated: &[ContainerInstance],
    now: Timestamp,
) -> Assessment {
    let is_set = |arn: &ContainerInstanceArn| {
        let mut those = updated.iter().filter(|one| &one.arn == arn);
        those.any(|one| one.status == Status::Draining)
    };
    if let Some(arn) = active.iter().find(|arn| !is_set(arn)) {
        // It changed between the look and the update; the next look will tell what it is now.
        return unless_overdue(
            subject,
            &format!("ECS did not set the instance DRAINING ({arn}). Trying again."),
            &format!("ECS did not set the instance DRAINING ({arn})"),
            now,
        );
    }
    let how = if active.is_empty() {
        "Already DRAINING."
    } else {
        "Set to DRAINING."
    };
    let excused = match unstable.as_slice() {
        [] => String::new(),
        some => format!(
            " Already unstable before this drain, so not counted: {}.",
            list(some, ", ")
        ),
    };
    let mut finding = Assessment::reached(format!("{how}{excused}"));
    finding.extra = Details {
        member: Some(true),
        container_instances: Some([active, draining].concat()),
        unstable: Some(unstable),
        ..Details::default()
    };
    finding
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::model::Verdict;
    use crate::model::cluster::ServiceTerms;
    use crate::stub;

    fn registration(arn: &str, status: Status) -> ContainerInstance {
        ContainerInstance {
            arn: ContainerInstanceArn::new(arn),
            status,
            agent_connected: true,
            termination_requested_at: None,
        }
    }

    #[tokio::test]
    async fn an_instance_that_is_draining_in_part_has_had_its_turn() {
        let clients = Clients::new(&stub::aws(|request| {
            panic!("{} is not asked", request.action)
        }));
        let (subject, input) = (stub::terminating(), stub::event("terminate"));
        let stack = StackState::Busy("UPDATE_ROLLBACK_IN_PROGRESS".to_owned());
        for (is_draining, goes) in [(true, true), (false, false)] {
            let now = || stub::at(1);
            let place = turn_of(
                &subject,
                &History::read(&input),
                is_draining,
                &stack,
                &clients,
                &now,
            )
            .await;
            let place = place.expect("nothing is asked");
            assert_eq!(matches!(place, Admission::Granted(None)), goes, "{place:?}");
        }
    }

    fn service(name: &str, deployments: i64, running: i64, pending: i64, desired: i64) -> Service {
        Service {
            active: true,
            created: None,
            counts: ServiceCounts {
                service: ServiceName::new(name),
                deployments,
                running,
                pending,
                desired,
            },
            terms: ServiceTerms::default(),
        }
    }

    #[test]
    fn a_drain_notes_which_services_are_daemons() {
        let mut logs = service("logs", 1, 3, 0, 3);
        logs.terms.is_daemon = true;
        let found = daemons(vec![service("web", 1, 2, 0, 2), logs]);
        assert_eq!(found, [ServiceName::new("logs")]);
    }

    fn names(services: &[ServiceCounts]) -> Vec<&str> {
        services
            .iter()
            .map(|counts| counts.service.as_str())
            .collect()
    }

    #[test]
    fn what_is_no_member_is_let_go() {
        for statuses in [
            vec![],
            vec![Status::Deregistering],
            vec![Status::Inactive],
            vec![Status::RegistrationFailed],
        ] {
            let seen: Vec<_> = statuses
                .iter()
                .map(|status| registration("a", *status))
                .collect();
            match decide(&stub::terminating(), &seen, stub::at(1)) {
                Step::Done(finding) => {
                    assert_eq!(finding.verdict, Verdict::Reached);
                    assert_eq!(finding.extra.member, Some(false));
                }
                other => panic!("{statuses:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_registering_is_waited_for_until_the_deadline() {
        let seen = [registration("a", Status::Registering)];
        for (seconds, verdict) in [(1, Verdict::NotYet), (3000, Verdict::Never)] {
            match decide(&stub::terminating(), &seen, stub::at(seconds)) {
                Step::Done(finding) => assert_eq!(finding.verdict, verdict),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_live_registration_is_drained() {
        let seen = [
            registration("old", Status::Draining),
            registration("gone", Status::Inactive),
            registration("new", Status::Active),
        ];
        let step = decide(&stub::terminating(), &seen, stub::at(1));
        let active = vec![ContainerInstanceArn::new("new")];
        let draining = vec![ContainerInstanceArn::new("old")];
        assert_eq!(step, Step::Drain { active, draining });
    }

    #[test]
    fn only_trouble_from_before_is_excused() {
        let mut leaving = service("leaving", 1, 1, 0, 0);
        leaving.active = false;
        let services = [
            service("healthy", 1, 2, 0, 2),
            service("short", 1, 1, 0, 2),
            service("starting", 1, 2, 1, 2),
            service("deploying", 2, 2, 0, 2),
            leaving,
        ];
        let all = unstable_before(&services, &BTreeSet::new());
        assert_eq!(names(&all), ["short", "starting", "deploying"]);
        let suspects = BTreeSet::from(["short".to_owned(), "healthy".to_owned()]);
        let repeated = unstable_before(&services, &suspects);
        assert_eq!(names(&repeated), ["starting", "deploying"]);
    }

    #[test]
    fn an_update_that_did_not_take_is_looked_at_again() {
        let active = || vec![ContainerInstanceArn::new("a")];
        let subject = stub::terminating();
        let taken = [registration("a", Status::Draining)];
        let finding = conclude(&subject, active(), vec![], vec![], &taken, stub::at(1));
        assert_eq!(finding.verdict, Verdict::Reached);
        assert_eq!(finding.extra.container_instances, Some(active()));
        assert_eq!(finding.extra.member, Some(true));
        for refused in [vec![], vec![registration("a", Status::Active)]] {
            for (seconds, verdict) in [(1, Verdict::NotYet), (3000, Verdict::Never)] {
                let now = stub::at(seconds);
                let finding = conclude(&subject, active(), vec![], vec![], &refused, now);
                assert_eq!(finding.verdict, verdict);
            }
        }
    }

    #[test]
    fn the_reason_names_who_is_excused() {
        let unstable = vec![service("sick", 1, 0, 1, 2).counts];
        let draining = vec![ContainerInstanceArn::new("a")];
        let finding = conclude(
            &stub::terminating(),
            vec![],
            draining,
            unstable,
            &[],
            stub::at(1),
        );
        assert_eq!(
            finding.reason,
            "Already DRAINING. Already unstable before this drain, so not counted: sick (0 of 2 tasks running, 1 pending)."
        );
    }

    /// The calls made, and the services excused, for an instance that is found in `status`.
    async fn run(status: &'static str) -> (Vec<String>, Vec<ServiceCounts>) {
        let (asked, finding) = run_while(status, true).await;
        assert_eq!(finding.verdict, Verdict::Reached);
        assert_eq!(finding.extra.stack_deleting, Some(true));
        (asked, finding.extra.unstable.expect("a note"))
    }

    /// The calls made, and the answer, while the lifecycle action is open, or over.
    async fn run_while(status: &'static str, is_open: bool) -> (Vec<String>, Assessment) {
        let log = Arc::default();
        let clients = account(status, "Terminating:Wait", is_open, &log);
        ask(clients, &log, 1).await
    }

    async fn ask(
        clients: Clients,
        log: &Mutex<Vec<String>>,
        seconds: i64,
    ) -> (Vec<String>, Assessment) {
        let (subject, input) = (stub::terminating(), stub::event("terminate"));
        let finding = handle(&subject, &History::read(&input), &clients, &|| {
            stub::at(seconds)
        })
        .await;
        let asked = log.lock().expect("a log").clone();
        (asked, finding.expect("an answer"))
    }

    /// An account that logs its calls. The instance is in this state in its group, its action open
    /// or over.
    fn account(
        status: &'static str,
        state: &'static str,
        is_open: bool,
        log: &Arc<Mutex<Vec<String>>>,
    ) -> Clients {
        let log = Arc::clone(log);
        Clients::new(&stub::aws(move |request| {
            log.lock().expect("a log").push(request.action.clone());
            let registration = |status| json!([{"containerInstanceArn": "a", "status": status}]);
            let answer = match request.action.as_str() {
                "ListContainerInstances" => json!({"containerInstanceArns": ["a"]}),
                "DescribeContainerInstances" => json!({"containerInstances": registration(status)}),
                "UpdateContainerInstancesState" => {
                    json!({"containerInstances": registration("DRAINING")})
                }
                "ListTasks" => json!({"taskArns": ["t"]}),
                "DescribeTasks" => {
                    json!({"tasks": [{"taskArn": "t", "lastStatus": "STOPPING", "group": "service:web"}]})
                }
                "DescribeServices" => {
                    json!({"services": [{"serviceName": "web", "status": "ACTIVE", "desiredCount": 2}]})
                }
                "DescribeStacks" => return (200, stack_in("DELETE_IN_PROGRESS")),
                "DescribeAutoScalingInstances" => return stub::in_state(state),
                "RecordLifecycleActionHeartbeat" => return stub::heartbeat(is_open),
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }))
    }

    #[tokio::test]
    async fn a_drain_has_its_whole_time_however_late_its_event_came() {
        for (earlier, admitted) in [
            (json!(null), 900),
            (json!({"turn": {"cameAt": null}, "since": stub::at(1)}), 900),
            (
                json!({"turn": {"cameAt": stub::at(60)}, "since": stub::at(1)}),
                60,
            ),
        ] {
            for status in ["ACTIVE", "DRAINING"] {
                let clients = account(status, "Terminating:Wait", true, &Arc::default());
                let mut input = stub::event("terminate");
                input["draining"] = earlier.clone();
                let now = || stub::at(900);
                let finding =
                    handle(&stub::terminating(), &History::read(&input), &clients, &now).await;
                let turn = finding.expect("an answer").extra.turn.expect("a note");
                assert_eq!(
                    turn.came_at,
                    Some(stub::at(admitted)),
                    "{status}, {earlier}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_look_sends_no_heartbeat_and_sets_nothing_draining() {
        let log = Arc::default();
        let clients = account("ACTIVE", "Terminating:Wait", true, &log).dry_run();
        let (asked, _) = ask(clients, &log, 1).await;
        let changing = [
            "RecordLifecycleActionHeartbeat",
            "UpdateContainerInstancesState",
        ];
        let changed = asked.iter().any(|one| changing.contains(&one.as_str()));
        assert!(!changed, "{asked:?}");
    }

    fn stack_in(status: &str) -> String {
        let stack = format!(
            "<Stacks><member><StackName>dev</StackName><StackStatus>{status}</StackStatus></member></Stacks>"
        );
        stub::xml("DescribeStacks", &stack)
    }

    #[tokio::test]
    async fn what_was_lost_is_asked_for_only_of_an_instance_that_is_no_member() {
        for (registered, verdict, lost) in [
            (None, Verdict::Reached, true),
            (Some("DEREGISTERING"), Verdict::Reached, true),
            (Some("REGISTERING"), Verdict::NotYet, false),
        ] {
            let clients = Clients::new(&stub::aws(move |request| {
                let answer = match request.action.as_str() {
                    "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
                    "ListContainerInstances" => {
                        let arns: Vec<&str> = registered.iter().map(|_| "a").collect();
                        json!({"containerInstanceArns": arns})
                    }
                    "DescribeContainerInstances" => {
                        json!({"containerInstances": [{"containerInstanceArn": "a", "status": registered}]})
                    }
                    "ListTasks" => {
                        assert!(lost, "nothing is lost of what is registering");
                        json!({"taskArns": ["t"]})
                    }
                    "DescribeTasks" => {
                        json!({"tasks": [{"taskArn": "t", "lastStatus": "STOPPED", "group": "service:web",
                        "stoppedReason": "Host EC2 (instance i-0123456789abcdef0) terminated."}]})
                    }
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let (subject, input) = (stub::terminating(), stub::event("terminate"));
            let finding =
                handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(
                finding.verdict, verdict,
                "{registered:?}: {}",
                finding.reason
            );
            let told = finding.reason.contains("which killed 1 task: web.");
            assert_eq!(told, lost, "{}", finding.reason);
        }
    }

    #[tokio::test]
    async fn a_turn_that_comes_with_this_look_has_its_whole_deadline_before_it() {
        // The drain deadline is 3,000 s after the admission: with this look, 2,999 s or 3,000 s
        // before it.
        for (came_at, verdict) in [
            (None, Verdict::NotYet),
            (Some(1001), Verdict::NotYet),
            (Some(1000), Verdict::Never),
        ] {
            let clients = Clients::new(&stub::aws(|request| {
                let one = json!([{"containerInstanceArn": "a", "status": "ACTIVE", "agentConnected": true}]);
                let answer = match request.action.as_str() {
                    "ListContainerInstances" => json!({"containerInstanceArns": ["a"]}),
                    "DescribeContainerInstances" => json!({"containerInstances": one}),
                    // It does not take.
                    "UpdateContainerInstancesState" => json!({"containerInstances": one}),
                    "ListTasks" => json!({"taskArns": []}),
                    "DescribeStacks" => return (200, stack_in("DELETE_IN_PROGRESS")),
                    "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
                    "RecordLifecycleActionHeartbeat" => return stub::heartbeat(true),
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let (subject, mut input) = (stub::terminating(), stub::event("terminate"));
            if let Some(came_at) = came_at {
                input["draining"] = json!({"turn": {"cameAt": stub::at(came_at)}});
            }
            let finding = handle(&subject, &History::read(&input), &clients, &|| {
                stub::at(4000)
            })
            .await;
            let finding = finding.expect("an answer");
            assert_eq!(finding.verdict, verdict, "{came_at:?}: {}", finding.reason);
        }
    }

    #[tokio::test]
    async fn the_note_is_taken_before_the_change() {
        let (asked, excused) = run("ACTIVE").await;
        assert_eq!(
            asked[3..],
            [
                "DescribeStacks",
                "ListTasks",
                "DescribeTasks",
                "DescribeServices",
                "RecordLifecycleActionHeartbeat",
                "UpdateContainerInstancesState"
            ]
        );
        assert_eq!(names(&excused), ["web"]);
    }

    #[tokio::test]
    async fn an_instance_whose_action_is_over_is_not_set_to_draining() {
        let (asked, finding) = run_while("ACTIVE", false).await;
        assert_eq!(finding.verdict, Verdict::Over);
        assert!(
            finding.reason.ends_with("Nothing was changed."),
            "{}",
            finding.reason
        );
        assert!(
            !asked.contains(&"UpdateContainerInstancesState".to_owned()),
            "{asked:?}"
        );
    }

    #[tokio::test]
    async fn an_event_of_an_instance_that_does_not_leave_is_not_believed() {
        // The token may be good: it is that of another instance, or of an earlier life.
        for status in ["ACTIVE", "DRAINING", "INACTIVE"] {
            for state in [
                "InService",
                "Pending:Wait",
                "Standby",
                "Terminating:Retained",
            ] {
                let log = Arc::default();
                let clients = account(status, state, true, &log);
                let (asked, finding) = ask(clients, &log, 600).await;
                assert_eq!(finding.verdict, Verdict::Over, "{status}, {state}");
                assert_eq!(asked, ["DescribeAutoScalingInstances"], "{status}, {state}");
            }
        }
    }

    #[tokio::test]
    async fn an_instance_on_its_way_into_the_pool_or_out_of_it_leaves_too() {
        for state in [
            "Warmed:Pending:Wait",
            "Warmed:Terminating:Wait",
            "Terminating",
        ] {
            let log = Arc::default();
            let clients = account("ACTIVE", state, true, &log);
            let (asked, finding) = ask(clients, &log, 600).await;
            assert_eq!(finding.verdict, Verdict::Reached, "{state}");
            let change = "UpdateContainerInstancesState".to_owned();
            assert!(asked.contains(&change), "{state}: {asked:?}");
        }
    }

    #[test]
    fn a_record_that_an_agent_left_behind_is_no_drain_and_no_daemon_needs_an_excuse() {
        let mut left_behind = registration("old", Status::Draining);
        left_behind.agent_connected = false;
        let active = registration("new", Status::Active);
        assert!(!is_draining(&[left_behind.clone(), active]));
        assert!(is_draining(std::slice::from_ref(&left_behind)));
        left_behind.status = Status::Active;
        assert!(is_draining(&[
            left_behind,
            registration("new", Status::Draining)
        ]));
        let mut daemon = service("logs", 1, 2, 1, 5);
        daemon.terms.is_daemon = true;
        assert_eq!(unstable_before(&[daemon], &BTreeSet::new()), []);
    }

    #[tokio::test]
    async fn a_repeated_step_changes_nothing_and_does_not_excuse_its_own_doing() {
        let (asked, excused) = run("DRAINING").await;
        assert!(
            !asked.contains(&"UpdateContainerInstancesState".to_owned()),
            "{asked:?}"
        );
        assert_eq!(names(&excused), [""; 0]);
    }
}
