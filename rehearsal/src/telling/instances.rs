//! Lines about instances, and about the refresh that replaces them.

use super::Mood;
use crate::fact::Fact;

/// How far an instance refresh is.
pub fn refresh_line(fact: &Fact) -> Option<(String, String, String, Mood)> {
    let Fact::Refresh {
        status,
        percent,
        left,
        reason,
        ..
    } = fact
    else {
        return None;
    };
    let mood = match status.as_str() {
        "Successful" => Mood::Good,
        "Pending" | "InProgress" => Mood::Plain,
        "Baking" => Mood::Waiting,
        _ => Mood::Bad,
    };
    let standing = format!("{percent}% complete, {left} instance(s) to update");
    let reason = match reason.as_str() {
        "" => standing,
        reason => format!("{standing}: {reason}"),
    };
    Some(("instance refresh".to_owned(), status.clone(), reason, mood))
}

/// The state of an instance, in its group or in its cluster.
pub fn instance_line(fact: &Fact) -> Option<(String, String, String, Mood)> {
    match fact {
        Fact::Lifecycle {
            instance,
            state,
            reason,
            ami,
            ..
        } => {
            let mood = match state.as_str() {
                "InService" | "Terminated" => Mood::Good,
                state if state.ends_with(":Retained") => Mood::Bad,
                _ => Mood::Plain,
            };
            let reason = match state.as_str() {
                "Pending" => format!("{ami}; {reason}"),
                _ => reason.clone(),
            };
            Some((instance.clone(), state.clone(), reason, mood))
        }
        Fact::ContainerInstance {
            instance,
            status,
            agent_connected,
            ..
        } => {
            let agent = match *agent_connected || status == "INACTIVE" {
                true => "",
                false => ", no agent",
            };
            let state = format!("ECS {status}{agent}");
            Some((instance.clone(), state, String::new(), Mood::Plain))
        }
        _ => None,
    }
}
