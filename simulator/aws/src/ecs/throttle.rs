//! How often ECS may be called: one token bucket for each class of calls
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::account::Account;
use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault};
use crate::wire::ApiError;

/// What is left in each bucket that was used, and when it was counted, in thousandths of a token.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    left: BTreeMap<&'static str, (i64, Timestamp)>,
}

/// A token bucket, which all calls of a class share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What AWS calls the class.
    pub class: &'static str,
    /// How many tokens it holds.
    pub burst: i64,
    /// How many come back each second.
    pub per_second: i64,
}

/// The bucket of a call, if it has one that is known.
pub fn limit(action: &str) -> Option<Limit> {
    let (class, burst, per_second) = match action {
        "CreateCluster" | "DeleteCluster" => ("cluster modify", 20, 1),
        "CreateCapacityProvider"
        | "DeleteCapacityProvider"
        | "PutClusterCapacityProviders"
        | "UpdateCapacityProvider" => ("capacity provider modify", 10, 1),
        "DescribeCapacityProviders" => ("capacity provider read", 50, 20),
        "DescribeClusters" | "ListClusters" => ("cluster read", 50, 20),
        "RegisterTaskDefinition" => ("task definition modify", 20, 1),
        "DescribeTaskDefinition" => ("task definition read", 50, 20),
        "DeregisterContainerInstance"
        | "PutAttributes"
        | "RunTask"
        | "StopTask"
        | "UpdateContainerInstancesState" => ("cluster resource modify", 100, 40),
        "DescribeContainerInstances" | "DescribeTasks" | "ListContainerInstances" | "ListTasks" => {
            ("cluster resource read", 100, 20)
        }
        "CreateService" | "UpdateService" | "DeleteService" => ("service modify", 50, 5),
        "DescribeServices" | "ListServices" => ("service read", 100, 20),
        "UpdateTaskProtection" | "GetTaskProtection" => ("task protection", 200, 80),
        _ => return None,
    };
    Some(Limit {
        class,
        burst,
        per_second,
    })
}

/// Takes one token for a call, if calls are throttled at all.
///
/// # Errors
/// `ThrottlingException`, when there is none.
pub(super) fn pass(account: &mut Account, action: &str) -> Result<(), ApiError> {
    let Some(limit) = limit(action).filter(|_| account[ECS].timing.throttling) else {
        return Ok(());
    };
    let (now, burst) = (account.now, limit.burst);
    // In thousandths of a token for each millisecond, just what comes back in a second.
    let rate = if account[FAULTS].active.has(Fault::BusyAccount) {
        limit.per_second / 2
    } else {
        limit.per_second
    };
    let (left, at) = account[ECS]
        .buckets
        .left
        .entry(limit.class)
        .or_insert((burst * 1000, now));
    let come_back = now.duration_since(*at).as_millis() as i64 * rate;
    (*left, *at) = ((*left + come_back).min(burst * 1000), now);
    if *left < 1000 {
        return Err(ApiError::client("ThrottlingException", "Rate exceeded"));
    }
    *left -= 1000;
    Ok(())
}
