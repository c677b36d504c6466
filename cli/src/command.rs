//! The verbs.

mod account;
mod cancel;
mod change;
mod demo;
mod doctor;
mod explain;
mod fault;
mod graph;
mod list;
mod pages;
mod pause;
mod plan;
mod processes;
mod rehearse;
mod report;
mod roll;
mod scenario;
mod simulate;
mod stack_argument;
mod status;
#[cfg(test)]
mod surface;
mod terminate;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::settings::{Color, Settings, variable};

/// Replaces the EC2 instances of an Amazon ECS cluster, safely and visibly.
#[derive(Debug, Parser)]
#[command(version, about)]
#[command(
    after_help = "Exit code of every verb: 0 as asked, or nothing to do; 1 ended otherwise (rolled back, retained, invariant \
violated), or you said no; 2 usage or input; 3 BLOCKED or refused; 4 AWS cannot be reached, or does not accept your \
credentials; 124 still under way (status, watch --timeout); 130 and 143 ended by a signal."
)]
pub struct CommandLine {
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are respected under auto [default: auto]
    #[arg(
        long,
        value_enum,
        global = true,
        value_name = "WHEN",
        display_order = 100
    )]
    color: Option<Color>,
    /// Configuration file [default: ECS_ROLLOUT_CONFIG, or ~/.config/ecs-rollout/config.toml]
    #[arg(long, global = true, value_name = "FILE", display_order = 101)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

/// Decides on colours for everything that the process writes: the flag, the environment, the
/// configuration file.
fn apply_color(flag: Option<Color>, configured: Option<Color>) {
    let variables = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];
    let is_set = variables.iter().any(|name| variable(name).is_some());
    let configured = configured.filter(|_| !is_set);
    let choice = match flag.or(configured).unwrap_or(Color::Auto) {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Rolls a cluster in an AWS account in memory: the real template, definition and workers, in
    /// seconds.
    Rehearse(rehearse::Rehearse),
    /// Shows a rollout in an AWS account in memory, live, on the screen of watch.
    Demo(demo::Demo),
    /// Runs a scenario from a text file in an AWS account in memory.
    Scenario(scenario::Scenario),
    /// Runs generated scenarios with faults and incidents, and checks every invariant.
    Simulate(simulate::Simulate),
    /// Says whether a rollout would end well, and how long it would take.
    Plan(plan::PlanVerb),
    /// Starts a rollout by an update of the stack, and watches it.
    Roll(roll::Roll),
    /// Watches a rollout until its last drain has ended.
    Watch(watch::Watch),
    /// Checks credentials, Region, clock and permissions, and names the way out of what is wrong.
    Doctor(doctor::Doctor),
    /// Lists the stacks of ecs-rollout in the account and Region.
    List(list::List),
    /// Shows how a rollout stands, once: what it waits for, and how the last one ended.
    Status(status::StatusVerb),
    /// Cancels the update of the stack, which CloudFormation rolls back.
    Cancel(cancel::Cancel),
    /// Pauses a rollout: no further drain begins, and no new instance is admitted.
    Pause(pause::Pause),
    /// Resumes a paused rollout.
    Resume(pause::Resume),
    /// Terminates a retained instance, with everything that still runs on it.
    Terminate(terminate::Terminate),
    /// Explains what an instance waits for, and what you can do.
    Explain(explain::Explain),
    /// Reports past rollouts as text, JSON or an HTML page.
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
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = Settings::read(self.config.as_deref(), &variable)?;
        apply_color(self.color, settings.color);
        settings.keep();
        Ok(match self.verb {
            Verb::Rehearse(rehearse) => rehearse.run()?,
            Verb::Demo(demo) => demo.run()?,
            Verb::Scenario(scenario) => scenario.run()?,
            Verb::Simulate(simulate) => simulate.run()?,
            Verb::Plan(plan) => plan.run()?,
            Verb::Roll(roll) => roll.run()?,
            Verb::Watch(watch) => watch.run()?,
            Verb::Doctor(doctor) => doctor.run()?,
            Verb::List(list) => list.run()?,
            Verb::Status(status) => status.run()?,
            Verb::Cancel(cancel) => cancel.run()?,
            Verb::Pause(pause) => pause.run()?,
            Verb::Resume(resume) => resume.run()?,
            Verb::Terminate(terminate) => terminate.run()?,
            Verb::Explain(explain) => explain.run()?,
            Verb::Report(report) => report.run()?,
            Verb::Account(account) => account.run()?,
            Verb::Graph(graph) => graph.run()?,
            Verb::Completions(completions) => completions.run()?,
            Verb::Man(man) => man.run()?,
        })
    }
}

/// A help text whose paragraphs clap wraps to the terminal's width: the line breaks of the source
/// within a paragraph go, those before an indented line, as of an example, stay.
fn flow(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let mut lines = paragraph.lines();
        let mut flowing = lines.next().unwrap_or_default().to_owned();
        let mut was_indented = flowing.starts_with(' ');
        for line in lines {
            let is_indented = line.starts_with(' ');
            flowing.push(if is_indented || was_indented {
                '\n'
            } else {
                ' '
            });
            flowing.push_str(line);
            was_indented = is_indented;
        }
        flowing
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Waits for what asks AWS.
fn wait_for<T>(asking: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(asking))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn paragraphs_flow_and_examples_stay() {
        let text = "Examples:\n  one\n  two\n\nA first\nparagraph.\n\nExit code: 0.";
        let flowing = "Examples:\n  one\n  two\n\nA first paragraph.\n\nExit code: 0.";
        assert_eq!(flow(text), flowing);
    }

    /// The indented lines of a help text: commands for you to paste.
    fn examples(help: &str) -> Vec<&str> {
        help.lines().filter(|line| line.starts_with("  ")).collect()
    }

    #[test]
    fn examples_can_be_pasted_from_a_terminal_of_eighty_columns() {
        let mut shown = 0;
        for verb in CommandLine::command().get_subcommands() {
            let name = verb.get_name();
            let Some(help) = verb.get_after_help().map(ToString::to_string) else {
                continue;
            };
            let rendered = verb.clone().term_width(80).render_long_help().to_string();
            for line in examples(&help) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
                // clap did not break it.
                let mut lines = rendered.lines();
                assert!(lines.any(|it| it.trim_end() == line), "{name}: {line}");
                shown += 1;
            }
            let mut lines = help.lines().peekable();
            while let Some(line) = lines.next() {
                let continues = line.ends_with('\\');
                let is_continued = lines.peek().is_some_and(|next| next.starts_with("    "));
                assert_eq!(continues, is_continued, "{name}: {line}");
            }
        }
        assert!(shown > 20, "{shown} examples");
    }

    #[test]
    fn a_verb_that_streams_says_so() {
        for (verb, says) in [
            ("roll", "one for each change"),
            ("watch", "for each change"),
        ] {
            let command = CommandLine::command();
            let verb = command.find_subcommand(verb).expect("a verb");
            let mut arguments = verb.get_arguments();
            let output = arguments.find(|one| one.get_id() == "output");
            let help = output.and_then(|it| it.get_help()).expect("a help text");
            assert!(help.to_string().contains(says), "{help}");
        }
    }

    #[test]
    fn every_verb_documents_its_exit_codes() {
        let short = ["graph", "completions", "man"];
        for verb in CommandLine::command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string);
            let says = help.is_some_and(|help| help.contains("Exit code: 0"));
            assert!(
                says || short.contains(&verb.get_name()),
                "{}",
                verb.get_name()
            );
        }
    }
}
