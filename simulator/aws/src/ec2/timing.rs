//! How long things take in EC2.

use std::time::Duration;

/// How long things take in EC2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From the launch until the instance is running and its operating system boots. Recorded
    /// (radkawar/stackd testdata/aws/autoscaling, 2026-09): 3.6 to 5.2 s from a launch's start to
    /// its hook's event, four times.
    pub pending: (Duration, Duration),
    /// From the termination until the operating system is down, and with it every container.
    ///
    /// assumption: 5 to 15 s. The times of the agent's disconnection on AWS prove it.
    pub shutting_down: (Duration, Duration),
    /// From the termination until the instance is terminated: usually near the first. Recorded (the
    /// same): 17 to 28 s, twice; the group let instances go 20 to 101 s after EC2 was called.
    pub terminated: (Duration, Duration),
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = |from, to| (Duration::from_secs(from), Duration::from_secs(to));
        Self {
            pending: (Duration::from_millis(3_600), Duration::from_millis(5_200)),
            shutting_down: seconds(5, 15),
            terminated: seconds(16, 98),
        }
    }
}
