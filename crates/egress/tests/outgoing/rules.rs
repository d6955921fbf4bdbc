//! Which address falls under which rule, and what each rule set makes of it.

use egress::{Rule, Rules};

fn check(expected: Option<Rule>, addresses: &[&str]) {
    for address in addresses {
        let parsed = address.parse().expect("the table holds addresses");
        assert_eq!(Rules::FROM_THE_WIRE.check(parsed).err(), expected, "{address}");
    }
}

#[test]
fn public_addresses_are_reached() {
    check(
        None,
        &[
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
            "2001:1::1",
        ],
    );
}

#[test]
fn loopback_is_found_in_every_wrapping() {
    check(
        Some(Rule::Loopback),
        &[
            "127.0.0.1",
            "127.255.255.254",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:0:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::",
            "2002:7f00:1:abcd::1",
        ],
    );
}

#[test]
fn private_networks_are_found_in_every_wrapping() {
    check(
        Some(Rule::Private),
        &[
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "192.0.0.1",
            "198.18.0.0",
            "198.19.255.255",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:10.1.2.3",
            "64:ff9b::192.168.1.1",
            "2002:a00:1::",
        ],
    );
}

#[test]
fn metadata_services_are_found_in_every_wrapping() {
    check(
        Some(Rule::Metadata),
        &[
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
        ],
    );
}

#[test]
fn addresses_that_name_no_single_host_are_found() {
    check(Some(Rule::LinkLocal), &["169.254.0.0", "169.254.255.255", "fe80::1", "febf::1", "::ffff:169.254.1.1"]);
    check(Some(Rule::Unspecified), &["0.0.0.0", "0.255.255.255", "::", "::ffff:0.0.0.0", "64:ff9b::"]);
    check(Some(Rule::Multicast), &["224.0.0.1", "239.255.255.255", "ff02::1", "::ffff:224.0.0.1"]);
    check(Some(Rule::Broadcast), &["255.255.255.255", "::ffff:255.255.255.255"]);
    check(Some(Rule::Reserved), &["240.0.0.1", "255.255.255.254", "64:ff9b:1::7f00:1", "100::1", "2001:0:1::1"]);
}

#[test]
fn each_permission_opens_its_own_rule_and_no_other() {
    let addresses = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "169.254.1.1", "0.0.0.0", "224.0.0.1", "240.0.0.1"];
    let refused = |rules: Rules| -> Vec<&str> {
        addresses.into_iter().filter(|address| rules.check(address.parse().unwrap()).is_err()).collect()
    };
    assert_eq!(refused(Rules::FROM_THE_WIRE), addresses);
    assert_eq!(refused(Rules::CONFIGURED), addresses[2..]);
    let loopback_only = Rules { allow_private: false, allow_loopback: true };
    assert_eq!(refused(loopback_only), addresses[1..]);
    let private_only = Rules { allow_private: true, allow_loopback: false };
    assert_eq!(refused(private_only)[0], "127.0.0.1");
    assert_eq!(refused(private_only)[1..], addresses[2..]);
}
