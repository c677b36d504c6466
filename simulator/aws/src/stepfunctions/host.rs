//! Who answers a Task state, and what the history calls the events of an attempt there.

/// Who answers a Task state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// A Lambda function, which Step Functions invokes.
    Function,
    /// An activity, which workers poll.
    Activity,
}

/// An event of a history: its type, and the member for its details.
pub type EventName = (&'static str, &'static str);

impl Host {
    /// The attempt was made.
    pub fn scheduled(self) -> EventName {
        match self {
            Self::Function => (
                "LambdaFunctionScheduled",
                "lambdaFunctionScheduledEventDetails",
            ),
            Self::Activity => ("ActivityScheduled", "activityScheduledEventDetails"),
        }
    }

    /// It was answered.
    pub fn succeeded(self) -> EventName {
        match self {
            Self::Function => (
                "LambdaFunctionSucceeded",
                "lambdaFunctionSucceededEventDetails",
            ),
            Self::Activity => ("ActivitySucceeded", "activitySucceededEventDetails"),
        }
    }

    /// It failed.
    pub fn failed(self) -> EventName {
        match self {
            Self::Function => ("LambdaFunctionFailed", "lambdaFunctionFailedEventDetails"),
            Self::Activity => ("ActivityFailed", "activityFailedEventDetails"),
        }
    }

    /// It was cut off.
    pub fn timed_out(self) -> EventName {
        match self {
            Self::Function => (
                "LambdaFunctionTimedOut",
                "lambdaFunctionTimedOutEventDetails",
            ),
            Self::Activity => ("ActivityTimedOut", "activityTimedOutEventDetails"),
        }
    }
}
