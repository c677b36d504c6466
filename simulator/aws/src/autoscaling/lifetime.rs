//! MaxInstanceLifetime: instances that have grown too old are replaced.
//!
//! At least a day; one at a time, with a pause between
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html>).
//!
//! assumption: a year at most, which a longer lifetime that AWS takes proves wrong; the next one
//! goes when no instance is on the way in, which two at the same time prove wrong.

use std::time::Duration;

use super::group::Group;
use super::input::validation;
use super::lifecycle::begin_transition;
use super::transitions::{LifecycleState, Move};
use super::{Event, capacity};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::trace::Cause;
use crate::wire::ApiError;

/// How long an old instance waits for another look while others are on the way.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// MaxInstanceLifetime of a call; 0 takes it away.
///
/// # Errors
/// `ValidationError` if it is neither 0 nor from a day to a year.
pub fn checked(seconds: Option<u32>) -> Result<Option<u32>, ApiError> {
    match seconds {
        Some(seconds) if seconds != 0 && !(86_400..=31_536_000).contains(&seconds) => {
            Err(validation(format!(
                "MaxInstanceLifetime is {seconds}; it must be 0, or from 86400 to 31536000 seconds."
            )))
        }
        given => Ok(given),
    }
}

/// Looks at every instance of the group when its time is over.
pub fn checker(account: &mut Account, group: &str) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let ids: Vec<String> = found.instances.iter().map(|one| one.id.clone()).collect();
    for id in ids {
        watch_one(account, group, &id);
    }
}

/// Looks at one instance when its time is over.
pub fn watch_one(account: &mut Account, group: &str, id: &str) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let Some(left) = left(account, found, id) else {
        return;
    };
    account.after(left, look(group, id));
}

fn look(group: &str, id: &str) -> Event {
    Event::TooOld {
        group: group.to_owned(),
        instance: id.to_owned(),
    }
}

/// How long the instance may still live, if there is a limit.
fn left(account: &Account, group: &Group, id: &str) -> Option<Duration> {
    let limit = group.settings.max_lifetime.filter(|limit| *limit > 0)?;
    let instance = group.instance(id)?;
    let end = instance.launched + Duration::from_secs(limit.into());
    let left = end.duration_since(account.now);
    Some(if left.is_positive() {
        left.unsigned_abs()
    } else {
        Duration::ZERO
    })
}

/// An instance may have grown too old.
pub fn check(account: &mut Account, group: &str, id: &str) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let in_service = found
        .instance(id)
        .is_some_and(|instance| instance.state == LifecycleState::InService);
    if !in_service || left(account, found, id) != Some(Duration::ZERO) {
        return;
    }
    let coming = found
        .instances
        .iter()
        .any(|one| one.state.counts() && one.state != LifecycleState::InService);
    if coming || found.counted() < found.wanted() || found.is_suspended("Terminate") {
        return account.after(LOOK_AGAIN, look(group, id));
    }
    begin_transition(account, group, id, Move::Terminate, &Cause::Lifetime.into());
    capacity::schedule_replacement(account, group, false);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    #[test]
    fn old_instances_are_replaced_one_at_a_time() {
        let mut account = account(
            1,
            json!({"DesiredCapacity": 2, "MaxInstanceLifetime": 86_400}),
        );
        pass(&mut account, 100);
        let old = all_in(&account, S::InService);
        pass(&mut account, 86_300);
        assert_eq!(all_in(&account, S::InService), old);
        for _ in 0..300 {
            pass(&mut account, 1);
            assert!(!all_in(&account, S::InService).is_empty());
        }
        let new = all_in(&account, S::InService);
        assert_eq!(new.len(), 2);
        assert!(new.iter().all(|id| !old.contains(id)));
    }

    #[test]
    fn a_limit_may_be_set_later_and_taken_away() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 100_000);
        let old = only_one(&account, S::InService);
        let limit = |seconds: u32| json!({"MaxInstanceLifetime": seconds});
        for (bad, good) in [(100, 200_000), (86_399, 0)] {
            let error = call(&mut account, "UpdateAutoScalingGroup", limit(bad));
            assert_eq!(error.expect_err("too short").code, "ValidationError");
            call(&mut account, "UpdateAutoScalingGroup", limit(good)).expect("it may be");
        }
        pass(&mut account, 200_000);
        assert_eq!(only_one(&account, S::InService), old);
        call(&mut account, "UpdateAutoScalingGroup", limit(86_400)).expect("it may be");
        pass(&mut account, 200);
        assert_ne!(only_one(&account, S::InService), old);
    }
}
