//! How long to wait before asking again. In proportion to the time already spent, so that a short
//! phase is noticed soon, a long one costs few requests and few events of the execution's history,
//! and detection takes at most about a fifteenth of the phase. (Two phases follow each other in a
//! rollout, a drain and the hold of the next instance, so what is lost in each adds up.)

use jiff::{SignedDuration, Timestamp};

use crate::Worker;
use crate::model::{InstanceId, Settings, Subject, TasksLeft, later, seconds_between};

/// One part in this many of the time already spent. Fifteen: 48 hours then take some 700 turns of
/// nine history events, of which an execution may have 25,000.
const POLL_FRACTION: i64 = 15;

/// No sooner than this: ECS itself takes some seconds to show a change.
const SHORTEST_SECONDS: i64 = 5;

/// So many instances may ask each second while a phase is young. Half of ECS's bucket for reads of
/// a cluster's resources, 20 a second, is left to whatever else runs in the account (ECS API
/// Reference, request throttling); the other half is shared by the drains of a batch and by the
/// instances that join for it.
const LOOKS_PER_SECOND: i64 = 3;

/// A smaller batch may ask all at once: ECS's bucket for reads takes a hundred.
const SPREAD_FROM: i64 = 20;

/// From when to when the instances of a batch are looked at for the first time, in milliseconds
/// after their events for each instance of the batch. That takes some five reads for each, and a
/// batch comes to its hooks within seconds.
const FIRST_DRAINS: (i64, i64) = (0, 250);

/// New instances later, since they take a minute to join anyway, and come when the drains of the
/// batch before begin.
const FIRST_JOINS: (i64, i64) = (700, 1500);

/// No later than this, however long it has taken: a person may be watching.
const LONGEST_SECONDS: i64 = 300;

/// Heartbeats are sent with looks, when the last one is a sixth of the timeout old: so none is
/// missing for longer than a third.
const LOOKS_PER_HEARTBEAT_TIMEOUT: i64 = 6;

/// By how much a wait is shortened at most, in thousandths, so that a hundred drains do not ask in
/// step. The size of the cut is the instance's own.
const SPREAD_PER_MILLE: u64 = 80;

/// Seconds to wait, for a phase that began at `since`: at least 1, and not past `deadline`, which
/// the next look must notice on time.
pub fn wait_seconds(
    since: Timestamp,
    now: Timestamp,
    deadline: Option<Timestamp>,
    settings: &Settings,
    instance: &InstanceId,
) -> i64 {
    let shortest = shortest(settings);
    let longest = (settings.heartbeat_timeout.as_secs() / LOOKS_PER_HEARTBEAT_TIMEOUT)
        .clamp(SHORTEST_SECONDS, LONGEST_SECONDS);
    let spent = seconds_between(since, now);
    let even = (spent / POLL_FRACTION).max(shortest).min(longest);
    let spread = spread(even, instance);
    match deadline {
        None => spread,
        Some(deadline) => spread.min(seconds_until(deadline, now)).max(1),
    }
}

/// The shortest wait, in seconds, in which a batch asks no more often than it may.
fn shortest(settings: &Settings) -> i64 {
    (settings.batch_size / LOOKS_PER_SECOND).max(SHORTEST_SECONDS)
}

/// A wait of `even` seconds, less the instance's own cut.
fn spread(even: i64, instance: &InstanceId) -> i64 {
    let kept = i64::try_from(1000 - instance_hash(instance) % SPREAD_PER_MILLE).unwrap_or(1000);
    (even * kept / 1000).max(SHORTEST_SECONDS)
}

/// Seconds until `worker` looks at its instance for the first time, if that is not now: the
/// instances of a large batch take turns, so that they do not ask ECS all in the same second. For
/// `drained` that is so while `left` names tasks: `draining` has just seen them run.
pub fn until_first_look(
    worker: Worker,
    subject: &Subject,
    left: Option<&TasksLeft>,
    now: Timestamp,
) -> Option<i64> {
    let batch = subject.settings.batch_size;
    let (from, to) = match worker {
        Worker::Draining => FIRST_DRAINS,
        Worker::Joined => FIRST_JOINS,
        Worker::Drained if left.is_some_and(|left| !left.arns.is_empty()) => {
            let after = spread(shortest(&subject.settings), &subject.action.instance);
            let in_time = after < seconds_until(subject.drain_deadline(), now);
            return (batch >= SPREAD_FROM && in_time).then_some(after);
        }
        Worker::Drained | Worker::Stable | Worker::CompleteAction | Worker::Reconcile => {
            return None;
        }
    };
    if batch < SPREAD_FROM {
        return None;
    }
    let share = i64::try_from(instance_hash(&subject.action.instance) % 1000).unwrap_or_default();
    let after = SignedDuration::from_millis(batch * (from + (to - from) * share / 1000));
    // Whatever is seen then is still in time.
    let after = after.min(subject.settings.join_deadline / 2);
    let left = seconds_until(later(subject.began, after), now);
    (left > 0).then_some(left)
}

/// Rounded up: a look half a second before the deadline would see nothing and wait once more.
fn seconds_until(deadline: Timestamp, now: Timestamp) -> i64 {
    let left = deadline.duration_since(now);
    left.as_secs() + i64::from(left.subsec_nanos() > 0)
}

/// FNV-1a: the same for an instance in each of its functions, forever.
fn instance_hash(instance: &InstanceId) -> u64 {
    instance
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskArn;
    use crate::stub;

    fn first(worker: Worker, batch: i64, instance: &str, now: i64) -> Option<i64> {
        let mut subject = stub::launching();
        subject.settings.batch_size = batch;
        subject.action.instance = InstanceId::new(instance);
        until_first_look(worker, &subject, None, stub::at(now))
    }

    #[test]
    fn tasks_that_draining_has_just_seen_are_looked_at_later_if_there_is_time() {
        let first = |batch, tasks: &[&str], now| {
            let mut subject = stub::terminating();
            subject.settings.batch_size = batch;
            let arns = tasks.iter().map(|arn| TaskArn::new(*arn)).collect();
            let listed_at = stub::at(now);
            let left = TasksLeft {
                arns,
                listed_at,
                named: Vec::new(),
            };
            until_first_look(Worker::Drained, &subject, Some(&left), stub::at(now))
        };
        let deadline = stub::terminating().settings.drain_deadline.as_secs();
        assert!((30..=33).contains(&first(100, &["a"], 1).unwrap_or_default()));
        assert_eq!(first(100, &[], 1), None);
        assert_eq!(first(19, &["a"], 1), None);
        assert_eq!(first(100, &["a"], deadline - 30), None);
        let after = first(100, &["a"], 1).expect("there is time");
        assert_eq!(first(100, &["a"], deadline - after), None, "not in time");
        assert_eq!(first(100, &["a"], deadline - after - 1), Some(after));
    }

    #[test]
    fn twenty_at_a_time_take_turns() {
        assert!(first(Worker::Joined, SPREAD_FROM, "i-0123456789abcdef0", 0).is_some());
        assert_eq!(
            first(Worker::Joined, SPREAD_FROM - 1, "i-0123456789abcdef0", 0),
            None
        );
    }

    #[test]
    fn an_event_of_the_end_of_time_is_answered_too() {
        let instance = InstanceId::new("i-0123456789abcdef0");
        for worker in Worker::ALL {
            for batch in [20, 100] {
                let mut subject = stub::launching();
                subject.settings.batch_size = batch;
                subject.began = Timestamp::MAX;
                subject.settings.join_deadline = SignedDuration::MAX;
                for now in [Timestamp::MIN, stub::at(0), Timestamp::MAX] {
                    let first = until_first_look(worker, &subject, None, now);
                    assert!(
                        first.is_none_or(|seconds| seconds > 0),
                        "{worker:?}: {first:?}"
                    );
                    let (began, end) = (subject.began, Some(Timestamp::MAX));
                    let wait = wait_seconds(began, now, end, &subject.settings, &instance);
                    assert!(wait > 0, "{worker:?}: {wait}");
                }
            }
        }
    }

    #[test]
    fn a_small_batch_looks_at_once() {
        for worker in [Worker::Joined, Worker::Draining] {
            assert_eq!(first(worker, 19, "i-0123456789abcdef0", 0), None);
        }
        assert_eq!(first(Worker::Drained, 100, "i-0123456789abcdef0", 0), None);
    }

    #[test]
    fn a_large_batch_takes_turns_within_its_time() {
        let all = |worker| {
            (0..100)
                .map(|n| format!("i-{:017x}", n * 7_919_919_i64))
                .map(move |id| first(worker, 100, &id, 0).unwrap_or_default())
                .collect::<Vec<i64>>()
        };
        let (drains, joins) = (all(Worker::Draining), all(Worker::Joined));
        assert!(drains.iter().all(|it| (0..=25).contains(it)), "{drains:?}");
        assert!(joins.iter().all(|it| (70..=150).contains(it)), "{joins:?}");
        for (looks, middle) in [(drains, 12), (joins, 110)] {
            let early = looks.iter().filter(|it| **it <= middle).count();
            assert!((25..=75).contains(&early), "{looks:?}");
        }
        assert_eq!(first(Worker::Joined, 100, "i-0123456789abcdef0", 151), None);
    }

    fn after(seconds: i64, deadline: Option<i64>, heartbeat_timeout: i64) -> i64 {
        let mut subject = stub::launching();
        subject.settings.heartbeat_timeout = SignedDuration::from_secs(heartbeat_timeout);
        let at = |seconds| stub::at(seconds);
        wait_seconds(
            at(0),
            at(seconds),
            deadline.map(at),
            &subject.settings,
            &subject.action.instance,
        )
    }

    #[test]
    fn waits_grow_with_the_time_spent_between_their_limits() {
        assert_eq!(after(0, None, 3600), 5);
        assert_eq!(after(50, None, 3600), 5);
        let ten_minutes = after(600, None, 3600);
        assert!((36..=40).contains(&ten_minutes), "{ten_minutes}");
        let a_day = after(86_400, None, 3600);
        assert!((276..=300).contains(&a_day), "{a_day}");
    }

    #[test]
    fn a_third_of_the_heartbeat_timeout_is_never_passed() {
        assert!(after(86_400, None, 90) <= 30);
        assert!(after(86_400, None, 30) <= 10);
    }

    #[test]
    fn a_large_batch_asks_no_more_often_than_ecs_can_answer() {
        let mut settings = stub::launching().settings;
        settings.batch_size = 100;
        let waits = (0..100).map(|n| {
            let instance = InstanceId::new(format!("i-{n:017x}"));
            wait_seconds(stub::at(0), stub::at(1), None, &settings, &instance)
        });
        let looks_per_second: f64 = waits.map(|wait| 1.0 / wait as f64).sum();
        assert!(
            (3.0..=4.0).contains(&looks_per_second),
            "{looks_per_second}"
        );
    }

    #[test]
    fn the_deadline_is_noticed_on_time() {
        assert_eq!(after(2995, Some(3000), 3600), 5);
        assert_eq!(after(2998, Some(3000), 3600), 2);
        assert_eq!(after(3000, Some(3000), 3600), 1);
        assert_eq!(after(3010, Some(3000), 3600), 1);
    }

    #[test]
    fn a_part_of_a_second_before_the_deadline_is_waited_for() {
        let ms = |ms| stub::at(0) + SignedDuration::from_millis(ms);
        for (deadline, now, seconds) in [
            (3000, 0, 3),
            (3001, 0, 4),
            (3000, 1, 3),
            (3000, 2001, 1),
            (3000, 3000, 0),
            (3000, 3001, 0),
            (3000, 5000, -2),
        ] {
            assert_eq!(
                seconds_until(ms(deadline), ms(now)),
                seconds,
                "{deadline} at {now} ms"
            );
        }
    }

    #[test]
    fn a_batch_of_sixty_asks_as_often_as_three_a_second() {
        let mut settings = stub::launching().settings;
        for (batch, seconds) in [(1, 5), (15, 5), (17, 5), (18, 6), (60, 20), (100, 33)] {
            settings.batch_size = batch;
            assert_eq!(shortest(&settings), seconds, "a batch of {batch}");
        }
    }

    #[test]
    fn a_hundred_instances_do_not_ask_in_step() {
        let settings = stub::launching().settings;
        let mut waits: Vec<i64> = (0..100)
            .map(|n| {
                let instance = InstanceId::new(format!("i-{n:017x}"));
                wait_seconds(stub::at(0), stub::at(4500), None, &settings, &instance)
            })
            .collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 15, "{waits:?}");
        assert!(
            waits[0] >= 276 && waits[waits.len() - 1] <= 300,
            "{waits:?}"
        );
    }

    #[test]
    fn two_days_stay_far_under_the_history_limit() {
        let settings = stub::launching().settings;
        let instance = stub::launching().action.instance;
        let (mut spent, mut turns) = (0, 0);
        while spent < 172_800 {
            spent += wait_seconds(stub::at(0), stub::at(spent), None, &settings, &instance);
            turns += 1;
        }
        assert!(turns * 9 < 25_000 / 3, "{turns} turns");
    }
}
