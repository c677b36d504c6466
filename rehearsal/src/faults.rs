//! What can be made to go wrong in the account.

/// The faults that are switched on. By default nothing goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Instances that run this AMI boot, but never register with ECS.
    pub never_joins: Option<String>,
    /// EventBridge delivers every event twice, the second time some seconds later, under the same event id.
    pub event_twice: bool,
    /// Half of the functions' calls are refused with "Rate exceeded".
    pub throttle: bool,
    /// Some of the functions' invocations crash, before or after they have done their work.
    pub worker_error: bool,
}
