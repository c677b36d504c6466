//! Which ways of a graph lead down, and how deep.

/// Which edges lead back to where their way came from.
pub fn backwards(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    fn visit(node: usize, edges: &[(usize, usize)], seen: &mut [u8], back: &mut [bool]) {
        seen[node] = 1;
        for (place, (from, to)) in edges.iter().enumerate() {
            if *from == node {
                match seen[*to] {
                    0 => visit(*to, edges, seen, back),
                    1 => back[place] = true,
                    _ => {}
                }
            }
        }
        seen[node] = 2;
    }
    let (mut seen, mut back) = (vec![0; nodes], vec![false; edges.len()]);
    for node in 0..nodes {
        if seen[node] == 0 {
            visit(node, edges, &mut seen, &mut back);
        }
    }
    back
}

/// How long the longest way to each node is.
pub fn depths(nodes: usize, downwards: &[(usize, usize)]) -> Vec<usize> {
    let mut depth = vec![0; nodes];
    // A way has at most so many steps, and without circles this comes to an end.
    for _ in 0..nodes {
        let before = depth.clone();
        for (from, to) in downwards {
            depth[*to] = depth[*to].max(depth[*from] + 1);
        }
        if before == depth {
            break;
        }
    }
    depth
}
