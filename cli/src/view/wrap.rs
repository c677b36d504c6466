//! Lines for a narrow terminal, which by itself would break them in the middle of words.

/// What a command that is shown begins with.
const COMMANDS: [&str; 2] = ["aws", "ecs-rollout"];

/// The columns of the terminal that shows stdout, if one does: what is piped keeps its lines.
pub fn columns() -> Option<usize> {
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return None;
    }
    let size = ratatui::crossterm::terminal::size().ok();
    size.map(|(columns, _)| usize::from(columns))
        .filter(|columns| *columns > 0)
}

/// The text with no line longer than `columns`, if that is known: broken at spaces, and continued
/// under `indent`, where the values of these lines stand. A command stays in one piece, so that it
/// can be copied as one.
pub fn wrapped(text: &str, columns: Option<usize>, indent: usize) -> String {
    // In less than half of the terminal nothing can be read.
    let columns = columns.filter(|columns| indent * 2 <= *columns);
    let Some(columns) = columns else {
        return text.to_owned();
    };
    let lines = text.split_inclusive('\n').map(|line| {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        if line.chars().count() > columns {
            broken(line, columns, indent) + end
        } else {
            format!("{line}{end}")
        }
    });
    lines.collect()
}

fn broken(line: &str, columns: usize, indent: usize) -> String {
    // The label before the value, with its padding, is no text to be broken.
    let start = line.char_indices().nth(indent).map_or(0, |(at, _)| at);
    let (label, value) = if line[..start].ends_with(' ') {
        line.split_at(start)
    } else {
        line.split_at(line.len() - line.trim_start().len())
    };
    let mut out = label.to_owned();
    let mut width = label.chars().count();
    let mut is_first = true;
    for piece in pieces(value) {
        let length = piece.chars().count();
        if is_first {
            is_first = false;
        } else if width + 1 + length > columns {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            width = indent;
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(&piece);
        width += length;
    }
    out
}

/// The words of a text, and its commands as one word each.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_command = false;
    for word in text.split(' ') {
        let ends = word.ends_with([';', ',', '.', ')', '`', '\'']);
        match pieces.last_mut().filter(|_| in_command) {
            Some(command) => {
                command.push(' ');
                command.push_str(word);
            }
            None => pieces.push(word.to_owned()),
        }
        let begins = COMMANDS.contains(&word.trim_start_matches(['`', '\'', '(']));
        in_command = (in_command || begins) && !ends;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "blocked        retained: retained since an earlier drain failed: i-1. Ask why: ecs-rollout explain i-1 --profile p; \
                        then go on and on\nBLOCKED, 1 problem\n";

    #[test]
    fn lines_break_at_spaces_under_their_values_and_lose_nothing() {
        for columns in [40, 60, 80] {
            let shown = wrapped(TEXT, Some(columns), 15);
            for line in shown.lines() {
                let is_command = line.trim_start().starts_with("ecs-rollout");
                assert!(
                    line.chars().count() <= columns || is_command,
                    "{columns}: {line}"
                );
            }
            let continued = shown
                .lines()
                .skip(1)
                .filter(|line| !line.starts_with("BLOCKED"));
            for line in continued {
                let indent = line.len() - line.trim_start().len();
                assert_eq!(indent, 15, "{shown}");
            }
            let words = |text: &str| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(words(&shown), words(TEXT));
            assert!(
                shown.contains("ecs-rollout explain i-1 --profile p;"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_fits_or_is_piped_stays_as_it_is() {
        assert_eq!(wrapped(TEXT, None, 15), TEXT);
        assert_eq!(wrapped(TEXT, Some(500), 15), TEXT);
        // Nothing can be read in a few columns.
        assert_eq!(wrapped(TEXT, Some(20), 15), TEXT);
    }

    #[test]
    fn a_line_without_a_value_keeps_its_own_indent() {
        let line = "  a line of its own with more than thirty columns";
        let shown = wrapped(line, Some(32), 15);
        assert!(shown.starts_with("  a line of its own"), "{shown}");
        assert!(shown.lines().all(|line| line.len() <= 32), "{shown}");
        let word = "i".repeat(100);
        assert_eq!(wrapped(&word, Some(40), 15), word);
    }
}
