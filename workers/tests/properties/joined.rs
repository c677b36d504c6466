//! Has it joined? Only by a good registration, in whatever order the list came.

use proptest::prelude::*;
use workers::joined::decide;
use workers::model::Verdict;
use workers::model::cluster::ContainerInstanceStatus::Active;

use super::config;
use super::subject::{at, may_become, rearranged, registrations, seconds, subject};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reached_is_a_good_registration_and_nothing_else(
        subject in subject("launch"), seen in registrations(), now in seconds(),
    ) {
        let finding = decide(&subject, &seen, at(now));
        let good = seen.iter().any(|one| one.status == Active && one.agent_connected);
        prop_assert_eq!(finding.verdict == Verdict::Reached, good);
        prop_assert!(finding.verdict != Verdict::NotYet || finding.deadline > Some(at(now)));
    }

    #[test]
    fn time_alone_only_turns_not_yet_into_never(
        subject in subject("launch"), seen in registrations(), now in seconds(), more in 0..200_000_i64,
    ) {
        let first = decide(&subject, &seen, at(now)).verdict;
        let then = decide(&subject, &seen, at(now + more)).verdict;
        prop_assert!(may_become(first, then), "{:?} became {:?}", first, then);
    }

    #[test]
    fn the_order_of_the_list_and_a_doubled_entry_change_nothing(
        subject in subject("launch"), seen in registrations(), now in seconds(), order in any::<u64>(),
    ) {
        let verdict = decide(&subject, &seen, at(now)).verdict;
        for other in rearranged(&seen, order) {
            prop_assert_eq!(decide(&subject, &other, at(now)).verdict, verdict);
        }
    }
}
