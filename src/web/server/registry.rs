//! Registry of open connections by client: admission, and eviction of idle ones.

use super::activity::Activity;
use super::notice::Notice;
use super::{Limits, TrustedProxies};
use crate::web::client_address::limited_network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Open connections of a server.
#[derive(Debug)]
pub(super) struct Registry {
    max_connections: usize,
    max_per_client: usize,
    trusted_proxies: TrustedProxies,
    open: Mutex<Open>,
    client_at_limit: Notice,
    server_at_limit: Notice,
}

#[derive(Debug, Default)]
struct Open {
    clients: HashMap<IpAddr, HashMap<u64, Arc<Activity>>>,
    number: usize,
    next_id: u64,
}

/// Admission of a connection; released when it is dropped.
#[derive(Debug)]
pub(super) struct Admission {
    registry: Arc<Registry>,
    client: IpAddr,
    id: u64,
    pub(super) activity: Arc<Activity>,
}

impl Registry {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            max_connections: limits.max_connections,
            max_per_client: limits.max_connections_per_client,
            trusted_proxies: limits.trusted_proxies.clone(),
            open: Mutex::default(),
            client_at_limit: Notice::default(),
            server_at_limit: Notice::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a new connection. At a limit the connection that has been idle longest is closed for it: of the same
    /// client, or of the client with the most connections. `None` where all are busy with requests: the new one is to
    /// be closed.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Admission> {
        let client = limited_network(peer);
        let mut open = self.open();
        if !self.trusted_proxies.0.contains(peer) && open.number_of(client) >= self.max_per_client {
            if let Some(times) = self.client_at_limit.count() {
                tracing::warn!(
                    times,
                    limit = self.max_per_client,
                    "a client has as many connections as http.max_connections_per_client allows: its idle ones are closed"
                );
            }
            if !open.evict_from(client) {
                return None;
            }
        }
        if open.number >= self.max_connections {
            if let Some(times) = self.server_at_limit.count() {
                tracing::warn!(
                    times,
                    limit = self.max_connections,
                    "there are as many connections as http.max_connections and the file limit allow: idle ones are closed"
                );
            }
            if !open.evict_from_largest() {
                return None;
            }
        }
        let (id, activity) = open.add(client);
        drop(open);
        Some(Admission { registry: Arc::clone(self), client, id, activity })
    }

    /// Closes one idle connection of the client with the most connections.
    pub(super) fn make_room(&self) {
        self.open().evict_from_largest();
    }
}

impl Open {
    fn number_of(&self, client: IpAddr) -> usize {
        self.clients.get(&client).map_or(0, HashMap::len)
    }

    fn add(&mut self, client: IpAddr) -> (u64, Arc<Activity>) {
        let (id, activity) = (self.next_id, Arc::new(Activity::new()));
        self.next_id += 1;
        self.number += 1;
        self.clients.entry(client).or_default().insert(id, Arc::clone(&activity));
        (id, activity)
    }

    fn remove(&mut self, client: IpAddr, id: u64) -> Option<Arc<Activity>> {
        let connections = self.clients.get_mut(&client)?;
        let removed = connections.remove(&id)?;
        self.number -= 1;
        if connections.is_empty() {
            self.clients.remove(&client);
        }
        Some(removed)
    }

    /// Whether one of the client's connections was idle and is closed now.
    fn evict_from(&mut self, client: IpAddr) -> bool {
        let oldest = self.clients.get(&client).and_then(longest_waiting);
        let evicted = oldest.and_then(|id| self.remove(client, id));
        evicted.inspect(|activity| activity.evict()).is_some()
    }

    fn evict_from_largest(&mut self) -> bool {
        let waiting = self.clients.iter().filter(|(_, connections)| longest_waiting(connections).is_some());
        let largest = waiting.max_by_key(|(_, connections)| connections.len()).map(|(client, _)| *client);
        largest.is_some_and(|client| self.evict_from(client))
    }
}

fn longest_waiting(connections: &HashMap<u64, Arc<Activity>>) -> Option<u64> {
    let waiting = connections.iter().filter_map(|(id, activity)| Some((activity.waits_since()?, *id)));
    waiting.min().map(|(_, id)| id)
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.registry.open().remove(self.client, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Http, Networks};

    fn registry(max_connections: usize, max_per_client: usize) -> Arc<Registry> {
        let http = Http { trusted_proxies: Networks::parse(["10.0.0.0/8"]).unwrap(), ..Http::default() };
        Registry::new(&Limits {
            max_connections,
            max_connections_per_client: max_per_client,
            ..Limits::new(&http, 1 << 20)
        })
    }

    async fn is_evicted(admission: &Admission) -> bool {
        tokio::time::timeout(std::time::Duration::ZERO, admission.activity.evicted()).await.is_ok()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn at_its_limit_a_client_loses_its_longest_waiting_connection_and_others_lose_none() {
        let registry = registry(100, 2);
        let other = registry.admit(address("192.0.2.2")).unwrap();
        let client = address("192.0.2.1");
        let first = registry.admit(client).unwrap();
        let second = registry.admit(client).unwrap();
        let third = registry.admit(client).unwrap();
        assert!(is_evicted(&first).await && !is_evicted(&second).await && !is_evicted(&third).await);
        assert!(!is_evicted(&other).await);
        // Busy connections stay: the next ones are rejected.
        let (_a, _b) = (second.activity.begin(), third.activity.begin());
        assert!(registry.admit(client).is_none() && registry.admit(address("192.0.2.3")).is_some());
        drop(second);
        assert!(registry.admit(client).is_some(), "a closed connection makes room");
    }

    #[tokio::test]
    async fn a_trusted_proxy_has_no_limit_of_its_own() {
        let registry = registry(100, 2);
        let admissions: Vec<_> = (0..50).map(|_| registry.admit(address("10.0.0.1")).unwrap()).collect();
        for admission in &admissions {
            assert!(!is_evicted(admission).await);
        }
    }

    #[tokio::test]
    async fn at_the_limit_of_all_the_client_with_most_connections_makes_room() {
        let registry = registry(5, 4);
        let greedy: Vec<_> = (0..4).map(|_| registry.admit(address("192.0.2.1")).unwrap()).collect();
        let quiet = registry.admit(address("192.0.2.2")).unwrap();
        let new = registry.admit(address("192.0.2.3")).unwrap();
        assert!(is_evicted(&greedy[0]).await && !is_evicted(&quiet).await && !is_evicted(&new).await);
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_one_client() {
        let registry = registry(100, 1);
        let first = registry.admit(address("2001:db8::1")).unwrap();
        let _second = registry.admit(address("2001:db8::2")).unwrap();
        assert!(is_evicted(&first).await);
    }
}
