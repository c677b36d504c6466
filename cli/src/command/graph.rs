//! `graph`: draws the definition, so that the picture in its README can't drift.

use crate::failure::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use simulator::text_file;

use crate::view::graph;
use crate::view::out::print;

const BEGIN: &str = "<!-- graph:begin -->";
const END: &str = "<!-- graph:end -->";

/// Flags of `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// The definition, in Amazon States Language [default: that of this build]
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    /// Puts the graph between the marks `graph:begin` and `graph:end` of this file, rather than on
    /// stdout
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

impl Graph {
    /// Draws.
    ///
    /// # Errors
    /// A sentence about the file at fault.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let definition = match &self.definition {
            Some(path) => text_file::read(path)?,
            None => include_str!("../../../statemachine/lifecycle.asl.json").to_owned(),
        };
        let drawn = graph::mermaid(&definition)?;
        match &self.into {
            None => print(drawn),
            Some(path) => {
                let name = path.display();
                let text =
                    std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
                let text = put(&text, &drawn).ok_or_else(|| {
                    format!(
                        "{name}: no lines {BEGIN} and {END}; write them where the graph belongs"
                    )
                })?;
                std::fs::write(path, text).map_err(|error| format!("{name}: {error}"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn put(text: &str, drawn: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}\n```mermaid\n{drawn}```\n{END}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_in_the_readme_is_the_definition() {
        let drawn = graph::mermaid(include_str!("../../../statemachine/lifecycle.asl.json"))
            .expect("our definition");
        let readme = include_str!("../../../statemachine/README.md");
        let wanted = put(readme, &drawn).expect("the README has the marks");
        assert!(
            wanted == readme,
            "statemachine/README.md is out of date; run: cargo run -- graph --into statemachine/README.md"
        );
    }
}
