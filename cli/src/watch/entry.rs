//! What happened to the stack or the group, as a line of its log.

use jiff::Timestamp;

use crate::aws::{Activity, StackEvent};

/// What happened to the stack or the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The resource, or `scaling`.
    pub subject: String,
    /// Its status.
    pub status: String,
    /// What, and why.
    pub text: String,
}

impl From<&StackEvent> for Entry {
    fn from(event: &StackEvent) -> Self {
        Self {
            at: event.at,
            subject: event.resource.clone(),
            status: event.status.clone(),
            text: event.reason.clone(),
        }
    }
}

impl From<&Activity> for Entry {
    fn from(activity: &Activity) -> Self {
        Self {
            at: activity.ended.unwrap_or(activity.began),
            subject: "scaling".to_owned(),
            status: activity.status.clone(),
            text: if activity.is_foreign() {
                format!("{}: {}", activity.description, activity.cause)
            } else {
                activity.description.clone()
            },
        }
    }
}
