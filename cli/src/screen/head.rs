//! The first lines: the stack, how far it is, when it is expected to end, and what troubles.

use ratatui::layout::Rect;
use workers::model::group::LifecycleState;

use super::Screen;
use super::lists::mood_of;
use super::paint::{Canvas, Mood};
use super::text::{clock, span};
use crate::aws::Member;
use crate::watching::Expected;

/// The gauge is a third of the screen, and so wide at most.
const GAUGE_AT_MOST: u16 = 40;

/// Draws them.
pub fn draw(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let mut line = Rect { height: 1, ..area };
    title(screen, canvas, line);
    let mut lines = vec![progress as fn(&Screen, &mut Canvas<'_>, Rect)];
    let trouble = u16::from(screen.trouble.is_some());
    if area.height - trouble.min(area.height) > 2 {
        lines.push(summary);
    }
    if trouble > 0 {
        lines.push(self::trouble);
    }
    for draw in lines {
        line.y += 1;
        if line.y < area.bottom() {
            draw(screen, canvas, line);
        }
    }
}

fn title(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    if sight.stack.is_empty() {
        canvas.parts(area, &[("Looking at the stack …".to_owned(), Mood::Quiet)]);
        return;
    }
    let parts = [
        (sight.stack.clone(), Mood::Strong),
        ("  ".to_owned(), Mood::Plain),
        (sight.status.clone(), mood_of(&sight.status)),
    ];
    let end = canvas.parts(area, &parts);
    let lasts = sight.began.map_or_else(String::new, |began| {
        format!("  for {}", span(began, screen.now))
    });
    let now = clock(screen.now);
    let whole = format!("{}  {now}{lasts}", sight.region);
    // What there is room for.
    for text in [whole, format!("{now}{lasts}"), now] {
        let before = canvas.buffer[(area.right() - 1, area.y)].symbol() != " ";
        if !before {
            canvas.at_the_end(area, end, &text, Mood::Quiet);
        }
    }
}

fn progress(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    let (all, left) = (sight.members.len(), sight.pace.left);
    let is_new = |one: &&Member| one.version == sight.version;
    let members = || sight.members.iter();
    let in_service = || members().filter(|one| one.state == LifecycleState::InService);
    let new = in_service().filter(is_new).count();
    // Those that are to be there, which is what the group is sized for; not those that leave.
    let comes =
        |one: &&Member| one.state.awaits_launch() || one.state == LifecycleState::PendingProceed;
    let whole = in_service().count() + members().filter(comes).count();
    let mut line = area;
    if whole > 0 {
        let width = (area.width / 3).min(GAUGE_AT_MOST);
        gauge(canvas, Rect { width, ..area }, new, whole);
        line.x += width + 1;
        line.width = area.width.saturating_sub(width + 1);
    }
    let how_far = match (all, left) {
        (0, _) => "no instances".to_owned(),
        (_, 0) => format!("{new} on version {}, all of them", sight.version),
        _ => format!("{new} of {whole} on version {}", sight.version),
    };
    let mut parts = vec![(how_far, Mood::Strong)];
    if let Some((text, mood)) = expected(screen) {
        parts.extend([("   ".to_owned(), Mood::Plain), (text, mood)]);
    }
    if sight.status.is_empty() {
        parts.clear();
    }
    canvas.parts(line, &parts);
}

fn gauge(canvas: &mut Canvas<'_>, area: Rect, done: usize, of: usize) {
    let width = usize::from(area.width);
    // Full only when all are.
    let full = done * width / of;
    let bar = "█".repeat(full);
    let rest = "░".repeat(width - full);
    canvas.parts(area, &[(bar, Mood::Good), (rest, Mood::Quiet)]);
}

fn expected(screen: &Screen) -> Option<(String, Mood)> {
    let sight = &screen.sight;
    let busy = sight.status.ends_with("_IN_PROGRESS");
    if !busy {
        let open = sight.members.iter().any(crate::aws::Member::moves) || sight.running > 0;
        let text = "CloudFormation is done, the last drains go on";
        return open.then(|| (text.to_owned(), Mood::Waiting));
    }
    let text = match sight.pace.expected(screen.now) {
        Expected::Done => return None,
        Expected::Unknown => "expected end not known yet: no batch has ended".to_owned(),
        Expected::At(end) => format!("expected end {}, in {}", clock(end), span(screen.now, end)),
    };
    Some((text, Mood::Plain))
}

fn summary(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    let sight = &screen.sight;
    let draining: Vec<&str> = sight
        .members
        .iter()
        .filter(|one| one.state.awaits_end())
        .map(|one| one.id.as_str())
        .collect();
    let began = draining.iter().filter_map(|id| sight.asked.get(*id)?.began);
    let longest = began.min().map_or_else(String::new, |began| {
        format!(" for {}", span(began, screen.now))
    });
    let drains = match draining.len() {
        0 => "no drain is open".to_owned(),
        1 => format!("1 drain is open{longest}"),
        some if longest.is_empty() => format!("{some} drains are open"),
        some => format!("{some} drains are open, the longest{longest}"),
    };
    let at_launch = sight.members.iter().filter(|one| one.state.awaits_launch());
    let at_launch = at_launch.count();
    let held = sight.asked.iter().filter(|(id, asked)| {
        let member = sight.members.iter().find(|one| one.id == **id);
        let awaits = member.is_some_and(|one| one.state.awaits_launch());
        awaits && asked.said.worker == "stable" && asked.said.verdict == "NotYet"
    });
    let held = held.count();
    let mut parts = vec![(drains, Mood::Plain)];
    if at_launch > 0 {
        let text = match held {
            0 => format!(" · {at_launch} at the launch hook"),
            held => {
                format!(" · {at_launch} at the launch hook, {held} held until drains have ended")
            }
        };
        parts.push((text, Mood::Coming));
    }
    let short = sight
        .services
        .values()
        .filter(|one| one.running < one.desired);
    let short = short.count();
    if short > 0 {
        parts.push((
            format!(" · {short} service(s) below their counts"),
            Mood::Waiting,
        ));
    }
    let retained = sight.members.iter().filter(|one| one.state.is_retained());
    let retained = retained.count();
    if retained > 0 {
        parts.push((format!(" · {retained} retained for you"), Mood::Bad));
    }
    if sight.members.is_empty() {
        parts = vec![("Looking at the group …".to_owned(), Mood::Quiet)];
    }
    if sight.is_whole && sight.members.is_empty() {
        parts.clear();
    }
    canvas.parts(area, &parts);
}

fn trouble(screen: &Screen, canvas: &mut Canvas<'_>, area: Rect) {
    if let Some((since, reason)) = &screen.trouble {
        let text = format!("! for {}: {reason}", span(*since, screen.now));
        canvas.parts(area, &[(text, Mood::Bad)]);
    }
}
