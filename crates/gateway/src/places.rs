//! Where callers are, by the networks from which they come.

use config::Network;
use traffic::balance::Place;

use crate::principal::Remote;

/// The networks of regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(Network, Place)>);

impl Places {
    /// Those of a configuration, the smallest networks first.
    pub fn of(settings: &config::Node) -> Self {
        let networks = settings.networks.iter().flat_map(|(place, networks)| {
            let (region, zone) = place.split_once('/').unwrap_or((place, ""));
            let place = Place { region: region.to_owned(), zone: zone.to_owned() };
            networks.iter().map(move |network| (*network, place.clone()))
        });
        let mut all: Vec<_> = networks.collect();
        all.sort_by_key(|(network, _)| std::cmp::Reverse(network.bits()));
        Self(all)
    }

    /// Where a caller is who comes from there, if that is known.
    pub fn find(&self, remote: Remote) -> Option<&Place> {
        let Remote::Address(address) = remote else { return None };
        self.0.iter().find(|(network, _)| network.contains(address)).map(|(_, place)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_network_says_where_a_caller_is() {
        let text = "[node.networks]\neu = [\"10.0.0.0/8\"]\n\"eu/a\" = [\"10.1.0.0/16\"]\nus = [\"fd00::/8\"]";
        let places = Places::of(&config::parse(text, "f", &|_| None).config.node);
        let check = |remote, expected: Option<(&str, &str)>| {
            let found = places.find(remote).map(|place| (place.region.as_str(), place.zone.as_str()));
            assert_eq!(found, expected, "{remote}");
        };
        let address = |text: &str| Remote::Address(text.parse().unwrap());
        check(address("10.1.2.3"), Some(("eu", "a")));
        check(address("10.2.2.3"), Some(("eu", "")));
        check(address("::ffff:10.2.2.3"), Some(("eu", "")));
        check(address("fd00::1"), Some(("us", "")));
        check(address("192.0.2.1"), None);
        check(Remote::Socket, None);
    }
}
