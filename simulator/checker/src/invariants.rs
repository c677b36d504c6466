//! The invariants that every rehearsal and scenario checks.

use jiff::Timestamp;
use serde::Serialize;

/// A rule that must hold after every event of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No instance is let go while a task that was on it is not STOPPED, unless the user chose
    /// `terminate` and the deadline passed.
    DrainedBeforeGone,
    /// While CloudFormation rolls, rollback included, at most one batch of drains is open. What a
    /// user takes out himself, before or after, is not counted.
    OneBatchOfDrains,
    /// An error, a throttle, a lost or doubled event never ends in CONTINUE: no instance is let in
    /// that never joined, nor while an update goes forward after a drain that failed.
    NoErrorContinues,
    /// No service falls below its own minimum healthy count by a drain, unless the user chose
    /// `stop-tasks` or `terminate` and the deadline passed, or deletes the stack.
    MinimumHealthy,
    /// Every execution ends within its deadlines, in under 25,000 history events.
    ExecutionsEnd,
    /// A rollout ends: all on the new AMI, or rolled back to all on the old one at full size.
    RollEnds,
    /// Every lifecycle action of ours gets an execution, even if its event is lost; none gets two
    /// that act against each other.
    EveryActionServed,
    /// An instance is retained only after its own deadline or limit, counted from the admission of
    /// its drain, and only with something left on it.
    RetainedForCause,
    /// A launch is abandoned only after its own join deadline, and only if the instance has not
    /// joined.
    AbandonedForCause,
    /// What has become true is noticed within the bound of its phase, and a deadline strikes within
    /// a bound of its time.
    NoticedInTime,
    /// Checks, API calls and heartbeats stay within their budget, and no heartbeat is missing for
    /// longer than a third of the hook's timeout.
    WithinBudget,
    /// Each execution that failed names a cause that happened.
    FailuresExplained,
    /// The same seed gives the same scenario, to the byte.
    SameSeedSameTrace,
}

/// The invariants that one run can check, in the order in which they are shown.
/// [`Invariant::SameSeedSameTrace`] takes two.
pub const INVARIANTS: [Invariant; 12] = [
    Invariant::DrainedBeforeGone,
    Invariant::OneBatchOfDrains,
    Invariant::NoErrorContinues,
    Invariant::MinimumHealthy,
    Invariant::ExecutionsEnd,
    Invariant::RollEnds,
    Invariant::EveryActionServed,
    Invariant::RetainedForCause,
    Invariant::AbandonedForCause,
    Invariant::NoticedInTime,
    Invariant::WithinBudget,
    Invariant::FailuresExplained,
];

impl Invariant {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::DrainedBeforeGone => "drained-before-gone",
            Self::OneBatchOfDrains => "one-batch-of-drains",
            Self::NoErrorContinues => "no-error-continues",
            Self::MinimumHealthy => "minimum-healthy",
            Self::ExecutionsEnd => "executions-end",
            Self::RollEnds => "rollout-ends",
            Self::EveryActionServed => "every-action-served",
            Self::RetainedForCause => "retained-for-cause",
            Self::AbandonedForCause => "abandoned-for-cause",
            Self::NoticedInTime => "noticed-in-time",
            Self::WithinBudget => "within-budget",
            Self::FailuresExplained => "failures-explained",
            Self::SameSeedSameTrace => "same-seed-same-trace",
        }
    }

    /// The rule in words, as it reads while it holds.
    pub fn words(self) -> &'static str {
        match self {
            Self::DrainedBeforeGone => {
                "no instance was terminated while a task that was on it was not STOPPED"
            }
            Self::OneBatchOfDrains => "never more than one batch of drains was open",
            Self::NoErrorContinues => "no error ended in CONTINUE",
            Self::MinimumHealthy => "no service fell below its minimum healthy count",
            Self::ExecutionsEnd => "every execution ended in time, far from 25,000 history events",
            Self::RollEnds => "the rollout ended with all capacity on one AMI, at full size",
            Self::EveryActionServed => {
                "every lifecycle action got an execution, and none got two that act against each other"
            }
            Self::RetainedForCause => {
                "no instance was retained before its deadline, or with nothing left on it"
            }
            Self::AbandonedForCause => {
                "no launch was abandoned before its join deadline, or of an instance that had joined"
            }
            Self::NoticedInTime => {
                "every condition was noticed at the next check, and every deadline in time"
            }
            Self::WithinBudget => "checks, API calls and heartbeats stayed within their budget",
            Self::FailuresExplained => "every failed execution named a cause that happened",
            Self::SameSeedSameTrace => {
                "two rehearsals with the same seed had the same trace, to the byte"
            }
        }
    }
}

/// A violation of an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When.
    pub at: Timestamp,
    /// By what, in words.
    pub detail: String,
}

/// An invariant, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedInvariant {
    /// The invariant's name.
    pub name: &'static str,
    /// Whether it held.
    pub held: bool,
    /// The invariant in words, or what violated it.
    pub detail: String,
}

/// The words for batches where ECS's managed draining drains too, at once and knowing no
/// turns.
const BATCHES_FORWARD: &str = "never more than one batch of drains of an update that went forward was open while it alone launched instances; with ManagedDraining all else drains at once";

/// Every invariant, and whether it held.
pub fn check_all(violations: &[Violation], managed_draining: bool) -> Vec<CheckedInvariant> {
    INVARIANTS
        .iter()
        .map(|invariant| {
            let found: Vec<&Violation> = violations
                .iter()
                .filter(|violation| violation.invariant == *invariant)
                .collect();
            let detail = match found.as_slice() {
                [] if *invariant == Invariant::OneBatchOfDrains && managed_draining => {
                    BATCHES_FORWARD.to_owned()
                }
                [] => invariant.words().to_owned(),
                [only] => format!("at {}: {}", only.at, only.detail),
                [first, rest @ ..] => format!(
                    "at {}: {} (and {} more)",
                    first.at,
                    first.detail,
                    rest.len()
                ),
            };
            CheckedInvariant {
                name: invariant.name(),
                held: found.is_empty(),
                detail,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violated_invariant_names_the_first_violation_and_counts_the_rest() {
        let violation = |detail: &str| Violation {
            invariant: Invariant::MinimumHealthy,
            at: Timestamp::UNIX_EPOCH,
            detail: detail.to_owned(),
        };
        let checked = check_all(&[violation("a"), violation("b")], false);
        let health = checked
            .iter()
            .find(|invariant| invariant.name == "minimum-healthy")
            .expect("all are checked");
        assert!(!health.held);
        assert_eq!(health.detail, "at 1970-01-01T00:00:00Z: a (and 1 more)");
        assert_eq!(
            checked.iter().filter(|invariant| invariant.held).count(),
            INVARIANTS.len() - 1
        );
    }
}
