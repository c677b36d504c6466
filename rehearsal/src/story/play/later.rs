//! What a story puts off: it happens at its instant, in the middle of whatever goes on then.

use jiff::Timestamp;

use super::Stage;
use crate::account::Account;
use crate::telling::clock;

impl Stage {
    /// Lets time run until `done`, which is asked after every event, or until `limit`; what is due on the way is done.
    /// Says whether it was done.
    ///
    /// # Errors
    /// What is wrong with something that was due.
    pub(super) async fn run_until(
        &mut self,
        mut done: impl FnMut(&mut Account) -> bool,
        limit: Timestamp,
    ) -> Result<bool, String> {
        loop {
            let due = self.due.first().map(|(at, _)| *at);
            let due = due.filter(|at| *at <= limit);
            if self.world.run_until(&mut done, due.unwrap_or(limit)).await {
                return Ok(true);
            }
            if due.is_none() {
                return Ok(false);
            }
            let (_, action) = self.due.remove(0);
            self.told(&action)?;
        }
    }

    /// Whether everything that was put off has happened: a story that ends earlier did not show what it says.
    pub(super) fn all_happened(&self) -> Result<(), String> {
        let Some((at, action)) = self.due.first() else {
            return Ok(());
        };
        let since = |time: Timestamp| clock(time.duration_since(self.began).unsigned_abs());
        Err(format!(
            "the story ended at {}, before what it had put off until {}: {action:?}; put it off for less, or let more time `pass`",
            since(self.world.now()),
            since(*at)
        ))
    }
}
