//! What each rule about checks lets pass, and what it does not.

use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;
use workers::model::Verdict;

use super::Check;
use crate::invariants::Invariant;
use crate::{InvariantChecker, Terms};
use aws::account::Account;

const INSTANCE: &str = "i-00000000000000001";

/// Seconds after the event of the execution.
fn at(seconds: u64) -> Timestamp {
    let began: Timestamp = "2026-01-05T03:00:00Z".parse().expect("a time");
    began + Duration::from_secs(seconds)
}

struct Scene {
    account: Account,
    checker: InvariantChecker,
}

impl Scene {
    /// An execution for an instance of an empty account.
    fn new(policy: &str) -> Self {
        let terms = Terms {
            managed_draining: false,
            stack: "ecs-cluster".to_owned(),
            batch: 1,
            drain_deadline: Duration::from_secs(900),
            policy: policy.to_owned(),
            join_deadline: Duration::from_secs(600),
            agent_limit: Duration::from_secs(300),
            keeps_standalone: false,
            waits_for_daemons: true,
            latency: Duration::ZERO,
            in_turns: false,
        };
        let checker = InvariantChecker::new(terms);
        checker
            .lock()
            .checks
            .starts("e", at(0), "autoscaling:EC2_INSTANCE_LAUNCHING");
        Self {
            account: aws::services::account(at(0), 1),
            checker,
        }
    }

    /// `worker` answers after a second's run that ends then.
    fn check(&self, worker: Worker, seconds: u64, verdict: &str) {
        let check = Check {
            at: at(seconds),
            lasted: Duration::from_secs(1),
            worker,
            execution: "e",
            instance: INSTANCE,
            verdict: Verdict::named(verdict),
        };
        self.checker.lock().check_answered(&self.account, check);
    }

    /// Something about the instance has just changed: a check has something to wait for.
    fn changes(&self, seconds: u64) {
        let mut inner = self.checker.lock();
        inner.checks.instance_changes(at(seconds), INSTANCE);
        inner.checks.service_changes(at(seconds));
        inner.checks.group_changes(at(seconds));
    }

    /// A check that waits for a change.
    fn waits(&self, worker: Worker, seconds: u64) {
        self.changes(seconds);
        self.check(worker, seconds, "NotYet");
    }

    /// A drain that is admitted then.
    fn admitted(policy: &str, seconds: u64) -> Self {
        let scene = Self::new(policy);
        scene.changes(seconds);
        scene.check(Worker::Draining, seconds, "Reached");
        scene
    }

    /// A worker of activities serves the executions.
    fn in_turns(self) -> Self {
        self.checker.lock().terms.in_turns = true;
        self
    }

    fn violated(&self) -> Vec<Invariant> {
        let inner = self.checker.lock();
        let violations = inner.tally.violations.iter();
        violations.map(|violation| violation.invariant).collect()
    }
}

#[test]
fn the_next_look_comes_within_the_pace_of_its_phase() {
    for (second, violated) in [(25, vec![]), (50, vec![Invariant::NoticedInTime])] {
        let scene = Scene::new("retain");
        scene.waits(Worker::Joined, 10);
        scene.waits(Worker::Joined, second);
        assert_eq!(scene.violated(), violated, "{second}");
    }
    // Late in a phase a check may come later: 1,000 s into it after 66 s, and some for the states
    // between.
    for (second, violated) in [(1_080, vec![]), (1_100, vec![Invariant::NoticedInTime])] {
        let scene = Scene::admitted("stop-tasks", 900);
        let mut time = 1;
        while time < 1_000 {
            scene.waits(Worker::Drained, time);
            time += 1 + time / 15 + 5;
        }
        scene.waits(Worker::Drained, 1_001);
        scene.waits(Worker::Drained, second);
        assert_eq!(scene.violated(), violated, "{second}");
    }
}

#[test]
fn the_next_look_is_later_by_the_polls_that_failed() {
    // Without a failed poll an activity worker has 5 s to wait, 15 s between states, 60 s for the
    // question before.
    let late = vec![Invariant::NoticedInTime];
    for (failed, second, violated) in [
        (0, 90, vec![]),
        (0, 100, late.clone()),
        (2, 130, vec![]),
        (2, 140, late),
    ] {
        let scene = Scene::new("retain").in_turns();
        scene.waits(Worker::Joined, 10);
        for poll in 0..failed {
            scene.checker.lock().checks.poll_fails(at(20 + poll));
        }
        scene.checker.lock().checks.poll_fails(at(200));
        scene.waits(Worker::Joined, second);
        assert_eq!(scene.violated(), violated, "{failed} polls, {second} s");
    }
}

#[test]
fn looks_do_not_come_more_often_than_needed() {
    let scene = Scene::new("retain");
    for second in 1..=8 {
        scene.waits(Worker::Joined, 3 * second);
    }
    assert_eq!(scene.violated(), []);
    scene.waits(Worker::Joined, 27);
    assert_eq!(scene.violated(), [Invariant::WithinBudget]);
}

#[test]
fn a_wait_has_something_to_wait_for() {
    // No task is left, and none has been for long.
    let scene = Scene::admitted("retain", 10);
    scene.check(Worker::Drained, 20, "NotYet");
    assert_eq!(scene.violated(), [], "what is read may be old");
    scene.check(Worker::Drained, 30, "NotYet");
    assert_eq!(scene.violated(), [Invariant::NoticedInTime]);
}

#[test]
fn a_new_instance_waits_only_for_drains() {
    let scene = Scene::new("retain");
    scene.changes(1);
    scene.check(Worker::Stable, 20, "NotYet");
    scene.check(Worker::Stable, 30, "NotYet");
    assert_eq!(scene.violated(), [Invariant::NoticedInTime]);
}

#[test]
fn a_deadline_strikes_in_time() {
    for (policy, last, violated) in [
        ("retain", 905, vec![]),
        ("retain", 960, vec![Invariant::NoticedInTime]),
        ("stop-tasks", 960, vec![]),
        ("stop-tasks", 1_860, vec![Invariant::NoticedInTime]),
    ] {
        // It counts from the admission.
        let scene = Scene::admitted(policy, 30);
        scene.waits(Worker::Drained, last + 30);
        assert_eq!(scene.violated(), violated, "{policy}, {last}");
    }
    let scene = Scene::new("retain");
    scene.waits(Worker::Joined, 620);
    assert_eq!(scene.violated(), [Invariant::NoticedInTime]);
}

#[test]
fn a_drain_fails_only_after_its_deadline_counted_from_its_admission() {
    for (policy, last, violated) in [
        ("retain", 800, vec![Invariant::RetainedForCause]),
        ("retain", 900, vec![]),
        ("stop-tasks", 900, vec![Invariant::RetainedForCause]),
        ("stop-tasks", 1_800, vec![]),
    ] {
        let scene = Scene::admitted(policy, 300);
        scene.changes(last + 300);
        scene.check(Worker::Drained, last + 300, "Never");
        assert_eq!(scene.violated(), violated, "{policy}, {last}");
    }
}

#[test]
fn a_drain_fails_only_with_something_left() {
    let scene = Scene::admitted("retain", 30);
    scene.changes(900);
    scene.check(Worker::Drained, 940, "Never");
    assert_eq!(scene.violated(), [Invariant::RetainedForCause]);
}

#[test]
fn a_drain_whose_agent_is_gone_fails_after_the_limit_for_that() {
    for (last, violated) in [(299, vec![Invariant::RetainedForCause]), (340, vec![])] {
        let scene = Scene::admitted("retain", 10);
        scene
            .checker
            .lock()
            .agentless
            .insert(INSTANCE.to_owned(), at(30));
        scene.changes(last);
        scene.check(Worker::Drained, last, "Never");
        assert_eq!(scene.violated(), violated, "{last}");
    }
}

#[test]
fn a_launch_is_abandoned_only_after_its_join_deadline() {
    for (last, violated) in [(500, vec![Invariant::AbandonedForCause]), (600, vec![])] {
        let scene = Scene::new("retain");
        scene.changes(last);
        scene.check(Worker::Joined, last, "Never");
        assert_eq!(scene.violated(), violated, "{last}");
    }
}

#[test]
fn a_rollout_is_stopped_only_after_a_drain_that_failed() {
    for (retained, violated) in [(false, vec![Invariant::RetainedForCause]), (true, vec![])] {
        let scene = Scene::new("retain");
        if retained {
            let mut inner = scene.checker.lock();
            inner.ever_retained.insert("i-2".to_owned());
        }
        scene.changes(30);
        scene.check(Worker::Stable, 30, "Never");
        assert_eq!(scene.violated(), violated);
    }
}

#[test]
fn an_execution_that_failed_names_what_happened() {
    for (error, cause, violated) in [
        ("DrainFailed", "did not drain", vec![]),
        ("DrainFailed", "", vec![Invariant::FailuresExplained]),
        (
            "LaunchAbandoned",
            "did not join",
            vec![Invariant::FailuresExplained],
        ),
        (
            "HookLeftOpen",
            "throttled",
            vec![Invariant::FailuresExplained],
        ),
        (
            "States.Runtime",
            "no such path",
            vec![Invariant::FailuresExplained],
        ),
    ] {
        let scene = Scene::admitted("retain", 0);
        scene.changes(900);
        scene.check(Worker::Drained, 900, "Never");
        scene.checker.lock().failed(at(901), "e", error, cause);
        assert_eq!(scene.violated(), violated, "{error}");
    }
    let scene = Scene::new("retain");
    scene.checker.lock().checks.errs("e");
    scene
        .checker
        .lock()
        .failed(at(901), "e", "HookLeftOpen", "throttled");
    assert_eq!(scene.violated(), []);
}

#[test]
fn an_answer_takes_no_more_calls_than_its_budget() {
    for (calls, violated) in [(60, vec![]), (61, vec![Invariant::WithinBudget])] {
        let scene = Scene::new("retain");
        let mut inner = scene.checker.lock();
        for _ in 0..10 {
            inner.checks.usage.invokes("dev-joined");
        }
        for _ in 0..calls {
            inner
                .checks
                .usage
                .calls(&scene.account, "dev-joined", "DescribeServices");
        }
        inner.stays_within_budget();
        drop(inner);
        assert_eq!(scene.violated(), violated, "{calls}");
    }
}

#[test]
fn heartbeats_are_neither_missing_nor_more_than_needed() {
    for (sent, violated) in [(28, vec![]), (29, vec![Invariant::WithinBudget])] {
        let scene = Scene::new("retain");
        let mut inner = scene.checker.lock();
        for _ in 0..sent {
            let action = "RecordLifecycleActionHeartbeat";
            inner
                .checks
                .usage
                .calls(&scene.account, "dev-drained", action);
        }
        inner.checks.usage.allows(Duration::from_secs(3000));
        inner.stays_within_budget();
        drop(inner);
        assert_eq!(scene.violated(), violated, "{sent}");
    }
    for (silent, violated) in [(200, vec![]), (230, vec![Invariant::WithinBudget])] {
        let scene = Scene::new("retain");
        let before = super::ExecutionChecks {
            heartbeat: Some((at(0), Duration::from_secs(600))),
            ..scene.checker.lock().checks.executions["e"].clone()
        };
        let check = Check {
            at: at(silent + 1),
            lasted: Duration::from_secs(1),
            worker: Worker::Drained,
            execution: "e",
            instance: INSTANCE,
            verdict: Some(Verdict::NotYet),
        };
        scene.checker.lock().heartbeats_are_sent(check, &before);
        assert_eq!(scene.violated(), violated, "{silent}");
    }
}
