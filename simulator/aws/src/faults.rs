//! What can be made to go wrong in the account. [`Fault`] names it all; here is what the services
//! ask.
//!
//! What goes wrong with calls and invocations on their way is done by `interceptors`.

mod name;
mod of_account;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::state::Key;

pub use name::{Fault, UnknownFault};

/// The way to the faults of an account.
pub const FAULTS: Key<State> = Key::new();

/// Makes the seed of the faults another one than that of the services.
const SEED: u64 = 0x5eed_0fa0_1750_0fa0;

/// The faults of an account.
#[derive(Debug)]
pub struct State {
    /// Those that are on.
    pub active: Faults,
    /// Where their chance comes from. It is apart, so that a fault changes nothing but what it
    /// strikes.
    pub random: fastrand::Rng,
}

impl State {
    /// No faults, in an account of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            active: Faults::default(),
            random: fastrand::Rng::with_seed(seed ^ SEED),
        }
    }
}

/// How long an instance is REGISTERING that registers slowly: past its join deadline of 15 minutes.
pub const SLOW_REGISTRATION: Duration = Duration::from_secs(1200);
/// How long an image takes to pull that takes long, from-to.
pub const SLOW_PULL: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(180));
/// By how much an instance joins late, at most: most of them in time, some past a short deadline.
pub const LATEST_JOIN: Duration = Duration::from_secs(600);
/// By how much events come late, at most, beyond what was recorded
/// ([`crate::eventbridge::lateness`]). EventBridge promises no limit.
pub const LATEST_EVENT: Duration = Duration::from_secs(300);
/// By how much each event may come later than the others, beyond what was recorded: they overtake
/// one another more.
pub const OUT_OF_ORDER: Duration = Duration::from_secs(60);
/// How long after it was set DRAINING an instance loses its agent.
pub const AGENT_GONE_AFTER: Duration = Duration::from_secs(20);

/// The faults that are switched on. By default nothing goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    on: BTreeSet<Fault>,
    /// The AMI which was before the rollout, and the one which it brings.
    old_ami: Option<String>,
    new_ami: Option<String>,
    /// Whether the AMIs are learned from the launches.
    learns: bool,
    /// Until when functions cannot be invoked.
    pub functions_away_until: Option<Timestamp>,
}

impl Faults {
    /// These faults, in a rollout to `new_ami` if there is one.
    pub fn new(on: impl IntoIterator<Item = Fault>, new_ami: Option<String>) -> Self {
        Self {
            on: on.into_iter().collect(),
            old_ami: None,
            new_ami,
            learns: false,
            functions_away_until: None,
        }
    }

    /// These faults in an account that no scenario drives: the AMI of the first launch is the old
    /// one, and any other one that is launched is the new one.
    pub fn learning(on: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            learns: true,
            ..Self::new(on, None)
        }
    }

    /// An instance on `ami` is launched.
    pub fn launched(&mut self, ami: &str) {
        if !self.learns {
            return;
        }
        let old = self.old_ami.get_or_insert_with(|| ami.to_owned());
        if old != ami {
            self.new_ami = Some(ami.to_owned());
        }
    }

    /// The same, in a rollout from `old_ami`.
    pub fn from(self, old_ami: &str) -> Self {
        Self {
            old_ami: Some(old_ami.to_owned()),
            ..self
        }
    }

    /// Whether this fault is on.
    pub fn has(&self, fault: Fault) -> bool {
        self.on.contains(&fault)
    }

    /// Whether this fault is on, and hits what runs `ami`: only the new one is bad.
    pub fn hits(&self, fault: Fault, ami: &str) -> bool {
        self.has(fault) && self.new_ami.as_deref() == Some(ami)
    }

    /// Whether what runs `ami` never joins.
    pub fn never_joins(&self, ami: &str) -> bool {
        let old = self.has(Fault::OldNeverJoins) && self.old_ami.as_deref() == Some(ami);
        old || self.hits(Fault::NeverJoins, ami)
    }

    /// A fault sets in too.
    pub fn add(&mut self, fault: Fault) {
        self.on.insert(fault);
    }

    /// Mends one fault, or all of them. A task that never stops is no fault of the account: it
    /// stays.
    pub fn clear(&mut self, fault: Option<Fault>) {
        match fault {
            None => self.on.clear(),
            Some(fault) => {
                self.on.remove(&fault);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_an_account_the_first_ami_is_the_old_one() {
        let mut faults = Faults::learning([Fault::NeverJoins]);
        faults.launched("ami-1");
        faults.launched("ami-1");
        assert!(!faults.never_joins("ami-1"));
        faults.launched("ami-2");
        assert!(faults.never_joins("ami-2") && !faults.never_joins("ami-1"));
        faults.launched("ami-1");
        assert!(
            !faults.never_joins("ami-1"),
            "the old one comes again in a rollback"
        );
    }
}
