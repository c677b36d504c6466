//! What reads text from outside, as functions that take any bytes: they read them as the product
//! does, and panic when an invariant of the reader breaks. `parsers/main.rs` calls them with a kept
//! corpus and mutations of it, `../fuzz` with whatever libFuzzer finds.

mod asl;
mod calls;
mod event;
mod filter;
mod parameters;
mod scenario;
mod scene;
mod template;
mod wire;
mod workload;

use serde_json::{Value, json};

/// What a reader said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It reads this.
    Accepted,
    /// It does not, and says why.
    Refused(String),
}

/// A reader.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of the folder of its corpus, and of the long run.
    pub name: &'static str,
    run: fn(&[u8]) -> Verdict,
}

/// All readers.
pub const ALL: [Target; 9] = [
    Target {
        name: "asl",
        run: asl::run,
    },
    Target {
        name: "calls",
        run: calls::run,
    },
    Target {
        name: "event",
        run: event::run,
    },
    Target {
        name: "filter",
        run: filter::run,
    },
    Target {
        name: "parameters",
        run: parameters::run,
    },
    Target {
        name: "scenario",
        run: scenario::run,
    },
    Target {
        name: "template",
        run: template::run,
    },
    Target {
        name: "wire",
        run: wire::run,
    },
    Target {
        name: "workload",
        run: workload::run,
    },
];

/// A message may quote what it is about, escaped, and some words besides; nothing makes it grow
/// faster.
const LONGEST_MESSAGE: usize = 4096;
const ESCAPED: usize = 16;

impl Target {
    /// The reader of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn named(name: &str) -> Self {
        let target = ALL.into_iter().find(|target| target.name == name);
        target.unwrap_or_else(|| panic!("there is no reader {name}"))
    }

    /// Reads `input`, and checks what is promised of every reader.
    ///
    /// # Panics
    /// If an invariant breaks.
    pub fn check(&self, input: &[u8]) -> Verdict {
        let verdict = (self.run)(input);
        if let Verdict::Refused(message) = &verdict {
            assert!(!message.trim().is_empty(), "refused without a word");
            let most = LONGEST_MESSAGE + ESCAPED * input.len();
            let length = message.len();
            assert!(
                length <= most,
                "{length} bytes of a message about {} bytes",
                input.len()
            );
        }
        verdict
    }
}

/// `value` with its fractions rounded: reading JSON takes the liberty of the last of their digits.
fn rounded(mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) if number.is_f64() => {
            let digits = format!("{:.11e}", number.as_f64().unwrap_or_default());
            json!(digits.parse::<f64>().unwrap_or_default())
        }
        Value::Array(items) => items.drain(..).map(rounded).collect(),
        Value::Object(members) => {
            for member in members.values_mut() {
                *member = rounded(member.take());
            }
            value
        }
        _ => value,
    }
}

/// The text of `input`, for a reader of texts: those who call it have refused other bytes already.
fn text(input: &[u8]) -> Result<&str, Verdict> {
    std::str::from_utf8(input).map_err(|error| Verdict::Refused(error.to_string()))
}
