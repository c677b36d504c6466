//! The group as an update of the stack leaves it: CloudFormation gives it the template's sizes
//! before it replaces an instance, whatever somebody set meanwhile.

use workers::model::group::LifecycleState;

use super::{Observation, PlanRequest};
use crate::aws::{Machine, Member};

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

/// Whether an instance is on its way out of the group, or is retained: an update does not replace
/// it.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html>
pub fn is_leaving(member: &Member) -> bool {
    let state = &member.state;
    // An instance that enters the warm pool may be a new one.
    let is_draining = state.is_draining() && !state.enters_pool();
    let is_past_drain = matches!(
        state,
        LifecycleState::TerminatingProceed
            | LifecycleState::Detaching
            | LifecycleState::Detached
            | LifecycleState::WarmedTerminating
            | LifecycleState::WarmedTerminatingWait
            | LifecycleState::WarmedTerminatingProceed
    );
    is_draining || is_past_drain || state.can_be_ended()
}

impl Observation {
    /// The instances that an update finds in the group: none of them is on its way out, or
    /// retained.
    pub fn staying(&self) -> impl Iterator<Item = &Member> {
        self.group.members.iter().filter(|one| !is_leaving(one))
    }

    /// The instances that are on their way out of the group, or retained.
    pub fn leaving(&self) -> impl Iterator<Item = &Member> {
        self.group.members.iter().filter(|one| is_leaving(one))
    }

    /// The members of the cluster that an update finds in the group.
    pub fn staying_machines(&self) -> impl Iterator<Item = &Machine> {
        self.staying().filter_map(|one| self.machine(&one.id))
    }

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

    /// The sizes that the group has once the update has begun. MinSize and MaxSize become the
    /// template's. So does DesiredCapacity if the template has it; else Auto Scaling keeps it, but
    /// within the bounds.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html> (CloudFormation
    /// ignores differences between the template's sizes and the group's only with
    /// IgnoreUnmodifiedGroupSizeProperties),
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
    pub fn sizes_in_update(&self) -> Sizes {
        let now = self.sizes();
        let least = self.number("ClusterSize", now.least);
        let most = self.number("ClusterMaxSize", now.most).max(least);
        let desired = if self.template_owns_capacity() {
            least
        } else {
            now.desired.clamp(least, most)
        };
        Sizes {
            least,
            most,
            desired,
        }
    }

    /// The sizes from which the rollout starts: the group's own, except while an operation of the
    /// stack is in progress. CloudFormation itself changes the sizes for its batches then, and
    /// restores them at the end.
    pub fn sizes_before_update(&self) -> Sizes {
        if self.stack.is_busy() {
            self.template_sizes()
        } else {
            self.sizes()
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

    /// How many instances are replaced at a time: no more than MaxSize leaves room for in a rolling
    /// update, and than there are.
    pub fn batch(&self, asked: &PlanRequest) -> i64 {
        let (wanted, sizes) = (asked.batch(self), self.sizes_in_update());
        let room = match self.method() {
            Method::RollingUpdate => sizes.most - sizes.least,
            Method::InstanceRefresh => wanted,
        };
        wanted.min(room).min(sizes.desired).max(1)
    }

    /// The template's condition TemplateOwnsCapacity: an update sets DesiredCapacity to
    /// ClusterSize.
    fn template_owns_capacity(&self) -> bool {
        self.word("CapacityOwner", "template") == "template" && !self.is_scaled_by_ecs()
    }

    /// The template's condition IsScaledByEcs: managed scaling sets DesiredCapacity.
    pub fn is_scaled_by_ecs(&self) -> bool {
        self.word("CapacityProvider", "DISABLED") == "ENABLED"
            && self.word("ManagedScaling", "ENABLED") == "ENABLED"
    }
}
