//! The faults by name, as `--fault` and scenarios spell them, with a line on each.

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Instances on the new AMI boot, but never join the cluster.
    NeverJoins,
    /// Instances on the old AMI never join the cluster any more, so that the way back fails too.
    OldNeverJoins,
    /// Instances on the new AMI are REGISTERING until after their join deadline.
    RegistersSlowly,
    /// Instances join later than usual.
    JoinsLate,
    /// Beside the record of an instance an older one is left, as by an agent that lost its data and
    /// registered anew.
    JoinsTwice,
    /// A standalone task never stops by itself.
    DrainHangs,
    /// Containers do not heed SIGTERM.
    IgnoresSigterm,
    /// Half of the workers' calls are throttled.
    Throttle,
    /// Other traffic takes half of each of ECS's token buckets.
    BusyAccount,
    /// Calls are answered with a server's error, and nothing is done.
    ServerError,
    /// Calls are done, but the answer is a server's error.
    AnswerLost,
    /// Answers take seconds, some longer than the SDK waits.
    SlowAnswer,
    /// Reads answer what was so a moment ago.
    StaleRead,
    /// ECS's answers hold failures.
    Failures,
    /// Lists come one item a page.
    SmallPages,
    /// EventBridge delivers every event twice.
    EventTwice,
    /// Events come minutes later than they do on AWS.
    EventLate,
    /// More events overtake one another than do on AWS.
    EventOutOfOrder,
    /// Events are lost.
    EventLost,
    /// The workers crash now and then, before or after their work.
    WorkerError,
    /// The workers are cut off by their timeout, before or after their work.
    WorkerTimeout,
    /// The workers run out of memory, before or after their work.
    WorkerMemory,
    /// The workers' clock goes minutes before or after AWS's.
    ClockSkew,
    /// A standalone task runs for long.
    LongTask,
    /// A task of a service is protected from scale-in for long.
    ProtectedTask,
    /// The agent of the instance that is drained first loses its connection, for good.
    AgentGone,
    /// Images take minutes to pull.
    SlowPull,
    /// A DAEMON service has no running task anywhere.
    BrokenDaemon,
    /// A service's percentages leave it no room to move a task.
    NoRoom,
    /// The host port that a service needs is taken on each new instance.
    HostPortTaken,
    /// A service's placement constraint is met by one instance only.
    ConstraintUnmet,
    /// The new instances have no room for the tasks of a service.
    NoCapacity,
    /// The events of all launch hooks are lost.
    LaunchEventsLost,
    /// The events of all terminate hooks are lost.
    TerminateEventsLost,
    /// New tasks of services stop before they run.
    TasksFail,
    /// Lambda throttles invocations.
    FunctionsThrottled,
}

impl Fault {
    /// All faults with their names and what they do.
    pub const ALL: [(Self, &'static str, &'static str); 36] = [
        (
            Self::NeverJoins,
            "never-joins",
            "instances on the new AMI never join the cluster",
        ),
        (
            Self::OldNeverJoins,
            "old-never-joins",
            "new instances on the old AMI do not join either, once the rollout has begun",
        ),
        (
            Self::RegistersSlowly,
            "registers-slowly",
            "instances on the new AMI are REGISTERING for 20 minutes",
        ),
        (
            Self::JoinsLate,
            "joins-late",
            "instances join up to 10 minutes later than usual",
        ),
        (
            Self::JoinsTwice,
            "joins-twice",
            "instances have an older record beside their own, ACTIVE without an agent",
        ),
        (
            Self::DrainHangs,
            "drain-hangs",
            "a standalone task on the cluster never stops by itself",
        ),
        (
            Self::IgnoresSigterm,
            "ignores-sigterm",
            "containers run on after SIGTERM, until they are killed",
        ),
        (
            Self::Throttle,
            "throttle",
            "half of the workers' calls are throttled",
        ),
        (
            Self::BusyAccount,
            "busy-account",
            "other traffic takes half of each of ECS's API limits",
        ),
        (
            Self::ServerError,
            "server-error",
            "a third of the workers' calls meet a server's error, and nothing is done",
        ),
        (
            Self::AnswerLost,
            "answer-lost",
            "a tenth of the workers' calls are done, but answered with a server's error",
        ),
        (
            Self::SlowAnswer,
            "slow-answer",
            "a tenth of the workers' calls are answered up to 10 seconds late",
        ),
        (
            Self::StaleRead,
            "stale-read",
            "a third of the workers' reads show what was so up to 10 seconds ago, if it was read then",
        ),
        (
            Self::Failures,
            "failures",
            "a tenth of ECS's descriptions have one item among their failures",
        ),
        (
            Self::SmallPages,
            "small-pages",
            "the workers' lists come one item a page",
        ),
        (
            Self::EventTwice,
            "event-twice",
            "every event is delivered twice",
        ),
        (
            Self::EventLate,
            "event-late",
            "events come up to 5 minutes later than usual",
        ),
        (
            Self::EventOutOfOrder,
            "event-out-of-order",
            "events come up to a minute later than usual, so that more overtake one another",
        ),
        (
            Self::EventLost,
            "event-lost",
            "one event in five is lost; the reconciler starts its execution minutes later",
        ),
        (
            Self::WorkerError,
            "worker-error",
            "one worker invocation in five crashes, before or after its work",
        ),
        (
            Self::WorkerTimeout,
            "worker-timeout",
            "one worker invocation in ten ends at its timeout, before or after its work",
        ),
        (
            Self::WorkerMemory,
            "worker-memory",
            "one worker invocation in ten is killed for its memory, before or after its work",
        ),
        (
            Self::ClockSkew,
            "clock-skew",
            "the workers' clock is up to 10 minutes wrong, either way",
        ),
        (
            Self::LongTask,
            "long-task",
            "a standalone task on the instance that is replaced first runs for 40 minutes",
        ),
        (
            Self::ProtectedTask,
            "protected-task",
            "a service's task on that instance is protected from scale-in for 40 minutes",
        ),
        (
            Self::AgentGone,
            "agent-gone",
            "that instance loses its ECS agent soon after it is set DRAINING",
        ),
        (
            Self::SlowPull,
            "slow-pull",
            "images take two to three minutes to pull",
        ),
        (
            Self::BrokenDaemon,
            "broken-daemon",
            "before the rollout a daemon is created whose tasks fit on no instance",
        ),
        (
            Self::NoRoom,
            "no-room",
            "a service has minimumHealthyPercent and maximumPercent both at 100",
        ),
        (
            Self::HostPortTaken,
            "host-port-taken",
            "on the new AMI a daemon takes the host port that a service needs",
        ),
        (
            Self::ConstraintUnmet,
            "constraint-unmet",
            "a service's placement constraint is met by the instance that is replaced first alone",
        ),
        (
            Self::NoCapacity,
            "no-capacity",
            "on the new AMI a daemon takes the memory that a service needs",
        ),
        (
            Self::LaunchEventsLost,
            "launch-events-lost",
            "the event of every launch hook is lost; the reconciler starts its execution minutes later",
        ),
        (
            Self::TerminateEventsLost,
            "terminate-events-lost",
            "the event of every terminate hook is lost; the reconciler starts its execution minutes later",
        ),
        (
            Self::TasksFail,
            "tasks-fail",
            "a quarter of the new tasks of services stop before they run",
        ),
        (
            Self::FunctionsThrottled,
            "functions-throttled",
            "Lambda throttles one worker invocation in five",
        ),
    ];

    /// The fault called `name`.
    ///
    /// # Errors
    /// If there is no such fault.
    pub fn from_name(name: &str) -> Result<Self, UnknownFault> {
        let known = Self::ALL.iter().find(|(_, known, _)| *known == name);
        known
            .map(|(fault, _, _)| *fault)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(fault, ..)| *fault == self)
            .map_or("", |(_, name, _)| name)
    }
}

/// A fault that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no fault is called {0}; there are {names}", names = names())]
pub struct UnknownFault(pub String);

fn names() -> String {
    let names: Vec<&str> = Fault::ALL.iter().map(|(_, name, _)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_faults() {
        for (fault, name, what) in Fault::ALL {
            assert_eq!(Fault::from_name(name), Ok(fault));
            assert_eq!(fault.name(), name);
            assert!(!what.is_empty());
        }
    }
}
