//! How long CloudFormation takes, and the model variants of what nobody has recorded of it.

use std::time::Duration;

/// How long things take, and which model variants hold. Durations are virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From one look at a group to the next, while CloudFormation waits for it. An assumption, from
    /// the few seconds between cause and event in guardian/testing-asg-rolling-update (2024), which
    /// CloudTrail's records of its calls prove. Default 3 s.
    pub look_every: Duration,
    /// From the start of an operation to its first resource. Recorded (radkawar/stackd
    /// testdata/aws/cloudformation/lifecycle.json, 2026-09): 1.7 to 3.5 s. Default 2.5 s.
    pub first_step: Duration,
    /// A role or policy is made. Recorded there for a role: 17.5 s. Default 17.5 s.
    pub identity: Duration,
    /// A role or policy is deleted. Recorded there for a role: 10.7 s. Default 10.7 s.
    pub identity_deletion: Duration,
    /// A queue is made, changed or deleted. Recorded there: 61.0 to 62.6 s. Default 61.5 s.
    pub queue: Duration,
    /// A topic is changed. Recorded there: 18.4 s; its creation takes `other`. Default 18.4 s.
    pub topic_change: Duration,
    /// A topic is deleted. Recorded there: 46.0 s. Default 46 s.
    pub topic_deletion: Duration,
    /// After a rollback, a resource that never came to be is cleaned up. Recorded there: 126.3 s.
    /// Default 126 s.
    pub failed_cleanup: Duration,
    /// A function, state machine, activity or rule is made: an assumption, which the events of a
    /// stack on AWS prove. Default 8 s.
    pub workflow: Duration,
    /// Any other resource is made, and any is deleted: an assumption, between the 1.5 s and the
    /// 14.3 s that were recorded there for a topic and a bucket. Default 4 s.
    pub other: Duration,
    /// How long a batch's instances may take to appear
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>).
    /// Default 1 h.
    pub instances_within: Duration,
    /// How long a group may take to get rid of its instances before its deletion fails: an
    /// assumption, which such a deletion proves. Default 3 h.
    pub empty_within: Duration,
    /// For how long the deletion of a resource that is in use is tried again: an assumption, which
    /// the deletion of a cluster with a busy capacity provider proves. Default 5 min.
    pub in_use_for: Duration,
    /// How long a group may take to remove what is over its DesiredCapacity before it is rolled: an
    /// assumption, which the events of such an update prove. Default 5 min.
    pub settled_within: Duration,
    /// Whether a signal counts that is sent before CloudFormation saw the instance InService;
    /// otherwise it is lost. Not proven. Default true.
    pub signal_before_in_service_counts: bool,
    /// Whether "New instance(s) added" waits until the instances are InService; otherwise it comes
    /// as soon as the group lists them. Not proven. Default false.
    pub added_means_in_service: bool,
    /// Whether rolling back a launch template makes one more version with the old content, as any
    /// update does, so that the way back replaces every instance; otherwise the group goes back to
    /// the old version's number, and only what the failed update has launched is replaced.
    /// An assumption: the latter. DescribeLaunchTemplateVersions after a rollback proves it.
    /// Default false.
    pub rollback_makes_version: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(3),
            first_step: Duration::from_millis(2500),
            identity: Duration::from_millis(17_500),
            identity_deletion: Duration::from_millis(10_700),
            queue: Duration::from_millis(61_500),
            topic_change: Duration::from_millis(18_400),
            topic_deletion: Duration::from_secs(46),
            failed_cleanup: Duration::from_secs(126),
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
