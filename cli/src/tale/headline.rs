//! The headline of a report: what came of the operation, why, and what you can do next; and its milestones.

use jiff::Timestamp;
use serde::Serialize;

use super::{End, Life, Passage, Source};
use crate::aws::{RollingStep, console};
use crate::format::seconds;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// In a sentence.
    pub text: String,
    /// Why, if it did not end well.
    pub cause: Option<String>,
    /// The next step, if there is one.
    pub next: Option<String>,
    /// What puts the old AMI id back before the next update, after a rollback.
    pub restore: Option<String>,
}

/// A turn in the course of the operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Milestone {
    /// When.
    pub at: Timestamp,
    /// What, such as `batch`, `cancel` or `rollback`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// A page of a console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What is there.
    pub label: String,
    /// Its address.
    pub url: String,
}

/// The headline of an operation that took so many seconds; `well` is not known while it is under way.
pub fn headline(
    source: &Source,
    (outcome, well, took): (&str, Option<bool>, f64),
    instances: &[Life],
) -> Headline {
    let serving = || source.members.iter().filter(|one| one.is_in_service());
    let on_version = serving()
        .filter(|one| one.version == source.version)
        .count();
    let ami = source
        .ami
        .as_deref()
        .map_or_else(String::new, |ami| format!(" on {ami}"));
    let counted = format!("{on_version} of {}{ami}", serving().count());
    let took = seconds(took);
    let is_back = outcome.contains("ROLLBACK");
    let text = match well {
        None => format!("Under way for {took}: {outcome}, {counted}."),
        Some(true) if outcome == "CREATE_COMPLETE" => {
            format!("Stack created in {took}: {counted}.")
        }
        Some(true) => format!("Rollout complete: {counted} in {took}."),
        Some(false) if is_back => format!("Rolled back in {took}: {counted}."),
        Some(false) => format!("{outcome} after {took}, not as intended: {counted}."),
    };
    Headline {
        text,
        cause: cause(source).filter(|_| well == Some(false)),
        next: next(instances).or_else(|| watch(source, well)),
        restore: source.restore.clone(),
    }
}

/// The execution that failed first, or else what CloudFormation says.
fn cause(source: &Source) -> Option<String> {
    let failed = source.passages.iter().filter(|it| it.has_failed());
    let first = failed.min_by_key(|it| it.stopped.unwrap_or(it.started));
    if let Some(first) = first {
        let why = match first.cause.as_str() {
            "" => format!("its execution is {}", first.status),
            cause => cause.to_owned(),
        };
        return Some(format!("{} ({}): {why}", first.instance, error(first)));
    }
    if cancelled(source).is_some() {
        return Some("the update was cancelled".to_owned());
    }
    let mut events = source.events.iter().filter(|it| !it.reason.is_empty());
    let failed = events.find(|it| it.status.ends_with("_FAILED"));
    failed.map(|it| format!("{} is {}: {}", it.resource, it.status, it.reason))
}

fn error(passage: &Passage) -> &str {
    match passage.error.as_str() {
        "" => &passage.status,
        error => error,
    }
}

/// When the update was cancelled, if a resource says so and none failed before it.
fn cancelled(source: &Source) -> Option<Timestamp> {
    let mut failed = source
        .events
        .iter()
        .filter(|it| it.status.ends_with("_FAILED"));
    failed.next().filter(|it| it.is_cancelled()).map(|it| it.at)
}

fn next(instances: &[Life]) -> Option<String> {
    let ended_as = |end: End| instances.iter().find(|it| it.end == end);
    let id = ended_as(End::Retained).or_else(|| ended_as(End::HookLeftOpen));
    id.map(|life| match life.end {
        End::Retained => format!(
            "ecs-rollout explain {0}, then ecs-rollout terminate {0}",
            life.id
        ),
        _ => format!("ecs-rollout explain {}", life.id),
    })
}

fn watch(source: &Source, well: Option<bool>) -> Option<String> {
    well.is_none()
        .then(|| format!("ecs-rollout watch {}", source.stack))
}

/// The turns of the operation, in order.
pub fn milestones(source: &Source) -> Vec<Milestone> {
    let mut milestones = Vec::new();
    let (mut batches, mut of) = (0, 0);
    let mut put = |at: Timestamp, kind: &'static str, text: String| {
        milestones.push(Milestone { at, kind, text });
    };
    for event in &source.events {
        if event.resource == source.stack {
            match event.status.as_str() {
                "UPDATE_IN_PROGRESS" => put(event.at, "begin", "the update begins".to_owned()),
                "UPDATE_ROLLBACK_IN_PROGRESS" => {
                    (batches, of) = (0, 0);
                    put(event.at, "rollback", "the update rolls back".to_owned());
                }
                status if status.ends_with("_COMPLETE") => {
                    put(event.at, "end", format!("CloudFormation is done: {status}"));
                }
                _ => {}
            }
            continue;
        }
        match event.rolling_step() {
            Some(RollingStep::Begins { obsolete, batch }) => {
                (batches, of) = (0, obsolete.div_ceil(batch.max(1)));
            }
            Some(RollingStep::Batch) => {
                batches += 1;
                let of = of.max(batches);
                put(
                    event.at,
                    "batch",
                    format!("batch {batches} of {of} is terminated"),
                );
            }
            _ => {}
        }
    }
    if let Some(at) = cancelled(source) {
        put(at, "cancel", "the update is cancelled".to_owned());
    }
    milestones.sort_by_key(|it| it.at);
    milestones
}

/// Where the consoles show more: the stack, the group, and each execution that failed.
pub fn links(source: &Source) -> Vec<Link> {
    let region = &source.region;
    let mut links = Vec::new();
    if !source.stack_id.is_empty() {
        let id = source.stack_id.replace(':', "%3A").replace('/', "%2F");
        links.push(Link {
            label: "events of the stack".to_owned(),
            url: format!(
                "{}/cloudformation/home?region={region}#/stacks/events?stackId={id}",
                host(region, &source.stack_id)
            ),
        });
        links.push(Link {
            label: "activity of the group".to_owned(),
            url: format!(
                "{}/ec2/home?region={region}#AutoScalingGroupDetails:id={};view=activity",
                host(region, &source.stack_id),
                source.group
            ),
        });
    }
    let failed = source
        .passages
        .iter()
        .filter(|it| it.has_failed() && !it.arn.is_empty());
    links.extend(failed.map(|it| Link {
        label: format!("failed execution of {}", it.instance),
        url: console(region, &it.arn),
    }));
    links
}

/// The console of the partition that an ARN is of.
fn host(region: &str, arn: &str) -> String {
    let whole = console(region, arn);
    let end = whole.find("/states/").unwrap_or(whole.len());
    whole[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Member, StackEvent};
    use crate::tale::Origin;
    use workers::model::group::LifecycleState;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn event(second: i64, resource: &str, status: &str, reason: &str) -> StackEvent {
        StackEvent {
            id: second.to_string(),
            at: at(second),
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn source(events: Vec<StackEvent>) -> Source {
        let member = |id: &str| Member {
            id: id.to_owned(),
            state: LifecycleState::InService,
            version: "2".to_owned(),
            zone: String::new(),
        };
        Source {
            stack: "s".to_owned(),
            stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1".to_owned(),
            region: "eu-west-1".to_owned(),
            group: "g".to_owned(),
            version: "2".to_owned(),
            ami: Some("ami-1".to_owned()),
            members: vec![member("i-1"), member("i-2")],
            events,
            ..Source::default()
        }
    }

    #[test]
    fn the_headline_says_what_came_of_it_why_and_what_is_next() {
        let well = headline(
            &source(Vec::new()),
            ("UPDATE_COMPLETE", Some(true), 887.0),
            &[],
        );
        assert_eq!(well.text, "Rollout complete: 2 of 2 on ami-1 in 14m47s.");
        assert_eq!((well.cause, well.next), (None, None));
        let failed = Passage {
            instance: "i-9".to_owned(),
            status: "FAILED".to_owned(),
            error: "DrainFailed".to_owned(),
            cause: "a task runs".to_owned(),
            ..Passage::default()
        };
        let back = Source {
            passages: vec![failed],
            ..source(Vec::new())
        };
        let retained = Life {
            id: "i-9".to_owned(),
            version: None,
            origin: Origin::Before,
            end: End::Retained,
            reason: String::new(),
            phases: Vec::new(),
        };
        let told = headline(
            &back,
            ("UPDATE_ROLLBACK_COMPLETE", Some(false), 60.0),
            &[retained],
        );
        assert_eq!(told.text, "Rolled back in 1m00s: 2 of 2 on ami-1.");
        assert_eq!(
            told.cause.as_deref(),
            Some("i-9 (DrainFailed): a task runs")
        );
        assert_eq!(
            told.next.as_deref(),
            Some("ecs-rollout explain i-9, then ecs-rollout terminate i-9")
        );
        let open = headline(&back, ("UPDATE_IN_PROGRESS", None, 60.0), &[]);
        assert_eq!(open.next.as_deref(), Some("ecs-rollout watch s"));
    }

    #[test]
    fn batches_rollback_and_cancel_are_milestones() {
        let group = |second, reason: &str| event(second, "Group", "UPDATE_IN_PROGRESS", reason);
        let begins =
            "Rolling update initiated. Terminating 4 obsolete instance(s) in batches of 2.";
        let batch = "Terminating instance(s) [i-1,i-2]; replacing with 2 new instance(s).";
        let source = source(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            group(2, begins),
            group(3, batch),
            event(4, "Group", "UPDATE_FAILED", "Resource update cancelled"),
            event(5, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
            group(6, &begins.replace('4', "2")),
            group(7, batch),
            event(8, "s", "UPDATE_ROLLBACK_COMPLETE", ""),
        ]);
        let told = milestones(&source);
        let told: Vec<(&str, &str)> = told.iter().map(|it| (it.kind, it.text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("begin", "the update begins"),
                ("batch", "batch 1 of 2 is terminated"),
                ("cancel", "the update is cancelled"),
                ("rollback", "the update rolls back"),
                ("batch", "batch 1 of 1 is terminated"),
                ("end", "CloudFormation is done: UPDATE_ROLLBACK_COMPLETE"),
            ]
        );
        let cause = headline(&source, ("UPDATE_ROLLBACK_COMPLETE", Some(false), 7.0), &[]).cause;
        assert_eq!(cause.as_deref(), Some("the update was cancelled"));
    }

    #[test]
    fn links_lead_to_the_console_of_the_region() {
        let urls: Vec<String> = links(&source(Vec::new()))
            .into_iter()
            .map(|it| it.url)
            .collect();
        assert_eq!(
            urls,
            [
                "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/events?stackId=\
                 arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack%2Fs%2F1",
                "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=g;view=activity",
            ]
        );
    }
}
