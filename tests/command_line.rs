//! The command line as people use it: what it prints, and with which exit code.

mod support;

use serde_json::Value;
use support::{changed_template, file, root, run};

#[test]
fn json_is_one_object_with_the_documented_members() {
    let output = run(&["rehearse", "--instances", "1", "--output", "json"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    for member in [
        "outcome",
        "ami",
        "instances",
        "replaced",
        "terminated",
        "rollSeconds",
        "lowerBoundSeconds",
        "overhead",
        "lateness",
        "tasksMoved",
        "tasksKilledEarly",
        "maxOpenDrains",
        "apiCalls",
        "apiCallsPerInstance",
        "apiBuckets",
        "failedInvocations",
        "stateTransitions",
        "maxHistoryEvents",
        "costUsd",
        "invariants",
        "seed",
    ] {
        assert!(!report[member].is_null(), "{member} is missing");
    }
    assert_ne!(report["ami"]["old"], report["ami"]["new"]);
}

#[test]
fn workers_refuse_a_template_of_a_newer_interface_and_name_both_versions() {
    let ours = r#""interfaceVersion": 1"#;
    let newer = r#""interfaceVersion": 2"#;
    let template = changed_template("newer-interface", "ecs-cluster.yaml", ours, newer);
    let output = run(&["rehearse", "--verbose", "--template", &template]);
    assert!(!output.status.success());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for words in [
        "detail.NotificationMetadata.interfaceVersion is 2, and this worker (release",
        "understands 1 at most; update the stack with the template and the workers of one release",
    ] {
        assert!(said.contains(words), "nobody says {words:?}: {said}");
    }
}

#[test]
fn the_readme_shows_what_the_first_command_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    let shown = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let shown: Vec<&str> = shown
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.is_empty())
        .collect();
    assert!(shown.len() > 5, "the README shows nothing of the output");
    let output = run(&["rehearse", "--seed", "1"]);
    let record = String::from_utf8_lossy(&output.stdout);
    for line in shown {
        // A line of the README is cut at each …
        let is_it = |record: &str| {
            let mut rest = record;
            line.split('…').all(|part| match rest.split_once(part) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
        };
        assert!(
            record.lines().any(is_it),
            "the README shows, but nobody prints: {line}"
        );
    }
}

#[test]
fn the_same_seed_prints_the_same_and_another_seed_does_not() {
    let record =
        |seed: &str| run(&["rehearse", "--instances", "1", "--seed", seed, "--verbose"]).stdout;
    assert_eq!(record("5"), record("5"));
    assert_ne!(record("5"), record("6"));
}

#[test]
fn a_roll_that_does_not_end_as_asked_has_exit_code_1() {
    let output = run(&[
        "rehearse",
        "--instances",
        "1",
        "--fault",
        "never-joins",
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    assert_eq!(report["outcome"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_role_that_lacks_an_action_is_found_out() {
    let (action, other) = (
        "Action: ecs:ListContainerInstances",
        "Action: ecs:ListClusters",
    );
    let template = changed_template("role", "workflow.yaml", action, other);
    let output = run(&[
        "rehearse",
        "--instances",
        "1",
        "--verbose",
        "--template",
        &template,
    ]);
    let record = String::from_utf8_lossy(&output.stdout);
    assert!(record.contains("joined: AccessDenied"), "{record}");
    assert!(
        record.contains("ecs:ListContainerInstances is not allowed"),
        "{record}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_page_of_a_rehearsal_stands_for_itself_and_changes_nothing_else() {
    let page = file("rehearsal.html", "an older one");
    let arguments = ["rehearse", "--instances", "2", "--output", "json"];
    let with = run(&[&arguments[..], &["--html", &page]].concat());
    let record = |stdout: &[u8]| -> Value { serde_json::from_slice(stdout).expect("JSON") };
    let report = record(&with.stdout);
    assert_eq!(
        report,
        record(&run(&arguments).stdout),
        "the page changes the roll"
    );
    let page = std::fs::read_to_string(page).expect("the page was written");
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"),
        "{page}"
    );
    // The page is about lifecycle actions; the report counts the reconciler too, two transitions
    // each time it looks.
    let before = page.split(" state transitions<").next();
    let shown = before.and_then(|text| text.rsplit(' ').next());
    let shown: u64 = shown.and_then(|it| it.parse().ok()).expect("a number");
    let all = report["stateTransitions"].as_u64().expect("a number");
    let looks = report["rollSeconds"].as_f64().expect("seconds") / 300.0 + 1.0;
    assert!(
        shown < all && (all - shown) as f64 <= 2.0 * looks,
        "{shown} of {all}"
    );
    assert_eq!(page.matches("data-instance=").count(), 4);
}

/// What `rehearse` prints with these flags, line by line.
fn rehearsed(flags: &[&str]) -> (Vec<String>, String) {
    let output = run(&[&["rehearse"], flags].concat());
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines = lines.lines().map(str::to_owned).collect();
    (lines, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_rehearsal_ends_with_its_answer_on_one_screen() {
    let (lines, _) = rehearsed(&["--instances", "4"]);
    assert!((10..=24).contains(&lines.len()), "{lines:#?}");
    let last = lines.last().expect("a line");
    assert!(
        last.starts_with("Rollout complete: 4 of 4 on the new AMI ami-"),
        "{last}"
    );
    let (all, _) = rehearsed(&["--instances", "4", "--verbose"]);
    assert!(all.len() > 100, "{} lines", all.len());
    assert_eq!(all.last(), Some(last));
    let invariants = all.iter().filter(|line| line.starts_with("invariant "));
    assert_eq!(invariants.count(), 12);
}

#[test]
fn the_same_seed_gives_the_same_rehearsal_to_the_byte_with_faults_too() {
    let faults = ["--fault", "throttle", "--fault", "stale-read"];
    let flags = [
        &["--instances", "3", "--seed", "11", "--verbose"],
        &faults[..],
    ]
    .concat();
    let (first, second) = (rehearsed(&flags), rehearsed(&flags));
    assert!(first.0.len() > 100, "{} lines", first.0.len());
    assert_eq!(first, second);
}

#[test]
fn a_rehearsal_that_rolls_back_counts_none_on_the_new_ami_and_names_the_cause() {
    let (lines, _) = rehearsed(&["--instances", "4", "--fault", "never-joins"]);
    let last = lines.last().expect("a line");
    assert!(last.starts_with("Rolled back in "), "{last}");
    assert!(last.contains(": 0 of 4 on the new AMI;"), "{last}");
    assert!(
        last.contains("Cause: i-") && last.contains(" did not join cluster "),
        "{last}"
    );
    assert!(lines.len() <= 24, "{lines:#?}");
}

/// What a rehearsal with these flags counts as replaced: in JSON, in the answer, and in the last
/// milestone.
fn counted_as_replaced(flags: &[&str]) -> (u64, u64, Option<u64>) {
    let output = run(&[&["rehearse", "--output", "json"], flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let (lines, _) = rehearsed(flags);
    let number = |text: &str| text.rsplit(' ').next().and_then(|it| it.parse().ok());
    let answer = lines
        .last()
        .and_then(|line| line.split_once(" of 4 on the new AMI"));
    let answer = answer.and_then(|(before, _)| number(before));
    let mut milestones = lines
        .iter()
        .filter_map(|line| line.split_once(" of 4 replaced"));
    let milestone = milestones
        .next_back()
        .and_then(|(before, _)| number(before));
    (
        report["replaced"].as_u64().expect("a number"),
        answer.expect("the answer counts"),
        milestone,
    )
}

#[test]
fn json_text_and_milestones_count_alike_what_is_replaced() {
    assert_eq!(counted_as_replaced(&[]), (4, 4, Some(4)));
    for fault in ["functions-away", "drain-hangs", "never-joins"] {
        let (json, answer, _) = counted_as_replaced(&["--fault", fault]);
        assert_eq!((json, answer), (0, 0), "{fault}");
    }
    // The rollback had begun when the first of the old instances was gone.
    let (.., milestone) = counted_as_replaced(&["--fault", "drain-hangs"]);
    assert_eq!(milestone, None);
}

#[test]
fn the_cause_in_the_answer_is_whole() {
    let (lines, _) = rehearsed(&["--fault", "drain-hangs"]);
    let last = lines.last().expect("a line");
    assert!(!last.contains('…') && last.ends_with('.'), "{last}");
}

#[test]
fn what_spot_takes_is_said_beside_the_invariants() {
    let (lines, _) = rehearsed(&["--fault", "spot-interrupted", "--verbose"]);
    let early = lines
        .iter()
        .find(|line| line.contains("drained-before-gone"));
    let early = early.expect("the invariant is named");
    assert!(
        early.contains("besides 1 task, lost when EC2 took a Spot instance back"),
        "{early}"
    );
    let (lines, _) = rehearsed(&["--fault", "spot-interrupted"]);
    assert!(
        !lines.iter().any(|line| line.contains("was killed")),
        "{lines:#?}"
    );
}

#[test]
fn a_batch_larger_than_the_group_is_said() {
    let (_, said) = rehearsed(&["--instances", "2", "--batch", "9"]);
    assert!(
        said.contains("BatchSize 9 is larger than the group of 2"),
        "{said}"
    );
    let (_, said) = rehearsed(&["--instances", "2", "--batch", "2"]);
    // Besides the progress, which has a line for each tenth of the way.
    let progress: Vec<&str> = said.lines().collect();
    assert_eq!(progress.len(), 3, "{said}");
    for (replaced, line) in progress.into_iter().enumerate() {
        let begins = format!("ecs-rollout: {replaced} of 2 replaced, simulated time ");
        assert!(line.starts_with(&begins), "{said}");
    }
}

#[test]
fn what_a_scenario_expected_and_did_not_get_is_named_and_fails_it() {
    let steps = "instances 1\nservice web desired=1\ndeploy\nroll\n\n";
    let met = "expect outcome UPDATE_COMPLETE\nexpect i-1 DRAINING before i-1 Terminated\n";
    let good = file("met.scenario", &format!("{steps}{met}"));
    assert_eq!(run(&["scenario", &good]).status.code(), Some(0));
    let unmet = "expect retained 1\nexpect never i-1 Terminated\nexpect duration 1s..2s\n";
    let bad = file("unmet.scenario", &format!("{steps}{met}{unmet}"));
    let played = run(&["scenario", &bad]);
    let text = String::from_utf8_lossy(&played.stdout);
    assert_eq!(played.status.code(), Some(1), "{text}");
    for said in [
        "expected retained 1, but 0 instances retained\n",
        "expected never i-1 Terminated, but that happened at ",
        "expected duration 1s..2s, but it took ",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let played = run(&["scenario", &bad, "--output", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&played.stdout).expect("JSON");
    assert_eq!(told["unmet"][0]["expected"], "retained 1");
    assert_eq!(told["unmet"].as_array().map(Vec::len), Some(3));
    let wrong = file("wrong.scenario", &format!("{steps}expect peace\n"));
    let refused = run(&["scenario", &wrong]);
    assert_eq!(refused.status.code(), Some(2));
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(
        text.contains("wrong.scenario:6: nothing can be expected of \"peace\""),
        "{text}"
    );
}
