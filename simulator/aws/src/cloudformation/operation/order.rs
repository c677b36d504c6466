//! Which resource of an operation is next.

use super::{Operation, Step};

impl Operation {
    /// A resource that has not begun and waits for nothing any more.
    ///
    /// What a resource that failed to be deleted depends on waits for good, and stays as it was: a
    /// field report (2026-03) of a subnet that could not be deleted has the subnet alone as failed,
    /// and its VPC never begun.
    pub(super) fn ready(&self) -> Option<String> {
        let gone = |name: &String| match self.steps.get(name) {
            None => true,
            Some(Step::Over) => !self.purpose.deletes() || !self.failed.contains(name),
            Some(Step::Waiting | Step::Running(_)) => false,
        };
        self.steps
            .iter()
            .filter(|(_, step)| matches!(step, Step::Waiting))
            .map(|(name, _)| name)
            .find(|name| {
                let waits = self.waits.get(*name);
                waits.is_none_or(|waits| waits.iter().all(gone))
            })
            .cloned()
    }
}
