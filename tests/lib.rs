//! Whole-system tests: each of the files beside this one is a test of its own. What the test
//! `parsers` and the long runs of `fuzz` share is here.

pub mod parsers;

use std::path::{Path, PathBuf};

/// The scenarios in `tests/scenarios`, of all topics.
pub fn scenarios() -> Vec<PathBuf> {
    scenario_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))
}

/// The scenarios in a folder, whatever their topic.
fn scenario_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of the scenarios is there");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(scenario_files(&path));
        } else if path.extension().is_some_and(|it| it == "scenario") {
            found.push(path);
        }
    }
    found.sort();
    found
}
