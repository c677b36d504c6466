//! What a worker comes to when it looks: a verdict, its reason, and what is to be noted.

use jiff::Timestamp;
use serde::Serialize;

use super::{Details, Policy, Subject};

/// What a worker concludes. The enum is the edge that the state machine takes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// What was asked for is so: go on.
    Reached,
    /// It is not so yet: wait, and ask again.
    NotYet,
    /// It will not come to be, or not in time.
    Never,
    /// The lifecycle action is over already: there is nothing left to decide.
    Over,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Reached, Self::NotYet, Self::Never, Self::Over];

    /// As the state machine reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "Reached",
            Self::NotYet => "NotYet",
            Self::Never => "Never",
            Self::Over => "Over",
        }
    }

    /// The verdict that an answer calls so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// A worker's conclusion, before it is known how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence for a person.
    pub reason: String,
    /// When the verdict would change by itself: the next look must not be later.
    pub deadline: Option<Timestamp>,
    /// When something was set in motion anew: waits grow from here, if that is later than the
    /// phase's beginning.
    pub restarted: Option<Timestamp>,
    /// What else the state machine is told.
    pub extra: Details,
}

impl Assessment {
    /// What was asked for is so.
    pub fn reached(reason: String) -> Self {
        Self::new(Verdict::Reached, reason)
    }

    /// Not so yet.
    pub fn not_yet(reason: String) -> Self {
        Self::new(Verdict::NotYet, reason)
    }

    /// Not so, and not going to be. `reason` is the rest of a sentence that begins with the
    /// instance: this reason becomes the cause of a failed execution, and of a notice, and nothing
    /// beside it names the instance there. No other reason repeats the instance.
    pub fn never(subject: &Subject, reason: &str) -> Self {
        let instance = &subject.action.instance;
        Self::new(Verdict::Never, format!("{instance} {reason}"))
    }

    /// The lifecycle action is over.
    pub fn over(reason: String) -> Self {
        Self::new(Verdict::Over, reason)
    }

    fn new(verdict: Verdict, reason: String) -> Self {
        Self {
            verdict,
            reason,
            deadline: None,
            restarted: None,
            extra: Details::default(),
        }
    }

    /// The same, to be looked at again by `deadline`.
    pub fn by(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same, with waits that grow from `restarted` on.
    pub fn restarted_at(mut self, restarted: Timestamp) -> Self {
        self.restarted = Some(restarted);
        self
    }

    /// The same, with the policy for a drain that fails.
    pub fn under(mut self, policy: Policy) -> Self {
        self.extra.policy = Some(policy);
        self
    }
}
