//! What a service's scheduler does next: a function of the picture of its tasks, and of nothing
//! else.

use std::collections::{BTreeMap, BTreeSet};

/// A task of the service that is not STOPPED.
#[derive(Debug, Clone)]
pub(super) struct Replica<'a> {
    pub(super) id: &'a str,
    pub(super) number: u64,
    pub(super) instance: &'a str,
    pub(super) zone: &'a str,
    /// Of the PRIMARY deployment.
    pub(super) primary: bool,
    /// On an instance that is DRAINING.
    pub(super) draining: bool,
    /// Daemons are all that is left on its draining instance.
    pub(super) alone: bool,
    /// RUNNING, or past it.
    pub(super) started: bool,
    pub(super) healthy: bool,
    /// Its desired status is RUNNING.
    pub(super) wanted: bool,
    pub(super) protected: bool,
}

impl Replica<'_> {
    fn good(&self) -> bool {
        self.primary && !self.draining
    }
}

/// The service as the scheduler sees it.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture<'a> {
    pub(super) desired: u64,
    /// How many must stay healthy.
    pub(super) minimum: u64,
    /// How many there may be.
    pub(super) maximum: u64,
    /// Whether those that are being stopped count toward `maximum`.
    pub(super) stopping_counts: bool,
    pub(super) tasks: Vec<Replica<'a>>,
    /// For a DAEMON service: the instances on which a task is to be, and whether their agents are
    /// connected.
    pub(super) homes: BTreeMap<&'a str, bool>,
}

impl Picture<'_> {
    /// Whether there is nothing to do and nothing to wait for.
    pub(super) fn steady(&self) -> bool {
        self.tasks.len() as u64 == self.desired
            && self
                .tasks
                .iter()
                .all(|task| task.good() && task.wanted && task.healthy)
    }
}

/// Why a task is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its instance is draining.
    Draining,
    /// It is of an older deployment.
    Replaced,
    /// There are more than desired.
    Surplus,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) stop: Vec<(String, Why)>,
    /// One entry for each task to start: on this instance, or on any.
    pub(super) start: Vec<Option<String>>,
}

fn why(task: &Replica<'_>) -> Why {
    if task.draining {
        Why::Draining
    } else {
        Why::Replaced
    }
}

/// A REPLICA service. Tasks on draining instances and of older deployments are replaced within the
/// percentages: as many are stopped as are healthy above the minimum, and as many started as the
/// maximum allows. What has not started where it should no longer be is stopped at once; what runs
/// there and is not healthy yet may become so, and is stopped only if it is not needed.
pub(super) fn replica(picture: &Picture<'_>) -> Plan {
    let mut plan = Plan::default();
    let wanted: Vec<&Replica<'_>> = picture.tasks.iter().filter(|task| task.wanted).collect();
    let mut healthy = wanted.iter().filter(|task| task.healthy).count() as u64;
    let (good, mut moving): (Vec<&Replica<'_>>, Vec<&Replica<'_>>) =
        wanted.iter().copied().partition(|task| task.good());
    moving.sort_by_key(|task| (task.healthy, !task.draining, task.number));
    for task in moving.iter().filter(|task| !task.protected) {
        let spare = match (task.started, task.healthy) {
            (false, _) => true,
            (true, false) => healthy >= picture.minimum,
            (true, true) => healthy > picture.minimum,
        };
        if spare {
            healthy -= u64::from(task.healthy);
            plan.stop.push((task.id.to_owned(), why(task)));
        }
    }
    let surplus = (good.len() as u64).saturating_sub(picture.desired);
    for task in surplus_of(&good, surplus) {
        plan.stop.push((task.id.to_owned(), Why::Surplus));
    }
    let stopping = (picture.tasks.len() - wanted.len()) as u64 + plan.stop.len() as u64;
    let staying = wanted.len() as u64 - plan.stop.len() as u64;
    let there = staying + if picture.stopping_counts { stopping } else { 0 };
    let lacking = picture.desired.saturating_sub(good.len() as u64);
    // A maximum below the desired count bounds deployments; it does not keep a service from having
    // its tasks.
    let room = picture.maximum.max(picture.desired).saturating_sub(there);
    plan.start = vec![None; lacking.min(room) as usize];
    plan
}

/// Which `count` tasks to give up: those that do not serve yet, then from where the most are, so
/// that zones and instances stay even.
fn surplus_of<'a>(good: &[&'a Replica<'a>], count: u64) -> Vec<&'a Replica<'a>> {
    let mut left: Vec<&Replica<'a>> = good
        .iter()
        .copied()
        .filter(|task| !task.protected)
        .collect();
    let mut given = Vec::new();
    for _ in 0..count {
        let (mut zones, mut instances) = (BTreeMap::new(), BTreeMap::new());
        for task in &left {
            *zones.entry(task.zone).or_insert(0) += 1;
            *instances.entry(task.instance).or_insert(0) += 1;
        }
        let most = left.iter().enumerate().max_by_key(|(_, task)| {
            (
                !task.healthy,
                zones[task.zone],
                instances[task.instance],
                task.number,
            )
        });
        let Some((place, _)) = most else {
            break;
        };
        given.push(left.remove(place));
    }
    given
}

/// A DAEMON service: one task on each home. On a draining instance its task is the last to go; a
/// task of an older deployment goes before its successor comes, for maximumPercent is always 100.
pub(super) fn daemon(picture: &Picture<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut healthy = picture
        .tasks
        .iter()
        .filter(|task| task.wanted && task.healthy)
        .count() as u64;
    for task in picture.tasks.iter().filter(|task| task.wanted) {
        if task.draining {
            let over = task.alone && !task.protected;
            if over || !task.started {
                plan.stop.push((task.id.to_owned(), Why::Draining));
            }
        } else if !picture.homes.contains_key(task.instance) {
            plan.stop.push((task.id.to_owned(), Why::Surplus));
        } else if !task.primary && !task.protected && (!task.healthy || healthy > picture.minimum) {
            healthy -= u64::from(task.healthy);
            plan.stop.push((task.id.to_owned(), Why::Replaced));
        }
    }
    let served: BTreeSet<&str> = picture.tasks.iter().map(|task| task.instance).collect();
    let bare = picture
        .homes
        .iter()
        .filter(|(home, connected)| **connected && !served.contains(*home));
    plan.start = bare.map(|(home, _)| Some((*home).to_owned())).collect();
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks told by one letter each: `h` healthy, `r` running but not healthy, `p` pending, `s`
    /// stopping; upper case if the instance is draining; `o` healthy and of an older deployment,
    /// `x` healthy, draining and protected.
    fn picture(desired: u64, minimum: u64, maximum: u64, tasks: &str) -> Picture<'static> {
        let names = ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"];
        let replica = |number: usize, letter: char| Replica {
            id: &names[number][1..],
            number: number as u64,
            instance: names[number],
            zone: "a",
            primary: letter != 'o',
            draining: letter.is_uppercase() || letter == 'x',
            alone: false,
            started: !letter.eq_ignore_ascii_case(&'p'),
            healthy: matches!(letter, 'h' | 'H' | 'o' | 'x'),
            wanted: !letter.eq_ignore_ascii_case(&'s'),
            protected: letter == 'x',
        };
        Picture {
            desired,
            minimum: (desired * minimum).div_ceil(100),
            maximum: desired * maximum / 100,
            stopping_counts: true,
            tasks: tasks
                .chars()
                .enumerate()
                .map(|(number, letter)| replica(number, letter))
                .collect(),
            homes: BTreeMap::new(),
        }
    }

    fn moves(desired: u64, minimum: u64, maximum: u64, tasks: &str) -> (usize, usize) {
        let plan = replica(&picture(desired, minimum, maximum, tasks));
        (plan.stop.len(), plan.start.len())
    }

    #[test]
    fn the_documented_examples() {
        assert_eq!(
            moves(4, 50, 100, "HHHH"),
            (2, 0),
            "two may stop before replacements"
        );
        assert_eq!(
            moves(4, 50, 100, "SSHH"),
            (0, 0),
            "a replacement comes only after the stop"
        );
        assert_eq!(moves(4, 50, 100, "HH"), (0, 2), "which makes room for two");
        assert_eq!(moves(4, 50, 100, "HHrr"), (0, 0), "until they are healthy");
        assert_eq!(moves(4, 50, 100, "HHhh"), (2, 0));
        assert_eq!(
            moves(4, 100, 200, "HHHH"),
            (0, 4),
            "four replacements first"
        );
        assert_eq!(moves(4, 100, 200, "HHHHrrrr"), (0, 0));
        assert_eq!(
            moves(4, 100, 200, "HHHHhhhh"),
            (4, 0),
            "and then the old ones stop"
        );
        assert_eq!(moves(4, 100, 100, "HHhh"), (0, 0), "nothing can move");
        assert_eq!(moves(4, 100, 200, "Hhhh"), (0, 1));
    }

    #[test]
    fn percentages_round_up_and_down() {
        assert_eq!(
            moves(3, 50, 100, "HHH"),
            (1, 0),
            "half of 3, rounded up, is 2"
        );
        assert_eq!(
            moves(3, 100, 150, "HHH"),
            (0, 1),
            "one and a half of 3, rounded down, is 4"
        );
        assert_eq!(
            moves(1, 100, 150, "H"),
            (0, 0),
            "and of 1 it is 1: nothing can move"
        );
    }

    #[test]
    fn what_has_not_started_is_stopped_at_once() {
        assert_eq!(moves(4, 100, 200, "hhhP"), (1, 1));
        assert_eq!(
            moves(4, 100, 200, "hhhR"),
            (0, 1),
            "but what runs may still be needed"
        );
    }

    #[test]
    fn a_protected_task_stays_and_is_doubled() {
        assert_eq!(moves(2, 100, 200, "xh"), (0, 1));
        assert_eq!(moves(2, 100, 200, "xhh"), (0, 0));
    }

    #[test]
    fn an_older_deployment_is_replaced_the_same_way() {
        assert_eq!(moves(2, 100, 200, "oo"), (0, 2));
        assert_eq!(moves(2, 100, 200, "oohh"), (2, 0));
    }

    #[test]
    fn a_surplus_goes_and_the_newest_of_the_fullest_first() {
        let plan = replica(&picture(2, 100, 200, "hhrh"));
        assert_eq!(
            plan.stop,
            [
                ("2".to_owned(), Why::Surplus),
                ("3".to_owned(), Why::Surplus)
            ]
        );
    }

    #[test]
    fn a_daemon_goes_last_and_comes_to_each_home() {
        let mut picture = picture(2, 0, 100, "Hh");
        picture.homes = [("i1", true), ("i7", true), ("i8", false)].into();
        let plan = daemon(&picture);
        assert_eq!(
            (plan.stop.len(), plan.start),
            (0, vec![Some("i7".to_owned())])
        );
        picture.tasks[0].alone = true;
        assert_eq!(daemon(&picture).stop, [("0".to_owned(), Why::Draining)]);
    }
}
