//! What the checker must notice.

use std::time::Duration;

use super::{InstanceObservation, InvariantChecker, Terms};
use crate::invariants::Invariant;
use aws::account::Observer;
use aws::account::{Account, Caller};
use aws::ec2::TemplateVersion;
use aws::trace::{
    Cause, ContainerInstanceStatus, ExecutionEvent, LifecycleState, Record, StackStatus, TraceEvent,
};

const LIMIT: Duration = Duration::from_secs(600);

struct Scene {
    account: Account,
    checker: InvariantChecker,
}

impl Scene {
    /// A stack at `status`, with a batch of 2.
    fn new(status: &str) -> Self {
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let terms = Terms {
            managed_draining: false,
            stack: "ecs-cluster".to_owned(),
            batch: 2,
            drain_deadline: Duration::from_secs(3000),
            policy: "retain".to_owned(),
            join_deadline: Duration::from_secs(900),
            agent_limit: LIMIT,
            keeps_standalone: false,
            waits_for_daemons: true,
            latency: Duration::ZERO,
            in_turns: false,
        };
        let scene = Self {
            account: aws::services::account(now, 1),
            checker: InvariantChecker::new(terms),
        };
        scene.checker.begin_roll();
        scene.checker.lock().stack_status = StackStatus::named(status);
        scene
    }

    fn record(&mut self, event: TraceEvent) {
        let record = Record {
            at: self.account.now,
            event,
        };
        self.checker.observe(&self.account, &record);
    }

    fn moves(&mut self, instance: &str, state: &str) {
        let state = LifecycleState::named(state).expect("a state");
        self.record(TraceEvent::Lifecycle {
            group: "DevCluster".to_owned(),
            instance: instance.to_owned(),
            ami: "ami-1".to_owned(),
            state,
            reason: "".into(),
        });
    }

    fn registration(&mut self, instance: &str, status: &str, agent_connected: bool) {
        self.record(TraceEvent::ContainerInstance {
            cluster: "DevCluster".to_owned(),
            instance: instance.to_owned(),
            status: ContainerInstanceStatus::named(status).expect("a status"),
            agent_connected,
        });
    }

    fn drains(&mut self, instance: &str) {
        self.moves(instance, "Terminating");
        self.moves(instance, "Terminating:Wait");
        self.registration(instance, "DRAINING", true);
    }

    fn violated(&self) -> Vec<Invariant> {
        let inner = self.checker.lock();
        inner
            .tally
            .violations
            .iter()
            .map(|violation| violation.invariant)
            .collect()
    }
}

#[test]
fn a_second_batch_is_reported_though_more_drains_were_open_before_that_are_not_judged() {
    let mut scene = Scene::new("UPDATE_IN_PROGRESS");
    for n in 0..5 {
        let by_hand = format!("i-{n}");
        scene.checker.drained_by_hand(&by_hand);
        scene.drains(&by_hand);
    }
    assert_eq!(scene.violated(), []);
    for n in 0..5 {
        scene.moves(&format!("i-{n}"), "Terminated");
    }
    for n in 5..7 {
        scene.drains(&format!("i-{n}"));
    }
    assert_eq!(scene.violated(), []);
    scene.drains("i-7");
    assert_eq!(scene.violated(), [Invariant::OneBatchOfDrains]);
    // The same again is not worse.
    scene.moves("i-7", "Terminated");
    scene.drains("i-8");
    assert_eq!(scene.violated(), [Invariant::OneBatchOfDrains]);
}

#[test]
fn managed_draining_lets_batches_meet_only_where_others_launched_instances_meanwhile() {
    let mut scene = Scene::new("UPDATE_IN_PROGRESS");
    scene.checker.lock().terms.managed_draining = true;
    let told_to_go = |scene: &mut Scene, instance: &str| {
        scene.record(TraceEvent::Lifecycle {
            group: "DevCluster".to_owned(),
            instance: instance.to_owned(),
            ami: "ami-1".to_owned(),
            state: LifecycleState::Terminating,
            reason: (&Cause::UserRequest(None)).into(),
        });
        scene.moves(instance, "Terminating:Wait");
        scene.registration(instance, "DRAINING", true);
    };
    let scale_out = |scene: &mut Scene, error: Option<&str>| {
        scene.record(TraceEvent::ApiCall {
            caller: Caller::Operator,
            service: "autoscaling".to_owned(),
            action: "SetDesiredCapacity".to_owned(),
            error: error.map(str::to_owned),
        });
    };
    scale_out(&mut scene, None);
    for n in 0..3 {
        told_to_go(&mut scene, &format!("i-{n}"));
    }
    assert_eq!(scene.violated(), []);
    // The next operation has launched none but its own; a refused call changed nothing.
    scene.checker.lock().operation += 1;
    scale_out(&mut scene, Some("ValidationError"));
    for n in 3..6 {
        told_to_go(&mut scene, &format!("i-{n}"));
    }
    assert_eq!(scene.violated(), [Invariant::OneBatchOfDrains]);
}

#[test]
fn an_agent_that_has_just_gone_is_no_excuse() {
    let mut scene = Scene::new("DELETE_IN_PROGRESS");
    scene.drains("i-1");
    scene.registration("i-1", "DRAINING", false);
    let since = scene.account.now;
    let is_over = |at| scene.checker.lock().is_over_with_its_stack(at, "i-1");
    assert!(!is_over(since));
    assert!(!is_over(since + LIMIT - Duration::from_secs(1)));
    assert!(is_over(since + LIMIT));
}

#[test]
fn two_versions_of_one_ami_are_a_roll_that_is_not_over() {
    let mut scene = Scene::new("UPDATE_COMPLETE");
    for (instance, version) in [("i-1", 1), ("i-2", 2)] {
        scene.moves(instance, "InService");
        let version = TemplateVersion {
            id: "lt-1".to_owned(),
            name: "template".to_owned(),
            version,
        };
        let mut inner = scene.checker.lock();
        let seen: Option<&mut InstanceObservation> = inner.instances.get_mut(instance);
        seen.expect("it was told").launched_from = Some(version);
    }
    assert!(scene.checker.lock().is_at_it());
    scene.moves("i-1", "Terminated");
    assert!(!scene.checker.lock().is_at_it());
}

#[test]
fn an_execution_that_waits_in_a_deleted_activity_is_no_work_of_a_deleted_stack() {
    for (status, in_turns, pending) in [
        ("DELETE_COMPLETE", true, None),
        ("DELETE_COMPLETE", false, Some("execution e is running")),
        ("UPDATE_COMPLETE", true, Some("execution e is running")),
    ] {
        let mut scene = Scene::new(status);
        scene.checker.lock().terms.in_turns = in_turns;
        scene.record(TraceEvent::Execution {
            execution: "e".to_owned(),
            instance: "i-1".to_owned(),
            what: ExecutionEvent::Started,
        });
        assert_eq!(
            scene.checker.pending().as_deref(),
            pending,
            "{status} {in_turns}"
        );
    }
}
