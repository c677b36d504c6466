//! By which rules a service's tasks come and go.

use jiff::Timestamp;

/// A service's rules, and what it last said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTerms {
    /// Whether it has one task on each instance (schedulingStrategy DAEMON).
    pub is_daemon: bool,
    /// minimumHealthyPercent: of its tasks, rounded up, so many must run.
    pub minimum_percent: i64,
    /// maximumPercent: of its tasks, rounded down, so many may run.
    pub maximum_percent: i64,
    /// Its own placement constraints, in words: `distinctInstance`, or an expression of the cluster
    /// query language. Its task definition may have more.
    pub constraints: Vec<String>,
    /// Its events, newest first.
    pub events: Vec<ServiceEvent>,
    /// Whether its newest deployment failed, or has seen tasks fail and none run.
    pub is_failing: bool,
}

/// What the service scheduler said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// When, if that is known.
    pub at: Option<Timestamp>,
    /// What.
    pub message: String,
}

/// What a service says that found no place for a task
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html>).
const UNPLACED: &str = "unable to place a task";

/// What a service says that has all its tasks (the same page).
const STEADY: &str = "has reached a steady state";

impl ServiceTerms {
    /// What it said of a task without a place since it last had all its tasks, if it did.
    pub fn unplaced(&self) -> Option<&ServiceEvent> {
        let since = self.events.iter();
        since
            .take_while(|event| !event.message.contains(STEADY))
            .find(|event| event.message.contains(UNPLACED))
    }
}

impl Default for ServiceTerms {
    /// ECS's own for a REPLICA service.
    fn default() -> Self {
        Self {
            is_daemon: false,
            minimum_percent: 100,
            maximum_percent: 200,
            constraints: Vec::new(),
            events: Vec::new(),
            is_failing: false,
        }
    }
}
