//! Lists of IP networks.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::IpAddr;

/// IP networks: in TOML a list of strings (`["10.0.0.0/8", "::1"]`), in the environment the same separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether one of the networks contains the address. An IPv4-mapped IPv6 address counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Parses each entry: a network with its prefix length, or a single address.
    ///
    /// Errors: the first entry that is neither.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let entries = entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(entry: &str) -> Result<IpNet, String> {
    let single = |address: IpAddr| IpNet::from(address.to_canonical());
    entry
        .parse()
        .or_else(|_| entry.parse().map(single))
        .map_err(|_| format!("\"{entry}\" is not a network: write it as 10.0.0.0/8, fd00::/8, or a single address"))
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Entries {
            Text(String),
            List(Vec<String>),
        }
        let networks = match Entries::deserialize(from)? {
            Entries::Text(text) => Self::parse(text.split(',')),
            Entries::List(list) => Self::parse(list.iter().map(String::as_str)),
        };
        networks.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_of_both_families_are_read() {
        let networks = Networks::parse(["10.0.0.0/8", " ::1 ", "", "192.0.2.7", "fd00::/8"]).unwrap();
        for inside in ["10.255.0.1", "::1", "192.0.2.7", "fd12::9", "::ffff:10.1.2.3"] {
            assert!(networks.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "::2", "192.0.2.8", "fe80::1"] {
            assert!(!networks.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for wrong in ["10.0.0.0/33", "proxy.internal", "10.0.0", "10.0.0.1:80"] {
            assert!(Networks::parse([wrong]).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
