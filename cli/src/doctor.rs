//! What stands between an operator and a rollout: credentials, Region, clock, permissions. Each
//! finding is one line; what is wrong names the way out.
//!
//! `permissions`: the calls of the verbs, each tried once.

mod permissions;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulator::narrator::Severity;
use workers::Error;

use crate::aws::{Access, Aws, Place, Stack, error_text, is_about_credentials};
use crate::format::duration;
use crate::settings::Settings;
use permissions::Probes;

/// The column at which the texts stand.
pub const VALUES: usize = 56;

/// AWS refuses a signature whose time differs by more than five minutes
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>).
const SKEW_AT_MOST: SignedDuration = SignedDuration::from_mins(5);

/// What was found about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is as it should be.
    Ok,
    /// It may be as it should be; nothing depends on it, or it was not checked.
    Note,
    /// It is wrong.
    Wrong,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it is.
    pub state: State,
    /// What was found; of what is wrong, the way out too.
    pub text: String,
}

/// All findings, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    fn add(&mut self, subject: impl Into<String>, state: State, text: impl Into<String>) {
        self.findings.push(Finding {
            subject: subject.into(),
            state,
            text: text.into(),
        });
    }

    /// How many things are wrong.
    pub fn wrong(&self) -> usize {
        let findings = self.findings.iter();
        findings.filter(|it| it.state == State::Wrong).count()
    }

    /// One object. `wrong` decides the exit code.
    pub fn json(&self) -> Value {
        let findings = self
            .findings
            .iter()
            .map(|it| json!({"subject": it.subject, "state": it.state.name(), "text": it.text}));
        json!({"wrong": self.wrong(), "findings": findings.collect::<Vec<_>>()})
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Wrong => "WRONG",
        }
    }

    /// How a line of it looks.
    pub fn severity(self) -> Severity {
        match self {
            Self::Ok => Severity::Good,
            Self::Note => Severity::Plain,
            Self::Wrong => Severity::Bad,
        }
    }
}

impl Finding {
    /// The finding as a line.
    pub fn line(&self) -> String {
        let (state, subject) = (self.state.name(), &self.subject);
        let line = format!(
            "{state:<6} {subject:<width$} {}",
            self.text,
            width = VALUES - 8
        );
        line.trim_end().to_owned()
    }
}

/// Looks at everything, as this access leads to it; at the stack too, if one is named.
pub async fn diagnose(access: &Access, stack: Option<&str>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    of_this_program(&mut diagnosis);
    match access.connect().await {
        Ok(aws) => of_account(&mut diagnosis, &aws, stack, workers::boot::clock()).await,
        Err(failure) => diagnosis.add("credentials and Region", State::Wrong, failure.to_string()),
    }
    diagnosis
}

fn of_this_program(diagnosis: &mut Diagnosis) {
    diagnosis.add("version", State::Ok, env!("CARGO_PKG_VERSION"));
    let text = match &Settings::kept().file {
        Some(file) => workers::text::printable(&file.to_string_lossy()).into_owned(),
        None => "no configuration file".to_owned(),
    };
    diagnosis.add("configuration", State::Ok, text);
}

/// Looks at the account, and at the stack if one is named, while the clock of this machine shows
/// `local`.
pub async fn of_account(
    diagnosis: &mut Diagnosis,
    aws: &Aws,
    stack: Option<&str>,
    local: Timestamp,
) {
    if let Some(place) = Place::settled() {
        diagnosis.add("Region", State::Ok, place.region());
        diagnosis.add("endpoint", State::Ok, place.endpoints());
    }
    if !identity(diagnosis, aws).await {
        // No other call would find anything else.
        return;
    }
    clock(diagnosis, aws, local);
    let mut probes = Probes { aws, diagnosis };
    match stack {
        Some(name) => {
            if let Some(stack) = probes.stack(name).await {
                template(probes.diagnosis, &stack);
                probes.of_stack(&stack).await;
            }
        }
        None => probes.of_all_stacks().await,
    }
    let text = "the calls that change something, such as cloudformation:UpdateStack: AWS has no way to try them without effect";
    diagnosis.add("not checked", State::Note, text);
}

/// Who asks; whether AWS answers at all, and accepts the credentials.
async fn identity(diagnosis: &mut Diagnosis, aws: &Aws) -> bool {
    match aws.caller().await {
        Ok(caller) => {
            let text = format!(
                "{}: {} in account {}",
                aws.identity.source, caller.arn, caller.account
            );
            diagnosis.add("credentials", State::Ok, text);
            true
        }
        Err(error) => {
            diagnosis.add("credentials", State::Wrong, error_text(&error));
            !is_about_credentials(&error) && !matches!(error, Error::Unavailable { .. })
        }
    }
}

/// Whether this machine's clock, which showed `local` when it began, is near AWS's, by the dates of
/// the answers.
fn clock(diagnosis: &mut Diagnosis, aws: &Aws, local: Timestamp) {
    let (state, text) = if Place::settled().is_some_and(Place::is_local) {
        let text = "not compared: an account on this machine has a time of its own";
        (State::Note, text.to_owned())
    } else {
        skew(aws.clients.clock.at(local), local)
    };
    diagnosis.add("clock", state, text);
}

fn skew(aws: Timestamp, local: Timestamp) -> (State, String) {
    let apart = aws.duration_since(local);
    let which = if apart.is_negative() {
        "ahead of"
    } else {
        "behind"
    };
    match apart.abs() {
        none if none < SignedDuration::from_secs(1) => {
            (State::Ok, "agrees with that of AWS".to_owned())
        }
        some if some < SKEW_AT_MOST => (
            State::Ok,
            format!(
                "{} {which} that of AWS, which is taken into account",
                duration(some)
            ),
        ),
        some => (
            State::Wrong,
            format!(
                "{} {which} that of AWS, which refuses signatures that differ by more than 5m00s. Set the clock of this machine, such as \
                 by NTP",
                duration(some)
            ),
        ),
    }
}

/// Whether the stack has what the verbs need.
fn template(diagnosis: &mut Diagnosis, stack: &Stack) {
    let needed = [stack.group(), stack.state_machine(), stack.cluster()];
    let missing: Vec<String> = needed
        .into_iter()
        .filter_map(|output| output.err().map(|error| error.to_string()))
        .collect();
    if let Some(first) = missing.first() {
        diagnosis.add("template", State::Wrong, first.clone());
    } else if stack.reconciler().is_none() {
        let text = "an earlier version, which has no reconciler: a lost event leaves an instance at its hook. Update the stack with the \
                    present template";
        diagnosis.add("template", State::Note, text);
    } else {
        diagnosis.add("template", State::Ok, "has the outputs that the verbs need");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_aws_would_refuse_is_wrong() {
        let local: Timestamp = "2026-12-01T10:00:00Z".parse().expect("a time");
        let of = |seconds: i64| skew(local + SignedDuration::from_secs(seconds), local);
        assert_eq!(of(0).0, State::Ok);
        assert_eq!(of(60).0, State::Ok);
        let (state, text) = of(-600);
        assert_eq!(state, State::Wrong);
        assert!(text.starts_with("10m00s ahead of that of AWS"), "{text}");
        assert!(of(600).1.starts_with("10m00s behind"), "{}", of(600).1);
    }

    #[test]
    fn a_line_has_state_subject_and_text() {
        let mut diagnosis = Diagnosis::default();
        diagnosis.add("clock", State::Wrong, "10m00s behind");
        let line = diagnosis.findings[0].line();
        assert!(line.starts_with("WRONG  clock "), "{line}");
        assert_eq!(line.find("10m00s"), Some(VALUES), "{line}");
        assert_eq!(diagnosis.wrong(), 1);
    }
}
