//! The verbs.

mod account;
mod confirm;
mod explain;
mod graph;
mod listeners;
mod pages;
mod plan;
mod processes;
mod rehearse;
mod report;
mod roll;
mod simulate;
mod stop;
mod story;
mod terminate;
mod trouble;
mod watch;

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
    /// Tells what a roll would do, whether it can end, and how long it would take.
    Plan(plan::PlanVerb),
    /// Begins a roll, by an update of the stack, and watches it.
    Roll(roll::Roll),
    /// Watches a roll until its last drain has ended.
    Watch(watch::Watch),
    /// Stops a roll: cancels the update, which CloudFormation rolls back.
    Stop(stop::Stop),
    /// Ends a retained instance, with whatever still runs on it.
    Terminate(terminate::Terminate),
    /// Tells why an instance of the cluster is where it is, and what a person can do about it.
    Explain(explain::Explain),
    /// Tells the story of a past roll, as text, JSON or a page of HTML.
    Report(report::Report),
    /// Serves an AWS account in memory on loopback, to any AWS client.
    Account(account::Account),
    /// Draws the state machine's definition as a Mermaid graph.
    Graph(graph::Graph),
    /// Writes completions for a shell.
    Completions(pages::Completions),
    /// Writes man pages.
    Man(pages::Man),
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
            Verb::Plan(plan) => plan.run(),
            Verb::Roll(roll) => roll.run(),
            Verb::Watch(watch) => watch.run(),
            Verb::Stop(stop) => stop.run(),
            Verb::Terminate(terminate) => terminate.run(),
            Verb::Explain(explain) => explain.run(),
            Verb::Report(report) => report.run(),
            Verb::Account(account) => account.run(),
            Verb::Graph(graph) => graph.run(),
            Verb::Completions(completions) => Ok(completions.run()),
            Verb::Man(man) => man.run(),
        }
    }
}

/// Waits for what asks AWS.
fn wait_for<T>(asking: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(asking))
}
