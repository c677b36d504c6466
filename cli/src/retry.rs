//! Asks an account again that cannot answer yet. A policy says how long to wait, and when to give
//! up; whoever asks hears of each wait.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use workers::Error;

use crate::aws::{Access, Aws, Slots, blame, error_text, has_expired};
use crate::failure::Exit;
use crate::format::duration;

/// How a call is tried again.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The wait after the first failure in a row; each one after it is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// From this failure in a row on, each wait is announced.
    pub announced_from: u32,
    /// When the account is given up.
    pub gives_up: GiveUp,
}

/// When an account is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// At the failure of this number in a row.
    AtFailure(u32),
    /// Once no call was answered for this time. An account that throttles is there.
    AfterSilence {
        /// If no call was ever answered: the address, the Region or the network is wrong.
        of_stranger: Duration,
        /// If a call was answered before.
        of_known: Duration,
    },
}

impl RetryPolicy {
    /// Of `watch`, which asks without end: the first failures are as many as the SDK would try
    /// again without a word.
    pub const WATCH: Self = Self {
        announced_from: 3,
        gives_up: GiveUp::AfterSilence {
            of_stranger: Duration::from_secs(30),
            of_known: Duration::from_secs(3600),
        },
        ..Self::REPORT
    };
    /// Of a look for which somebody waits: as often as the SDK tries.
    pub const ONCE: Self = Self {
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(1),
        announced_from: u32::MAX,
        gives_up: GiveUp::AtFailure(3),
    };
    /// Of whatever reads an account once: each call has been tried again by the SDK already.
    pub const REPORT: Self = Self {
        first_wait: Duration::from_secs(2),
        longest_wait: Duration::from_secs(60),
        announced_from: 1,
        gives_up: GiveUp::AtFailure(12),
    };

    /// The wait after this number of failures in a row.
    fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        let factor = 2_u32.saturating_pow(doublings);
        self.first_wait
            .saturating_mul(factor)
            .min(self.longest_wait)
    }
}

/// What hears of the waits.
pub trait RetryListener {
    /// A call could not be answered at this time, and is made again after a wait.
    fn waits(&mut self, at: Timestamp, reason: String);

    /// A call was answered.
    fn answered(&mut self) {}
}

/// An account whose calls are tried again while it cannot answer, one call in each slot at most.
#[derive(Debug)]
pub struct RetryClient<L> {
    aws: Aws,
    slots: Slots,
    policy: RetryPolicy,
    listener: L,
    /// Connects again when credentials have expired; without it, they end the reading.
    access: Option<Access>,
    /// Since when no call was answered.
    silent_since: Instant,
    /// Whether any call was ever answered.
    was_answered: bool,
}

/// Makes one call, again and again until it is answered or refused for good: its result.
macro_rules! retry {
    ($client:expr, $aws:ident => $call:expr) => {{
        let mut failures = 0;
        loop {
            let $aws = $client.in_next_slot().await;
            match $call.await {
                Ok(answer) => {
                    $client.answered();
                    break Ok(answer);
                }
                Err(error) => {
                    failures += 1;
                    if let Err(error) = $client.failed(error, failures).await {
                        break Err(error);
                    }
                }
            }
        }
    }};
}
pub(crate) use retry;

/// The error of an account that did not answer for this time.
fn given_up(error: Error, patience: Duration) -> Error {
    match error {
        Error::Unavailable { call, what, source } => {
            let waited = duration(SignedDuration::try_from(patience).unwrap_or_default());
            let what = format!("{what}, for {waited}");
            Error::Unavailable { call, what, source }
        }
        other => other,
    }
}

impl<L: RetryListener> RetryClient<L> {
    /// A client of this account whose calls begin this long after one another.
    pub fn new(aws: Aws, between_calls: Duration, policy: RetryPolicy, listener: L) -> Self {
        Self {
            aws,
            slots: Slots::of(between_calls),
            policy,
            listener,
            access: None,
            silent_since: Instant::now(),
            was_answered: false,
        }
    }

    /// The same client, which connects again by `access` when credentials have expired.
    pub fn renewed_by(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// The account.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// The slots that the calls take.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The account, once the next call may begin.
    pub async fn in_next_slot(&self) -> &Aws {
        self.slots.take().await;
        &self.aws
    }

    /// Notes that a call was answered.
    pub fn answered(&mut self) {
        (self.silent_since, self.was_answered) = (Instant::now(), true);
        self.listener.answered();
    }

    /// Waits after this number of failures in a row of one call.
    ///
    /// # Errors
    /// The error, if waiting does not mend it or the policy gives the account up.
    pub async fn failed(&mut self, error: Error, failures: u32) -> Result<(), Error> {
        let access = self.access.as_ref().filter(|_| has_expired(&error));
        let expired = access.is_some();
        let error = self.unless_lasting(error, expired, failures)?;
        let what = if expired {
            "the credentials have expired; renew them (such as with aws sso login), they are read again".to_owned()
        } else {
            error_text(&error)
        };
        if expired || failures >= self.policy.announced_from {
            let at = self.aws.now();
            self.listener.waits(at, format!("{what}; waiting"));
        }
        sleep(self.policy.wait(failures)).await;
        if let Some(access) = access
            && let Ok(aws) = access.connect_without_retries().await
        {
            self.aws = aws;
        }
        Ok(())
    }

    /// The error again, if a later call may be answered.
    fn unless_lasting(&self, error: Error, expired: bool, failures: u32) -> Result<Error, Error> {
        let passes = matches!(&error, Error::Throttled { .. } | Error::Unavailable { .. });
        // A wrong value stays wrong.
        let is_input = matches!(blame(&error), Some((Exit::Input, _)));
        if is_input || !(expired || passes) {
            return Err(error);
        }
        match self.policy.gives_up {
            GiveUp::AtFailure(last) if failures >= last => Err(error),
            GiveUp::AtFailure(_) => Ok(error),
            GiveUp::AfterSilence {
                of_stranger,
                of_known,
            } => {
                let patience = if self.was_answered {
                    of_known
                } else {
                    of_stranger
                };
                let is_there = matches!(error, Error::Throttled { .. });
                if !is_there && self.silent_since.elapsed() >= patience {
                    return Err(given_up(error, patience));
                }
                Ok(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_a_minute() {
        for policy in [RetryPolicy::WATCH, RetryPolicy::REPORT] {
            let waits = [1, 2, 3, 4, 5, 6, 7, 12, u32::MAX];
            let waits = waits.map(|failures| policy.wait(failures).as_secs());
            assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60, 60], "{policy:?}");
        }
    }
}
