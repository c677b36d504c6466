//! Ends executions.

use serde_json::{Value, json};

use super::events;
use super::execution::{Execution, Status, with_error, with_output};
use super::failure::{Failure, TIMEOUT};
use super::run::{execution, record_execution};
use crate::account::Account;
use crate::cloudwatch::CLOUDWATCH;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::ExecutionEvent;

/// Says that the execution is over, so that whoever moved it stops.
pub struct ExecutionEnded;

/// How an execution ends.
pub enum Ending {
    /// Well, with this output.
    Succeeded(String),
    /// With an error.
    Failed(Failure),
    /// At its time limit.
    TimedOut,
    /// Because somebody said so.
    Aborted(Failure),
}

impl Ending {
    /// The last event of the history: its type, the member for its details, and these.
    fn event(&self) -> (&'static str, (&'static str, Value)) {
        let error =
            |trouble: &Failure| with_error(trouble.error.as_deref(), trouble.cause.as_deref());
        match self {
            Self::Succeeded(output) => (
                "ExecutionSucceeded",
                (
                    "executionSucceededEventDetails",
                    with_output(json!({}), output.clone()),
                ),
            ),
            Self::Failed(trouble) => (
                "ExecutionFailed",
                ("executionFailedEventDetails", error(trouble)),
            ),
            Self::TimedOut => (
                "ExecutionTimedOut",
                (
                    "executionTimedOutEventDetails",
                    with_error(Some(TIMEOUT), None),
                ),
            ),
            Self::Aborted(trouble) => (
                "ExecutionAborted",
                ("executionAbortedEventDetails", error(trouble)),
            ),
        }
    }

    /// From which event the last one follows: an end that comes from outside follows from none
    /// (recorded: radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json and
    /// redrive_execution.json, 2026-09).
    fn previous(&self) -> Option<usize> {
        match self {
            Self::Succeeded(_) | Self::Failed(_) => None,
            Self::TimedOut | Self::Aborted(_) => Some(0),
        }
    }

    /// Only the history gives the error of an execution that took too long; its description and its
    /// status event have none (recorded: radkawar/stackd
    /// testdata/aws/stepfunctions/observability.json, 2026-09).
    fn settle(self, ended: &mut Execution) {
        let (status, trouble) = match self {
            Self::Succeeded(output) => {
                ended.output = Some(output);
                (ended.visit, ended.ahead) = (None, None);
                (Status::Succeeded, Failure::NONE)
            }
            Self::Failed(trouble) => (Status::Failed, trouble),
            Self::TimedOut => (Status::TimedOut, Failure::NONE),
            Self::Aborted(trouble) => (Status::Aborted, trouble),
        };
        ended.status = status;
        (ended.error, ended.cause) = (trouble.error, trouble.cause);
        // A redrive comes back to the state in which it ended; what that had asked is over.
        if let Some(visit) = &mut ended.visit {
            (visit.awaited, visit.afterwards) = (None, None);
        }
    }

    /// The error that the trace shows, with its cause.
    fn trouble(&self) -> Failure {
        match self {
            Self::Succeeded(_) => Failure::NONE,
            Self::TimedOut => Failure::timeout(),
            Self::Failed(trouble) | Self::Aborted(trouble) => trouble.clone(),
        }
    }
}

/// Ends the execution.
pub fn end(account: &mut Account, run: usize, ending: Ending) -> ExecutionEnded {
    let now = account.now;
    let ended = execution(account, run);
    let (kind, details) = ending.event();
    ended.write(now, kind, Some(details), ending.previous());
    let trouble = ending.trouble();
    ending.settle(ended);
    ended.stop = Some(now);
    let history_events = ended.history.len();
    let what = ExecutionEvent::Ended {
        status: ended.status,
        error: trouble.error.unwrap_or_default(),
        cause: trouble.cause.unwrap_or_default(),
        history_events,
    };
    let machine = ended.state_machine.clone();
    let counted = match ended.status {
        Status::Failed => Some("ExecutionsFailed"),
        Status::TimedOut => Some("ExecutionsTimedOut"),
        Status::Aborted => Some("ExecutionsAborted"),
        Status::Running | Status::Succeeded => None,
    };
    if let Some(name) = counted {
        let services = &mut account[CLOUDWATCH].services;
        services.count(now, name, "StateMachineArn", &machine);
    }
    if account[STEPFUNCTIONS].forget_histories {
        execution(account, run).history = Vec::new();
    }
    record_execution(account, run, what);
    events::status_changed(account, run);
    ExecutionEnded
}
