//! The tale as one page of HTML that stands for itself: no script, no request, in light and dark, on a phone too.

mod layout;
mod machine;
mod tables;
mod timeline;

use std::fmt::Write;
use std::time::Duration;

use rehearsal::telling::clock;

use crate::tale::Tale;

const STYLE: &str = include_str!("page/style.css");

/// The page; the picture is that of `definition`.
///
/// # Errors
/// A sentence if the text is no definition.
pub fn page(tale: &Tale, definition: &str) -> Result<String, String> {
    let picture = machine::picture(definition, tale)?;
    let title = format!(
        "Roll of {}, {}",
        tale.stack,
        tale.began.strftime("%Y-%m-%d")
    );
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escaped(&title)
    );
    out += &head(tale);
    out += "<main>\n";
    section(
        &mut out,
        "time-line",
        "Time line",
        &timeline::time_line(tale),
    );
    section(&mut out, "waits", "Longest waits", &tables::waits(tale));
    section(
        &mut out,
        "failures",
        "Failures and retries",
        &tables::failures(tale),
    );
    let machine = format!(
        "<p>Each state with how many executions passed it; what nobody passed is pale, dashed arrows are those of errors. \
         It scrolls sideways.</p>\n<div class=\"scrolls\" tabindex=\"0\" role=\"region\" aria-label=\"The state machine\">\n\
         {picture}</div>\n{}",
        tables::states(tale)
    );
    section(&mut out, "state-machine", "State machine", &machine);
    section(&mut out, "instances", "Instances", &tables::instances(tale));
    section(&mut out, "events", "What AWS told", &tables::noted(tale));
    section(&mut out, "cost", "Cost", &tables::cost(tale));
    out += "</main>\n<footer><p>Written by ecs-rollout. All times are UTC.</p></footer>\n</body>\n</html>\n";
    Ok(out)
}

fn section(out: &mut String, id: &str, title: &str, body: &str) {
    put(
        out,
        format_args!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n{body}</section>\n"
        ),
    );
}

fn head(tale: &Tale) -> String {
    let (class, verdict) = match tale.well {
        Some(true) => ("well", "ended as it was meant to"),
        Some(false) => ("bad", "did not end as it was meant to"),
        None => ("open", "goes on still"),
    };
    let mut out = format!(
        "<header>\n<h1>Roll of <span class=\"name\">{}</span></h1>\n<p class=\"outcome {class}\"><strong id=\"outcome\">{}</strong> \
         <span>{verdict}</span></p>\n<dl class=\"facts\">\n",
        escaped(&tale.stack),
        escaped(&tale.outcome)
    );
    for (name, value) in super::report::facts(tale) {
        put(
            &mut out,
            format_args!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escaped(&value)),
        );
    }
    out += "</dl>\n";
    for remark in &tale.remarks {
        put(
            &mut out,
            format_args!("<p class=\"remark\">{}</p>\n", escaped(remark)),
        );
    }
    out += "</header>\n";
    out
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("writing to a string does not fail");
}

/// Hours, minutes and seconds.
fn long(seconds: f64) -> String {
    clock(Duration::from_secs_f64(seconds.max(0.0)))
}

/// The text as HTML shows it, in content and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // Not allowed in HTML, not even as references.
            char if char.is_control() && char != '\n' && char != '\t' => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
