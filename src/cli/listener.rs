//! Listeners on the addresses of the configuration.

use super::Failure;
use crate::config::{Config, ListenAddress};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Listeners of `serve`.
#[derive(Debug)]
pub(super) struct Listeners {
    /// `http.listen`
    pub(super) pages: TcpListener,
    /// `metrics.listen`
    pub(super) operators: Option<TcpListener>,
}

impl Listeners {
    /// Binds all configured addresses.
    pub(super) async fn bind(config: &Config) -> Result<Self, Failure> {
        let pages = bind("http.listen", config.http.listen).await?;
        Ok(Self { pages, operators: bind_optional("metrics.listen", config.metrics.listen).await? })
    }
}

/// Binds the address of the setting `key`.
///
/// Errors: the address is in use, is not of this machine, or its port is privileged.
async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::usage(complaint(key, address, &error)))
}

/// Binds the address of a setting, where it is set.
pub(super) async fn bind_optional(key: &str, address: ListenAddress) -> Result<Option<TcpListener>, Failure> {
    match address.0 {
        Some(address) => bind(key, address).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the reason why the address can't be listened on, and the next step.
pub(super) fn complaint(key: &str, address: SocketAddr, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program, or another Afterword, listens there: stop it, or set another port"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 are for the system: set a higher one",
        _ => "set an address of this machine",
    };
    format!("{key}: can't listen on {address} ({error}): {advice}")
}
