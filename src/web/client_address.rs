//! Address of the client that sent a request. Behind a reverse proxy the TCP connection's address is the proxy's, and
//! the client's is in a header; that header is used only from proxies that the configuration trusts
//! (`http.trusted_proxies`).

use crate::config::Networks;
use poem::http::{HeaderMap, header};
use poem::{FromRequest, Request, RequestBody};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reverse proxies whose headers are trusted.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Networks);

/// The client's address, as a parameter of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let nobody = TrustedProxies::default();
        Ok(Self(client_address(request, request.data::<TrustedProxies>().unwrap_or(&nobody))))
    }
}

/// Returns the client's address of a request. `0.0.0.0` where the connection has none (a Unix socket).
pub fn client_address(request: &Request, trusted: &TrustedProxies) -> IpAddr {
    let peer = request.remote_addr().as_socket_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    forwarded_for(peer, request.headers(), trusted)
}

/// Returns the client's address for a connection from `peer` with these headers.
///
/// From an untrusted peer the headers are ignored. From a trusted one, `X-Forwarded-For` (or `Forwarded`, RFC 7239) is
/// read from the right, where the nearest proxy wrote, past every trusted address. Proxies usually write one of the two
/// headers and pass the other through as the client sent it; where both are present and disagree, neither is trusted
/// and `peer` is returned.
pub fn forwarded_for(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.0.contains(peer) {
        return peer;
    }
    let by_list = headers.contains_key(X_FORWARDED_FOR).then(|| nearest_untrusted(peer, &listed(headers), trusted));
    let by_pairs = headers.contains_key(header::FORWARDED).then(|| nearest_untrusted(peer, &paired(headers), trusted));
    match (by_list, by_pairs) {
        (Some(a), Some(b)) if a != b => peer,
        (Some(address), _) | (None, Some(address)) => address,
        (None, None) => peer,
    }
}

/// Returns the key of limits per client: an IPv4 address, or the /64 network of an IPv6 address, all of which belongs
/// to one client.
pub fn limited_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Walks from the right. An invalid entry ends the walk at the proxy that wrote it.
fn nearest_untrusted(peer: IpAddr, entries: &[Option<IpAddr>], trusted: &TrustedProxies) -> IpAddr {
    let mut nearest = peer;
    for entry in entries.iter().rev() {
        match entry {
            Some(address) => nearest = *address,
            None => return nearest,
        }
        if !trusted.0.contains(nearest) {
            return nearest;
        }
    }
    nearest
}

/// Returns the entries of every `X-Forwarded-For` line, in order.
fn listed(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(X_FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(address).collect()
}

/// Returns the `for=` of each element of every `Forwarded` line, in order.
fn paired(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(header::FORWARDED).iter().map(|line| line.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(pair_address).collect()
}

fn pair_address(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// Parses `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[(&str, &str)]) -> String {
        let trusted = TrustedProxies(Networks::parse(["10.0.0.0/8", "::1"]).unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(header::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        forwarded_for(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn headers_of_a_stranger_are_ignored() {
        assert_eq!(seen("192.0.2.9", &[("x-forwarded-for", "203.0.113.1")]), "192.0.2.9");
        assert_eq!(seen("192.0.2.9", &[("forwarded", "for=203.0.113.1")]), "192.0.2.9");
    }

    #[test]
    fn the_client_is_the_first_untrusted_address_from_the_right() {
        for (header, client) in [
            ("203.0.113.1", "203.0.113.1"),
            ("198.51.100.7, 203.0.113.1", "203.0.113.1"),
            ("198.51.100.7, 203.0.113.1, 10.1.1.1", "203.0.113.1"),
            ("203.0.113.1:4711", "203.0.113.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.1", "203.0.113.1"),
            // Entries of the client before an invalid one do not count.
            ("203.0.113.1, unknown", "10.0.0.1"),
            ("203.0.113.1, unknown, 10.2.2.2", "10.2.2.2"),
            ("", "10.0.0.1"),
            ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ] {
            assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", header)]), client, "{header}");
        }
        let lines = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(seen("::1", &lines), "203.0.113.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (header, client) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("for=192.0.2.43, for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", &[("forwarded", header)]), client, "{header}");
        }
    }

    #[test]
    fn of_two_headers_that_disagree_neither_is_believed() {
        let both = |list, pairs| seen("10.0.0.1", &[("x-forwarded-for", list), ("forwarded", pairs)]);
        assert_eq!(both("203.0.113.1", "for=198.51.100.7"), "10.0.0.1");
        assert_eq!(both("203.0.113.1", "for=203.0.113.1"), "203.0.113.1");
    }

    #[test]
    fn limits_count_a_whole_ipv6_network_as_one_client() {
        let limited = |text: &str| limited_network(text.parse().unwrap()).to_string();
        assert_eq!(limited("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(limited("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(limited("192.0.2.1"), "192.0.2.1");
    }
}
