//! In which phase an instance at a hook is: one decision for `watch`, `report` and `explain`.

use workers::model::group::LifecycleState;

/// What its execution says about an instance at a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing that is known: its execution has not been read.
    Unread,
    /// No execution runs for it.
    NoExecution,
    /// It is new, and is to join the cluster.
    Joins,
    /// It is new, has joined, and waits at its launch hook for earlier drains.
    WaitsForDrains,
    /// Its drain is not admitted yet.
    WaitsToDrain,
    /// Anything else.
    Proceeds,
}

/// In which phase an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstancePhase {
    /// It waits at its hook for earlier drains, or for its first answer.
    Queued,
    /// It waits for an operator who resumes the rollout, and for nothing else.
    Paused,
    /// It is DRAINING in ECS, or its drain was admitted.
    Draining,
    /// It is launched, and joins the cluster.
    Starting,
    /// It is retained for a person.
    Retained,
    /// No hook of ours holds it.
    Free,
}

/// The rollout around the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the group is paused, and the operation one that a pause keeps.
    pub is_paused: bool,
    /// Whether any drain of the group is open.
    pub drain_is_open: bool,
}

impl InstancePhase {
    /// The phase of an instance in this state.
    ///
    /// The pause keeps a drain from beginning, whatever is open before it. A new instance waits for
    /// the open drains first: those continue in a pause.
    pub fn of(state: &LifecycleState, step: Step, around: Surroundings) -> Self {
        // On its way into a warm pool a new instance has the state of one that leaves the group.
        let at_hook = state.awaits_end() || state.awaits_launch();
        match step {
            _ if state.is_retained() => Self::Retained,
            _ if !at_hook => Self::Free,
            Step::Joins => Self::Starting,
            Step::WaitsForDrains if around.is_paused && !around.drain_is_open => Self::Paused,
            Step::WaitsForDrains => Self::Queued,
            _ if state.awaits_launch() => Self::Starting,
            Step::WaitsToDrain | Step::NoExecution if around.is_paused => Self::Paused,
            Step::WaitsToDrain | Step::NoExecution => Self::Queued,
            // The pause lets open drains continue, so one of which nothing is known counts as open.
            Step::Unread | Step::Proceeds => Self::Draining,
        }
    }
}

/// How many instances are in each phase that a rollout waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseCounts {
    /// Instances in [`InstancePhase::Draining`].
    pub draining: usize,
    /// Instances in [`InstancePhase::Paused`].
    pub paused: usize,
    /// Instances in [`InstancePhase::Queued`].
    pub queued: usize,
}

impl PhaseCounts {
    /// Counts these phases.
    pub fn of(phases: impl IntoIterator<Item = InstancePhase>) -> Self {
        let mut counts = Self::default();
        for phase in phases {
            match phase {
                InstancePhase::Draining => counts.draining += 1,
                InstancePhase::Paused => counts.paused += 1,
                InstancePhase::Queued => counts.queued += 1,
                InstancePhase::Starting | InstancePhase::Retained | InstancePhase::Free => {}
            }
        }
        counts
    }

    /// In words, such as `1 draining`; nothing of what there is none.
    pub fn words(self) -> Vec<String> {
        let parts = [
            (self.draining, "draining"),
            (self.paused, "paused"),
            (self.queued, "queued"),
        ];
        let some = parts.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_follows_from_state_step_pause_and_open_drains() {
        use InstancePhase::{Draining, Free, Paused, Queued, Retained, Starting};
        let leaving = LifecycleState::TerminatingWait;
        let new = LifecycleState::PendingWait;
        let pool = LifecycleState::WarmedPendingWait;
        for (state, step, paused, open, expected) in [
            (&leaving, Step::WaitsToDrain, false, true, Queued),
            (&leaving, Step::WaitsToDrain, true, true, Paused),
            (&leaving, Step::WaitsToDrain, true, false, Paused),
            (&leaving, Step::NoExecution, false, false, Queued),
            (&leaving, Step::NoExecution, true, false, Paused),
            (&leaving, Step::Proceeds, true, true, Draining),
            (&leaving, Step::Unread, true, true, Draining),
            (&new, Step::WaitsForDrains, false, true, Queued),
            (&new, Step::WaitsForDrains, false, false, Queued),
            (&new, Step::WaitsForDrains, true, true, Queued),
            (&new, Step::WaitsForDrains, true, false, Paused),
            (&new, Step::Proceeds, true, false, Starting),
            (&new, Step::Joins, true, false, Starting),
            (&pool, Step::Joins, false, false, Starting),
            (&pool, Step::WaitsForDrains, true, false, Paused),
            (&pool, Step::Proceeds, false, false, Draining),
            (&new, Step::NoExecution, true, false, Starting),
            (
                &LifecycleState::Pending,
                Step::NoExecution,
                true,
                false,
                Starting,
            ),
            (
                &LifecycleState::TerminatingRetained,
                Step::NoExecution,
                true,
                false,
                Retained,
            ),
            (
                &LifecycleState::InService,
                Step::NoExecution,
                true,
                false,
                Free,
            ),
            (
                &LifecycleState::TerminatingProceed,
                Step::Proceeds,
                true,
                false,
                Free,
            ),
        ] {
            let around = Surroundings {
                is_paused: paused,
                drain_is_open: open,
            };
            let phase = InstancePhase::of(state, step, around);
            assert_eq!(phase, expected, "{state} {step:?} {around:?}");
        }
    }

    #[test]
    fn each_phase_is_counted_once() {
        use InstancePhase::{Draining, Free, Paused, Queued, Starting};
        let counts = PhaseCounts::of([Draining, Queued, Queued, Free, Starting, Paused]);
        assert_eq!(counts.words(), ["1 draining", "1 paused", "2 queued"]);
        assert_eq!(PhaseCounts::of([Free]).words(), [""; 0]);
    }
}
