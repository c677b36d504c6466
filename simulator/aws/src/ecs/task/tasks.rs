//! The tasks of a cluster: found by id, in the order of their ids, and, by those that hold a task's
//! place, at once. A service of a thousand tasks is looked at whenever one of them changes.

use std::collections::BTreeMap;

use super::Task;

/// Where a task stands, as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ecs) struct Place(usize);

/// Ids of tasks, in order, with their places.
pub(in crate::ecs) type Ids = BTreeMap<String, Place>;

/// Tasks.
#[derive(Debug, Default)]
pub(in crate::ecs) struct Tasks {
    places: Vec<Option<Task>>,
    free: Vec<usize>,
    by_id: Ids,
}

impl Tasks {
    /// Adds a task.
    pub(in crate::ecs) fn insert(&mut self, task: Task) -> Place {
        let id = task.id.clone();
        let place = match self.free.pop() {
            Some(free) => {
                self.places[free] = Some(task);
                Place(free)
            }
            None => {
                self.places.push(Some(task));
                Place(self.places.len() - 1)
            }
        };
        self.by_id.insert(id, place);
        place
    }

    /// Takes a task away. Its place may be given to another.
    pub(in crate::ecs) fn remove(&mut self, id: &str) -> Option<Task> {
        let Place(place) = self.by_id.remove(id)?;
        self.free.push(place);
        self.places[place].take()
    }

    /// The task in this place.
    pub(in crate::ecs) fn at(&self, place: Place) -> Option<&Task> {
        self.places[place.0].as_ref()
    }

    /// Where a task stands.
    pub(in crate::ecs) fn place(&self, id: &str) -> Option<Place> {
        self.by_id.get(id).copied()
    }

    /// The task with this id.
    pub(in crate::ecs) fn get(&self, id: &str) -> Option<&Task> {
        self.at(self.place(id)?)
    }

    /// The task with this id, to be changed.
    pub(in crate::ecs) fn get_mut(&mut self, id: &str) -> Option<&mut Task> {
        let Place(place) = self.place(id)?;
        self.places[place].as_mut()
    }

    /// Whether there is one with this id.
    pub(in crate::ecs) fn contains_key(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// The ids, in order.
    pub(in crate::ecs) fn keys(&self) -> impl Iterator<Item = &String> {
        self.by_id.keys()
    }

    /// All tasks, in the order of their ids.
    pub(in crate::ecs) fn values(&self) -> impl Iterator<Item = &Task> {
        self.by_id.values().filter_map(|place| self.at(*place))
    }
}
