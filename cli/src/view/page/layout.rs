//! Where the boxes and arrows of a graph go: in layers, by the longest way from the start, with few
//! crossings. After Sugiyama, Tagawa and Toda (1981); the places within a layer by isotonic
//! regression.

mod ways;

use std::collections::BTreeMap;

use ways::{backwards, depths};

/// Between two layers.
const LAYER_HEIGHT: f64 = 88.0;
/// Between the middles of two boxes of a layer, and of an arrow that passes between them.
const BOX_WIDTH: f64 = 152.0;
const ARROW_WIDTH: f64 = 18.0;
/// So often the order in the layers is bettered, and then the places.
const SWEEPS: usize = 24;
/// An arrow that is bent is worse than a box that stands aside.
const STRAIGHTNESS: f64 = 3.0;

/// A graph drawn: where its boxes have their middles, and the points that its arrows pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Of each node.
    pub nodes: Vec<(f64, f64)>,
    /// Of each edge, in its own direction, with both ends.
    pub edges: Vec<Vec<(f64, f64)>>,
    /// How wide and high all is.
    pub size: (f64, f64),
}

/// Nodes and the places where long arrows cross a layer, in their layers.
struct Layers {
    /// The layer of each.
    layer: Vec<usize>,
    /// Those of a layer, from left to right.
    order: Vec<Vec<usize>>,
    /// Its neighbours in the layer before, and in the one after.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// How many of them are nodes; those after these are crossings.
    nodes: usize,
    /// What each edge passes, downwards, with both ends.
    chains: Vec<Vec<usize>>,
}

/// Lays a graph of `nodes` nodes out, of which the first is where it starts.
pub fn lay_out(nodes: usize, edges: &[(usize, usize)]) -> Layout {
    let backwards = backwards(nodes, edges);
    let mut layers = Layers::new(nodes, edges, &backwards);
    layers.reorder();
    let x = layers.places();
    let least = x.iter().copied().fold(f64::INFINITY, f64::min);
    let left = BOX_WIDTH / 2.0 - least;
    let at = |node: usize| {
        let y = (layers.layer[node] as f64 + 0.5) * LAYER_HEIGHT;
        (x[node] + left, y)
    };
    let chains = layers.chains.iter().zip(&backwards);
    let edges = chains.map(|(chain, backwards)| {
        let mut points: Vec<(f64, f64)> = chain.iter().map(|node| at(*node)).collect();
        if *backwards {
            points.reverse();
        }
        points
    });
    let most = x.iter().copied().fold(0.0, f64::max);
    Layout {
        nodes: (0..nodes).map(at).collect(),
        edges: edges.collect(),
        size: (
            most + left + BOX_WIDTH / 2.0,
            layers.order.len() as f64 * LAYER_HEIGHT,
        ),
    }
}

impl Layers {
    fn new(nodes: usize, edges: &[(usize, usize)], backwards: &[bool]) -> Self {
        let turned = edges
            .iter()
            .zip(backwards)
            .map(|((from, to), back)| match back {
                true => (*to, *from),
                false => (*from, *to),
            });
        let downwards: Vec<(usize, usize)> = turned.filter(|(from, to)| from != to).collect();
        let layer = depths(nodes, &downwards);
        let count = layer.iter().max().map_or(0, |last| last + 1);
        let mut layers = Self {
            order: vec![Vec::new(); count],
            above: vec![Vec::new(); nodes],
            below: vec![Vec::new(); nodes],
            chains: Vec::new(),
            layer,
            nodes,
        };
        for node in 0..nodes {
            layers.order[layers.layer[node]].push(node);
        }
        // Two edges between the same nodes go the same way.
        let mut known: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for ((from, to), back) in edges.iter().zip(backwards) {
            let (from, to) = if *back { (*to, *from) } else { (*from, *to) };
            let chain = match known.get(&(from, to)) {
                Some(chain) => chain.clone(),
                None => layers.chain(from, to),
            };
            known.insert((from, to), chain.clone());
            layers.chains.push(chain);
        }
        layers
    }

    fn chain(&mut self, from: usize, to: usize) -> Vec<usize> {
        let mut chain = vec![from];
        for layer in self.layer[from] + 1..self.layer[to] {
            let crossing = self.layer.len();
            self.layer.push(layer);
            self.order[layer].push(crossing);
            self.above.push(Vec::new());
            self.below.push(Vec::new());
            chain.push(crossing);
        }
        chain.push(to);
        for pair in chain.windows(2) {
            self.below[pair[0]].push(pair[1]);
            self.above[pair[1]].push(pair[0]);
        }
        chain
    }

    /// Betters the order: each stands in the middle of its neighbours, seen from above and from
    /// below in turn.
    fn reorder(&mut self) {
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for step in 1..self.order.len() {
                let layer = if down {
                    step
                } else {
                    self.order.len() - 1 - step
                };
                let places = self.ranks();
                let neighbours = if down { &self.above } else { &self.below };
                let middle = |node: usize| mean(&neighbours[node], &places).unwrap_or(places[node]);
                let mut order = self.order[layer].clone();
                order.sort_by(|a, b| middle(*a).total_cmp(&middle(*b)));
                self.order[layer] = order;
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    /// The place of each in its layer.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0; self.layer.len()];
        for order in &self.order {
            for (place, node) in order.iter().enumerate() {
                ranks[*node] = place as f64;
            }
        }
        ranks
    }

    fn crossings(&self) -> usize {
        let ranks = self.ranks();
        let mut crossings = 0;
        for order in &self.order {
            let ways = order.iter().flat_map(|from| {
                let to = self.below[*from].iter();
                to.map(|to| (ranks[*from], ranks[*to]))
            });
            let ways: Vec<(f64, f64)> = ways.collect();
            for (place, one) in ways.iter().enumerate() {
                let others = ways[place + 1..].iter();
                let cross = |it: &&(f64, f64)| (one.0 - it.0) * (one.1 - it.1) < 0.0;
                crossings += others.filter(cross).count();
            }
        }
        crossings
    }

    /// Where each stands from left to right.
    fn places(&self) -> Vec<f64> {
        let mut x = vec![0.0; self.layer.len()];
        for order in &self.order {
            let gaps = self.gaps(order);
            for (node, gap) in order.iter().zip(gaps) {
                x[*node] = gap;
            }
        }
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for step in 0..self.order.len() {
                let layer = if down {
                    step
                } else {
                    self.order.len() - 1 - step
                };
                let order = &self.order[layer];
                let wanted = order.iter().map(|node| {
                    let both = [&self.above[*node][..], &self.below[*node][..]].concat();
                    mean(&both, &x).unwrap_or(x[*node])
                });
                let weights: Vec<f64> = order.iter().map(|node| self.weight(*node)).collect();
                let wanted: Vec<f64> = wanted.collect();
                let places = apart(&wanted, &weights, &self.gaps(order));
                for (node, place) in order.iter().zip(places) {
                    x[*node] = place;
                }
            }
        }
        x
    }

    fn weight(&self, node: usize) -> f64 {
        if node < self.nodes { 1.0 } else { STRAIGHTNESS }
    }

    /// How far each must be at least from the first of its layer.
    fn gaps(&self, order: &[usize]) -> Vec<f64> {
        let width = |node: usize| {
            if node < self.nodes {
                BOX_WIDTH
            } else {
                ARROW_WIDTH
            }
        };
        let mut sum = 0.0;
        let mut gaps = vec![0.0];
        for pair in order.windows(2) {
            sum += f64::midpoint(width(pair[0]), width(pair[1]));
            gaps.push(sum);
        }
        gaps
    }
}

fn mean(of: &[usize], values: &[f64]) -> Option<f64> {
    let sum: f64 = of.iter().map(|node| values[*node]).sum();
    (!of.is_empty()).then(|| sum / of.len() as f64)
}

/// The places nearest to those wanted at which each is as far from the one before as the gaps say:
/// isotonic regression, by pooling neighbours that would be too near.
fn apart(wanted: &[f64], weights: &[f64], gaps: &[f64]) -> Vec<f64> {
    // Value, weight, and how many are pooled in it.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((wanted, weight), gap) in wanted.iter().zip(weights).zip(gaps) {
        pools.push((wanted - gap, *weight, 1));
        while let [.., before, last] = pools[..] {
            if before.0 <= last.0 {
                break;
            }
            let weight = before.1 + last.1;
            let value = (before.0 * before.1 + last.0 * last.1) / weight;
            pools.truncate(pools.len() - 2);
            pools.push((value, weight, before.2 + last.2));
        }
    }
    let values = pools
        .iter()
        .flat_map(|(value, _, count)| std::iter::repeat_n(*value, *count));
    values.zip(gaps).map(|(value, gap)| value + gap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_down_but_for_those_that_lead_back_and_boxes_stand_apart() {
        // 0 -> 1 -> 2 -> 3 -> 1 is a loop; 0 -> 4 passes three layers; 4 hangs on 2 too.
        let edges = [(0, 1), (1, 2), (2, 3), (3, 1), (0, 4), (2, 4)];
        let drawn = lay_out(5, &edges);
        let y = |node: usize| drawn.nodes[node].1;
        assert!(y(0) < y(1) && y(1) < y(2) && y(2) < y(3));
        assert_eq!(y(3), y(4));
        assert!((drawn.nodes[3].0 - drawn.nodes[4].0).abs() >= BOX_WIDTH - 0.01);
        assert_eq!(drawn.edges[3].first(), Some(&drawn.nodes[3]));
        assert_eq!(drawn.edges[3].last(), Some(&drawn.nodes[1]));
        assert_eq!(drawn.edges[4].len(), 4);
        for (x, y) in &drawn.nodes {
            assert!(*x >= BOX_WIDTH / 2.0 - 0.01 && *x <= drawn.size.0 && *y <= drawn.size.1);
        }
    }

    #[test]
    fn ways_that_need_not_cross_do_not() {
        // Two chains whose nodes come in the wrong order.
        let edges = [(0, 1), (0, 2), (2, 3), (1, 4)];
        let drawn = lay_out(5, &edges);
        let x = |node: usize| drawn.nodes[node].0;
        assert!((x(1) - x(2)) * (x(4) - x(3)) > 0.0, "{drawn:?}");
    }

    #[test]
    fn too_near_ones_share_the_way_they_are_moved() {
        assert_eq!(apart(&[0.0, 0.0], &[1.0, 1.0], &[0.0, 10.0]), [-5.0, 5.0]);
        assert_eq!(apart(&[0.0, 50.0], &[1.0, 1.0], &[0.0, 10.0]), [0.0, 50.0]);
    }
}
