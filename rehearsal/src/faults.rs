//! What can be made to go wrong in the account.

/// The faults that are switched on. By default nothing goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Instances that run this AMI boot, but never register with ECS.
    pub never_joins: Option<String>,
    /// EventBridge delivers every event twice, the second time some seconds later, under the same event id.
    pub event_twice: bool,
}
