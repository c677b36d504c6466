//! A state machine's definition, read: what each state is, and where it leads.

use std::collections::BTreeMap;

use serde_json::Value;

use super::choice::Rule;
use super::failure::Failure;
use super::host::Host;
use super::intrinsic::Expression;
use super::path::{Path, Scope};
use super::template::Template;

/// A definition in which every target exists and every state can be reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Where an execution starts.
    pub start_at: String,
    /// The states by name.
    pub states: BTreeMap<String, State>,
    /// How long an execution may last.
    pub timeout_seconds: Option<u64>,
    /// Whether a path of it may read the context object.
    pub reads_context: bool,
}

/// One state.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// What it does.
    pub kind: Kind,
    /// What of its input it sees; nothing stands for `{}`.
    pub input_path: Option<Path>,
    /// What of its output goes on; nothing stands for `{}`.
    pub output_path: Option<Path>,
}

/// What a state does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Hands its input on, or a result of its own.
    Pass {
        /// What it makes of its input.
        parameters: Option<Template>,
        /// Its result, if that is not its input.
        result: Option<Value>,
        /// Where the result goes in the input.
        result_path: ResultPath,
        /// Where it leads.
        then: Next,
    },
    /// Asks a Lambda function or an activity.
    Task(Task),
    /// Goes where the first rule that holds leads.
    Choice {
        /// The rules, each with its target.
        rules: Vec<(Rule, String)>,
        /// Where it leads if no rule holds.
        default: Option<String>,
    },
    /// Waits.
    Wait {
        /// For how long.
        length: Length,
        /// Where it leads.
        then: Next,
    },
    /// Ends the execution well.
    Succeed,
    /// Ends the execution badly.
    Fail {
        /// The error's name.
        error: Option<ErrorText>,
        /// The error's cause.
        cause: Option<ErrorText>,
    },
}

/// A Task state whose resource is a Lambda function or an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// ARN of the function or activity.
    pub resource: String,
    /// Which of the two it is.
    pub host: Host,
    /// How long one attempt may take.
    pub timeout_seconds: Option<u64>,
    /// How long an activity worker may be silent. Functions have no way to send heartbeats.
    ///
    /// assumption: the clock does not run for functions, although a metric has the name
    /// LambdaFunctionsHeartbeatTimedOut
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>). A
    /// function that takes longer than its HeartbeatSeconds and fails proves it wrong.
    pub heartbeat_seconds: Option<u64>,
    /// What it is given, if that is not the input.
    pub parameters: Option<Template>,
    /// What is made of the answer.
    pub result_selector: Option<Template>,
    /// Where the result goes in the input.
    pub result_path: ResultPath,
    /// What is tried again, and when.
    pub retry: Vec<Retrier>,
    /// Where errors lead that are not tried again.
    pub catch: Vec<Catcher>,
    /// Where it leads.
    pub then: Next,
}

/// An entry of Retry.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrier {
    /// The errors it is about.
    pub error_equals: Vec<String>,
    /// Seconds before the first retry.
    pub interval_seconds: u64,
    /// How often it tries again, in one visit of the state.
    pub max_attempts: u64,
    /// By what the seconds grow each time.
    pub backoff_rate: f64,
    /// The seconds at most.
    pub max_delay_seconds: Option<u64>,
    /// Whether the wait is anything between nothing and those seconds, by chance.
    pub full_jitter: bool,
}

impl Retrier {
    /// Seconds before the retry that follows on `retries` earlier ones, before jitter.
    pub fn delay_seconds(&self, retries: u64) -> f64 {
        let exponent = i32::try_from(retries).unwrap_or(i32::MAX);
        let delay = self.interval_seconds as f64 * self.backoff_rate.powi(exponent);
        // A year is the longest that an execution lasts.
        delay.min(self.max_delay_seconds.unwrap_or(31_622_400) as f64)
    }
}

/// An entry of Catch.
#[derive(Debug, Clone, PartialEq)]
pub struct Catcher {
    /// The errors it is about.
    pub error_equals: Vec<String>,
    /// Where the error goes in the input.
    pub result_path: ResultPath,
    /// Where it leads.
    pub next: String,
}

/// Where a result goes.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultPath {
    /// To this place in the input.
    Into(Path),
    /// Nowhere: the input goes on as it was.
    Discard,
}

impl ResultPath {
    /// The input with the result in its place.
    ///
    /// # Errors
    /// `States.ResultPathMatchFailure`.
    pub fn place(&self, input: &Value, result: Value) -> Result<Value, Failure> {
        match self {
            Self::Discard => Ok(input.clone()),
            Self::Into(path) => path
                .write(input.clone(), result)
                .map_err(|why| Failure::new("States.ResultPathMatchFailure", why.to_string())),
        }
    }
}

/// Where a state leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// To another state.
    Next(String),
    /// To the end of the execution.
    End,
}

/// How long a Wait state waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Length {
    /// So many seconds.
    Seconds(u64),
    /// As many seconds as the input says.
    SecondsPath(Path),
    /// Until an instant.
    Timestamp(jiff::Timestamp),
    /// Until the instant that the input says.
    TimestampPath(Path),
}

/// The Error or Cause of a Fail state.
#[derive(Debug, Clone, PartialEq)]
pub enum ErrorText {
    /// These words.
    Literal(String),
    /// Words from the input.
    From(Expression),
}

impl ErrorText {
    /// The words.
    ///
    /// # Errors
    /// `States.Runtime` if there are none in the place named.
    pub fn evaluate(&self, field: &str, scope: Scope<'_>) -> Result<String, Failure> {
        match self {
            Self::Literal(text) => Ok(text.clone()),
            Self::From(expression) => match expression.evaluate(field, scope)? {
                Value::String(text) => Ok(text),
                other => Err(Failure::runtime(format!(
                    "The {field} field must refer to a string, not {other}"
                ))),
            },
        }
    }
}

impl State {
    /// The name that the history uses for this kind of state, such as `Task`.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Pass { .. } => "Pass",
            Kind::Task(_) => "Task",
            Kind::Choice { .. } => "Choice",
            Kind::Wait { .. } => "Wait",
            Kind::Succeed => "Succeed",
            Kind::Fail { .. } => "Fail",
        }
    }

    /// The states to which this one leads, each with the field that says so.
    pub fn targets(&self) -> Vec<(String, &str)> {
        fn next(then: &Next) -> Option<(String, &str)> {
            match then {
                Next::Next(name) => Some(("Next".to_owned(), name)),
                Next::End => None,
            }
        }
        match &self.kind {
            Kind::Pass { then, .. } | Kind::Wait { then, .. } => next(then).into_iter().collect(),
            Kind::Task(task) => {
                let catch = task.catch.iter().enumerate();
                let caught =
                    catch.map(|(at, catcher)| (format!("Catch[{at}]/Next"), catcher.next.as_str()));
                next(&task.then).into_iter().chain(caught).collect()
            }
            Kind::Choice { rules, default } => {
                let rules = rules.iter().enumerate();
                let chosen =
                    rules.map(|(at, (_, next))| (format!("Choices[{at}]/Next"), next.as_str()));
                chosen
                    .chain(default.as_deref().map(|next| ("Default".to_owned(), next)))
                    .collect()
            }
            Kind::Succeed | Kind::Fail { .. } => Vec::new(),
        }
    }
}
