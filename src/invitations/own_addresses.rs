//! The company's own addresses, which are never surveyed.

use super::Invitations;
use crate::config;
use crate::database::DbError;
use crate::staff;

/// Domains of the company, and the address that surveys are sent from.
#[derive(Debug, Clone, Default)]
pub struct OwnAddresses {
    /// Domains in ASCII, in lower case.
    domains: Vec<String>,
    /// Sender of surveys, in lower case.
    sender: String,
}

/// Returns a domain in lower case, an international one in its ASCII form (RFC 5891).
fn ascii(domain: &str) -> String {
    url::Host::parse(domain).map_or_else(|_| domain.to_lowercase(), |host| host.to_string())
}

impl OwnAddresses {
    /// Reads the addresses from their sections of the configuration.
    pub fn new(company: &config::Company, mail: &config::Mail) -> Self {
        let sender = mail.from.parse::<lettre::message::Mailbox>().map(|from| from.email.to_string().to_lowercase());
        Self {
            domains: company.domains.iter().map(|domain| ascii(domain)).collect(),
            sender: sender.unwrap_or_default(),
        }
    }

    /// Whether the address is the sender's, or in a domain of the company or a subdomain of one.
    fn covers(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        let host = ascii(address.rsplit_once('@').map_or("", |(_, host)| host));
        let is_within = |domain: &String| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        address == self.sender || self.domains.iter().any(is_within)
    }
}

impl Invitations {
    /// Whether the address is the company's own, or that of an agent or of an account.
    pub(super) async fn is_own_address(&self, address: &str) -> Result<bool, DbError> {
        if self.inner.own_addresses.covers(address) {
            return Ok(true);
        }
        staff::is_address_known(self.inner.db.read().await?.conn(), address).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_cover_their_subdomains_and_nothing_else() {
        let company = config::Company {
            domains: vec!["Northwind.example".into(), "müller.example".into()],
            ..config::Company::default()
        };
        let mail = config::Mail { from: "Northwind <Survey@mailer.example>".into(), ..config::Mail::default() };
        let own = OwnAddresses::new(&company, &mail);
        for address in [
            "a@northwind.example",
            " A@Support.NORTHWIND.example ",
            "survey@mailer.example",
            "a@müller.example",
            "a@xn--mller-kva.example",
        ] {
            assert!(own.covers(address), "{address}");
        }
        for address in ["a@notnorthwind.example", "a@northwind.example.net", "other@mailer.example", "a@example"] {
            assert!(!own.covers(address), "{address}");
        }
        assert!(!OwnAddresses::default().covers("a@northwind.example"));
    }
}
