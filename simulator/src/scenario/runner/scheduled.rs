//! What a scenario puts off: it happens at its instant, in the middle of whatever goes on then.

use jiff::Timestamp;

use super::Runner;
use crate::account::Account;
use crate::scenario::StepError;
use crate::trace::StackStatus;

impl Runner {
    /// Lets time run until `done`, which is asked after every event, or until `limit`; what is due
    /// on the way is done. Says whether it was done.
    ///
    /// # Errors
    /// What is wrong with something that was due.
    pub(super) async fn run_until(
        &mut self,
        mut done: impl FnMut(&mut Account) -> bool,
        limit: Timestamp,
    ) -> Result<bool, StepError> {
        loop {
            let due = self.due.first().map(|(at, _)| *at);
            let due = due.filter(|at| *at <= limit);
            if self.host.run_until(&mut done, due.unwrap_or(limit)).await {
                return Ok(true);
            }
            if due.is_none() {
                return Ok(false);
            }
            let (_, action) = self.due.remove(0);
            self.perform_scheduled(&action)?;
        }
    }

    /// Lets time run until nothing is under way, or until `limit`. A rollback that has failed is
    /// not the end as long as the scenario has something to do about it.
    ///
    /// # Errors
    /// As [`Self::run_until`].
    pub(super) async fn see_through(&mut self, limit: Timestamp) -> Result<(), StepError> {
        loop {
            let watch = self.checker.clone();
            let at_rest = self.run_until(move |_| watch.pending().is_none(), limit);
            let failed = at_rest.await?
                && self.checker.stack_status() == Some(StackStatus::UpdateRollbackFailed);
            let Some((due, _)) = self.due.first().filter(|_| failed) else {
                return Ok(());
            };
            let due = *due;
            self.run_until(|_| false, due).await?;
        }
    }

    /// Whether everything that was put off has happened: a scenario that ends earlier did not show
    /// what it says.
    pub(super) fn all_happened(&self) -> Result<(), StepError> {
        let Some((at, action)) = self.due.first() else {
            return Ok(());
        };
        let since = |time: Timestamp| time.duration_since(self.began).unsigned_abs();
        Err(StepError::NeverDue {
            ended: since(self.host.now()),
            due: since(*at),
            action: Box::new(action.clone()),
        })
    }
}
