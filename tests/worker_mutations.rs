//! The rehearsal notices when the workers do wrong: each mutation has a scenario that goes well
//! without it, and with it violates an invariant, ends otherwise, or leaves an instance behind.
//! `MUTATIONS_ONLY=no-queue,counters` tries only these. With `MUTATIONS_BY_SEEDS=100` the test also
//! counts how many of the first hundred generated scenarios notice each.

use std::collections::BTreeSet;

use simulator::checker::invariants::INVARIANTS;
use simulator::explorer::{GeneratedScenario, Run, generate, run};
use simulator::interceptors::mutation::Mutation;
use simulator::scenario::parse;

/// How many seeds are tried where chance decides whether a mutation shows.
const SEEDS: u64 = 25;

/// A rollout of two instances whose tasks take a minute to leave.
const ROLL: &str = "instances 2\nservice web desired=4 cpu=128 memory=128 deregistration=60\n";
/// The same, with a task that never ends, and a short deadline.
const HANGS: &str = "instances 3\nparameter DrainDeadlineSeconds=300\nfault drain-hangs\nservice web desired=3 cpu=128 memory=128\n";
/// Tasks that take longer to leave than half of the deadline.
const SLOW: &str = "instances 2\nparameter DrainDeadlineSeconds=900\nparameter DrainDeadlinePolicy=terminate\nservice web desired=4 cpu=128 memory=128 deregistration=600\n";

/// One task on each instance, which takes long to leave.
const ALONE: &str = "instances 2\nservice web desired=2 cpu=128 memory=128 deregistration=600\n";

/// Tasks that leave a minute or two before the deadline.
const NEARLY_LATE: &str = "instances 2\nparameter DrainDeadlineSeconds=900\nparameter DrainDeadlinePolicy=terminate\nservice web desired=4 cpu=128 memory=128 deregistration=760\n";

/// Two instances leave at once, and drain one after the other, each for longer than half of its
/// deadline.
const QUEUED: &str = "instances 4\nparameter UpdateMethod=InstanceRefresh\nparameter RefreshMinHealthyPercentage=50\nparameter RefreshMaxHealthyPercentage=100\nparameter DrainDeadlineSeconds=900\nparameter DrainDeadlinePolicy=terminate\nservice web desired=4 cpu=128 memory=128 deregistration=600\n";

/// No event of a terminate hook ever comes: the reconciler starts every drain.
const LOST: &str = "fault terminate-events-lost\n";

/// A daemon, and a second record of each instance, which counts for the daemon's desired count.
const LEFT_BEHIND: &str = "daemon logs\nfault joins-twice\n";

/// The event of a terminate hook, made up for an instance that is in service.
const MADE_UP: &str = concat!(
    r#"deploy
start-rollout
pass 1800
event {"version": "0", "id": "1", "detail-type": "EC2 Instance-terminate Lifecycle Action", "source": "aws.autoscaling", "#,
    r#""account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": "#,
    r#"{"LifecycleActionToken": "87654321-4321-4321-4321-210987654321", "AutoScalingGroupName": "$GROUP", "#,
    r#""LifecycleHookName": "ecs-rollout-terminate", "EC2InstanceId": "$INSTANCE", "#,
    r#""LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "NotificationMetadata": "{\"cluster\": "#,
    r#"\"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", "#,
    r#"\"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 3000, "#,
    r#"\"drainDeadlinePolicy\": \"retain\"}", "Origin": "AutoScalingGroup", "Destination": "EC2"}}
pass 600
heal
"#
);

/// What happens in most scenarios.
const ACTS: &str = "deploy\nstart-rollout\npass 600\nheal\n";

/// The same, with faults that last until the drains have ended.
const LONG_ACTS: &str = "deploy\nstart-rollout\npass 1500\nheal\n";

/// Each mutation with the settings and the steps of its scenario.
const SCENARIOS: [(Mutation, &[&str], &str); 49] = [
    (
        Mutation::ErrorIsReached,
        &[ROLL, "fault worker-error\n"],
        ACTS,
    ),
    (Mutation::Counters, &[ROLL], ACTS),
    (
        Mutation::FirstPage,
        &[
            ROLL,
            "service quick desired=4 cpu=64 memory=64\nfault small-pages\n",
        ],
        ACTS,
    ),
    (Mutation::NoQueue, &[HANGS], ACTS),
    (
        Mutation::FailuresIgnored,
        &[ALONE, "fault failures\n"],
        ACTS,
    ),
    (Mutation::RetainedIgnored, &[HANGS], ACTS),
    (Mutation::NoDeadline, &[HANGS], ACTS),
    (Mutation::EarlyDeadline, &[SLOW], ACTS),
    (
        Mutation::FailureIsSuccess,
        &["instances 1\nfault never-joins\nservice web desired=1 cpu=128 memory=128\n"],
        "deploy\nroll\n",
    ),
    (
        Mutation::NothingExcused,
        &[
            "instances 2\nparameter DrainDeadlineSeconds=300\nservice web desired=2 cpu=1024 memory=128 minimum=0\n",
        ],
        "deploy\nservice-scaled 0 40\npass 300\nstart-rollout\npass 600\nheal\n",
    ),
    (
        Mutation::FirstRecord,
        &[ROLL, "fault joins-twice\n"],
        "deploy\nstart-rollout\npass 1500\nstart-rollout\npass 600\nheal\n",
    ),
    (
        Mutation::NoHeartbeat,
        &[
            "instances 1\nparameter ClusterMaxSize=4\nparameter DrainDeadlinePolicy=stop-tasks\nparameter DrainDeadlineSeconds=3300\n",
            "service web desired=4 cpu=128 memory=128 minimum=100 maximum=100 deregistration=600\n",
        ],
        "deploy\nscale 2\nsettle\nscale 1\npass 9000\nheal\n",
    ),
    (Mutation::OtherInstance, &[ROLL], ACTS),
    (Mutation::NoMember, &[ROLL], ACTS),
    (Mutation::NeverDraining, &[ROLL], ACTS),
    (Mutation::NeverCompleted, &[ROLL], ACTS),
    (Mutation::AbandonIsContinue, &[HANGS], ACTS),
    (Mutation::PolicyIsTerminate, &[HANGS], ACTS),
    (
        Mutation::NoStopTask,
        &[HANGS, "parameter DrainDeadlinePolicy=stop-tasks\n"],
        ACTS,
    ),
    (Mutation::OwnClock, &[SLOW, "fault clock-skew\n"], ACTS),
    (Mutation::RefusedIsEmpty, &[ROLL, "fault throttle\n"], ACTS),
    (
        Mutation::RegisteringIsActive,
        &["instances 1\nfault registers-slowly\nservice web desired=1 cpu=128 memory=128\n"],
        "deploy\nroll\n",
    ),
    (
        Mutation::ToldOnce,
        &[ROLL, "variant early-signal-lost\n"],
        ACTS,
    ),
    (Mutation::NotYetIsReached, &[ROLL], ACTS),
    (
        Mutation::NotJoinedIsJoined,
        &["instances 1\nfault never-joins\nservice web desired=1 cpu=128 memory=128\n"],
        "deploy\nroll\n",
    ),
    // The operator's program is killed before it answers the hook, so that the workers have to.
    (
        Mutation::EndRequestIgnored,
        &[HANGS],
        "deploy\nroll\nterminate steps=2\npass 4000\nroll\n",
    ),
    (
        Mutation::QueueStopsForEnded,
        &[HANGS],
        "deploy\nroll\nterminate steps=1\nroll\n",
    ),
    (
        Mutation::EndRequestNeverLapses,
        &[HANGS],
        "deploy\nroll\nterminate steps=1\npass 4000\ncall autoscaling TerminateInstanceInAutoScalingGroup \
         {\"InstanceId\":\"$RETAINED\",\"ShouldDecrementDesiredCapacity\":false}\nsettle\nheal\n",
    ),
    (Mutation::ReconcilesNever, &[ROLL, LOST], ACTS),
    (Mutation::RunningIgnored, &[ALONE], ACTS),
    (Mutation::TailIgnored, &[ROLL, LOST], ACTS),
    (
        Mutation::FreshNames,
        &[ROLL],
        "deploy\ncall autoscaling PutLifecycleHook {\"AutoScalingGroupName\": \"$GROUP\", \"LifecycleHookName\": \"log-collector\", \"LifecycleTransition\": \"autoscaling:EC2_INSTANCE_TERMINATING\", \"HeartbeatTimeout\": 900, \"DefaultResult\": \"CONTINUE\"}\nstart-rollout\npass 600\nheal\n",
    ),
    (Mutation::MetadataForgotten, &[ROLL, LOST], ACTS),
    (Mutation::DaemonIsReplica, &[ROLL, LEFT_BEHIND], ACTS),
    (Mutation::EventIsBelieved, &[ROLL], MADE_UP),
    (Mutation::LeftBehindCounts, &[ROLL, LEFT_BEHIND], ACTS),
    (
        Mutation::TaskFailuresAreGone,
        &[ALONE, "fault failures\n"],
        ACTS,
    ),
    (
        Mutation::FirstActiveOnly,
        &[ROLL, "fault joins-twice\n"],
        "deploy\nstart-rollout\npass 1500\nstart-rollout\npass 600\nheal\n",
    ),
    (
        Mutation::SmallSkewIgnored,
        &[NEARLY_LATE, "fault clock-skew\n"],
        LONG_ACTS,
    ),
    (Mutation::DeadlineFromEvent, &[QUEUED], ACTS),
    (
        Mutation::AgentGoneIsDrained,
        &[ALONE, "fault agent-gone\n"],
        ACTS,
    ),
    (Mutation::WaitsTooLong, &[ROLL], ACTS),
    (Mutation::StackIsSettled, &[HANGS], ACTS),
    (Mutation::BatchIsHundred, &[QUEUED], ACTS),
    (Mutation::NeverSignalled, &[ROLL], ACTS),
    (Mutation::ContinueIsAbandon, &[ROLL], ACTS),
    (Mutation::UnwantedNotListed, &[ALONE], ACTS),
    (
        Mutation::PolicyIsRetain,
        &[HANGS, "parameter DrainDeadlinePolicy=terminate\n"],
        ACTS,
    ),
    (Mutation::EarlyJoinDeadline, &[ROLL], ACTS),
];

#[test]
fn each_mutation_has_a_scenario() {
    for (mutation, name) in Mutation::ALL {
        let scenarios = SCENARIOS.iter().filter(|(it, ..)| *it == mutation).count();
        assert_eq!(scenarios, 1, "{name}");
    }
}

#[test]
fn each_mutation_is_noticed() {
    let mut missed = Vec::new();
    let mut violated = BTreeSet::new();
    let only = std::env::var("MUTATIONS_ONLY").ok();
    let scenarios = SCENARIOS.into_iter();
    for (mutation, settings, acts) in
        scenarios.filter(|(mutation, ..)| is_wanted(*mutation, only.as_deref()))
    {
        let text = format!("{}\n{acts}", settings.concat());
        let seen = (1..=SEEDS).find_map(|seed| {
            let scenario = read(&format!("seed {seed}\n{text}"));
            noticed_by(&scenario, mutation)
        });
        match seen {
            Some(noticed) => {
                println!("{:<22} {}", mutation.name(), noticed.how);
                violated.extend(noticed.violated);
            }
            None => missed.push(mutation.name()),
        }
    }
    assert!(missed.is_empty(), "no check notices {missed:?}");
    let names = INVARIANTS.iter().map(|invariant| invariant.name());
    let idle: Vec<&str> = names.filter(|name| !violated.contains(name)).collect();
    assert!(
        only.is_some() || idle.is_empty(),
        "no mutation violates {idle:?}: a check that nothing can violate proves nothing"
    );
}

/// Whether a mutation is among those named, if any are.
fn is_wanted(mutation: Mutation, only: Option<&str>) -> bool {
    only.is_none_or(|only| only.split(',').any(|name| name == mutation.name()))
}

#[test]
fn how_many_scenarios_of_the_simulation_notice_each() {
    let Some(seeds) = std::env::var("MUTATIONS_BY_SEEDS").ok() else {
        return;
    };
    let seeds: u64 = seeds.parse().expect("MUTATIONS_BY_SEEDS is a number");
    for (mutation, name) in Mutation::ALL {
        let noticing = (1..=seeds).filter(|seed| noticed_by(&generate(*seed), mutation).is_some());
        println!("{name:<22} {} of {seeds}", noticing.count());
    }
}

fn read(text: &str) -> GeneratedScenario {
    let script = parse::read("mutation.scenario", text).expect("the scenario is valid");
    GeneratedScenario {
        settings: script.settings,
        actions: script.actions,
        operation: "roll",
    }
}

/// How a mutation shows.
struct Noticed {
    how: String,
    /// The names of all that its run violates.
    violated: BTreeSet<&'static str>,
}

/// How the scenario shows the mutation, if it does. The run without the mutation must have no
/// failure.
fn noticed_by(scenario: &GeneratedScenario, mutation: Mutation) -> Option<Noticed> {
    let right = run(scenario);
    let name = mutation.name();
    assert!(
        right.failures.is_empty(),
        "without {name}: {right:?}\n{}",
        scenario.text()
    );
    let mut scenario = scenario.clone();
    scenario.settings.mutation = Some(mutation);
    let with = run(&scenario);
    let how = differing(&right, &with)?;
    let violated = with.failures.iter().map(|failure| failure.name()).collect();
    Some(Noticed { how, violated })
}

fn differing(right: &Run, with: &Run) -> Option<String> {
    if let Some(failure) = with.failures.first() {
        return Some(format!("violates {}: {}", failure.name(), failure.detail()));
    }
    if with.outcome != right.outcome {
        return Some(format!("ends {}, not {}", with.outcome, right.outcome));
    }
    (with.retained != right.retained)
        .then(|| format!("retains {}, not {}", with.retained, right.retained))
}
