//! What CloudFormation is told: SUCCESS only of an instance that was let in and lives.

use proptest::prelude::*;
use workers::cloudformation::Signal;
use workers::complete_action::{Completion, Seen, decide};
use workers::model::group::LifecycleState;

use super::config;
use super::subject::subject;

fn seen() -> impl Strategy<Value = Seen> {
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
        .prop_map(|state| Seen::Gone(state.as_deref().map(LifecycleState::from_name)));
    prop_oneof![Just(Seen::Completed), gone]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn success_is_told_only_after_continue_of_an_instance_that_lives(
        subject in subject("launch"), seen in seen(),
        result in prop::sample::select(vec![Completion::Continue, Completion::Abandon, Completion::StopRoll]),
    ) {
        use LifecycleState::{InService, PendingProceed, PendingWait};
        let signal = decide(&subject.action, result, &seen);
        let lives = matches!(seen, Seen::Completed | Seen::Gone(Some(PendingWait | PendingProceed | InService)));
        prop_assert_eq!(signal == Some(Signal::Success), result == Completion::Continue && lives);
        prop_assert!(result != Completion::Continue || signal != Some(Signal::Failure));
        let at_work = matches!(seen, Seen::Gone(Some(PendingProceed | InService)));
        prop_assert!(!(result == Completion::Abandon && at_work && signal.is_some()));
    }

    #[test]
    fn nothing_is_told_of_a_leaving_instance(
        subject in subject("terminate"), seen in seen(),
        result in prop::sample::select(vec![Completion::Continue, Completion::Abandon, Completion::StopRoll]),
    ) {
        prop_assert_eq!(decide(&subject.action, result, &seen), None);
    }
}
