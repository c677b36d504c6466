//! One value of each kind of change that `watch` writes, so that its members are known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use crate::watch::{Change, Course, Ending, LastAnswer};

/// One change of each kind, with every member.
pub fn changes() -> Vec<Change> {
    let mut all = changes_of_parts();
    all.extend(changes_of_the_whole());
    let kinds: BTreeSet<&str> = all.iter().map(kind).collect();
    assert_eq!(kinds.len(), all.len(), "one of each kind");
    all
}

/// A kind that is missing here does not compile; add one of it to the changes below, too.
fn kind(change: &Change) -> &'static str {
    match change {
        Change::Stack { .. } => "stack",
        Change::Event { .. } => "event",
        Change::Instance { .. } => "instance",
        Change::Answer { .. } => "answer",
        Change::Service { .. } => "service",
        Change::Activity { .. } => "activity",
        Change::Execution { .. } => "execution",
        Change::Progress { .. } => "progress",
        Change::Pause { .. } => "pause",
        Change::Warning { .. } => "warning",
        Change::Trouble { .. } => "trouble",
        Change::End(_) => "end",
    }
}

fn changes_of_parts() -> Vec<Change> {
    let at = Timestamp::UNIX_EPOCH;
    let text = || "x".to_owned();
    let said = LastAnswer {
        paused: Some(text()),
        since: Some(at),
        ..LastAnswer::last(&json!({}))
    };
    vec![
        Change::Event {
            at,
            resource: text(),
            status: text(),
            reason: text(),
        },
        Change::Instance {
            instance: text(),
            state: text(),
            version: text(),
        },
        Change::Answer {
            instance: text(),
            said,
        },
        Change::Service {
            service: text(),
            running: 0,
            desired: 0,
            pending: 0,
            message: text(),
        },
        Change::Activity {
            at,
            instance: Some(text()),
            activity: text(),
            status: text(),
            reason: text(),
        },
        Change::Execution {
            at,
            execution: text(),
            instance: text(),
            status: text(),
            reason: text(),
        },
    ]
}

fn changes_of_the_whole() -> Vec<Change> {
    let at = Timestamp::UNIX_EPOCH;
    let text = || "x".to_owned();
    let progress = Change::Progress {
        version: text(),
        course: Course::Forward,
        ami: Some(text()),
        replaced: Some(0),
        of: 0,
        in_service: 0,
        drains: 0,
        waiting_to_drain: 0,
        retained: 0,
        at_launch: 0,
        paused: 0,
    };
    let pause = Change::Pause {
        paused: true,
        reason: text(),
        since: Some(at),
        times_out: Some(at),
        words: text(),
    };
    vec![
        Change::Stack { status: text() },
        progress,
        pause,
        Change::Warning { reason: text() },
        Change::Trouble { reason: text() },
        Change::End(ending()),
    ]
}

fn ending() -> Ending {
    let text = || "x".to_owned();
    Ending {
        stack: text(),
        status: text(),
        well: true,
        retained: vec![text()],
        course: Course::Forward,
        replaced: Some(0),
        of: Some(0),
        ami: Some(text()),
        seconds: Some(0),
        cause: Some(text()),
        also: vec![text()],
        restore: Some(text()),
        instance: Some(text()),
    }
}
