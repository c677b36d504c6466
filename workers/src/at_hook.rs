//! Does Auto Scaling show the instance at the hook that the event names?
//!
//! An event is a claim. It may come late, twice, from an archive's replay, or from a person's test.
//! So a worker asks Auto Scaling before it changes anything, and changes nothing for an instance
//! that is not at the hook.
//!
//! Two answers have to agree. The lifecycle state says which way the instance goes: an instance in
//! service, in standby, retained or gone does not leave. The heartbeat says that this very
//! lifecycle action is open, or, for an execution that the reconciler started without a token, that
//! an action of the instance is open at this hook. The state alone would take a later action for
//! this one, and the token alone would be believed for any instance.
//!
//! An instance leaves as `Terminating` and `Terminating:Wait`: in a rolling update, an instance
//! refresh, a scale-in, and when a retained instance is terminated. On its way back into the warm
//! pool it is `Warmed:Pending` and `Warmed:Pending:Wait`, and on its way out of the pool
//! `Warmed:Terminating` and `Warmed:Terminating:Wait`
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html>).

use std::slice;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::autoscaling::ActionIs;
use crate::error::Error;
use crate::model::group::LifecycleState;
use crate::model::{Assessment, Subject, Transition, later};

/// An answer of Auto Scaling may be older than the event. Within this time a state that does not
/// fit is looked at again; after it, the state is believed. Three times the age of the assumption.
///
/// assumption: an answer is at most ten seconds old. A member that shows the event's state only
/// later proves it wrong.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// Whether an instance in this state may stand at a hook of the transition.
pub fn fits(transition: Transition, state: &LifecycleState) -> bool {
    use LifecycleState as S;
    match transition {
        Transition::Launching => state.awaits_launch() || state.enters_pool(),
        Transition::Terminating => {
            state.is_draining() || matches!(state, S::WarmedTerminating | S::WarmedTerminatingWait)
        }
    }
}

/// What speaks against the event, if anything does: `Over`, or `NotYet` while the answer may be
/// older than the event.
pub fn decide(
    subject: &Subject,
    state: Option<&LifecycleState>,
    now: Timestamp,
) -> Option<Assessment> {
    let action = &subject.action;
    if state.is_some_and(|state| fits(action.transition, state)) {
        return None;
    }
    let (group, hook) = (&action.group, &action.hook);
    let standing = match state {
        Some(state) => format!("The instance is {state}, not at hook {hook}"),
        None => format!("The instance is not in group {group}, so not at hook {hook}"),
    };
    let believed = later(subject.began, SHOWN_WITHIN);
    Some(if now < believed {
        Assessment::not_yet(format!(
            "{standing}. Asking again: the state may be outdated."
        ))
        .by(believed)
    } else {
        Assessment::over(format!("{standing}. Nothing was changed."))
    })
}

/// Asks for the state, and decides.
///
/// # Errors
/// What Auto Scaling meets.
pub async fn look(
    subject: &Subject,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Option<Assessment>, Error> {
    let own = slice::from_ref(&subject.action.instance);
    let seen = clients.autoscaling.some_instances(own).await?;
    let state = seen.first().map(|own| &own.state);
    Ok(decide(subject, state, now()))
}

/// `Over` if the lifecycle action is not open any more.
///
/// # Errors
/// What Auto Scaling meets.
pub async fn closed(subject: &Subject, clients: &Clients) -> Result<Option<Assessment>, Error> {
    Ok(
        match clients.autoscaling.heartbeat(&subject.action).await? {
            ActionIs::Open => None,
            ActionIs::Over => Some(Assessment::over(format!(
                "The lifecycle action at hook {} is over: another caller completed it, or it timed out. Nothing was changed.",
                subject.action.hook
            ))),
        },
    )
}

/// Both: what a worker asks right before it changes something.
///
/// # Errors
/// What Auto Scaling meets.
pub async fn look_before_change(
    subject: &Subject,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Option<Assessment>, Error> {
    match look(subject, clients, now).await? {
        Some(finding) => Ok(Some(finding)),
        None => closed(subject, clients).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::stub;

    #[test]
    fn each_way_out_of_the_group_is_believed_and_nothing_else() {
        let leaving = [
            "Terminating",
            "Terminating:Wait",
            "Warmed:Pending",
            "Warmed:Pending:Wait",
            "Warmed:Terminating",
            "Warmed:Terminating:Wait",
        ];
        let others = [
            "Pending",
            "Pending:Wait",
            "Pending:Proceed",
            "InService",
            "EnteringStandby",
            "Standby",
            "Detaching",
            "Detached",
            "Terminating:Proceed",
            "Terminating:Retained",
            "Terminated",
            "Warmed:Pending:Proceed",
            "Warmed:Pending:Retained",
            "Warmed:Stopped",
            "Warmed:Terminating:Retained",
        ];
        let subject = stub::terminating();
        for name in leaving {
            let state = LifecycleState::from_name(name);
            assert_eq!(
                decide(&subject, Some(&state), stub::at(600)),
                None,
                "{name}"
            );
        }
        for name in others {
            let state = LifecycleState::from_name(name);
            let finding = decide(&subject, Some(&state), stub::at(600)).expect("an objection");
            assert_eq!(finding.verdict, Verdict::Over, "{name}");
            assert!(finding.reason.contains(name), "{}", finding.reason);
        }
        let gone = decide(&subject, None, stub::at(600)).expect("an objection");
        assert_eq!(
            gone.reason,
            "The instance is not in group DevCluster, so not at hook ecs-rollout-terminate. Nothing was changed."
        );
    }

    #[test]
    fn a_new_instance_is_at_its_hook_on_both_ways_in() {
        for (name, is_there) in [
            ("Pending", true),
            ("Pending:Wait", true),
            ("Warmed:Pending:Wait", true),
            ("InService", false),
            ("Terminating:Wait", false),
            ("Warmed:Terminating:Wait", false),
        ] {
            let state = LifecycleState::from_name(name);
            assert_eq!(fits(Transition::Launching, &state), is_there, "{name}");
        }
    }

    #[test]
    fn an_answer_that_may_be_older_than_the_event_is_asked_for_again() {
        let subject = stub::terminating();
        for (name, seconds, verdict) in [
            ("InService", 29, Verdict::NotYet),
            ("InService", 30, Verdict::Over),
            ("Terminating:Retained", 29, Verdict::NotYet),
        ] {
            let state = LifecycleState::from_name(name);
            let finding = decide(&subject, Some(&state), stub::at(seconds)).expect("an objection");
            assert_eq!(finding.verdict, verdict, "{name} after {seconds} s");
        }
    }
}
