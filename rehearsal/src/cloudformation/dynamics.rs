//! How long CloudFormation takes, and the switches for what is not proven of it.

use std::time::Duration;

use super::kinds::{ACTIVITY, FUNCTION, MANAGED_POLICY, POLICY, ROLE, RULE, STATE_MACHINE};

/// How long things take, and how unproven behaviours are. Durations are virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dynamics {
    /// From one look at a group to the next, while CloudFormation waits for it. Assumed, from the few seconds between
    /// cause and event in observed logs. Default 3 s.
    pub look_every: Duration,
    /// A role or policy is made: assumed, because CloudFormation waits until IAM has spread it. Default 15 s.
    pub identity: Duration,
    /// A function, state machine, activity or rule is made: assumed. Default 8 s.
    pub workflow: Duration,
    /// Any other resource is made, and any is deleted: assumed. Default 4 s.
    pub other: Duration,
    /// How long a batch's instances may take to appear: documented as a fixed hour. Default 1 h.
    pub instances_within: Duration,
    /// How long a group may take to get rid of its instances before its deletion fails: assumed. Default 3 h.
    pub empty_within: Duration,
    /// For how long the deletion of a resource that is in use is tried again: observed for the capacity providers of a
    /// cluster, and how long is assumed. Default 5 min.
    pub in_use_for: Duration,
    /// How long a group may take to let go what is over its DesiredCapacity before it is rolled: assumed. Default 5 min.
    pub settled_within: Duration,
    /// Whether a signal counts that is sent before CloudFormation saw the instance InService; otherwise it is lost.
    /// Not proven. Default true.
    pub signal_before_in_service_counts: bool,
    /// Whether "New instance(s) added" waits until the instances are InService; otherwise it comes as soon as the group
    /// lists them. Not proven. Default false.
    pub added_means_in_service: bool,
    /// Whether rolling back a launch template makes one more version with the old content, as any update does, so that
    /// the way back replaces every instance; otherwise the group goes back to the old version's number, and only what
    /// the failed update has launched is replaced. Observed: the latter. Default false.
    pub rollback_makes_version: bool,
}

impl Default for Dynamics {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(3),
            identity: Duration::from_secs(15),
            workflow: Duration::from_secs(8),
            other: Duration::from_secs(4),
            instances_within: Duration::from_secs(3600),
            empty_within: Duration::from_secs(3 * 3600),
            in_use_for: Duration::from_secs(300),
            settled_within: Duration::from_secs(300),
            signal_before_in_service_counts: true,
            added_means_in_service: false,
            rollback_makes_version: false,
        }
    }
}

impl Dynamics {
    /// How long it takes to make or change a resource of this type.
    pub fn making(&self, kind: &str) -> Duration {
        match kind {
            ROLE | POLICY | MANAGED_POLICY | "AWS::IAM::InstanceProfile" => self.identity,
            FUNCTION | STATE_MACHINE | ACTIVITY | RULE => self.workflow,
            _ => self.other,
        }
    }
}
