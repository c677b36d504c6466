//! What `--fault` names: a fault that lasts, or something that befalls the cluster in the middle of the roll.

use rehearsal::story::mishap::{self, Mishap};
use rehearsal::story::{Action, Fault};

/// So many seconds after the roll has begun a mishap befalls the cluster: the first new instance joins about then.
const BEFALLS_AFTER: u64 = 120;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// All the time.
    Fault(Fault),
    /// Once.
    Mishap(Mishap),
}

impl Trouble {
    /// The trouble called `name`.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn from_name(name: &str) -> Result<Self, String> {
        if let Some(mishap) = Mishap::usual(name) {
            return Ok(Self::Mishap(mishap));
        }
        let befalls: Vec<&str> = mishap::WORDS.iter().map(|(word, ..)| *word).collect();
        let befalls = befalls.join(", ");
        let fault = Fault::from_name(name).map_err(|message| format!("{message}, {befalls}"))?;
        Ok(Self::Fault(fault))
    }

    /// The fault, if it is one.
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Mishap(_) => None,
        }
    }

    /// Whether it befalls Spot instances only.
    pub fn is_of_spot(self) -> bool {
        matches!(self, Self::Mishap(mishap) if mishap.is_of_spot())
    }

    /// What a story puts off for it.
    pub fn later(self) -> Option<Action> {
        match self {
            Self::Fault(_) => None,
            Self::Mishap(mishap) => {
                let befall = Action::Befall(mishap);
                Some(Action::In(BEFALLS_AFTER, Box::new(befall)))
            }
        }
    }
}

/// The names with what each does.
pub fn help() -> String {
    let faults = Fault::ALL.iter().map(|(_, name, what)| (name, what));
    let befalls = mishap::WORDS.iter().map(|(name, _, what)| (name, what));
    let line = |(name, what)| format!("  {name}: {what}");
    let (lasting, once): (Vec<String>, Vec<String>) =
        (faults.map(line).collect(), befalls.map(line).collect());
    format!(
        "Something that goes wrong; may be given several times.\n\nAll the time:\n{}\n\nOnce, {BEFALLS_AFTER} s after the roll has begun:\n{}",
        lasting.join("\n"),
        once.join("\n")
    )
}
