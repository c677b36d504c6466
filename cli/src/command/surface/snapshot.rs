//! A part of the surface as the last release had it: a sorted file with a line for each promise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file in tests/surface.
pub struct Snapshot {
    name: &'static str,
    path: PathBuf,
}

impl Snapshot {
    /// The snapshot of this name.
    pub fn named(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/surface");
        Self {
            name,
            path: folder.join(format!("{name}.txt")),
        }
    }

    /// Fails with what has changed; with `BLESS=1` it writes the present lines instead.
    pub fn compare(&self, present: &BTreeSet<String>) {
        assert!(!present.is_empty(), "nothing was found of {}", self.name);
        if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
            let text: Vec<&str> = present.iter().map(String::as_str).collect();
            std::fs::write(&self.path, text.join("\n") + "\n").expect("tests/surface is there");
            return;
        }
        let last = std::fs::read_to_string(&self.path)
            .unwrap_or_else(|error| panic!("{}: {error}; write it with BLESS=1", self.name));
        let last = last.lines().map(str::to_owned).collect();
        if let Some(difference) = difference(&last, present) {
            panic!("tests/surface/{}.txt: {difference}", self.name);
        }
    }
}

/// What differs, and what that means for the version.
fn difference(last: &BTreeSet<String>, present: &BTreeSet<String>) -> Option<String> {
    if last == present {
        return None;
    }
    let mut text = "the surface is not that of the last release.\n".to_owned();
    for (mark, meaning, lines) in [
        (
            '-',
            "Removed or changed, so the next release raises the major version (before 1.0 the minor one):",
            last.difference(present),
        ),
        (
            '+',
            "Added, so the next release raises the minor version:",
            present.difference(last),
        ),
    ] {
        let lines: Vec<String> = lines.map(|line| format!("  {mark} {line}\n")).collect();
        if !lines.is_empty() {
            text += &format!("{meaning}\n{}", lines.concat());
        }
    }
    text += "If the change is wanted, follow docs/versioning.md, and write the snapshots again:\n  \
             BLESS=1 cargo test --workspace --bin ecs-rollout surface";
    Some(text)
}

#[test]
fn a_removal_needs_a_major_version_and_an_addition_a_minor_one() {
    let lines = |lines: &[&str]| -> BTreeSet<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    };
    let last = lines(&["plan --ami", "plan --batch"]);
    assert_eq!(difference(&last, &last), None);
    let removed = difference(&last, &lines(&["plan --ami"])).expect("it differs");
    assert!(removed.contains("raises the major version") && removed.contains("  - plan --batch\n"));
    assert!(!removed.contains("raises the minor version:"));
    let added = lines(&["plan --ami", "plan --batch", "plan --new"]);
    let added = difference(&last, &added).expect("it differs");
    assert!(added.contains("raises the minor version:\n  + plan --new\n"));
    assert!(!added.contains("major version"));
}
