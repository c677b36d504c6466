//! What holds for the workers' decisions whatever they see, tried on cases made at random. The seed
//! is fixed, so that a run is like the one before; `PROPTEST_RNG_SEED=random` takes a fresh one, a
//! number that very one.

mod complete_action;
mod drained;
mod draining;
mod joined;
mod pace;
mod reconcile;
mod stable;
mod subject;

use proptest::test_runner::{Config, RngSeed};

/// How many cases each property is tried on, and from which seed.
#[expect(
    clippy::disallowed_methods,
    reason = "the seed of a test is no setting of a worker"
)]
fn config() -> Config {
    let rng_seed = match std::env::var("PROPTEST_RNG_SEED").as_deref() {
        Err(_) => RngSeed::Fixed(20_261_123),
        Ok("random") => RngSeed::Random,
        Ok(number) => RngSeed::Fixed(
            number
                .parse()
                .expect("PROPTEST_RNG_SEED is `random` or a whole number"),
        ),
    };
    Config {
        cases: 512,
        failure_persistence: None,
        rng_seed,
        ..Config::default()
    }
}
