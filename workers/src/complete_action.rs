//! Answers the lifecycle hook with CONTINUE or ABANDON, then tells CloudFormation SUCCESS or
//! FAILURE if the instance was launched into the group.
//!
//! The hook first, the signal after: AWS does not say whether a signal for an instance that
//! CloudFormation has not seen InService counts
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SignalResource.html>).
//! So SUCCESS is sent at once, which costs the rollout no time, and `NotYet` is answered, to send
//! it again until it is refused: the refusal means that the signal has counted, or that nobody
//! waits for it. Everything may be repeated: an action that was completed
//! before stays completed, a signal that nobody waits for is refused without harm. But an action
//! that is gone may also have timed out, so then the group is looked at: SUCCESS is only told of an
//! instance that lives on, and FAILURE never of one that is at work.
//!
//! FAILURE is told while the stack goes forward; on the way back ABANDON is all.
//!
//! Told to stop the rollout, it lets the instance in and signals FAILURE: nothing is wrong with the
//! instance, and it runs tasks already, so it is the rollback's to drain.
//!
//! Where the template chose instance refresh, CloudFormation takes signals only while it creates
//! the group. During an update it follows the refresh, so that one is cancelled instead of FAILURE:
//! after an ABANDON, which is what matters most, but before an instance is let in to stop the
//! rollout, or the refresh would begin its next batch.
//!
//! With a bad event CONTINUE is refused before anything is done. ABANDON is still answered if the
//! action itself can be read: that lets the instance go no further than the hook's own timeout
//! would.

mod request;

use crate::Clients;
use crate::autoscaling::{ActionIs, ActionResult, RefreshIs};
use crate::cloudformation::{Signal, SignalOutcome};
use crate::error::Error;
use crate::model::group::{LifecycleState, StackState};
use crate::model::{Action, Assessment, StackName, UpdateMethod};
pub use request::{Request, read_order};

/// Completes, looks if it was completed before, and tells CloudFormation.
///
/// # Errors
/// What the services meet; `BadEvent`, after the hook was answered if only the settings are bad and
/// it is an ABANDON.
pub async fn handle(order: Request, clients: &Clients) -> Result<Assessment, Error> {
    let (action, result) = (&order.action, order.result);
    let mut told = Notification::Nothing;
    if order.stops_refresh() {
        told = notify(&order, Signal::Failure, clients).await?;
    }
    let done = clients
        .autoscaling
        .complete(action, result.answer())
        .await?;
    let seen = match done {
        ActionIs::Over if action.joins_group() => {
            let own = [action.instance.clone()];
            let seen = clients.autoscaling.some_instances(&own).await?;
            Observation::Gone(seen.into_iter().next().map(|own| own.state))
        }
        ActionIs::Over => Observation::Gone(None),
        ActionIs::Open => Observation::Completed,
    };
    if !order.stops_refresh()
        && let Some(signal) = decide(action, result, &seen)
    {
        told = notify(&order, signal, clients).await?;
    }
    if !order.mistakes.is_empty() {
        let mistakes = order.mistakes;
        return Err(Error::BadEvent { mistakes });
    }
    Ok(conclude(action, result, &seen, &told))
}

/// Tells CloudFormation `signal`, by whatever means it listens to.
async fn notify(order: &Request, signal: Signal, clients: &Clients) -> Result<Notification, Error> {
    let Some(target) = &order.target else {
        return Ok(Notification::Nothing);
    };
    let method = target.update_method;
    // SUCCESS of a rolling update is never out of place: it is sent without a look.
    let means = match (method, signal) {
        (UpdateMethod::RollingUpdate, Signal::Success) => Channel::Signal,
        _ => {
            let stack = clients.cloudformation.stack_state(&target.stack).await?;
            means(method, signal, &stack)
        }
    };
    let action = &order.action;
    Ok(match means {
        Channel::Nothing => Notification::NotNeeded,
        Channel::CancelRefresh => {
            Notification::Refresh(clients.autoscaling.cancel_refresh(&action.group).await?)
        }
        Channel::Signal => {
            let cloudformation = &clients.cloudformation;
            let answer = cloudformation.signal(target, &action.instance, signal);
            Notification::Signal(signal, target.stack.clone(), answer.await?)
        }
    })
}

/// How CloudFormation comes to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// By a signal.
    Signal,
    /// By the end of the instance refresh that it follows.
    CancelRefresh,
    /// It need not know.
    Nothing,
}

/// By which means a stack in this state is told.
///
/// FAILURE is for the way forward. On the way back it would leave the stack in
/// UPDATE_ROLLBACK_FAILED, though all that failed may be the last instance of the very AMI that is
/// being rolled back; Auto Scaling replaces an abandoned one.
pub fn means(method: UpdateMethod, signal: Signal, stack: &StackState) -> Channel {
    match (method, signal, stack) {
        (UpdateMethod::RollingUpdate, Signal::Success, _) => Channel::Signal,
        (UpdateMethod::RollingUpdate, Signal::Failure, StackState::Busy(_)) => Channel::Nothing,
        (UpdateMethod::RollingUpdate, Signal::Failure, _) => Channel::Signal,
        (UpdateMethod::InstanceRefresh, _, StackState::Creating) => Channel::Signal,
        (UpdateMethod::InstanceRefresh, Signal::Failure, StackState::Updating) => {
            Channel::CancelRefresh
        }
        (UpdateMethod::InstanceRefresh, ..) => Channel::Nothing,
    }
}

/// What CloudFormation was told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Notification {
    /// This signal about this stack, and what it said.
    Signal(Signal, StackName, SignalOutcome),
    /// The refresh that it follows was cancelled, or was over.
    Refresh(RefreshIs),
    /// Nothing, because it need not know.
    NotNeeded,
    /// Nothing, because there is nothing to tell.
    Nothing,
}

/// What the state machine has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The instance goes on.
    Continue,
    /// It does not.
    Abandon,
    /// It goes on, but the rollout does not. The definition's word for it, `STOP_ROLL`, is a
    /// contract: an execution that started before an update of the stack keeps its definition, and
    /// calls the updated function with this word.
    StopRoll,
}

impl Decision {
    /// What the hook is answered.
    pub fn answer(self) -> ActionResult {
        match self {
            Self::Continue | Self::StopRoll => ActionResult::Continue,
            Self::Abandon => ActionResult::Abandon,
        }
    }
}

/// How the action was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Open, and it is completed now.
    Completed,
    /// Over before, with the state of its instance if the group still has it.
    Gone(Option<LifecycleState>),
}

/// What CloudFormation is to be told, if anything.
pub fn decide(action: &Action, result: Decision, seen: &Observation) -> Option<Signal> {
    use LifecycleState::{InService, PendingProceed, PendingWait};
    if !action.joins_group() {
        return None;
    }
    match (result, seen) {
        // Told again it is told the same: the rollout is over, whatever has become of the instance.
        (Decision::StopRoll, _) => Some(Signal::Failure),
        (Decision::Continue, Observation::Completed) => Some(Signal::Success),
        (Decision::Abandon, Observation::Completed) => Some(Signal::Failure),
        // Most likely our own earlier attempt, whose signal did not get through.
        (Decision::Continue, Observation::Gone(Some(PendingWait | PendingProceed | InService))) => {
            Some(Signal::Success)
        }
        // The same, and a person has put it aside since it came into service.
        (Decision::Continue, Observation::Gone(Some(state))) if state.is_set_aside() => {
            Some(Signal::Success)
        }
        // Timed out, and abandoned: its replacement will be signalled for.
        (Decision::Continue, Observation::Gone(_)) => None,
        // Another execution for the same instance, of an event that came twice, has let it in.
        (Decision::Abandon, Observation::Gone(Some(PendingProceed | InService))) => None,
        (Decision::Abandon, Observation::Gone(Some(state))) if state.is_set_aside() => None,
        (Decision::Abandon, Observation::Gone(_)) => Some(Signal::Failure),
    }
}

fn conclude(
    action: &Action,
    result: Decision,
    seen: &Observation,
    told: &Notification,
) -> Assessment {
    let (hook, name) = (&action.hook, result.answer().name());
    let answered = match seen {
        Observation::Completed => format!("Hook {hook}: {name}."),
        Observation::Gone(None) => format!("Hook {hook}: already over, so {name} had no effect."),
        Observation::Gone(Some(state)) => {
            format!("Hook {hook}: already over, so {name} had no effect; the instance is {state}.")
        }
    };
    let said = match told {
        Notification::Nothing if action.joins_group() => {
            " No signal for CloudFormation.".to_owned()
        }
        Notification::Nothing => String::new(),
        Notification::NotNeeded => " CloudFormation needs no signal.".to_owned(),
        Notification::Signal(signal, _, SignalOutcome::Taken) => {
            let signal = signal.name();
            format!(" Signalled {signal} to CloudFormation.")
        }
        Notification::Signal(signal, _, SignalOutcome::NotNeeded(why)) => {
            let signal = signal.name();
            format!(" CloudFormation did not need signal {signal}: {why}.")
        }
        Notification::Refresh(RefreshIs::Cancelled) => {
            " Cancelled the instance refresh.".to_owned()
        }
        Notification::Refresh(RefreshIs::Over) => {
            " No instance refresh in progress to cancel.".to_owned()
        }
    };
    let reason = format!("{answered}{said}");
    let taken = matches!(told, Notification::Signal(_, _, SignalOutcome::Taken));
    if result == Decision::Continue && taken {
        return Assessment::not_yet(format!(
            "{reason} Signalling again until CloudFormation confirms it, in case this signal was too early."
        ));
    }
    let never_mind =
        action.joins_group() && *seen != Observation::Completed && *told == Notification::Nothing;
    if never_mind {
        Assessment::over(reason)
    } else {
        Assessment::reached(reason)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::config::read_event;
    use crate::model::{Place, Verdict};
    use crate::stub;

    #[test]
    fn only_launches_into_the_group_are_signalled() {
        use Decision::{Abandon, Continue};
        let launch = stub::launching().action;
        assert_eq!(
            decide(&launch, Continue, &Observation::Completed),
            Some(Signal::Success)
        );
        assert_eq!(
            decide(&launch, Abandon, &Observation::Completed),
            Some(Signal::Failure)
        );
        let mut into_pool = launch.clone();
        into_pool.destination = Some(Place::WarmPool);
        let mut out_of_pool = launch.clone();
        out_of_pool.origin = Some(Place::WarmPool);
        assert_eq!(
            decide(&out_of_pool, Continue, &Observation::Completed),
            Some(Signal::Success)
        );
        for action in [into_pool, stub::terminating().action] {
            for result in [Continue, Abandon] {
                assert_eq!(decide(&action, result, &Observation::Completed), None);
                assert_eq!(decide(&action, result, &Observation::Gone(None)), None);
            }
        }
    }

    #[test]
    fn stopping_the_roll_lets_the_instance_in_and_fails_the_stack() {
        assert_eq!(Decision::StopRoll.answer(), ActionResult::Continue);
        let launch = stub::launching().action;
        for seen in [
            Observation::Completed,
            Observation::Gone(None),
            Observation::Gone(Some(LifecycleState::InService)),
        ] {
            assert_eq!(
                decide(&launch, Decision::StopRoll, &seen),
                Some(Signal::Failure)
            );
        }
    }

    #[test]
    fn a_hook_that_was_over_is_signalled_by_what_became_of_the_instance() {
        let (success, failure) = (Some(Signal::Success), Some(Signal::Failure));
        for (state, on_continue, on_abandon) in [
            (None, None, failure),
            (Some("Pending:Wait"), success, failure),
            (Some("Pending:Proceed"), success, None),
            (Some("InService"), success, None),
            (Some("EnteringStandby"), success, None),
            (Some("Standby"), success, None),
            (Some("Detaching"), success, None),
            (Some("Terminating"), None, failure),
            (Some("Terminating:Wait"), None, failure),
        ] {
            let seen = Observation::Gone(state.map(LifecycleState::from_name));
            let launch = stub::launching().action;
            let told = |result| decide(&launch, result, &seen);
            assert_eq!(told(Decision::Continue), on_continue, "{state:?}");
            assert_eq!(told(Decision::Abandon), on_abandon, "{state:?}");
        }
    }

    /// Runs the worker on `input` during an update; what was asked, and the outcome.
    async fn run(
        input: Value,
        over: Option<&'static str>,
    ) -> (Vec<String>, Result<Assessment, Error>) {
        run_while("UPDATE_IN_PROGRESS", input, over).await
    }

    /// The same in another state of the stack.
    async fn run_while(
        stack_status: &'static str,
        input: Value,
        over: Option<&'static str>,
    ) -> (Vec<String>, Result<Assessment, Error>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let aws = stub::aws(move |request| {
            let status = request
                .body
                .split('&')
                .find(|part| part.starts_with("Status="));
            let line = format!("{} {}", request.action, status.unwrap_or_default());
            log.lock().expect("a log").push(line.trim_end().to_owned());
            match request.action.as_str() {
                "CompleteLifecycleAction" if over.is_some() => {
                    let text = "No active Lifecycle Action found with token x";
                    (400, stub::xml_error("ValidationError", text))
                }
                "DescribeAutoScalingInstances" => {
                    let one = over.filter(|state| !state.is_empty()).map(|state| {
                        format!(
                            "<member><InstanceId>i-0123456789abcdef0</InstanceId>\
                             <LifecycleState>{state}</LifecycleState></member>"
                        )
                    });
                    let list = format!(
                        "<AutoScalingInstances>{}</AutoScalingInstances>",
                        one.unwrap_or_default()
                    );
                    (200, stub::xml("DescribeAutoScalingInstances", &list))
                }
                "DescribeStacks" => {
                    let stack = format!(
                        "<Stacks><member><StackName>dev</StackName>\
                         <StackStatus>{stack_status}</StackStatus></member></Stacks>"
                    );
                    (200, stub::xml("DescribeStacks", &stack))
                }
                action => (200, stub::xml(action, "")),
            }
        });
        let outcome = match read_order(read_event(&input), &input) {
            Ok(order) => handle(order, &Clients::new(&aws)).await,
            Err(error) => Err(error),
        };
        let asked = asked.lock().expect("a log").clone();
        (asked, outcome)
    }

    fn input(kind: &str, result: &str) -> Value {
        let mut input = stub::event(kind);
        input["result"] = json!(result);
        input
    }

    #[tokio::test]
    async fn the_hook_is_answered_before_the_signal() {
        let (asked, outcome) = run(input("launch", "CONTINUE"), None).await;
        assert_eq!(
            asked,
            ["CompleteLifecycleAction", "SignalResource Status=SUCCESS"]
        );
        let finding = outcome.expect("an answer");
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert_eq!(
            finding.reason,
            "Hook ecs-rollout-launch: CONTINUE. Signalled SUCCESS to CloudFormation. Signalling again until CloudFormation \
             confirms it, in case this signal was too early."
        );
    }

    #[tokio::test]
    async fn a_termination_is_not_signalled() {
        let (asked, outcome) = run(input("terminate", "ABANDON"), None).await;
        assert_eq!(asked, ["CompleteLifecycleAction"]);
        assert_eq!(outcome.expect("an answer").verdict, Verdict::Reached);
        let (asked, outcome) = run(input("terminate", "CONTINUE"), Some("")).await;
        assert_eq!(asked, ["CompleteLifecycleAction"]);
        assert_eq!(outcome.expect("an answer").verdict, Verdict::Reached);
    }

    #[tokio::test]
    async fn success_is_signalled_again_until_it_is_refused() {
        let again = || run(input("launch", "CONTINUE"), Some("InService"));
        let (asked, outcome) = again().await;
        assert_eq!(asked[2..], ["SignalResource Status=SUCCESS"]);
        assert_eq!(outcome.expect("an answer").verdict, Verdict::NotYet);
        let refused = "Signal with ID i-0123456789abcdef0 for resource Group already exists.";
        let counted = SignalOutcome::NotNeeded(refused.to_owned());
        let subject = stub::launching();
        let seen = Observation::Gone(Some(LifecycleState::InService));
        let told = Notification::Signal(Signal::Success, StackName::new("dev"), counted);
        let finding = conclude(&subject.action, Decision::Continue, &seen, &told);
        assert_eq!(finding.verdict, Verdict::Reached);
    }

    #[tokio::test]
    async fn an_instance_that_is_gone_is_not_signalled_as_joined() {
        let (asked, outcome) = run(input("launch", "CONTINUE"), Some("")).await;
        assert_eq!(
            asked,
            ["CompleteLifecycleAction", "DescribeAutoScalingInstances"]
        );
        assert_eq!(outcome.expect("an answer").verdict, Verdict::Over);
    }

    #[tokio::test]
    async fn bad_settings_stop_continue_but_not_abandon() {
        let bad = |result: &str| {
            let mut input = input("launch", result);
            input["detail"]["NotificationMetadata"] =
                json!(r#"{"stack":"dev","resource":"Group"}"#);
            input
        };
        let (asked, outcome) = run(bad("CONTINUE"), None).await;
        assert_eq!(asked, [""; 0]);
        assert_eq!(outcome.expect_err("bad").name(), "BadEvent");
        let (asked, outcome) = run(bad("ABANDON"), None).await;
        assert_eq!(
            asked,
            [
                "CompleteLifecycleAction",
                "DescribeStacks",
                "SignalResource Status=FAILURE"
            ]
        );
        assert_eq!(outcome.expect_err("bad").name(), "BadEvent");
    }

    /// The same under instance refresh.
    fn refreshed(result: &str) -> Value {
        let mut input = input("launch", result);
        let metadata = &mut input["detail"]["NotificationMetadata"];
        let text = metadata.as_str().expect("a text");
        *metadata = json!(text.replace("RollingUpdate", "InstanceRefresh"));
        input
    }

    #[tokio::test]
    async fn a_refresh_is_cancelled_after_abandon_and_before_an_instance_is_let_in() {
        for (result, order) in [
            (
                "ABANDON",
                [
                    "CompleteLifecycleAction",
                    "DescribeStacks",
                    "CancelInstanceRefresh",
                ],
            ),
            (
                "STOP_ROLL",
                [
                    "DescribeStacks",
                    "CancelInstanceRefresh",
                    "CompleteLifecycleAction",
                ],
            ),
        ] {
            let (asked, outcome) = run(refreshed(result), None).await;
            assert_eq!(asked, order, "{result}");
            let finding = outcome.expect("an answer");
            assert_eq!(finding.verdict, Verdict::Reached);
            let end = " Cancelled the instance refresh.";
            assert!(finding.reason.ends_with(end), "{}", finding.reason);
        }
    }

    #[tokio::test]
    async fn under_instance_refresh_only_a_creation_is_signalled() {
        for (status, result, told) in [
            (
                "CREATE_IN_PROGRESS",
                "CONTINUE",
                "SignalResource Status=SUCCESS",
            ),
            (
                "CREATE_IN_PROGRESS",
                "ABANDON",
                "SignalResource Status=FAILURE",
            ),
            ("UPDATE_IN_PROGRESS", "CONTINUE", ""),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "ABANDON", ""),
            ("UPDATE_COMPLETE", "ABANDON", ""),
            ("UPDATE_COMPLETE", "CONTINUE", ""),
        ] {
            let (asked, outcome) = run_while(status, refreshed(result), None).await;
            let after: Vec<&str> = asked[2..].iter().map(String::as_str).collect();
            let expected: &[&str] = if told.is_empty() { &[] } else { &[told] };
            assert_eq!(after, expected, "{status} {result}");
            outcome.expect("an answer");
        }
        let (asked, _) =
            run_while("UPDATE_ROLLBACK_IN_PROGRESS", refreshed("STOP_ROLL"), None).await;
        assert_eq!(asked, ["DescribeStacks", "CompleteLifecycleAction"]);
    }

    #[tokio::test]
    async fn of_a_leaving_instance_nothing_is_said_of_signals() {
        for (kind, over, reason) in [
            ("terminate", None, "Hook ecs-rollout-terminate: CONTINUE."),
            (
                "terminate",
                Some(""),
                "Hook ecs-rollout-terminate: already over, so CONTINUE had no effect.",
            ),
            (
                "launch",
                Some("Terminating"),
                "Hook ecs-rollout-launch: already over, so CONTINUE had no effect; the instance is Terminating. No signal \
                 for CloudFormation.",
            ),
        ] {
            let (_, outcome) = run(input(kind, "CONTINUE"), over).await;
            assert_eq!(outcome.expect("an answer").reason, reason);
        }
    }

    #[tokio::test]
    async fn an_action_that_cannot_be_read_is_not_answered() {
        let mut input = input("launch", "ABANDON");
        input["detail"]["LifecycleActionToken"] = json!("short");
        let (asked, outcome) = run(input, None).await;
        assert_eq!(asked, [""; 0]);
        assert_eq!(outcome.expect_err("bad").name(), "BadEvent");
    }
}
