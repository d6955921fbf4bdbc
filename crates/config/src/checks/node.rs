//! Rules of `[node]`: networks stand in regions that have a name.

use crate::Node;
use crate::path::KeyPath;
use crate::problem::Problems;

/// Reports what is wrong with `node`.
pub(super) fn check(node: &Node, problems: &mut Problems<'_>) {
    for place in node.networks.keys() {
        let (region, zone) = place.split_once('/').unwrap_or((place, ""));
        if region.is_empty() || zone.contains('/') {
            let path = KeyPath::of(["node", "networks", place]);
            problems.add(
                &path,
                format!("`{place}` is no region"),
                "write a region, or a region and a zone: `eu` or `eu/a`",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn networks_stand_in_a_region_or_a_zone_of_it() {
        let check = |place: &str, expected: usize| {
            let text = format!("[node.networks]\n{place:?} = [\"10.0.0.0/8\"]");
            let problems = crate::parse(&text, "f", &|_| None).problems;
            assert_eq!(problems.len(), expected, "{place}: {problems:?}");
        };
        check("eu", 0);
        check("eu/a", 0);
        check("/a", 1);
        check("eu/a/b", 1);
    }
}
