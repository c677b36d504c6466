//! Long runs of the reader `parameters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ecs_rollout_tests::parsers::Target::named("parameters").check(input);
});
