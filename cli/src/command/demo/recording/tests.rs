//! The picture of the README is a recording of today's demo, to the byte.

use std::path::Path;

use clap::Parser;

use super::*;
use crate::command::demo::{Demo, svg};

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    demo: Demo,
}

fn text(frame: &Frame) -> String {
    let cells = frame.buffer.content().iter();
    cells.map(|cell| cell.symbol()).collect()
}

#[test]
fn the_picture_of_the_readme_is_a_recording_of_the_demo_to_its_end() {
    let demo = CommandLine::parse_from(["demo"]).demo;
    let recorded = frames(&demo.settings(), &demo.actions()).expect("a rollout");
    assert!(text(&recorded[0]).contains("UPDATE_IN_PROGRESS"));
    let last = recorded.last().expect("a frame");
    assert!(text(last).contains("UPDATE_COMPLETE"), "{}", text(last));
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/demo.svg");
    let shown = std::fs::read_to_string(picture).unwrap_or_default();
    assert!(
        shown == svg::animation(&recorded),
        "docs/demo.svg is another recording: target/debug/ecs-rollout demo --svg docs/demo.svg"
    );
}
