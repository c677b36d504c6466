//! Is it DRAINING? Every live registration is drained, and only what is no member is let go.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workers::draining::{Step, conclude, decide};
use workers::model::Verdict;
use workers::model::cluster::ContainerInstance;
use workers::model::cluster::ContainerInstanceStatus::{Active, Draining, Registering};

use super::config;
use super::subject::{at, may_become, rearranged, registrations, seconds, subject};

/// What a step says, without the order of its lists and without its words.
fn essence(step: &Step) -> (Option<Verdict>, BTreeSet<String>, BTreeSet<String>) {
    let set = |arns: &[workers::model::ContainerInstanceArn]| {
        arns.iter().map(ToString::to_string).collect()
    };
    match step {
        Step::Done(finding) => (Some(finding.verdict), BTreeSet::new(), BTreeSet::new()),
        Step::Drain { active, draining } => (None, set(active), set(draining)),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_member_is_let_go_by_this_step(
        subject in subject("terminate"), seen in registrations(), now in seconds(),
    ) {
        let with = |status| seen.iter().filter(|one: &&ContainerInstance| one.status == status).count();
        match decide(&subject, &seen, at(now)) {
            Step::Drain { active, draining } => {
                prop_assert!(!active.is_empty() || !draining.is_empty());
                prop_assert_eq!(active.len(), with(Active));
                prop_assert_eq!(draining.len(), with(Draining));
            }
            Step::Done(finding) => {
                prop_assert_eq!(with(Active) + with(Draining), 0);
                prop_assert_eq!(finding.verdict == Verdict::Reached, with(Registering) == 0);
                let let_go = (finding.verdict == Verdict::Reached).then_some(false);
                prop_assert_eq!(finding.extra.member, let_go);
            }
        }
    }

    #[test]
    fn time_alone_only_turns_not_yet_into_never(
        subject in subject("terminate"), seen in registrations(), now in seconds(), more in 0..200_000_i64,
    ) {
        let (first, ..) = essence(&decide(&subject, &seen, at(now)));
        let (then, ..) = essence(&decide(&subject, &seen, at(now + more)));
        match (first, then) {
            (Some(first), Some(then)) => prop_assert!(may_become(first, then)),
            (first, then) => prop_assert_eq!(first, then),
        }
    }

    #[test]
    fn the_order_of_the_list_and_a_doubled_entry_change_nothing(
        subject in subject("terminate"), seen in registrations(), now in seconds(), order in any::<u64>(),
    ) {
        let step = essence(&decide(&subject, &seen, at(now)));
        for other in rearranged(&seen, order) {
            prop_assert_eq!(&essence(&decide(&subject, &other, at(now))), &step);
        }
    }

    #[test]
    fn it_is_reached_only_if_ecs_answered_draining_for_each(
        subject in subject("terminate"), updated in registrations(), now in seconds(), asked in 0..5_usize,
    ) {
        let active: Vec<_> = (0..asked).map(|n| workers::model::ContainerInstanceArn::new(format!("arn:{n}"))).collect();
        let all = active.iter().all(|arn| {
            updated.iter().any(|one| &one.arn == arn && one.status == Draining)
        });
        let finding = conclude(&subject, active, Vec::new(), Vec::new(), &updated, at(now));
        prop_assert_eq!(finding.verdict == Verdict::Reached, all);
    }
}
