//! Small wrongs of the workers, by name: what a mistake in them would do at their edges, so that a
//! test can show that somebody notices. Nothing in the workers knows of this; calls, answers and
//! verdicts are changed on their way.

mod calls;
mod verdicts;

pub use calls::{after, before, in_place_of_an_error};
pub use verdicts::{answered, asked};

/// A wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// A worker's error is taken for `Reached`.
    ErrorIsReached,
    /// A task that is told to stop counts as STOPPED, as the instance's counters have it.
    Counters,
    /// Only the first page of a list is read.
    FirstPage,
    /// No new instance is queued. (Drains still wait for their turns; but a rollout goes on whose
    /// drains fail.)
    NoQueue,
    /// What is in `failures` is taken to be gone.
    FailuresIgnored,
    /// Retained instances are not seen.
    RetainedIgnored,
    /// No drain deadline is kept.
    NoDeadline,
    /// The drain deadline comes at half its time.
    EarlyDeadline,
    /// FAILURE is told as SUCCESS.
    FailureIsSuccess,
    /// A service that was not stable before the drain is waited for.
    NothingExcused,
    /// Only the first record of an instance is looked at.
    FirstRecord,
    /// No heartbeat is sent.
    NoHeartbeat,
    /// Another instance is set DRAINING.
    OtherInstance,
    /// A leaving instance is never found in the cluster.
    NoMember,
    /// The instance is not set DRAINING.
    NeverDraining,
    /// The hook is not answered.
    NeverCompleted,
    /// ABANDON is answered as CONTINUE.
    AbandonIsContinue,
    /// The user's policy is taken to be `terminate`.
    PolicyIsTerminate,
    /// No task is told to stop.
    NoStopTask,
    /// The machine's own clock is trusted.
    OwnClock,
    /// A list that was refused is taken to be empty.
    RefusedIsEmpty,
    /// REGISTERING is taken for ACTIVE.
    RegisteringIsActive,
    /// CloudFormation is told once.
    ToldOnce,
    /// `NotYet` of `drained` is taken for `Reached`.
    NotYetIsReached,
    /// `NotYet` of `joined` is taken for `Reached`.
    NotJoinedIsJoined,
    /// An instance that the operator ends is drained like any other.
    EndRequestIgnored,
    /// A retained instance that the operator is about to end stops the next rollout.
    QueueStopsForEnded,
    /// A request to end an instance counts for ever.
    EndRequestNeverLapses,
    /// The reconciler starts nothing.
    ReconcilesNever,
    /// The reconciler does not see running executions.
    RunningIgnored,
    /// The reconciler does not wait for late events.
    TailIgnored,
    /// The reconciler gives each execution a name of its own.
    FreshNames,
    /// The reconciler forgets the hook's metadata.
    MetadataForgotten,
    /// A DAEMON service is taken for one whose tasks are replaced elsewhere.
    DaemonIsReplica,
    /// The event of a terminate hook is believed, whatever Auto Scaling shows.
    EventIsBelieved,
    /// A record that an agent left behind is taken for one whose agent is connected.
    LeftBehindCounts,
    /// Whatever the reason, a task that DescribeTasks fails to describe is taken to be gone.
    TaskFailuresAreGone,
    /// Of several ACTIVE registrations of an instance only the first is set DRAINING.
    FirstActiveOnly,
    /// A clock that is less than five minutes wrong is trusted.
    SmallSkewIgnored,
    /// Deadlines count from the event of a drain that had to wait for its turn.
    DeadlineFromEvent,
    /// An instance whose agent is gone is taken to have no tasks.
    AgentGoneIsDrained,
    /// Two hours pass between two looks, and so between two heartbeats.
    WaitsTooLong,
    /// The stack is taken to be in no operation.
    StackIsSettled,
    /// A hundred instances may drain at once.
    BatchIsHundred,
    /// CloudFormation is told nothing.
    NeverSignalled,
    /// CONTINUE is answered as ABANDON.
    ContinueIsAbandon,
    /// Tasks that ECS wants stopped are not listed.
    UnwantedNotListed,
    /// The user's policy is taken to be `retain`.
    PolicyIsRetain,
    /// A new instance has ten seconds to join.
    EarlyJoinDeadline,
}

impl Mutation {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 49] = [
        (Self::ErrorIsReached, "error-is-reached"),
        (Self::Counters, "counters"),
        (Self::FirstPage, "first-page"),
        (Self::NoQueue, "no-queue"),
        (Self::FailuresIgnored, "failures-ignored"),
        (Self::RetainedIgnored, "retained-ignored"),
        (Self::NoDeadline, "no-deadline"),
        (Self::EarlyDeadline, "early-deadline"),
        (Self::FailureIsSuccess, "failure-is-success"),
        (Self::NothingExcused, "nothing-excused"),
        (Self::FirstRecord, "first-record"),
        (Self::NoHeartbeat, "no-heartbeat"),
        (Self::OtherInstance, "other-instance"),
        (Self::NoMember, "no-member"),
        (Self::NeverDraining, "never-draining"),
        (Self::NeverCompleted, "never-completed"),
        (Self::AbandonIsContinue, "abandon-is-continue"),
        (Self::PolicyIsTerminate, "policy-is-terminate"),
        (Self::NoStopTask, "no-stop-task"),
        (Self::OwnClock, "own-clock"),
        (Self::RefusedIsEmpty, "refused-is-empty"),
        (Self::RegisteringIsActive, "registering-is-active"),
        (Self::ToldOnce, "told-once"),
        (Self::NotYetIsReached, "not-yet-is-reached"),
        (Self::NotJoinedIsJoined, "not-joined-is-joined"),
        (Self::EndRequestIgnored, "end-request-ignored"),
        (Self::QueueStopsForEnded, "queue-stops-for-ended"),
        (Self::EndRequestNeverLapses, "end-request-never-lapses"),
        (Self::ReconcilesNever, "reconciles-never"),
        (Self::RunningIgnored, "running-ignored"),
        (Self::TailIgnored, "tail-ignored"),
        (Self::FreshNames, "fresh-names"),
        (Self::MetadataForgotten, "metadata-forgotten"),
        (Self::DaemonIsReplica, "daemon-is-replica"),
        (Self::EventIsBelieved, "event-is-believed"),
        (Self::LeftBehindCounts, "left-behind-counts"),
        (Self::TaskFailuresAreGone, "task-failures-are-gone"),
        (Self::FirstActiveOnly, "first-active-only"),
        (Self::SmallSkewIgnored, "small-skew-ignored"),
        (Self::DeadlineFromEvent, "deadline-from-event"),
        (Self::AgentGoneIsDrained, "agent-gone-is-drained"),
        (Self::WaitsTooLong, "waits-too-long"),
        (Self::StackIsSettled, "stack-is-settled"),
        (Self::BatchIsHundred, "batch-is-hundred"),
        (Self::NeverSignalled, "never-signalled"),
        (Self::ContinueIsAbandon, "continue-is-abandon"),
        (Self::UnwantedNotListed, "unwanted-not-listed"),
        (Self::PolicyIsRetain, "policy-is-retain"),
        (Self::EarlyJoinDeadline, "early-join-deadline"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(mutation, _)| *mutation == self)
            .map_or("", |(_, name)| name)
    }
}
