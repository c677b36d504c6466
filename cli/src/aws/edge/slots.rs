//! The moments at which calls may be made, shared by everything that calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// One call in each slot, whoever makes it.
#[derive(Debug, Clone)]
pub struct Slots {
    /// When the next one begins.
    next: Arc<Mutex<Instant>>,
    length: Duration,
}

impl Slots {
    /// Slots of this length, the first of which begins now.
    pub fn of(length: Duration) -> Self {
        Self {
            next: Arc::new(Mutex::new(Instant::now())),
            length,
        }
    }

    /// Waits for a slot of its own.
    pub async fn take(&self) {
        let at = {
            // Nothing that could panic is done while the lock is held.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = (*next).max(Instant::now());
            *next = at + self.length;
            at
        };
        sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_that_share_them_take_turns() {
        let length = Duration::from_millis(20);
        let slots = Slots::of(length);
        let began = Instant::now();
        let other = slots.clone();
        let two = async {
            other.take().await;
            other.take().await;
        };
        tokio::join!(two, slots.take(), slots.take());
        assert!(began.elapsed() >= 3 * length, "{:?}", began.elapsed());
    }
}
