//! The company's own addresses, which are never surveyed.

use super::Invitations;
use crate::config;
use crate::database::DbError;
use crate::mail::Address;
use crate::staff;

/// Domains of the company, and the address that surveys are sent from.
#[derive(Debug, Clone, Default)]
pub struct OwnAddresses {
    /// Domains, as [`Address::host`] writes them.
    domains: Vec<String>,
    /// Sender of surveys, as [`Address::key`] writes it.
    sender: Option<String>,
}

impl OwnAddresses {
    /// Reads the addresses from their sections of the configuration.
    pub fn new(company: &config::Company, mail: &config::Mail) -> Self {
        let host = |domain: &String| Address::parse(&format!("name@{domain}")).map(|address| address.host().to_owned());
        let domains = company.domains.iter().filter_map(host).collect();
        Self { domains, sender: Address::repair(&mail.from).map(|address| address.key()) }
    }

    /// Whether the address is the sender's, or in a domain of the company or a subdomain of one.
    fn covers(&self, address: &Address) -> bool {
        let is_within = |domain: &String| {
            address.host().strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.sender.as_ref() == Some(&address.key()) || self.domains.iter().any(is_within)
    }
}

impl Invitations {
    /// Whether the address is the company's own, or that of an agent or of an account.
    pub(super) async fn is_own_address(&self, address: &Address) -> Result<bool, DbError> {
        if self.inner.own_addresses.covers(address) {
            return Ok(true);
        }
        staff::is_address_known(self.inner.db.read().await?.conn(), &address.key()).await
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
            assert!(own.covers(&Address::parse(address).unwrap()), "{address}");
        }
        for address in ["a@notnorthwind.example", "a@northwind.example.net", "other@mailer.example"] {
            assert!(!own.covers(&Address::parse(address).unwrap()), "{address}");
        }
        assert!(!OwnAddresses::default().covers(&Address::parse("a@northwind.example").unwrap()));
    }
}
