//! API throttling: ECS's documented token buckets, one per class of calls, and the fault `throttle`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::account::{Account, Caller};
use crate::wire::{ApiError, Call};

/// A class of calls that share one bucket (documented: Amazon ECS API Reference, request throttling).
#[derive(Debug, PartialEq)]
struct Class {
    name: &'static str,
    burst: f64,
    refill_per_second: f64,
    actions: &'static [&'static str],
}

const CLASSES: [Class; 5] = [
    Class {
        name: "cluster resource modify",
        burst: 100.0,
        refill_per_second: 40.0,
        actions: &["DeregisterContainerInstance", "PutAttributes", "RunTask", "StopTask", "UpdateContainerInstancesState"],
    },
    Class {
        name: "cluster resource read",
        burst: 100.0,
        refill_per_second: 20.0,
        actions: &["DescribeContainerInstances", "DescribeTasks", "ListAttributes", "ListContainerInstances", "ListTasks"],
    },
    Class {
        name: "service read",
        burst: 100.0,
        refill_per_second: 20.0,
        actions: &["DescribeServices", "ListServices"],
    },
    Class {
        name: "cluster read",
        burst: 50.0,
        refill_per_second: 20.0,
        actions: &["DescribeClusters", "ListClusters"],
    },
    Class {
        name: "service modify",
        burst: 50.0,
        refill_per_second: 5.0,
        actions: &["CreateService", "UpdateService", "DeleteService"],
    },
];

/// The buckets of the account's only Region.
#[derive(Debug, Default)]
pub struct Buckets {
    levels: BTreeMap<&'static str, (f64, Timestamp)>,
}

impl Buckets {
    /// The refusal, if a function's call meets an empty bucket, or the fault `throttle` hits it: with that fault other
    /// traffic of the account takes half of all turns.
    pub fn refuses(&mut self, account: &mut Account, caller: &Caller, call: &Call) -> Option<ApiError> {
        if !matches!(caller, Caller::Function(_)) {
            return None;
        }
        let crowded = account.faults.throttle && account.random.bool();
        if crowded || !self.take(account.now, call) {
            let code = if call.service == "ecs" { "ThrottlingException" } else { "Throttling" };
            return Some(ApiError::client(code, "Rate exceeded"));
        }
        None
    }

    fn take(&mut self, now: Timestamp, call: &Call) -> bool {
        let class = CLASSES.iter().find(|class| class.actions.contains(&call.action.as_str()));
        let Some(class) = class.filter(|_| call.service == "ecs") else {
            return true;
        };
        let (level, since) = self.levels.entry(class.name).or_insert((class.burst, now));
        let refilled = now.duration_since(*since).as_secs_f64() * class.refill_per_second;
        *level = (*level + refilled).min(class.burst);
        *since = now;
        if *level < 1.0 {
            return false;
        }
        *level -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = Buckets::default();
        let call = Call { service: "ecs".to_owned(), action: "ListTasks".to_owned(), input: json!({}) };
        let start = Timestamp::UNIX_EPOCH;
        assert!((0..100).all(|_| buckets.take(start, &call)));
        assert!(!buckets.take(start, &call));
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| buckets.take(later, &call)).count(), 20);
    }

    #[test]
    fn calls_without_a_documented_bucket_pass() {
        let call = Call { service: "autoscaling".to_owned(), action: "ListTasks".to_owned(), input: json!({}) };
        let mut buckets = Buckets::default();
        assert!((0..1000).all(|_| buckets.take(Timestamp::UNIX_EPOCH, &call)));
    }
}
