//! The picture of the state machine: its states as boxes, with how many executions passed each, and
//! the ways between them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::escaped;
use super::layout::{Layout, lay_out};
use crate::definition::DefinitionError;
use crate::format::count;
use crate::report::RolloutReport;

/// Of a box, in the picture's own units.
const WIDTH: f64 = 138.0;
const HEIGHT: f64 = 42.0;

/// A way from one state to another: both by their places, and whether an error leads along it.
struct Way {
    from: usize,
    to: usize,
    of_error: bool,
}

/// The states and ways of a definition.
struct Graph {
    names: Vec<String>,
    types: Vec<String>,
    ways: Vec<Way>,
}

/// The picture as SVG.
///
/// # Errors
/// A sentence if the text is no definition.
pub fn picture(definition: &str, tale: &RolloutReport) -> Result<String, DefinitionError> {
    let graph = Graph::read(definition)?;
    let ends: Vec<(usize, usize)> = graph.ways.iter().map(|it| (it.from, it.to)).collect();
    let layout = lay_out(graph.names.len(), &ends);
    let taken: BTreeMap<(&str, &str), u64> = tale
        .arrows
        .iter()
        .map(|it| ((it.from.as_str(), it.to.as_str()), it.times))
        .collect();
    let (width, height) = layout.size;
    let mut out = format!(
        "<svg id=\"graph\" role=\"img\" aria-labelledby=\"graph-title graph-desc\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         style=\"--width: {width:.0}px\">\n<title id=\"graph-title\">The state machine</title>\
         <desc id=\"graph-desc\">Its {} states, with how many executions passed each. The table below has the same numbers.</desc>\n",
        graph.names.len()
    );
    // The ways that nobody took lie under the others.
    for wanted in [false, true] {
        for (way, points) in graph.ways.iter().zip(&layout.edges) {
            let (from, to) = (graph.names[way.from].as_str(), graph.names[way.to].as_str());
            let times = taken.get(&(from, to)).copied().unwrap_or_default();
            if (times > 0) == wanted {
                out += &arrow(way, from, to, points, times);
            }
        }
    }
    for place in 0..graph.names.len() {
        out += &graph.state(place, &layout, tale);
    }
    out += "</svg>\n";
    Ok(out)
}

impl Graph {
    fn read(definition: &str) -> Result<Self, DefinitionError> {
        let definition: Value =
            serde_json::from_str(definition).map_err(|error| DefinitionError::not_json(&error))?;
        let states = definition["States"]
            .as_object()
            .ok_or(DefinitionError::Lacks("States"))?;
        let start = definition["StartAt"].as_str().unwrap_or_default();
        let first = states.iter().filter(|(name, _)| *name == start);
        let others = states.iter().filter(|(name, _)| *name != start);
        let all: Vec<(&String, &Value)> = first.chain(others).collect();
        let place = |name: &Value| {
            all.iter()
                .position(|(other, _)| name.as_str() == Some(other.as_str()))
        };
        let mut ways = Vec::new();
        for (from, (_, state)) in all.iter().enumerate() {
            let mut known = BTreeSet::new();
            for (next, of_error) in nexts(state) {
                if let Some(to) = place(next)
                    && known.insert(to)
                {
                    ways.push(Way { from, to, of_error });
                }
            }
        }
        let kind = |state: &Value| state["Type"].as_str().unwrap_or("Pass").to_lowercase();
        Ok(Self {
            names: all.iter().map(|(name, _)| (*name).clone()).collect(),
            types: all.iter().map(|(_, state)| kind(state)).collect(),
            ways,
        })
    }

    fn state(&self, place: usize, layout: &Layout, tale: &RolloutReport) -> String {
        let (x, y) = layout.nodes[place];
        let (name, kind) = (escaped(&self.names[place]), escaped(&self.types[place]));
        let sum = tale
            .states
            .get(&self.names[place])
            .copied()
            .unwrap_or_default();
        let number = match (sum.executions, sum.times) {
            (0, _) => "–".to_owned(),
            (executions, times) if executions == times => executions.to_string(),
            (executions, times) => format!("{executions} ({})", count(times, "time")),
        };
        let passed = if sum.executions > 0 { "passed" } else { "idle" };
        format!(
            "<g class=\"state {kind} {passed}\" data-state=\"{name}\" data-executions=\"{}\" data-times=\"{}\">\
             <title>{name}: {} executions passed it, {} times in all</title>{}\
             <text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\">{name}</text>\
             <text class=\"count\" x=\"{x:.1}\" y=\"{:.1}\">{number}</text></g>\n",
            sum.executions,
            sum.times,
            sum.executions,
            sum.times,
            shape(&self.types[place], x, y),
            y - 4.0,
            y + 12.0
        )
    }
}

/// Where a state leads to, and whether by an error: what is found first counts.
fn nexts(state: &Value) -> Vec<(&Value, bool)> {
    let list = |member: &str| state[member].as_array().into_iter().flatten();
    let choices = list("Choices").map(|choice| (&choice["Next"], false));
    let own = [(&state["Default"], false), (&state["Next"], false)];
    let catchers = list("Catch").map(|catcher| (&catcher["Next"], true));
    choices.chain(own).chain(catchers).collect()
}

fn shape(kind: &str, x: f64, y: f64) -> String {
    let (left, top) = (x - WIDTH / 2.0, y - HEIGHT / 2.0);
    if kind == "choice" {
        let (right, bottom) = (x + WIDTH / 2.0, y + HEIGHT / 2.0);
        let (inner_left, inner_right) = (left + 12.0, right - 12.0);
        return format!(
            "<polygon points=\"{left:.1},{y:.1} {inner_left:.1},{top:.1} {inner_right:.1},{top:.1} {right:.1},{y:.1} \
             {inner_right:.1},{bottom:.1} {inner_left:.1},{bottom:.1}\"/>"
        );
    }
    let round = match kind {
        "wait" | "succeed" => HEIGHT / 2.0,
        "fail" => 0.0,
        _ => 7.0,
    };
    format!(
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\"/>"
    )
}

fn arrow(way: &Way, from: &str, to: &str, points: &[(f64, f64)], times: u64) -> String {
    let class = match (way.of_error, times) {
        (true, 0) => "way error",
        (true, _) => "way error taken",
        (false, 0) => "way",
        (false, _) => "way taken",
    };
    let (line, head) = curve(points);
    format!(
        "<g class=\"{class}\" data-from=\"{from}\" data-to=\"{to}\" data-times=\"{times}\"><title>{from} to {to}: {times} times</title>\
         <path class=\"line\" d=\"{line}\"/><path class=\"head\" d=\"{head}\"/></g>\n",
        from = escaped(from),
        to = escaped(to),
    )
}

/// A smooth line through the points, from the edge of the first box to that of the last, and the
/// arrow's head.
fn curve(points: &[(f64, f64)]) -> (String, String) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Default::default();
    };
    let down = if last.1 >= first.1 { 1.0 } else { -1.0 };
    let edge = down * HEIGHT / 2.0;
    let mut through = points.to_vec();
    let end = through.len() - 1;
    // What leads back goes beside what it comes from.
    let aside = if down < 0.0 { WIDTH / 3.0 } else { 0.0 };
    through[0] = (first.0 + aside, first.1 + edge);
    through[end] = (last.0 + aside, last.1 - edge - down * 6.0);
    let mut line = format!("M{:.1} {:.1}", through[0].0, through[0].1);
    for (place, pair) in through.windows(2).enumerate() {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        // Beside boxes it goes straight, so that it bends between the layers alone.
        let y = if place > 0 { y + edge } else { y };
        let to_y = if place + 2 < through.len() {
            to_y - edge
        } else {
            to_y
        };
        let half = f64::midpoint(y, to_y);
        line += &format!("L{x:.1} {y:.1}C{x:.1} {half:.1} {to_x:.1} {half:.1} {to_x:.1} {to_y:.1}");
    }
    let (x, y) = (last.0 + aside, last.1 - edge);
    let back = y - down * 8.0;
    let head = format!(
        "M{x:.1} {y:.1}L{:.1} {back:.1}L{:.1} {back:.1}Z",
        x - 4.0,
        x + 4.0
    );
    (line, head)
}
