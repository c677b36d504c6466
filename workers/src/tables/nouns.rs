//! What is read at the edges: ids, states, names, fields of the input, earlier answers; each value with what it means.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::config::{self, Fields, read_event};
use crate::error::Mistake;
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

/// In this order: drains, awaits its end, can be ended, is retained, enters the pool, is set aside, is at a hook, awaits its
/// launch.
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

/// What `read` finds in the field `f` of this value, and what it says is wrong.
fn field<T>(value: Value, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, String> {
    let object = match value {
        Value::Null => json!({}),
        value => json!({"f": value}),
    };
    let (empty, mut mistakes) = (Map::new(), Vec::<Mistake>::new());
    let found = read(&mut Fields::of(&object, "p", &empty, &mut mistakes));
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    match found {
        Some(found) if told.is_empty() => Ok(found),
        _ => Err(told.join("; ")),
    }
}

#[test]
fn a_number_is_whole_and_in_its_range() {
    let whole = |value| field(value, |it| it.whole("f", &(1..=5)));
    for number in [1, 3, 5] {
        assert_eq!(whole(json!(number)), Ok(number));
    }
    for (value, shown) in [
        (json!(0), "0"),
        (json!(6), "6"),
        (json!(2.5), "2.5"),
        (json!("3"), "\"3\""),
    ] {
        let told = format!("p.f must be a whole number from 1 to 5, and is {shown}");
        assert_eq!(whole(value), Err(told));
    }
    assert_eq!(whole(Value::Null), Err("p.f is missing".to_owned()));
    let seconds = field(json!(2), |it| it.seconds("f", &(1..=5)));
    assert_eq!(seconds, Ok(SignedDuration::from_secs(2)));
}

#[test]
fn a_text_is_not_empty_and_a_flag_is_true_or_false() {
    let text = |value| field(value, |it| it.text("f").map(str::to_owned));
    assert_eq!(text(json!("a")), Ok("a".to_owned()));
    assert_eq!(text(json!("")), Err("p.f is empty".to_owned()));
    assert_eq!(
        text(json!(1)),
        Err("p.f must be a text, and is 1".to_owned())
    );
    assert_eq!(text(Value::Null), Err("p.f is missing".to_owned()));
    let flag = |value| field(value, |it| it.flag("f"));
    assert_eq!(
        (flag(json!(true)), flag(json!(false))),
        (Ok(true), Ok(false))
    );
    let told = "p.f must be true or false, and is \"true\"";
    assert_eq!(flag(json!("true")), Err(told.to_owned()));
    assert_eq!(flag(Value::Null), Err("p.f is missing".to_owned()));
    let known = [("one", 1), ("two", 2)];
    let one_of = |value| field(value, |it| it.one_of("f", &known));
    assert_eq!((one_of(json!("one")), one_of(json!("two"))), (Ok(1), Ok(2)));
    let told = "p.f must be one or two, and is 'three'";
    assert_eq!(one_of(json!("three")), Err(told.to_owned()));
    let optional = |value| field(value, |it| it.optional(|it| it.flag("f"), "f"));
    assert_eq!(
        (optional(Value::Null), optional(json!(true))),
        (Ok(None), Ok(Some(true)))
    );
    assert!(optional(json!(7)).is_err());
}

#[test]
fn a_long_value_is_shown_by_its_beginning() {
    for (length, is_cut) in [(200, false), (201, true)] {
        let long = "x".repeat(length);
        let known = [("one", 1)];
        let told = field(json!(long), |it| it.one_of("f", &known)).expect_err("unknown");
        let end = format!("… ({length} bytes)'");
        assert_eq!(told.ends_with(&end), is_cut, "{told}");
        assert_eq!(told.matches('x').count(), 200, "{told}");
    }
}

#[test]
fn what_is_no_object_is_named_by_its_path() {
    for (path, name) in [("", "input"), ("detail", "detail")] {
        let (empty, mut mistakes) = (Map::new(), Vec::new());
        Fields::of(&json!([]), path, &empty, &mut mistakes).text("f");
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        let missing = if path.is_empty() { "f" } else { "detail.f" };
        assert_eq!(
            told,
            [
                format!("{name} must be a JSON object"),
                format!("{missing} is missing")
            ]
        );
    }
}

#[test]
fn each_earlier_answer_is_read_from_its_place() {
    let at = |seconds| json!(stub::at(seconds));
    let left = |arn: &str| json!({"arns": [arn], "listedAt": stub::at(1)});
    let input = json!({
        "joined": {"since": at(1), "heartbeatAt": at(2), "daemonsAwaited":
            {"containerInstance": "c", "services": ["logs"], "readySince": at(3)}},
        "draining": {"since": at(4), "turn": {"roomSince": at(5), "cameAt": at(6)}, "tasksLeft": left("a"),
            "agentGoneSince": at(7), "terminationRequestedAt": at(8)},
        "stable": {"heldBy": ["i-1", "i-2"], "stack": {"state": "updating", "askedAt": at(9)}},
    });
    let since = config::earlier_since(&input, "joined").expect("good");
    assert_eq!(since, Some(stub::at(1)));
    assert_eq!(
        config::earlier_since(&input, "drained").expect("good"),
        None
    );
    let bad = json!({"joined": {"since": "soon"}});
    assert_eq!(
        config::earlier_since(&bad, "joined")
            .expect_err("bad")
            .name(),
        "BadEvent"
    );
    assert_eq!(config::last_heartbeat(&input, "joined"), Some(stub::at(2)));
    assert_eq!(config::last_heartbeat(&input, "draining"), None);
    let awaited = config::daemons_awaited(&input).expect("daemons");
    assert_eq!(awaited.ready_since, stub::at(3));
    let turn = config::turn(&input).expect("a turn");
    assert_eq!(
        (turn.room_since, turn.came_at),
        (Some(stub::at(5)), Some(stub::at(6)))
    );
    assert_eq!(read_event(&input).turn_came, Some(stub::at(6)));
    let holders = ["i-1", "i-2"].map(InstanceId::new);
    assert_eq!(config::held_by(&input), holders);
    assert_eq!(config::held_by(&json!({})), []);
    assert_eq!(
        config::stack_seen(&input).expect("a stack").asked_at,
        stub::at(9)
    );
    assert_eq!(config::hindrances(&input), None);
}

#[test]
fn the_last_look_at_a_drain_is_that_of_drained_once_it_has_looked() {
    let at = |seconds| json!(stub::at(seconds));
    let look = |arn: &str, gone| {
        json!({"tasksLeft": {"arns": [arn], "listedAt": at(1)}, "agentGoneSince": gone,
        "terminationRequestedAt": gone})
    };
    let draining = look("first", at(10));
    let mut queued = look("none", at(30));
    queued["looked"] = json!(false);
    let mut looked = look("second", at(20));
    for (drained, arn, seconds, requested) in [
        (None, "first", 10, 10),
        (Some(queued), "first", 10, 30),
        (Some(looked.clone()), "second", 20, 20),
        (
            Some({
                looked["looked"] = json!(true);
                looked
            }),
            "second",
            20,
            20,
        ),
    ] {
        let mut input = json!({"draining": draining});
        if let Some(drained) = drained {
            input["drained"] = drained;
        }
        let left = config::tasks_left(&input).expect("tasks");
        assert_eq!(left.arns[0].as_str(), arn);
        assert_eq!(config::agent_gone_since(&input), Some(stub::at(seconds)));
        assert_eq!(
            config::termination_requested(&input),
            Some(stub::at(requested))
        );
    }
}
