//! Signing in and out, and finding out who is asking.

use super::{Staff, StaffError, passwords, store};
use crate::clock::Timestamp;
use crate::database::DbError;
use crate::effects::Effects;
use crate::ids::{ApiKeyId, StaffId};
use crate::vault::{plain_hash, random_token};
use crate::web::principal::{Principal, Role, Scope, Who};
use crate::web::{Authenticate, access};
use futures_util::future::BoxFuture;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

/// How long somebody stays signed in.
pub const SESSION_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tries to sign in: ten at once, then six a minute, for an account and for an address each.
pub(super) struct Attempts(DefaultKeyedRateLimiter<String>);

impl Default for Attempts {
    fn default() -> Self {
        const A_MINUTE: NonZeroU32 = NonZeroU32::new(6).unwrap();
        const AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
        Self(RateLimiter::keyed(Quota::per_minute(A_MINUTE).allow_burst(AT_ONCE)))
    }
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempts")
    }
}

/// Somebody has signed in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// For the cookie; stored only as a hash.
    pub token: String,
    /// Whose session.
    pub staff: StaffId,
}

impl Staff {
    /// Signs in with address and password. `from` is where the request came from, for the limit of tries only.
    pub async fn sign_in(&self, email: &str, password: String, from: &str) -> Result<SignIn, StaffError> {
        let email = email.trim().to_lowercase();
        self.attempts.0.retain_recent();
        let allowed = [format!("account {email}"), format!("from {from}")]
            .iter()
            .all(|key| self.attempts.0.check_key(key).is_ok());
        if !allowed {
            return Err(StaffError::TooManyTries);
        }
        let row = store::by_email(self.db.read().await?.conn(), &email).await?.filter(|row| row.disabled_at.is_none());
        let hash = row.as_ref().and_then(|row| row.password_hash.clone());
        if !passwords::fits(password, hash).await {
            return Err(StaffError::WrongCredentials);
        }
        let row = row.ok_or(StaffError::WrongCredentials)?;
        self.start_session(&row).await
    }

    pub(super) async fn start_session(&self, row: &store::StaffRow) -> Result<SignIn, StaffError> {
        let (token, now) = (random_token(), self.now());
        let actor = crate::effects::Actor::Staff(row.id.clone(), row.name.clone());
        let mut tx = self.db.begin().await?;
        store::add_session(tx.conn(), &plain_hash(token.as_bytes()), &row.id, now, now.plus(SESSION_LASTS)).await?;
        Effects::new().audit(&actor, "session.started", format!("staff:{}", row.id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(SignIn { token, staff: row.id.clone() })
    }

    /// Ends the session of this token.
    pub async fn sign_out(&self, token: &str) -> Result<(), StaffError> {
        let mut tx = self.db.begin().await?;
        store::end_session(tx.conn(), &plain_hash(token.as_bytes())).await?;
        Ok(tx.commit().await?)
    }

    /// Drops sessions that have run out; a recurring job calls it.
    pub async fn sweep_sessions(&self) -> Result<u64, DbError> {
        let mut tx = self.db.begin().await?;
        let swept = store::sweep_sessions(tx.conn(), self.now()).await?;
        tx.commit().await?;
        Ok(swept)
    }

    async fn principal_by_session(&self, token: &str) -> Result<Option<Principal>, DbError> {
        let mut reader = self.db.read().await?;
        let Some(row) = store::by_session(reader.conn(), &plain_hash(token.as_bytes()), self.now()).await? else {
            return Ok(None);
        };
        let role = row.role();
        let teams = if role == Role::Supervisor { store::teams_of(reader.conn(), &row.id).await? } else { Vec::new() };
        Ok(Some(Principal { name: row.name, who: Who::Staff { id: row.id, role, teams, agent: row.agent_id } }))
    }

    async fn principal_by_key(&self, secret: &str) -> Result<Option<Principal>, DbError> {
        const TOUCH_EVERY_MS: i64 = 10 * 60 * 1000;
        const TOUCH_LIMIT: Duration = Duration::from_millis(500);
        let found = store::key_by_hash(self.db.read().await?.conn(), &plain_hash(secret.as_bytes())).await?;
        let Some((id, name, scopes, last_used)) = found else { return Ok(None) };
        let now = self.now();
        if last_used.is_none_or(|last| now.ms_since(last) > TOUCH_EVERY_MS) {
            // Not worth waiting for: what only reads goes on while the database can't be written.
            let touched = tokio::time::timeout(TOUCH_LIMIT, self.touch_key(&id, now)).await;
            if let Ok(Err(error)) = touched {
                tracing::warn!(%error, "when an API key was used last could not be noted");
            }
        }
        let scopes: Vec<Scope> = scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect();
        Ok(Some(Principal { name, who: Who::Key { id, scopes } }))
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

/// The session cookie's line: `HttpOnly`, `SameSite=Lax`, over https also `Secure` and bound to the host.
pub(super) fn cookie(site: &access::SiteInfo, token: &str, lasts: Duration) -> String {
    let secure = if site.is_https() { "; Secure" } else { "" };
    format!("{}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", site.cookie_name(), lasts.as_secs())
}
