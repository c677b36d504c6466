//! Is it the turn of this instance's drain?
//!
//! In a rollout the hold keeps two batches of drains apart. But a rollout may turn round while a
//! drain is open: it is cancelled, or fails, and its rollback takes more instances out of the
//! group; or somebody changes the capacity. So while the stack is in an operation a drain waits
//! until fewer than a batch of others are DRAINING. CloudFormation ends the operation before its
//! last drains: so a drain waits also while the group has instances of several launch template
//! versions, in service or at their terminate hook. Otherwise nobody waits: a plain scale-in takes
//! as many at once as it likes.
//!
//! Of several that come at the same moment, those whose ids come first in the alphabet go first.
//! One of these may be nobody's (its event was lost, its execution stopped): when it has left room
//! unused for [`SLOT_RECLAIM_AFTER`], and nobody ahead has gone meanwhile, it is passed over by the
//! next. What AWS shows may be some seconds old, and a call takes its time: of two that come within
//! these seconds one may have gone and not be seen DRAINING yet. So where others are at their
//! hooks, nobody goes by the alphabet before [`VISIBILITY_DELAY`] has passed; nor does one that had
//! not looked for long, since its event was late or its looks failed, and may just be passed over.
//! Where drains that nothing keeps apart may meet, nobody goes at all before that: on a way back,
//! which may meet drains of the way forward; and in an instance refresh, which, unlike a rolling
//! update, goes on beside scaling. ECS's own managed draining, where a capacity provider has that,
//! knows no turns: it sets an instance DRAINING at once, which has had its turn then.
//!
//! An instance that you ended with `ecs-rollout terminate` does not drain, and takes nobody's turn.
//!
//! While a person holds the group, by a tag of it, nobody begins.
//!
//! A drain that waits has set nothing to DRAINING: its tasks run on, and its deadline counts from
//! its admission.

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::error::Error;
use crate::group_snapshot;
use crate::model::group::{GroupInstance, LifecycleState, StackState};
use crate::model::{Assessment, InstanceId, Subject, Turn, UpdateMethod, later};
use crate::text::{self, between};

/// Twice the longest wait between two looks: whoever comes first has looked by then.
pub const SLOT_RECLAIM_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How much longer each further place in the queue waits before it passes over those ahead: each
/// that waits has looked twice meanwhile, and what it began is visible. So of those that are left
/// when the first are nobody's, one passes over, not all of them in the same second.
const BETWEEN_PLACES: SignedDuration = SignedDuration::from_secs(620);

/// So long after its hook opened a drain waits for others to be seen: twice the age that an answer
/// may have. Whoever went without seeing this one has gone within the first half, and is seen
/// DRAINING after the second. The answers of ECS may be old
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>).
///
/// assumption: at most ten seconds. An instance that is shown DRAINING later than that proves it
/// wrong.
pub const VISIBILITY_DELAY: SignedDuration = SignedDuration::from_secs(20);

/// Whoever has not looked for so long may be passed over at this very moment: a minute less than
/// [`SLOT_RECLAIM_AFTER`], which the next counts from when it saw room.
const ABSENT_AFTER: SignedDuration = SignedDuration::from_mins(9);

/// What a wait for the turn means for the instance.
const NOT_BEGUN: &str = "Tasks keep running, and the drain deadline has not started.";

/// Who else of the group is at its terminate hook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Others {
    /// Those whose ids come first.
    pub first: Vec<InstanceId>,
    /// How many of `first` are DRAINING.
    pub first_draining: usize,
    /// How many of the others are DRAINING.
    pub later_draining: usize,
}

/// What comes of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may drain, with this to be noted.
    Granted(Option<Turn>),
    /// It waits.
    Deferred(Box<Assessment>),
}

/// Looks, and decides. `earlier` is what the last look noted, `stack` what the stack is doing now.
///
/// # Errors
/// What ECS and Auto Scaling meet.
pub async fn look(
    subject: &Subject,
    earlier: Option<Turn>,
    stack: &StackState,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Admission, Error> {
    let waited = earlier.is_some();
    let blind_until = blind_until(subject, earlier.as_ref(), now());
    let seen_from = later(subject.began, VISIBILITY_DELAY);
    let in_operation = matches!(stack, StackState::Updating | StackState::Busy(_));
    if came(earlier.as_ref()) || *stack == StackState::Deleting {
        return Ok(Admission::Granted(earlier));
    }
    if is_on_its_way_back(stack) && now() < seen_from {
        return Ok(unseen(seen_from, blind_until, now()));
    }
    let mut roster = group_snapshot::look(subject, clients).await?;
    if let Some(pause) = roster.pause {
        let mut finding = group_snapshot::paused(subject, pause, now());
        finding.extra.turn = Some(Turn {
            looked_at: Some(now()),
            blind_until,
            ..earlier.unwrap_or_default()
        });
        return Ok(Admission::Deferred(Box::new(finding)));
    }
    let group = &roster.instances;
    if !(in_operation || waited || is_mixed(group)) {
        return Ok(Admission::Granted(earlier));
    }
    let (mut first, mut later) = others(subject, group);
    let batch = batch(subject);
    if first.len() + later.len() >= batch {
        roster.forget_the_ended(subject, clients, now()).await?;
        (first, later) = others(subject, &roster.instances);
    }
    let is_refreshed = subject.settings.target.update_method == UpdateMethod::InstanceRefresh;
    if first.len() + later.len() < batch && !(is_refreshed && now() < seen_from) {
        return Ok(decide(subject, earlier, &Others::default(), now()));
    }
    let seen_from = blind_until.map_or(seen_from, |until| until.max(seen_from));
    if now() < seen_from {
        return Ok(unseen(seen_from, blind_until, now()));
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let later_draining = ecs.draining_among(cluster, &later).await?.len();
    let first_draining = ecs.draining_among(cluster, &first).await?.len();
    let others = Others {
        first,
        first_draining,
        later_draining,
    };
    Ok(decide(subject, earlier, &others, now()))
}

/// Whether the stack takes a failed or cancelled operation back, so that drains of both may meet.
fn is_on_its_way_back(stack: &StackState) -> bool {
    matches!(stack, StackState::Busy(status) if status.contains("ROLLBACK"))
}

/// Until when one that had not looked for long cannot know who has passed it over.
fn blind_until(subject: &Subject, earlier: Option<&Turn>, now: Timestamp) -> Option<Timestamp> {
    let looked_at = earlier.and_then(|turn| turn.looked_at);
    let absent = now.duration_since(looked_at.unwrap_or(subject.began));
    if absent >= ABSENT_AFTER {
        Some(later(now, VISIBILITY_DELAY))
    } else {
        earlier.and_then(|turn| turn.blind_until)
    }
}

/// Not yet: others may have gone, or be at their hooks, that cannot be seen before `seen_from`.
fn unseen(seen_from: Timestamp, blind_until: Option<Timestamp>, now: Timestamp) -> Admission {
    let waits = VISIBILITY_DELAY.saturating_sub(seen_from.duration_since(now));
    let (waited, needed) = (text::duration(waits), text::duration(VISIBILITY_DELAY));
    let mut finding = Assessment::not_yet(format!(
        "Waiting until drains that began just now are visible ({waited} of {needed}). {NOT_BEGUN}"
    ));
    finding.extra.turn = Some(Turn {
        looked_at: Some(now),
        blind_until,
        ..Turn::default()
    });
    Admission::Deferred(Box::new(finding))
}

/// Whether a rollout is not over yet, as far as the group shows it.
fn is_mixed(group: &[GroupInstance]) -> bool {
    let is_there =
        |one: &&GroupInstance| one.state == LifecycleState::InService || one.state.awaits_end();
    let mut versions = group.iter().filter(is_there).map(|one| &one.launched_from);
    let first = versions.next();
    versions.any(|version| Some(version) != first)
}

/// The others at their terminate hook: those whose ids come before this one's, and the rest.
fn others(subject: &Subject, group: &[GroupInstance]) -> (Vec<InstanceId>, Vec<InstanceId>) {
    let own = &subject.action.instance;
    let at_hook = group
        .iter()
        .filter(|one| one.state.awaits_end() && &one.instance != own);
    let mut ids: Vec<InstanceId> = at_hook.map(|one| one.instance.clone()).collect();
    ids.sort_unstable();
    ids.into_iter().partition(|id| id < own)
}

fn batch(subject: &Subject) -> usize {
    usize::try_from(subject.settings.batch_size).unwrap_or(1)
}

fn came(turn: Option<&Turn>) -> bool {
    turn.is_some_and(|turn| turn.came_at.is_some())
}

/// Decides whether it may drain.
pub fn decide(
    subject: &Subject,
    earlier: Option<Turn>,
    others: &Others,
    now: Timestamp,
) -> Admission {
    let batch = batch(subject);
    let draining = others.first_draining + others.later_draining;
    let before = others.first.len().max(others.first_draining) + others.later_draining;
    let ahead = before.saturating_sub(draining);
    let place = i32::try_from((before + 1).saturating_sub(batch)).unwrap_or(i32::MAX);
    // A queue that moves has somebody at its head, though a look may see nobody drain.
    let has_moved = earlier.as_ref().and_then(|turn| turn.ahead) > Some(ahead);
    let room_since = match &earlier {
        _ if draining >= batch => None,
        _ if has_moved => Some(now),
        Some(turn) => turn.room_since.or(Some(now)),
        None => Some(now),
    };
    let patience = SLOT_RECLAIM_AFTER + BETWEEN_PLACES.saturating_mul(place.saturating_sub(1));
    let passed_over = room_since.is_some_and(|since| now.duration_since(since) >= patience);
    if before < batch || passed_over {
        let turn = earlier.map(|_| Turn {
            came_at: Some(now),
            ..Turn::default()
        });
        return Admission::Granted(turn);
    }
    let waited = between(subject.began, now);
    let mut finding = Assessment::not_yet(format!(
        "Waiting for earlier drains ({waited}): {draining} draining, {ahead} ahead in the queue, batch size {batch}. {NOT_BEGUN}"
    ));
    finding.extra.turn = Some(Turn {
        room_since,
        came_at: None,
        ahead: Some(ahead),
        looked_at: Some(now),
        blind_until: None,
    });
    // Whoever is next looks often: what it waits for may be over in seconds.
    let soon = later(now, VISIBILITY_DELAY.saturating_mul(place));
    Admission::Deferred(Box::new(finding.by(soon)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub;

    fn others(first: usize, first_draining: usize, later_draining: usize) -> Others {
        Others {
            first: (0..first)
                .map(|n| InstanceId::new(format!("i-{n:017x}")))
                .collect(),
            first_draining,
            later_draining,
        }
    }

    /// A group in a rollout, with `others` at their terminate hooks beside this one.
    fn rolled(others: &'static [&str]) -> Clients {
        tagged(others, "")
    }

    /// The same with this as the group's tags.
    fn tagged(others: &'static [&str], tags: &'static str) -> Clients {
        let own = stub::terminating().action.instance.to_string();
        Clients::new(&stub::aws(move |asked| {
            if asked.action == "ListContainerInstances" {
                return (200, r#"{"containerInstanceArns": []}"#.to_owned());
            }
            let member = |id: &str, state: &str, version: u8| {
                format!(
                    "<member><InstanceId>{id}</InstanceId><LifecycleState>{state}</LifecycleState><LaunchTemplate>\
                     <LaunchTemplateId>lt-1</LaunchTemplateId><Version>{version}</Version></LaunchTemplate></member>"
                )
            };
            let others: String = others
                .iter()
                .map(|id| member(id, "Terminating:Wait", 1))
                .collect();
            let all = member(&own, "Terminating:Wait", 2) + &others;
            let name = stub::terminating().action.group;
            let group = format!(
                "<AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName><Instances>{all}</Instances>\
                 <Tags>{tags}</Tags></member></AutoScalingGroups>"
            );
            (200, stub::xml("DescribeAutoScalingGroups", &group))
        }))
    }

    #[tokio::test]
    async fn while_the_group_is_paused_no_drain_begins() {
        let tag = "<member><Key>ecs-rollout:hold</Key><Value>big sale</Value></member>";
        let clients = tagged(&[], tag);
        let subject = stub::terminating();
        let stack = StackState::from_name("UPDATE_COMPLETE");
        let place = look(&subject, None, &stack, &clients, &|| stub::at(600)).await;
        let Admission::Deferred(finding) = place.expect("an answer") else {
            panic!("it went");
        };
        assert!(finding.reason.contains("'big sale'"), "{}", finding.reason);
        let turn = finding.extra.turn.expect("a turn");
        assert_eq!(turn.looked_at, Some(stub::at(600)));
        // It had not looked since its hook opened.
        assert_eq!(turn.blind_until, Some(stub::at(620)));
        assert!(finding.extra.paused.is_some_and(|it| it.why == "big sale"));
        // Its turn had come before: it goes on.
        let turn = Some(Turn {
            came_at: Some(stub::at(10)),
            ..Turn::default()
        });
        let place = look(&subject, turn.clone(), &stack, &clients, &|| stub::at(600)).await;
        assert_eq!(place.expect("an answer"), Admission::Granted(turn));
    }

    #[tokio::test]
    async fn in_an_instance_refresh_nobody_goes_before_others_can_be_seen() {
        let clients = rolled(&[]);
        let mut subject = stub::terminating();
        for (method, seconds, goes) in [
            (UpdateMethod::RollingUpdate, 0, true),
            (UpdateMethod::InstanceRefresh, 19, false),
            (UpdateMethod::InstanceRefresh, 20, true),
        ] {
            subject.settings.target.update_method = method;
            let now = || subject.began + SignedDuration::from_secs(seconds);
            let place = look(&subject, None, &StackState::Updating, &clients, &now).await;
            let place = place.expect("an answer");
            let is_going = matches!(place, Admission::Granted(_));
            assert_eq!(is_going, goes, "{method:?} after {seconds} s: {place:?}");
        }
    }

    #[tokio::test]
    async fn an_event_of_the_end_of_time_waits_and_does_not_panic() {
        let clients = rolled(&["i-00000000000000001"]);
        let mut subject = stub::terminating();
        subject.began = Timestamp::MAX;
        let now = || stub::at(0);
        let back = StackState::Busy("UPDATE_ROLLBACK_IN_PROGRESS".to_owned());
        for stack in [StackState::Updating, back] {
            let place = look(&subject, None, &stack, &clients, &now).await;
            let place = place.expect("an answer");
            assert!(
                matches!(place, Admission::Deferred(_)),
                "{stack:?}: {place:?}"
            );
        }
    }

    #[tokio::test]
    async fn who_has_not_looked_for_long_waits_until_it_can_see_who_passed_it_over() {
        // Its id comes first, and the other has waited for it.
        let clients = rolled(&["i-fffffffffffffffff"]);
        let subject = stub::terminating();
        let at = |seconds: i64| subject.began + SignedDuration::from_secs(seconds);
        let looked = |seconds: i64| {
            Some(Turn {
                looked_at: Some(at(seconds)),
                ..Turn::default()
            })
        };
        for (earlier, seconds, goes) in [
            (None, 539, true),
            (None, 540, false),
            (looked(100), 639, true),
            (looked(100), 640, false),
        ] {
            let now = || at(seconds);
            let place = look(&subject, earlier, &StackState::Updating, &clients, &now).await;
            let place = place.expect("an answer");
            let is_going = matches!(place, Admission::Granted(_));
            assert_eq!(is_going, goes, "after {seconds} s: {place:?}");
            let Admission::Deferred(finding) = place else {
                continue;
            };
            let words = "are visible (0s of 20s).";
            assert!(finding.reason.contains(words), "{}", finding.reason);
            for (more, goes) in [(19, false), (20, true)] {
                let turn = finding.extra.turn.clone();
                let now = || at(seconds + more);
                let place = look(&subject, turn, &StackState::Updating, &clients, &now);
                let place = place.await.expect("an answer");
                let is_going = matches!(place, Admission::Granted(_));
                assert_eq!(is_going, goes, "{more} s later: {place:?}");
            }
        }
    }

    #[tokio::test]
    async fn nobody_goes_by_the_alphabet_before_others_can_be_seen_to_have_gone() {
        let clients = rolled(&["i-00000000000000001"]);
        let subject = stub::terminating();
        for (seconds, words) in [
            (19, "are visible (19s of 20s)."),
            (20, "(20s): 0 draining, 1 ahead in the queue, batch size 1."),
        ] {
            let now = || subject.began + SignedDuration::from_secs(seconds);
            let place = look(&subject, None, &StackState::Updating, &clients, &now).await;
            let Admission::Deferred(finding) = place.expect("an answer") else {
                panic!("it went after {seconds} s");
            };
            assert!(finding.reason.contains(words), "{}", finding.reason);
            // A cancelled update: the same, before anybody is looked at.
            let back = StackState::Busy("UPDATE_ROLLBACK_IN_PROGRESS".to_owned());
            let place = look(&subject, None, &back, &clients, &now).await;
            let Admission::Deferred(finding) = place.expect("an answer") else {
                panic!("it went back after {seconds} s");
            };
            assert!(finding.reason.contains(words), "{}", finding.reason);
        }
    }

    #[tokio::test]
    async fn an_instance_that_you_ended_takes_nobody_s_turn() {
        for (requested, goes) in [(false, false), (true, true)] {
            let clients = Clients::new(&stub::aws(move |asked| {
                let answer = match asked.action.as_str() {
                    "ListContainerInstances" if asked.body.contains("ecs-rollout.terminate") => {
                        let arns: &[&str] = if requested { &["c"] } else { &[] };
                        serde_json::json!({"containerInstanceArns": arns})
                    }
                    "ListContainerInstances" => serde_json::json!({"containerInstanceArns": ["c"]}),
                    "DescribeContainerInstances" => {
                        let mark = serde_json::json!({"name": "ecs-rollout.terminate", "value": stub::at(0)});
                        let one = serde_json::json!({"containerInstanceArn": "c", "status": "DRAINING",
                            "ec2InstanceId": "i-00000000000000001", "attributes": [mark]});
                        serde_json::json!({"containerInstances": [one]})
                    }
                    action => {
                        let name = stub::terminating().action.group;
                        let own = stub::terminating().action.instance;
                        let member = |id: &str| {
                            format!(
                                "<member><InstanceId>{id}</InstanceId><LifecycleState>Terminating:Wait</LifecycleState></member>"
                            )
                        };
                        let all = member("i-00000000000000001") + &member(own.as_str());
                        let group = format!(
                            "<AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName>\
                             <Instances>{all}</Instances></member></AutoScalingGroups>"
                        );
                        return (200, stub::xml(action, &group));
                    }
                };
                (200, answer.to_string())
            }));
            let subject = stub::terminating();
            let now = || stub::at(60);
            let place = look(&subject, None, &StackState::Updating, &clients, &now).await;
            let place = place.expect("an answer");
            assert_eq!(matches!(place, Admission::Granted(_)), goes, "{place:?}");
        }
    }

    /// As `rolled`, with a batch of two: whether it goes a minute after its event, and which calls
    /// that takes.
    async fn of_two(others: &'static [&str]) -> bool {
        let clients = rolled(others);
        let mut subject = stub::terminating();
        subject.settings.batch_size = 2;
        for (seconds, goes_at_once) in [(19, others.len() < 2), (0, others.len() < 2)] {
            let now = || stub::at(seconds);
            let place = look(&subject, None, &StackState::Updating, &clients, &now).await;
            let is_going = matches!(place.expect("an answer"), Admission::Granted(_));
            assert_eq!(is_going, goes_at_once, "{others:?} after {seconds} s");
        }
        let now = || stub::at(60);
        let place = look(&subject, None, &StackState::Updating, &clients, &now).await;
        matches!(place.expect("an answer"), Admission::Granted(_))
    }

    #[tokio::test]
    async fn those_before_and_those_after_it_fill_a_batch_together() {
        // This one's id is i-0123456789abcdef0; of the others none is DRAINING.
        for (others, goes) in [
            (&[][..], true),
            (&["i-00000000000000001"], true),
            (&["i-fffffffffffffffff"], true),
            (&["i-00000000000000001", "i-fffffffffffffffff"], true),
            (&["i-00000000000000001", "i-00000000000000002"], false),
            (&["i-ffffffffffffffff1", "i-ffffffffffffffff2"], true),
        ] {
            assert_eq!(of_two(others).await, goes, "{others:?}");
        }
    }

    fn waits(place: &Admission) -> Option<&Turn> {
        match place {
            Admission::Granted(_) => None,
            Admission::Deferred(finding) => finding.extra.turn.as_ref(),
        }
    }

    #[test]
    fn a_batch_may_drain_and_the_rest_waits() {
        for (batch, first, first_draining, later_draining, goes) in [
            (1, 0, 0, 0, true),
            (1, 1, 0, 0, false),
            (1, 1, 1, 0, false),
            (1, 0, 0, 1, false),
            (3, 2, 0, 0, true),
            (3, 2, 1, 0, true),
            (3, 2, 1, 1, false),
            (3, 0, 0, 2, true),
            (3, 0, 0, 3, false),
            // Registered twice, both DRAINING.
            (2, 1, 2, 0, false),
        ] {
            let mut subject = stub::terminating();
            subject.settings.batch_size = batch;
            let seen = others(first, first_draining, later_draining);
            let place = decide(&subject, None, &seen, stub::at(1));
            let is_going = matches!(place, Admission::Granted(None));
            assert_eq!(is_going, goes, "batch {batch}, {seen:?}: {place:?}");
        }
    }

    #[test]
    fn the_first_is_passed_over_when_it_leaves_room_unused() {
        let subject = stub::terminating();
        let seen = others(1, 0, 0);
        let noted = waits(&decide(&subject, None, &seen, stub::at(10))).cloned();
        assert_eq!(
            noted.as_ref().expect("it waits").room_since,
            Some(stub::at(10))
        );
        let place = decide(&subject, noted.clone(), &seen, stub::at(609));
        let later = waits(&place).expect("it waits");
        assert_eq!(
            (later.room_since, later.ahead),
            (Some(stub::at(10)), Some(1))
        );
        let place = decide(&subject, noted.clone(), &seen, stub::at(610));
        assert!(
            matches!(&place, Admission::Granted(Some(turn)) if turn.came_at == Some(stub::at(610))),
            "{place:?}"
        );
        // It was only slow: the room is taken, and the time counts anew from when it is free.
        let place = decide(&subject, noted, &others(1, 1, 0), stub::at(610));
        assert_eq!(waits(&place).expect("it waits").room_since, None);
    }

    #[test]
    fn a_queue_that_moves_is_not_passed_over() {
        let subject = stub::terminating();
        let mut noted = None;
        // A look each five minutes sees nobody drain, and one fewer ahead each time.
        for look in 0..20 {
            let seen = others(30 - look, 0, 0);
            let place = decide(&subject, noted, &seen, stub::at(300 * look as i64));
            noted = waits(&place).cloned();
            assert!(noted.is_some(), "it went at look {look}");
        }
    }

    #[test]
    fn patience_begins_anew_when_the_queue_has_moved() {
        let subject = stub::terminating();
        for (ahead_before, goes) in [(3, false), (2, true), (1, true)] {
            let noted = Turn {
                room_since: Some(stub::at(0)),
                ahead: Some(ahead_before),
                ..Turn::default()
            };
            let place = decide(&subject, Some(noted), &others(2, 0, 0), stub::at(9999));
            let is_going = matches!(place, Admission::Granted(_));
            assert_eq!(is_going, goes, "{ahead_before} ahead before: {place:?}");
            if let Some(turn) = waits(&place) {
                assert_eq!(turn.room_since, Some(stub::at(9999)));
            }
        }
    }

    /// Nothing is rolled any more, but it has been told to wait: it waits until it is its turn.
    #[tokio::test]
    async fn who_has_waited_goes_on_waiting_after_the_rollout() {
        let clients = Clients::new(&stub::aws(|asked| {
            if asked.action == "ListContainerInstances" {
                return (200, r#"{"containerInstanceArns": []}"#.to_owned());
            }
            let subject = stub::terminating();
            let own = subject.action.instance.to_string();
            let all: String = ["i-00000000000000001", &own]
                .iter()
                .map(|id| {
                    format!(
                        "<member><InstanceId>{id}</InstanceId>\
                         <LifecycleState>Terminating:Wait</LifecycleState></member>"
                    )
                })
                .collect();
            let name = subject.action.group;
            let group = format!(
                "<AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName>\
                 <Instances>{all}</Instances></member></AutoScalingGroups>"
            );
            (200, stub::xml("DescribeAutoScalingGroups", &group))
        }));
        let subject = stub::terminating();
        let stack = StackState::from_name("UPDATE_COMPLETE");
        let waited = Some(Turn {
            looked_at: Some(stub::at(50)),
            ..Turn::default()
        });
        for (earlier, goes) in [(None, true), (waited, false)] {
            let place = look(&subject, earlier, &stack, &clients, &|| stub::at(60)).await;
            let place = place.expect("an answer");
            let is_going = matches!(place, Admission::Granted(_));
            assert_eq!(is_going, goes, "{place:?}");
        }
    }

    #[test]
    fn those_that_pass_over_do_so_one_after_the_other() {
        let subject = stub::terminating();
        for (ahead, last) in [(1, 600), (2, 1220), (3, 1840)] {
            let goes = |seconds| {
                let noted =
                    waits(&decide(&subject, None, &others(ahead, 0, 0), stub::at(0))).cloned();
                let place = decide(&subject, noted, &others(ahead, 0, 0), stub::at(seconds));
                matches!(place, Admission::Granted(_))
            };
            assert!(!goes(last - 1) && goes(last), "{ahead} ahead");
        }
    }

    #[test]
    fn the_next_in_the_queue_looks_often() {
        let subject = stub::terminating();
        for (ahead, soon) in [(1, 20), (2, 40), (15, 300)] {
            let Admission::Deferred(finding) =
                decide(&subject, None, &others(ahead, 0, 0), stub::at(0))
            else {
                panic!("it went");
            };
            assert_eq!(finding.deadline, Some(stub::at(soon)), "{ahead} ahead");
        }
    }

    #[test]
    fn a_group_with_instances_of_several_versions_is_still_rolled() {
        let one = |state: LifecycleState, version: &str| GroupInstance {
            instance: InstanceId::new("i-00000000000000001"),
            state,
            launched_from: Some(version.to_owned()),
        };
        let (serves, leaves) = (LifecycleState::InService, LifecycleState::TerminatingWait);
        for (other, mixed) in [
            (one(leaves.clone(), "lt-1:1"), true),
            (one(leaves, "lt-1:2"), false),
            (one(serves.clone(), "lt-1:1"), true),
            // Looked at by a person: no part of any rollout.
            (one(LifecycleState::TerminatingRetained, "lt-1:1"), false),
        ] {
            let group = [one(serves.clone(), "lt-1:2"), other];
            assert_eq!(is_mixed(&group), mixed, "{group:?}");
        }
    }

    #[test]
    fn only_those_at_their_terminate_hook_are_others() {
        let subject = stub::terminating();
        let states = [
            ("i-00000000000000001", LifecycleState::TerminatingWait),
            ("i-00000000000000002", LifecycleState::TerminatingRetained),
            ("i-00000000000000003", LifecycleState::Terminating),
            ("i-00000000000000004", LifecycleState::InService),
            ("i-fffffffffffffffff", LifecycleState::TerminatingWait),
            ("i-0123456789abcdef0", LifecycleState::TerminatingWait),
            ("i-00000000000000005", LifecycleState::WarmedPendingWait),
        ];
        let group: Vec<GroupInstance> = states
            .into_iter()
            .map(|(id, state)| GroupInstance {
                instance: InstanceId::new(id),
                state,
                launched_from: None,
            })
            .collect();
        let (first, later) = super::others(&subject, &group);
        let expected = ["i-00000000000000001", "i-00000000000000005"].map(InstanceId::new);
        assert_eq!(first, expected);
        assert_eq!(later, [InstanceId::new("i-fffffffffffffffff")]);
    }
}
