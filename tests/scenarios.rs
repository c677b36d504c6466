//! Whole scenarios as text: each `tests/scenarios/TOPIC/NAME.scenario` is played by the real
//! binary. What it expects must come true, and what it prints must be `NAME.golden`, to the byte.
//! When a difference is wanted, write the golden files again and read what changed:
//!
//! ```text
//! BLESS=1 cargo test --workspace --test scenarios && git diff tests/scenarios
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let scenarios = scenario_files(&folder);
    assert!(!scenarios.is_empty(), "{}: no scenario", folder.display());
    let trials = scenarios
        .into_iter()
        .map(|scenario| {
            let inside = scenario.strip_prefix(&folder).unwrap_or(&scenario);
            let name = inside.with_extension("").to_string_lossy().into_owned();
            Trial::test(name, move || compare(&scenario))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
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

fn compare(scenario: &Path) -> Result<(), Failed> {
    // What matters in it stands in the scenario itself: a golden file does not say.
    let text = std::fs::read_to_string(scenario)?;
    if !text.lines().any(|line| line.starts_with("expect outcome ")) {
        return Err(format!("{}: say what is expected of it", scenario.display()).into());
    }
    let record = tell(scenario)?;
    let golden = scenario.with_extension("golden");
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(&golden, record).map_err(Failed::from);
    }
    let wanted = std::fs::read_to_string(&golden).map_err(|error| {
        format!(
            "{}: {error}; see the top of tests/scenarios.rs",
            golden.display()
        )
    })?;
    if record == wanted {
        return Ok(());
    }
    let differing = record
        .lines()
        .zip(wanted.lines())
        .position(|(record, wanted)| record != wanted)
        .unwrap_or_else(|| record.lines().count().min(wanted.lines().count()));
    let line = |text: &str| {
        text.lines()
            .nth(differing)
            .unwrap_or("(the end)")
            .to_owned()
    };
    Err(format!(
        "{}:{}\n  golden: {}\n  told:   {}\nsee the top of tests/scenarios.rs",
        golden.display(),
        differing + 1,
        line(&wanted),
        line(&record)
    )
    .into())
}

fn tell(scenario: &Path) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .arg("scenario")
        .arg(scenario.file_name().unwrap_or_default())
        .current_dir(scenario.parent().unwrap_or(Path::new(".")))
        .output()?;
    Ok(format!(
        "{}{}exit code {}\n",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output
            .status
            .code()
            .map_or("none".to_owned(), |code| code.to_string())
    ))
}
