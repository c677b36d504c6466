//! Conformance: what real AWS was recorded to do, replayed on the account in memory, in virtual
//! time.
//!
//! Each `SERVICE/NAME.json` is one recorded sequence, in our own words but for AWS's texts: its
//! source, calls with their answers, and what was seen after how long. Every fact in it agrees, or
//! is in `known-differences.json` with a reason.
//!
//! # Layout
//! - `sequence`: a file, read strictly. `replay`: its steps on an account.
//! - `matching`: whether what was seen is what was recorded. `bindings`: names for ids that differ
//!   in every run.
//! - `functions`: what functions answer, which nobody runs here.
//! - `known`: the known differences. `table`: the figures.
//!
//! `RECORDED_ONLY=autoscaling/retention cargo test --test recorded` replays the files whose
//! name contains the text, and does not look for stale known differences.

mod bindings;
mod functions;
mod known;
mod matching;
mod replay;
mod sequence;
mod table;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use known::Known;
use sequence::Sequence;
use table::Table;

/// The services whose sequences are replayed: the folders beside this file.
const SERVICES: [&str; 6] = [
    "autoscaling",
    "cloudformation",
    "ecs",
    "eventbridge",
    "ssm",
    "stepfunctions",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/recorded")
}

/// The sequences of `service`, by name, whose `service/name` contains `only`.
fn sequences(service: &str, only: &str) -> Result<Vec<Sequence>, String> {
    let folder = folder().join(service);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let path = entry
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name
            .strip_suffix(".json")
            .ok_or_else(|| format!("{}: a sequence is a .json file", path.display()))?;
        names.insert(format!("{service}/{stem}"));
    }
    let wanted = names.iter().filter(|name| name.contains(only));
    wanted.map(|name| read(name)).collect()
}

fn read(name: &str) -> Result<Sequence, String> {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{name}: {e}"))?;
    Sequence::parse(name, &text)
}

/// Replays everything; answers the table, or with it what is wrong.
fn replay_all(only: &str) -> Result<Table, String> {
    let text = std::fs::read_to_string(folder().join("known-differences.json"))
        .map_err(|e| format!("known-differences.json: {e}"))?;
    let mut known = Known::parse(&text)?;
    let mut table = Table::default();
    let mut mutation = Vec::new();
    let mut events = BTreeSet::new();
    for service in SERVICES {
        for sequence in sequences(service, only)? {
            let outcomes = match replay::replay(&sequence) {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    mutation.push(error);
                    continue;
                }
            };
            for outcome in outcomes {
                if !events.insert(outcome.fact.clone()) {
                    mutation.push(format!("{}: this fact is there twice", outcome.fact));
                }
                let verdict = known.judge(&outcome);
                table.count(service, &verdict);
                mutation.extend(verdict.complaint);
            }
        }
    }
    if only.is_empty() {
        mutation.extend(known.unused());
    }
    if mutation.is_empty() {
        return Ok(table);
    }
    Err(format!("{table}\n{}", mutation.join("\n")))
}

#[test]
fn recorded_facts_agree_or_are_known_differences() {
    let only = std::env::var("RECORDED_ONLY").unwrap_or_default();
    let table = replay_all(&only).unwrap_or_else(|mutation| panic!("{mutation}"));
    // Not `println!`, which the test harness keeps to itself while a test passes.
    let mut out = std::io::stdout().lock();
    write!(out, "\n{table}").expect("stdout is open");
}
