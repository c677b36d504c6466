//! Long runs of the reader `asl`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ecs_rollout_tests::parsers::Target::named("asl").check(input);
});
