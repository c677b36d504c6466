//! How long things take in Auto Scaling, and how it behaves where AWS does not say.

use std::time::Duration;

/// Durations are from–to, by chance; switches are for behaviours that nobody has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From a change of desired capacity until instances are launched or chosen to go. Recorded
    /// (radkawar/stackd testdata/aws/autoscaling, 2026-09): 0 to 14 s, eleven times.
    pub capacity_change: (Duration, Duration),
    /// From an instance's leaving InService until its replacement is launched. Recorded (the same;
    /// retention_native): 8 s to the replacement's cause, twice; reported are 9 and 14 s
    /// (<https://github.com/awslabs/amazon-eks-ami/issues/66>).
    pub replacement: (Duration, Duration),
    /// From an unhealthy instance's leaving InService until its replacement is launched. Recorded:
    /// 1.9 s, in the second of the termination's cause (radkawar/stackd
    /// testdata/aws/autoscaling/lifecycle_native.json, 2026-09).
    pub unhealthy_replacement: (Duration, Duration),
    /// From SetInstanceHealth until an unhealthy instance is taken out of service, and from
    /// ResumeProcesses. Recorded (the same): 9 s, and less than 11 s.
    pub user_health_check: (Duration, Duration),
    /// How long it takes to detach an instance, or to put it aside. Recorded: 0.4 to 1.8 s
    /// (radkawar/stackd testdata/aws/autoscaling/failure_boundaries_native_complete.json, 2026-09;
    /// the next two too).
    pub setting_aside: (Duration, Duration),
    /// How long it takes to attach an instance. Recorded: 1.2 to 2.2 s.
    pub attaching: (Duration, Duration),
    /// How long it takes to return an instance from standby. Recorded: 6.4 to 7.4 s.
    pub leaving_standby: (Duration, Duration),
    /// From a launch until InService, if no hook holds it longer. Recorded (the same): 4.6 to 6.6
    /// s, ten times, which is before the operating system is up: InService says nothing about the
    /// ECS agent.
    pub launch: (Duration, Duration),
    /// From the end of the last launch hook until InService. Recorded (the same; lifecycle_native):
    /// less than 1 s.
    pub proceed: (Duration, Duration),
    /// From Terminating until the terminate hooks are asked, and out of a warm pool until the
    /// launch hooks are. Recorded (the same; no load balancer was drained): 0.4 to 0.7 s.
    pub leaving: (Duration, Duration),
    /// How often Auto Scaling looks whether EC2 has terminated an instance. Recorded (the same):
    /// from the answer to the instance's leaving the group 20, 20, 22, 41, 42, 62 and 101 s, and
    /// once 13 s after EC2 showed it terminated.
    pub gone_look: Duration,
    /// From an instance's death until the health check finds it.
    ///
    /// assumption: 30 to 60 s. The activities after a Spot interruption prove it.
    pub health_check: (Duration, Duration),
    /// From a forced deletion until what is in service goes. Recorded (the same): 1.5 to 9 s, three
    /// times.
    pub forced_deletion: (Duration, Duration),
    /// From then until what is retained goes. Recorded (the same; retention_decrement_native): 9.5
    /// s.
    pub forced_deletion_of_rest: (Duration, Duration),
    /// What slows launches down when they keep failing; `None`: nothing does.
    ///
    /// assumption: launches slow down. The activities of a group whose launch hook is abandoned
    /// again and again prove it.
    pub backoff: Option<Backoff>,
    /// How long an instance refresh stands in Pending. Recorded: 5 to 11 s (radkawar/stackd
    /// testdata/aws/autoscaling/refresh_native.json, 2026-09; the next three too).
    pub refresh_pending: (Duration, Duration),
    /// From one look of an instance refresh at its group to the next. Recorded: what it does is 10
    /// s apart, or a multiple.
    pub refresh_look: Duration,
    /// How long new instances must be in service until an instance refresh trusts them; what
    /// follows is for its next look. Recorded: the old ones go 70 and 79 s later.
    pub refresh_health_checks: (Duration, Duration),
    /// Whether an instance refresh waits for instances that stand at their terminate hooks before
    /// it continues. Recorded of instances without hooks: it waits for terminating ones, also for
    /// the last (refresh_native.json).
    ///
    /// assumption: with hooks too. A refresh that proceeds while an instance is in Terminating:Wait
    /// proves it wrong.
    pub refresh_awaits_terminate_hooks: bool,
    /// Whether an abandoned launch makes an instance refresh fail.
    ///
    /// assumption: no, another one is launched. A refresh with an abandoned launch hook proves it.
    pub abandoned_launch_fails_refresh: bool,
    /// Whether TerminateInstanceInAutoScalingGroup takes an instance that is still launching.
    ///
    /// assumption: no, it answers ScalingActivityInProgress, as users report for an instance with
    /// its launch activity open. The same call for an instance in Pending:Wait proves it.
    pub launching_may_be_terminated: bool,
}

/// The slowing of launches after failed ones in a row.
///
/// assumption: the schedule. The activities of a group whose launches keep failing prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    /// How many launches in a row may fail without any slowing.
    pub free: u32,
    /// The first extra delay; each further failure doubles it.
    pub first: Duration,
    /// The longest extra delay.
    pub longest: Duration,
}

impl Backoff {
    /// The extra delay after `failed` launches in a row.
    pub fn delay(&self, failed: u32) -> Duration {
        match failed.checked_sub(self.free + 1) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
                self.first.saturating_mul(factor).min(self.longest)
            }
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = |from, to| (Duration::from_secs(from), Duration::from_secs(to));
        let millis = |from, to| (Duration::from_millis(from), Duration::from_millis(to));
        Self {
            capacity_change: seconds(0, 14),
            replacement: seconds(8, 14),
            unhealthy_replacement: seconds(1, 2),
            user_health_check: seconds(6, 11),
            setting_aside: millis(800, 1400),
            attaching: millis(1200, 2200),
            leaving_standby: millis(6400, 7400),
            launch: millis(4_600, 6_600),
            proceed: millis(100, 900),
            leaving: millis(400, 700),
            gone_look: Duration::from_secs(20),
            health_check: seconds(30, 60),
            forced_deletion: seconds(2, 9),
            forced_deletion_of_rest: seconds(9, 10),
            backoff: Some(Backoff {
                free: 2,
                first: Duration::from_secs(30),
                longest: Duration::from_secs(15 * 60),
            }),
            refresh_pending: seconds(5, 11),
            refresh_look: Duration::from_secs(10),
            refresh_health_checks: seconds(66, 72),
            refresh_awaits_terminate_hooks: true,
            abandoned_launch_fails_refresh: false,
            launching_may_be_terminated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_longest() {
        let backoff = Backoff {
            free: 2,
            first: Duration::from_secs(30),
            longest: Duration::from_secs(100),
        };
        let delays = [0, 2, 3, 4, 5, 60, 99].map(|failed| backoff.delay(failed).as_secs());
        assert_eq!(delays, [0, 0, 30, 60, 100, 100, 100]);
    }
}
