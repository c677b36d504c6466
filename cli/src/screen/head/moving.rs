//! The line about what is under way.

use ratatui::layout::Rect;

use super::Part;
use crate::aws::Member;
use crate::format::{between, clock, count};
use crate::screen::Screen;
use crate::screen::paint::{Canvas, Mood};
use crate::watch::InstancePhase;

/// What is under way: retained instances first, since they need you.
pub fn under_way(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    let line = match (sight.members.is_empty(), sight.is_whole) {
        (true, false) => vec![("Looking at the group …".to_owned(), Mood::Quiet)],
        (true, true) => Vec::new(),
        (false, _) => {
            let long = moving(screen, true);
            let taken: usize = long.iter().map(|(text, _)| text.chars().count() + 3).sum();
            if taken.saturating_sub(3) <= usize::from(area.width) {
                long
            } else {
                moving(screen, false)
            }
        }
    };
    let mut parts: Vec<Part> = Vec::new();
    for part in line {
        if !parts.is_empty() {
            parts.push((" · ".to_owned(), Mood::Quiet));
        }
        parts.push(part);
    }
    canvas.parts(area, &parts);
}

fn moving(screen: &Screen, at_length: bool) -> Vec<Part> {
    let sight = &screen.sight;
    let number =
        |test: &dyn Fn(&Member) -> bool| sight.members.iter().filter(|one| test(one)).count();
    let in_phase = |phase: InstancePhase| number(&|one| sight.phase(one) == phase);
    let retained = in_phase(InstancePhase::Retained);
    let paused = in_phase(InstancePhase::Paused);
    let queued = in_phase(InstancePhase::Queued);
    let starting = in_phase(InstancePhase::Starting);
    let short = sight.services.values();
    let short = short.filter(|one| one.running < one.desired).count();
    let below = if at_length {
        format!("{} below the desired count", count(short, "service"))
    } else {
        format!("{short} degraded")
    };
    let parts = [
        (retained, format!("{retained} retained for you"), Mood::Bad),
        (paused, format!("{paused} paused"), Mood::Waiting),
        (1, drains(screen, at_length), Mood::Plain),
        (queued, format!("{queued} queued"), Mood::Coming),
        (starting, format!("{starting} starting"), Mood::Coming),
        (short, below, Mood::Waiting),
    ];
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    parts.map(|(_, text, severity)| (text, severity)).collect()
}

/// The drains that are open, the longest, and the deadline that comes first.
fn drains(screen: &Screen, at_length: bool) -> String {
    let (sight, now) = (&screen.sight, screen.now);
    let draining = sight.members.iter();
    let draining = draining.filter(|one| sight.phase(one) == InstancePhase::Draining);
    let draining: Vec<&str> = draining.map(|one| one.id.as_str()).collect();
    let asked = || draining.iter().filter_map(|id| sight.asked.get(*id));
    let longest = asked().filter_map(|asked| asked.began).min();
    let longest = longest.map(|began| between(began, now));
    let deadline = asked().filter_map(|asked| asked.deadline).min();
    let deadline = deadline.map(|end| match (end > now, at_length) {
        (true, true) => format!(", deadline {} (in {})", clock(end), between(now, end)),
        (true, false) => format!(", {} left", between(now, end)),
        (false, _) => ", deadline passed".to_owned(),
    });
    let deadline = deadline.unwrap_or_default();
    match (draining.len(), longest, at_length) {
        (0, ..) => "no drain is open".to_owned(),
        (1, Some(longest), _) => format!("1 draining for {longest}{deadline}"),
        (some, Some(longest), true) => {
            format!("{some} draining, longest {longest}{deadline}")
        }
        (some, ..) => format!("{some} draining{deadline}"),
    }
}
