//! Each deadline of a drain that had to wait for its turn counts from when its turn came, and not
//! from its event; a launch waits for no turn, and its deadline counts from its event.

use jiff::Timestamp;
use serde_json::json;

use crate::config::History;
use crate::config::{DrainStart, read_event};
use crate::drained::{self, STOP_GRACE};
use crate::draining::{self, Step};
use crate::model::cluster::{
    ContainerInstance, ContainerInstanceStatus, Service, ServiceCounts, ServiceTerms, Task,
};
use crate::model::drain_options::StandaloneTaskPolicy;
use crate::model::{ContainerInstanceArn, Policy, ServiceName, Subject, TaskArn, Verdict};
use crate::{joined, stable, stub};

/// When the turn came, in seconds after the event.
const TURN: i64 = 1000;

/// A leaving instance with this policy, whose turn came late, as an earlier answer of draining
/// says.
fn admitted(policy: Policy) -> Subject {
    let mut input = stub::event("terminate");
    input["draining"] = json!({"turn": {"cameAt": stub::at(TURN)}});
    let mut subject = read_event(&input).subject().expect("a good event");
    assert_eq!(subject.turn_came, Some(stub::at(TURN)));
    subject.settings.policy = policy;
    subject
}

/// An instance that is DRAINING, with one task of a service, or one that is standalone.
fn seen(group: &str) -> drained::Observation {
    drained::Observation {
        registrations: vec![registration(ContainerInstanceStatus::Draining)],
        tasks: vec![Task {
            arn: TaskArn::new("t"),
            group: group.to_owned(),
            last_status: "RUNNING".to_owned(),
            wanted: true,
            since: None,
            stopped_reason: None,
        }],
        ..drained::Observation::default()
    }
}

fn registration(status: ContainerInstanceStatus) -> ContainerInstance {
    ContainerInstance {
        arn: ContainerInstanceArn::new("c"),
        status,
        agent_connected: true,
        termination_requested_at: None,
    }
}

/// The verdict at this time, how many tasks are stopped, and when the next look is due at the
/// latest.
fn drains(subject: &Subject, group: &str, seconds: i64) -> (Verdict, usize, Option<Timestamp>) {
    let decision = drained::decide(subject, &seen(group), stub::at(seconds));
    let finding = decision.finding;
    (finding.verdict, decision.stop.len(), finding.deadline)
}

#[test]
fn a_drain_fails_its_whole_deadline_after_its_turn_came() {
    for policy in [Policy::Retain, Policy::Terminate] {
        let subject = admitted(policy);
        let end = TURN + 3000;
        for seconds in [3000, end - 1] {
            let waits = (Verdict::NotYet, 0, Some(stub::at(end)));
            assert_eq!(drains(&subject, "service:web", seconds), waits);
        }
        assert_eq!(drains(&subject, "service:web", end).0, Verdict::Never);
    }
}

#[test]
fn tasks_are_stopped_at_that_deadline_and_have_their_grace_after_it() {
    let subject = admitted(Policy::StopTasks);
    let end = TURN + 3000;
    let grace = end + STOP_GRACE.as_secs();
    for (seconds, expected) in [
        (3000, (Verdict::NotYet, 0, Some(stub::at(end)))),
        (end - 1, (Verdict::NotYet, 0, Some(stub::at(end)))),
        (end, (Verdict::NotYet, 1, Some(stub::at(grace)))),
        (grace - 1, (Verdict::NotYet, 1, Some(stub::at(grace)))),
        (grace, (Verdict::Never, 0, None)),
    ] {
        let decided = drains(&subject, "service:web", seconds);
        assert_eq!(decided, expected, "at {seconds} s");
    }
}

#[test]
fn standalone_tasks_are_stopped_their_limit_after_the_turn_came() {
    let mut subject = admitted(Policy::Retain);
    subject.settings.cases.standalone = StandaloneTaskPolicy::Stop;
    let limit = TURN + subject.settings.cases.standalone_limit.as_secs();
    for (seconds, expected) in [
        (limit - TURN, (Verdict::NotYet, 0, Some(stub::at(limit)))),
        (limit - 1, (Verdict::NotYet, 0, Some(stub::at(limit)))),
        (limit, (Verdict::NotYet, 1, Some(stub::at(TURN + 3000)))),
    ] {
        let decided = drains(&subject, "family:job", seconds);
        assert_eq!(decided, expected, "at {seconds} s");
    }
}

#[test]
fn an_instance_is_kept_at_that_deadline_under_terminate() {
    let mut subject = admitted(Policy::Terminate);
    subject.settings.cases.standalone = StandaloneTaskPolicy::SkipInstance;
    let mut both = seen("family:job");
    both.tasks.extend(seen("service:web").tasks);
    for (seconds, policy) in [(3000, Policy::Terminate), (TURN + 3000, Policy::Keep)] {
        let finding = drained::decide(&subject, &both, stub::at(seconds)).finding;
        assert_eq!(finding.extra.policy, Some(policy), "at {seconds} s");
    }
}

#[test]
fn an_agent_s_limit_counts_from_when_it_went() {
    let subject = admitted(Policy::Retain);
    let mut seen = seen("service:web");
    seen.agent_gone_since = Some(stub::at(1500));
    let end = 1500 + subject.settings.cases.agent_limit.as_secs();
    for (seconds, verdict) in [(end - 1, Verdict::NotYet), (end, Verdict::Never)] {
        let finding = drained::decide(&subject, &seen, stub::at(seconds)).finding;
        assert_eq!(finding.verdict, verdict, "at {seconds} s");
    }
}

#[test]
fn setting_it_draining_fails_at_that_deadline() {
    let subject = admitted(Policy::Retain);
    let registering = [registration(ContainerInstanceStatus::Registering)];
    for (seconds, verdict) in [
        (3000, Verdict::NotYet),
        (TURN + 2999, Verdict::NotYet),
        (TURN + 3000, Verdict::Never),
    ] {
        let now = stub::at(seconds);
        let Step::Done(finding) = draining::decide(&subject, &registering, now) else {
            panic!("it drains");
        };
        assert_eq!(finding.verdict, verdict, "at {seconds} s");
        let refused = vec![ContainerInstanceArn::new("c")];
        let finding = draining::conclude(&subject, refused, vec![], vec![], &[], now);
        assert_eq!(finding.verdict, verdict, "not set, at {seconds} s");
    }
}

#[test]
fn services_have_until_that_deadline() {
    let subject = admitted(Policy::Retain);
    let mut input = stub::event("terminate");
    input["draining"] = json!({"since": stub::at(1), "unstable": [], "services": ["web"], "containerInstances": ["c"]});
    let history = History::read(&input);
    let begun: &DrainStart = history.drain_begun().expect("an answer of draining");
    let short = Service {
        active: true,
        created: None,
        counts: ServiceCounts {
            service: ServiceName::new("web"),
            deployments: 1,
            running: 1,
            pending: 0,
            desired: 2,
        },
        terms: ServiceTerms::default(),
    };
    for (seconds, verdict) in [
        (3000, Verdict::NotYet),
        (TURN + 2999, Verdict::NotYet),
        (TURN + 3000, Verdict::Never),
    ] {
        let services = std::slice::from_ref(&short);
        let finding = stable::decide_leaving(&subject, begun, services, stub::at(seconds));
        assert_eq!(finding.verdict, verdict, "at {seconds} s");
    }
}

#[test]
fn a_launch_has_its_deadline_from_its_event_on() {
    let mut subject = stub::launching();
    subject.turn_came = Some(stub::at(TURN));
    for (seconds, verdict) in [(899, Verdict::NotYet), (900, Verdict::Never)] {
        let finding = joined::decide(&subject, &[], &[], None, stub::at(seconds));
        assert_eq!(finding.verdict, verdict, "at {seconds} s");
    }
}
