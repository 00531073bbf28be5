//! Directory of customers' addresses by telephone number, for interactions that come without an address.
//!
//! Only the keyed hash of the number and the sealed contact are stored: without the key the directory tells nothing. It
//! is filled through the API, by a CSV file on `/admin/contacts`, or by `afterword import contacts`.

pub mod api;
mod csv_file;
pub mod pages;
mod phone;
mod store;

pub use phone::phone_hash;

use crate::clock::{SharedClock, Timestamp};
use crate::database::{Conn, Db, DbError};
use crate::effects::{Actor, Effects};
use crate::mail::Address;
use crate::vault::Vault;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Purposes of the vault.
const SEAL: &str = "contact";
const ADDRESS: &str = "contact.address";
/// Maximum number of contacts in one request of the API.
pub const MAX_ITEMS: usize = 10_000;
/// Maximum number of contacts in one transaction.
const MAX_BATCH: usize = 5_000;
/// Maximum number of rejected lines kept of an import.
const MAX_PROBLEMS: usize = 100;
/// Maximum number of characters of a name, and of a language.
const MAX_NAME_CHARS: usize = 500;
const MAX_LOCALE_CHARS: usize = 35;

/// Returns the keyed hash of an address, the same for every spelling.
pub type AddressHash = fn(&Vault, &str) -> String;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Contacts {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
    vault: Vault,
    country_code: String,
    address_hash: AddressHash,
}

impl std::fmt::Debug for Contacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contacts")
    }
}

/// A contact to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewContact {
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

crate::coded_enum! {
    /// Reason why a contact is rejected.
    ContactProblem {
        /// The telephone number is none.
        Phone = "invalid_phone", "The telephone number is missing or is none.";
        /// The address is none.
        Email = "invalid_email", "The e-mail address is missing or is none.";
        /// The name is too long.
        Name = "name_too_long", "The name has more than 500 characters.";
        /// The language is too long.
        Locale = "locale_too_long", "The language has more than 35 characters.";
    }
}

/// Errors of the directory. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// Too many contacts in one request.
    #[error("there are more than 10,000 contacts; send them in parts")]
    TooMany,
    /// The file is not UTF-8.
    #[error("the file is not UTF-8; save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// The file can't be parsed.
    #[error("the file can't be read as CSV: {0}")]
    NotCsv(String),
    /// Required columns are missing.
    #[error("the first line must name the columns phone and email; name and locale are optional")]
    NoColumns,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A rejected contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectedContact {
    /// Its place: the index in a request, from 0; the line of a file, from 1.
    pub place: usize,
    /// Reason.
    pub problem: ContactProblem,
}

/// Result of storing contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutResult {
    /// Number of stored contacts.
    pub stored: usize,
    /// Rejected contacts.
    pub rejected: Vec<RejectedContact>,
}

/// Record of the last import of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastImport {
    /// Time.
    pub at: Timestamp,
    /// Name of the person or program.
    pub by: String,
    /// Number of stored contacts.
    pub stored: i64,
    /// Number of rejected lines.
    pub rejected: i64,
    /// The first rejected lines.
    pub problems: Vec<RejectedContact>,
}

impl NewContact {
    fn problem(&self) -> Option<ContactProblem> {
        let is_longer = |text: &Option<String>, most| text.as_ref().is_some_and(|text| text.chars().count() > most);
        if is_longer(&self.name, MAX_NAME_CHARS) {
            Some(ContactProblem::Name)
        } else if is_longer(&self.locale, MAX_LOCALE_CHARS) {
            Some(ContactProblem::Locale)
        } else {
            None
        }
    }
}

impl Contacts {
    /// Creates the service. `country_code`: that of numbers without one.
    pub fn new(db: Db, clock: SharedClock, vault: Vault, country_code: String, address_hash: AddressHash) -> Self {
        Self { inner: Arc::new(Inner { db, clock, vault, country_code, address_hash }) }
    }

    /// Stores contacts; each replaces that of its telephone number. Invalid ones are left out.
    pub async fn put(&self, contacts: &[NewContact]) -> Result<PutResult, ContactError> {
        if contacts.len() > MAX_ITEMS {
            return Err(ContactError::TooMany);
        }
        self.store(contacts.iter().enumerate()).await
    }

    /// Stores the contacts of a CSV file, and records the import.
    pub async fn import_csv(&self, file: &[u8], by: &Actor) -> Result<PutResult, ContactError> {
        let lines = csv_file::read(file)?;
        let result = self.store(lines.iter().map(|(line, contact)| (*line, contact))).await?;
        let now = self.inner.clock.now();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (stored, rejected) = (count(result.stored), count(result.rejected.len()));
        let problem = |one: &RejectedContact| serde_json::json!({ "line": one.place, "code": one.problem.code() });
        let problems = serde_json::Value::from_iter(result.rejected.iter().take(MAX_PROBLEMS).map(problem)).to_string();
        let row = store::ImportRow { at: now, actor_name: by.name().to_owned(), stored, rejected, problems };
        let mut tx = self.inner.db.begin().await?;
        store::note_import(tx.conn(), &row).await?;
        let detail = serde_json::json!({ "stored": stored, "rejected": rejected });
        Effects::new().audit(by, "contacts.imported", "contacts", Some(detail)).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(result)
    }

    async fn store<'c>(
        &self,
        contacts: impl Iterator<Item = (usize, &'c NewContact)>,
    ) -> Result<PutResult, ContactError> {
        let mut result = PutResult::default();
        // Of several with one number the last one is stored.
        let mut rows = HashMap::new();
        for (place, contact) in contacts {
            match self.row(contact) {
                Ok(row) => {
                    rows.insert(row.phone.clone(), row);
                }
                Err(problem) => result.rejected.push(RejectedContact { place, problem }),
            }
        }
        let rows: Vec<_> = rows.into_values().collect();
        for some in rows.chunks(MAX_BATCH) {
            let mut tx = self.inner.db.begin().await?;
            store::put(tx.conn(), some).await?;
            tx.commit().await?;
        }
        result.stored = rows.len();
        Ok(result)
    }

    fn row(&self, contact: &NewContact) -> Result<store::ContactRow, ContactProblem> {
        let Inner { vault, country_code, address_hash, .. } = &*self.inner;
        let phone = phone_hash(vault, &contact.phone, country_code).ok_or(ContactProblem::Phone)?;
        if let Some(problem) = contact.problem() {
            return Err(problem);
        }
        let filled =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let email = Address::repair(&contact.email).ok_or(ContactProblem::Email)?.to_string();
        let address = self.directory_hash(&address_hash(vault, &email));
        let plain = Contact { email, name: filled(&contact.name), locale: filled(&contact.locale) };
        Ok(store::ContactRow {
            phone,
            sealed: vault.seal(SEAL, &serde_json::to_vec(&plain).unwrap_or_default()),
            address,
        })
    }

    /// Returns the hash of an address in this directory. It differs from that in other tables, so that nobody without the
    /// key can join them.
    fn directory_hash(&self, address_hash: &str) -> String {
        self.inner.vault.keyed_hash(ADDRESS, address_hash.as_bytes())
    }

    /// Returns the contact of a telephone number, by its [`phone_hash`].
    pub async fn find(&self, phone_hash: &str) -> Result<Option<Contact>, DbError> {
        let sealed = store::find(self.inner.db.read().await?.conn(), phone_hash).await?;
        let opened = sealed.and_then(|sealed| self.inner.vault.open(SEAL, &sealed).ok());
        Ok(opened.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }

    /// Returns the number of contacts, and the last import of a file.
    pub async fn summary(&self) -> Result<(i64, Option<LastImport>), DbError> {
        let mut reader = self.inner.db.read().await?;
        let count = store::count(reader.conn()).await?;
        let last = store::last_import(reader.conn()).await?.map(|row| {
            #[derive(Deserialize)]
            struct Problem {
                line: usize,
                code: String,
            }
            let problems: Vec<Problem> = serde_json::from_str(&row.problems).unwrap_or_default();
            let rejected =
                |one: Problem| Some(RejectedContact { place: one.line, problem: ContactProblem::known(&one.code)? });
            LastImport {
                at: row.at,
                by: row.actor_name,
                stored: row.stored,
                rejected: row.rejected,
                problems: problems.into_iter().filter_map(rejected).collect(),
            }
        });
        Ok((count, last))
    }

    /// Removes the contacts of these telephone numbers; returns their number.
    pub async fn remove(&self, phones: &[String]) -> Result<u64, DbError> {
        let Inner { db, vault, country_code, .. } = &*self.inner;
        let hashes: Vec<_> = phones.iter().filter_map(|phone| phone_hash(vault, phone, country_code)).collect();
        let mut tx = db.begin().await?;
        let removed = store::remove(tx.conn(), &hashes).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Removes all contacts; returns their number.
    pub async fn remove_all(&self, by: &Actor) -> Result<u64, DbError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.db.begin().await?;
        let removed = store::remove_all(tx.conn()).await?;
        let detail = serde_json::json!({ "contacts": removed });
        Effects::new().audit(by, "contacts.removed", "contacts", Some(detail)).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Returns the number of contacts with this address, by its [`AddressHash`], in the caller's transaction.
    pub async fn count_address(&self, conn: Conn<'_>, address_hash: &str) -> Result<i64, DbError> {
        store::count_address(conn, &self.directory_hash(address_hash)).await
    }

    /// Removes the contacts with this address in the caller's transaction; returns their number.
    pub async fn erase_address(&self, conn: Conn<'_>, address_hash: &str) -> Result<i64, DbError> {
        let removed = store::remove_address(conn, &self.directory_hash(address_hash)).await?;
        Ok(i64::try_from(removed).unwrap_or(i64::MAX))
    }
}
