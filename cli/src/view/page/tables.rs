//! The tables of the page.

use super::{escaped, long, put};
use crate::format::count;
use crate::report::{InstanceTimeline, Noted, RolloutReport};
use crate::view::report::{longest, usd};
use crate::watch::without_instance;

/// So many rows of the longest tables are shown unfolded.
const ROWS_AT_ONCE: usize = 60;
/// So many attempts that failed are shown one by one.
const ATTEMPTS_TOLD: usize = 500;

/// A table with these columns; cells are HTML already.
fn table(caption: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!(
        "<div class=\"scrolls\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table><caption>{caption}</caption>\n<thead><tr>"
    );
    for column in columns {
        put(&mut out, format_args!("<th scope=\"col\">{column}</th>"));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (cell, column) in row.iter().zip(columns) {
            put(
                &mut out,
                format_args!("<td data-column=\"{column}\"><div>{cell}</div></td>"),
            );
        }
        out += "</tr>\n";
    }
    out += "</tbody></table>\n</div>\n";
    out
}

fn folded(is_long: bool, summary: &str, body: &str) -> String {
    let open = if is_long { "" } else { " open" };
    format!("<details{open}><summary>{summary}</summary>\n{body}</details>\n")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

fn since(tale: &RolloutReport, at: jiff::Timestamp) -> String {
    long(at.duration_since(tale.began).as_secs_f64())
}

/// The longest waits.
pub fn waits(tale: &RolloutReport) -> String {
    if tale.longest_waits.is_empty() {
        return "<p>No instance waited for anything.</p>\n".to_owned();
    }
    let rows = tale.longest_waits.iter().map(|it| {
        vec![
            long(it.seconds),
            code(&it.instance),
            escaped(it.kind.words()),
            it.times_asked.to_string(),
            escaped(&format!("{}{}", longest(it), it.reason)),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table(
        "The longest waits",
        &["for", "instance", "what", "asked", "last reported reason"],
        &rows,
    )
}

/// Batches, a rollback, a cancel, and the end.
pub fn milestones(tale: &RolloutReport) -> String {
    let rows = tale.milestones.iter();
    let rows = rows.map(|it| vec![since(tale, it.at), escaped(&it.text)]);
    let rows: Vec<Vec<String>> = rows.collect();
    table("Milestones", &["at", "what"], &rows)
}

/// Where the consoles show more.
pub fn links(tale: &RolloutReport) -> String {
    let links = tale.links.iter().map(|it| {
        let (url, label) = (escaped(&it.url), escaped(&it.label));
        format!("<li><a href=\"{url}\">{label}</a></li>\n")
    });
    format!("<ul>\n{}</ul>\n", links.collect::<String>())
}

/// Errors, what AWS says went wrong, and each attempt that failed.
pub fn failures(tale: &RolloutReport) -> String {
    if tale.errors.is_empty() && tale.failures.is_empty() {
        return "<p>Nothing failed, and nothing was tried twice.</p>\n".to_owned();
    }
    let mut out = String::new();
    if !tale.errors.is_empty() {
        out += &errors(tale);
        out += &attempts(tale);
    }
    if !tale.failures.is_empty() {
        out += &service_failures(tale);
    }
    out
}

fn errors(tale: &RolloutReport) -> String {
    let rows = tale.errors.iter().map(|it| {
        let of = if it.of_aws {
            "a call to AWS"
        } else {
            "Lambda or Step Functions"
        };
        vec![
            code(&it.error),
            of.to_owned(),
            it.count.to_string(),
            it.again.to_string(),
            escaped(&it.example),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let columns = ["error", "of", "times", "tried again", "such as"];
    table("Errors", &columns, &rows)
}

fn attempts(tale: &RolloutReport) -> String {
    let rows = tale.worker_retries.iter().take(ATTEMPTS_TOLD).map(|it| {
        let again = if it.again { "yes" } else { "no" };
        vec![
            since(tale, it.at),
            code(&it.instance),
            escaped(&it.state),
            code(&it.error),
            again.to_owned(),
            escaped(&it.cause),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let columns = ["at", "instance", "in", "error", "tried again", "message"];
    let each = table("Worker retries", &columns, &rows);
    let (told, all) = (rows.len(), tale.worker_retries.len());
    folded(true, &format!("Worker retries: {told} of {all}"), &each)
}

fn service_failures(tale: &RolloutReport) -> String {
    let rows = tale.failures.iter().map(|it| {
        vec![
            since(tale, it.at),
            code(&it.subject),
            escaped(&it.status),
            escaped(&it.reason),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let columns = ["at", "of", "status", "reason"];
    table("AWS events of failures", &columns, &rows)
}

/// The states that were entered.
pub fn states(tale: &RolloutReport) -> String {
    let rows = tale.states.iter().map(|(name, sum)| {
        vec![
            escaped(name),
            sum.executions.to_string(),
            sum.times.to_string(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let table = table("States passed", &["state", "executions", "times"], &rows);
    folded(true, "The same as a table", &table)
}

/// The instances, with what the time line shows.
pub fn instances(tale: &RolloutReport) -> String {
    let rows: Vec<Vec<String>> = tale
        .instances
        .iter()
        .map(|life| instance(tale, life))
        .collect();
    let columns = [
        "instance",
        "version",
        "came",
        "end",
        "phases, and how long each took",
    ];
    let table = table("Instances", &columns, &rows);
    let summary = count(rows.len(), "instance");
    folded(rows.len() > ROWS_AT_ONCE, &summary, &table)
}

fn instance(tale: &RolloutReport, life: &InstanceTimeline) -> Vec<String> {
    let lasting = life.phases.iter().filter(|it| it.seconds >= 1.0);
    let phases = lasting.map(|it| {
        let state = match it.state.as_str() {
            "" => String::new(),
            state => format!(" ({})", escaped(state)),
        };
        format!(
            "<li>{} {}{state} <b>{}</b></li>",
            since(tale, it.began),
            it.kind.words(),
            long(it.seconds)
        )
    });
    let phases: Vec<String> = phases.collect();
    let end = match life.reason.as_str() {
        "" => life.end.words().to_owned(),
        reason => {
            let reason = without_instance(reason, &life.id);
            format!("<b>{}</b>: {}", life.end.words(), escaped(&reason))
        }
    };
    vec![
        code(&life.id),
        life.version
            .as_deref()
            .map_or_else(|| "–".to_owned(), escaped),
        life.origin.words().to_owned(),
        end,
        format!("<ul class=\"phases\">{}</ul>", phases.concat()),
    ]
}

/// Stack events and scaling activities.
pub fn noted(tale: &RolloutReport) -> String {
    let rows = |noted: &[Noted]| -> Vec<Vec<String>> {
        let rows = noted.iter().map(|it| {
            vec![
                since(tale, it.at),
                escaped(&it.what),
                escaped(&it.status),
                escaped(&it.reason),
            ]
        });
        rows.collect()
    };
    let mut out = String::new();
    for (caption, what, noted) in [
        ("Events of the stack", "resource", &tale.events),
        ("Activities of the group", "activity", &tale.activities),
    ] {
        let table = table(caption, &["at", what, "status", "reason"], &rows(noted));
        out += &folded(true, &format!("{caption}: {}", noted.len()), &table);
    }
    out
}

/// What it cost.
pub fn cost(tale: &RolloutReport) -> String {
    let cost = &tale.cost;
    let rows = [
        vec![
            "State transitions".to_owned(),
            cost.transitions.to_string(),
            usd(cost.transitions_usd),
        ],
        vec![
            "Functions invoked".to_owned(),
            cost.invocations.to_string(),
            format!("{} (estimated)", usd(cost.functions_usd_estimated)),
        ],
        vec![
            "Together".to_owned(),
            String::new(),
            format!("<b>{}</b> (estimated)", usd(cost.usd_estimated)),
        ],
    ];
    let mut out = table("Cost", &["of", "how many", "by the public prices"], &rows);
    out += "<p>Without the free tier, logs and traces. What the functions cost is estimated: by the times that the histories show, \
            which are longer than those that are billed, and by 128 MB of memory.</p>\n";
    out
}
