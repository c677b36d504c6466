//! What `--fault` names: a fault that lasts, or an incident in the middle of the rollout.

use crate::failure::Failure;
use simulator::scenario::incident::{self, Incident};
use simulator::scenario::{Action, Fault};

/// Seconds from the start of the rollout to the injection of an incident: the first new
/// instance joins about then.
const INJECTED_AFTER: u64 = 120;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// All the time.
    Fault(Fault),
    /// Once.
    Incident(Incident),
}

impl Disturbance {
    /// The disturbance called `name`.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn from_name(name: &str) -> Result<Self, Failure> {
        match (Fault::from_name(name), Incident::usual(name)) {
            (Ok(fault), _) => Ok(Self::Fault(fault)),
            (Err(_), Some(incident)) => Ok(Self::Incident(incident)),
            (Err(message), None) => {
                let once: Vec<&str> = once().map(|(name, _)| name).collect();
                Err(format!("{message}, {}", once.join(", ")).into())
            }
        }
    }

    /// The fault, if it is one.
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Incident(_) => None,
        }
    }

    /// Whether it is of Spot instances only.
    pub fn is_of_spot(self) -> bool {
        matches!(self, Self::Incident(incident) if incident.is_of_spot())
    }

    /// What a scenario puts off for it.
    pub fn later(self) -> Option<Action> {
        match self {
            Self::Fault(_) => None,
            Self::Incident(incident) => {
                let injection = Action::Inject(incident);
                Some(Action::In(INJECTED_AFTER, Box::new(injection)))
            }
        }
    }
}

/// The incidents, each with what it does, but for one that has the name of a fault: the flag means
/// the fault then.
fn once() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = incident::WORDS
        .iter()
        .map(|known| (known.word, known.about));
    all.filter(|(name, _)| Fault::from_name(name).is_err())
}

/// The names with what each does.
pub fn help() -> String {
    let faults = Fault::ALL.iter().map(|(_, name, what)| (*name, *what));
    let line = |(name, what)| format!("  {name}: {what}");
    let (lasting, once): (Vec<String>, Vec<String>) =
        (faults.map(line).collect(), once().map(line).collect());
    format!(
        "Something that goes wrong; may be given several times.\n\nAll the time:\n{}\n\nOnce, {INJECTED_AFTER} s after the rollout has begun:\n{}",
        lasting.join("\n"),
        once.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_listed_once_and_means_what_its_line_says() {
        let help = help();
        let names = help.lines().filter_map(|line| line.strip_prefix("  "));
        let mut names: Vec<&str> = names
            .filter_map(|line| Some(line.split_once(": ")?.0))
            .collect();
        assert!(
            names.contains(&"agent-gone") && names.contains(&"agent-away"),
            "{help}"
        );
        for name in &names {
            Disturbance::from_name(name).expect(name);
        }
        let listed = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), listed, "{help}");
        let gone = Disturbance::from_name("agent-gone").expect("it is listed");
        assert!(gone.fault().is_some(), "{gone:?}");
    }
}
