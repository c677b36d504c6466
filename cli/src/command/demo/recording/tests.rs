//! A recording shows the rollout to its end, and is the same each time.

use super::*;
use crate::command::demo::svg;
use simulator::scenario::files::{Files, built_in_parameters};
use simulator::workload::Workload;

fn settings() -> Settings {
    let mut settings = Settings {
        files: Files::built_in(),
        parameters: built_in_parameters(),
        workload: Workload::built_in(2),
        faults: Vec::new(),
        seed: 1,
        variants: Vec::new(),
        mutation: None,
    };
    settings.set_instances(2);
    settings
}

fn text(frame: &Frame) -> String {
    let cells = frame.buffer.content().iter();
    cells.map(|cell| cell.symbol()).collect()
}

#[test]
fn a_recording_shows_the_rollout_to_its_end_and_is_the_same_each_time() {
    let first = frames(&settings(), &[Action::Roll]).expect("a rollout");
    let again = frames(&settings(), &[Action::Roll]).expect("a rollout");
    assert_eq!(svg::animation(&first), svg::animation(&again));
    assert!(first.len() > 20, "{} frames", first.len());
    assert!(text(&first[0]).contains("UPDATE_IN_PROGRESS"));
    let last = first.last().expect("a frame");
    assert!(text(last).contains("UPDATE_COMPLETE"), "{}", text(last));
}
