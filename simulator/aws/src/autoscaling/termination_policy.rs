//! Which instance a group gives up.

use super::group::{Group, Instance};
use super::transitions::LifecycleState;

/// Who goes first: of the zone with the most instances, by the group's termination policies, the
/// oldest if they leave a choice. Only an instance in service can be chosen, and none that is
/// protected.
///
/// assumption: a scale-in waits for an instance that is still launching. A scale-in that takes an
/// instance in Pending:Wait proves it wrong.
pub fn choose(group: &Group) -> Option<&Instance> {
    let mut candidates: Vec<&Instance> = group
        .instances
        .iter()
        .filter(|instance| instance.state == LifecycleState::InService && !instance.protected)
        .collect();
    let in_zone = |instance: &Instance| {
        let same = |other: &&Instance| {
            other.state.counts() && other.availability_zone == instance.availability_zone
        };
        group.instances.iter().filter(same).count()
    };
    keep_least(&mut candidates, |instance| {
        std::cmp::Reverse(in_zone(instance))
    });
    for policy in &group.settings.termination_policies {
        let template = |instance: &&Instance| {
            (
                instance.template.id == group.template.id,
                instance.template.version,
            )
        };
        match policy.as_str() {
            "NewestInstance" => keep_least(&mut candidates, |i| std::cmp::Reverse(i.launched)),
            "OldestInstance" => keep_least(&mut candidates, |i| i.launched),
            // Default is the allocation strategy (there is none here), then the oldest template,
            // then the instance closest to its next billing hour, which is taken to be the oldest.
            _ => keep_least(&mut candidates, template),
        }
    }
    keep_least(&mut candidates, |instance| instance.launched);
    candidates.first().copied()
}

fn keep_least<'a, K: Ord>(candidates: &mut Vec<&'a Instance>, key: impl Fn(&&'a Instance) -> K) {
    if let Some(least) = candidates.iter().map(&key).min() {
        candidates.retain(|candidate| key(candidate) == least);
    }
}
