//! What can go wrong in a story, by name.

/// A fault by name, as `--fault` and stories spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Instances on the new AMI boot, but never join the cluster.
    NeverJoins,
    /// Instances on the new AMI are REGISTERING until after their join deadline.
    RegistersSlowly,
    /// A standalone task never stops by itself.
    DrainHangs,
    /// Half of the workers' calls are throttled.
    Throttle,
    /// Other traffic takes half of each of ECS's token buckets.
    BusyAccount,
    /// EventBridge delivers every event twice.
    EventTwice,
    /// The workers crash now and then, before or after their work.
    WorkerError,
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
}

impl Fault {
    /// All faults with their names and what they do.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (
            Self::NeverJoins,
            "never-joins",
            "instances on the new AMI never join the cluster",
        ),
        (
            Self::RegistersSlowly,
            "registers-slowly",
            "instances on the new AMI are REGISTERING for 20 minutes",
        ),
        (
            Self::DrainHangs,
            "drain-hangs",
            "a standalone task on the cluster never stops by itself",
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
            Self::EventTwice,
            "event-twice",
            "every event is delivered twice",
        ),
        (
            Self::WorkerError,
            "worker-error",
            "one worker invocation in five crashes, before or after its work",
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
            "a daemon whose tasks no instance can take is there when the roll begins",
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
    ];

    /// The fault called `name`.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn from_name(name: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, known, _)| *known == name);
        known.map(|(fault, _, _)| *fault).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
            format!("no fault is called {name}; there are {}", names.join(", "))
        })
    }
}
