//! The services over the rollout: for each a step line of the tasks that ran, below the tasks that
//! the service wanted.

use super::{escaped, long, put};
use crate::report::{RolloutReport, ServiceSeries, seconds};

/// Width and height of a chart in its own units: it is stretched to the width of the page.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 36.0;

/// All charts; nothing if nothing was counted.
pub fn services(tale: &RolloutReport) -> String {
    if tale.services.is_empty() {
        return "<p>The workers of this rollout counted no tasks.</p>\n".to_owned();
    }
    let mut out = "<p>Tasks that ran (area) of those that the service wanted (line), as the workers counted them.</p>\n".to_owned();
    for series in &tale.services {
        chart(&mut out, tale, series);
    }
    out
}

fn chart(out: &mut String, tale: &RolloutReport, series: &ServiceSeries) {
    let (Some(first), Some(last), Some(lowest)) = (
        series.samples.first(),
        series.samples.last(),
        series.lowest(),
    ) else {
        return;
    };
    let counts = series.samples.iter();
    let most = counts.flat_map(|one| [one.running, one.desired]).max();
    let most = most.unwrap_or_default().max(1) as f64;
    let x = |at| seconds(tale.began, at) / tale.seconds.max(1.0) * WIDTH;
    let y = |count: i64| HEIGHT - count as f64 / most * (HEIGHT - 2.0);
    let steps = |of: fn(&crate::report::Sample) -> i64| {
        let mut points = format!("{:.1},{:.1}", x(first.at), y(of(first)));
        for pair in series.samples.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            points += &format!(" {:.1},{:.1}", x(after.at), y(of(before)));
            points += &format!(" {:.1},{:.1}", x(after.at), y(of(after)));
        }
        points
    };
    let (running, desired) = (steps(|one| one.running), steps(|one| one.desired));
    let words = format!(
        "lowest {} of {} after {}, {} of {} at last",
        lowest.running,
        lowest.desired,
        long(seconds(tale.began, lowest.at)),
        last.running,
        last.desired
    );
    let name = escaped(&series.service);
    put(
        out,
        format_args!(
            "<div class=\"row\"><div class=\"who\">{name}<span>{words}</span></div><svg class=\"bar service\" role=\"img\" width=\"100%\" \
             height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\"><title>{name}</title><desc>{words}</desc>\
             <polygon class=\"running\" points=\"{:.1},{HEIGHT} {running} {:.1},{HEIGHT}\"/>\
             <polyline class=\"desired\" points=\"{desired}\" vector-effect=\"non-scaling-stroke\"/></svg></div>\n",
            x(first.at),
            x(last.at)
        ),
    );
}
