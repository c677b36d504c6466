//! `simulate`: draws scenarios from seeds, plays each in an AWS account in memory, and judges every
//! invariant at every event.

use crate::failure::Failure;
use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use clap::Args;
use simulator::explorer::{GeneratedScenario, Run, generate, run, shrink};

use super::flow;
use super::rehearse::Output;
use crate::view::out::print;
use crate::view::simulated::{Broken, Simulated};

/// So many scenarios that fail are made smaller: each takes as long as hundreds of seeds.
const SHRUNK: usize = 3;
/// After so many seeds a line tells how far it is.
const TOLD_EVERY: u64 = 100;

/// Flags of `simulate`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout simulate --seeds 1000
  ecs-rollout simulate --seeds 1 --from 4711        # one scenario again

A scenario that violates an invariant is printed, and shrunk; put it into a file and run it with `ecs-rollout scenario`.

Exit code: 0 if every invariant held in every scenario; 1 if not; 2 input."))]
pub struct Simulate {
    /// How many scenarios
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    from: u64,
    /// Scenarios at a time [default: one for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=256))]
    jobs: Option<u64>,
    /// Print the scenario of each seed instead of running it
    #[arg(long)]
    draw: bool,
    /// Do not shrink scenarios that fail
    #[arg(long)]
    no_shrink: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

impl Simulate {
    /// Plays the scenarios.
    ///
    /// # Errors
    /// A sentence about what is wrong with the input.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let last = self.from.checked_add(self.seeds);
        let end =
            last.ok_or("--from and --seeds: the last seed must be below 2^64; begin lower")?;
        if self.draw {
            for seed in self.from..end {
                print(format!("{}\n", generate(seed).text()));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let began = Instant::now();
        let mut simulated = Simulated::new(self.from, self.seeds);
        let mut failed: VecDeque<(GeneratedScenario, Run)> = VecDeque::new();
        for (count, (drawn, ran)) in (1..).zip(self.play(end)) {
            simulated.add(&drawn, &ran);
            if !ran.failures.is_empty() {
                anstream::eprintln!("seed {}: {}", drawn.settings.seed, ran.failures[0].name());
                failed.push_back((drawn, ran));
            }
            if count % TOLD_EVERY == 0 {
                let seconds = began.elapsed().as_secs();
                anstream::eprintln!(
                    "{count} of {} run, {} failed, {seconds} s",
                    self.seeds,
                    failed.len()
                );
            }
        }
        failed
            .make_contiguous()
            .sort_by_key(|(drawn, _)| drawn.settings.seed);
        for (place, (drawn, ran)) in failed.iter().enumerate() {
            let first = &ran.failures[0];
            let may = !self.no_shrink && place < SHRUNK;
            let smaller = may.then(|| shrink(drawn, first.name()).text());
            simulated.broken.push(Broken {
                seed: drawn.settings.seed,
                failure: first.name(),
                detail: first.detail(),
                scenario: drawn.text(),
                smaller,
            });
        }
        simulated.seconds = began.elapsed().as_secs_f64();
        print(match self.output {
            Output::Text => simulated.text(),
            Output::Json => simulated.json(),
        });
        Ok(if failed.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Plays the scenarios on threads of their own; they come as they end.
    fn play(&self, end: u64) -> Receiver<(GeneratedScenario, Run)> {
        let usual = thread::available_parallelism().map_or(1, |count| count.get() as u64);
        let jobs = self.jobs.unwrap_or(usual).min(self.seeds);
        let (sender, receiver) = channel();
        let next = std::sync::Arc::new(AtomicU64::new(self.from));
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), next.clone());
            thread::spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let drawn = generate(seed);
                    let ran = run(&drawn);
                    // Nobody listens any more: the program is ending.
                    if sender.send((drawn, ran)).is_err() {
                        return;
                    }
                }
            });
        }
        receiver
    }
}
