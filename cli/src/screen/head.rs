//! The first lines: the stack and where it is led, how far it is, what is under way (`moving`), and
//! what needs you.

mod course;
mod moving;

use ratatui::layout::Rect;

use super::Screen;
use super::paint::{Canvas, Mood};
use super::text::{cut, wrap};
use crate::aws::FailedOperation;
use crate::format::{between, clock, count};
use crate::watch::{Batches, Course, Expected, Snapshot, how_far, paused, resume_command};
use course::{course, has_moves, is_busy, title_parts};
use moving::under_way;

/// The gauge is a quarter of the screen, and so wide at most.
const GAUGE_AT_MOST: u16 = 40;

/// Between two facts of a line.
const GAP: &str = "  ";

/// So many lines a pause or the outcome takes at most.
const NOTE_AT_MOST: usize = 4;

/// So many lines the outcome takes on a small screen, so that there is room for the next step.
const OUTCOME_IF_SMALL: usize = 2;

/// A part of a line.
type Part = (String, Mood);

/// How many lines they take on a screen of this width.
pub fn height(screen: &Screen, width: u16, is_small: bool) -> u16 {
    let lines = 2 + usize::from(!is_small) + notes(screen, width, is_small).len();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Draws them.
pub fn draw(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect, is_small: bool) {
    let mut line = Rect { height: 1, ..area };
    title(screen, canvas, line);
    let mut lines = vec![progress as fn(&Screen, &mut Canvas<'_>, Rect)];
    if !is_small {
        lines.push(under_way);
    }
    for draw in lines {
        line.y += 1;
        if line.y < area.bottom() {
            draw(screen, canvas, line);
        }
    }
    for part in notes(screen, area.width, is_small) {
        line.y += 1;
        if line.y < area.bottom() {
            canvas.parts(line, &[part]);
        }
    }
}

/// What needs you: a pause, the end, and what cannot be asked.
fn notes(screen: &Screen, width: u16, is_small: bool) -> Vec<Part> {
    let sight = &screen.sight;
    let mut notes = Vec::new();
    if let Some(pause) = &sight.pause {
        let times_out = sight.batches.as_ref().and_then(Batches::times_out);
        let text = paused(pause, times_out, screen.now, &sight.stack);
        notes.extend(lines_of(&text, width, NOTE_AT_MOST, Mood::Waiting));
        if wrap(&text, usize::from(width)).len() > NOTE_AT_MOST {
            // The command at its end was cut.
            let resume = format!("Resume: {}", resume_command(&sight.stack));
            notes.extend(lines_of(&resume, width, NOTE_AT_MOST, Mood::Waiting));
        }
    }
    if let Some(ending) = &screen.ending {
        let severity = if ending.well { Mood::Good } else { Mood::Bad };
        let at_most = if is_small {
            OUTCOME_IF_SMALL
        } else {
            NOTE_AT_MOST
        };
        notes.extend(lines_of(&ending.outcome(), width, at_most, severity));
        if let Some(also) = ending.also_failed() {
            notes.extend(lines_of(&also, width, OUTCOME_IF_SMALL, severity));
        }
        // A command that is cut is none: each has lines of its own, as many as needed.
        let commands = [ending.next_step(), ending.restoring()];
        for command in commands.into_iter().flatten() {
            let lines = wrap(&command, usize::from(width)).into_iter();
            notes.extend(lines.map(|line| (line, severity)));
        }
    }
    if let Some((since, reason)) = &screen.trouble {
        notes.push((
            format!("! {}: {reason}", between(*since, screen.now)),
            Mood::Bad,
        ));
    }
    notes
}

/// A text in so many lines at most; the last line says if there is more.
fn lines_of(text: &str, width: u16, at_most: usize, severity: Mood) -> impl Iterator<Item = Part> {
    let width = usize::from(width);
    let mut lines = wrap(text, width);
    if lines.len() > at_most {
        lines.truncate(at_most);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), width);
        }
    }
    lines.into_iter().map(move |line| (line, severity))
}

fn title(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    if sight.stack.is_empty() {
        canvas.parts(area, &[("Looking at the stack …".to_owned(), Mood::Quiet)]);
        return;
    }
    let lasts = match (sight.began, &screen.ending) {
        (Some(began), None) => between(began, screen.now),
        _ => String::new(),
    };
    // The duration stays at every width: first the stack's status gives way, then the AMIs.
    let room = usize::from(area.width).saturating_sub(lasts.chars().count() + GAP.len());
    let course = course(sight, area.width).filter(|_| screen.ending.is_none());
    let parts = title_parts(sight, course, area.width, room);
    let end = canvas.parts(area, &parts);
    let now = clock(screen.now);
    let whole = format!("{}{GAP}{now}{GAP}{lasts}", sight.region);
    // What there is room for.
    for text in [whole, format!("{now}{GAP}{lasts}"), lasts] {
        let before = canvas.buffer[(area.right() - 1, area.y)].symbol() != " ";
        if !before {
            canvas.at_the_end(area, end, text.trim_end(), Mood::Quiet);
        }
    }
}

fn progress(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    if sight.status.is_empty() {
        return;
    }
    let mut line = area;
    let replaced = sight.replaced();
    if let Some((done, of)) = replaced {
        let width = (area.width / 4).min(GAUGE_AT_MOST);
        let severity = match sight.course() {
            Course::Back => Mood::Bad,
            _ => Mood::Good,
        };
        gauge(canvas, Rect { width, ..area }, done, of, severity);
        line.x += width + 1;
        line.width = area.width.saturating_sub(width + 1);
    }
    let mut parts = vec![(so_far(sight, replaced), Mood::Strong)];
    if let Some(batches) = sight.batches.as_ref().filter(|_| is_busy(sight)) {
        let text = format!("{GAP}batch {} of {}", batches.current(), batches.all());
        parts.push((text, Mood::Plain));
    }
    let taken: usize = parts.iter().map(|(text, _)| text.chars().count()).sum();
    let room = usize::from(line.width).saturating_sub(taken + GAP.len());
    let expected = expected(screen).into_iter();
    let mut fitting = expected.filter(|(text, _)| text.chars().count() <= room);
    if let Some((text, severity)) = fitting.next() {
        parts.push((format!("{GAP}{text}"), severity));
    }
    canvas.parts(line, &parts);
}

fn so_far(sight: &Snapshot, replaced: Option<(usize, usize)>) -> String {
    match (sight.course(), replaced) {
        (course, Some((done, of))) => how_far(&course, done, of),
        (Course::Back, None) => "the rollback has not reached the group yet".to_owned(),
        (_, None) => count(sight.members.len(), "instance"),
    }
}

fn gauge(canvas: &mut Canvas<'_>, area: Rect, done: usize, of: usize, severity: Mood) {
    let width = usize::from(area.width);
    // Full only when all are.
    let full = (done * width / of.max(1)).min(width);
    let bar = "█".repeat(full);
    let rest = "░".repeat(width - full);
    canvas.parts(area, &[(bar, severity), (rest, Mood::Quiet)]);
}

/// When it is expected to end: at length, and shorter.
fn expected(screen: &Screen) -> Vec<Part> {
    let sight = &screen.sight;
    let plain = |texts: Vec<String>| texts.into_iter().map(|text| (text, Mood::Plain)).collect();
    if screen.ending.is_some() {
        return Vec::new();
    }
    if !is_busy(sight) {
        let failed = FailedOperation::of(&sight.stack, &sight.status).is_some();
        let last = if failed {
            [
                "CloudFormation has given up; instances still move",
                "given up",
            ]
        } else {
            [
                "CloudFormation is done; the last drains are open",
                "last drains",
            ]
        };
        return if has_moves(sight) {
            plain(last.map(str::to_owned).to_vec())
        } else {
            Vec::new()
        };
    }
    // The time of a pause is not known, and so no end.
    if sight.pause.is_some() {
        return Vec::new();
    }
    match sight.pace.expected(screen.now) {
        Expected::Done => Vec::new(),
        Expected::Unknown => {
            let texts = if sight.pace.is_sought {
                [
                    "ETA is being estimated, by a rehearsal of this cluster",
                    "ETA is being estimated",
                ]
            } else {
                [
                    "no ETA yet: it is estimated from the first batch's duration",
                    "no ETA yet",
                ]
            };
            plain(texts.map(str::to_owned).to_vec())
        }
        Expected::Planned(end) => {
            let at = format!("ETA {}", clock(end));
            plain(vec![
                format!("{at} (estimate of plan; refined after the first batch)"),
                format!("{at} (estimate)"),
                at,
            ])
        }
        Expected::At(end) => {
            let at = format!("ETA {}", clock(end));
            let left = between(screen.now, end);
            plain(vec![format!("{at} (in {left})"), at])
        }
    }
}
