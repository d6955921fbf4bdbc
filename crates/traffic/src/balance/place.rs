//! Where something stands: a region, and a zone in it.

/// A region, and a zone in it. An empty name stands for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The region.
    pub region: String,
    /// The zone in the region.
    pub zone: String,
}

/// How near two places are; the smaller is the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// In one zone.
    Zone,
    /// In one region.
    Region,
    /// Elsewhere, or nobody knows.
    Elsewhere,
}

impl Place {
    /// How near another place is.
    pub fn nearness(&self, other: &Self) -> Nearness {
        let same = |one: &str, other: &str| !one.is_empty() && one == other;
        match same(&self.region, &other.region) {
            true if same(&self.zone, &other.zone) => Nearness::Zone,
            true => Nearness::Region,
            false => Nearness::Elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_counts_only_within_its_region_and_no_name_is_near_nothing() {
        let place = |region: &str, zone: &str| Place { region: region.to_owned(), zone: zone.to_owned() };
        let check =
            |one: Place, other: Place, expected| assert_eq!(one.nearness(&other), expected, "{one:?} {other:?}");
        check(place("eu", "a"), place("eu", "a"), Nearness::Zone);
        check(place("eu", "a"), place("eu", "b"), Nearness::Region);
        check(place("eu", ""), place("eu", ""), Nearness::Region);
        check(place("eu", "a"), place("us", "a"), Nearness::Elsewhere);
        check(place("", "a"), place("", "a"), Nearness::Elsewhere);
    }
}
