//! Is the new instance in its cluster, ACTIVE, its agent connected, and do its daemons run?
//!
//! Not being registered yet is a plain answer, not an error: the first instance of an empty cluster
//! is in that state. At the join deadline the answer is `Never`, so that an instance that cannot
//! join does not hold the rollout for hours.
//!
//! It changes nothing, but for one that comes out of the warm pool. That may have been in the group
//! before, and was drained on its way into the pool. ECS keeps it DRAINING until somebody sets it
//! ACTIVE
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html>),
//! and its agent takes its old registration up again. So this worker sets it ACTIVE, once the agent
//! is back, and if Auto Scaling shows the instance at its launch hook: an event that is replayed
//! must not end a drain. To deregister it instead would leave the machine without a way back: an
//! agent whose registration is INACTIVE is refused (reported in
//! <https://github.com/aws/amazon-ecs-agent/issues/583>).
//!
//! With WaitForDaemons it has joined only when its `daemons` run on it, so that no task is moved to
//! an instance without its log router or its security agent. A daemon that does not want the
//! instance, or that is broken itself, is not waited for.

mod daemons;

use std::slice;

use jiff::Timestamp;

use crate::Clients;
use crate::at_hook;
use crate::config::History;
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus, current};
use crate::model::{Assessment, ContainerInstanceArn, Subject, Verdict, WaitCause, later};
use crate::text::{between, duration};
pub use daemons::Missing;

/// Looks, and decides.
///
/// # Errors
/// What ECS meets.
pub async fn handle(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    let (cluster, instance) = (&subject.settings.cluster, &subject.action.instance);
    let known = history.joined.daemons_awaited.clone();
    let mut registrations = Vec::new();
    if let Some(known) = &known {
        // It was ready at the last look: one call instead of two.
        let those = slice::from_ref(&known.container_instance);
        registrations = clients.ecs.container_instances(cluster, those).await?;
    }
    if !registrations.iter().any(is_ready) {
        registrations = clients.ecs.registrations(cluster, instance).await?;
    }
    if let Some(drained) = to_set_active(subject, &registrations) {
        if let Some(finding) = at_hook::look_before_change(subject, clients, now).await? {
            return Ok(finding);
        }
        let drained = slice::from_ref(drained);
        registrations = clients.ecs.set_active(cluster, drained).await?;
    }
    let ready = registrations.iter().find(|one| is_ready(one));
    let Some(ready) = ready.filter(|_| subject.settings.cases.wait_for_daemons) else {
        return Ok(decide(subject, &registrations, &[], None, now()));
    };
    let (awaited, missing) = daemons::look(subject, &ready.arn, known, clients, now).await?;
    let ready_since = Some(awaited.ready_since);
    let mut finding = decide(subject, &registrations, &missing, ready_since, now());
    finding.extra.daemons_awaited = (finding.verdict == Verdict::NotYet).then_some(awaited);
    Ok(finding)
}

/// An instance may be registered more than once, when its agent lost its data: the registration
/// with the connected agent counts. `missing` are the daemons that do not run on it, which is ready
/// otherwise since `ready_since`. An instance that is ready gets the time in which ECS says whether
/// it wants those daemons there, whatever the deadline: the event may be late, or replayed for an
/// instance that joined long ago.
pub fn decide(
    subject: &Subject,
    registrations: &[ContainerInstance],
    missing: &[Missing],
    ready_since: Option<Timestamp>,
    now: Timestamp,
) -> Assessment {
    let spent = between(subject.began, now);
    let (excused, awaited): (Vec<&Missing>, Vec<&Missing>) =
        missing.iter().partition(|daemon| daemon.excuse.is_some());
    let is_ready = registrations.iter().any(is_ready);
    if is_ready && awaited.is_empty() {
        return Assessment::reached(format!(
            "Joined: ACTIVE, agent connected ({spent}).{}",
            daemons::not_awaited(&excused)
        ));
    }
    let fair = ready_since
        .filter(|_| is_ready)
        .map(|since| later(since, daemons::JUDGED_BY));
    let deadline = fair.map_or(subject.join_deadline(), |fair| {
        fair.max(subject.join_deadline())
    });
    if now >= deadline {
        let standing = if is_ready {
            format!("{} not running", daemons::words(&awaited))
        } else {
            standing(registrations)
        };
        return Assessment::never(subject, &not_joined(subject, &standing, is_ready));
    }
    let what = match is_ready {
        true => format!("{} to run", daemons::words(&awaited)),
        false if registrations.is_empty() => "the instance to register".to_owned(),
        false => format!("the instance to join: {}", standing(registrations)),
    };
    let left = between(now, deadline);
    let mut finding =
        Assessment::not_yet(format!("Waiting for {what} ({spent}). Deadline in {left}."));
    if is_ready {
        finding.extra.wait_causes = vec![WaitCause::Daemons];
    }
    finding.by(deadline)
}

/// What the instance is in the cluster.
fn standing(registrations: &[ContainerInstance]) -> String {
    let Some(last) = current(registrations).last() else {
        return "not registered".to_owned();
    };
    let agent = if last.agent_connected {
        "agent connected"
    } else {
        "agent not connected"
    };
    format!("{}, {agent}", last.status)
}

/// Why it did not join by its deadline, and where to look: the rest of a sentence that begins with
/// the instance.
fn not_joined(subject: &Subject, standing: &str, is_ready: bool) -> String {
    let (cluster, allowed) = (
        &subject.settings.cluster,
        duration(subject.settings.join_deadline),
    );
    let check = if !is_ready {
        "the ECS agent's log, the instance profile and the network route to the ECS endpoints"
    } else {
        "the daemon's service events and stopped tasks; WaitForDaemons=false waits for no daemon"
    };
    format!("did not join cluster {cluster} within {allowed}: {standing}. Check {check}.")
}

/// The registration of an instance from the warm pool that is good but for being DRAINING still.
pub fn to_set_active<'a>(
    subject: &Subject,
    registrations: &'a [ContainerInstance],
) -> Option<&'a ContainerInstanceArn> {
    if !subject.action.leaves_pool() || registrations.iter().any(is_ready) {
        return None;
    }
    let drained = |one: &&ContainerInstance| {
        one.status == ContainerInstanceStatus::Draining && one.agent_connected
    };
    registrations.iter().find(drained).map(|one| &one.arn)
}

fn is_ready(registration: &ContainerInstance) -> bool {
    registration.status == ContainerInstanceStatus::Active && registration.agent_connected
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::model::{Place, ServiceName};
    use crate::stub;

    fn registration(status: &str, agent_connected: bool) -> ContainerInstance {
        ContainerInstance {
            arn: ContainerInstanceArn::new("arn"),
            status: ContainerInstanceStatus::from_name(status).expect("a status"),
            agent_connected,
            termination_requested_at: None,
        }
    }

    #[test]
    fn what_is_seen_decides() {
        let ready = || registration("ACTIVE", true);
        let cases: [(&str, Vec<ContainerInstance>, i64, Verdict); 9] = [
            ("nothing yet", vec![], 10, Verdict::NotYet),
            (
                "registering",
                vec![registration("REGISTERING", false)],
                10,
                Verdict::NotYet,
            ),
            (
                "no agent",
                vec![registration("ACTIVE", false)],
                10,
                Verdict::NotYet,
            ),
            (
                "drained by hand",
                vec![registration("DRAINING", true)],
                10,
                Verdict::NotYet,
            ),
            (
                "an old record, and drained by hand",
                vec![
                    registration("DRAINING", true),
                    registration("ACTIVE", false),
                ],
                10,
                Verdict::NotYet,
            ),
            ("joined", vec![ready()], 10, Verdict::Reached),
            (
                "joined, with an old record",
                vec![ready(), registration("ACTIVE", false)],
                10,
                Verdict::Reached,
            ),
            (
                "joined at the last moment",
                vec![ready()],
                2000,
                Verdict::Reached,
            ),
            ("never", vec![], 900, Verdict::Never),
        ];
        for (name, seen, seconds, verdict) in cases {
            let finding = decide(&stub::launching(), &seen, &[], None, stub::at(seconds));
            assert_eq!(finding.verdict, verdict, "{name}: {}", finding.reason);
        }
    }

    #[test]
    fn only_what_comes_back_out_of_the_pool_is_set_active() {
        let drained = || registration("DRAINING", true);
        let mut back = stub::launching();
        back.action.origin = Some(Place::WarmPool);
        for (subject, seen, is_set) in [
            (&back, vec![drained()], true),
            // Its machine is still starting.
            (&back, vec![registration("DRAINING", false)], false),
            (&back, vec![drained(), registration("ACTIVE", true)], false),
            (&back, vec![], false),
            // An operator's doing.
            (&stub::launching(), vec![drained()], false),
        ] {
            assert_eq!(to_set_active(subject, &seen).is_some(), is_set, "{seen:?}");
        }
    }

    /// What is asked when an instance that came out of the pool is found DRAINING, in this state in
    /// its group.
    async fn found_drained(state: &'static str, is_open: bool) -> (Vec<String>, Assessment) {
        let log = Arc::new(Mutex::new(Vec::<String>::new()));
        let calls = Arc::clone(&log);
        let clients = Clients::new(&stub::aws(move |asked| {
            calls.lock().expect("a log").push(asked.action.clone());
            let one = |status| {
                json!({"containerInstances": [
                {"containerInstanceArn": "c", "status": status, "agentConnected": true}]})
            };
            let answer = match asked.action.as_str() {
                "DescribeAutoScalingInstances" => return stub::in_state(state),
                "RecordLifecycleActionHeartbeat" => return stub::heartbeat(is_open),
                "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
                "DescribeContainerInstances" => one("DRAINING"),
                "UpdateContainerInstancesState" => one("ACTIVE"),
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut subject = stub::launching();
        subject.action.origin = Some(Place::WarmPool);
        subject.settings.cases.wait_for_daemons = false;
        let finding = handle(
            &subject,
            &History::read(&stub::event("launch")),
            &clients,
            &|| stub::at(60),
        )
        .await;
        let asked = log.lock().expect("a log").clone();
        (asked, finding.expect("an answer"))
    }

    #[tokio::test]
    async fn a_replayed_event_ends_no_drain() {
        let change = "UpdateContainerInstancesState".to_owned();
        let (asked, finding) = found_drained("Pending:Wait", true).await;
        assert_eq!(finding.verdict, Verdict::Reached);
        assert!(asked.contains(&change), "{asked:?}");
        for (state, is_open) in [
            ("Terminating:Wait", true),
            ("InService", true),
            ("Pending:Wait", false),
        ] {
            let (asked, finding) = found_drained(state, is_open).await;
            assert_eq!(finding.verdict, Verdict::Over, "{state}");
            assert!(!asked.contains(&change), "{state}: {asked:?}");
        }
    }

    #[tokio::test]
    async fn the_next_look_gets_the_daemons_as_long_as_they_are_waited_for() {
        for (tasks, verdict) in [
            (json!([]), Verdict::NotYet),
            (json!(["t"]), Verdict::Reached),
        ] {
            let clients = Clients::new(&stub::aws(move |asked| {
                let answer = match asked.action.as_str() {
                    "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
                    "DescribeContainerInstances" => json!({"containerInstances": [
                        {"containerInstanceArn": "c", "status": "ACTIVE", "agentConnected": true}]}),
                    "ListServices" => json!({"serviceArns": ["s/logs"]}),
                    "DescribeServices" => json!({"services": [{"serviceName": "logs",
                        "status": "ACTIVE", "schedulingStrategy": "DAEMON", "desiredCount": 1}]}),
                    "ListTasks" => json!({"taskArns": tasks}),
                    "DescribeTasks" => json!({"tasks": [{"taskArn": "t", "group": "service:logs",
                        "lastStatus": "RUNNING", "desiredStatus": "RUNNING"}]}),
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let mut subject = stub::launching();
            subject.settings.cases.wait_for_daemons = true;
            let history = History::read(&stub::event("launch"));
            let finding = handle(&subject, &history, &clients, &|| stub::at(60));
            let finding = finding.await.expect("an answer");
            assert_eq!(finding.verdict, verdict, "{}", finding.reason);
            let noted = finding.extra.daemons_awaited;
            let noted = noted.map(|awaited| (awaited.services, awaited.ready_since));
            let awaited = (vec![ServiceName::new("logs")], stub::at(60));
            assert_eq!(noted, (verdict == Verdict::NotYet).then_some(awaited));
        }
    }

    #[test]
    fn the_next_look_is_not_past_the_deadline() {
        let finding = decide(&stub::launching(), &[], &[], None, stub::at(899));
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert_eq!(finding.deadline, Some(stub::at(900)));
    }

    #[test]
    fn a_daemon_is_waited_for_unless_it_is_excused() {
        let missing = |excuse: Option<&str>| Missing {
            service: ServiceName::new("logs"),
            standing: "1 of 2 tasks running".to_owned(),
            excuse: excuse.map(str::to_owned),
        };
        let ready = [registration("ACTIVE", true)];
        for (missing, seconds, verdict, told) in [
            (vec![], 60, Verdict::Reached, "(1m00s)."),
            (
                vec![missing(None)],
                60,
                Verdict::NotYet,
                "Waiting for daemon logs (1 of 2 tasks running) to run (1m00s).",
            ),
            (
                vec![missing(None)],
                900,
                Verdict::Never,
                "daemon logs (1 of 2 tasks running) not running. Check the daemon's service events",
            ),
            (
                vec![missing(Some("it is broken"))],
                60,
                Verdict::Reached,
                "Not waited for: daemon logs (it is broken).",
            ),
            (
                vec![missing(Some("it is broken")), missing(None)],
                60,
                Verdict::NotYet,
                "daemon logs",
            ),
        ] {
            let finding = decide(
                &stub::launching(),
                &ready,
                &missing,
                Some(stub::at(30)),
                stub::at(seconds),
            );
            assert_eq!(finding.verdict, verdict, "{}", finding.reason);
            assert!(finding.reason.contains(told), "{}", finding.reason);
        }
    }

    /// An event that is replayed, or an hour late, is about an instance that may have joined long
    /// ago.
    #[test]
    fn an_instance_first_seen_after_its_deadline_gets_the_time_in_which_ecs_says_what_it_wants() {
        let missing = [Missing {
            service: ServiceName::new("logs"),
            standing: String::new(),
            excuse: None,
        }];
        let ready = [registration("ACTIVE", true)];
        let seen_at = |seconds| {
            let since = Some(stub::at(4000));
            decide(
                &stub::launching(),
                &ready,
                &missing,
                since,
                stub::at(seconds),
            )
        };
        assert_eq!(seen_at(4000).verdict, Verdict::NotYet);
        assert_eq!(seen_at(4000).deadline, Some(stub::at(4180)));
        assert_eq!(seen_at(4179).verdict, Verdict::NotYet);
        assert_eq!(seen_at(4180).verdict, Verdict::Never);
        let since = Some(stub::at(4000));
        let gone = [registration("ACTIVE", false)];
        let finding = decide(&stub::launching(), &gone, &missing, since, stub::at(4000));
        assert_eq!(finding.verdict, Verdict::Never, "no agent, no daemon");
    }

    #[test]
    fn the_reason_says_what_is_waited_for_and_for_how_long() {
        let registering = registration("REGISTERING", false);
        for (seen, reason) in [
            (
                vec![],
                "Waiting for the instance to register (1m02s). Deadline in 13m58s.",
            ),
            (
                vec![registering],
                "Waiting for the instance to join: REGISTERING, agent not connected (1m02s). Deadline in 13m58s.",
            ),
            (
                vec![registration("ACTIVE", true)],
                "Joined: ACTIVE, agent connected (1m02s).",
            ),
        ] {
            let finding = decide(&stub::launching(), &seen, &[], None, stub::at(62));
            assert_eq!(finding.reason, reason);
        }
        let never = decide(&stub::launching(), &[], &[], None, stub::at(950)).reason;
        assert_eq!(
            never,
            "i-0123456789abcdef0 did not join cluster DevCluster within 15m00s: not registered. Check the ECS agent's log, \
             the instance profile and the network route to the ECS endpoints."
        );
    }
}
