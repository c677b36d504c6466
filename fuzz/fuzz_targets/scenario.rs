//! Long runs of the reader `scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ecs_rollout_tests::parsers::Target::named("scenario").check(input);
});
