//! What AWS remembers of past executions, page by page: when they ran, their histories, and their
//! definition.

use aws_sdk_sfn::types::HistoryEvent;
use jiff::Timestamp;
use workers::Error;

use super::state_names::{current_name, with_current_names};
use super::{Aws, Page, time};

/// The most that one page of a history may have (documented).
const EVENTS_A_PAGE: i32 = 1000;

/// An execution, with its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its ARN.
    pub arn: String,
    /// `RUNNING`, or how it ended.
    pub status: String,
    /// When it started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub stopped: Option<Timestamp>,
}

/// An event of an execution's history: what of it a tale is made of. Empty texts are absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// Its type, such as `TaskStateEntered`.
    pub kind: String,
    /// The state that it entered or left, by its name in the present definition.
    pub state: String,
    /// The input of the state entered, or of the execution started.
    pub input: String,
    /// The output of the state left.
    pub output: String,
    /// The error's name.
    pub error: String,
    /// The error's cause.
    pub cause: String,
}

impl Aws {
    /// Executions of the state machine of whatever status, newest first.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn past_executions(
        &self,
        machine: &str,
        next: Option<String>,
    ) -> Result<Page<Past>, Error> {
        let request = self.stepfunctions.list_executions();
        let sent = request
            .state_machine_arn(machine)
            .set_next_token(next)
            .send();
        let answer = sent
            .await
            .map_err(|error| Error::from_sdk("states:ListExecutions", error))?;
        let past = answer.executions().iter().filter_map(|one| {
            Some(Past {
                arn: one.execution_arn().to_owned(),
                status: one.status().as_str().to_owned(),
                started: time(Some(one.start_date()))?,
                stopped: time(one.stop_date()),
            })
        });
        Ok(Page {
            items: past.collect(),
            next: answer.next_token().map(str::to_owned),
        })
    }

    /// The history of an execution, oldest first; nothing if Step Functions has forgotten it.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn history(
        &self,
        execution: &str,
        next: Option<String>,
    ) -> Result<Option<Page<Happened>>, Error> {
        let request = self.stepfunctions.get_execution_history();
        let sent = request
            .execution_arn(execution)
            .max_results(EVENTS_A_PAGE)
            .set_next_token(next)
            .send();
        let answer = match sent.await {
            Ok(answer) => answer,
            Err(error) => {
                let is_gone = error
                    .as_service_error()
                    .is_some_and(|error| error.is_execution_does_not_exist());
                return if is_gone {
                    Ok(None)
                } else {
                    Err(Error::from_sdk("states:GetExecutionHistory", error))
                };
            }
        };
        Ok(Some(Page {
            items: answer.events().iter().filter_map(happened).collect(),
            next: answer.next_token().map(str::to_owned),
        }))
    }

    /// The definition of the state machine, in Amazon States Language, with the names of the
    /// present one.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn definition(&self, machine: &str) -> Result<String, Error> {
        let request = self.stepfunctions.describe_state_machine();
        let sent = request.state_machine_arn(machine).send();
        let call = "states:DescribeStateMachine";
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        Ok(with_current_names(answer.definition()))
    }
}

fn happened(event: &HistoryEvent) -> Option<Happened> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let entered = event.state_entered_event_details();
    let exited = event.state_exited_event_details();
    let started = event.execution_started_event_details();
    let input = entered.and_then(|it| it.input());
    let input = input.or_else(|| started.and_then(|it| it.input()));
    let state = entered
        .map(|it| it.name())
        .or_else(|| exited.map(|it| it.name()));
    let (error, cause) = failure(event).unwrap_or_default();
    Some(Happened {
        at: time(Some(event.timestamp()))?,
        kind: event.r#type().as_str().to_owned(),
        state: text(state.map(current_name)),
        input: text(input),
        output: text(exited.and_then(|it| it.output())),
        error: text(error),
        cause: text(cause),
    })
}

/// Error and cause of the events that tell one, each in a member of its own.
fn failure(event: &HistoryEvent) -> Option<(Option<&str>, Option<&str>)> {
    macro_rules! first_of {
        ($($member:ident),*) => {
            $(if let Some(it) = event.$member() {
                return Some((it.error(), it.cause()));
            })*
        };
    }
    first_of!(
        lambda_function_failed_event_details,
        lambda_function_timed_out_event_details,
        lambda_function_schedule_failed_event_details,
        lambda_function_start_failed_event_details,
        activity_failed_event_details,
        activity_timed_out_event_details,
        activity_schedule_failed_event_details,
        execution_failed_event_details,
        execution_timed_out_event_details,
        execution_aborted_event_details
    );
    let failed = event.task_failed_event_details();
    let failed = failed.map(|it| (it.error(), it.cause()));
    let timed_out = event.task_timed_out_event_details();
    failed.or_else(|| timed_out.map(|it| (it.error(), it.cause())))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::{HistoryEventType, StateEnteredEventDetails};

    use super::*;

    #[test]
    fn a_history_of_an_earlier_definition_has_the_present_names() {
        let entered = StateEnteredEventDetails::builder().name("Hold").build();
        let event = HistoryEvent::builder()
            .id(2)
            .timestamp(aws_sdk_sfn::primitives::DateTime::from_secs(1))
            .r#type(HistoryEventType::TaskStateEntered)
            .state_entered_event_details(entered.expect("it has a name"))
            .build()
            .expect("it has all that it needs");
        let happened = happened(&event).expect("it has a time");
        assert_eq!(happened.state, "WaitForEarlierDrains");
    }
}
