//! Signing in and out, and authentication of requests.

use super::limits::{Bucket, Turn};
use super::store::KeyRow;
use super::{Staff, StaffError, notices, passwords, store};
use crate::access::principal::{Principal, PrincipalKind, Role, Scope};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::{ApiKeyId, StaffId};
use crate::vault::{plain_hash, random_token};
use crate::web::{Authenticate, access};
use futures_util::future::BoxFuture;
use std::net::IpAddr;
use std::time::Duration;

/// Lifetime of a session.
pub const SESSION_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Time for which a browser is known after signing in.
pub const DEVICE_LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
/// Maximum number of known browsers of an account.
const MAX_DEVICES: i64 = 20;
/// Maximum number of characters of a browser's name.
const MAX_CLIENT_CHARS: usize = 60;

/// An attempt to sign in.
#[derive(Debug)]
pub struct SignInTry<'a> {
    /// Address of the account, as typed.
    pub email: &'a str,
    /// Password, as typed.
    pub password: String,
    /// Client address.
    pub from: IpAddr,
    /// Device token of the browser, where it has one.
    pub device: Option<&'a str>,
    /// Browser, in words.
    pub client: String,
}

/// A successful sign-in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Session token for the cookie; stored only as a hash.
    pub token: String,
    /// Device token for the browser's cookie; stored only as a hash.
    pub device: String,
    /// Account.
    pub staff: StaffId,
}

impl Staff {
    /// Signs in with address and password.
    ///
    /// An unknown address, a disabled account, an account without a password and a wrong password give the same error
    /// after the same work.
    pub async fn sign_in(&self, tried: SignInTry<'_>) -> Result<SignIn, StaffError> {
        let email = tried.email.trim().to_lowercase();
        let device = tried.device.map(|token| plain_hash(token.as_bytes())).unwrap_or_default();
        let mut reader = self.db.read().await?;
        let row = store::by_email(reader.conn(), &email).await?.filter(|row| row.disabled_at.is_none());
        let known = store::known_device(reader.conn(), &device, self.now()).await?;
        drop(reader);
        let is_known = known.is_some() && known == row.as_ref().map(|row| row.id.clone());
        let buckets = if is_known {
            vec![Bucket::device(&device)]
        } else {
            vec![Bucket::network(tried.from), Bucket::account(&email)]
        };
        tokio::time::sleep(self.take_tries(&buckets).await?).await;
        let hash = row.as_ref().and_then(|row| row.password_hash.clone());
        if !passwords::fits(tried.password, hash).await {
            return Err(StaffError::WrongCredentials);
        }
        let row = row.ok_or(StaffError::WrongCredentials)?;
        self.give_tries_back(&buckets).await?;
        self.start_session(&row, tried.device.filter(|_| is_known), &tried.client).await
    }

    /// Takes an attempt from each bucket; returns the time to wait before it.
    pub(super) async fn take_tries(&self, buckets: &[Bucket]) -> Result<Duration, StaffError> {
        let (mut tx, mut wait, mut refused) = (self.db.begin().await?, Duration::ZERO, None);
        for bucket in buckets {
            match bucket.take(tx.conn(), self.now()).await? {
                Turn::In(time) => wait = wait.max(time),
                Turn::Refused(until) => {
                    refused = Some(until);
                    break;
                }
            }
        }
        tx.commit().await?;
        refused.map_or(Ok(wait), |until| Err(StaffError::TooManyTries(until)))
    }

    /// Returns a successful attempt to all buckets.
    pub(super) async fn give_tries_back(&self, buckets: &[Bucket]) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        for bucket in buckets {
            bucket.give_back(tx.conn()).await?;
        }
        tx.commit().await
    }

    /// Starts a session in a browser that is known from now on; `device`: its device token where it has one.
    pub(super) async fn start_session(
        &self,
        row: &store::StaffRow,
        device: Option<&str>,
        client: &str,
    ) -> Result<SignIn, StaffError> {
        let (token, now) = (random_token(), self.now());
        let device = device.map_or_else(random_token, str::to_owned);
        let client: String = client.chars().take(MAX_CLIENT_CHARS).collect();
        let actor = crate::effects::Actor::Staff(row.id.clone(), row.name.clone());
        let (token_hash, device_hash) = (plain_hash(token.as_bytes()), plain_hash(device.as_bytes()));
        let mut tx = self.db.begin().await?;
        store::add_session(tx.conn(), &token_hash, &row.id, now, now.plus(SESSION_LASTS), &client).await?;
        store::remember_device(tx.conn(), &device_hash, &row.id, now.plus(DEVICE_LASTS), MAX_DEVICES).await?;
        Effects::new().audit(&actor, "session.started", format!("staff:{}", row.id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(SignIn { token, device, staff: row.id.clone() })
    }

    /// Ends the session of this token.
    pub async fn sign_out(&self, token: &str) -> Result<(), StaffError> {
        let mut tx = self.db.begin().await?;
        store::end_session(tx.conn(), &plain_hash(token.as_bytes())).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes expired sessions, links, known browsers, limits and notices; run by a recurring job.
    pub async fn sweep(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::sweep(tx.conn(), self.now(), self.now().minus(notices::KEPT_FOR)).await?;
        tx.commit().await
    }

    async fn principal_by_session(&self, token: &str) -> Result<Option<Principal>, DbError> {
        let mut reader = self.db.read().await?;
        let Some(row) = store::by_session(reader.conn(), &plain_hash(token.as_bytes()), self.now()).await? else {
            return Ok(None);
        };
        let role = row.role();
        let teams = if role == Role::Supervisor { store::teams_of(reader.conn(), &row.id).await? } else { Vec::new() };
        Ok(Some(Principal {
            name: row.name,
            who: PrincipalKind::Staff { id: row.id, role, teams, agent: row.agent_id },
        }))
    }

    async fn principal_by_key(&self, secret: &str) -> Result<Option<Principal>, DbError> {
        const TOUCH_EVERY_MS: i64 = 10 * 60 * 1000;
        const TOUCH_LIMIT: Duration = Duration::from_millis(500);
        let found = store::key_by_hash(self.db.read().await?.conn(), &plain_hash(secret.as_bytes())).await?;
        let Some(KeyRow { id, name, scopes, sources, last_used_at: last_used, .. }) = found else { return Ok(None) };
        let now = self.now();
        if last_used.is_none_or(|last| now.ms_since(last) > TOUCH_EVERY_MS) {
            // Not worth waiting for: requests that only read succeed while the database can't be written.
            let touched = tokio::time::timeout(TOUCH_LIMIT, self.touch_key(&id, now)).await;
            if let Ok(Err(error)) = touched {
                tracing::warn!(%error, "when an API key was used last could not be noted");
            }
        }
        let scopes: Vec<Scope> = scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect();
        let sources = serde_json::from_str(&sources).unwrap_or_default();
        Ok(Some(Principal { name, who: PrincipalKind::Key { id, scopes, sources } }))
    }
}

impl Staff {
    async fn touch_key(&self, id: &ApiKeyId, now: Timestamp) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        store::touch_key(tx.conn(), id, now).await?;
        tx.commit().await
    }
}

impl Authenticate for Staff {
    fn by_session<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<Principal>, DbError>> {
        Box::pin(self.principal_by_session(token))
    }
    fn by_key<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Option<Principal>, DbError>> {
        Box::pin(self.principal_by_key(secret))
    }
}

/// Returns the session cookie: `HttpOnly`, `SameSite=Lax`, over https also `Secure` and bound to the host.
pub(super) fn cookie(site: &access::SiteInfo, token: &str, lasts: Duration) -> String {
    let secure = if site.is_https() { "; Secure" } else { "" };
    format!("{}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", site.cookie_name(), lasts.as_secs())
}

/// Returns the device cookie, by which the browser is known at the next sign-in.
pub(super) fn device_cookie(site: &access::SiteInfo, token: &str) -> String {
    let secure = if site.is_https() { "; Secure" } else { "" };
    let (name, age) = (site.device_cookie_name(), DEVICE_LASTS.as_secs());
    format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}
