//! Why the instances of a group do not become what they shall be.
//!
//! assumption: the texts, where no recording of guardian/testing-asg-rolling-update (2024) has
//! them. The stack events of such a failure prove them.

use std::time::Duration;

use serde_json::Value;

use super::Instance;

/// Why the instances of a group do not become what they shall be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GroupError {
    /// A new group does not get its instances.
    #[error(
        "Group did not stabilize. {{current/minSize/maxSize group size}} = {{{in_service}/{min}/{max}}}."
    )]
    TooFewInstances {
        /// How many of its instances are InService.
        in_service: u64,
        /// Its MinSize.
        min: u64,
        /// Its MaxSize.
        max: u64,
    },
    /// A group that is deleted does not lose its instances.
    #[error("Group did not stabilize: it still has {}", list(.left))]
    NotEmpty {
        /// The instances that it still has.
        left: Vec<Instance>,
    },
    /// Signals did not come.
    #[error(
        "Received {successes} SUCCESS signal(s) out of {expected}.  Unable to satisfy {percent}% MinSuccessfulInstancesPercent requirement"
    )]
    TooFewSuccesses {
        /// How many SUCCESS came.
        successes: u64,
        /// How many signals are expected in the whole operation.
        expected: u64,
        /// How many per cent of them must be SUCCESS.
        percent: u64,
    },
    /// FAILURE was signalled too often.
    #[error(
        "Received {failures} FAILURE signal(s) out of {expected}. Unable to satisfy {percent}% MinSuccessfulInstancesPercent requirement"
    )]
    TooManyFailures {
        /// How many FAILURE came.
        failures: u64,
        /// How many signals are expected in the whole operation.
        expected: u64,
        /// How many per cent of them must be SUCCESS.
        percent: u64,
    },
    /// A rolling update meets an instance in standby.
    #[error(
        "the account in memory does not know what AutoScalingRollingUpdate does with instances in standby, and {} is {}",
        .instance.id,
        .instance.state
    )]
    InStandby {
        /// The instance.
        instance: Instance,
    },
    /// A rolling update may not take an instance away, nor add one.
    #[error(
        "MinInstancesInService {min_in_service} leaves no room under MaxSize {max} to replace instances"
    )]
    NoRoom {
        /// MinInstancesInService of the policy.
        min_in_service: u64,
        /// MaxSize of the group.
        max: u64,
    },
    /// The old instances of a batch stay.
    #[error("Instance(s) [{}] did not leave within {} minutes", .instances.join(","), minutes(.within))]
    DidNotLeave {
        /// The old instances.
        instances: Vec<String>,
        /// How long they may take.
        within: Duration,
    },
    /// The new instances of a batch do not come.
    #[error("Only {present} of {expected} new instance(s) came within {} minutes", minutes(.within))]
    DidNotCome {
        /// How many are there.
        present: u64,
        /// How many are expected.
        expected: u64,
        /// How long they may take.
        within: Duration,
    },
    /// The refresh cannot begin, because another one does not end.
    #[error("Another instance refresh did not end within 36 hours")]
    RefreshBlocked,
    /// The refresh takes too long.
    #[error("Instance refresh {refresh} did not end within 36 hours")]
    RefreshTooLong {
        /// Its id.
        refresh: String,
    },
    /// The refresh failed, or was cancelled, or rolled back.
    #[error("Instance refresh {refresh} ended {status} at {percent}%: {reason}")]
    RefreshEnded {
        /// Its id.
        refresh: String,
        /// Its status.
        status: String,
        /// How far it was.
        percent: Box<Value>,
        /// The reason that Auto Scaling gives.
        reason: String,
    },
}

fn list(instances: &[Instance]) -> String {
    let mut text = String::new();
    for instance in instances {
        let separator = if text.is_empty() { "" } else { ", " };
        text += &format!("{separator}{} ({})", instance.id, instance.state);
    }
    text
}

fn minutes(duration: &Duration) -> u64 {
    duration.as_secs() / 60
}
