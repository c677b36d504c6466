//! One look at everything, for `status`.

use tokio::sync::mpsc::unbounded_channel;

use super::{Estimate, PacedClient, Poller};
use crate::aws::{Access, Aws};
use crate::failure::Failure;
use crate::watch::Status;

/// A large cluster is not read to its end: what was left out is in the counts.
const ROUNDS_AT_MOST: u64 = 20;

/// Looks at everything once, and waits for nothing.
///
/// # Errors
/// If there is no such stack, it cannot be watched, or AWS does not answer.
pub async fn look_once(aws: Aws, access: Access, stack: &str) -> Result<Status, Failure> {
    // Nobody listens to single changes here.
    let (sender, _) = unbounded_channel();
    let look = PacedClient::once(aws, access, sender.clone());
    let estimate = Estimate::Known(None);
    let mut poller = Poller::with_client(look, stack.to_owned(), estimate, sender);
    let ending = loop {
        let ending = poller.round().await?;
        if ending.is_some() || poller.has_read_all() || poller.round >= ROUNDS_AT_MOST {
            break ending;
        }
    };
    let cause = if ending.is_none() && poller.sight.status.contains("ROLLBACK") {
        let stack = poller.look.stack(&poller.stack).await;
        let stack = stack.map_err(|error| Failure::from(&error))?;
        poller.cause(&stack).await?.text
    } else {
        None
    };
    Ok(Status {
        at: poller.look.now(),
        place: poller.look.account(&poller.stack),
        sight: poller.sight,
        ending,
        cause,
    })
}

impl Poller {
    /// Whether every history and every service was read.
    fn has_read_all(&self) -> bool {
        let services = self.sight.services_listed;
        self.histories.read() >= self.sight.running
            && services.is_none_or(|listed| self.sight.services.len() >= listed)
    }
}
