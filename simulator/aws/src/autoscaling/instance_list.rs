//! The instances of a group: a list, oldest first, in which each is found by its id without a
//! search. A group may have a thousand, and every event is about one of them.

use std::collections::{BTreeSet, HashMap};
use std::ops::{Deref, DerefMut};

use super::group::Instance;

/// Instances, oldest first. Their ids do not change while they are here.
#[derive(Debug, Default)]
pub struct Instances {
    all: Vec<Instance>,
    places: HashMap<String, usize>,
    ordinals: HashMap<String, u64>,
    pushed: u64,
}

impl Instances {
    /// The one called `id`.
    pub fn by_id(&self, id: &str) -> Option<&Instance> {
        self.places.get(id).map(|place| &self.all[*place])
    }

    pub(super) fn by_id_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.places.get(id).map(|place| &mut self.all[*place])
    }

    /// Those of `ids` that are here, oldest first.
    pub fn by_ids(&self, ids: &BTreeSet<String>) -> Vec<&Instance> {
        let mut places: Vec<usize> = ids
            .iter()
            .filter_map(|id| self.places.get(id).copied())
            .collect();
        places.sort_unstable();
        places.into_iter().map(|place| &self.all[place]).collect()
    }

    /// How many came before the one called `id`, those that have gone included; nothing of the
    /// others changes it, so a page can begin there. Beyond all if it is not here.
    pub fn ordinal(&self, id: &str) -> u64 {
        self.ordinals.get(id).copied().unwrap_or(self.pushed)
    }

    pub(super) fn push(&mut self, instance: Instance) {
        self.ordinals.insert(instance.id.clone(), self.pushed);
        self.pushed += 1;
        self.places.insert(instance.id.clone(), self.all.len());
        self.all.push(instance);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(place) = self.places.remove(id) else {
            return;
        };
        self.ordinals.remove(id);
        self.all.remove(place);
        for later in self.places.values_mut().filter(|later| **later > place) {
            *later -= 1;
        }
    }
}

impl Deref for Instances {
    type Target = [Instance];

    fn deref(&self) -> &[Instance] {
        &self.all
    }
}

impl DerefMut for Instances {
    fn deref_mut(&mut self) -> &mut [Instance] {
        &mut self.all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::scene::{GROUP, account, pass};
    use crate::autoscaling::AUTOSCALING;

    #[test]
    fn each_is_found_also_after_others_have_gone() {
        let mut account = account(3, json!({"DesiredCapacity": 4}));
        pass(&mut account, 120);
        let group = account[AUTOSCALING].group_mut(GROUP).expect("the group");
        let ids: Vec<String> = group.instances.iter().map(|one| one.id.clone()).collect();
        group.instances.remove(&ids[1]);
        group.instances.remove("i-nobody");
        for id in [&ids[0], &ids[2], &ids[3]] {
            assert_eq!(&group.instance(id).expect("found").id, id);
        }
        assert!(group.instance(&ids[1]).is_none());
        let some = group.instances.by_ids(&ids.iter().cloned().collect());
        let found: Vec<&String> = some.iter().map(|one| &one.id).collect();
        assert_eq!(found, [&ids[0], &ids[2], &ids[3]]);
        assert_eq!(group.instances.len(), 3);
    }
}
