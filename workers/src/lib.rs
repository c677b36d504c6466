//! The Lambda functions of an ECS instance roll. Each of the first five answers one question about
//! one instance that stands at a lifecycle hook of its Auto Scaling group; the state machine asks,
//! waits, and asks again. The last looks at the whole group, on a schedule.
//!
//! | worker | question |
//! |---|---|
//! | [`joined`] | is the new instance in its cluster, ACTIVE, its agent connected, its daemons running? |
//! | [`draining`] | is the leaving instance DRAINING (it is set so), and which services were unstable before? |
//! | [`drained`] | is every task that was on it STOPPED? |
//! | [`stable`] | leaving: are services as healthy as before? new: is no earlier drain open? |
//! | [`complete_action`] | answers the hook, and tells CloudFormation |
//! | [`reconcile`] | does each open action have an execution? One whose event was lost gets it |
//!
//! The layers, each using only those after it:
//! - [`boot`]: logs, clients, clock, `lambda_runtime`; the only impure glue, with [`http`], the
//!   clients' HTTP
//! - this file: [`answer`], which does what all workers have in common; [`handler`], the workers
//!   one by one, so that a binary carries no other's code
//! - one file per worker: `handle` looks, decides and acts; `decide` is a plain function of what
//!   was seen and the time
//! - [`at_hook`], of which a worker asks whether an event may be believed, before it changes
//!   anything
//! - [`drain_admission`], of which draining asks whether it may begin, and [`group_snapshot`], of
//!   which it and the hold ask who else is there
//! - [`ended`], which knows the instances that you ended with `ecs-rollout terminate`;
//!   [`terminate`] is what that verb does
//! - [`config`] reads the input, [`pace`] says how long to wait
//! - [`ecs`], [`autoscaling`], [`cloudformation`], [`stepfunctions`]: the only files that name the
//!   AWS SDKs
//! - [`clock`]: AWS's time, by the answers' own date
//! - [`metrics`]: what an answer is as numbers, in a line of the log
//! - [`error`], whose names are a contract with the state machine, and [`model`], the nouns
//!
//! Workers never use one another. Nobody sleeps, nothing is kept, everything may be repeated, and
//! an error never becomes CONTINUE.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use config::History;

pub mod at_hook;
pub mod autoscaling;
pub mod boot;
pub mod cause;
pub mod clients;
pub mod clock;
pub mod cloudformation;
pub mod complete_action;
pub mod config;
pub mod drain_admission;
pub mod drained;
pub mod draining;
pub mod ecs;
pub mod ended;
pub mod error;
pub mod group_snapshot;
pub mod handler;
mod heartbeat;
pub mod http;
pub mod joined;
pub mod metrics;
pub mod model;
pub mod pace;
pub mod reconcile;
pub mod stable;
pub mod stepfunctions;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod tables;
pub mod terminate;
pub mod text;
pub mod worker;

pub use clients::Clients;
pub use error::Error;
pub use model::{Answer, Assessment, Verdict};
pub use worker::Worker;

use heartbeat::keep_alive;
use metrics::Measured;
use model::group::StackState;
use model::{Policy, Subject, seconds_between};

/// An instance is InService a few seconds after its last launch hook ends.
const SECONDS_TO_SERVICE: i64 = 5;

/// For so long a signal is told again that was taken each time, and never said to have counted.
const TELLING_ENDS_SECONDS: i64 = 600;

/// What a worker would find now for the `subject` of an execution with this `history`, if it were
/// asked: for a person who wants to know. Nothing is changed if `clients` only look; the lifecycle
/// action gets no heartbeat. There is no such look for complete-action, which only acts, and for
/// reconcile, which is not about one instance.
///
/// # Errors
/// Any [`Error`] that the worker itself would meet.
pub async fn look(
    worker: Worker,
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Option<Assessment>, Error> {
    let finding = match worker {
        Worker::Joined => joined::handle(subject, history, clients, now).await?,
        Worker::Draining => draining::handle(subject, history, clients, now).await?,
        Worker::Drained => drained::handle(subject, history, clients, now).await?,
        Worker::Stable => stable::handle(subject, history, clients, now).await?,
        Worker::CompleteAction | Worker::Reconcile => return Ok(None),
    };
    Ok(Some(finding))
}

/// A worker's answer to `input`, the lifecycle event as EventBridge delivers it together with the
/// earlier answers by phase (and `result` for complete-action). `now` is this machine's clock,
/// which AWS's answers may correct.
///
/// # Errors
/// Any [`Error`]; `BadEvent` before any request is made.
pub async fn answer(
    worker: Worker,
    input: Value,
    clients: &Clients,
    now: impl Fn() -> Timestamp,
) -> Result<Answer, Error> {
    match worker {
        Worker::Joined => answer_as::<handler::Joined>(input, clients, now).await,
        Worker::Draining => answer_as::<handler::Draining>(input, clients, now).await,
        Worker::Drained => answer_as::<handler::Drained>(input, clients, now).await,
        Worker::Stable => answer_as::<handler::Stable>(input, clients, now).await,
        Worker::CompleteAction => answer_as::<handler::CompleteAction>(input, clients, now).await,
        Worker::Reconcile => answer_as::<handler::Reconcile>(input, clients, now).await,
    }
}

/// The same of a worker that is known when the binary is compiled.
///
/// # Errors
/// As [`answer`].
pub async fn answer_as<W: handler::Handler>(
    input: Value,
    clients: &Clients,
    now: impl Fn() -> Timestamp,
) -> Result<Answer, Error> {
    let now = || clients.clock.at(now());
    let reading = config::read_event(&input);
    if !reading.unknown_keys.is_empty() {
        let keys = reading.unknown_keys.join(", ");
        tracing::warn!(
            keys,
            "the hook's metadata has keys that this version does not know"
        );
    }
    let cluster = reading
        .settings
        .as_ref()
        .map(|settings| settings.cluster.to_string());
    let measured = Measured::of(W::WORKER, &reading);
    let history = History::read(&input);
    let answered = W::answer(reading, &history, &input, clients, &now).await;
    if let Some(measured) = measured {
        clients.metrics.take(&measured.line(&answered, now()));
    }
    let answer = answered?;
    tracing::info!(
        worker = W::WORKER.name(),
        verdict = ?answer.verdict,
        reason = answer.reason,
        wait_seconds = answer.wait_seconds,
        instance = input["detail"]["EC2InstanceId"].as_str(),
        group = input["detail"]["AutoScalingGroupName"].as_str(),
        cluster,
        "answered"
    );
    Ok(answer)
}

/// The answer of complete-action, which is asked again only to tell CloudFormation once more.
async fn complete(
    order: complete_action::Request,
    earlier: Option<Timestamp>,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Answer, Error> {
    let mut finding = complete_action::handle(order, clients).await?;
    let since = earlier.unwrap_or_else(now);
    let spent = seconds_between(since, now());
    if finding.verdict == Verdict::NotYet && spent >= TELLING_ENDS_SECONDS {
        finding.verdict = Verdict::Reached;
    }
    let wait_seconds = match finding.verdict {
        Verdict::NotYet => (spent / 2).max(SECONDS_TO_SERVICE),
        Verdict::Reached | Verdict::Never | Verdict::Over => 0,
    };
    Ok(Answer {
        verdict: finding.verdict,
        reason: text::reason(&finding.reason),
        wait_seconds,
        since,
        extra: finding.extra,
    })
}

/// The answer of a worker whose `looks` came to a finding, in the phase in which it is asked until
/// that is not "not yet".
async fn answer_in_phase(
    worker: Worker,
    looks: impl Future<Output = Result<Assessment, Error>>,
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Answer, Error> {
    let earlier = history.since(worker)?;
    let first = earlier.is_none();
    let left = history.tasks_left();
    let later = first.then(|| pace::until_first_look(worker, subject, left, now()));
    let later = later.flatten();
    let finding = match later {
        Some(seconds) => not_looked_yet(subject, seconds),
        None => looks.await?,
    };
    // Not before the first answer: until then nobody knows AWS's time.
    let since = earlier.unwrap_or_else(now);
    let last = history.last_heartbeat(worker);
    let finding = keep_alive(finding, subject, clients, last, now).await?;
    let finding = apply_stack_deletion(finding, subject, clients).await?;
    let wait_seconds = match finding.verdict {
        Verdict::NotYet if later.is_some() => later.unwrap_or_default(),
        Verdict::NotYet => pace::wait_seconds(
            finding.restarted.map_or(since, |later| later.max(since)),
            now(),
            finding.deadline,
            &subject.settings,
            &subject.action.instance,
        ),
        Verdict::Reached | Verdict::Never | Verdict::Over => 0,
    };
    Ok(Answer {
        verdict: finding.verdict,
        reason: text::reason(&finding.reason),
        wait_seconds,
        since,
        extra: finding.extra,
    })
}

/// Not yet, without a look.
fn not_looked_yet(subject: &Subject, seconds: i64) -> Assessment {
    let batch = subject.settings.batch_size;
    let wait = text::duration(SignedDuration::from_secs(seconds));
    let mut finding = Assessment::not_yet(format!(
        "First check in {wait}: the {batch} instances of a batch take turns, because ECS limits the call rate."
    ));
    finding.extra.looked = Some(false);
    finding
}

/// A drain that failed is not retained while its stack is being deleted: the machine would keep the
/// group, and so the stack, from going away, and whoever deletes the stack has said what is to
/// become of its machines.
async fn apply_stack_deletion(
    mut finding: Assessment,
    subject: &Subject,
    clients: &Clients,
) -> Result<Assessment, Error> {
    let policy = finding.extra.policy;
    let retained = finding.verdict == Verdict::Never
        && policy.is_some_and(|policy| policy != Policy::Terminate);
    let stack = &subject.settings.target.stack;
    if retained && clients.cloudformation.stack_state(stack).await? == StackState::Deleting {
        finding.extra.policy = Some(Policy::Terminate);
        let more = " The stack is being deleted, so the instance is terminated, not retained.";
        finding.reason.push_str(more);
    }
    Ok(finding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stub::StubRequest;

    /// A cluster in which nothing has registered yet.
    fn nothing_registered(asked: &StubRequest) -> Option<(u16, String)> {
        (asked.action == "ListContainerInstances")
            .then(|| (200, json!({"containerInstanceArns": []}).to_string()))
    }

    #[test]
    fn names_lead_back_to_their_workers() {
        for worker in Worker::ALL {
            assert_eq!(Worker::from_name(worker.name()), Some(worker));
            assert_eq!(Worker::of_phase(worker.phase()), Some(worker));
        }
        assert_eq!(Worker::from_name("sleep"), None);
    }

    #[tokio::test]
    async fn not_yet_comes_with_a_heartbeat_a_wait_and_the_phase_s_beginning() {
        let aws = stub::aws(|asked| {
            nothing_registered(&asked).unwrap_or_else(|| {
                assert_eq!(asked.action, "RecordLifecycleActionHeartbeat");
                (200, stub::xml("RecordLifecycleActionHeartbeat", ""))
            })
        });
        let clients = Clients::new(&aws);
        let mut input = stub::event("launch");
        let first = answer(Worker::Joined, input.clone(), &clients, || stub::at(2)).await;
        let first = serde_json::to_value(first.expect("an answer")).expect("JSON");
        assert_eq!(first["verdict"], "NotYet");
        assert_eq!(first["waitSeconds"], 5);
        assert_eq!(first["since"], "2026-11-23T00:00:02Z");
        input["joined"] = first;
        let second = answer(Worker::Joined, input, &clients, || stub::at(402)).await;
        let second = second.expect("an answer");
        assert_eq!(second.since, stub::at(2));
        assert!((24..=26).contains(&second.wait_seconds), "{second:?}");
    }

    #[tokio::test]
    async fn not_yet_becomes_over_when_the_action_is_gone() {
        let aws = stub::aws(|asked| {
            nothing_registered(&asked).unwrap_or_else(|| {
                let text = "No active Lifecycle Action found with token x";
                (400, stub::xml_error("ValidationError", text))
            })
        });
        let clients = Clients::new(&aws);
        let over = answer(Worker::Joined, stub::event("launch"), &clients, || {
            stub::at(2)
        })
        .await;
        let over = over.expect("an answer");
        assert_eq!((over.verdict, over.wait_seconds), (Verdict::Over, 0));
        assert!(
            over.reason.contains("for the instance to register"),
            "{}",
            over.reason
        );
    }

    #[tokio::test]
    async fn a_deadline_of_an_action_that_is_over_fails_nothing() {
        for (is_open, verdict) in [(true, Verdict::Never), (false, Verdict::Over)] {
            let aws = stub::aws(move |asked| {
                nothing_registered(&asked).unwrap_or_else(|| {
                    assert_eq!(asked.action, "RecordLifecycleActionHeartbeat");
                    stub::heartbeat(is_open)
                })
            });
            let mut input = stub::event("launch");
            // A young heartbeat says nothing of now.
            input["joined"] = json!({"since": stub::at(1), "heartbeatAt": stub::at(899)});
            let late = || stub::at(900);
            let answered = answer(Worker::Joined, input, &Clients::new(&aws), late).await;
            assert_eq!(answered.expect("an answer").verdict, verdict);
        }
    }

    #[tokio::test]
    async fn a_bad_event_is_refused_before_any_request() {
        let aws = stub::aws(|asked| panic!("{} was asked", asked.action));
        let clients = Clients::new(&aws);
        for worker in Worker::ALL {
            let error = answer(worker, json!({"result": "CONTINUE"}), &clients, || {
                stub::at(0)
            })
            .await;
            assert_eq!(error.expect_err("bad").name(), "BadEvent");
        }
    }

    #[tokio::test]
    async fn a_failed_drain_is_retained_unless_its_stack_is_being_deleted() {
        for (status, policy) in [
            ("UPDATE_IN_PROGRESS", "retain"),
            ("DELETE_IN_PROGRESS", "terminate"),
        ] {
            let aws = stub::aws(move |asked| match asked.action.as_str() {
                "DescribeServices" => {
                    let web = json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2});
                    (200, json!({"services": [web]}).to_string())
                }
                "ListContainerInstances" => (200, json!({"containerInstanceArns": []}).to_string()),
                action => {
                    let created = "<CreationTime>2026-01-01T00:00:00Z</CreationTime>";
                    let stack = format!(
                        "<StackName>dev</StackName>{created}<StackStatus>{status}</StackStatus>"
                    );
                    (
                        200,
                        stub::xml(
                            action,
                            &format!("<Stacks><member>{stack}</member></Stacks>"),
                        ),
                    )
                }
            });
            let mut input = stub::event("terminate");
            input["draining"] =
                json!({"since": "2026-11-23T00:00:01Z", "unstable": [], "services": ["web"]});
            let late = || stub::at(3000);
            let never = answer(Worker::Stable, input, &Clients::new(&aws), late).await;
            let never = serde_json::to_value(never.expect("an answer")).expect("JSON");
            assert_eq!(
                (&never["verdict"], &never["policy"]),
                (&json!("Never"), &json!(policy))
            );
        }
    }
}
