//! Guard of webhook URLs (SSRF protection): public addresses, and those of `webhooks.allow`. A name is resolved, each
//! address is checked, and the connection is made to just these: a later change of the name's addresses has no effect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Private hosts and networks that may be called.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

/// Reason why a URL is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Not a URL.
    #[error("this is no web address: write it as https://example.com/hooks")]
    NotAUrl,
    /// Plain HTTP to a public address.
    #[error("the address must begin with https://; http:// is for hosts that webhooks.allow names")]
    NotHttps,
    /// User information or a fragment.
    #[error("the address must not hold a name, a password or a fragment")]
    Odd,
    /// A private address.
    #[error("{0} is a private address: name it in webhooks.allow if events are to be sent there")]
    Private(String),
    /// The name does not resolve.
    #[error("the host can't be found: {0}")]
    Unknown(String),
}

impl Allowed {
    /// Returns the entries of the configuration. An entry that is not a network is a host name.
    pub fn new(entries: &[String]) -> Self {
        let mut allowed = Self::default();
        for entry in entries.iter().map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()) {
            match network(&entry) {
                Some(network) => allowed.networks.push(network),
                None => allowed.hosts.push(entry),
            }
        }
        allowed
    }

    fn names(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host.trim_end_matches('.')))
    }

    fn holds(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|(network, bits)| contains(*network, *bits, ip))
    }

    /// Checks a URL without resolving its name.
    pub fn check(&self, url: &str) -> Result<Url, GuardError> {
        let url = Url::parse(url).map_err(|_| GuardError::NotAUrl)?;
        let host = url.host().ok_or(GuardError::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(GuardError::Odd);
        }
        let (named, literal) = match host {
            Host::Domain(name) => (self.names(name), None),
            Host::Ipv4(ip) => (self.holds(ip.into()), Some(IpAddr::V4(ip))),
            Host::Ipv6(ip) => (self.holds(ip.into()), Some(IpAddr::V6(ip))),
        };
        match url.scheme() {
            "https" => {}
            "http" if named => {}
            "http" => return Err(GuardError::NotHttps),
            _ => return Err(GuardError::NotAUrl),
        }
        match literal {
            Some(ip) if !named && !is_public(ip) => Err(GuardError::Private(ip.to_string())),
            _ => Ok(url),
        }
    }

    /// Returns the allowed addresses of this URL's host.
    pub async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, GuardError> {
        let port = url.port_or_known_default().ok_or(GuardError::NotAUrl)?;
        let name = match url.host().ok_or(GuardError::NotAUrl)? {
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::new(ip.into(), port)]),
            Host::Domain(name) => name,
        };
        let found = tokio::net::lookup_host((name, port)).await.map_err(|e| GuardError::Unknown(e.to_string()))?;
        let found: Vec<SocketAddr> = found.collect();
        let reached: Vec<SocketAddr> = found
            .iter()
            .copied()
            .filter(|address| self.names(name) || self.holds(address.ip()) || is_public(address.ip()))
            .collect();
        match (reached.is_empty(), found.first()) {
            (false, _) => Ok(reached),
            (true, Some(private)) => Err(GuardError::Private(private.ip().to_string())),
            (true, None) => Err(GuardError::Unknown("it has no address".into())),
        }
    }
}

/// Returns the host of a URL, for the audit log.
pub(super) fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Parses `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
    let ip: IpAddr = ip.trim_matches(['[', ']']).parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((ip, bits))
}

fn contains(network: IpAddr, bits: u8, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            u32::from(network) & mask == u32::from(ip) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            u128::from(network) & mask == u128::from(ip) & mask
        }
        _ => false,
    }
}

/// Whether it is a public address, by IANA's registries of special-purpose addresses.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u8); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    !SPECIAL.iter().any(|(network, bits)| contains(Ipv4Addr::from(*network).into(), *bits, ip.into()))
}

/// Whether it is global unicast (2000::/3), except special-purpose addresses. An address with an embedded IPv4 address
/// is judged by that.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        // IPv4-mapped, and NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        // 6to4.
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo, benchmarking, ORCHID and other protocol assignments; documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_seen_through_every_disguise() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in
            ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::", "::ffff:8.8.8.8", "2002:808:808::"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn addresses_are_judged_as_they_are_written() {
        let allowed = Allowed::new(&["crm.internal".into(), "10.0.0.0/8".into(), "[::1]".into()]);
        for good in [
            "https://example.com/hooks?a=b",
            "https://example.com:8443/",
            "http://crm.internal/x",
            "http://CRM.internal./x",
            "http://10.9.8.7/",
            "http://[::1]:9/",
        ] {
            assert!(allowed.check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "http://example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://user:pw@example.com/",
            "https://example.com/#x",
            "ftp://crm.internal/",
            "file:///etc/passwd",
            "http://11.0.0.1/",
        ] {
            assert!(allowed.check(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let url = Url::parse("https://localhost/").expect("a URL");
        assert!(matches!(Allowed::default().resolve(&url).await, Err(GuardError::Private(_))));
        assert!(Allowed::new(&["localhost".into()]).resolve(&url).await.is_ok());
        assert!(Allowed::new(&["127.0.0.0/8".into(), "::1".into()]).resolve(&url).await.is_ok());
    }
}
