//! The verbs and their flags, from clap's command tree, and the exit codes.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::super::CommandLine;
use super::super::watch::TIMED_OUT;
use crate::failure::Exit;

/// A line for each verb, flag and positional argument, and for each exit code.
pub fn lines() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut whole = CommandLine::command();
    whole.build();
    add(&whole, "", &mut lines);
    let codes = [
        Exit::AsAsked,
        Exit::Otherwise,
        Exit::Input,
        Exit::Refused,
        Exit::Aws,
    ];
    lines.extend(codes.map(|exit| format!("exit code {} {exit:?}", exit.code())));
    lines.insert(format!("exit code {TIMED_OUT} --timeout of watch"));
    lines
}

fn add(command: &Command, verb: &str, lines: &mut BTreeSet<String>) {
    for argument in command.get_arguments().filter(|it| !is_of_clap(it)) {
        // A flag of all verbs is listed once.
        if verb.is_empty() || !argument.is_global_set() {
            lines.insert(
                format!("{verb} {}", described(argument))
                    .trim_start()
                    .to_owned(),
            );
        }
    }
    for below in command.get_subcommands() {
        let name = below.get_name();
        if name != "help" {
            lines.insert(format!("{verb} {name}").trim_start().to_owned());
            add(below, name, lines);
        }
    }
}

/// `--help` and `--version` are clap's.
fn is_of_clap(argument: &Arg) -> bool {
    ["help", "version"].contains(&argument.get_id().as_str())
}

/// The argument as a user writes it, with its values.
fn described(argument: &Arg) -> String {
    let names: Vec<&str> = argument
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(|name| name.as_str())
        .collect();
    let takes_value = argument.get_action().takes_values();
    let value = if takes_value {
        format!("<{}>", names.join("> <"))
    } else {
        String::new()
    };
    let name = argument.get_long().map(|long| format!("--{long}"));
    let mut parts: Vec<String> = name.into_iter().chain([value]).collect();
    parts.retain(|part| !part.is_empty());
    let possible: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|one| one.get_name().to_owned())
        .collect();
    if takes_value && !possible.is_empty() {
        parts.push(format!("one of {}", possible.join("|")));
    }
    let default = argument.get_default_values().first();
    if let Some(default) = default.filter(|_| takes_value) {
        parts.push(format!("default {}", default.to_string_lossy()));
    }
    if argument.is_required_set() {
        parts.push("required".to_owned());
    }
    if matches!(argument.get_action(), ArgAction::Append) {
        parts.push("may be repeated".to_owned());
    }
    parts.join(" ")
}
