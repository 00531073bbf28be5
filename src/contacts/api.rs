//! Endpoints of the contact directory.

use super::{ContactError, Contacts, LastImport, NewContact, PutResult, RejectedContact};
use crate::access::rights::{Administer, Ingest};
use crate::web::page::sentence;
use crate::web::problem::ApiError;
use crate::web::{Allowed, JsonBody};
use poem::http::StatusCode;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};

#[derive(Tags)]
enum Tag {
    /// Directory of customers' e-mail addresses by telephone number.
    Contacts,
}

/// E-mail address of the customer with a telephone number.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewContact")]
struct ContactBody {
    /// Telephone number: with `+` or `00` and the country code, or as `company.country_code` completes it.
    phone: String,
    /// E-mail address.
    email: String,
    /// Name; used only in the greeting of the mail.
    name: Option<String>,
    /// Language: `en`, `de-CH`.
    locale: Option<String>,
}

/// Contacts to store.
#[derive(Debug, Object)]
#[oai(rename = "ContactUpdate", example)]
struct ContactsBody {
    /// Contacts, 10,000 at most. Each replaces that of its telephone number; all others stay.
    #[oai(validator(max_items = 10000))]
    contacts: Vec<ContactBody>,
}

impl poem_openapi::types::Example for ContactsBody {
    fn example() -> Self {
        let contact = ContactBody {
            phone: "+44 306 999 0123".into(),
            email: "jerry@example.net".into(),
            name: Some("Jerry".into()),
            locale: Some("en".into()),
        };
        Self { contacts: vec![contact] }
    }
}

impl From<&ContactBody> for NewContact {
    fn from(body: &ContactBody) -> Self {
        let (phone, email) = (body.phone.clone(), body.email.clone());
        Self { phone, email, name: body.name.clone(), locale: body.locale.clone() }
    }
}

/// A contact that was not stored.
#[derive(Debug, Object)]
#[oai(rename = "RejectedContact")]
struct RejectedOut {
    /// Index in the request, from 0.
    index: i64,
    /// Stable code: `invalid_phone`, `invalid_email`, `name_too_long`, `locale_too_long`.
    code: String,
    /// Explanation for people.
    message: String,
}

/// Result of storing contacts.
#[derive(Debug, Object)]
#[oai(rename = "ContactResult", example)]
struct ContactResultOut {
    /// Number of stored contacts.
    stored: i64,
    /// Contacts that were not stored.
    rejected: Vec<RejectedOut>,
}

impl poem_openapi::types::Example for ContactResultOut {
    fn example() -> Self {
        Self { stored: 1, rejected: Vec::new() }
    }
}

fn number(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

impl From<RejectedContact> for RejectedOut {
    fn from(one: RejectedContact) -> Self {
        Self { index: number(one.place), code: one.problem.code().into(), message: one.problem.words().into() }
    }
}

impl From<PutResult> for ContactResultOut {
    fn from(result: PutResult) -> Self {
        Self { stored: number(result.stored), rejected: result.rejected.into_iter().map(Into::into).collect() }
    }
}

/// Telephone numbers whose contacts to delete.
#[derive(Debug, Object)]
#[oai(rename = "ContactDeletion", example)]
struct DeletionBody {
    /// Telephone numbers, 10,000 at most.
    #[oai(validator(max_items = 10000))]
    phones: Vec<String>,
}

impl poem_openapi::types::Example for DeletionBody {
    fn example() -> Self {
        Self { phones: vec!["+44 306 999 0123".into()] }
    }
}

/// Result of a deletion.
#[derive(Debug, Object)]
#[oai(rename = "ContactDeletionResult", example)]
struct DeletionOut {
    /// Number of deleted contacts.
    deleted: i64,
}

impl poem_openapi::types::Example for DeletionOut {
    fn example() -> Self {
        Self { deleted: 1 }
    }
}

/// Import of a file.
#[derive(Debug, Object)]
#[oai(rename = "ContactImport")]
struct ImportOut {
    /// Time, RFC 3339, UTC.
    at: String,
    /// Number of stored contacts.
    stored: i64,
    /// Number of rejected lines.
    rejected: i64,
}

/// The contact directory. The contacts themselves can't be read.
#[derive(Debug, Object)]
#[oai(rename = "ContactDirectory", example)]
struct DirectoryOut {
    /// Number of contacts.
    contacts: i64,
    /// Last import of a file; null if there was none.
    last_import: Option<ImportOut>,
}

impl poem_openapi::types::Example for DirectoryOut {
    fn example() -> Self {
        let import = ImportOut { at: "2026-11-20T13:24:00Z".into(), stored: 1200, rejected: 3 };
        Self { contacts: 1200, last_import: Some(import) }
    }
}

impl From<LastImport> for ImportOut {
    fn from(import: LastImport) -> Self {
        Self { at: import.at.to_rfc3339(), stored: import.stored, rejected: import.rejected }
    }
}

impl From<ContactError> for ApiError {
    fn from(error: ContactError) -> Self {
        let code = match error {
            ContactError::TooMany => "too_many",
            ContactError::NotUtf8 | ContactError::NotCsv(_) | ContactError::NoColumns => "invalid_file",
            ContactError::Database(inner) => return inner.into(),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, sentence(&format!("{error}.")))
    }
}

/// The endpoints.
#[derive(Debug, Clone)]
pub struct Api {
    /// The service.
    pub contacts: Contacts,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Contacts")]
impl Api {
    /// Store contacts
    ///
    /// Stores e-mail addresses by telephone number. An interaction with `customer.phone` and without `customer.email` is surveyed
    /// at the address of its number. Numbers are stored as keyed hashes and contacts encrypted: they can't be read again.
    /// Invalid contacts are left out and listed in the answer.
    #[oai(path = "/contacts", method = "put", operation_id = "putContacts")]
    async fn put_contacts(
        &self,
        who: Allowed<Ingest>,
        body: JsonBody<ContactsBody>,
    ) -> Result<Json<ContactResultOut>, ApiError> {
        let _ = who;
        let contacts: Vec<NewContact> = body.contacts.iter().map(Into::into).collect();
        Ok(Json(self.contacts.put(&contacts).await?.into()))
    }

    /// Get the number of contacts
    #[oai(path = "/contacts", method = "get", operation_id = "getContactDirectory")]
    async fn get_contacts(&self, who: Allowed<Administer>) -> Result<Json<DirectoryOut>, ApiError> {
        let _ = who;
        let (contacts, last) = self.contacts.summary().await?;
        Ok(Json(DirectoryOut { contacts, last_import: last.map(Into::into) }))
    }

    /// Delete contacts
    ///
    /// Deletes the contacts of these telephone numbers. The numbers are in the body, since addresses of requests are logged by
    /// proxies.
    #[oai(path = "/contacts/deletions", method = "post", operation_id = "deleteContacts")]
    async fn delete_contacts(
        &self,
        who: Allowed<Administer>,
        body: JsonBody<DeletionBody>,
    ) -> Result<Json<DeletionOut>, ApiError> {
        let _ = who;
        Ok(Json(DeletionOut { deleted: number(self.contacts.remove(&body.phones).await?) }))
    }
}
