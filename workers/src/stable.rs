//! May the instance go on?
//!
//! Leaving: is no service that had tasks on it worse off than before the drain began? What was
//! broken before is excused as far as it was. A daemon is not waited for. The drain took one task
//! from it, that of the leaving instance, and ECS starts none in its place. Its counts tell of
//! other instances: it wants a task on each that joins, on some that cannot run it, and on each
//! container instance record that an agent left behind
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>). At the drain
//! deadline the answer is `Never`, and the user's policy decides.
//!
//! New: is it held by the drains before it (`hold`)? Changes nothing.

mod earlier_drains;

pub use earlier_drains::decide_new;

use jiff::{SignedDuration, Timestamp};

use crate::Clients;
use crate::config::{DrainStart, History};
use crate::ended;
use crate::error::Error;
use crate::model::cluster::{Service, ServiceCounts, counted};
use crate::model::group::StackState;
use crate::model::{Assessment, StackSnapshot, Subject, Transition, Verdict};
use crate::text::{between, count, duration, list};

/// So long the last answer of CloudFormation is good enough to say "not yet". A stack that is being
/// deleted holds nobody: that is noticed at the next look after it.
const STACK_ASKED: SignedDuration = SignedDuration::from_mins(2);

/// Looks, and decides.
///
/// # Errors
/// What the services meet; `BadEvent` for a leaving instance without draining's answer.
pub async fn handle(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    match subject.action.transition {
        Transition::Terminating => {
            let begun = history.drain_begun()?;
            if let Some(at) = history.termination_requested() {
                return Ok(ended::on_request(at).under(subject.settings.policy));
            }
            let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
            let mut replaced = begun.services.clone();
            replaced.retain(|service| !begun.daemons.contains(service));
            let services = ecs.services(cluster, &replaced).await?;
            let counted = Some(counted(&services));
            let mut finding = decide_leaving(subject, begun, &services, now());
            finding.extra.services_counted.clone_from(&counted);
            if finding.verdict != Verdict::NotYet {
                return ended::look_before_failing(finding, subject, clients, now()).await;
            }
            // Somebody may have begun to delete the stack since the drain began.
            let stack = stack_lately(subject, history, clients, now).await?;
            if stack.state == StackState::Deleting {
                let begun = DrainStart {
                    stack_deleting: true,
                    ..begun.clone()
                };
                let mut finding = decide_leaving(subject, &begun, &services, now());
                finding.extra.services_counted = counted;
                return Ok(finding);
            }
            Ok(remembering(finding, stack))
        }
        Transition::Launching => earlier_drains::look(subject, history, clients, now).await,
    }
}

/// What the stack is doing, or was at an earlier look not long ago.
async fn stack_lately(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<StackSnapshot, Error> {
    let known = history.stable.stack.clone();
    let known = known.filter(|it| now().duration_since(it.asked_at) < STACK_ASKED);
    match known {
        Some(known) => Ok(known),
        None => stack_now(subject, clients, now).await,
    }
}

async fn stack_now(
    subject: &Subject,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<StackSnapshot, Error> {
    let stack = &subject.settings.target.stack;
    let state = clients.cloudformation.stack_state(stack).await?;
    let asked_at = now();
    Ok(StackSnapshot { state, asked_at })
}

/// Notes for the next look what the stack was doing.
fn remembering(mut finding: Assessment, stack: StackSnapshot) -> Assessment {
    if finding.verdict == Verdict::NotYet {
        finding.extra.stack = Some(stack);
    }
    finding
}

/// Decides for a leaving instance.
pub fn decide_leaving(
    subject: &Subject,
    begun: &DrainStart,
    services: &[Service],
    now: Timestamp,
) -> Assessment {
    let before = |counts: &ServiceCounts| {
        let mut those = begun.unstable.iter();
        those.find(|before| before.service == counts.service)
    };
    // A service that is younger than the drain never had a task here: its trouble is its own. A
    // daemon is known by its terms too, because an earlier version of draining did not list
    // daemons.
    let concerned = |service: &&Service| {
        let is_younger = service.created.is_some_and(|created| created > begun.since);
        service.active && !service.terms.is_daemon && !is_younger
    };
    let worse: Vec<String> = services
        .iter()
        .filter(concerned)
        .filter(|service| service.counts.is_worse_than(before(&service.counts)))
        .map(|service| service.counts.to_string())
        .collect();
    let (deadline, policy) = (subject.drain_deadline(), subject.settings.policy);
    if begun.stack_deleting {
        let reason = "The stack is being deleted: not waiting for services.";
        return Assessment::reached(reason.to_owned()).under(policy);
    }
    if worse.is_empty() {
        let spent = between(subject.began, now);
        return Assessment::reached(format!(
            "Services are as healthy as before the drain ({spent})."
        ))
        .under(policy);
    }
    let (services, named) = (count(worse.len(), "service"), list(&worse, ", "));
    let finding = if now < deadline {
        let left = between(now, deadline);
        Assessment::not_yet(format!(
            "Waiting for {services} to recover: {named}. Deadline in {left}."
        ))
        .by(deadline)
    } else {
        let allowed = duration(subject.settings.drain_deadline);
        let verb = if worse.len() == 1 { "is" } else { "are" };
        let why = format!(
            "was drained, but {services} {verb} still degraded at the drain deadline of {allowed}: {named}."
        );
        Assessment::never(subject, &why)
    };
    finding.under(policy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::cluster::ServiceTerms;
    use crate::model::{Policy, ServiceName};
    use crate::stub;

    fn counts(name: &str, numbers: (i64, i64, i64, i64)) -> ServiceCounts {
        let (deployments, running, pending, desired) = numbers;
        ServiceCounts {
            service: ServiceName::new(name),
            deployments,
            running,
            pending,
            desired,
        }
    }

    fn service(numbers: (i64, i64, i64, i64)) -> Service {
        Service {
            active: true,
            created: Some(stub::at(-9999)),
            counts: counts("web", numbers),
            terms: ServiceTerms::default(),
        }
    }

    fn begun(unstable: Vec<ServiceCounts>) -> DrainStart {
        DrainStart {
            since: stub::at(1),
            container_instances: Vec::new(),
            services: vec![ServiceName::new("web")],
            unstable,
            stack_deleting: false,
            daemons: Vec::new(),
        }
    }

    #[test]
    fn a_service_may_not_be_worse_off_than_before() {
        // (deployments, running, pending, desired) before, if it was unstable then; and now.
        for (before, now, verdict) in [
            (None, (1, 2, 0, 2), Verdict::Reached),
            (None, (1, 3, 0, 2), Verdict::Reached),
            (None, (1, 1, 0, 2), Verdict::NotYet),
            (None, (1, 2, 1, 2), Verdict::NotYet),
            (None, (2, 2, 0, 2), Verdict::NotYet),
            (None, (0, 2, 0, 2), Verdict::Reached),
            (Some((1, 1, 1, 2)), (1, 1, 1, 2), Verdict::Reached),
            (Some((1, 1, 1, 2)), (1, 0, 1, 2), Verdict::NotYet),
            (Some((1, 1, 0, 2)), (1, 1, 1, 2), Verdict::NotYet),
            (Some((2, 2, 0, 2)), (2, 2, 0, 2), Verdict::Reached),
            (Some((0, 1, 0, 2)), (1, 2, 0, 2), Verdict::Reached),
            (Some((1, 4, 0, 2)), (1, 1, 0, 2), Verdict::NotYet),
        ] {
            let begun = begun(
                before
                    .map(|numbers| counts("web", numbers))
                    .into_iter()
                    .collect(),
            );
            let finding =
                decide_leaving(&stub::terminating(), &begun, &[service(now)], stub::at(10));
            assert_eq!(finding.verdict, verdict, "{before:?} -> {now:?}");
            assert_eq!(finding.extra.policy, Some(Policy::Retain));
        }
    }

    #[test]
    fn services_that_are_leaving_or_younger_than_the_drain_are_not_waited_for() {
        let mut leaving = service((1, 1, 0, 0));
        leaving.active = false;
        let mut young = service((1, 0, 2, 2));
        young.created = Some(stub::at(60));
        let finding = decide_leaving(
            &stub::terminating(),
            &begun(vec![]),
            &[leaving, young],
            stub::at(99),
        );
        assert_eq!(finding.verdict, Verdict::Reached);
    }

    #[test]
    fn a_daemon_is_judged_by_what_the_drain_took_alone() {
        let mut daemon = service((1, 1, 2, 3));
        daemon.terms.is_daemon = true;
        for seconds in [99, 9999] {
            let begun = begun(vec![counts("web", (1, 3, 0, 3))]);
            let now = stub::at(seconds);
            let finding = decide_leaving(&stub::terminating(), &begun, &[daemon.clone()], now);
            assert_eq!(finding.verdict, Verdict::Reached, "{}", finding.reason);
        }
    }

    #[tokio::test]
    async fn daemons_are_not_asked_about() {
        let clients = Clients::new(&stub::aws(|request| {
            assert_eq!(request.action, "DescribeServices");
            assert_eq!(request.json()["services"], json!(["web"]));
            (200, json!({"services": []}).to_string())
        }));
        let mut input = stub::event("terminate");
        input["draining"] = json!({"since": stub::at(1), "containerInstances": [], "unstable": [],
            "services": ["logs", "web"], "daemons": ["logs"]});
        let finding = handle(
            &stub::terminating(),
            &History::read(&input),
            &clients,
            &|| stub::at(60),
        )
        .await;
        assert_eq!(finding.expect("an answer").verdict, Verdict::Reached);
    }

    #[test]
    fn the_drain_deadline_ends_the_wait() {
        let short = [service((1, 1, 0, 2))];
        let finding = decide_leaving(&stub::terminating(), &begun(vec![]), &short, stub::at(3000));
        assert_eq!(finding.verdict, Verdict::Never);
        assert_eq!(
            finding.reason,
            "i-0123456789abcdef0 was drained, but 1 service is still degraded at the drain deadline of 50m00s: web (1 of 2 \
             tasks running)."
        );
    }

    #[test]
    fn a_service_as_old_as_the_drain_is_waited_for() {
        let mut young = service((1, 0, 2, 2));
        let begun = begun(vec![]);
        for (created, verdict) in [
            (begun.since, Verdict::NotYet),
            (begun.since + SignedDuration::from_secs(1), Verdict::Reached),
        ] {
            young.created = Some(created);
            let seen = std::slice::from_ref(&young);
            let finding = decide_leaving(&stub::terminating(), &begun, seen, stub::at(99));
            assert_eq!(finding.verdict, verdict, "{created}");
        }
    }

    /// How often CloudFormation is asked at a look so long after the stack was last seen, and what
    /// the look notes of it.
    async fn asked_again(seconds: i64) -> (usize, Option<StackSnapshot>) {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&asked);
        let clients = Clients::new(&stub::aws(move |request| match request.action.as_str() {
            "DescribeServices" => {
                let short = json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2});
                (200, json!({"services": [short]}).to_string())
            }
            _ => {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let stack = "<Stacks><member><StackName>dev</StackName>\
                             <StackStatus>UPDATE_COMPLETE</StackStatus></member></Stacks>";
                (200, stub::xml("DescribeStacks", stack))
            }
        }));
        let mut input = stub::event("terminate");
        input["draining"] = json!({
            "since": stub::at(1), "containerInstances": [], "unstable": [], "services": ["web"]});
        let subject = stub::terminating();
        let first = handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
        let first = first.expect("an answer").extra.stack.expect("it is noted");
        assert_eq!(first.asked_at, stub::at(60));
        input["stable"] = json!({"stack": first});
        let now = || stub::at(60 + seconds);
        let second = handle(&subject, &History::read(&input), &clients, &now).await;
        let noted = second.expect("an answer").extra.stack;
        (asked.load(std::sync::atomic::Ordering::Relaxed) - 1, noted)
    }

    #[tokio::test]
    async fn the_stack_is_asked_for_again_after_two_minutes() {
        for (seconds, times, asked_at) in [(119, 0, 60), (120, 1, 180)] {
            let (asked, noted) = asked_again(seconds).await;
            assert_eq!(asked, times, "after {seconds} s");
            assert_eq!(noted.expect("it is noted").asked_at, stub::at(asked_at));
        }
    }

    #[tokio::test]
    async fn a_stack_that_is_deleted_meanwhile_waits_for_no_service() {
        for (status, verdict) in [
            ("UPDATE_COMPLETE", Verdict::NotYet),
            ("DELETE_IN_PROGRESS", Verdict::Reached),
        ] {
            let clients = Clients::new(&stub::aws(move |request| match request.action.as_str() {
                "DescribeServices" => {
                    let short =
                        json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2});
                    (200, json!({"services": [short]}).to_string())
                }
                "DescribeStacks" => {
                    let stack = format!(
                        "<Stacks><member><StackName>dev</StackName>\
                         <StackStatus>{status}</StackStatus></member></Stacks>"
                    );
                    (200, stub::xml("DescribeStacks", &stack))
                }
                other => panic!("{other} was asked"),
            }));
            let mut input = stub::event("terminate");
            input["draining"] = json!({
                "since": stub::at(1), "containerInstances": [], "unstable": [], "services": ["web"]});
            let subject = stub::terminating();
            let finding =
                handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(finding.verdict, verdict, "{status}");
            let counted = finding.extra.services_counted.expect("counts");
            assert_eq!((counted[0].running, counted[0].desired), (0, 2));
        }
    }
}
