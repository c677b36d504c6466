//! How many instances were where at once, over the bars of many.

use jiff::Timestamp;

use super::Axis;
use crate::report::{Kind, RolloutReport};
use crate::view::page::put;

/// So many columns the picture has.
const COLUMNS: usize = 160;
/// Its height, in its own units.
const CROWD_HEIGHT: f64 = 100.0;

/// How many instances were where, column by column: what serves is left out, since it would hide
/// the rest.
pub fn crowd(tale: &RolloutReport, axis: &Axis) -> String {
    let mut columns = vec![[0_usize; Kind::ALL.len()]; COLUMNS];
    let column = |at: Timestamp| axis.share(at) / 100.0 * COLUMNS as f64;
    for phase in tale.instances.iter().flat_map(|it| &it.phases) {
        // It counts where it is in the middle of a column.
        let from = (column(phase.began) - 0.5).ceil().max(0.0) as usize;
        let to = (column(phase.ended) - 0.5).ceil().max(0.0) as usize;
        let kind = Kind::ALL.iter().position(|it| *it == phase.kind);
        for column in columns.iter_mut().take(to).skip(from) {
            column[kind.unwrap_or_default()] += 1;
        }
    }
    let hidden = |kind: Kind| matches!(kind, Kind::InService | Kind::InPool);
    let shown = |column: &[usize; Kind::ALL.len()]| -> usize {
        let counts = column.iter().zip(Kind::ALL);
        counts
            .filter(|(_, kind)| !hidden(*kind))
            .map(|(count, _)| count)
            .sum()
    };
    let most = columns.iter().map(shown).max().unwrap_or_default().max(1);
    let mut out = format!(
        "<h3>How many at once</h3>\n<p>Instances on their way in or out; {most} at most.</p>\n<div class=\"row\"><div class=\"who\">\
         </div><svg id=\"crowd\" class=\"bar crowd\" role=\"img\" width=\"100%\" height=\"{CROWD_HEIGHT}\" shape-rendering=\"crispEdges\"><title>How many instances \
         were on their way in or out at once</title><desc>{most} at most</desc>"
    );
    let width = 100.0 / COLUMNS as f64;
    for (place, column) in columns.iter().enumerate() {
        let mut top = CROWD_HEIGHT;
        for (count, kind) in column
            .iter()
            .zip(Kind::ALL)
            .filter(|(count, kind)| **count > 0 && !hidden(*kind))
        {
            let height = *count as f64 / most as f64 * CROWD_HEIGHT;
            top -= height;
            put(
                &mut out,
                format_args!(
                    "<rect class=\"{}\" x=\"{:.3}%\" y=\"{top:.2}\" width=\"{:.3}%\" height=\"{height:.2}\"/>",
                    kind.class(),
                    place as f64 * width,
                    width + 0.02
                ),
            );
        }
    }
    out += "</svg></div>\n";
    out
}
