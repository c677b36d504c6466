//! The lives of the instances: the phases of their executions, and what was between them.

mod phases;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use workers::model::group::LifecycleState;

use super::{ExecutionTrace, Kind, Phase, Source};
use crate::aws::{Activity, Member};
use phases::Telling;

/// An instance in the rollout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceTimeline {
    /// Its id.
    pub id: String,
    /// The launch template's version that it came from, if the group has it still.
    pub version: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// What became of it.
    pub end: End,
    /// Why, if something went wrong.
    pub reason: String,
    /// What went on with it, one after the other.
    pub phases: Vec<Phase>,
}

/// Where an instance came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// It was there before.
    Before,
    /// It was launched meanwhile.
    Launched,
    /// It was launched while the stack rolled back.
    LaunchedOnTheWayBack,
}

/// What became of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// It serves.
    InService,
    /// It waits in the warm pool.
    InPool,
    /// It was let go.
    Gone,
    /// It was detached from the group, and runs on.
    Detached,
    /// Its launch was given up.
    Abandoned,
    /// Its drain failed, and it is kept for a person.
    Retained,
    /// It is retained out of the warm pool: its terminate hook was not completed, and no drain
    /// failed.
    RetainedInPool,
    /// It is kept for its standalone tasks.
    #[serde(rename = "retainedForStandaloneTasks")]
    Kept,
    /// An execution ended without an answer to its hook.
    HookLeftOpen,
    /// Something goes on with it.
    UnderWay,
}

impl End {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::InService => "in service",
            Self::InPool => "in the warm pool",
            Self::Gone => "terminated",
            Self::Detached => "detached, it runs on",
            Self::Abandoned => "launch abandoned",
            Self::Retained => "retained, its drain failed",
            Self::RetainedInPool => "retained out of the warm pool, its hook was not completed",
            Self::Kept => "retained for its standalone tasks",
            Self::HookLeftOpen => "hook left open",
            Self::UnderWay => "under way",
        }
    }

    /// Whether a person has to do something about it. A rollout with such an instance has not ended
    /// as it was meant to, by `report` as by `watch`.
    pub fn awaits_you(self) -> bool {
        matches!(
            self,
            Self::Retained | Self::RetainedInPool | Self::Kept | Self::HookLeftOpen
        )
    }

    /// Whether a person has to do something about it, or something went wrong with it.
    pub fn is_bad(self) -> bool {
        self.awaits_you() || self == Self::Abandoned
    }
}

impl Origin {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Before => "there before",
            Self::Launched => "launched",
            Self::LaunchedOnTheWayBack => "launched in the rollback",
        }
    }
}

/// What is known of an instance.
#[derive(Default)]
struct Known<'a> {
    launch: Option<&'a Activity>,
    leave: Option<&'a Activity>,
    detach: Option<&'a Activity>,
    passages: Vec<&'a ExecutionTrace>,
}

/// The lives of all, as far as `end`.
pub fn lives(source: &Source, end: Timestamp) -> Vec<InstanceTimeline> {
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for activity in &source.activities {
        let Some(instance) = activity.instance() else {
            continue;
        };
        // Others, such as a way into standby, neither begin nor end the life of an instance.
        if !(activity.launches() || activity.terminates() || activity.detaches()) {
            continue;
        }
        let one = known.entry(instance).or_default();
        // What was tried more than once is told as it went the last time.
        let place = if activity.launches() {
            &mut one.launch
        } else if activity.terminates() {
            &mut one.leave
        } else {
            &mut one.detach
        };
        if place.is_none_or(|other| other.began <= activity.began) {
            *place = Some(activity);
        }
    }
    for passage in source.passages.iter().filter(|it| !it.instance.is_empty()) {
        let one = known.entry(&passage.instance).or_default();
        one.passages.push(passage);
    }
    // One that an earlier operation left retained awaits a person still.
    for member in source.members.iter().filter(|it| it.state.can_be_ended()) {
        known.entry(&member.id).or_default();
    }
    let back = way_back(source);
    let mut lives: Vec<(Timestamp, InstanceTimeline)> = known
        .into_iter()
        .map(|(id, mut one)| {
            one.passages.sort_by_key(|it| it.started);
            let life = one.life(id, source, back, end);
            (one.first().unwrap_or(end), life)
        })
        .collect();
    lives.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    lives.into_iter().map(|(_, life)| life).collect()
}

/// When the stack began to roll back, if it did.
fn way_back(source: &Source) -> Option<Timestamp> {
    let mut events = source.events.iter();
    let back = events.find(|it| it.resource == source.stack && it.status.contains("ROLLBACK"));
    back.map(|it| it.at)
}

impl<'a> Known<'a> {
    /// When something began with it.
    fn first(&self) -> Option<Timestamp> {
        let activities = [self.launch, self.leave, self.detach].into_iter().flatten();
        let passages = self.passages.iter().map(|it| it.started);
        activities.map(|it| it.began).chain(passages).min()
    }

    /// When it was gone, if it is. The activity of one that was retained is cancelled.
    fn left(&self) -> Option<Timestamp> {
        let leave = self.leave.filter(|it| !it.has_failed());
        leave.and_then(|it| it.ended)
    }

    /// When it was detached, if it was and is not gone since.
    fn detached(&self) -> Option<Timestamp> {
        let detach = self.detach.filter(|it| !it.has_failed())?;
        self.left().is_none().then_some(detach.began)
    }

    /// Whether nothing is known of it but what the group shows.
    fn is_unknown(&self) -> bool {
        self.first().is_none()
    }

    fn life(
        &self,
        id: &str,
        source: &Source,
        back: Option<Timestamp>,
        end: Timestamp,
    ) -> InstanceTimeline {
        let launches = self.passages.first().is_some_and(|it| it.launches);
        let origin = match self
            .launch
            .map(|it| it.began)
            .or_else(|| launches.then(|| self.first()).flatten())
        {
            None => Origin::Before,
            Some(at) if back.is_some_and(|back| at >= back) => Origin::LaunchedOnTheWayBack,
            Some(_) => Origin::Launched,
        };
        let member = source.members.iter().find(|it| it.id == id);
        let mut telling = Telling {
            known: self,
            phases: Vec::new(),
            end,
            is_member: member.is_some(),
        };
        if self.is_unknown() {
            telling.was_retained(source.began)
        } else {
            telling.add_phases(source.began)
        }
        let phases = telling.phases;
        let (became, reason) = self.became(phases.last(), member);
        InstanceTimeline {
            id: id.to_owned(),
            version: member.map(|it| it.version.clone()),
            origin,
            end: became,
            reason,
            phases,
        }
    }

    /// What became of it, of which the group now shows `member`. Whether it is retained still, the
    /// group alone knows: somebody may have ended it long after the operation.
    fn became(&self, last: Option<&Phase>, member: Option<&Member>) -> (End, String) {
        let left = self.left().is_some();
        let is_gone = left || member.is_none();
        let is_retained = member.is_some_and(|one| one.state.can_be_ended());
        let launch_failed = self.launch.filter(|it| it.has_failed());
        let given_up = self.passages.iter().any(|it| it.has_abandoned());
        let last_passage = self.passages.last();
        let runs = last_passage.is_some_and(|it| it.stopped.is_none());
        // One of which the activity was cancelled, because it was retained, has no activity of its
        // end.
        let has_drained = last_passage.is_some_and(|it| !it.launches);
        let end = match last.map(|it| it.kind) {
            // However its drain ended: the group shows that a person has to end it.
            _ if is_retained && last_passage.is_some_and(|it| it.has_kept()) => End::Kept,
            _ if is_retained => retained_as(member),
            _ if runs => End::UnderWay,
            _ if self.detached().is_some() && member.is_none() => End::Detached,
            Some(Kind::Retained | Kind::HookOpen) if is_gone => End::Gone,
            Some(Kind::Retained) => End::UnderWay,
            Some(Kind::HookOpen) => End::HookLeftOpen,
            _ if given_up || launch_failed.is_some() => End::Abandoned,
            Some(Kind::InService) => End::InService,
            Some(Kind::InPool) => End::InPool,
            _ if left || (has_drained && member.is_none()) => End::Gone,
            _ => End::UnderWay,
        };
        // The last that went wrong; what stopped a rollout is told where it was noticed.
        let wrong = self.passages.iter().rev().find(|it| it.has_failed());
        let reason = match (wrong, launch_failed) {
            (Some(passage), _) => match passage.cause.as_str() {
                "" => format!("its execution ended {} {}", passage.status, passage.error),
                cause => cause.to_owned(),
            },
            (None, Some(launch)) => launch.message.clone(),
            (None, None) if end == End::Kept => {
                last.map(|it| it.waited_for.clone()).unwrap_or_default()
            }
            (None, None) => String::new(),
        };
        (end, reason)
    }
}

/// How a retained instance came to be so: in the warm pool no drain fails.
fn retained_as(member: Option<&Member>) -> End {
    match member.map(|one| &one.state) {
        Some(LifecycleState::WarmedTerminatingRetained) => End::RetainedInPool,
        _ => End::Retained,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::StackEvent;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn activity(what: &str, began: i64, ended: i64, status: &str) -> Activity {
        Activity {
            id: String::new(),
            began: at(began),
            ended: Some(at(ended)),
            description: format!("{what} EC2 instance: i-1"),
            cause: String::new(),
            status: status.to_owned(),
            message: "its message".to_owned(),
        }
    }

    fn passage(launches: bool, started: i64, stopped: i64, error: &str) -> ExecutionTrace {
        let kind = if launches {
            Kind::Queued
        } else {
            Kind::TasksStop
        };
        ExecutionTrace {
            instance: "i-1".to_owned(),
            launches,
            started: at(started),
            stopped: Some(at(stopped)),
            status: if error.is_empty() {
                "SUCCEEDED"
            } else {
                "FAILED"
            }
            .to_owned(),
            error: error.to_owned(),
            cause: if error.is_empty() { "" } else { "its cause" }.to_owned(),
            phases: vec![Phase::between(kind, at(started), at(stopped))],
            ..ExecutionTrace::default()
        }
    }

    /// Kinds with their seconds, and the end, of the only instance.
    fn timeline(
        activities: Vec<Activity>,
        passages: Vec<ExecutionTrace>,
    ) -> (Vec<(Kind, f64)>, End, Origin, String) {
        timeline_in_state(activities, passages, None)
    }

    /// The same while the group shows it in this state.
    fn timeline_in_state(
        activities: Vec<Activity>,
        passages: Vec<ExecutionTrace>,
        state: Option<LifecycleState>,
    ) -> (Vec<(Kind, f64)>, End, Origin, String) {
        let member = state.map(|state| Member {
            id: "i-1".to_owned(),
            state,
            version: "1".to_owned(),
            zone: String::new(),
        });
        let source = Source {
            stack: "stack".to_owned(),
            events: vec![StackEvent {
                id: "1".to_owned(),
                at: at(500),
                resource: "stack".to_owned(),
                status: "UPDATE_ROLLBACK_IN_PROGRESS".to_owned(),
                reason: String::new(),
            }],
            members: member.into_iter().collect(),
            activities,
            passages,
            ..Source::default()
        };
        let lives = lives(&source, at(1000));
        let [life] = &lives[..] else {
            panic!("one instance, not {lives:?}");
        };
        let phases = life.phases.iter().map(|it| (it.kind, it.seconds));
        (phases.collect(), life.end, life.origin, life.reason.clone())
    }

    #[test]
    fn one_comes_and_serves_and_another_serves_and_goes() {
        let launch = activity("Launching a new", 100, 250, "Successful");
        let came = timeline(vec![launch], vec![passage(true, 130, 240, "")]);
        let phases = vec![
            (Kind::Launching, 30.0),
            (Kind::Queued, 110.0),
            (Kind::InService, 760.0),
        ];
        assert_eq!(
            came,
            (phases, End::InService, Origin::Launched, String::new())
        );
        let leave = activity("Terminating", 100, 420, "Successful");
        let gone = timeline(vec![leave], vec![passage(false, 102, 400, "")]);
        let phases = vec![
            (Kind::InService, 100.0),
            (Kind::Leaving, 2.0),
            (Kind::TasksStop, 298.0),
            (Kind::Terminating, 20.0),
        ];
        assert_eq!(gone, (phases, End::Gone, Origin::Before, String::new()));
    }

    #[test]
    fn one_that_comes_on_the_way_back_may_be_given_up() {
        let launch = activity("Launching a new", 600, 700, "Cancelled");
        let timeline = timeline(
            vec![launch],
            vec![passage(true, 630, 690, "LaunchAbandoned")],
        );
        let phases = vec![
            (Kind::Launching, 30.0),
            (Kind::Queued, 60.0),
            (Kind::Terminating, 10.0),
        ];
        let reason = "its cause".to_owned();
        assert_eq!(
            timeline,
            (phases, End::Abandoned, Origin::LaunchedOnTheWayBack, reason)
        );
    }

    #[test]
    fn one_is_retained_until_somebody_ends_it() {
        let failed = || passage(false, 10, 400, "DrainFailed");
        let retained = Some(LifecycleState::TerminatingRetained);
        let (phases, end, ..) = timeline_in_state(Vec::new(), vec![failed()], retained);
        assert_eq!(
            (phases.last(), end),
            (Some(&(Kind::Retained, 600.0)), End::Retained)
        );
        // The group shows what somebody has done about it since.
        let ends = Some(LifecycleState::from_name("Terminating:Proceed"));
        assert_eq!(
            timeline_in_state(Vec::new(), vec![failed()], ends).1,
            End::UnderWay
        );
        assert_eq!(timeline(Vec::new(), vec![failed()]).1, End::Gone);
        let leave = activity("Terminating", 450, 500, "Successful");
        let (phases, end, _, reason) = timeline(vec![leave], vec![failed()]);
        let after = [(Kind::Retained, 50.0), (Kind::Terminating, 50.0)];
        assert_eq!(
            (&phases[2..], end, reason.as_str()),
            (&after[..], End::Gone, "its cause")
        );
    }

    #[test]
    fn one_that_was_retained_and_then_terminated_is_gone() {
        // The activity of one that was retained is cancelled, and its end is in none.
        let leave = || activity("Terminating", 9, 400, "Cancelled");
        let twice = || {
            let failed = passage(false, 10, 400, "DrainFailed");
            vec![failed, passage(false, 600, 700, "")]
        };
        let (phases, end, ..) = timeline(vec![leave()], twice());
        assert_eq!(end, End::Gone, "{phases:?}");
        assert_eq!(phases.last(), Some(&(Kind::TasksStop, 100.0)));
        let proceeds = Some(LifecycleState::from_name("Terminating:Proceed"));
        let (phases, end, ..) = timeline_in_state(vec![leave()], twice(), proceeds);
        let last = Some(&(Kind::Terminating, 300.0));
        assert_eq!((phases.last(), end), (last, End::UnderWay));
    }

    #[test]
    fn one_that_was_detached_runs_on() {
        let detach = activity("Detaching", 300, 310, "Successful");
        let (phases, end, ..) = timeline(vec![detach.clone()], Vec::new());
        assert_eq!(
            (phases, end),
            (vec![(Kind::InService, 300.0)], End::Detached)
        );
        let launch = activity("Launching a new", 100, 250, "Successful");
        let joined = vec![passage(true, 130, 240, "")];
        let (phases, end, ..) = timeline(vec![launch, detach], joined);
        let last = Some(&(Kind::InService, 60.0));
        assert_eq!((phases.last(), end), (last, End::Detached));
    }

    #[test]
    fn what_the_group_retains_is_retained_whatever_is_known_of_its_drain() {
        let retained = || Some(LifecycleState::TerminatingRetained);
        // Its hook ran into its timeout: the lifecycle policy retains it then too.
        let open = vec![passage(false, 10, 400, "HookLeftOpen")];
        assert_eq!(
            timeline_in_state(Vec::new(), open, retained()).1,
            End::Retained
        );
        // An earlier operation left it behind.
        let (phases, end, origin, _) = timeline_in_state(Vec::new(), Vec::new(), retained());
        assert_eq!(phases, [(Kind::Retained, 1000.0)]);
        assert_eq!((end, origin), (End::Retained, Origin::Before));
    }

    #[test]
    fn a_hook_that_nobody_answered_is_reported() {
        let waits = Some(LifecycleState::TerminatingWait);
        let open = vec![passage(false, 10, 400, "HookLeftOpen")];
        let (phases, end, ..) = timeline_in_state(Vec::new(), open, waits);
        assert_eq!(
            (phases.last(), end),
            (Some(&(Kind::HookOpen, 600.0)), End::HookLeftOpen)
        );
    }

    #[test]
    fn a_hook_that_a_person_answered_was_open_until_the_instance_was_gone() {
        let leave = activity("Terminating", 9, 420, "Successful");
        let (phases, end, _, reason) =
            timeline(vec![leave], vec![passage(false, 10, 400, "Stopped")]);
        assert_eq!(phases.last(), Some(&(Kind::HookOpen, 20.0)));
        assert_eq!((end, reason.as_str()), (End::Gone, "its cause"));
    }

    #[test]
    fn what_lasts_is_reported_although_nothing_came_after_the_execution() {
        let ends = |error, state| {
            let passages = vec![passage(false, 10, 1000, error)];
            timeline_in_state(Vec::new(), passages, Some(state)).1
        };
        let retained = LifecycleState::TerminatingRetained;
        assert_eq!(ends("DrainFailed", retained), End::Retained);
        let waits = LifecycleState::TerminatingWait;
        assert_eq!(ends("HookLeftOpen", waits), End::HookLeftOpen);
        let launched = vec![passage(true, 130, 1000, "")];
        assert_eq!(timeline(Vec::new(), launched).1, End::InService);
    }

    #[test]
    fn one_that_came_and_was_rolled_back_leaves_before_it_drains_and_ec2_terminates_it_once() {
        let launch = activity("Launching a new", 100, 250, "Successful");
        let leave = activity("Terminating", 300, 420, "Successful");
        let served = vec![passage(true, 130, 240, ""), passage(false, 310, 400, "")];
        let (phases, ..) = timeline(vec![launch, leave], served);
        let expected = [
            (Kind::InService, 60.0),
            (Kind::Leaving, 10.0),
            (Kind::TasksStop, 90.0),
            (Kind::Terminating, 20.0),
        ];
        assert_eq!(phases[2..], expected);
        // A launch that is given up meets the terminate hook too.
        let launch = activity("Launching a new", 100, 250, "Cancelled");
        let leave = activity("Terminating", 250, 420, "Successful");
        let abandoned = passage(true, 130, 240, "LaunchAbandoned");
        let (phases, ..) = timeline(
            vec![launch, leave],
            vec![abandoned, passage(false, 310, 400, "")],
        );
        let expected = [
            (Kind::Leaving, 70.0),
            (Kind::TasksStop, 90.0),
            (Kind::Terminating, 20.0),
        ];
        assert_eq!(phases[2..], expected);
    }

    #[test]
    fn two_executions_about_one_action_are_reported_once() {
        let twice = vec![passage(false, 10, 400, ""), passage(false, 11, 401, "")];
        let leave = activity("Terminating", 9, 420, "Successful");
        let (phases, end, ..) = timeline(vec![leave], twice);
        let stops = phases.iter().filter(|(kind, _)| *kind == Kind::TasksStop);
        assert_eq!((stops.count(), end), (1, End::Gone));
    }
}
