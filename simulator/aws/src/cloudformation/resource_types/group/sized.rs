//! Waiting until a group has as many instances as it should: all of a new one, none of one that is
//! deleted.

use jiff::Timestamp;
use serde_json::json;

use super::{GroupError, GroupSnapshot};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{raw, record};

/// A new group without CreationPolicy. As users report, CloudFormation waits until the group is
/// stable: a group that does not get its instances fails with this text, in which MinSize is the
/// measure.
///
/// assumption: instances in service count, and for how long CloudFormation waits. The events of a
/// stack whose group cannot launch prove it.
pub(super) fn filling(
    now: Timestamp,
    seen: &GroupSnapshot,
    until: Timestamp,
) -> Option<Result<(), GroupError>> {
    let mut instances = seen.instances.iter();
    let serves = |instance: &&super::Instance| instance.state == "InService";
    let (in_service, sizes) = (instances.by_ref().filter(serves).count() as u64, seen.sizes);
    if in_service >= sizes.min {
        return Some(Ok(()));
    }
    (now >= until).then(|| {
        Err(GroupError::TooFewInstances {
            in_service,
            min: sizes.min,
            max: sizes.max,
        })
    })
}

pub(super) fn emptying(
    account: &mut Account,
    id: &str,
    group: &str,
    seen: &GroupSnapshot,
    until: Timestamp,
) -> Option<Result<(), ResourceError>> {
    if seen.instances.is_empty() {
        return match raw(
            account,
            id,
            "autoscaling",
            "DeleteAutoScalingGroup",
            &json!({"AutoScalingGroupName": group}),
        ) {
            Ok(_) => Some(Ok(())),
            Err(error)
                if matches!(
                    error.code.as_str(),
                    "ResourceInUse" | "ScalingActivityInProgress" | "ResourceContention"
                ) =>
            {
                None
            }
            Err(error) => Some(Err(record(account, "autoscaling", error).into())),
        };
    }
    (account.now >= until).then(|| {
        let left = seen.instances.clone();
        Err(GroupError::NotEmpty { left }.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::resource_types::group::Instance;
    use crate::cloudformation::resource_types::group::rolling_policy::Sizes;

    #[test]
    fn a_new_group_is_complete_with_its_least_instances_and_fails_without_them() {
        let seen = |states: &[&str]| GroupSnapshot {
            sizes: Sizes {
                min: 2,
                max: 4,
                desired: 3,
            },
            instances: states
                .iter()
                .map(|state| Instance {
                    id: "i-1".to_owned(),
                    state: (*state).to_owned(),
                    version: "1".to_owned(),
                })
                .collect(),
        };
        let (now, late) = (
            Timestamp::UNIX_EPOCH,
            Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(9),
        );
        assert_eq!(
            filling(now, &seen(&["InService", "Pending:Wait"]), late),
            None
        );
        assert_eq!(
            filling(now, &seen(&["InService", "InService"]), late),
            Some(Ok(()))
        );
        let too_few = filling(late, &seen(&["InService", "Pending"]), late);
        let error = too_few.and_then(Result::err).expect("it is late");
        assert_eq!(
            error.to_string(),
            "Group did not stabilize. {current/minSize/maxSize group size} = {1/2/4}."
        );
    }
}
