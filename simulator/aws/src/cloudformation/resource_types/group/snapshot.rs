//! A group as CloudFormation sees it.

use super::rolling_policy::Sizes;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;

/// A group as DescribeAutoScalingGroups would answer it.
#[derive(Debug)]
pub struct GroupSnapshot {
    /// Its sizes.
    pub sizes: Sizes,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// An instance of a group as it would be answered there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// LifecycleState.
    pub state: String,
    /// Version of the launch template that it was launched from.
    pub version: String,
}

impl Instance {
    /// Whether it is on its way out, or kept for a person: then it is none of the group's capacity.
    pub fn leaves(&self) -> bool {
        self.state.starts_with("Terminat")
    }
}

impl GroupSnapshot {
    /// The group called `group`, looked at directly: what DescribeAutoScalingGroups would answer,
    /// without the making of an answer every few seconds of a rollout.
    pub(super) fn look(account: &Account, group: &str) -> Option<Self> {
        let group = account[AUTOSCALING].group(group)?;
        let inside = group
            .instances
            .iter()
            .filter(|instance| !instance.state.is_warm());
        let instances = inside.map(|instance| Instance {
            id: instance.id.clone(),
            state: instance.state.as_str().to_owned(),
            version: instance.template.version.to_string(),
        });
        Some(Self {
            sizes: Sizes {
                min: group.min_size.into(),
                max: group.max_size.into(),
                desired: group.desired.into(),
            },
            instances: instances.collect(),
        })
    }
}
