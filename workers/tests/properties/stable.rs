//! May it go on? A leaving instance when no service is worse off, a new one when no drain holds it.

use proptest::prelude::*;
use serde_json::json;
use workers::config::{DrainStart, History};
use workers::model::cluster::{Service, ServiceCounts, ServiceTerms};
use workers::model::group::{GroupInstance, LifecycleState, StackState};
use workers::model::{InstanceId, ServiceName, Verdict};
use workers::stable::{decide_leaving, decide_new};

use super::config;
use super::subject::{at, may_become, rearranged, seconds, subject};

fn counts(service: usize) -> impl Strategy<Value = ServiceCounts> {
    (0..3_i64, 0..5_i64, 0..3_i64, 0..5_i64).prop_map(
        move |(deployments, running, pending, desired)| {
            let service = ServiceName::new(format!("s{service}"));
            ServiceCounts {
                service,
                deployments,
                running,
                pending,
                desired,
            }
        },
    )
}

/// Services of different names, each with what was noted of it before the drain, if anything was.
fn services() -> impl Strategy<Value = Vec<(Service, Option<ServiceCounts>)>> {
    let service = |n| {
        let created = prop::option::of(seconds());
        (
            any::<bool>(),
            created,
            counts(n),
            prop::option::of(counts(n)),
        )
            .prop_map(|(active, created, counts, before)| {
                (
                    Service {
                        active,
                        created: created.map(at),
                        counts,
                        terms: ServiceTerms::default(),
                    },
                    before,
                )
            })
    };
    (0..5_usize).prop_flat_map(move |count| (0..count).map(service).collect::<Vec<_>>())
}

fn begun(unstable: &[ServiceCounts], deleting: bool) -> DrainStart {
    let answer = json!({"draining": {
        "since": at(10), "unstable": unstable, "services": [], "stackDeleting": deleting,
    }});
    let history = History::read(&answer);
    history.drain_begun().expect("draining's answer").clone()
}

fn split(seen: Vec<(Service, Option<ServiceCounts>)>) -> (Vec<Service>, Vec<ServiceCounts>) {
    let (services, before): (Vec<_>, Vec<_>) = seen.into_iter().unzip();
    (services, before.into_iter().flatten().collect())
}

fn group() -> impl Strategy<Value = Vec<GroupInstance>> {
    let state = prop::sample::select(vec![
        "Pending",
        "Pending:Wait",
        "Pending:Proceed",
        "InService",
        "Terminating",
        "Terminating:Wait",
        "Terminating:Proceed",
        "Terminating:Retained",
        "Standby",
        "Detached",
        "Warmed:Stopped",
        "Warmed:Pending:Wait",
        "Warmed:Pending:Retained",
    ]);
    let from = prop::option::of(prop::sample::select(vec!["lt-1:1", "lt-1:2"]));
    prop::collection::vec((state, from), 0..6).prop_map(|seen| {
        let seen = seen.into_iter().enumerate();
        seen.map(|(n, (state, from))| GroupInstance {
            instance: InstanceId::new(format!("i-other{n}")),
            state: LifecycleState::from_name(state),
            launched_from: from.map(str::to_owned),
        })
        .collect()
    })
}

fn stack() -> impl Strategy<Value = StackState> {
    let status = prop::sample::select(vec![
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    ]);
    prop_oneof![
        status.prop_map(StackState::from_name),
        Just(StackState::Absent)
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn leaving_is_reached_only_if_no_service_is_worse_off(
        subject in subject("terminate"), seen in services(), deleting in any::<bool>(), now in seconds(),
    ) {
        let (services, before) = split(seen.clone());
        let finding = decide_leaving(&subject, &begun(&before, deleting), &services, at(now));
        let worse = seen.iter().any(|(service, before)| {
            let older = service.created.is_none_or(|created| created <= at(10));
            service.active && older && service.counts.is_worse_than(before.as_ref())
        });
        prop_assert_eq!(finding.verdict == Verdict::Reached, deleting || !worse);
    }

    #[test]
    fn leaving_time_alone_only_turns_not_yet_into_never(
        subject in subject("terminate"), seen in services(), now in seconds(), more in 0..200_000_i64,
    ) {
        let (services, before) = split(seen);
        let begun = begun(&before, false);
        let first = decide_leaving(&subject, &begun, &services, at(now)).verdict;
        let then = decide_leaving(&subject, &begun, &services, at(now + more)).verdict;
        prop_assert!(may_become(first, then), "{:?} became {:?}", first, then);
    }

    #[test]
    fn leaving_the_order_of_the_lists_and_a_doubled_entry_change_nothing(
        subject in subject("terminate"), seen in services(), now in seconds(), order in any::<u64>(),
    ) {
        let (services, before) = split(seen);
        let verdict = decide_leaving(&subject, &begun(&before, false), &services, at(now)).verdict;
        for (services, before) in rearranged(&services, order).into_iter().zip(rearranged(&before, order)) {
            let other = decide_leaving(&subject, &begun(&before, false), &services, at(now));
            prop_assert_eq!(other.verdict, verdict);
        }
    }

    #[test]
    fn new_is_never_let_past_a_drain_of_the_roll(
        subject in subject("launch"), group in group(), stack in stack(), now in seconds(), more in 0..200_000_i64,
    ) {
        let mut group = group;
        group.push(GroupInstance {
            instance: subject.action.instance.clone(),
            state: LifecycleState::PendingWait,
            launched_from: Some("lt-1:2".to_owned()),
        });
        let verdict = decide_new(&subject, &group, &[], &stack, at(now)).verdict;
        let is_draining = group.iter().any(|one| one.state.is_draining());
        let operation = matches!(stack, StackState::Updating | StackState::Busy(_));
        let failed = group.iter().any(|one| one.state.is_retained());
        prop_assert!(!(is_draining && operation && verdict == Verdict::Reached));
        prop_assert_eq!(verdict == Verdict::Never, failed && stack == StackState::Updating);
        prop_assert_eq!(decide_new(&subject, &group, &[], &stack, at(now + more)).verdict, verdict);
    }

    #[test]
    fn new_the_order_of_the_list_and_a_doubled_entry_change_nothing(
        subject in subject("launch"), group in group(), stack in stack(), now in seconds(), order in any::<u64>(),
        own in prop::option::of(prop::sample::select(vec!["Pending", "Pending:Wait", "InService", "Terminating"])),
    ) {
        let mut group = group;
        group.extend(own.map(|state| GroupInstance {
            instance: subject.action.instance.clone(),
            state: LifecycleState::from_name(state),
            launched_from: None,
        }));
        let verdict = decide_new(&subject, &group, &[], &stack, at(now)).verdict;
        prop_assert!(own.is_some() || verdict == Verdict::Over);
        for other in rearranged(&group, order) {
            prop_assert_eq!(decide_new(&subject, &other, &[], &stack, at(now)).verdict, verdict);
        }
    }
}
