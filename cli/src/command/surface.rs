//! What a release promises to keep, generated from the product itself and compared with the
//! snapshots in tests/surface. docs/versioning.md says what a difference means for the version.

mod changes;
mod command_line;
mod json;
mod snapshot;
mod template;

use snapshot::Snapshot;

#[test]
fn verbs_flags_and_exit_codes_are_those_of_the_last_release() {
    Snapshot::named("command-line").compare(&command_line::lines());
}

#[test]
fn parameters_and_outputs_are_those_of_the_last_release() {
    Snapshot::named("template").compare(&template::parameters_and_outputs());
}

#[test]
fn the_metadata_of_the_hooks_is_that_of_the_last_release() {
    Snapshot::named("metadata").compare(&template::metadata());
}

#[test]
fn the_verdicts_are_those_of_the_last_release() {
    Snapshot::named("verdicts").compare(&json::verdicts());
}

#[test]
fn json_output_is_that_of_the_last_release() {
    Snapshot::named("json-output").compare(&json::outputs());
}
