//! All that one look at a rollout finds, for a person and for a program.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Batches, Change, Course, Ending, Rank, Row, Snapshot, Standing, how_far, paused,
    without_instance,
};
use crate::aws::{Service, quoted, with_access};
use crate::format::{between, clock};

/// So many services with too few tasks are named.
const SERVICES_NAMED: usize = 10;

/// So many instances that wait are named, those first that wait longest.
const WAITING_NAMED: usize = 20;

/// What was found.
#[derive(Debug, Clone)]
pub struct Status {
    /// AWS's time.
    pub at: Timestamp,
    /// Account, credentials and Region.
    pub place: String,
    /// What was seen.
    pub sight: Snapshot,
    /// How the last operation ended; nothing while one is under way.
    pub ending: Option<Ending>,
    /// Why the operation under way rolls back, if it does and the cause is known.
    pub cause: Option<String>,
}

/// How the last operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ended as it was meant to.
    Well,
    /// It rolled back or failed, or an instance is retained.
    Otherwise,
    /// It has not ended.
    UnderWay,
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something failed, or needs you.
    Bad,
    /// It is as it should be.
    Good,
    /// Neither.
    Plain,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// What it is about.
    pub label: &'static str,
    /// What it says.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl StatusLine {
    fn new(label: &'static str, text: String, tone: Tone) -> Self {
        Self { label, text, tone }
    }
}

impl Status {
    /// How the last operation stands.
    pub fn outcome(&self) -> Outcome {
        match &self.ending {
            None => Outcome::UnderWay,
            Some(ending) if ending.well => Outcome::Well,
            Some(_) => Outcome::Otherwise,
        }
    }

    /// The lines of the text: the answer is the last one.
    pub fn lines(&self) -> Vec<StatusLine> {
        let sight = &self.sight;
        let since = sight.began.filter(|_| self.ending.is_none());
        let since = since.map_or_else(String::new, |began| {
            format!(" since {} ({})", clock(began), between(began, self.at))
        });
        let stack = format!("{} is {}{since}", sight.stack, sight.status);
        let mut lines = vec![
            StatusLine::new("stack", stack, Tone::Plain),
            StatusLine::new("account", self.place.clone(), Tone::Plain),
        ];
        if self.ending.is_none() {
            lines.push(StatusLine::new("rollout", self.progress(), Tone::Plain));
        }
        if let Some(pause) = &sight.pause {
            let text = paused(pause, self.times_out(), self.at, &sight.stack);
            lines.push(StatusLine::new("paused", text, Tone::Bad));
        }
        if let Some(cause) = &self.cause {
            lines.push(StatusLine::new("cause", cause.clone(), Tone::Bad));
        }
        lines.extend(self.instances());
        lines.extend(self.services());
        lines.push(self.answer());
        lines
    }

    /// The answer, in one line.
    fn answer(&self) -> StatusLine {
        match &self.ending {
            Some(ending) if ending.well => StatusLine::new("result", ending.summary(), Tone::Good),
            Some(ending) => StatusLine::new("result", ending.summary(), Tone::Bad),
            None => {
                let stack = quoted(&self.sight.stack);
                let next = with_access(&format!("ecs-rollout watch {stack}"));
                let text = format!("Under way. Next: {next}");
                StatusLine::new("result", text, Tone::Plain)
            }
        }
    }

    /// How far the operation is, and what is under way.
    fn progress(&self) -> String {
        let sight = &self.sight;
        let course = match sight.course() {
            Course::Forward => "rolling forward",
            Course::Back => "rolling back",
            Course::Creation => "being created",
            Course::Deletion => "being deleted",
        };
        let replaced = sight.replaced();
        let so_far = replaced.map(|(done, of)| how_far(&sight.course(), done, of));
        let batch = sight.batches.as_ref();
        let batch = batch.map(|it| format!("batch {} of {}", it.current(), it.all()));
        let (_, _, moving) = Standing::of(sight).progress().parts();
        let moving = Some(moving).filter(|text| !text.is_empty());
        let parts = [Some(course.to_owned()), so_far, batch, moving];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(", ")
    }

    /// When CloudFormation gives the batch up.
    fn times_out(&self) -> Option<Timestamp> {
        self.sight.batches.as_ref().and_then(Batches::times_out)
    }

    /// The instances that wait for something, or for you.
    fn waiting(&self) -> Vec<(Row<'_>, String)> {
        let rows = Row::all(&self.sight).into_iter();
        let rows = rows.filter(|row| !matches!(row.rank, Rank::Old | Rank::New));
        rows.map(|row| (row, row.reason(&self.sight))).collect()
    }

    fn instances(&self) -> Vec<StatusLine> {
        let waiting = self.waiting();
        let left_out = waiting.len().saturating_sub(WAITING_NAMED);
        let named = waiting.into_iter().take(WAITING_NAMED);
        let mut lines: Vec<StatusLine> = named
            .map(|(row, reason)| self.instance(&row, &reason))
            .collect();
        if left_out > 0 {
            let text = format!("{left_out} more instances, see --output json");
            lines.push(StatusLine::new("waiting", text, Tone::Plain));
        }
        lines
    }

    fn instance(&self, row: &Row<'_>, reason: &str) -> StatusLine {
        let member = row.member;
        let since = row.since.map_or_else(String::new, |since| {
            format!(" for {}", between(since, self.at))
        });
        let deadline = row.asked.and_then(|asked| asked.deadline);
        let deadline = deadline.map_or_else(String::new, |end| {
            if end > self.at {
                format!(" Deadline in {}.", between(self.at, end))
            } else {
                " Deadline passed.".to_owned()
            }
        });
        let reason = match without_instance(reason, &member.id) {
            reason if reason.is_empty() => ".".to_owned(),
            reason => format!(": {}.", reason.trim_end_matches('.')),
        };
        let text = format!("{} {}{since}{reason}{deadline}", member.id, member.state);
        if row.rank == Rank::Stuck {
            StatusLine::new("needs you", text, Tone::Bad)
        } else {
            StatusLine::new("waiting", text, Tone::Plain)
        }
    }

    /// The services that have fewer tasks than they want.
    fn degraded(&self) -> impl Iterator<Item = &Service> {
        let services = self.sight.services.values();
        services.filter(|one| one.running < one.desired)
    }

    fn services(&self) -> Vec<StatusLine> {
        let mut lines: Vec<StatusLine> = Vec::new();
        for one in self.degraded().take(SERVICES_NAMED) {
            let change = Change::Service {
                service: one.name.clone(),
                running: one.running,
                desired: one.desired,
                pending: one.pending,
                message: one.message.clone(),
            };
            let (name, running, why) = change.parts();
            let text = format!("{name} {running}, {why}");
            lines.push(StatusLine::new("degraded", text, Tone::Bad));
        }
        let left_out = self.degraded().count().saturating_sub(SERVICES_NAMED);
        if left_out > 0 {
            let text = format!("{left_out} more services, see --output json");
            lines.push(StatusLine::new("degraded", text, Tone::Bad));
        }
        let seen = self.sight.services.len();
        if let Some(all) = self.sight.services_listed.filter(|all| *all > seen) {
            let text = format!("{seen} of {all} looked at");
            lines.push(StatusLine::new("services", text, Tone::Plain));
        }
        lines
    }

    /// One object. `outcome` decides the exit code.
    pub fn json(&self) -> Value {
        let sight = &self.sight;
        let outcome = match self.outcome() {
            Outcome::Well => "well",
            Outcome::Otherwise => "otherwise",
            Outcome::UnderWay => "underWay",
        };
        let mut progress = json!(Standing::of(sight).progress());
        if let Some(members) = progress.as_object_mut() {
            members.remove("kind");
        }
        let waiting = self.waiting();
        let waiting = waiting.iter().map(|(row, reason)| {
            json!({
                "instance": row.member.id,
                "state": row.member.state.to_string(),
                "needsYou": row.rank == Rank::Stuck,
                "worker": row.asked.map(|asked| asked.said.worker),
                "verdict": row.asked.map(|asked| &asked.said.verdict),
                "reason": reason,
                "since": row.since,
                "deadline": row.asked.and_then(|asked| asked.deadline),
                "executionArn": row.asked.map(|asked| &asked.execution),
            })
        });
        let retained = sight.members.iter().filter(|it| it.state.is_retained());
        let degraded = self.degraded().map(|one| {
            json!({"service": one.name, "running": one.running, "desired": one.desired,
                "pending": one.pending, "message": one.message})
        });
        let pause = sight.pause.as_ref().map(|pause| {
            json!({"reason": pause.why, "since": pause.since, "batchTimesOut": self.times_out()})
        });
        let batch = sight.batches.as_ref();
        json!({
            "at": format!("{:.3}", self.at),
            "stack": sight.stack,
            "region": sight.region,
            "status": sight.status,
            "outcome": outcome,
            "began": sight.began,
            "progress": progress,
            "batch": batch.map(Batches::current),
            "batches": batch.map(Batches::all),
            "pause": pause,
            "cause": self.cause,
            "waiting": waiting.collect::<Vec<_>>(),
            "retained": retained.map(|it| &it.id).collect::<Vec<_>>(),
            "degraded": degraded.collect::<Vec<_>>(),
            "end": self.ending,
        })
    }
}
