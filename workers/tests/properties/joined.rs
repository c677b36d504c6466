//! Has it joined? Only by a good registration, in whatever order the list came.

use proptest::prelude::*;
use workers::joined::{Missing, decide};
use workers::model::cluster::ContainerInstanceStatus::Active;
use workers::model::{ServiceName, Verdict};

use super::config;
use super::subject::{at, may_become, rearranged, registrations, seconds, subject};

fn missing() -> impl Strategy<Value = Vec<Missing>> {
    let daemon = ("[a-z]{1,3}", prop::option::of("[a-z]{1,5}"));
    prop::collection::vec(daemon, 0..3).prop_map(|daemons| {
        let daemons = daemons.into_iter();
        daemons
            .map(|(name, excuse)| Missing {
                service: ServiceName::new(name),
                standing: String::new(),
                excuse,
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reached_is_a_good_registration_with_its_daemons_and_nothing_else(
        subject in subject("launch"), seen in registrations(), missing in missing(), now in seconds(),
    ) {
        let finding = decide(&subject, &seen, &missing, None, at(now));
        let good = seen.iter().any(|one| one.status == Active && one.agent_connected);
        let awaited = missing.iter().any(|daemon| daemon.excuse.is_none());
        prop_assert_eq!(finding.verdict == Verdict::Reached, good && !awaited);
        prop_assert!(finding.verdict != Verdict::NotYet || finding.deadline > Some(at(now)));
    }

    #[test]
    fn time_alone_only_turns_not_yet_into_never(
        subject in subject("launch"), seen in registrations(), missing in missing(), now in seconds(), more in 0..200_000_i64,
    ) {
        let first = decide(&subject, &seen, &missing, None, at(now)).verdict;
        let then = decide(&subject, &seen, &missing, None, at(now + more)).verdict;
        prop_assert!(may_become(first, then), "{:?} became {:?}", first, then);
    }

    #[test]
    fn the_order_of_the_list_and_a_doubled_entry_change_nothing(
        subject in subject("launch"), seen in registrations(), missing in missing(), now in seconds(), order in any::<u64>(),
    ) {
        let verdict = decide(&subject, &seen, &missing, None, at(now)).verdict;
        for other in rearranged(&seen, order) {
            prop_assert_eq!(decide(&subject, &other, &missing, None, at(now)).verdict, verdict);
        }
    }
}
