//! What lies over the panes: the help, and one entry in full.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Action;
use super::draw::Link;
use super::paint::{Canvas, Mood};
use super::text::wrap;
use crate::explanation::VALUES;
use crate::view::wrap::wrapped;

/// No wider than what is read with ease.
const WIDTH_AT_MOST: u16 = 100;

/// Each meaning fits a line of a screen of sixty columns.
const HELP: [(&str, &str); 18] = [
    ("↑ ↓ PgUp PgDn", "another entry (also k and j)"),
    ("Home End", "the first, the last (also g and G)"),
    ("Tab, Shift-Tab", "the next pane, the one before"),
    ("Enter", "in full; an instance is explained"),
    ("/", "filter all panes by a text"),
    ("s", "sort the pane by the next column"),
    ("c", "copy the id or the name (OSC 52)"),
    ("o", "show and copy the console link"),
    ("p, x", "pause or resume; cancel (asks first)"),
    ("Esc", "back; clears the filter"),
    ("q, Ctrl-C", "leave; the rollout proceeds"),
    ("replaced", "the old instance and its tasks are gone"),
    ("draining", "tasks stop, then services recover"),
    ("starting", "at the launch hook: joins the cluster"),
    ("queued", "at a hook: waits for earlier drains"),
    ("retained", "its drain failed: look, then terminate"),
    ("deadline", "when DrainDeadlinePolicy decides"),
    ("ETA", "by the batches so far, or by the plan"),
];

/// The keys, and the words that are used.
pub fn help(canvas: &mut Canvas<'_>, area: Rect) {
    let label = 16;
    let width = usize::from(area.width.min(WIDTH_AT_MOST)).saturating_sub(label + 4);
    let mut lines = Vec::new();
    for (key, meaning) in HELP {
        for (place, line) in wrap(meaning, width).into_iter().enumerate() {
            let key = if place == 0 { key } else { "" };
            lines.push((format!("{key:<label$}"), line));
        }
    }
    let inner = frame(canvas, area, "Help", lines.len());
    for (y, (key, meaning)) in (inner.y..inner.bottom()).zip(lines) {
        let line = Rect { y, ..inner };
        canvas.parts(line, &[(key, Mood::Strong), (meaning, Mood::Plain)]);
    }
}

/// What an action does, and the question.
pub fn question(canvas: &mut Canvas<'_>, area: Rect, stack: &str, action: Action) {
    let (title, text) = match action {
        Action::Pause => (
            "Pause the rollout?",
            "Open drains continue. No further drain begins, and no new instance is admitted, until you resume. \
             CloudFormation gives a batch an hour: a longer pause makes the update fail and roll back.",
        ),
        Action::Resume => (
            "Resume the rollout?",
            "The next instances move within minutes.",
        ),
        Action::Cancel => (
            "Cancel the update?",
            "CloudFormation rolls it back: it replaces the instances of the new launch template by instances of the old one, a \
             batch at a time. The SSM parameter keeps the new AMI id; the summary says how to put the old one back.",
        ),
    };
    let width = usize::from(area.width.min(WIDTH_AT_MOST)).saturating_sub(4);
    let mut lines = vec![(format!("Stack {stack}"), Mood::Strong)];
    let text = wrap(text, width).into_iter();
    lines.extend(text.map(|line| (line, Mood::Plain)));
    lines.push((String::new(), Mood::Plain));
    lines.push(("y yes   any other key no".to_owned(), Mood::Waiting));
    let inner = frame(canvas, area, title, lines.len());
    for (y, (text, mood)) in (inner.y..inner.bottom()).zip(lines) {
        canvas.put(inner.x, y, &text, inner.width, mood);
    }
}

/// An entry in full.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Labels and values.
    pub facts: &'a [(String, String)],
    /// Its reason.
    pub whole: &'a str,
    /// Where its execution is shown.
    pub link: Option<&'a str>,
    /// What else is known of it, in lines whose texts stand in one column.
    pub more: &'a str,
}

/// One entry: its facts, its reason, where its execution is shown, and its explanation.
pub fn entry(canvas: &mut Canvas<'_>, area: Rect, entry: &Entry<'_>) -> Vec<Link> {
    let Entry {
        facts,
        whole,
        link,
        more,
    } = entry;
    let width = usize::from(area.width.min(WIDTH_AT_MOST)).saturating_sub(4);
    let mut lines: Vec<(String, Mood)> = Vec::new();
    let facts: Vec<String> = facts
        .iter()
        .map(|(label, text)| format!("{label} {text}"))
        .collect();
    if !facts.is_empty() {
        let facts = wrap(&facts.join(" · "), width);
        lines.extend(facts.into_iter().map(|line| (line, Mood::Strong)));
    }
    if !whole.is_empty() {
        lines.push((String::new(), Mood::Plain));
        lines.extend(
            wrap(whole, width)
                .into_iter()
                .map(|line| (line, Mood::Plain)),
        );
    }
    if link.is_some() {
        lines.push((String::new(), Mood::Plain));
    }
    let before = lines.len();
    let url = link.map(|link| wrap(link, width));
    let url = url.unwrap_or_default();
    lines.extend(url.into_iter().map(|line| (line, Mood::Coming)));
    let after = lines.len();
    if !more.is_empty() {
        lines.push((String::new(), Mood::Plain));
        let more = wrapped(more, Some(width), VALUES);
        lines.extend(more.lines().map(|line| (line.to_owned(), Mood::Plain)));
    }
    let at_most = usize::from(area.height.saturating_sub(2));
    let is_cut = shorten(&mut lines, at_most);
    let after = if is_cut {
        after.min(at_most.saturating_sub(1))
    } else {
        after
    };
    let inner = frame(canvas, area, "In full", lines.len());
    let mut links = Vec::new();
    for (y, (place, (text, severity))) in
        (inner.y..inner.bottom()).zip(lines.into_iter().enumerate())
    {
        canvas.put(inner.x, y, &text, inner.width, severity);
        if let Some(to) = link.filter(|_| (before..after).contains(&place)) {
            links.push(Link {
                place: (inner.x, y),
                text,
                to: to.to_owned(),
            });
        }
    }
    links
}

/// Cuts the lines to this many, if there are more; whether it did. The last one then says so.
fn shorten(lines: &mut Vec<(String, Mood)>, at_most: usize) -> bool {
    let is_long = lines.len() > at_most;
    if is_long {
        lines.truncate(at_most);
        if let Some(last) = lines.last_mut() {
            *last = ("… more: ecs-rollout explain".to_owned(), Mood::Quiet);
        }
    }
    is_long
}

/// Draws an empty box for so many lines in the middle; its inside.
fn frame(canvas: &mut Canvas<'_>, area: Rect, title: &str, lines: usize) -> Rect {
    let width = area.width.min(WIDTH_AT_MOST);
    let wanted = u16::try_from(lines + 2).unwrap_or(u16::MAX);
    let height = wanted.min(area.height);
    let outer = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    for y in outer.y..outer.bottom() {
        let middle = " ".repeat(usize::from(width.saturating_sub(2)));
        let line = format!("│{middle}│");
        canvas.buffer.set_style(
            Rect {
                y,
                height: 1,
                ..outer
            },
            Style::reset(),
        );
        canvas.put(outer.x, y, &line, width, Mood::Plain);
    }
    let edge = "─".repeat(usize::from(width.saturating_sub(2)));
    canvas.put(outer.x, outer.y, &format!("┌{edge}┐"), width, Mood::Plain);
    canvas.put(
        outer.x + 1,
        outer.y,
        &format!(" {title} "),
        width.saturating_sub(2),
        Mood::Strong,
    );
    let last = outer.bottom().saturating_sub(1);
    canvas.put(outer.x, last, &format!("└{edge}┘"), width, Mood::Plain);
    Rect {
        x: outer.x + width.min(2),
        y: outer.y + 1,
        width: width.saturating_sub(4),
        height: height.saturating_sub(2),
    }
}
