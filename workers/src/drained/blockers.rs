//! Why do tasks of services stay on a leaving instance? Because they asked to (scale-in
//! protection), or because their service cannot move them, now or ever. It is asked for once a
//! drain takes long, so that an ordinary one costs no call.
//!
//! ECS tells it in what DescribeServices answers: percentages that leave no room, or an event with
//! the reason of the container instance that came closest. The same event is not repeated for six
//! hours, so it may be older than the drain
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html>).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::config::DrainStart;
use crate::error::Error;
use crate::model::cluster::{Service, ServiceEvent, Shortage, Task, shortage};
use crate::model::{DrainBlockers, HinderedService, ServiceName, Subject, TaskArn};
use crate::text::{self, between, clock, list};

/// A replacement is pulled, started and found healthy within a minute or two: what waits longer has
/// a reason.
const LONG: SignedDuration = SignedDuration::from_mins(2);

/// How long an answer is good enough.
const ASKED_ANEW: SignedDuration = SignedDuration::from_mins(5);

/// So many tasks are asked about: one call's worth
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>).
const TASKS_ASKED_ABOUT: usize = 100;

/// So many services are asked about: one call's worth
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>).
const SERVICES_ASKED_ABOUT: usize = 10;

/// So many attributes of a service's constraints are asked about: one call each.
const ATTRIBUTES_ASKED_ABOUT: usize = 5;

/// So many are named in a reason.
const NAMED: usize = 3;

/// What holds the services' tasks that are to run on, if they have been waited for long: what is
/// `known`, or asked anew.
pub async fn look(
    subject: &Subject,
    begun: &DrainStart,
    tasks: &[Task],
    known: Option<DrainBlockers>,
    clients: &Clients,
    now: Timestamp,
) -> Result<Option<DrainBlockers>, Error> {
    let waiting = waiting(tasks, &begun.daemons);
    if waiting.is_empty() || now.duration_since(begun.since) < LONG {
        return Ok(None);
    }
    if let Some(known) = known
        && now.duration_since(known.asked_at) < ASKED_ANEW
    {
        return Ok(Some(known));
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let arns: Vec<TaskArn> = waiting
        .iter()
        .take(TASKS_ASKED_ABOUT)
        .map(|task| task.arn.clone())
        .collect();
    let protected = ecs.protected(cluster, &arns).await?;
    let names: BTreeSet<&str> = waiting.iter().filter_map(|task| task.service()).collect();
    let names: Vec<ServiceName> = names
        .into_iter()
        .take(SERVICES_ASKED_ABOUT)
        .map(ServiceName::new)
        .collect();
    let services = ecs.services(cluster, &names).await?;
    let mut held = Vec::new();
    for service in &services {
        let absent = absent_attributes(service, subject, clients).await?;
        held.extend(hindered_without(service, &absent));
    }
    Ok(Some(DrainBlockers {
        asked_at: now,
        protected,
        services: held,
    }))
}

/// The attributes that the placement constraints of a service ask about and no ACTIVE instance of
/// its cluster has, if that is why it finds no place. The leaving instance is DRAINING and does not
/// count. ECS itself is asked, which evaluates the constraints.
async fn absent_attributes(
    service: &Service,
    subject: &Subject,
    clients: &Clients,
) -> Result<Vec<String>, Error> {
    let unplaced = service.terms.unplaced();
    let shortage = unplaced.map(|event| Shortage::from_event(&event.message));
    let mut absent = Vec::new();
    if shortage != Some(Shortage::MemberOf) {
        return Ok(absent);
    }
    let constraints = service.terms.constraints.iter();
    let names = constraints.flat_map(|constraint| shortage::attributes_in(constraint));
    let names: BTreeSet<&str> = names.collect();
    for name in names.into_iter().take(ATTRIBUTES_ASKED_ABOUT) {
        let cluster = &subject.settings.cluster;
        if !clients.ecs.is_on_active(cluster, name).await? {
            absent.push(name.to_owned());
        }
    }
    Ok(absent)
}

/// The tasks of services that are to run on. Those of daemons are not waiting for anything but the
/// others' end.
fn waiting<'a>(tasks: &'a [Task], daemons: &[ServiceName]) -> Vec<&'a Task> {
    let of_daemon = |service: &str| daemons.iter().any(|daemon| daemon.as_str() == service);
    let those = tasks.iter().filter(|task| {
        let service = task.service();
        task.wanted && !task.is_stopped() && service.is_some_and(|service| !of_daemon(service))
    });
    those.collect()
}

/// Why a service cannot move its tasks, if that can be told.
pub fn hindered(service: &Service) -> Option<HinderedService> {
    hindered_without(service, &[])
}

fn hindered_without(service: &Service, absent: &[String]) -> Option<HinderedService> {
    if !service.active || service.terms.is_daemon {
        return None;
    }
    let why = no_room(service).or_else(|| no_place_without(service, absent))?;
    let service = service.counts.service.clone();
    Some(HinderedService {
        service,
        why: text::reason(&why),
    })
}

/// ECS may stop no task first, and start no other first: the percentages, rounded, leave no room
/// for either.
pub fn no_room(service: &Service) -> Option<String> {
    let (desired, terms) = (service.counts.desired, &service.terms);
    if desired < 1 {
        return None;
    }
    let least = (desired.saturating_mul(terms.minimum_percent) + 99) / 100;
    let most = desired.saturating_mul(terms.maximum_percent) / 100;
    if least < desired || most > desired {
        return None;
    }
    let (minimum, maximum) = (terms.minimum_percent, terms.maximum_percent);
    let lower = 100 * (desired - 1) / desired;
    let higher = (100 * (desired + 1) + desired - 1) / desired;
    Some(format!(
        "can never move a task: of {desired}, minimumHealthyPercent {minimum} keeps {least} and maximumPercent {maximum} \
         allows {most}, so ECS may neither stop one first nor start another first; lower the one to {lower}, or raise the \
         other to {higher}"
    ))
}

/// A replacement finds no place on any other instance.
pub fn no_place(service: &Service) -> Option<String> {
    no_place_without(service, &[])
}

/// The same, if it is known that no instance which could take the task has the attributes `absent`.
pub fn no_place_without(service: &Service, absent: &[String]) -> Option<String> {
    let event = service.terms.unplaced()?;
    let shortage = Shortage::from_event(&event.message);
    let cause = cause(shortage, &service.terms.constraints, absent);
    Some(format!(
        "finds no place for a task on another instance: {cause} ({})",
        quoted(event)
    ))
}

/// The cause in our words, and a way out.
pub fn cause(shortage: Shortage, constraints: &[String], absent: &[String]) -> String {
    match shortage {
        Shortage::MemberOf => return unmet(constraints, absent),
        Shortage::Capability => {
            "the agent of the closest instance lacks a capability that the task definition requires (requiresAttributes); use an \
             AMI with a newer ECS agent, or turn the capability on in the agent's configuration (/etc/ecs/ecs.config)"
        }
        Shortage::DistinctInstance => {
            "it wants each task on an instance of its own, and every other has one; add an instance, or want fewer tasks"
        }
        Shortage::Port => {
            "the host port that it needs is taken on each; add an instance, want fewer tasks, or let the port be dynamic"
        }
        Shortage::Cpu => "none has enough CPU left; add instances, or take larger ones",
        Shortage::Memory => "none has enough memory left; add instances, or take larger ones",
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-gpu.html
        Shortage::Gpu => {
            "none has enough GPUs left; add instances of a GPU instance type, and use a GPU-optimized ECS AMI, whose agent \
             registers GPUs"
        }
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-eni.html
        Shortage::NetworkInterface => {
            "none has a network interface (ENI) left for a task in awsvpc mode; add instances, take an instance type with more \
             ENIs, or turn on the account setting awsvpcTrunking before the next rollout"
        }
        Shortage::Agent => {
            "the agent of the closest is not connected; look at that instance"
        }
        Shortage::NoInstance => "the cluster has no other instance; add instances",
        Shortage::Other => "add an instance that can take it",
    }
    .to_owned()
}

/// No other instance meets the placement constraint.
fn unmet(constraints: &[String], absent: &[String]) -> String {
    let which = match constraints {
        [] => "of its task definition".to_owned(),
        some => list(some, " and "),
    };
    match absent {
        [] => format!(
            "no other meets its placement constraint {which}; widen that, or add such an instance"
        ),
        some => format!(
            "every instance that could take the task lacks the attribute {}, which the placement constraint {which} asks for; \
             set the attribute in the user data of the instances (ECS_INSTANCE_ATTRIBUTES), or change the constraint",
            list(some, " and ")
        ),
    }
}

/// What ECS said, from the closest instance on, without its advice.
fn quoted(event: &ServiceEvent) -> String {
    let text = shortage::why(&event.message);
    match event.at {
        Some(at) => format!("ECS at {}: {text}", clock(at)),
        None => format!("ECS: {text}"),
    }
}

/// The tasks that are `left` and still protected, and until when.
pub fn protected<'a>(
    known: &'a DrainBlockers,
    left: &'a [&Task],
    now: Timestamp,
) -> impl Iterator<Item = (&'a Task, Timestamp)> {
    left.iter().filter_map(move |task| {
        let mut those = known.protected.iter();
        let until = those.find(|one| one.task == task.arn)?.until;
        (until > now).then_some((*task, until))
    })
}

/// The services that cannot move their tasks, and have some that are `left`.
pub fn blocked<'a>(
    known: &'a DrainBlockers,
    left: &'a [&Task],
) -> impl Iterator<Item = &'a HinderedService> {
    known.services.iter().filter(move |hindered| {
        let name = Some(hindered.service.as_str());
        left.iter().any(|task| task.service() == name)
    })
}

/// Both in sentences.
pub fn words(
    known: &DrainBlockers,
    subject: &Subject,
    left: &[&Task],
    now: Timestamp,
) -> Vec<String> {
    let deadline = subject.drain_deadline();
    let protected = protected(known, left, now).map(|(task, until)| {
        let past = if until > deadline {
            ", past the drain deadline"
        } else {
            ""
        };
        format!(
            "Task {} is protected from scale-in until {} (in {}{past}).",
            task.id(),
            clock(until),
            between(now, until)
        )
    });
    let services = blocked(known, left);
    let services =
        services.map(|hindered| format!("Service {} {}.", hindered.service, hindered.why));
    protected.take(NAMED).chain(services.take(NAMED)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ProtectedTask;
    use crate::model::cluster::{ServiceCounts, ServiceTerms};
    use crate::stub;

    fn service(desired: i64, terms: ServiceTerms) -> Service {
        Service {
            active: true,
            created: None,
            counts: ServiceCounts {
                service: ServiceName::new("web"),
                deployments: 1,
                running: desired,
                pending: 0,
                desired,
            },
            terms,
        }
    }

    fn percents(desired: i64, minimum_percent: i64, maximum_percent: i64) -> Service {
        let terms = ServiceTerms {
            minimum_percent,
            maximum_percent,
            ..ServiceTerms::default()
        };
        service(desired, terms)
    }

    #[test]
    fn percentages_that_round_to_no_room_are_reported_with_what_would_make_some() {
        for (desired, minimum, maximum, stuck) in [
            (4, 100, 100, true),
            (4, 100, 200, false),
            (4, 50, 100, false),
            (1, 50, 100, true),
            (1, 100, 150, true),
            (1, 100, 200, false),
            (3, 67, 133, true),
            (3, 66, 133, false),
            (3, 67, 134, false),
            (0, 100, 100, false),
        ] {
            let told = hindered(&percents(desired, minimum, maximum));
            assert_eq!(told.is_some(), stuck, "{minimum}/{maximum} of {desired}");
        }
        let why = hindered(&percents(3, 100, 100)).expect("no room").why;
        assert!(
            why.ends_with("lower the one to 66, or raise the other to 134"),
            "{why}"
        );
        assert_eq!(hindered(&percents(3, 66, 100)), None);
        assert_eq!(hindered(&percents(3, 100, 134)), None);
    }

    #[test]
    fn the_advice_makes_room_and_nothing_less_does() {
        // Two ways to stop or start one. ECS rounds the minimum up and the maximum down:
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
        let has_room = |desired: i64, minimum: i64, maximum: i64| {
            let stops_first = (desired - 1) * 100 >= desired * minimum;
            let starts_first = (desired + 1) * 100 <= desired * maximum;
            stops_first || starts_first
        };
        for desired in 1..=30 {
            for minimum in (0..=100).step_by(3).chain([100]) {
                for maximum in (100..=200).step_by(7) {
                    let name = format!("{minimum}/{maximum} of {desired}");
                    let told = no_room(&percents(desired, minimum, maximum));
                    assert_eq!(
                        told.is_none(),
                        has_room(desired, minimum, maximum),
                        "{name}"
                    );
                    let Some(told) = told else { continue };
                    let numbers = told.split(|c: char| !c.is_ascii_digit());
                    let numbers: Vec<i64> = numbers.filter_map(|word| word.parse().ok()).collect();
                    let [of, least_percent, least, most_percent, most, lower, higher] = numbers[..]
                    else {
                        panic!("{name}: {told}");
                    };
                    assert_eq!(
                        (of, least_percent, most_percent),
                        (desired, minimum, maximum)
                    );
                    // Of `desired` tasks none may be missing, and none be too many.
                    assert_eq!((least, most), (desired, desired), "{name}: {told}");
                    assert!(has_room(desired, lower, maximum), "{name}: {told}");
                    assert!(!has_room(desired, lower + 1, maximum), "{name}: {told}");
                    assert!(has_room(desired, minimum, higher), "{name}: {told}");
                    assert!(!has_room(desired, minimum, higher - 1), "{name}: {told}");
                }
            }
        }
    }

    fn events(messages: &[&str]) -> Service {
        let events = messages.iter().map(|message| ServiceEvent {
            at: Some(stub::at(60)),
            message: format!("(service web) {message}"),
        });
        let terms = ServiceTerms {
            events: events.collect(),
            constraints: vec!["memberOf attribute:disk == ssd".to_owned()],
            ..ServiceTerms::default()
        };
        service(2, terms)
    }

    fn unplaced(closest: &str) -> String {
        format!(
            "was unable to place a task because no container instance met all of its requirements. The closest matching \
             (container-instance c) {closest}. For more information, see the Troubleshooting section of the Guide."
        )
    }

    #[test]
    fn the_closest_instance_shows_what_is_lacking() {
        for (closest, told) in [
            ("is already using a port required by your task", "host port"),
            ("has insufficient CPU units available", "enough CPU"),
            ("has insufficient memory available", "enough memory"),
            (
                "encountered error \"MemberOf placement constraint unsatisfied.\"",
                "attribute:disk == ssd",
            ),
            (
                "encountered error \"DistinctInstance placement constraint unsatisfied.\"",
                "an instance of its own",
            ),
            ("encountered error \"AGENT\"", "not connected"),
            (
                "is missing an attribute required by your task",
                "newer ECS agent",
            ),
            ("encountered error \"RESOURCE:ENI\"", "awsvpcTrunking"),
            ("encountered error \"RESOURCE:GPU\"", "GPU-optimized"),
            ("is tired", "can take it"),
        ] {
            let why = hindered(&events(&[&unplaced(closest)]))
                .expect("no place")
                .why;
            assert!(why.contains(told), "{closest}: {why}");
            assert!(
                why.contains(&format!(
                    "(ECS at 00:01:00Z: The closest matching (container-instance c) {closest}.)"
                )),
                "{why}"
            );
        }
    }

    #[tokio::test]
    async fn an_attribute_that_no_instance_has_is_named() {
        for (held_by, told) in [
            (
                json!(["c"]),
                "no other meets its placement constraint memberOf attribute:disk == ssd",
            ),
            (
                json!([]),
                "lacks the attribute disk, which the placement constraint memberOf",
            ),
        ] {
            let clients = Clients::new(&stub::aws(move |asked| {
                assert_eq!(asked.action, "ListContainerInstances");
                assert_eq!(asked.json()["filter"], "attribute:disk exists");
                assert_eq!(asked.json()["status"], "ACTIVE");
                (200, json!({"containerInstanceArns": held_by}).to_string())
            }));
            let closest = "encountered error \"MemberOf placement constraint unsatisfied.\"";
            let service = events(&[&unplaced(closest)]);
            let absent = absent_attributes(&service, &stub::terminating(), &clients).await;
            let why = no_place_without(&service, &absent.expect("an answer")).expect("no place");
            assert!(why.contains(told), "{why}");
        }
        // What else is lacking costs no call.
        let clients = Clients::new(&stub::aws(|asked| panic!("{} was asked", asked.action)));
        let service = events(&[&unplaced("has insufficient memory available")]);
        let absent = absent_attributes(&service, &stub::terminating(), &clients).await;
        assert_eq!(absent.expect("an answer"), [""; 0]);
    }

    #[test]
    fn what_was_said_before_the_last_steady_state_is_over() {
        let old = unplaced("has insufficient memory available");
        assert_eq!(
            hindered(&events(&["has reached a steady state.", &old])),
            None
        );
        assert!(hindered(&events(&["has started 1 tasks: (task t).", &old])).is_some());
        let told = no_place(&events(&[&old])).expect("no place");
        assert!(told.contains("none has enough memory left"), "{told}");
        assert_eq!(
            no_place(&events(&["has reached a steady state.", &old])),
            None
        );
        assert_eq!(hindered(&events(&[])), None);
    }

    #[test]
    fn a_protected_task_is_named_with_its_end_while_it_is_left() {
        let task = Task {
            arn: TaskArn::new("arn:task/c/0f"),
            group: "service:web".to_owned(),
            last_status: "RUNNING".to_owned(),
            wanted: true,
            since: None,
            stopped_reason: None,
        };
        let known = |until| DrainBlockers {
            asked_at: stub::at(130),
            protected: vec![ProtectedTask {
                task: task.arn.clone(),
                until: stub::at(until),
            }],
            services: Vec::new(),
        };
        let told = |until: i64| words(&known(until), &stub::terminating(), &[&task], stub::at(200));
        assert_eq!(
            told(600),
            ["Task 0f is protected from scale-in until 00:10:00Z (in 6m40s)."]
        );
        assert!(told(3600)[0].ends_with("until 01:00:00Z (in 56m40s, past the drain deadline)."));
        assert!(told(199).is_empty());
        assert!(words(&known(600), &stub::terminating(), &[], stub::at(200)).is_empty());
    }
}
