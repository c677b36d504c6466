//! The reconciler's reasons.

use super::Request;
use crate::model::InstanceId;
use crate::text::{count, duration};

/// How many instances are named in a reason.
const NAMED: usize = 10;

/// For whom executions were started.
#[derive(Debug, Default)]
pub(super) struct Started {
    /// These were started now.
    pub now: Vec<InstanceId>,
    /// These were started before, for the same action.
    pub before: Vec<InstanceId>,
}

/// What was found and done, in a sentence or two.
pub(super) fn words(order: &Request, waiting: usize, started: &Started) -> String {
    let group = &order.group;
    let list = |ids: &[InstanceId]| {
        let first: Vec<&str> = ids.iter().take(NAMED).map(InstanceId::as_str).collect();
        let more = ids.len().saturating_sub(NAMED);
        match more {
            0 => first.join(", "),
            more => format!("{} and {more} more", first.join(", ")),
        }
    };
    let (verb, tail) = (
        if waiting == 1 { "waits" } else { "wait" },
        duration(order.tail),
    );
    let mut text = format!(
        "{} of group {group} {verb} at a lifecycle hook.",
        count(waiting, "instance")
    );
    if started.now.is_empty() {
        text.push_str(&format!(
            " Each has an execution, or has waited less than {tail}."
        ));
    } else {
        let ids = list(&started.now);
        text.push_str(&format!(
            " Started an execution for {ids}: no event arrived within {tail}."
        ));
    }
    if !started.before.is_empty() {
        let ids = list(&started.before);
        text.push_str(&format!(
                        " Not started again for {ids}: an execution for the same lifecycle action has already ended."
        ));
    }
    text
}
