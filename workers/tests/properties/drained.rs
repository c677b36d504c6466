//! Are its tasks STOPPED? Nothing but that lets an instance go.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workers::drained::{Seen, decide};
use workers::model::cluster::ContainerInstanceStatus::Active;
use workers::model::cluster::Task;
use workers::model::{Policy, TaskArn, Verdict};

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
            arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/c/{n}")),
            group,
            last_status: last_status.to_owned(),
            wanted,
            since: since.map(at),
        })
        .collect()
    })
}

fn seen() -> impl Strategy<Value = Seen> {
    (registrations(), tasks()).prop_map(|(registrations, tasks)| Seen {
        registrations,
        tasks,
    })
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
        let again = seen.registrations.iter().any(|one| one.status == Active);
        prop_assert_eq!(decision.finding.verdict == Verdict::Reached, empty && !again);
        prop_assert_eq!(decision.finding.extra.policy, Some(subject.settings.policy));
    }

    #[test]
    fn tasks_are_stopped_only_by_the_policy_after_the_deadline(
        subject in subject("terminate"), seen in seen(), now in seconds(),
    ) {
        let decision = decide(&subject, &seen, at(now));
        for arn in &decision.stop {
            prop_assert_eq!(subject.settings.policy, Policy::StopTasks);
            prop_assert!(at(now) >= subject.drain_deadline());
            let mut those = seen.tasks.iter().filter(|task| &task.arn == arn);
            prop_assert!(those.all(|task| task.wanted && !is_done(task)));
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
        prop_assert!(then == before || then == Verdict::Reached, "{:?} became {:?}", before, then);
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
            let other = decide(&subject, &Seen { registrations, tasks, ..seen.clone() }, at(now));
            prop_assert_eq!(other.finding.verdict, decision.finding.verdict);
            prop_assert_eq!(stops(&other.stop), stops(&decision.stop));
        }
    }
}
