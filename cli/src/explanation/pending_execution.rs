//! An instance at a hook for which no execution runs: whether one may still start, and what to do
//! if none does.

use jiff::SignedDuration;

use super::Explanation;
use crate::aws::with_access;
use crate::format::{between, clock};

/// The reconciler starts an execution whose event was lost within this time: after its tail of 180
/// seconds, at its next event, which comes every five minutes and a minute late at most.
const RECONCILED_WITHIN: SignedDuration = SignedDuration::from_mins(9);

/// Without a reconciler an event that has not come within this time does not come. The latest on
/// record came after 129 seconds.
const EVENT_COMES_WITHIN: SignedDuration = SignedDuration::from_secs(180);

impl Explanation {
    /// Whether the instance is at a hook whose event, or the reconciler after that, may still start
    /// the execution: nothing is wrong yet.
    pub(super) fn execution_may_come(&self) -> bool {
        let within = match self.stack.reconciler() {
            Some(_) => RECONCILED_WITHIN,
            None => EVENT_COMES_WITHIN,
        };
        let since = self.opened.map(|opened| self.now.duration_since(opened));
        self.member.state.is_at_hook() && since.is_some_and(|since| since < within)
    }

    /// That no execution runs for it, and for how long it has been on its way.
    pub(super) fn without_execution(&self) -> String {
        let since = self.opened.map_or_else(String::new, |opened| {
            format!(
                ", on its way since {} ({})",
                clock(opened),
                between(opened, self.now)
            )
        });
        let yet = if self.execution_may_come() {
            " yet"
        } else {
            ""
        };
        format!(
            "{}{since}, and no execution is running for it{yet}.",
            self.member.state
        )
    }

    /// What to do while no execution has run for an instance at a hook.
    pub(super) fn await_execution(&self) -> String {
        let look = |machine: &str| {
            with_access(&format!(
                "aws stepfunctions list-executions --state-machine-arn {machine} --max-items 3"
            ))
        };
        let is_early = self.execution_may_come();
        match self.stack.reconciler() {
            Some(machine) if is_early => format!(
                "Wait: its event may be up to 2m late. If it was lost, the reconciler starts an execution within 9m after the hook \
                 opened, or 15m if an event of its own is lost. If none is running by then, look at the reconciler: {}",
                look(machine)
            ),
            Some(machine) => format!(
                "Its event was lost, and the reconciler should have started an execution by now; it does so within 15m if an \
                 event of its own is lost. Look at the reconciler: {}",
                look(machine)
            ),
            None if is_early => "Wait: its event may be up to 2m late.".to_owned(),
            None => format!(
                "Its event was lost: stack {} has no reconciler, which the template of this version adds. Start an execution with \
                 the event from the dead letters (output DeadLetterQueueUrl).",
                self.stack.name
            ),
        }
    }
}
