//! The executions of the state machine: which run, what they know, how they ended.

use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus, HistoryEvent};
use jiff::Timestamp;
use serde_json::Value;
use workers::Error;
use workers::cause::in_words;

use super::state_names::current_name;
use super::{Aws, Page};

/// So many events of a history are read back from its end: the last state entered is among them.
const EVENTS_READ: i32 = 50;

/// The size of a page of ListExecutions, unless the call sets another. It takes 1,000 at
/// most, by its API.
const EXECUTIONS_A_PAGE: i32 = 100;

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, or how it ended.
    pub status: String,
    /// When, if it has.
    pub ended: Option<Timestamp>,
}

/// How far an execution has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The state that it entered last, by its name in the present definition.
    pub state: String,
    /// When.
    pub since: Timestamp,
    /// What that state was given: the event, and the workers' answers.
    pub input: Value,
    /// Error and cause, if it failed; the cause in words.
    pub failure: Option<(String, String)>,
}

impl Ran {
    /// The instance that it is about.
    pub fn instance(&self) -> &str {
        self.input["detail"]["EC2InstanceId"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Aws {
    /// A page of the executions of this status, newest first: as many as one has at most, unless
    /// `most` says fewer.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn executions_from(
        &self,
        machine: &str,
        status: ExecutionStatus,
        most: i32,
        next: Option<String>,
    ) -> Result<Page<Execution>, Error> {
        let call = "states:ListExecutions";
        let sent = self
            .stepfunctions
            .list_executions()
            .state_machine_arn(machine)
            .status_filter(status)
            .max_results(most)
            .set_next_token(next)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        Ok(Page {
            items: answer.executions().iter().map(execution).collect(),
            next: answer.next_token().map(str::to_owned),
        })
    }

    /// Executions of this status, newest first: all that run, or as many of the ended ones as one
    /// page has.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn executions(
        &self,
        machine: &str,
        status: ExecutionStatus,
    ) -> Result<Vec<Execution>, Error> {
        let is_running = status == ExecutionStatus::Running;
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = self
                .executions_from(machine, status.clone(), EXECUTIONS_A_PAGE, next)
                .await?;
            found.extend(page.items);
            next = page.next;
            if next.is_none() || !is_running {
                return Ok(found);
            }
        }
    }

    /// How far an execution has come, read back from the end of its history; nothing if it has not
    /// entered any state.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn ran(&self, execution: &str) -> Result<Option<Ran>, Error> {
        let call = "states:GetExecutionHistory";
        let mut failure = None;
        let mut next = None;
        loop {
            let sent = self
                .stepfunctions
                .get_execution_history()
                .execution_arn(execution)
                .reverse_order(true)
                .max_results(EVENTS_READ)
                .set_next_token(next)
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            let mut events = answer.events().iter();
            while let Some(event) = events.next() {
                if let Some(failed) = event.execution_failed_event_details() {
                    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                    failure = Some((text(failed.error()), text(failed.cause())));
                }
                if let Some(mut ran) = entered(event) {
                    let asked = state_that_failed(events).map(|state| format!("state {state}"));
                    ran.failure = failure.map(|(error, cause)| {
                        (error, in_words(asked.as_deref(), &cause).into_owned())
                    });
                    return Ok(Some(ran));
                }
            }
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(None);
            }
        }
    }
}

fn execution(one: &ExecutionListItem) -> Execution {
    Execution {
        arn: one.execution_arn().to_owned(),
        name: one.name().to_owned(),
        status: one.status().as_str().to_owned(),
        ended: super::time(one.stop_date()),
    }
}

/// Where the Step Functions console shows an execution. The partition is in its ARN.
pub fn console(region: &str, execution: &str) -> String {
    let domain = match execution.split(':').nth(1) {
        Some("aws-cn") => "console.amazonaws.cn",
        Some("aws-us-gov") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!(
        "https://{region}.{domain}/states/home?region={region}#/v2/executions/details/{execution}"
    )
}

/// The Task state of the last attempt that failed, in what is left of a history in reverse order.
fn state_that_failed<'a>(mut events: impl Iterator<Item = &'a HistoryEvent>) -> Option<&'a str> {
    events.find(|event| {
        event.lambda_function_failed_event_details().is_some()
            || event.activity_failed_event_details().is_some()
    })?;
    let mut entered = events.filter_map(HistoryEvent::state_entered_event_details);
    entered.next().map(|state| current_name(state.name()))
}

fn entered(event: &HistoryEvent) -> Option<Ran> {
    let entered = event.state_entered_event_details()?;
    Some(Ran {
        state: current_name(entered.name()).to_owned(),
        since: super::time(Some(event.timestamp()))?,
        input: serde_json::from_str(entered.input()?).ok()?,
        failure: None,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::{
        HistoryEventType, LambdaFunctionFailedEventDetails, StateEnteredEventDetails,
    };

    use super::*;

    #[test]
    fn an_execution_of_an_earlier_definition_has_the_present_names() {
        let event = |kind| {
            let at = aws_sdk_sfn::primitives::DateTime::from_secs(1);
            HistoryEvent::builder().id(1).timestamp(at).r#type(kind)
        };
        let details = StateEnteredEventDetails::builder().name("Hold").input("{}");
        let asked = event(HistoryEventType::TaskStateEntered)
            .state_entered_event_details(details.build().expect("it has a name"))
            .build()
            .expect("it has all that it needs");
        let failed = event(HistoryEventType::LambdaFunctionFailed)
            .lambda_function_failed_event_details(
                LambdaFunctionFailedEventDetails::builder().build(),
            )
            .build()
            .expect("it has all that it needs");
        let ran = entered(&asked).expect("a state was entered");
        assert_eq!(ran.state, "WaitForEarlierDrains");
        let newest_first = [failed, asked];
        let state = state_that_failed(newest_first.iter());
        assert_eq!(state, Some("WaitForEarlierDrains"));
    }

    #[test]
    fn the_console_is_that_of_the_partition() {
        let of = |partition: &str, region: &str| {
            console(
                region,
                &format!("arn:{partition}:states:{region}:123456789012:execution:m:e"),
            )
        };
        assert_eq!(
            of("aws", "eu-west-1"),
            "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/\
             arn:aws:states:eu-west-1:123456789012:execution:m:e"
        );
        let begins = |text: String, start: &str| assert!(text.starts_with(start), "{text}");
        begins(
            of("aws-cn", "cn-north-1"),
            "https://cn-north-1.console.amazonaws.cn/",
        );
        begins(
            of("aws-us-gov", "us-gov-west-1"),
            "https://us-gov-west-1.console.amazonaws-us-gov.com/",
        );
    }
}
