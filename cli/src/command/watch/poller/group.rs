//! The group, and what a look at it changes in what was seen.

use super::Poller;
use super::resource_ids::{Failed, gone_is};
use crate::aws::{Group, Stack};

/// The parameter of our template that says how many instances are replaced at a time.
const BATCH_SIZE: &str = "BatchSize";

/// The parameter of our template that says who replaces the instances, and its value for an
/// instance refresh.
const UPDATE_METHOD: &str = "UpdateMethod";
const REFRESH: &str = "InstanceRefresh";

/// The parameter of our template that names the SSM parameter with the AMI's id.
const AMI_PARAMETER: &str = "EcsAmiParameterKey";

impl Poller {
    /// The group; nothing if it is not there yet, or no more.
    pub(super) async fn group(&mut self, stack: &Stack) -> Result<Option<Group>, Failed> {
        let Some(name) = self.places.group.clone() else {
            return Ok(None);
        };
        let group = self.look.group(&name).await;
        gone_is(group.map(Some), stack, None)
    }

    /// Takes what was seen of the stack and its group.
    pub(super) fn take(&mut self, stack: &Stack, group: Option<&Group>) {
        let members = group.map(|group| group.members.clone());
        self.sight.members = members.unwrap_or_default();
        let number = |version: &str| version.parse::<u64>().ok();
        let newest = self.sight.members.iter().map(|one| one.version.as_str());
        let newest = newest.max_by_key(|version| number(version));
        // A group may name a version by what it is at the time: $Latest.
        let launches = group.map(|group| group.version.as_str());
        let launches = launches.filter(|version| number(version).is_some());
        let version = launches.or(newest).unwrap_or_default().to_owned();
        let before = std::mem::replace(&mut self.sight.version, version);
        let is_other = !before.is_empty() && before != self.sight.version;
        self.sight.is_reverted = stack.rolls_back() && (self.sight.is_reverted || is_other);
        self.sight.note_hooks(self.look.now());
        self.sight.pause = group.and_then(|group| group.pause.clone());
        if let Some(pause) = &self.sight.pause {
            let now = self.look.now();
            self.pauses.see(pause, now, now);
        }
        self.sight.batches.clone_from(&self.events.batches);
        self.sight.is_refresh = stack.parameter(UPDATE_METHOD) == Some(REFRESH);
        let ami = stack.resolved(AMI_PARAMETER);
        self.sight.parameter_ami = ami.map(str::to_owned);
        // As size_at_beginning has it.
        let size = self.events.obsolete_at_first.filter(|size| *size > 0);
        let size = size.or(group.map(|group| group.desired));
        self.sight.size = size.unwrap_or_default();
        let batch = stack
            .parameter(BATCH_SIZE)
            .and_then(|size| size.parse().ok());
        self.pace(batch.unwrap_or(1));
    }
}
