//! Ids, states and names as AWS spells them: each value with what it means.

use jiff::{SignedDuration, Timestamp};

use crate::model::group::{LifecycleState, StackState};
use crate::model::{InstanceId, Place, Transition, later, seconds_between};
use crate::stub;

#[test]
fn an_instance_id_has_eight_to_seventeen_hexadecimal_digits() {
    for (text, is_one) in [
        ("i-01234567", true),
        ("i-0123456789abcdef0", true),
        ("i-0123456", false),
        ("i-0123456789abcdef01", false),
        ("i-0123456789abcdeg0", false),
        ("i-0123456789ABCDEF0", false),
        ("0123456789abcdef0", false),
        ("i_0123456789abcdef", false),
        ("i-01234567 ", false),
        ("", false),
    ] {
        assert_eq!(InstanceId::is_well_formed(text), is_one, "{text}");
    }
}

#[test]
fn times_end_at_the_end_of_time_and_no_span_is_negative() {
    let second = SignedDuration::from_secs(1);
    assert_eq!(later(stub::at(0), second), stub::at(1));
    assert_eq!(later(Timestamp::MAX, second), Timestamp::MAX);
    assert_eq!(seconds_between(stub::at(1), stub::at(4)), 3);
    assert_eq!(seconds_between(stub::at(4), stub::at(1)), 0);
}

/// In this order: drains, awaits its end, can be ended, is retained, enters the pool, is set aside,
/// is at a hook, awaits its launch.
const STATES: [(&str, [bool; 8]); 22] = {
    const O: bool = false;
    const X: bool = true;
    [
        ("Pending", [O, O, O, O, O, O, O, X]),
        ("Pending:Wait", [O, O, O, O, O, O, X, X]),
        ("Pending:Proceed", [O, O, O, O, O, O, O, O]),
        ("InService", [O, O, O, O, O, O, O, O]),
        ("Terminating", [X, O, O, O, O, O, O, O]),
        ("Terminating:Wait", [X, X, O, O, O, O, X, O]),
        ("Terminating:Proceed", [O, O, O, O, O, O, O, O]),
        ("Terminating:Retained", [O, O, X, X, O, O, O, O]),
        ("Terminated", [O, O, O, O, O, O, O, O]),
        ("EnteringStandby", [O, O, O, O, O, X, O, O]),
        ("Standby", [O, O, O, O, O, X, O, O]),
        ("Detaching", [O, O, O, O, O, X, O, O]),
        ("Detached", [O, O, O, O, O, X, O, O]),
        ("Warmed:Pending", [X, O, O, O, X, O, O, O]),
        ("Warmed:Pending:Wait", [X, X, O, O, X, O, X, O]),
        ("Warmed:Pending:Proceed", [O, O, O, O, O, O, O, O]),
        ("Warmed:Pending:Retained", [O, O, X, X, O, O, O, O]),
        ("Warmed:Stopped", [O, O, O, O, O, O, O, O]),
        ("Warmed:Terminating", [O, O, O, O, O, O, O, O]),
        ("Warmed:Terminating:Wait", [O, O, O, O, O, O, X, O]),
        ("Warmed:Terminating:Proceed", [O, O, O, O, O, O, O, O]),
        ("Warmed:Terminating:Retained", [O, O, X, O, O, O, O, O]),
    ]
};

#[test]
fn every_lifecycle_state_means_what_it_should() {
    for (name, expected) in STATES {
        let state = LifecycleState::from_name(name);
        assert_eq!(state.to_string(), name);
        let found = [
            state.is_draining(),
            state.awaits_end(),
            state.can_be_ended(),
            state.is_retained(),
            state.enters_pool(),
            state.is_set_aside(),
            state.is_at_hook(),
            state.awaits_launch(),
        ];
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_stack_status_is_an_operation_of_its_kind() {
    let busy = |name: &str| StackState::Busy(name.to_owned());
    let settled = |name: &str| StackState::Settled(name.to_owned());
    for (name, state) in [
        ("UPDATE_IN_PROGRESS", StackState::Updating),
        ("CREATE_IN_PROGRESS", StackState::Creating),
        ("REVIEW_IN_PROGRESS", StackState::Creating),
        ("DELETE_IN_PROGRESS", StackState::Deleting),
        ("ROLLBACK_IN_PROGRESS", StackState::Deleting),
        (
            "UPDATE_ROLLBACK_IN_PROGRESS",
            busy("UPDATE_ROLLBACK_IN_PROGRESS"),
        ),
        ("IMPORT_IN_PROGRESS", busy("IMPORT_IN_PROGRESS")),
        ("UPDATE_COMPLETE", settled("UPDATE_COMPLETE")),
        ("UPDATE_ROLLBACK_FAILED", settled("UPDATE_ROLLBACK_FAILED")),
    ] {
        assert_eq!(StackState::from_name(name), state, "{name}");
    }
    assert_eq!(StackState::Updating.to_string(), "UPDATE_IN_PROGRESS");
    assert_eq!(StackState::Creating.to_string(), "being created");
    assert_eq!(StackState::Deleting.to_string(), "being deleted");
    assert_eq!(busy("IMPORT_IN_PROGRESS").to_string(), "IMPORT_IN_PROGRESS");
    assert_eq!(StackState::Absent.to_string(), "not there");
}

#[test]
fn ways_and_places_are_spelt_as_auto_scaling_spells_them() {
    for (way, name, event) in [
        (
            Transition::Launching,
            "autoscaling:EC2_INSTANCE_LAUNCHING",
            "EC2 Instance-launch Lifecycle Action",
        ),
        (
            Transition::Terminating,
            "autoscaling:EC2_INSTANCE_TERMINATING",
            "EC2 Instance-terminate Lifecycle Action",
        ),
    ] {
        assert_eq!((way.name(), way.event_type()), (name, event));
        assert_eq!(Transition::from_name(name), Some(way));
    }
    assert_eq!(Transition::from_name("launch"), None);
    let places = [Place::Ec2, Place::AutoScalingGroup, Place::WarmPool].map(Place::name);
    assert_eq!(places, ["EC2", "AutoScalingGroup", "WarmPool"]);
}

#[test]
fn only_a_launch_into_the_group_joins_it_and_only_one_from_the_pool_leaves_that() {
    use Place::{AutoScalingGroup, Ec2, WarmPool};
    use Transition::{Launching, Terminating};
    for (way, origin, destination, joins, leaves_pool) in [
        (Launching, Some(Ec2), Some(AutoScalingGroup), true, false),
        (
            Launching,
            Some(WarmPool),
            Some(AutoScalingGroup),
            true,
            true,
        ),
        (Launching, Some(Ec2), Some(WarmPool), false, false),
        (Launching, None, None, true, false),
        (Launching, Some(WarmPool), None, true, true),
        (Terminating, Some(AutoScalingGroup), Some(Ec2), false, false),
        (Terminating, Some(WarmPool), Some(Ec2), false, false),
        (Terminating, None, None, false, false),
    ] {
        let mut action = stub::launching().action;
        action.transition = way;
        action.origin = origin;
        action.destination = destination;
        let found = (action.joins_group(), action.leaves_pool());
        assert_eq!(
            found,
            (joins, leaves_pool),
            "{way:?}, {origin:?}, {destination:?}"
        );
    }
}
