//! What AWS does behind its API: one service is the cause, and another notices without a call.

/// What a service lets the others notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The operating system of this EC2 instance boots, so that its ECS agent may start.
    Booting(String),
    /// This EC2 instance is running.
    Running(String),
    /// This EC2 instance was stopped, to be started again.
    Stopped(String),
    /// The operating system of this EC2 instance, which was terminated, is down.
    Down(String),
    /// This EC2 instance has died, by nobody's will.
    Died(String),
    /// EC2 has nothing left of this instance, which was terminated.
    Gone(String),
    /// EC2 gives this Spot instance two minutes of notice.
    SpotNotice(String),
    /// The two minutes of this Spot instance are over.
    SpotReclaimed(String),
    /// EC2 recommends to replace this Spot instance.
    RebalanceRecommended(String),
    /// An instance of a group has come to this hook.
    HookReached {
        /// Name of the hook.
        hook: String,
        /// Id of the EC2 instance.
        instance: String,
    },
    /// A text was put into a bucket.
    TextStored {
        /// As `s3://bucket/key`.
        path: String,
        /// What was put there.
        text: String,
    },
}
