//! Standalone tasks (RunTask), which ECS neither stops nor replaces on a drain: what
//! StandaloneTaskPolicy does with them.

use jiff::Timestamp;

use super::Observation;
use crate::model::cluster::{ContainerInstanceStatus, Task, current};
use crate::model::drain_options::StandaloneTaskPolicy;
use crate::model::{Policy, Subject, later};

/// Whether a task may be stopped at the drain deadline: not one for which its instance is kept.
pub fn may_stop(subject: &Subject, task: &Task) -> bool {
    let skips = subject.settings.cases.standalone == StandaloneTaskPolicy::SkipInstance;
    task.wanted && (task.service().is_some() || !skips)
}

/// When standalone tasks are stopped, if any is left that would be.
pub fn limit(subject: &Subject, left: &[&Task]) -> Option<Timestamp> {
    let cases = &subject.settings.cases;
    let is_meant = |task: &&Task| task.service().is_none() && task.wanted;
    let stops = cases.standalone == StandaloneTaskPolicy::Stop && left.iter().any(is_meant);
    stops.then(|| later(subject.drain_began(), cases.standalone_limit))
}

/// Whether the instance is to be kept for its standalone tasks: as soon as nothing else is left on
/// it but daemons, which stay as long as they do; or when its policy would otherwise cut them off.
pub fn keep(subject: &Subject, seen: &Observation, left: &[&Task], now: Timestamp) -> bool {
    if subject.settings.cases.standalone != StandaloneTaskPolicy::SkipInstance {
        return false;
    }
    let stays = |task: &&Task| match task.service() {
        Some(service) => seen.daemons.iter().any(|daemon| daemon.as_str() == service),
        None => true,
    };
    let is_active = |status| status == ContainerInstanceStatus::Active;
    let again = current(&seen.registrations).any(|one| is_active(one.status));
    let cut_off = subject.settings.policy == Policy::Terminate && now >= subject.drain_deadline();
    left.iter().any(|task| task.service().is_none())
        && (cut_off || (!again && left.iter().all(stays)))
}
