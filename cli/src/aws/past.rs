//! What AWS remembers of a past roll, page by page: executions and their histories, stack events, scaling activities.

use aws_sdk_sfn::types::HistoryEvent;
use jiff::Timestamp;
use workers::Error;

use super::{Aws, StackEvent, time};

/// The most that one page of a history may have (documented).
const EVENTS_A_PAGE: i32 = 1000;

/// A page of a list, and the token of the next if there is one.
pub type Page<T> = (Vec<T>, Option<String>);

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
    /// The state that it entered or left.
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

/// Something that a group did, in Auto Scaling's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastActivity {
    /// When it began.
    pub began: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// Such as `Launching a new EC2 instance: i-0123456789abcdef0`.
    pub description: String,
    /// Why.
    pub cause: String,
    /// Such as `Successful`.
    pub status: String,
    /// What went wrong, if anything.
    pub message: String,
}

impl PastActivity {
    /// The instance that it is about, if its description names one.
    pub fn instance(&self) -> Option<&str> {
        let (_, rest) = self.description.split_once("EC2 instance: ")?;
        let end = rest.find(|of: char| !of.is_ascii_alphanumeric() && of != '-');
        let id = &rest[..end.unwrap_or(rest.len())];
        id.starts_with("i-").then_some(id)
    }

    /// Whether it launches an instance; otherwise it ends one, or is about none.
    pub fn launches(&self) -> bool {
        self.description.starts_with("Launching")
    }
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
        let next = answer.next_token().map(str::to_owned);
        Ok((past.collect(), next))
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
                return match is_gone {
                    true => Ok(None),
                    false => Err(Error::from_sdk("states:GetExecutionHistory", error)),
                };
            }
        };
        let events = answer.events().iter().filter_map(happened).collect();
        Ok(Some((events, answer.next_token().map(str::to_owned))))
    }

    /// What a group did, those under way first, then the newest first.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn past_activities(
        &self,
        group: &str,
        next: Option<String>,
    ) -> Result<Page<PastActivity>, Error> {
        let request = self.autoscaling.describe_scaling_activities();
        let sent = request
            .auto_scaling_group_name(group)
            .set_next_token(next)
            .send();
        let call = "autoscaling:DescribeScalingActivities";
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let activities = answer.activities().iter().filter_map(|one| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            Some(PastActivity {
                began: time(one.start_time())?,
                ended: time(one.end_time()),
                description: text(one.description()),
                cause: text(one.cause()),
                status: text(one.status_code().map(|status| status.as_str())),
                message: text(one.status_message()),
            })
        });
        let next = answer.next_token().map(str::to_owned);
        Ok((activities.collect(), next))
    }

    /// Events of the stack, newest first.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn past_stack_events(
        &self,
        stack: &str,
        next: Option<String>,
    ) -> Result<Page<StackEvent>, Error> {
        let request = self.cloudformation.describe_stack_events();
        let sent = request.stack_name(stack).set_next_token(next).send();
        let call = "cloudformation:DescribeStackEvents";
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let events = answer.stack_events().iter().filter_map(|one| {
            Some(StackEvent {
                id: one.event_id()?.to_owned(),
                at: time(one.timestamp())?,
                resource: one.logical_resource_id()?.to_owned(),
                status: one.resource_status()?.as_str().to_owned(),
                reason: one.resource_status_reason().unwrap_or_default().to_owned(),
            })
        });
        let next = answer.next_token().map(str::to_owned);
        Ok((events.collect(), next))
    }

    /// The definition of the state machine, in Amazon States Language.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn definition(&self, machine: &str) -> Result<String, Error> {
        let request = self.stepfunctions.describe_state_machine();
        let sent = request.state_machine_arn(machine).send();
        let call = "states:DescribeStateMachine";
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        Ok(answer.definition().to_owned())
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
        state: text(state),
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
    use super::*;

    #[test]
    fn an_activity_names_its_instance() {
        let of = |description: &str| PastActivity {
            began: Timestamp::UNIX_EPOCH,
            ended: None,
            description: description.to_owned(),
            cause: String::new(),
            status: String::new(),
            message: String::new(),
        };
        let abandoned = of(
            "Launching a new EC2 instance: i-0a.  Status Reason: Instance failed to complete user's Lifecycle Action",
        );
        assert_eq!(abandoned.instance(), Some("i-0a"));
        assert!(abandoned.launches());
        let waiting = of("Terminating EC2 instance: i-0b - Waiting For ELB Connection Draining.");
        assert_eq!(
            (waiting.instance(), waiting.launches()),
            (Some("i-0b"), false)
        );
        let none = of(
            "Could not scale to desired capacity because all remaining instances are protected from scale-in.",
        );
        assert_eq!(none.instance(), None);
    }
}
