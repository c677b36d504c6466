//! Reads what a tale is made of out of an account: patiently, and with few calls a second.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, sleep_until};
use workers::Error;

use crate::aws::{Activity, Aws, Past, Stack, StackEvent, error_text};
use crate::failure::Failure;
use crate::tale::{Passage, Reading, Source, answers};

/// So long after a call the next one is made: a quarter of the 20 a second that AWS lets one have of histories, which others
/// need too.
pub const PACE: Duration = Duration::from_millis(200);

/// So long it waits after a call that was throttled, and at most, and how often.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
const TRIES: u32 = 12;

/// What begins so soon after something of the roll has ended belongs to it: the drain that follows a launch, or a scale-in at
/// the end of an update.
const BELONGS: SignedDuration = SignedDuration::from_mins(2);

/// The operations of a stack, by the status with which they begin.
const OPERATIONS: [&str; 3] = [
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
];

/// Reads an account.
#[derive(Debug)]
pub struct Reader {
    aws: Aws,
    pace: Duration,
    next: Instant,
    progress: ProgressBar,
}

/// Makes one call, again and again until it is answered or refused for good.
macro_rules! patiently {
    ($reader:ident, $aws:ident => $call:expr) => {{
        let mut wait = PATIENCE.0;
        let mut tries = 0;
        loop {
            sleep_until($reader.next).await;
            $reader.next = Instant::now() + $reader.pace;
            let $aws = &$reader.aws;
            tries += 1;
            match $call.await {
                Ok(answer) => break answer,
                Err(error) if tries < TRIES && passes(&error) => {
                    $reader.progress.suspend(|| {
                        anstream::eprintln!("ecs-rollout: {}; waiting", error_text(&error));
                    });
                    sleep(wait).await;
                }
                Err(error) => return Err(Failure::from(&error)),
            }
            wait = (wait * 2).min(PATIENCE.1);
        }
    }};
}

/// Reads all pages, while `$more` of a page says that more is wanted.
macro_rules! pages {
    ($reader:ident, $aws:ident, $next:ident => $call:expr, $more:expr) => {{
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = patiently!($reader, $aws => {
                let $next = token.clone();
                $call
            });
            let more = $more(&page.items);
            all.extend(page.items);
            token = page.next;
            if token.is_none() || !more {
                break all;
            }
        }
    }};
}

fn passes(error: &Error) -> bool {
    matches!(error, Error::Throttled { .. } | Error::Unavailable { .. })
}

impl Reader {
    /// A reader of the account that waits so long between two calls; it shows how far it is if `shows`, and if there is a
    /// terminal.
    pub fn new(aws: Aws, pace: Duration, shows: bool) -> Self {
        let target = match shows && std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let progress = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} histories read")
            .expect("a constant template");
        progress.set_style(style.progress_chars("=> "));
        Self {
            aws,
            pace,
            next: Instant::now(),
            progress,
        }
    }

    /// Reads what has happened to a stack since what `since` makes of AWS's time; or, if that is nothing, its last operation,
    /// with the drains after it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn read(
        &mut self,
        name: &str,
        since: impl FnOnce(Timestamp) -> Result<Option<Timestamp>, Failure>,
    ) -> Result<Source, Failure> {
        let stack = patiently!(self, aws => aws.stack(name));
        let since = since(self.aws.now())?;
        let (group, machine) = (stack.group()?, stack.state_machine()?);
        let definition = patiently!(self, aws => aws.definition(&machine));
        let (began, events) = self.events(&stack, since).await?;
        let started = pages!(self, aws, next => aws.past_executions(&machine, next),
            |page: &[Past]| page.iter().all(|it| it.started >= began));
        let ended = events.last().map_or(began, |it| it.at);
        let until = match (since, stack.is_busy()) {
            (None, false) => Some(ended),
            _ => None,
        };
        let (past, until) = belonging(started, began, until);
        let (passages, forgotten) = self.passages(&definition, &past).await?;
        let activities = pages!(self, aws, next => aws.activities(&group, next),
            |page: &[Activity]| page.last().is_none_or(|it| it.began >= began));
        let in_time =
            |it: &Activity| it.began >= began && until.is_none_or(|until| it.began <= until);
        let group = patiently!(self, aws => aws.group(&group));
        let cluster = stack.parameter("EcsClusterName").unwrap_or_default();
        Ok(Source {
            cluster: cluster.to_owned(),
            stack: stack.name,
            status: stack.status,
            region: self.aws.region.clone(),
            now: self.aws.now(),
            activities: activities.into_iter().filter(in_time).collect(),
            members: group.members,
            version: group.version,
            began,
            events,
            passages,
            forgotten,
            definition,
        })
    }

    /// When the tale begins, and the stack's events from then on, oldest first.
    async fn events(
        &mut self,
        stack: &Stack,
        since: Option<Timestamp>,
    ) -> Result<(Timestamp, Vec<StackEvent>), Failure> {
        let name = &stack.name;
        let begins =
            |it: &StackEvent| it.resource == *name && OPERATIONS.contains(&it.status.as_str());
        let mut events = pages!(self, aws, next => aws.stack_events_from(name, next),
        |page: &[StackEvent]| match since {
            Some(since) => page.last().is_none_or(|it| it.at >= since),
            None => !page.iter().any(begins),
        });
        if let Some(since) = since {
            events.retain(|it| it.at >= since);
            events.reverse();
            return Ok((since, events));
        }
        let Some(place) = events.iter().position(begins) else {
            return Err(format!(
                "stack {name} has no events of an operation any more (CloudFormation keeps them for 90 days); --since says from \
                 when on the instances' executions are told"
            )
            .into());
        };
        let began = events[place].at;
        if events[place].status == "CREATE_IN_PROGRESS" {
            return Err(format!(
                "stack {name} was created at {began:.0} and has never rolled since; --since {began:.0} tells its creation"
            )
            .into());
        }
        events.truncate(place + 1);
        events.reverse();
        Ok((began, events))
    }

    /// The executions' own histories, and how many of them are forgotten.
    async fn passages(
        &mut self,
        definition: &str,
        past: &[Past],
    ) -> Result<(Vec<Passage>, usize), Failure> {
        let definition = serde_json::from_str(definition)
            .map_err(|error| format!("the state machine's definition is not JSON: {error}"))?;
        let answers = answers(&definition);
        let (mut passages, mut forgotten) = (Vec::new(), 0);
        self.progress.set_length(past.len() as u64);
        for one in past {
            let mut reading = Reading::of(one, &answers);
            let mut next = None;
            let is_whole = loop {
                let page = patiently!(self, aws => aws.history(&one.arn, next.clone()));
                let Some(page) = page else {
                    break false;
                };
                page.items.iter().for_each(|event| reading.take(event));
                next = page.next;
                if next.is_none() {
                    break true;
                }
            };
            match is_whole {
                true => passages.push(reading.end(self.aws.now())),
                false => forgotten += 1,
            }
            self.progress.inc(1);
        }
        self.progress.finish_and_clear();
        Ok((passages, forgotten))
    }
}

/// Those of the executions that belong to an operation from `began` until `ended`, and until when anything belongs to it; or
/// all since `began`.
fn belonging(
    mut started: Vec<Past>,
    began: Timestamp,
    ended: Option<Timestamp>,
) -> (Vec<Past>, Option<Timestamp>) {
    started.retain(|it| it.started >= began);
    started.sort_by(|a, b| (a.started, &a.arn).cmp(&(b.started, &b.arn)));
    let Some(ended) = ended else {
        return (started, None);
    };
    let mut until = ended.saturating_add(BELONGS).unwrap_or(ended);
    let mut belongs = Vec::new();
    for one in started {
        if one.started > until {
            break;
        }
        let stopped = one.stopped.unwrap_or(Timestamp::MAX);
        until = until.max(stopped.saturating_add(BELONGS).unwrap_or(stopped));
        belongs.push(one);
    }
    (belongs, Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_in_of_the_next_day_does_not_belong_to_the_roll() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).expect("in range");
        let past = |name: &str, started: i64, stopped: Option<i64>| Past {
            arn: name.to_owned(),
            status: String::new(),
            started: at(started),
            stopped: stopped.map(at),
        };
        let all = vec![
            past("next day", 1500, Some(1510)),
            past("last drain", 29, Some(50)),
            past("after it", 51, Some(60)),
            past("first", 1, Some(5)),
            past("before", -9, Some(-2)),
        ];
        let names = |(of, _): (Vec<Past>, _)| of.into_iter().map(|it| it.arn).collect::<Vec<_>>();
        let told = names(belonging(all.clone(), at(0), Some(at(30))));
        assert_eq!(told, ["first", "last drain", "after it"]);
        let told = names(belonging(all, at(0), None));
        assert_eq!(told, ["first", "last drain", "after it", "next day"]);
    }
}
