//! How many drains are open at a time. A rollout's are those of instances that the stack's
//! operation, or an instance refresh, takes out; what a user takes out afterwards, or sets to
//! DRAINING himself, is none, nor is a Spot instance that its agent drains because EC2 has given
//! notice of it, nor a retained instance that the operator ends.

use aws::trace::{LifecycleState, StackStatus};
use jiff::Timestamp;

use super::{CheckerState, InstanceObservation, InvariantChecker};
use crate::invariants::Invariant;

impl CheckerState {
    /// Whether the invariants about a rollout are judged: not of a stack that is deleted, which
    /// takes all instances at once.
    pub(super) fn rolls(&self) -> bool {
        let deleted = self.stack_status.is_some_and(StackStatus::is_of_a_deletion);
        (self.rolling || self.refresh.is_some()) && !deleted
    }

    /// Whether the stack, or an instance refresh, is at it.
    pub(super) fn in_operation(&self) -> bool {
        self.refresh.is_some() || self.stack_status.is_some_and(StackStatus::is_in_progress)
    }

    /// Whether the rollout is not over yet: an operation goes on, or its last drains do, and the
    /// group is of two launch template versions.
    pub(super) fn is_at_it(&self) -> bool {
        let there = |seen: &&InstanceObservation| {
            seen.state == LifecycleState::InService || seen.awaits_end()
        };
        let all = self.instances.values();
        let mut versions = all.filter(there).map(|seen| &seen.launched_from);
        let first = versions.next();
        self.in_operation() || versions.any(|version| Some(version) != first)
    }

    /// Managed draining waits for nobody's turn. What is kept apart then are the batches of an
    /// update that goes forward, by the hold; not what a way back, a refresh or a scale-in takes
    /// out meanwhile. An instance that was launched for another reason signals too, and
    /// CloudFormation counts it for the next batch, which it then begins while one drains.
    fn is_kept_apart(&self, seen: &InstanceObservation) -> bool {
        let of_this_update = seen.terminated_in == Some(self.operation);
        let forward =
            self.stack_status == Some(StackStatus::UpdateInProgress) && self.refresh.is_none();
        let alone = self.launched_for_others != Some(self.operation);
        !self.terms.managed_draining || (forward && of_this_update && alone)
    }

    /// Takes notice that the group is about to launch instances that the operation under way has
    /// not asked for.
    pub(super) fn launches_for_others(&mut self) {
        self.launched_for_others = Some(self.operation);
    }

    /// A drain is open while a DRAINING instance is at its terminate hook. One that waits there for
    /// its turn works on.
    pub(super) fn drains_open(&mut self, at: Timestamp) {
        let all = self.instances.iter();
        let at_hooks: Vec<_> = all.filter(|(_, seen)| seen.awaits_end()).collect();
        if !at_hooks.is_empty() {
            self.last_at_hook = Some(at);
        }
        let open: Vec<String> = at_hooks
            .into_iter()
            .filter(|(_, seen)| seen.is_draining)
            .map(|(id, _)| id.clone())
            .collect();
        let by_others = |id: &String| {
            self.drained_by_hand.contains(id)
                || self.interrupted.contains(id)
                || self.to_be_ended.contains_key(id)
        };
        let is_rolled = |id: &&String| {
            let seen = &self.instances[*id];
            seen.is_rolled && !by_others(id) && self.is_kept_apart(seen)
        };
        let rolled: Vec<&str> = open.iter().filter(is_rolled).map(String::as_str).collect();
        // It is told once, and again when it gets worse: by a mark of what is judged, not of all
        // that is open.
        let judged = self.rolls() && rolled.len() > self.most_judged && self.is_at_it();
        let (count, batch) = (rolled.len(), self.terms.batch);
        if judged && count > batch {
            let which = rolled.join(", ");
            let detail = format!("{count} drains were open with a batch of {batch}: {which}");
            self.violate(Invariant::OneBatchOfDrains, at, detail);
        }
        if judged {
            self.most_judged = count;
        }
        self.tally.max_open_drains = self.tally.max_open_drains.max(open.len());
    }
}

impl InvariantChecker {
    /// An instance in service that takes no tasks, because a worker set it DRAINING.
    pub fn drained_in_service(&self) -> Option<String> {
        let inner = self.lock();
        let mut all = inner.instances.iter();
        let found = all.find(|(id, seen)| {
            let by_others = inner.drained_by_hand.contains(*id) || inner.interrupted.contains(*id);
            seen.state == LifecycleState::InService && seen.is_draining && !by_others
        });
        found.map(|(id, _)| id.clone())
    }
}

impl InstanceObservation {
    /// Whether it stands at its terminate hook, on its way out for good or into the warm pool.
    pub(super) fn awaits_end(&self) -> bool {
        let back = self.returns && self.state == LifecycleState::WarmedPendingWait;
        back || self.state == LifecycleState::TerminatingWait
    }

    /// Whether it is on its way out of the group.
    pub(super) fn leaves(&self) -> bool {
        let back = self.returns && self.state.is_into_pool();
        back || self.state.is_leaving()
    }
}
