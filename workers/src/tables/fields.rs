//! Fields of the input and earlier answers: what each value means, and what is said of one that
//! means nothing.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::Worker;
use crate::config::History;
use crate::config::{Fields, read_event};
use crate::error::Mistake;
use crate::model::InstanceId;
use crate::stub;

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
    let history = History::read(&input);
    let since = history.since(Worker::Joined).expect("good");
    assert_eq!(since, Some(stub::at(1)));
    assert_eq!(history.since(Worker::Drained).expect("good"), None);
    let bad = json!({"joined": {"since": "soon"}});
    assert_eq!(
        History::read(&bad)
            .since(Worker::Joined)
            .expect_err("bad")
            .name(),
        "BadEvent"
    );
    assert_eq!(history.last_heartbeat(Worker::Joined), Some(stub::at(2)));
    assert_eq!(history.last_heartbeat(Worker::Draining), None);
    let awaited = history.joined.daemons_awaited.expect("daemons");
    assert_eq!(awaited.ready_since, stub::at(3));
    let turn = history.draining.turn.expect("a turn");
    assert_eq!(
        (turn.room_since, turn.came_at),
        (Some(stub::at(5)), Some(stub::at(6)))
    );
    assert_eq!(read_event(&input).turn_came, Some(stub::at(6)));
    let earlier = ["i-1", "i-2"].map(InstanceId::new);
    assert_eq!(history.stable.held_by, earlier);
    assert_eq!(History::read(&json!({})).stable.held_by, []);
    assert_eq!(history.stable.stack.expect("a stack").asked_at, stub::at(9));
    assert_eq!(history.drained.hindrances, None);
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
        let history = History::read(&input);
        let left = history.tasks_left().expect("tasks");
        assert_eq!(left.arns[0].as_str(), arn);
        assert_eq!(history.agent_gone_since(), Some(stub::at(seconds)));
        assert_eq!(history.termination_requested(), Some(stub::at(requested)));
    }
}
