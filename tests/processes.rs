//! The workers as processes, as a user runs them; and what becomes of a rollout when a worker is
//! killed, or when the account stands still for ten seconds. The account itself, with whoever asks
//! it, is in `loopback/`.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// Fast enough for a test, and slow enough that a call on a busy machine is no long time in the
/// account.
const SPEED: &str = "60";
/// The smallest roll that has a hold in it.
const SIZE: [&str; 4] = ["--instances", "2", "--output", "json"];

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(flags)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("ecs-rollout starts")
}

fn report(output: &[u8]) -> Value {
    serde_json::from_slice(output).expect("stdout is one JSON object")
}

fn with_processes(more: &[&str]) -> Vec<String> {
    let all = ["rehearse", "--processes", "--speed", SPEED];
    let words = all.iter().chain(&SIZE).chain(more);
    words.map(|word| (*word).to_owned()).collect()
}

fn roll(more: &[&str]) -> Value {
    let flags = with_processes(more);
    let output = run(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    report(&output.stdout)
}

/// The processes that `parent` has started, and that are still there.
fn children(parent: u32) -> Vec<u32> {
    let listed = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &parent.to_string()])
        .output()
        .expect("ps is there");
    String::from_utf8_lossy(&listed.stdout)
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

fn send_signal(signal: &str, process: u32) {
    let status = Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(
        status.expect("kill is there").success(),
        "{signal} {process}"
    );
}

fn start(flags: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ecs-rollout starts")
}

#[test]
fn processes_end_as_the_same_roll_in_process_does() {
    let all = ["rehearse"].iter().chain(&SIZE).copied();
    let inside = report(&run(&all.collect::<Vec<_>>()).stdout);
    let outside = roll(&[]);
    for member in [
        "outcome",
        "replaced",
        "retained",
        "maxOpenDrains",
        "tasksKilledEarly",
    ] {
        assert_eq!(outside[member], inside[member], "{member}");
    }
    let starts = outside["starts"].as_object().expect("starts are counted");
    assert_eq!(starts.len(), 6);
    for (function, starts) in starts {
        assert!(starts["cold"].as_u64() >= Some(1), "{function}: {starts}");
    }
    let invariants = outside["invariants"].as_array().expect("invariants");
    assert_eq!(invariants.len(), 12);
}

#[test]
fn a_roll_survives_workers_that_are_killed_before_and_after_their_work() {
    let report = roll(&["--fault", "worker-error"]);
    assert_eq!(report["outcome"], "UPDATE_COMPLETE");
    let starts = report["starts"].as_object().expect("starts are counted");
    let cold: u64 = starts.values().filter_map(|of| of["cold"].as_u64()).sum();
    assert!(cold > 10, "nobody was killed: {starts:?}");
}

#[test]
fn a_roll_survives_an_account_that_stands_still_for_ten_seconds_and_leaves_no_process() {
    let mut account = start(&with_processes(&[]));
    sleep(Duration::from_secs(8));
    let workers = children(account.id());
    assert!(!workers.is_empty(), "no worker runs after eight seconds");
    send_signal("-STOP", account.id());
    // Meanwhile a worker that waits for it dies.
    send_signal("-KILL", workers[0]);
    sleep(Duration::from_secs(10));
    send_signal("-CONT", account.id());
    let mut stdout = Vec::new();
    let pipe = account.stdout.as_mut().expect("stdout is a pipe");
    pipe.read_to_end(&mut stdout).expect("it is read");
    let status = account.wait().expect("it ends");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stdout));
    assert_eq!(report(&stdout)["outcome"], "UPDATE_COMPLETE");
    // They were killed with it; the system may take a moment to clear them away.
    let is_left = |worker: &u32| {
        let name = std::fs::read_to_string(format!("/proc/{worker}/comm")).unwrap_or_default();
        let state = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        workers_are_named(name.trim()) && !state.contains(") Z ")
    };
    for _ in 0..100 {
        if !workers.iter().any(is_left) {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("ten seconds later one of {workers:?} is still there");
}

fn workers_are_named(name: &str) -> bool {
    let names = workers::Worker::ALL.map(workers::Worker::name);
    names.contains(&name)
}

#[test]
fn missing_workers_are_named_with_the_way_to_build_them() {
    let output = run(&["rehearse", "--processes", "--workers", "template"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("no worker joined in template"),
        "{message}"
    );
    assert!(message.contains("cargo build --workspace"), "{message}");
}
