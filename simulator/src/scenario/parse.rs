//! Scenarios as text: settings first, then what happens, one thing a line. `#` begins a comment.
//!
//! ```text
//! parameter DrainDeadlinePolicy=retain     service web desired=4 deregistration=300 exit=3
//! instances 2                              daemon logs
//! batch 1                                  task report run=600        (without run= it never ends)
//! seed 7                                   fault drain-hangs
//! variant early-signal-lost
//!
//! deploy | roll | scale N | warm-pool N | event {JSON} | deregister | settle | pass SECONDS
//! | delete-services | delete | create (a stack that need not succeed) | start-workload (after create)
//! | call SERVICE ACTION {JSON}    an operator's call, such as: call autoscaling SetDesiredCapacity {…}
//! | refused STEP                  a call that must be refused
//! | terminate                     the operator ends a retained instance as `ecs-rollout terminate` does;
//!   terminate stop-tasks steps=2  its tasks are stopped first; the program is killed after two steps
//! | alarm NAME | alarm-over NAME  a CloudWatch alarm rings, or no more
//! | fault-over | fault-over NAME  all faults are mended, or one is; `in SECONDS fault NAME` lets one set in
//! | in SECONDS STEP               later, while what the next lines begin goes on
//! | try STEP                      a step that may be refused
//! | start-faults | start-rollout  the faults begin; a rollout begins, and the next line follows at once
//! | heal                          the faults stop, an operator does what the documentation says, and all must end within a bound
//! | expect FACT                   what is to have come of it in the end, see expectation.rs
//! | dies N | agent-away N SECONDS | agent-gone N | spot-interrupted N | …    an incident, see incident.rs
//! ```
//!
//! `$GROUP`, `$CLUSTER` and `$STACK` in JSON stand for their names, `$TEMPLATE` for the id of the
//! group's launch template, `$INSTANCE` for the id of its oldest instance, `$NEWEST` for that of
//! its newest, `$NTH_2` for that of the second in its list and `$RETAINED` for that of the first
//! retained one. What `in` puts off must happen before the scenario ends.

mod error;
mod workload;

use crate::workload::Workload;

use super::expectation::{self, Expectation};
use super::files::{Files, built_in_parameters};
use super::incident::{self, Incident};
use super::{Action, Call, Fault, ModelVariant, Settings, Termination};
pub use error::{LineError, ParseError};
use workload::{daemon, service, task};

/// A scenario as it was written.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it follows from.
    pub settings: Settings,
    /// What happens.
    pub actions: Vec<Action>,
    /// What is to have come of it when it has ended.
    pub expectations: Vec<Expectation>,
}

/// Reads a scenario. `file` is named in messages. Without a line about the workload the built-in
/// one runs.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(file: &str, text: &str) -> Result<Scenario, ParseError> {
    let mut script = Scenario {
        settings: Settings {
            files: Files::built_in(),
            parameters: built_in_parameters(),
            workload: Workload::default(),
            faults: Vec::new(),
            seed: 1,
            variants: Vec::new(),
            mutation: None,
        },
        actions: Vec::new(),
        expectations: Vec::new(),
    };
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        script.take(line).map_err(|error| ParseError {
            file: file.to_owned(),
            line: number + 1,
            error,
        })?;
    }
    let settings = &mut script.settings;
    if settings.workload == Workload::default() {
        let size = settings
            .parameter("ClusterSize")
            .and_then(|size| size.parse().ok());
        settings.workload = Workload::built_in(size.unwrap_or(2).min(LARGEST));
    }
    Ok(script)
}

impl Scenario {
    fn take(&mut self, line: &str) -> Result<(), LineError> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let settings = &mut self.settings;
        match word {
            "parameter" => {
                let (key, value) = rest
                    .split_once('=')
                    .ok_or(LineError::Form("parameter KEY=VALUE"))?;
                settings.set_parameter(key, value);
            }
            "instances" => settings.set_instances(number(rest)?),
            "batch" => settings.set_parameter("BatchSize", number(rest)?.to_string()),
            "seed" => settings.seed = number(rest)?,
            "fault" => settings.faults.push(Fault::from_name(rest)?),
            "variant" => settings.variants.push(variant(rest)?),
            "service" => settings.workload.services.push(service(rest)?),
            "daemon" => settings.workload.services.push(daemon(rest)?),
            "task" => settings.workload.tasks.push(task(rest)?),
            "expect" => self.expectations.push(expectation::read(rest)?),
            _ => self.actions.push(action(word, rest)?),
        }
        Ok(())
    }
}

/// Ten years, in seconds: no scenario is longer.
const LARGEST: u64 = 10 * 365 * 24 * 3600;

fn number(text: &str) -> Result<u64, LineError> {
    let number = text.parse().ok().filter(|number| *number <= LARGEST);
    number.ok_or_else(|| LineError::NotANumber(text.to_owned()))
}

fn variant(name: &str) -> Result<ModelVariant, LineError> {
    let known = ModelVariant::ALL.iter().find(|(_, known)| *known == name);
    known
        .map(|(variant, _)| *variant)
        .ok_or_else(|| LineError::UnknownVariant(name.to_owned()))
}

/// Every word that does something, for the message about one that there is not.
const WORDS: &str = "deploy, roll, create, start-workload, scale, warm-pool, event, deregister, settle, pass, delete-services, delete, call, refused, terminate, alarm, alarm-over, fault-over, in, try, start-faults, start-rollout, heal";

fn action(word: &str, rest: &str) -> Result<Action, LineError> {
    if let Some(action) = alone(word) {
        if rest.is_empty() {
            return Ok(action);
        }
        let (word, rest) = (word.to_owned(), rest.to_owned());
        return Err(LineError::StandsAlone { word, rest });
    }
    Ok(match word {
        "scale" => Action::Scale(number(rest)?),
        "warm-pool" => Action::WarmPool(number(rest)?),
        "event" => Action::PutEvent(object("the event", rest)?),
        "pass" => Action::Advance(number(rest)?),
        "call" => Action::Call(call(rest)?),
        "refused" => match rest.split_once(' ') {
            Some(("call", input)) => Action::Refused(call(input.trim())?),
            _ => return Err(LineError::RefusedNoCall(rest.to_owned())),
        },
        "terminate" => Action::Terminate(termination(rest)?),
        "alarm" => Action::Alarm(name(rest)?),
        "alarm-over" => Action::AlarmEnds(name(rest)?),
        "fault" => Action::FaultStarts(Fault::from_name(rest)?),
        "fault-over" if rest.is_empty() => Action::FaultEnds(None),
        "fault-over" => Action::FaultEnds(Some(Fault::from_name(rest)?)),
        "in" => later(rest)?,
        "try" => Action::Try(Box::new(plain(rest)?)),
        _ => {
            if let Some(incident) = incident(word, rest)? {
                return Ok(Action::Inject(incident));
            }
            return Err(LineError::UnknownWord(word.to_owned()));
        }
    })
}

/// `stop-tasks`, `steps=N`, both or none.
fn termination(text: &str) -> Result<Termination, LineError> {
    let mut how = Termination::default();
    for word in text.split_whitespace() {
        match word.split_once('=') {
            None if word == "stop-tasks" => how.stop_tasks = true,
            Some(("steps", count)) => how.steps = Some(number(count)?),
            _ => return Err(LineError::UnknownOption(word.to_owned())),
        }
    }
    Ok(how)
}

fn name(text: &str) -> Result<String, LineError> {
    if text.is_empty() {
        return Err(LineError::NoName);
    }
    Ok(text.to_owned())
}

/// The words that nothing follows.
fn alone(word: &str) -> Option<Action> {
    Some(match word {
        "deploy" => Action::Deploy,
        "create" => Action::Create,
        "start-workload" => Action::StartWorkload,
        "roll" => Action::Roll,
        "deregister" => Action::Deregister,
        "settle" => Action::WaitIdle,
        "delete-services" => Action::DeleteServices,
        "delete" => Action::Delete,
        "start-faults" => Action::StartFaults,
        "start-rollout" => Action::StartRollout,
        "heal" => Action::Heal,
        _ => return None,
    })
}

fn step(text: &str) -> Result<Action, LineError> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    action(word, rest.trim())
}

/// A step that is neither put off nor tried itself: what is tried is tried once, at the time when
/// it happens.
fn plain(text: &str) -> Result<Action, LineError> {
    match text.split(' ').next() {
        Some(word @ ("in" | "try")) => Err(LineError::CannotFollow {
            word: word.to_owned(),
            on: "try",
        }),
        _ => step(text),
    }
}

/// `SECONDS STEP`; what takes time itself cannot be put off.
fn later(text: &str) -> Result<Action, LineError> {
    let (seconds, rest) = text
        .split_once(' ')
        .ok_or(LineError::Form("in SECONDS STEP"))?;
    let rest = rest.trim();
    if rest.split(' ').next() == Some("in") {
        return Err(LineError::CannotFollow {
            word: "in".to_owned(),
            on: "in",
        });
    }
    let action = step(rest)?;
    if action.takes_time() {
        Err(LineError::TakesTime(rest.to_owned()))
    } else {
        Ok(Action::In(number(seconds)?, Box::new(action)))
    }
}

/// An incident and its numbers, if `word` is one.
fn incident(word: &str, rest: &str) -> Result<Option<Incident>, LineError> {
    if incident::WORDS.iter().all(|known| known.word != word) {
        return Ok(None);
    }
    let numbers: Vec<u64> = rest
        .split_whitespace()
        .map(number)
        .collect::<Result<_, _>>()?;
    Ok(Incident::read(word, &numbers).transpose()?)
}

/// `SERVICE ACTION {JSON}`.
fn call(text: &str) -> Result<Call, LineError> {
    let mut words = text.splitn(3, ' ');
    let (Some(service), Some(action), input) = (words.next(), words.next(), words.next()) else {
        return Err(LineError::Form("call SERVICE ACTION {JSON}"));
    };
    Ok(Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input: object("the input", input.unwrap_or("{}"))?,
    })
}

fn object(what: &'static str, text: &str) -> Result<serde_json::Value, LineError> {
    match serde_json::from_str(text) {
        Ok(object @ serde_json::Value::Object(_)) => Ok(object),
        Ok(value) => Err(LineError::NotAnObject { what, value }),
        Err(error) => Err(LineError::NotJson {
            what,
            cause: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_read() {
        let text = "# a\ninstances 3\nservice web desired=2 deregistration=300\ntask job run=60\nfault throttle\n\ndeploy\nroll\nscale 2";
        let script = read("a.scenario", text).expect("a good scenario");
        assert_eq!(script.settings.parameter("ClusterMaxSize"), Some("6"));
        assert_eq!(
            script.settings.workload.services[0].deregistration_seconds,
            Some(300)
        );
        assert_eq!(
            script.actions,
            [Action::Deploy, Action::Roll, Action::Scale(2)]
        );
    }

    #[test]
    fn a_bad_line_is_refused_with_file_line_and_what_could_stand_there() {
        let message = |text: &str| read("a.scenario", text).expect_err("bad").to_string();
        assert!(
            message("deploy\nfly")
                .starts_with("a.scenario:2: \"fly\" is not a word of a scenario; known are")
        );
        assert!(message("fault x").contains("never-joins"));
        assert!(message("service web color=1").contains("it has desired"));
        assert!(message("instances many").contains("whole number"));
        assert!(message("pass 18446744073709551615").contains("whole number"));
        assert!(message("roll it").contains("stands alone"));
        assert!(message("event [1]").contains("not a JSON object"));
        assert!(message("call ecs").contains("call SERVICE ACTION {JSON}"));
        assert!(message("call ecs ListTasks [1]").contains("not a JSON object"));
        assert!(message("refused roll").contains("`refused` takes a call, not \"roll\""));
        assert!(message("in 60").contains("in SECONDS STEP"));
        assert!(message("terminate now").contains("stop-tasks and steps=N"));
        assert!(message("terminate steps=x").contains("whole number"));
        assert!(message("in soon deregister").contains("whole number"));
        assert!(message("in 60 roll").contains("takes time itself"));
        assert!(message("in 60 fly").contains("is not a word of a scenario"));
        assert!(message("in 60 try roll").contains("takes time itself"));
        assert!(message("in 60 in 60 deregister").contains("cannot follow on in"));
        assert!(message(&"try ".repeat(9999)).contains("cannot follow on try"));
        assert!(message("service web zone=4").contains("there are 1, 2 and 3"));
    }

    #[test]
    fn a_call_may_be_put_off_and_may_have_to_be_refused() {
        let text = "in 60 refused call ecs DeleteCluster {\"cluster\": \"$CLUSTER\"}\ncall ecs ListClusters";
        let actions = read("a.scenario", text).expect("a good scenario").actions;
        let call = |action: &str, input| Call {
            service: "ecs".to_owned(),
            action: action.to_owned(),
            input,
        };
        let delete = call("DeleteCluster", serde_json::json!({"cluster": "$CLUSTER"}));
        let list = call("ListClusters", serde_json::json!({}));
        assert_eq!(
            actions,
            [
                Action::In(60, Box::new(Action::Refused(delete))),
                Action::Call(list)
            ]
        );
    }
}
