//! `ecs-rollout`: parse, run, print the error once, exit code. 0: it ended as asked; 1: it did not; 2: bad input.

mod aws;
mod command;
mod explanation;
mod format;
mod plan;
mod reading;
mod screen;
mod tale;
mod view;
mod watching;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// A rehearsal makes and frees millions of small texts, between large ones.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match command::CommandLine::parse().run() {
        Ok(code) => code,
        Err(message) => {
            anstream::eprintln!("ecs-rollout: {message}");
            ExitCode::from(2)
        }
    }
}
