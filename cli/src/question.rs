//! Which question stands about an instance, and whether an execution concerns it at all.

use serde_json::Value;
use workers::Worker;
use workers::model::group::LifecycleState;

/// Whether an execution about an instance concerns the state in which that is: an instance that
/// came through its launch hook long ago is not waiting there, whatever an old execution says.
pub fn concerns(state: &LifecycleState, input: &Value) -> bool {
    if is_of_launch(input) {
        state.awaits_launch() || state.enters_pool() || *state == LifecycleState::PendingProceed
    } else {
        state.is_draining() || state.can_be_ended() || is_terminating(state)
    }
}

/// Whether it leaves the group or the warm pool for good, at a hook or past it.
fn is_terminating(state: &LifecycleState) -> bool {
    matches!(
        state,
        LifecycleState::TerminatingProceed
            | LifecycleState::WarmedTerminating
            | LifecycleState::WarmedTerminatingWait
            | LifecycleState::WarmedTerminatingProceed
    )
}

/// Whether a lifecycle event is of a launch hook.
pub fn is_of_launch(input: &Value) -> bool {
    input["detail"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
}

/// Whose question stands: the first that has not been answered well.
pub fn asked_now(input: &Value) -> Worker {
    let launching = is_of_launch(input);
    let order: &[Worker] = match launching {
        true => &[Worker::Joined, Worker::Stable],
        false if input["draining"]["member"] == Value::Bool(false) => &[],
        false => &[Worker::Draining, Worker::Drained, Worker::Stable],
    };
    let open = order
        .iter()
        .find(|worker| input[worker.name()]["verdict"] != "Reached");
    open.copied().unwrap_or(Worker::CompleteAction)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_execution_concerns_the_states_of_its_way_alone() {
        let input = |way: &str| json!({"detail": {"LifecycleTransition": format!("autoscaling:EC2_INSTANCE_{way}")}});
        for (state, launching, terminating) in [
            ("Pending:Wait", true, false),
            ("Pending:Proceed", true, false),
            ("InService", false, false),
            ("Terminating:Wait", false, true),
            ("Terminating:Proceed", false, true),
            ("Terminating:Retained", false, true),
            ("Warmed:Pending:Wait", true, true),
            ("Detaching", false, false),
            ("EnteringStandby", false, false),
        ] {
            let of = LifecycleState::from_name(state);
            let found = (
                concerns(&of, &input("LAUNCHING")),
                concerns(&of, &input("TERMINATING")),
            );
            assert_eq!(found, (launching, terminating), "{state}");
        }
    }

    #[test]
    fn the_question_that_stands_is_the_first_that_is_not_answered_well() {
        let reached = || json!({"verdict": "Reached"});
        let not_yet = || json!({"verdict": "NotYet"});
        for (way, said, expected) in [
            ("LAUNCHING", json!({}), Worker::Joined),
            ("LAUNCHING", json!({"joined": not_yet()}), Worker::Joined),
            ("LAUNCHING", json!({"joined": reached()}), Worker::Stable),
            (
                "LAUNCHING",
                json!({"joined": reached(), "stable": reached()}),
                Worker::CompleteAction,
            ),
            ("TERMINATING", json!({}), Worker::Draining),
            (
                "TERMINATING",
                json!({"draining": reached()}),
                Worker::Drained,
            ),
            (
                "TERMINATING",
                json!({"draining": reached(), "drained": {"verdict": "Never"}}),
                Worker::Drained,
            ),
            (
                "TERMINATING",
                json!({"draining": {"verdict": "Reached", "member": false}}),
                Worker::CompleteAction,
            ),
        ] {
            let mut input = said.clone();
            input["detail"] =
                json!({"LifecycleTransition": format!("autoscaling:EC2_INSTANCE_{way}")});
            assert_eq!(asked_now(&input), expected, "{way} {said}");
        }
    }
}
