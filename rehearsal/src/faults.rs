//! What can be made to go wrong in the account.

use crate::story::Fault;

use std::time::Duration;

/// How long an instance is REGISTERING that registers slowly: past its join deadline of 15 minutes.
pub const SLOW_REGISTRATION: Duration = Duration::from_secs(1200);

/// The faults that are switched on. By default nothing goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Instances that run this AMI boot, but never register with ECS.
    pub never_joins: Option<String>,
    /// The same of the AMI that was before the roll.
    pub old_never_joins: Option<String>,
    /// Instances that run this AMI are REGISTERING for a long time before they are ACTIVE, as those are for a moment whose
    /// network interfaces are trunked (awsvpcTrunking).
    pub registers_slowly: Option<String>,
    /// EventBridge delivers every event twice, the second time some seconds later, under the same event id.
    pub event_twice: bool,
    /// Half of the functions' calls are refused with "Rate exceeded".
    pub throttle: bool,
    /// Other traffic takes half of what comes back into each of ECS's token buckets.
    pub busy_account: bool,
    /// Some of the functions' invocations crash, before or after they have done their work.
    pub worker_error: bool,
}

impl Faults {
    /// Whether instances that run this AMI never join.
    pub fn keep_out(&self, ami: &str) -> bool {
        let never = [&self.never_joins, &self.old_never_joins];
        never.into_iter().flatten().any(|known| known == ami)
    }

    /// These faults set in too.
    pub fn add(&mut self, more: Self) {
        *self = Self {
            never_joins: more.never_joins.or(self.never_joins.take()),
            old_never_joins: more.old_never_joins.or(self.old_never_joins.take()),
            registers_slowly: more.registers_slowly.or(self.registers_slowly.take()),
            event_twice: more.event_twice || self.event_twice,
            throttle: more.throttle || self.throttle,
            busy_account: more.busy_account || self.busy_account,
            worker_error: more.worker_error || self.worker_error,
        };
    }

    /// Mends one fault, or all of them. A task that never stops is no fault of the account: it stays.
    pub fn mend(&mut self, fault: Option<Fault>) {
        match fault {
            None => *self = Self::default(),
            Some(Fault::NeverJoins) => self.never_joins = None,
            Some(Fault::OldNeverJoins) => self.old_never_joins = None,
            Some(Fault::RegistersSlowly) => self.registers_slowly = None,
            Some(Fault::DrainHangs) => {}
            Some(Fault::Throttle) => self.throttle = false,
            Some(Fault::BusyAccount) => self.busy_account = false,
            Some(Fault::EventTwice) => self.event_twice = false,
            Some(Fault::WorkerError) => self.worker_error = false,
        }
    }
}
