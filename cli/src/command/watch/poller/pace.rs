//! How fast instances go, for the expected end.

use workers::model::group::LifecycleState;

use super::Poller;
use crate::watch::Pace;

impl Poller {
    pub(super) fn pace(&mut self, batch: usize) {
        let planned = self.estimate.known();
        let is_sought = self.estimate.is_sought();
        let sight = &self.sight;
        let of_it = |version: &str| version == sight.version;
        let members = sight.members.iter();
        let left = members
            .clone()
            .filter(|one| !of_it(&one.version) && !one.state.is_retained());
        let there = members
            .filter(|one| of_it(&one.version) && one.state == LifecycleState::InService)
            .count();
        let began = self.events.turned.or(sight.began);
        let (seen, latest) = began.map_or((0, None), |began| self.activities.gone(began));
        // One page of activities is read: of a long rollout it shows the end alone. On its way back
        // those that are there were not all replaced.
        let gone = match self.events.turned {
            Some(_) => seen,
            None => seen.max(there.saturating_sub(batch)),
        };
        self.sight.pace = Pace {
            began,
            batch,
            gone,
            latest,
            left: left.count(),
            planned: planned.filter(|_| self.events.turned.is_none()),
            is_sought: is_sought && self.events.turned.is_none(),
        };
    }
}
