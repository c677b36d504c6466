//! Whole scenarios as text: the real binary runs each `tests/scenarios/TOPIC/NAME.scenario`. Every
//! expectation in it must be met, and every invariant hold. A few canonical scenarios have a
//! `NAME.golden` besides: their whole output, to the byte, so that a reader sees what a rollout
//! looks like. When a difference is wanted, write the golden files again and read what changed:
//!
//! ```text
//! BLESS=1 cargo test --workspace --test scenarios && git diff tests/scenarios
//! ```
//!
//! A change that must not change behaviour is compared over all scenarios: write the outputs of the
//! code before into one folder, of the code after into another.
//!
//! ```text
//! SCENARIO_OUTPUT=target/before cargo test --workspace --test scenarios
//! SCENARIO_OUTPUT=target/after cargo test --workspace --test scenarios
//! diff -r target/before target/after
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use similar::TextDiff;

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let scenarios = scenario_files(&folder);
    assert!(!scenarios.is_empty(), "{}: no scenario", folder.display());
    let mut trials: Vec<Trial> = goldens_without_scenario(&folder).into_iter().collect();
    trials.extend(scenarios.into_iter().map(|scenario| {
        let inside = scenario.strip_prefix(&folder).unwrap_or(&scenario);
        let name = inside.with_extension("").to_string_lossy().into_owned();
        Trial::test(name.clone(), move || check(&scenario, &name))
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// The scenarios in a folder, whatever their topic.
fn scenario_files(folder: &Path) -> Vec<PathBuf> {
    files(folder, "scenario")
}

/// Fails for each golden file that belongs to no scenario, since nothing compares it.
fn goldens_without_scenario(folder: &Path) -> Option<Trial> {
    let mut goldens = files(folder, "golden").into_iter();
    let alone = goldens.find(|golden| !golden.with_extension("scenario").exists())?;
    Some(Trial::test("goldens", move || {
        Err(format!("{}: no scenario has this output", alone.display()).into())
    }))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of the scenarios is there");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn check(scenario: &Path, name: &str) -> Result<(), Failed> {
    let text = std::fs::read_to_string(scenario)?;
    if !text.lines().any(|line| line.starts_with("expect outcome ")) {
        return Err(format!("{}: say what is expected of it", scenario.display()).into());
    }
    let run = run(scenario)?;
    if let Some(folder) = std::env::var_os("SCENARIO_OUTPUT") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let path = root.join(folder).join(name).with_extension("txt");
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(path, &run.output)?;
    }
    let golden = scenario.with_extension("golden");
    if golden.exists() {
        return compare(&run.output, &golden);
    }
    if run.succeeded {
        return Ok(());
    }
    // What was not met, and what was violated, is at the end.
    let lines: Vec<&str> = run.output.lines().collect();
    let end = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(format!("{}:\n{end}", scenario.display()).into())
}

fn compare(output: &str, golden: &Path) -> Result<(), Failed> {
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(golden, output).map_err(Failed::from);
    }
    let wanted = std::fs::read_to_string(golden)?;
    if output == wanted {
        return Ok(());
    }
    let difference = TextDiff::from_lines(wanted.as_str(), output);
    let difference = difference.unified_diff().context_radius(2).to_string();
    Err(format!(
        "{}: the output differs (see the top of tests/scenarios.rs)\n{difference}",
        golden.display()
    )
    .into())
}

/// What a scenario printed.
struct Run {
    output: String,
    succeeded: bool,
}

fn run(scenario: &Path) -> Result<Run, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .arg("scenario")
        .arg(scenario.file_name().unwrap_or_default())
        .current_dir(scenario.parent().unwrap_or(Path::new(".")))
        .output()?;
    let code = output.status.code();
    Ok(Run {
        output: format!(
            "{}{}exit code {}\n",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            code.map_or("none".to_owned(), |code| code.to_string())
        ),
        succeeded: output.status.success(),
    })
}
