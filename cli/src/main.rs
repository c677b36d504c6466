//! `ecs-rollout`: parse, run, print the error once, and end with an exit code of [`failure::Exit`].

mod aws;
mod command;
mod completion;
mod definition;
mod doctor;
mod explanation;
mod failure;
mod fetch;
mod format;
mod listing;
mod plan;
mod question;
mod report;
mod retry;
mod screen;
mod settings;
mod view;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use mimalloc::MiMalloc;

/// A rehearsal makes and frees millions of small texts, between large ones.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    if completion::answered(command::CommandLine::command) {
        return ExitCode::SUCCESS;
    }
    match command::CommandLine::parse().run() {
        Ok(code) => code,
        Err(failure) => {
            anstream::eprintln!("ecs-rollout: {failure}");
            failure.exit.into()
        }
    }
}
