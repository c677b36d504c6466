//! The verbs.

mod account;
mod graph;
mod listeners;
mod processes;
mod rehearse;
mod simulate;
mod story;
mod trouble;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Replaces the EC2 instances of an Amazon ECS cluster, safely and visibly.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Rolls a cluster in an AWS account in memory: the real template, definition and workers, in seconds.
    Rehearse(rehearse::Rehearse),
    /// Plays a story from a text file in an AWS account in memory.
    Story(story::Story),
    /// Plays stories drawn by chance, with everything that can go wrong, and judges every promise.
    Simulate(simulate::Simulate),
    /// Serves an AWS account in memory on loopback, to any AWS client.
    Account(account::Account),
    /// Draws the state machine's definition as a Mermaid graph.
    Graph(graph::Graph),
}

impl CommandLine {
    /// Runs the verb.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, String> {
        match self.verb {
            Verb::Rehearse(rehearse) => rehearse.run(),
            Verb::Story(story) => story.run(),
            Verb::Simulate(simulate) => simulate.run(),
            Verb::Account(account) => account.run(),
            Verb::Graph(graph) => graph.run(),
        }
    }
}
