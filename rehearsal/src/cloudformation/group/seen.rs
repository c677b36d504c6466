//! A group as CloudFormation sees it.

use serde_json::json;

use crate::account::Account;
use crate::cloudformation::handler::raw;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::rolling::{Sizes, whole_number};

/// A group as DescribeAutoScalingGroups answers it.
#[derive(Debug)]
pub struct Seen {
    /// Its sizes.
    pub sizes: Sizes,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// An instance of a group as DescribeAutoScalingGroups answers it.
#[derive(Debug)]
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

impl Seen {
    pub(super) fn look(account: &mut Account, group: &str) -> Option<Self> {
        let input = json!({"AutoScalingGroupNames": [group]});
        let answer = raw(account, "autoscaling", "DescribeAutoScalingGroups", &input).ok()?;
        let group = answer["AutoScalingGroups"].as_array()?.first()?;
        let size = |member: &str| whole_number(&group[member]);
        let instances = group["Instances"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|instance| Instance {
                id: scalar_text(&instance["InstanceId"]),
                state: scalar_text(&instance["LifecycleState"]),
                version: scalar_text(&instance["LaunchTemplate"]["Version"]),
            });
        Some(Self {
            sizes: Sizes {
                min: size("MinSize")?,
                max: size("MaxSize")?,
                desired: size("DesiredCapacity")?,
            },
            instances: instances.collect(),
        })
    }
}
