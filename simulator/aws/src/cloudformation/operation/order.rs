//! Which resource of an operation is next.

use super::{Operation, Step};

impl Operation {
    /// A resource that has not begun and waits for nothing any more.
    ///
    /// What a resource depends on is deleted although that resource's deletion failed: seen in the
    /// events of <https://github.com/eksctl-io/eksctl/issues/616>, and reported to AWS
    /// (<https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/852>).
    pub(super) fn ready(&self) -> Option<String> {
        let over = |name: &String| matches!(self.steps.get(name), None | Some(Step::Over));
        self.steps
            .iter()
            .filter(|(_, step)| matches!(step, Step::Waiting))
            .map(|(name, _)| name)
            .find(|name| {
                let waits = self.waits.get(*name);
                waits.is_none_or(|waits| waits.iter().all(over))
            })
            .cloned()
    }
}
