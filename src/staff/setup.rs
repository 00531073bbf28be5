//! Creation of accounts and keys. Secrets are shown once and stored as hashes.

use super::notices::NoticeKind;
use super::store::{self, KeyRow, StaffRow};
use super::{SignIn, Staff, StaffError, checked_email, checked_name, passwords};
use crate::access::{Role, Scope};
use crate::clock::Timestamp;
use crate::effects::{Actor, Effects};
use crate::ids::{AgentId, ApiKeyId, StaffId, TeamId};
use crate::vault::{plain_hash, random_token};
use std::time::Duration;

const FIRST_ADMIN: &str = "first-admin";
const SET_PASSWORD: &str = "set-password";
const LINK_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// An account, as shown to administrators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: StaffId,
    /// Address, lower case.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Teams of a supervisor.
    pub teams: Vec<TeamId>,
    /// Agent of the account.
    pub agent: Option<AgentId>,
    /// Whether a password was set.
    pub can_sign_in: bool,
    /// Whether it is disabled and can't sign in.
    pub disabled: bool,
}

/// An account to be created.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Address.
    pub email: String,
    /// Name; the local part of the address where it is empty.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Teams of a supervisor.
    pub teams: Vec<TeamId>,
    /// Agent of the account.
    pub agent: Option<AgentId>,
}

/// A new object with a secret, which is shown only now.
#[derive(Debug, Clone)]
pub struct NewSecret<T> {
    /// Id of the object.
    pub id: T,
    /// Secret: a key, or the token of a one-time link (`/welcome/{token}`).
    pub secret: String,
}

/// An API key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    /// Id.
    pub id: ApiKeyId,
    /// Purpose.
    pub name: String,
    /// First characters of the secret.
    pub prefix: String,
    /// Scopes, separated by spaces.
    pub scopes: String,
    /// Sources that it may send for; empty: all.
    pub sources: Vec<String>,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last use, to ten minutes.
    pub last_used_at: Option<Timestamp>,
}

impl Staff {
    /// Returns a new one-time link for the first administrator, where there is no administrator yet; older links become
    /// invalid.
    pub async fn first_admin_link(&self) -> Result<Option<String>, StaffError> {
        let (token, now) = (random_token(), self.now());
        let mut tx = self.db.begin().await?;
        if store::count_admins(tx.conn()).await? > 0 {
            return Ok(None);
        }
        store::drop_links(tx.conn(), FIRST_ADMIN).await?;
        store::add_link(tx.conn(), &plain_hash(token.as_bytes()), FIRST_ADMIN, None, now.plus(LINK_LASTS)).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// Creates an account; its password is set by the one-time link.
    pub async fn add(&self, new: NewAccount, by: &Actor) -> Result<NewSecret<StaffId>, StaffError> {
        let row = checked_row(new.email, new.name, new.role, new.agent)?;
        let (token, now) = (random_token(), self.now());
        let mut tx = self.db.begin().await?;
        store::add(tx.conn(), &row, &new.teams, now).await.map_err(taken)?;
        store::add_link(tx.conn(), &plain_hash(token.as_bytes()), SET_PASSWORD, Some(&row.id), now.plus(LINK_LASTS))
            .await?;
        let teams = store::team_names(tx.conn(), &row.id).await?;
        let detail = serde_json::json!({ "role": row.role, "name": row.name, "teams": teams });
        Effects::new().audit(by, "staff.added", format!("staff:{}", row.id), Some(detail)).save(tx.conn(), now).await?;
        self.announce(tx.conn(), NoticeKind::Appointed, &row, by).await?;
        tx.commit().await?;
        Ok(NewSecret { id: row.id, secret: token })
    }

    /// Returns a new one-time link for an account, as after a forgotten password; ends its sessions, and invalidates
    /// its older link.
    pub async fn renew_link(&self, id: &StaffId, by: &Actor) -> Result<NewSecret<StaffId>, StaffError> {
        let (token, now) = (random_token(), self.now());
        let mut tx = self.db.begin().await?;
        let row = store::by_id(tx.conn(), id).await?.ok_or(StaffError::NotThere("account"))?;
        if row.disabled_at.is_some() {
            return Err(StaffError::Disabled);
        }
        store::add_link(tx.conn(), &plain_hash(token.as_bytes()), SET_PASSWORD, Some(&row.id), now.plus(LINK_LASTS))
            .await?;
        store::end_sessions(tx.conn(), id).await?;
        let detail = serde_json::json!({ "role": row.role, "name": row.name });
        Effects::new()
            .audit(by, "staff.link_renewed", format!("staff:{id}"), Some(detail))
            .save(tx.conn(), now)
            .await?;
        self.announce(tx.conn(), NoticeKind::Link, &row, by).await?;
        tx.commit().await?;
        Ok(NewSecret { id: row.id, secret: token })
    }

    /// Sets a password without a link and without checking its strength: for the demo's accounts.
    pub async fn set_password(&self, id: &StaffId, password: String) -> Result<(), StaffError> {
        let hash = passwords::hash(password).await?;
        let mut tx = self.db.begin().await?;
        if store::set_password(tx.conn(), id, &hash).await? == 0 {
            return Err(StaffError::NotThere("account"));
        }
        Ok(tx.commit().await?)
    }

    /// Returns the account of this link: `Ok(None)` for the first administrator, who has to enter name and address.
    pub async fn open_link(&self, token: &str) -> Result<Option<Account>, StaffError> {
        let mut reader = self.db.read().await?;
        let (_, staff) =
            store::link(reader.conn(), &plain_hash(token.as_bytes()), self.now()).await?.ok_or(StaffError::DeadLink)?;
        let Some(id) = staff else { return Ok(None) };
        drop(reader);
        self.account(&id).await?.ok_or(StaffError::DeadLink).map(Some)
    }

    /// Uses a link: sets the password (and creates the account of the first administrator), and signs in with this
    /// browser. All existing sessions end, and no older browser is known any more.
    pub async fn use_link(
        &self,
        token: &str,
        first_admin: Option<(String, String)>,
        password: String,
        client: &str,
    ) -> Result<SignIn, StaffError> {
        let token_hash = plain_hash(token.as_bytes());
        let first_admin = first_admin.map(|(email, name)| checked_row(email, name, Role::Admin, None)).transpose()?;
        let (email, name) = match (&first_admin, self.open_link(token).await?) {
            (_, Some(account)) => (account.email, account.name),
            (Some(row), None) => (row.email.clone(), row.name.clone()),
            (None, None) => return Err(StaffError::DeadLink),
        };
        let hash = passwords::hash(passwords::check(password, email, name).await?).await?;
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let (purpose, staff) = store::link(tx.conn(), &token_hash, now).await?.ok_or(StaffError::DeadLink)?;
        // The database decides between concurrent requests.
        if !store::use_link(tx.conn(), &token_hash, now).await? {
            return Err(StaffError::DeadLink);
        }
        let row = match (purpose.as_str(), staff, first_admin) {
            // Where there is an administrator already, the link of the first one is invalid.
            (FIRST_ADMIN, None, Some(row)) if store::count_admins(tx.conn()).await? == 0 => {
                store::add(tx.conn(), &row, &[], now).await.map_err(taken)?;
                row
            }
            (SET_PASSWORD, Some(id), _) => store::by_id(tx.conn(), &id).await?.ok_or(StaffError::DeadLink)?,
            _ => return Err(StaffError::DeadLink),
        };
        store::set_password(tx.conn(), &row.id, &hash).await?;
        store::end_sessions(tx.conn(), &row.id).await?;
        store::forget_devices(tx.conn(), &row.id).await?;
        tx.commit().await?;
        self.start_session(&row, None, client).await
    }

    /// Returns all accounts by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, StaffError> {
        let mut reader = self.db.read().await?;
        let mut accounts = Vec::new();
        for row in store::all(reader.conn()).await? {
            let teams = store::teams_of(reader.conn(), &row.id).await?;
            accounts.push(account(row, teams));
        }
        Ok(accounts)
    }

    /// Returns one account.
    pub async fn account(&self, id: &StaffId) -> Result<Option<Account>, StaffError> {
        let mut reader = self.db.read().await?;
        let Some(row) = store::by_id(reader.conn(), id).await? else { return Ok(None) };
        let teams = store::teams_of(reader.conn(), id).await?;
        Ok(Some(account(row, teams)))
    }

    /// Disables or enables an account; ends its sessions and invalidates its link. The last administrator can't be
    /// disabled.
    pub async fn set_disabled(&self, id: &StaffId, disabled: bool, by: &Actor) -> Result<(), StaffError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        if store::disable(tx.conn(), id, disabled.then_some(now)).await? == 0 {
            return Err(StaffError::NotThere("account"));
        }
        if store::count_admins(tx.conn()).await? == 0 {
            return Err(StaffError::LastAdmin);
        }
        store::end_sessions(tx.conn(), id).await?;
        store::drop_links_of(tx.conn(), id).await?;
        let row = store::by_id(tx.conn(), id).await?.ok_or(StaffError::NotThere("account"))?;
        let action = if disabled { "staff.disabled" } else { "staff.enabled" };
        let detail = serde_json::json!({ "role": row.role, "name": row.name });
        Effects::new().audit(by, action, format!("staff:{id}"), Some(detail)).save(tx.conn(), now).await?;
        if !disabled {
            self.announce(tx.conn(), NoticeKind::Enabled, &row, by).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Creates an API key. `sources`: it may send interactions of these only; empty: of all.
    ///
    /// Errors: [`StaffError::BoundKey`] if a key for some sources has a scope that reaches further.
    pub async fn add_key(
        &self,
        name: &str,
        scopes: &[Scope],
        sources: &[String],
        by: &Actor,
    ) -> Result<NewSecret<ApiKeyId>, StaffError> {
        let name = checked_name(name)?;
        if !sources.is_empty() && scopes != [Scope::Ingest] {
            return Err(StaffError::BoundKey);
        }
        let secret = format!("aw_{}{}", random_token(), &random_token()[..11]);
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
        let now = self.now();
        let row = KeyRow {
            id: ApiKeyId::random(),
            name,
            prefix: secret[..9].to_owned(),
            scopes: scopes.join(" "),
            sources: serde_json::json!(sources).to_string(),
            created_at: now,
            last_used_at: None,
        };
        let mut tx = self.db.begin().await?;
        store::add_key(tx.conn(), &row, &plain_hash(secret.as_bytes())).await?;
        let detail = serde_json::json!({ "name": row.name, "scopes": row.scopes, "sources": sources });
        Effects::new().audit(by, "key.added", format!("key:{}", row.id), Some(detail)).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(NewSecret { id: row.id, secret })
    }

    /// Returns the valid keys.
    pub async fn keys(&self) -> Result<Vec<KeySummary>, StaffError> {
        let rows = store::keys(self.db.read().await?.conn()).await?;
        let summary = |row: KeyRow| KeySummary {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes,
            sources: serde_json::from_str(&row.sources).unwrap_or_default(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Revokes a key, at once.
    pub async fn revoke_key(&self, id: &ApiKeyId, by: &Actor) -> Result<(), StaffError> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        if store::revoke_key(tx.conn(), id, now).await? == 0 {
            return Err(StaffError::NotThere("key"));
        }
        Effects::new().audit(by, "key.revoked", format!("key:{id}"), None).save(tx.conn(), now).await?;
        Ok(tx.commit().await?)
    }
}

fn checked_row(email: String, name: String, role: Role, agent_id: Option<AgentId>) -> Result<StaffRow, StaffError> {
    let email = checked_email(&email)?;
    let name = if name.trim().is_empty() { email.split('@').next().unwrap_or_default().to_owned() } else { name };
    let name = checked_name(&name)?;
    Ok(StaffRow {
        id: StaffId::random(),
        email,
        name,
        role: role.code().to_owned(),
        password_hash: None,
        agent_id,
        disabled_at: None,
    })
}

fn taken(error: crate::database::DbError) -> StaffError {
    match error {
        crate::database::DbError::Duplicate => StaffError::EmailTaken,
        crate::database::DbError::Missing => StaffError::NotThere("team or agent"),
        other => other.into(),
    }
}

fn account(row: StaffRow, teams: Vec<TeamId>) -> Account {
    Account {
        role: row.role(),
        can_sign_in: row.password_hash.is_some() && row.disabled_at.is_none(),
        disabled: row.disabled_at.is_some(),
        id: row.id,
        email: row.email,
        name: row.name,
        teams,
        agent: row.agent_id,
    }
}
