//! How many drains are open at a time. CloudFormation takes instances out only while it is at work on the stack; what a user
//! takes out afterwards, or sets to DRAINING himself, is no drain of a roll.

use jiff::Timestamp;

use super::Inner;
use crate::promises::Claim;

impl Inner {
    /// A drain is open while a DRAINING instance is at its terminate hook. One that waits there for its turn works on.
    pub(super) fn drains_open(&mut self, at: Timestamp) {
        let open: Vec<String> = self
            .instances
            .iter()
            .filter(|(id, seen)| {
                seen.is_draining
                    && seen.state == "Terminating:Wait"
                    && !self.drained_by_hand.contains(*id)
            })
            .map(|(id, _)| id.clone())
            .collect();
        let rolls = self.rolling && self.stack_status.ends_with("_IN_PROGRESS");
        if rolls && open.len() > self.terms.batch && open.len() > self.seen.max_open_drains {
            let names = open.join(", ");
            let detail = format!(
                "{} drains were open with a batch of {}: {names}",
                open.len(),
                self.terms.batch
            );
            self.broke(Claim::OneBatchOfDrains, at, detail);
        }
        self.seen.max_open_drains = self.seen.max_open_drains.max(open.len());
    }
}
