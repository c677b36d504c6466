//! Which daemons does a new instance lack, and which of them are worth waiting for?
//!
//! ECS places a daemon's task on an instance as soon as it is ACTIVE, so all run within half a
//! minute as a rule: what ECS says of the services is asked only after that. Which daemons there
//! are is noted at the first look. ECS alone evaluates placement constraints: a daemon that has all
//! the tasks that it wants, and no task here, does not want this instance.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::shortage::Shortage;
use crate::model::cluster::{Service, ServiceEvent};
use crate::model::{ContainerInstanceArn, DaemonsAwaited, ServiceName, Subject, seconds_between};
use crate::text::count;
use crate::text::list;

/// So long a daemon's task may take to run before anybody asks why it does not: its image is
/// pulled, it starts.
const USUAL: SignedDuration = SignedDuration::from_secs(30);

/// So long ECS may take to want a task here: a count that is right by then is right.
const WANTED_BY: i64 = 60;

/// So long a daemon may take that runs nowhere yet. The only instance of a cluster is where it has
/// to begin.
const BEGUN_BY: i64 = 180;

/// By then every excuse can be known: an instance that is ready waits so long for its daemons, at
/// the least.
pub const JUDGED_BY: SignedDuration = SignedDuration::from_secs(BEGUN_BY);

/// A daemon that does not run on the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its service.
    pub service: ServiceName,
    /// How it stands, in words; empty while nobody has asked.
    pub standing: String,
    /// Why it is not waited for, if it is not.
    pub excuse: Option<String>,
}

/// Which daemons there are, and which of them do not run on the container instance.
pub async fn look(
    subject: &Subject,
    arn: &ContainerInstanceArn,
    known: Option<DaemonsAwaited>,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<(DaemonsAwaited, Vec<Missing>), Error> {
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let (services, ready_since) = match known {
        Some(known) => (known.services, known.ready_since),
        None => (ecs.daemons(cluster).await?, now()),
    };
    let awaited = DaemonsAwaited {
        container_instance: arn.clone(),
        services,
        ready_since,
    };
    if awaited.services.is_empty() {
        return Ok((awaited, Vec::new()));
    }
    let tasks = ecs.tasks_wanted_on(cluster, arn).await?;
    let running = tasks.iter().filter(|task| task.last_status == "RUNNING");
    let running: BTreeSet<&str> = running.filter_map(|task| task.service()).collect();
    let mut lacking = awaited.services.clone();
    lacking.retain(|service| !running.contains(service.as_str()));
    let ready_for = now().duration_since(awaited.ready_since);
    let missing = if ready_for < USUAL {
        let quietly = |service| Missing {
            service,
            standing: String::new(),
            excuse: None,
        };
        lacking.into_iter().map(quietly).collect()
    } else {
        let services = ecs.services(cluster, &lacking).await?;
        let ready_for = seconds_between(awaited.ready_since, now());
        let is_short = |service: &Service| service.counts.running < service.counts.desired;
        // Only what a record without an agent may explain is worth the call.
        let without_agent = if ready_for >= WANTED_BY && services.iter().any(is_short) {
            ecs.active_without_agent(cluster).await?
        } else {
            0
        };
        let without_agent = i64::try_from(without_agent).unwrap_or(i64::MAX);
        let judged = services
            .iter()
            .map(|service| judge(service, &awaited, ready_for, without_agent));
        judged.collect()
    };
    Ok((awaited, missing))
}

/// How a missing daemon stands on an instance that has been ready for so many seconds. One that
/// runs nowhere is broken if it had other instances to begin on, and the time; else it gets that
/// time. One that was deleted meanwhile is not described any more, or not ACTIVE. ECS wants a task
/// of a daemon on each ACTIVE container instance that meets its constraints, on those too of which
/// the agent is gone, so that many tasks may be missing elsewhere.
fn judge(
    service: &Service,
    awaited: &DaemonsAwaited,
    ready_for: i64,
    without_agent: i64,
) -> Missing {
    let counts = &service.counts;
    let (running, desired) = (counts.running, counts.desired);
    let age = service
        .created
        .map(|created| seconds_between(created, awaited.ready_since));
    let had_time = desired > 1 && age.is_some_and(|age| age >= BEGUN_BY);
    let unplaced = service.terms.unplaced();
    let shortage = |event: &ServiceEvent| Shortage::from_event(&event.message);
    let excuse = if !service.active {
        Some("being deleted")
    } else if service.terms.is_failing {
        Some("its deployment is failing")
    } else if running == 0 && (had_time || ready_for >= BEGUN_BY) {
        Some("it runs on no instance")
    } else if running.saturating_add(without_agent) >= desired
        && counts.pending == 0
        && unplaced.is_none_or(|event| without_agent > 0 && shortage(event) == Shortage::Agent)
        && ready_for >= WANTED_BY
    {
        Some("it needs no task here")
    } else {
        None
    };
    let pending = match counts.pending {
        ..=0 => String::new(),
        some => format!(", {some} pending"),
    };
    let said = unplaced.map_or_else(String::new, |event| format!("; ECS: {}", event.message));
    Missing {
        service: counts.service.clone(),
        standing: format!(
            "{running} of {} running{pending}{said}",
            count(desired, "task")
        ),
        excuse: excuse.map(str::to_owned),
    }
}

/// Those that are waited for, in words.
pub fn words(awaited: &[&Missing]) -> String {
    let each = awaited.iter().map(|daemon| match daemon.standing.as_str() {
        "" => format!("daemon {}", daemon.service),
        standing => format!("daemon {} ({standing})", daemon.service),
    });
    list(each, ", ")
}

/// Those that are not, in a sentence, if there are any.
pub fn not_awaited(excused: &[&Missing]) -> String {
    if excused.is_empty() {
        return String::new();
    }
    let each = excused.iter().map(|daemon| {
        let excuse = daemon.excuse.as_deref().unwrap_or_default();
        format!("daemon {} ({excuse})", daemon.service)
    });
    format!(" Not waited for: {}.", list(each, ", "))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::model::cluster::{ServiceCounts, ServiceTerms};
    use crate::stub;

    fn daemon(running: i64, desired: i64) -> Service {
        Service {
            active: true,
            created: None,
            counts: ServiceCounts {
                service: ServiceName::new("logs"),
                deployments: 1,
                running,
                pending: 0,
                desired,
            },
            terms: ServiceTerms {
                is_daemon: true,
                ..ServiceTerms::default()
            },
        }
    }

    fn judged(service: &Service, ready_for: i64) -> Missing {
        let awaited = DaemonsAwaited {
            container_instance: ContainerInstanceArn::new("c"),
            services: vec![service.counts.service.clone()],
            ready_since: stub::at(1000),
        };
        judge(service, &awaited, ready_for, 0)
    }

    #[test]
    fn tasks_that_records_without_an_agent_lack_are_not_missed_here() {
        let awaited = DaemonsAwaited {
            container_instance: ContainerInstanceArn::new("c"),
            services: Vec::new(),
            ready_since: stub::at(1000),
        };
        let unplaced = |error: &str| ServiceEvent {
            at: None,
            message: format!("(service logs) was unable to place a task. {error}"),
        };
        for (desired, without_agent, ready_for, event, excused) in [
            (4, 0, 60, None, false),
            (4, 1, 60, None, true),
            (4, 1, 59, None, false),
            // One is missing here too.
            (5, 1, 600, None, false),
            (4, 1, 60, Some("It encountered error \"AGENT\"."), true),
            // Without such a record it is the agent of this very instance.
            (3, 0, 60, Some("It encountered error \"AGENT\"."), false),
            (
                4,
                1,
                60,
                Some("It has insufficient memory available."),
                false,
            ),
        ] {
            let mut service = daemon(3, desired);
            service.terms.events.extend(event.map(unplaced));
            let judged = judge(&service, &awaited, ready_for, without_agent);
            assert_eq!(
                judged.excuse.is_some(),
                excused,
                "{desired}, {without_agent}, {event:?}"
            );
        }
    }

    fn is_excused(service: &Service, ready_for: i64) -> bool {
        judged(service, ready_for).excuse.is_some()
    }

    #[test]
    fn a_daemon_that_wants_no_task_here_is_not_waited_for() {
        assert!(!is_excused(&daemon(2, 3), 600));
        assert!(!is_excused(&daemon(3, 3), 59));
        assert!(is_excused(&daemon(3, 3), 60));
        let mut hungry = daemon(3, 3);
        hungry.terms.events.push(ServiceEvent {
            at: None,
            message: "(service logs) was unable to place a task because of this".to_owned(),
        });
        assert!(!is_excused(&hungry, 600));
        assert!(judged(&hungry, 600).standing.contains("unable to place"));
    }

    #[test]
    fn a_broken_daemon_is_not_waited_for() {
        assert!(!is_excused(&daemon(0, 1), 179));
        assert!(is_excused(&daemon(0, 1), 180));
        let mut old = daemon(0, 3);
        old.created = Some(stub::at(821));
        assert!(!is_excused(&old, 30));
        old.created = Some(stub::at(820));
        assert!(is_excused(&old, 30));
        // There was no other instance on which the only task could have run.
        let mut only = daemon(0, 1);
        only.created = Some(stub::at(0));
        assert!(!is_excused(&only, 30));
        let mut failing = daemon(2, 3);
        failing.terms.is_failing = true;
        assert!(is_excused(&failing, 30));
        let mut deleted = daemon(2, 3);
        deleted.active = false;
        assert!(is_excused(&deleted, 30));
    }

    #[tokio::test]
    async fn the_daemons_are_listed_once_and_their_services_described_late() {
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&asked);
        let clients = Clients::new(&stub::aws(move |request| {
            log.lock().expect("a log").push(request.action.clone());
            let answer = match request.action.as_str() {
                "ListServices" => {
                    assert_eq!(request.json()["schedulingStrategy"], "DAEMON");
                    json!({"serviceArns": ["arn:aws:ecs:r:1:service/DevCluster/logs", "arn:aws:ecs:r:1:service/guard"]})
                }
                "ListTasks" => json!({"taskArns": ["a", "b"]}),
                "DescribeTasks" => json!({"tasks": [
                    {"taskArn": "a", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "service:guard"},
                    {"taskArn": "b", "lastStatus": "PENDING", "desiredStatus": "RUNNING", "group": "service:logs"},
                ]}),
                "DescribeServices" => {
                    assert_eq!(request.json()["services"], json!(["logs"]));
                    json!({"services": [{"serviceName": "logs", "status": "ACTIVE", "desiredCount": 3, "runningCount": 2,
                        "pendingCount": 1}]})
                }
                other => panic!("{other} was asked"),
            };
            (200, answer.to_string())
        }));
        let mut known = None;
        for (seconds, calls, standing) in [
            (60, "ListServices ListTasks DescribeTasks", ""),
            (80, "ListTasks DescribeTasks", ""),
            (
                90,
                "ListTasks DescribeTasks DescribeServices",
                "2 of 3 tasks running, 1 pending",
            ),
        ] {
            asked.lock().expect("a log").clear();
            let now = || stub::at(seconds);
            let arn = ContainerInstanceArn::new("c");
            let seen = look(&stub::launching(), &arn, known, &clients, &now).await;
            let (awaited, missing) = seen.expect("an answer");
            assert_eq!(asked.lock().expect("a log").join(" "), calls);
            assert_eq!(missing.len(), 1);
            assert_eq!(
                (missing[0].service.as_str(), missing[0].standing.as_str()),
                ("logs", standing)
            );
            known = Some(awaited);
        }
    }

    #[tokio::test]
    async fn records_without_an_agent_are_counted_only_if_they_may_explain_something() {
        for (running, seconds, asked) in [(2, 120, 1), (3, 120, 0), (4, 120, 0), (2, 119, 0)] {
            let log = Arc::new(Mutex::new(0));
            let count = Arc::clone(&log);
            let clients = Clients::new(&stub::aws(move |request| {
                let answer = match request.action.as_str() {
                    "ListTasks" => json!({"taskArns": []}),
                    "DescribeServices" => json!({"services": [{"serviceName": "logs",
                        "status": "ACTIVE", "desiredCount": 3, "runningCount": running}]}),
                    "ListContainerInstances" => {
                        *count.lock().expect("a count") += 1;
                        json!({"containerInstanceArns": []})
                    }
                    other => panic!("{other} was asked"),
                };
                (200, answer.to_string())
            }));
            let arn = ContainerInstanceArn::new("c");
            let known = Some(DaemonsAwaited {
                container_instance: arn.clone(),
                services: vec![ServiceName::new("logs")],
                ready_since: stub::at(60),
            });
            let now = || stub::at(seconds);
            let seen = look(&stub::launching(), &arn, known, &clients, &now).await;
            assert_eq!(seen.expect("an answer").1.len(), 1);
            assert_eq!(*log.lock().expect("a count"), asked, "{running}, {seconds}");
        }
    }
}
