//! Simulation: hundreds of generated scenarios, in two acts each, and every invariant checked
//! at every event. Always the same seeds, and the scenarios that once failed
//! (`simulation/found/`), which stay when the generator changes; `SIMULATION_SEED=12345` adds
//! others from there on, `SIMULATION_SEEDS=1000` of them.
//!
//! When it fails, it prints the scenario, and a smaller one that fails alike: put it into a file,
//! and play it with `ecs-rollout scenario FILE`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use simulator::explorer::{GeneratedScenario, Run, generate, run, shrink};
use simulator::scenario::parse;

/// The seeds that are always played: from 1 on.
const FIXED: u64 = 240;

#[test]
fn every_invariant_holds_in_every_scenario() {
    let mut all = found();
    all.extend(seeds().into_iter().map(generate));
    let count = all.len();
    let began = Instant::now();
    let mut drawn_of: BTreeMap<&str, u64> = BTreeMap::new();
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed = Vec::new();
    for (generated, ran) in play(&all) {
        for class in generated.classes() {
            *drawn_of.entry(class).or_default() += 1;
        }
        for (branch, times) in &ran.reached {
            *reached.entry(branch.clone()).or_default() += times;
        }
        *outcomes.entry(ran.outcome.clone()).or_default() += 1;
        if !ran.failures.is_empty() {
            failed.push((generated, ran));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} scenarios in {seconds:.1} s; outcomes {outcomes:?}");
    println!("drawn: {drawn_of:#?}");
    println!("reached: {reached:#?}");
    if let Some((generated, ran)) = failed.first() {
        let first = &ran.failures[0];
        let smaller = shrink(generated, first.name());
        let seeds: Vec<u64> = failed.iter().map(|(it, _)| it.settings.seed).collect();
        panic!(
            "{} of {count} scenarios failed, seeds {seeds:?}. Seed {} broke {}: {}\n\n{}\nmade smaller:\n\n{}",
            failed.len(),
            generated.settings.seed,
            first.name(),
            first.detail(),
            generated.text(),
            smaller.text()
        );
    }
    for outcome in ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"] {
        assert!(
            outcomes.contains_key(outcome),
            "no scenario ended {outcome}"
        );
    }
    // The rare classes are drawn once in a few hundred seeds; that a thousand draw each is a test
    // of the generator.
    let faults = simulator::faults::Fault::ALL.iter();
    let missing: Vec<&str> = faults
        .map(|(_, name, _)| *name)
        .filter(|name| !drawn_of.contains_key(name))
        .collect();
    assert!(missing.is_empty(), "no scenario has the faults {missing:?}");
    let missing = unreached(&reached);
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

/// States that no scenario enters, since workers and definition are of one version and every input
/// is a lifecycle action's.
const NEVER_ENTERED: [&str; 3] = ["DrainUnclear", "LaunchUnclear", "UnknownTransition"];

/// The states of the definition, and the answers of the workers, that were not reached, of all that
/// there are.
fn unreached(reached: &BTreeMap<String, u64>) -> Vec<String> {
    let text = include_str!("../statemachine/lifecycle.asl.json");
    // What the template fills in stands in strings, or is a number in this place.
    let text = text.replace("${BatchSize}", "1");
    let definition: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let states = definition["States"].as_object().expect("states").keys();
    let states = states
        .filter(|name| !NEVER_ENTERED.contains(&name.as_str()))
        .map(|name| format!("state {name}"));
    let answers = [
        ("joined", ["NotYet", "Reached", "Never", "Over"].as_slice()),
        ("draining", &["NotYet", "Reached", "Over"]),
        ("drained", &["NotYet", "Reached", "Never", "Over"]),
        ("stable", &["NotYet", "Reached", "Never", "Over"]),
        ("complete-action", &["NotYet", "Reached", "Over"]),
    ];
    let answers = answers.iter().flat_map(|(worker, verdicts)| {
        verdicts
            .iter()
            .map(move |verdict| format!("{worker} {verdict}"))
    });
    let all = states.chain(answers);
    all.filter(|branch| !reached.contains_key(branch)).collect()
}

/// The scenarios that once failed, as they were drawn then.
fn found() -> Vec<GeneratedScenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/found");
    let entries = fs::read_dir(&folder).expect("the folder of this test");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a file of the folder").path())
        .collect();
    files.sort();
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file).expect("a file of the folder");
        let read = parse::read(&file.to_string_lossy(), &text).expect("a scenario");
        GeneratedScenario {
            settings: read.settings,
            actions: read.actions,
            operation: "once failed",
        }
    };
    files.iter().map(read).collect()
}

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let more = number("SIMULATION_SEED").map(|from| {
        let count = number("SIMULATION_SEEDS").unwrap_or(1);
        from..from + count
    });
    (1..=FIXED).chain(more.into_iter().flatten()).collect()
}

/// Plays them on as many threads as there are processors.
fn play(all: &[GeneratedScenario]) -> Vec<(&GeneratedScenario, Run)> {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(generated) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ran = run(generated);
                    sender
                        .send((generated, ran))
                        .expect("the receiver outlives the scope");
                }
            });
        }
    });
    drop(sender);
    receiver.into_iter().collect()
}
