//! The time line: a bar for each instance, with its phases, over one axis. Lengths are shares of
//! the width, so that it fits a phone as well. Of many instances the bars are folded up in parts,
//! under a picture of how many were where.

mod crowd;

use jiff::Timestamp;

use super::{escaped, long, put};
use crate::report::{InstanceTimeline, Kind, Phase, RolloutReport};
use crowd::crowd;

/// So many bars are shown unfolded, and so many are in each part otherwise.
const BARS_AT_ONCE: usize = 100;
/// Of more than so many the bars do not say what each phase waited for: the page would be too large
/// for a phone.
const WORDY: usize = 400;
/// From so many instances on there is the picture of how many were where.
const CROWD: usize = 25;
/// No part of a bar is shown shorter than this, in per cent of the width.
const SEEN_FROM: f64 = 0.25;
/// Between the marks of the axis, in seconds: the first with which there are few enough.
const STEPS: [i64; 15] = [
    10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172_800,
];
/// So many marks fit a phone.
const MARKS_AT_MOST: f64 = 6.0;

/// The axis: from when to when, and whether bars say what was waited for.
struct Axis {
    began: Timestamp,
    seconds: f64,
    wordy: bool,
}

impl Axis {
    fn share(&self, at: Timestamp) -> f64 {
        let since = at.duration_since(self.began).as_secs_f64();
        (since / self.seconds * 100.0).clamp(0.0, 100.0)
    }

    /// The seconds between two marks, and where these are.
    fn marks(&self) -> (i64, Vec<(f64, String)>) {
        let fits = |step: &&i64| self.seconds / **step as f64 <= MARKS_AT_MOST;
        let step = STEPS.iter().find(fits).copied();
        let step = step.unwrap_or((self.seconds / MARKS_AT_MOST) as i64 + 1);
        let count = (self.seconds / step as f64) as i64;
        let marks = (0..=count).map(|mark| {
            let seconds = (mark * step) as f64;
            (seconds / self.seconds * 100.0, mark_text(mark * step))
        });
        (step, marks.collect())
    }
}

/// A mark of the axis, without the parts that are zero: `58m`, `1h30m`, `40s`.
fn mark_text(seconds: i64) -> String {
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown = parts.into_iter().filter(|(count, _)| *count > 0);
    let text: String = shown
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0".to_owned()
    } else {
        text
    }
}

/// All of it.
pub fn time_line(tale: &RolloutReport) -> String {
    if tale.instances.is_empty() {
        return "<p>No instance came or went.</p>\n".to_owned();
    }
    let axis = Axis {
        began: tale.began,
        seconds: tale.seconds.max(1.0),
        wordy: tale.instances.len() <= WORDY,
    };
    let (step, _) = axis.marks();
    let every = step as f64 / axis.seconds * 100.0;
    let mut out = patterns();
    out += &legend(tale);
    put(
        &mut out,
        format_args!("<div class=\"chart\" style=\"--every: {every:.4}%\">\n"),
    );
    if tale.instances.len() >= CROWD {
        out += &crowd(tale, &axis);
    }
    if tale.instances.len() <= BARS_AT_ONCE {
        out += &marks(&axis);
        tale.instances
            .iter()
            .for_each(|life| out += &row(life, &axis));
    } else {
        folded(&mut out, tale, &axis)
    }
    out += "</div>\n";
    out
}

/// What needs a look first, then all in parts.
fn folded(out: &mut String, tale: &RolloutReport, axis: &Axis) {
    let bad: Vec<&InstanceTimeline> = tale.instances.iter().filter(|it| it.end.is_bad()).collect();
    if !bad.is_empty() {
        put(
            out,
            format_args!("<h3>Those that need a look</h3>\n{}", marks(axis)),
        );
        bad.iter()
            .take(BARS_AT_ONCE)
            .for_each(|life| *out += &row(life, axis));
    }
    for (place, part) in tale.instances.chunks(BARS_AT_ONCE).enumerate() {
        let first = place * BARS_AT_ONCE;
        let since = part
            .first()
            .and_then(|life| begins(life, axis))
            .unwrap_or(axis.began);
        put(
            out,
            format_args!(
                "<details{}><summary>Instances {} to {} of {}, from {} on</summary>\n{}",
                if place == 0 { " open" } else { "" },
                first + 1,
                first + part.len(),
                tale.instances.len(),
                long(since.duration_since(axis.began).as_secs_f64()),
                marks(axis)
            ),
        );
        part.iter().for_each(|life| *out += &row(life, axis));
        *out += "</details>\n";
    }
}

/// When something began with it, besides that it served.
fn begins(life: &InstanceTimeline, axis: &Axis) -> Option<Timestamp> {
    let mut phases = life.phases.iter();
    let first = phases.find(|it| it.kind != Kind::InService || it.began > axis.began);
    first.map(|it| it.began)
}

fn row(life: &InstanceTimeline, axis: &Axis) -> String {
    let bad = if life.end.is_bad() { " bad" } else { "" };
    let id = escaped(&life.id);
    let (origin, end) = (life.origin.words(), life.end.words());
    let mut out = format!(
        "<div class=\"row{bad}\" data-instance=\"{id}\"><div class=\"who\"><code>{id}</code> <span>{origin}, {end}</span></div>\
         <svg class=\"bar\" role=\"img\" width=\"100%\" height=\"20\"><title>{id}: {origin}, {end}</title><desc>{}</desc>",
        escaped(&described(life))
    );
    for phase in &life.phases {
        out += &part(phase, axis);
    }
    out += "</svg></div>\n";
    out
}

fn part(phase: &Phase, axis: &Axis) -> String {
    let from = axis.share(phase.began);
    let width = (axis.share(phase.ended) - from).max(SEEN_FROM);
    let from = from.min(100.0 - width);
    let thin = phase.kind == Kind::InService || phase.kind == Kind::InPool;
    let (y, height) = if thin { (8, 4) } else { (2, 16) };
    let mut words = format!("{} {}", phase.kind.words(), long(phase.seconds));
    if axis.wordy && !phase.waited_for.is_empty() {
        words += &format!(": {}", phase.waited_for);
    }
    format!(
        "<rect class=\"{}\" x=\"{from:.3}%\" y=\"{y}\" width=\"{width:.3}%\" height=\"{height}\" data-seconds=\"{:.3}\" \
         data-state=\"{}\"><title>{}</title></rect>",
        phase.kind.class(),
        phase.seconds,
        escaped(&phase.state),
        escaped(&words)
    )
}

/// The bar in words.
fn described(life: &InstanceTimeline) -> String {
    let phases = life.phases.iter();
    let phases: Vec<String> = phases
        .map(|it| format!("{} {}", it.kind.words(), long(it.seconds)))
        .collect();
    phases.join(", ")
}

fn marks(axis: &Axis) -> String {
    let mut out = "<div class=\"row axis\" aria-hidden=\"true\"><div class=\"who\">since it began</div><svg class=\"bar\" width=\"100%\" \
                   height=\"18\">"
        .to_owned();
    for (share, text) in axis.marks().1 {
        let anchor = match share {
            share if share < 3.0 => "start",
            share if share > 96.0 => "end",
            _ => "middle",
        };
        put(
            &mut out,
            format_args!("<text x=\"{share:.3}%\" y=\"13\" text-anchor=\"{anchor}\">{text}</text>"),
        );
    }
    out += "</svg></div>\n";
    out
}

/// The kinds that there are, each as it is drawn.
fn legend(tale: &RolloutReport) -> String {
    let mut out = "<ul class=\"legend\">\n".to_owned();
    for kind in Kind::ALL {
        let phases = tale.instances.iter().flat_map(|it| &it.phases);
        if phases.clone().any(|it| it.kind == kind) {
            let (y, height) = match kind {
                Kind::InService | Kind::InPool => (6, 4),
                _ => (1, 14),
            };
            put(
                &mut out,
                format_args!(
                    "<li><svg width=\"26\" height=\"16\" aria-hidden=\"true\"><rect class=\"{}\" x=\"0\" y=\"{y}\" width=\"26\" \
                     height=\"{height}\"/></svg> {}</li>\n",
                    kind.class(),
                    kind.words()
                ),
            );
        }
    }
    out += "</ul>\n";
    out
}

/// The patterns by which the phases can be told apart without their colours.
fn patterns() -> String {
    let pattern = |name: &str, marks: &str| {
        format!(
            "<pattern id=\"of-{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect class=\"ground-{name}\" \
             width=\"8\" height=\"8\"/>{marks}</pattern>"
        )
    };
    let patterns = [
        pattern(
            "queued",
            "<path class=\"mark\" d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\"/>",
        ),
        pattern("paused", "<path class=\"mark\" d=\"M2 2V6M6 2V6\"/>"),
        pattern(
            "draining",
            "<circle class=\"dot\" cx=\"2\" cy=\"2\" r=\"1.2\"/><circle class=\"dot\" cx=\"6\" cy=\"6\" r=\"1.2\"/>",
        ),
        pattern("settling", "<path class=\"mark\" d=\"M4 0V8\"/>"),
        pattern("retained", "<path class=\"mark\" d=\"M0 0L8 8M8 0L0 8\"/>"),
        pattern("hookopen", "<path class=\"mark\" d=\"M0 4H8\"/>"),
    ];
    format!(
        "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>{}</defs></svg>\n",
        patterns.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_what_is_not_zero() {
        let shown = [0, 40, 60, 90, 3600, 5400, 90_000].map(mark_text);
        assert_eq!(shown, ["0", "40s", "1m", "1m30s", "1h", "1h30m", "25h"]);
    }
}
