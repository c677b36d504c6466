//! The tale as one page of HTML that stands for itself: no script, no request, in light and dark,
//! on a phone too.

mod layout;
mod machine;
mod services;
mod tables;
mod timeline;

use std::fmt::Write;

use crate::definition::DefinitionError;
use crate::report::RolloutReport;

const STYLE: &str = include_str!("page/style.css");

/// The page; the picture is that of `definition`.
///
/// # Errors
/// If the text is no definition.
pub fn page(tale: &RolloutReport, definition: &str) -> Result<String, DefinitionError> {
    let picture = machine::picture(definition, tale)?;
    let title = format!(
        "Rollout of {}, {}",
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
    section(
        &mut out,
        "milestones",
        "Milestones",
        &tables::milestones(tale),
    );
    section(&mut out, "services", "Services", &services::services(tale));
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
    section(&mut out, "events", "AWS events", &tables::noted(tale));
    section(&mut out, "cost", "Cost", &tables::cost(tale));
    section(&mut out, "consoles", "Consoles", &tables::links(tale));
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

fn head(tale: &RolloutReport) -> String {
    let class = match tale.well {
        Some(true) => "well",
        Some(false) => "bad",
        None => "open",
    };
    let verdict = escaped(&tale.headline.text);
    let mut out = format!(
        "<header>\n<h1>Rollout of <span class=\"name\">{}</span></h1>\n<p class=\"outcome {class}\"><strong id=\"outcome\">{}</strong> \
         <span>{verdict}</span></p>\n<dl class=\"facts\">\n",
        escaped(&tale.stack),
        escaped(&tale.outcome)
    );
    for (name, value) in super::report::facts(tale) {
        let wide = if value.starts_with("i-") {
            " class=\"wide\""
        } else {
            ""
        };
        put(
            &mut out,
            format_args!(
                "<div{wide}><dt>{name}</dt><dd>{}</dd></div>\n",
                escaped(&value)
            ),
        );
    }
    out += "</dl>\n";
    let cause = tale.headline.cause.iter().map(|it| ("Cause", it));
    let also = tale.headline.also.iter().map(|it| ("Also failed", it));
    let cause = cause.chain(also);
    let next = tale.headline.next.iter().map(|it| ("Next", it));
    let paused = tale.paused.iter().map(|it| ("Paused", it));
    let restore = tale.headline.restore.iter();
    let restore = restore.map(|it| ("Afterwards", it));
    for (label, text) in cause.chain(next).chain(restore).chain(paused) {
        put(
            &mut out,
            format_args!(
                "<p class=\"remark\"><b>{label}:</b> {}</p>\n",
                escaped(text)
            ),
        );
    }
    for earlier in super::report::earlier(tale) {
        put(
            &mut out,
            format_args!(
                "<p class=\"remark\"><b>Earlier:</b> {}</p>\n",
                escaped(&earlier)
            ),
        );
    }
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

/// A duration, as everywhere.
fn long(seconds: f64) -> String {
    crate::format::seconds(seconds)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::aws::{Activity, StackEvent};
    use crate::report::{ExecutionTrace, Kind, Phase, Source};

    const DEFINITION: &str = include_str!("../../../statemachine/lifecycle.asl.json");
    const HOSTILE: &str = "<script>alert('1')</script>\" onload=\"x\u{0}";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// An instance that waits for a hostile reason, in a stack with another.
    fn source() -> Source {
        let waits = Phase {
            waited_for: HOSTILE.to_owned(),
            ..Phase::between(Kind::TasksStop, at(10), at(100))
        };
        let passage = ExecutionTrace {
            instance: HOSTILE.to_owned(),
            started: at(10),
            stopped: Some(at(100)),
            status: "ABORTED".to_owned(),
            cause: HOSTILE.to_owned(),
            phases: vec![waits],
            ..ExecutionTrace::default()
        };
        let event = StackEvent {
            id: "1".to_owned(),
            at: at(1),
            resource: HOSTILE.to_owned(),
            status: "UPDATE_FAILED".to_owned(),
            reason: HOSTILE.to_owned(),
        };
        let activity = Activity {
            id: HOSTILE.to_owned(),
            began: at(2),
            ended: None,
            description: HOSTILE.to_owned(),
            cause: HOSTILE.to_owned(),
            status: "Failed".to_owned(),
            message: HOSTILE.to_owned(),
        };
        Source {
            stack: HOSTILE.to_owned(),
            cluster: HOSTILE.to_owned(),
            events: vec![event],
            activities: vec![activity],
            passages: vec![passage],
            now: at(200),
            ..Source::default()
        }
    }

    #[test]
    fn what_others_wrote_is_shown_as_text() {
        let page = page(&RolloutReport::of(source()), DEFINITION).expect("a page");
        for wrong in [
            "<script",
            "onload=\"",
            "\u{0}",
            "<img",
            "http:",
            "https:",
            "src=",
            "url(h",
        ] {
            assert!(!page.contains(wrong), "{wrong:?} is in the page");
        }
        let shown = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;";
        assert!(page.matches(shown).count() > 8);
    }

    #[test]
    fn a_roll_without_instances_is_a_page_too() {
        let nothing = Source {
            now: at(5),
            ..Source::default()
        };
        let page = page(&RolloutReport::of(nothing), DEFINITION).expect("a page");
        assert!(page.contains("No instance came or went."));
    }

    #[test]
    fn many_bars_are_folded_and_those_that_need_a_look_come_first() {
        let mut source = Source {
            now: at(5000),
            ..Source::default()
        };
        for number in 0..1000 {
            let end = if number == 777 { "DrainFailed" } else { "" };
            source.passages.push(ExecutionTrace {
                instance: format!("i-{number:017}"),
                started: at(number),
                stopped: Some(at(number + 100)),
                status: if end.is_empty() {
                    "SUCCEEDED"
                } else {
                    "FAILED"
                }
                .to_owned(),
                error: end.to_owned(),
                phases: vec![Phase::between(
                    Kind::TasksStop,
                    at(number),
                    at(number + 100),
                )],
                ..ExecutionTrace::default()
            });
        }
        source.members.push(crate::aws::Member {
            id: "i-00000000000000777".to_owned(),
            state: workers::model::group::LifecycleState::TerminatingRetained,
            version: "1".to_owned(),
            zone: "eu-west-1a".to_owned(),
        });
        let page = page(&RolloutReport::of(source), DEFINITION).expect("a page");
        let look = page.find("Those that need a look").expect("its heading");
        let first = page.find("data-instance").expect("a bar");
        assert!(look < first && page[first..].starts_with("data-instance=\"i-00000000000000777\""));
        assert_eq!(page.matches("<summary>Instances ").count(), 10);
        assert!(page.len() < 3_000_000, "the page has {} bytes", page.len());
    }
}
