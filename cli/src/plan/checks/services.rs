//! The services: whether they can move their tasks, and in time.

use std::collections::BTreeMap;

use workers::drained::blockers::{no_place, no_room};
use workers::model::cluster::Service as Counted;

use super::{Diagnostic, Observation, PlanRequest, deadline_stops, drain_deadline, some};
use crate::aws::{Machine, ServiceSettings};
use crate::format::count;

/// From the last container's end until ECS says STOPPED and a worker has seen it, in seconds.
const NOTICED: u64 = 60;

/// The id of no instance: that of the one that would come.
const NEW_INSTANCE: &str = "i-new";

/// The services that a rollout concerns, with what the workers see of them.
fn concerned(seen: &Observation) -> impl Iterator<Item = (&ServiceSettings, &Counted)> {
    let counts = |service: &ServiceSettings| {
        let mut all = seen.counted.iter();
        all.find(|one| one.counts.service.as_str() == service.name)
    };
    let those = seen.concerned();
    those.filter_map(move |service| Some((service, counts(service)?)))
}

/// Those of them whose tasks have to move.
fn moving(seen: &Observation) -> impl Iterator<Item = (&ServiceSettings, &Counted)> {
    concerned(seen).filter(|(service, _)| !service.is_daemon && service.desired > 0)
}

/// Each may stop a task first, or start another first.
pub fn percentages(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let all = moving(seen).filter_map(|(service, counted)| {
        let why = no_room(counted)?;
        let words = format!("service {} {why}", service.name);
        Some(holds_drain(seen, "percentages", words))
    });
    all.collect()
}

/// ECS finds places for the tasks that each wants.
pub fn places(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let all = moving(seen).filter_map(|(service, counted)| {
        let lacks = counted.counts.deficit() > 0;
        let why = no_place(counted).filter(|_| lacks)?;
        let words = format!("service {} {why}", service.name);
        Some(holds_drain(seen, "no-place", words))
    });
    all.collect()
}

/// A new instance meets the constraints of each, as far as its attributes can be foretold: those
/// that ECS sets, and what all instances of the group have by their user data.
pub fn constraints(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let offers = offers(seen, asked);
    let mut remarks = Vec::new();
    for service in seen.moving_services() {
        let own = service.constraints.iter();
        let own = own.filter_map(|(_, expression)| expression.as_deref());
        let definition = seen.definition(&service.definition);
        let of_tasks = definition.into_iter().flat_map(|it| &it.constraints);
        for expression in own.chain(of_tasks.map(String::as_str)) {
            let mut meeting = offers.iter();
            let met = meeting.any(|offer| {
                // An expression that cannot be read here is left to ECS.
                simulator::ecs::meets(expression, NEW_INSTANCE, offer).unwrap_or(true)
            });
            if !met && !offers.is_empty() {
                let words = format!(
                    "service {} has the placement constraint {expression}, which no new instance meets, so its tasks cannot move to \
                     one; widen it, or let the instances' user data set the attribute (ECS_INSTANCE_ATTRIBUTES)",
                    service.name
                );
                remarks.push(holds_drain(seen, "placement-constraint", words));
            }
        }
    }
    remarks
}

/// What a new instance would offer: one for each kind of instance that the group has now.
fn offers(seen: &Observation, asked: &PlanRequest) -> Vec<BTreeMap<String, String>> {
    let machines: Vec<&Machine> = seen.own_machines().collect();
    let shared = |name: &str, value: &str| {
        let mut all = machines.iter();
        name.starts_with("ecs.") || all.all(|one| one.attribute(name) == Some(value))
    };
    let ami = asked.new_ami(seen).unwrap_or_default();
    let mut offers: Vec<BTreeMap<String, String>> = machines
        .iter()
        .map(|machine| {
            let lasting = machine.attributes.iter();
            let lasting = lasting.filter(|(name, value)| shared(name, value));
            let mut offer: BTreeMap<String, String> = lasting
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            offer.insert("ecs.ami-id".to_owned(), ami.to_owned());
            offer
        })
        .collect();
    offers.sort_unstable();
    offers.dedup();
    offers
}

/// A task of each fits on an instance beside the daemons.
pub fn sizes(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let needs = |service: &ServiceSettings| {
        let it = seen.definition(&service.definition);
        it.map_or((0, 0), |it| (it.cpu, it.memory))
    };
    let daemons = seen.concerned().filter(|one| one.is_daemon);
    let (cpu, memory) = daemons
        .map(needs)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let of = |each: &dyn Fn(&Machine) -> i64| {
        let most = seen.own_machines().map(each).max();
        most.and_then(|most| u64::try_from(most).ok())
    };
    let (Some(most_cpu), Some(most_memory)) = (of(&|it| it.cpu), of(&|it| it.memory)) else {
        return Vec::new();
    };
    let (free_cpu, free_memory) = (
        most_cpu.saturating_sub(cpu),
        most_memory.saturating_sub(memory),
    );
    let too_large = seen.moving_services().filter_map(|service| {
        let (cpu, memory) = needs(service);
        if cpu <= free_cpu && memory <= free_memory {
            return None;
        }
        let words = format!(
            "a task of service {} needs {cpu} CPU units and {memory} MiB, and an instance of the group has {free_cpu} and \
             {free_memory} beside the daemons; make it smaller, or take a larger EcsInstanceType",
            service.name
        );
        Some(holds_drain(seen, "task-too-large", words))
    });
    too_large.collect()
}

/// What keeps a drain from ending. Where DrainDeadlinePolicy is `retain` that stops the rollout at
/// the drain deadline; else the tasks are stopped or killed then.
fn holds_drain(seen: &Observation, name: &'static str, words: String) -> Diagnostic {
    if deadline_stops(seen) {
        return Diagnostic::blocker(name, words);
    }
    let (deadline, policy) = (
        drain_deadline(seen),
        seen.word("DrainDeadlinePolicy", "retain"),
    );
    let words = format!(
        "{words}. Its tasks end at the drain deadline instead, after {deadline} s (DrainDeadlinePolicy {policy})"
    );
    Diagnostic::warning(name, words)
}

/// The tasks of each have left before the drain deadline: the load balancer lets go, then the
/// containers stop. How long a container takes to exit after SIGTERM only its label tells; it is
/// killed after its stopTimeout.
pub fn deadlines(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let deadline = u64::try_from(drain_deadline(seen)).unwrap_or_default();
    let late = seen.moving_services().filter_map(|service| {
        let delay = seen.delay(service).unwrap_or_default();
        let definition = seen.definition(&service.definition);
        let stop = definition.map_or(0, |it| it.stop_timeout);
        let exits = definition.and_then(|it| it.exits_after);
        let takes = delay + exits.map_or(stop, |exits| exits.min(stop));
        if takes + NOTICED <= deadline {
            return None;
        }
        let words = format!(
            "a task of service {} takes up to {takes} s to leave ({delay} s deregistration delay, {} s until its containers have \
             stopped), and the drain deadline is {deadline} s; raise DrainDeadlineSeconds, or shorten these",
            service.name,
            takes - delay
        );
        // It may exit at once.
        let is_sure = exits.is_some() || delay + NOTICED > deadline;
        Some(if is_sure || !deadline_stops(seen) { holds_drain(seen, "drain-deadline", words) } else { Diagnostic::condition("drain-deadline", words) })
    });
    late.collect()
}

/// Each is as it wants to be before the rollout begins.
pub fn unsteady(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let unsteady = concerned(seen).filter_map(|(service, counted)| {
        let counts = &counted.counts;
        let is_short = counts.running != counts.desired || counts.pending > 0;
        if !counted.active || !(is_short || service.is_deploying) {
            return None;
        }
        let deploying = if service.is_deploying {
            ", being deployed"
        } else {
            ""
        };
        let (running, desired, pending) = (counts.running, counts.desired, counts.pending);
        let name = &service.name;
        Some(format!(
            "{name} runs {running} of {}, {pending} pending{deploying}",
            count(desired, "task")
        ))
    });
    let unsteady: Vec<String> = unsteady.collect();
    if unsteady.is_empty() {
        return Vec::new();
    }
    let words = format!(
        "not steady now: {}. A drain waits until no service is degraded, and counts these services as degraded by the drain",
        some(unsteady.iter().map(String::as_str))
    );
    vec![Diagnostic::warning("unsteady", words)]
}
