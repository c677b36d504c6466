//! How much of the account's API limits a rollout uses: of each token bucket that AWS documents,
//! the share in the busiest minute and on average. What other traffic in the account needs must fit
//! into the rest. The buckets of ECS are in [`crate::ecs`], those of Step Functions here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::account::Observer;
use crate::account::{Account, Caller};
use crate::ecs;
use crate::trace::{ExecutionEvent, Record, TraceEvent};

/// Over so long the busiest time is looked for.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Executions started, each second, in the large Regions, eu-west-1 among them
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/limits.html>).
const STARTS_PER_SECOND: i64 = 300;

/// State transitions, each second, in the large Regions, by the page of 2022
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/limits.html>).
///
/// assumption: the refill is still the same. Another number in Service Quotas proves it wrong.
const TRANSITIONS_PER_SECOND: i64 = 1500;

/// The use of one bucket. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaUsage {
    /// The class of calls that share it.
    pub bucket: String,
    /// Tokens that come back each second.
    pub per_second: i64,
    /// Tokens taken.
    pub taken: u64,
    /// Calls refused, which the SDK or the state machine made again.
    pub throttled: u64,
    /// Tokens taken in the busiest minute, as a share of those that come back in a minute.
    pub peak_share: f64,
    /// The same for the whole rollout.
    pub average_share: f64,
}

/// Counts; clones share what they counted.
#[derive(Debug, Clone, Default)]
pub struct ApiQuota {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    buckets: BTreeMap<String, Bucket>,
    failed: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Bucket {
    per_second: i64,
    taken: u64,
    throttled: u64,
    recent: VecDeque<Timestamp>,
    most: usize,
}

impl ApiQuota {
    /// Forgets what was counted.
    pub fn begin(&self) {
        *self.lock() = Inner::default();
    }

    /// The use of each bucket that was used, in a rollout of `seconds`.
    pub fn buckets(&self, seconds: f64) -> Vec<QuotaUsage> {
        let inner = self.lock();
        let uses = inner.buckets.iter().map(|(name, bucket)| {
            let rate = bucket.per_second as f64;
            let share = |tokens: f64, seconds: f64| rounded(tokens / (rate * seconds), 4);
            QuotaUsage {
                bucket: name.clone(),
                per_second: bucket.per_second,
                taken: bucket.taken,
                throttled: bucket.throttled,
                peak_share: share(bucket.most as f64, WINDOW.as_secs_f64()),
                average_share: share(bucket.taken as f64, seconds.max(1.0)),
            }
        });
        uses.collect()
    }

    /// How many invocations ended in an error that Step Functions saw, by its name.
    pub fn failed_invocations(&self) -> BTreeMap<String, u64> {
        self.lock().failed.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run")
    }
}

impl Observer for ApiQuota {
    fn observe(&mut self, _account: &Account, record: &Record) {
        let mut inner = self.lock();
        match &record.event {
            TraceEvent::ApiCall {
                caller: Caller::Function(_) | Caller::ActivityWorker(_),
                service,
                action,
                error,
            } if service == "ecs" => {
                let throttled = error.as_deref() == Some("ThrottlingException");
                if let Some(limit) = ecs::limit(action) {
                    let name = format!("ecs {}", limit.class);
                    inner.count(&name, limit.per_second, record.at, throttled);
                }
            }
            TraceEvent::Execution { what, .. } => {
                let (name, rate) = match what {
                    ExecutionEvent::Started => ("states StartExecution", STARTS_PER_SECOND),
                    ExecutionEvent::Entered { .. } => {
                        ("states StateTransition", TRANSITIONS_PER_SECOND)
                    }
                    ExecutionEvent::Redriven | ExecutionEvent::Ended { .. } => return,
                };
                inner.count(name, rate, record.at, false);
            }
            TraceEvent::Invocation {
                failed: true,
                verdict,
                ..
            } => *inner.failed.entry(verdict.clone()).or_default() += 1,
            _ => {}
        }
    }
}

impl Inner {
    fn count(&mut self, name: &str, per_second: i64, at: Timestamp, throttled: bool) {
        if !self.buckets.contains_key(name) {
            let unused = Bucket {
                per_second,
                taken: 0,
                throttled: 0,
                recent: VecDeque::new(),
                most: 0,
            };
            self.buckets.insert(name.to_owned(), unused);
        }
        if let Some(bucket) = self.buckets.get_mut(name) {
            bucket.count(at, throttled);
        }
    }
}

impl Bucket {
    fn count(&mut self, at: Timestamp, throttled: bool) {
        if throttled {
            self.throttled += 1;
            return;
        }
        self.taken += 1;
        self.recent.push_back(at);
        while self
            .recent
            .front()
            .is_some_and(|first| at.duration_since(*first) >= WINDOW)
        {
            self.recent.pop_front();
        }
        self.most = self.most.max(self.recent.len());
    }
}

/// `value` with `digits` digits after the point.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_minute_is_reported_and_the_average() {
        let mut inner = Inner::default();
        // 30 tokens within a second, and 30 more two minutes later: half of what comes back in a
        // minute.
        for second in [0, 120] {
            for n in 0..30 {
                let at = Timestamp::from_millisecond(second * 1000 + n * 30).expect("in range");
                inner.count("reads", 1, at, false);
            }
        }
        inner.count("reads", 1, Timestamp::UNIX_EPOCH, true);
        let usage = ApiQuota {
            inner: Arc::new(Mutex::new(inner)),
        };
        let [reads] = &usage.buckets(240.0)[..] else {
            panic!("one bucket was used");
        };
        assert_eq!((reads.taken, reads.throttled), (60, 1));
        assert_eq!((reads.peak_share, reads.average_share), (0.5, 0.25));
    }
}
