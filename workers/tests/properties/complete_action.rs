//! What CloudFormation is told: SUCCESS only of an instance that was let in and lives.

use proptest::prelude::*;
use workers::cloudformation::Signal;
use workers::complete_action::{Decision, Observation, decide};
use workers::model::group::LifecycleState;

use super::config;
use super::subject::subject;

fn seen() -> impl Strategy<Value = Observation> {
    let state = prop_oneof![
        prop::sample::select(vec![
            "Pending",
            "Pending:Wait",
            "Pending:Proceed",
            "InService",
            "Terminating",
            "Terminating:Wait",
            "Terminating:Proceed",
            "Terminating:Retained",
        ])
        .prop_map(str::to_owned),
        ".{0,20}",
    ];
    let gone = prop::option::of(state)
        .prop_map(|state| Observation::Gone(state.as_deref().map(LifecycleState::from_name)));
    prop_oneof![Just(Observation::Completed), gone]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn success_is_signalled_only_after_continue_of_an_instance_that_lives(
        subject in subject("launch"), seen in seen(),
        result in prop::sample::select(vec![Decision::Continue, Decision::Abandon, Decision::StopRoll]),
    ) {
        use LifecycleState::{InService, PendingProceed, PendingWait};
        let signal = decide(&subject.action, result, &seen);
        let lives = matches!(seen, Observation::Completed | Observation::Gone(Some(PendingWait | PendingProceed | InService)));
        prop_assert_eq!(signal == Some(Signal::Success), result == Decision::Continue && lives);
        prop_assert!(result != Decision::Continue || signal != Some(Signal::Failure));
        let at_work = matches!(seen, Observation::Gone(Some(PendingProceed | InService)));
        prop_assert!(!(result == Decision::Abandon && at_work && signal.is_some()));
    }

    #[test]
    fn nothing_is_signalled_for_a_leaving_instance(
        subject in subject("terminate"), seen in seen(),
        result in prop::sample::select(vec![Decision::Continue, Decision::Abandon, Decision::StopRoll]),
    ) {
        prop_assert_eq!(decide(&subject.action, result, &seen), None);
    }
}
