//! What can be made to go wrong in the account.

use std::time::Duration;

/// How long an instance is REGISTERING that registers slowly: past its join deadline of 15 minutes.
pub const SLOW_REGISTRATION: Duration = Duration::from_secs(1200);

/// How long after it was set DRAINING an instance loses its agent.
pub const AGENT_GONE_AFTER: Duration = Duration::from_secs(20);

/// The faults that are switched on. By default nothing goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Instances that run this AMI boot, but never register with ECS.
    pub never_joins: Option<String>,
    /// Instances that run this AMI are REGISTERING for a long time before they are ACTIVE, as those are for a moment whose
    /// network interfaces are trunked (awsvpcTrunking).
    pub registers_slowly: Option<String>,
    /// EventBridge delivers every event twice, the second time some seconds later, under the same event id.
    pub event_twice: bool,
    /// Half of the functions' calls are refused with "Rate exceeded".
    pub throttle: bool,
    /// Other traffic takes half of what comes back into each of ECS's token buckets.
    pub busy_account: bool,
    /// The agent of the instance that is drained first loses its connection soon after, for good. Taken back once it has
    /// happened.
    pub agent_gone: bool,
    /// Some of the functions' invocations crash, before or after they have done their work.
    pub worker_error: bool,
}
