//! The group as an update of the stack leaves it: CloudFormation gives it the template's sizes before it replaces an
//! instance, whatever somebody set meanwhile.

use super::{Asked, Seen};

/// The sizes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// MinSize.
    pub least: i64,
    /// MaxSize.
    pub most: i64,
    /// DesiredCapacity.
    pub desired: i64,
}

/// How an update of the stack replaces the instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// AutoScalingRollingUpdate.
    RollingUpdate,
    /// AutoScalingInstanceRefresh.
    InstanceRefresh,
}

impl Seen {
    /// How an update of the stack replaces the instances.
    pub fn method(&self) -> Method {
        match self.word("UpdateMethod", "RollingUpdate") {
            "InstanceRefresh" => Method::InstanceRefresh,
            _ => Method::RollingUpdate,
        }
    }

    /// The sizes of the group now.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            least: self.capacity.least,
            most: self.capacity.most,
            desired: self.capacity.desired,
        }
    }

    /// The sizes that the group has once the update has begun. MinSize and MaxSize become the template's. So does
    /// DesiredCapacity if the template has it; else Auto Scaling keeps it, but within the bounds.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html> (CloudFormation
    /// ignores differences between the template's sizes and the group's only with IgnoreUnmodifiedGroupSizeProperties),
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
    pub fn sizes_in_update(&self) -> Sizes {
        let now = self.sizes();
        let least = self.number("ClusterSize", now.least);
        let most = self.number("ClusterMaxSize", now.most).max(least);
        let desired = match self.template_owns_capacity() {
            true => least,
            false => now.desired.clamp(least, most),
        };
        Sizes {
            least,
            most,
            desired,
        }
    }

    /// The sizes that the group had right after the last update.
    pub fn template_sizes(&self) -> Sizes {
        let then = self.sizes_in_update();
        Sizes {
            desired: then.least,
            ..then
        }
    }

    /// How many instances are replaced at a time: no more than MaxSize leaves room for in a rolling update, and than there
    /// are.
    pub fn batch(&self, asked: &Asked) -> i64 {
        let (wanted, sizes) = (asked.batch(self), self.sizes_in_update());
        let room = match self.method() {
            Method::RollingUpdate => sizes.most - sizes.least,
            Method::InstanceRefresh => wanted,
        };
        wanted.min(room).min(sizes.desired).max(1)
    }

    /// The template's condition TemplateOwnsCapacity: an update sets DesiredCapacity to ClusterSize.
    fn template_owns_capacity(&self) -> bool {
        self.word("CapacityOwner", "template") == "template" && !self.is_scaled_by_ecs()
    }

    /// The template's condition IsScaledByEcs: managed scaling sets DesiredCapacity.
    pub fn is_scaled_by_ecs(&self) -> bool {
        self.word("CapacityProvider", "DISABLED") == "ENABLED"
            && self.word("ManagedScaling", "ENABLED") == "ENABLED"
    }
}
