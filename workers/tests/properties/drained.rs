//! Are its tasks STOPPED? Nothing but that lets an instance go.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workers::drained::{Observation, decide};
use workers::model::cluster::ContainerInstanceStatus::Active;
use workers::model::cluster::{Task, current};
use workers::model::drain_options::StandaloneTaskPolicy::{SkipInstance, Stop};
use workers::model::{DrainBlockers, Policy, ProtectedTask, ServiceName, TaskArn, Verdict, later};

use super::config;
use super::subject::{at, may_become, rearranged, registrations, seconds, subject};

fn tasks() -> impl Strategy<Value = Vec<Task>> {
    let status = prop::sample::select(vec![
        "PROVISIONING",
        "PENDING",
        "ACTIVATING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
        "STOPPED",
        "STOPPED",
        "DELETED",
        "",
        "UNKNOWN",
    ]);
    let task = (
        status,
        any::<bool>(),
        prop::option::of(seconds()),
        "(service:)?[a-z]{0,4}",
    );
    prop::collection::vec(task, 0..8).prop_map(|seen| {
        let seen = seen.into_iter().enumerate();
        seen.map(|(n, (last_status, wanted, since, group))| Task {
            arn: arn(n),
            group,
            last_status: last_status.to_owned(),
            wanted,
            since: since.map(at),
            stopped_reason: None,
        })
        .collect()
    })
}

fn seen() -> impl Strategy<Value = Observation> {
    let daemons = prop::collection::vec("[a-z]{0,2}", 0..3);
    let gone = prop::option::of(seconds());
    let protected = prop::option::of(prop::collection::vec((0..8_usize, seconds()), 0..4));
    (registrations(), tasks(), daemons, gone, protected).prop_map(
        |(registrations, tasks, daemons, gone, protected)| Observation {
            registrations,
            tasks,
            daemons: daemons.into_iter().map(ServiceName::new).collect(),
            agent_gone_since: gone.map(at),
            hindrances: protected.map(|protected| DrainBlockers {
                asked_at: at(0),
                protected: protected
                    .into_iter()
                    .map(|(n, until)| ProtectedTask {
                        task: arn(n),
                        until: at(until),
                    })
                    .collect(),
                services: Vec::new(),
            }),
            stack_deleting: false,
        },
    )
}

fn arn(n: usize) -> TaskArn {
    TaskArn::new(format!("arn:aws:ecs:r:1:task/c/{n}"))
}

fn is_done(task: &Task) -> bool {
    ["STOPPED", "DELETED"].contains(&task.last_status.as_str())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reached_is_all_tasks_stopped_and_no_registration_active(
        subject in subject("terminate"), seen in seen(), now in seconds(),
    ) {
        let decision = decide(&subject, &seen, at(now));
        let empty = seen.tasks.iter().all(is_done);
        let again = current(&seen.registrations).any(|one| one.status == Active);
        prop_assert_eq!(decision.finding.verdict == Verdict::Reached, empty && !again);
        let policy = decision.finding.extra.policy;
        prop_assert!(policy == Some(subject.settings.policy) || policy == Some(Policy::Keep));
    }

    #[test]
    fn tasks_are_stopped_only_by_a_policy_after_its_deadline(
        subject in subject("terminate"), seen in seen(), now in seconds(),
    ) {
        let decision = decide(&subject, &seen, at(now));
        let cases = &subject.settings.cases;
        for arn in &decision.stop {
            let mut those = seen.tasks.iter().filter(|task| &task.arn == arn);
            let task = those.next().expect("one that was seen");
            prop_assert!(task.wanted && !is_done(task));
            let overdue = at(now) >= subject.drain_deadline();
            let by_drain = subject.settings.policy == Policy::StopTasks && overdue;
            // Standalone tasks cannot be protected: one of a service is never stopped before the
            // drain deadline.
            let alone = task.service().is_none();
            let by_limit = alone && cases.standalone == Stop && at(now) >= later(subject.began, cases.standalone_limit);
            prop_assert!(by_drain || by_limit);
            prop_assert!(!alone || cases.standalone != SkipInstance);
        }
        prop_assert!(decision.finding.verdict != Verdict::NotYet || decision.finding.deadline > Some(at(now)));
    }

    #[test]
    fn one_more_stopped_never_undoes_reached(
        subject in subject("terminate"), seen in seen(), now in seconds(), which in any::<prop::sample::Index>(),
    ) {
        let before = decide(&subject, &seen, at(now)).finding.verdict;
        let mut after = seen;
        if !after.tasks.is_empty() {
            let which = which.index(after.tasks.len());
            after.tasks[which].last_status = "STOPPED".to_owned();
        }
        let then = decide(&subject, &after, at(now)).finding.verdict;
        let kept = then == Verdict::Never && subject.settings.cases.standalone == SkipInstance;
        prop_assert!(then == before || then == Verdict::Reached || kept, "{:?} became {:?}", before, then);
    }

    #[test]
    fn nothing_is_let_go_before_the_deadline_because_its_agent_is_gone(
        subject in subject("terminate"), seen in seen(), now in seconds(),
    ) {
        let finding = decide(&subject, &seen, at(now)).finding;
        let policy = finding.extra.policy;
        let overdue = at(now) >= subject.drain_deadline();
        if finding.verdict == Verdict::Never && !overdue {
            // What the definition keeps under: anything but these two may let an instance go.
            prop_assert!(matches!(policy, Some(Policy::Retain | Policy::StopTasks | Policy::Keep)));
            let since = seen.agent_gone_since.map(|since| later(since, subject.settings.cases.agent_limit));
            prop_assert!(policy == Some(Policy::Keep) || since.is_some_and(|end| at(now) >= end));
        }
    }

    #[test]
    fn an_instance_is_kept_only_for_standalone_tasks_by_its_policy(
        subject in subject("terminate"), seen in seen(), now in seconds(),
    ) {
        let decision = decide(&subject, &seen, at(now));
        if decision.finding.extra.policy == Some(Policy::Keep) {
            prop_assert_eq!(decision.finding.verdict, Verdict::Never);
            prop_assert_eq!(subject.settings.cases.standalone, SkipInstance);
            prop_assert!(decision.stop.is_empty());
            prop_assert!(seen.tasks.iter().any(|task| !is_done(task) && task.service().is_none()));
        }
    }

    #[test]
    fn time_alone_only_turns_not_yet_into_never(
        subject in subject("terminate"), seen in seen(), now in seconds(), more in 0..200_000_i64,
    ) {
        let first = decide(&subject, &seen, at(now)).finding.verdict;
        let then = decide(&subject, &seen, at(now + more)).finding.verdict;
        prop_assert!(may_become(first, then), "{:?} became {:?}", first, then);
    }

    #[test]
    fn the_order_of_the_lists_and_a_doubled_entry_change_nothing(
        subject in subject("terminate"), seen in seen(), now in seconds(), order in any::<u64>(),
    ) {
        let decision = decide(&subject, &seen, at(now));
        let stops = |list: &[TaskArn]| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let registrations = rearranged(&seen.registrations, order);
        for (registrations, tasks) in registrations.into_iter().zip(rearranged(&seen.tasks, order)) {
            let other = decide(&subject, &Observation { registrations, tasks, ..seen.clone() }, at(now));
            prop_assert_eq!(other.finding.verdict, decision.finding.verdict);
            prop_assert_eq!(stops(&other.stop), stops(&decision.stop));
        }
    }
}
