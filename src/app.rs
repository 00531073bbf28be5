//! Composition root: builds the features from the configuration, and from them the routes and the jobs.

use crate::clock::SharedClock;
use crate::config::{Config, DatabaseUrl, MailUrl};
use crate::contacts::{self, Contacts};
use crate::database::{Db, DbError, MigrateError};
use crate::desk::Desk;
use crate::feedback::{self, Feedback};
use crate::followups::{self, FollowUps};
use crate::interactions::{self, Interactions};
use crate::invitations::{self, Invitations};
use crate::jobs;
use crate::mail::{self, Mail};
use crate::measures::{self, MeasuresOf};
use crate::privacy::{self, Privacy};
use crate::ratings::release::Releases;
use crate::ratings::{self, Ratings};
use crate::responses::{self, Responses};
use crate::search::{self, Search};
use crate::staff::{Directory, Staff};
use crate::surveys::{self, Surveys};
use crate::training::{self, Training};
use crate::transcription::{self, Transcription};
use crate::vault::{Vault, VaultError};
use crate::web::docs::Docs;
use crate::web::methods::ApiMethods;
use crate::web::{Authenticate, SiteInfo, SurveyCounts, TrustedProxies, assets, get, middleware};
use crate::webhooks::{self, Webhooks};
use crate::{audit, desk, staff};
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::{OpenApi, OpenApiService};
use specification::{MergedPaths, Specification};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod build;
mod erasure;
mod files;
mod metrics;
mod operators;
mod readiness;
mod specification;
mod spoken;

/// Key under which the database keeps the fingerprint of its vault key.
const KEY_FINGERPRINT: &str = "key_fingerprint";

/// Shared state of the service, built once.
#[derive(Clone)]
pub struct App {
    /// Configuration.
    pub config: Arc<Config>,
    /// Database.
    pub db: Db,
    /// Clock.
    pub clock: SharedClock,
    /// Vault.
    pub vault: Vault,
    /// Data on the deployment for pages.
    pub site: SiteInfo,
    /// Cancelled shortly before the process stops: readiness answers 503.
    pub draining: CancellationToken,
    /// Number of requests of customers' pages, by day.
    pub survey_counts: Arc<SurveyCounts>,
    /// Accounts, sessions, API keys.
    pub staff: Staff,
    /// Teams and agents.
    pub directory: Directory,
    /// Audit log.
    pub audit: audit::AuditLog,
    /// Directory of customers' addresses.
    pub contacts: Contacts,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Transcription of recordings.
    pub transcription: Transcription,
    /// Measures of talk and waiting times.
    pub measures: MeasuresOf,
    /// Full-text search.
    pub search: Search,
    /// Outbox.
    pub mail: Mail,
    /// Surveys and their rules.
    pub surveys: Surveys,
    /// Invitations to surveys.
    pub invitations: Invitations,
    /// Responses to surveys.
    pub responses: Responses,
    /// Releases of results.
    pub releases: Releases,
    /// Training library.
    pub training: Training,
    /// Rating results.
    pub ratings: Ratings,
    /// Erasure and retention.
    pub privacy: Privacy,
    /// Comments of customers, and whether they were read.
    pub feedback: Feedback,
    /// Follow-ups.
    pub followups: FollowUps,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Pages across features.
    pub desk: Desk,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

/// Reason why the service can't start, with advice.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database can't be opened.
    #[error("the database {0} does not open: {1}")]
    Database(DatabaseUrl, DbError),
    /// The schema is wrong.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Migrations are pending; on PostgreSQL they are run explicitly.
    #[error("the database is {0} migrations behind: run `afterword migrate` first")]
    Behind(usize),
    /// The vault key can't be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database belongs to another vault key, or the key is missing.
    #[error("{0}")]
    WrongKey(String),
    /// Reading or writing the database failed.
    #[error("starting failed in the database: {0}")]
    Store(#[from] DbError),
}

/// Opens the database and migrates SQLite; PostgreSQL must be up to date, unless `migrate` is set.
pub async fn open_database(config: &Config, migrate: bool) -> Result<Db, StartError> {
    let url = &config.database.url;
    let db = Db::open(&config.database).await.map_err(|e| StartError::Database(url.clone(), e))?;
    let pending = db.pending().await?;
    if pending.0 > 0 {
        if !migrate && matches!(url, DatabaseUrl::Postgres(_)) {
            return Err(StartError::Behind(pending.0));
        }
        db.migrate().await?;
    }
    Ok(db)
}

/// Returns the vault whose key this database was sealed with; creates the key where the database is new.
pub async fn open_vault(config: &Config, db: &Db) -> Result<Vault, StartError> {
    let path = &config.anonymity.key_file;
    let known = db.meta(KEY_FINGERPRINT).await?;
    let vault = match matching_key(path, known.as_deref())? {
        Some(vault) => vault,
        // Another process may have created it in the meantime.
        None => Vault::create(path).or_else(|error| Vault::read(path)?.ok_or(error))?,
    };
    if known.is_none() {
        db.set_meta(KEY_FINGERPRINT, &vault.fingerprint()).await?;
    }
    Ok(vault)
}

/// Checks that the database could be served as it is: up to date or to be migrated by `serve`, and with its own key.
/// Changes nothing.
pub async fn check_database(config: &Config) -> Result<(), StartError> {
    let (url, path) = (&config.database.url, &config.anonymity.key_file);
    let Some(db) = Db::open_read_only(url).await.map_err(|e| StartError::Database(url.clone(), e))? else {
        return matching_key(path, None).map(drop);
    };
    let pending = db.pending().await?;
    if pending.0 > 0 && matches!(url, DatabaseUrl::Postgres(_)) {
        return Err(StartError::Behind(pending.0));
    }
    // Without its tables the database has no fingerprint yet.
    let known = db.meta(KEY_FINGERPRINT).await.unwrap_or_default();
    db.close().await;
    matching_key(path, known.as_deref()).map(drop)
}

/// Reads the key file and compares it with the fingerprint in the database. `None` where neither has a key yet.
fn matching_key(path: &Path, known: Option<&str>) -> Result<Option<Vault>, StartError> {
    match (Vault::read(path)?, known) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(StartError::WrongKey(format!(
            "the key file {} is missing, and this database was sealed with it: put it back (anonymity.key_file)",
            path.display()
        ))),
        (Some(vault), Some(known)) if known != vault.fingerprint() => Err(StartError::WrongKey(format!(
            "the key file {} is not the one that this database was sealed with: put the right one back",
            path.display()
        ))),
        (Some(vault), _) => Ok(Some(vault)),
    }
}

impl App {
    /// Returns `ready`, `absent` or `loaded`; only transcripts wait for the model.
    pub fn model_state(&self) -> &'static str {
        let engine = self.transcription.engine();
        match engine.model() {
            Err(_) => "absent",
            Ok(_) if engine.is_loaded() => "loaded",
            Ok(_) => "ready",
        }
    }

    /// Returns the kinds of background jobs.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        let mut kinds = self.interactions.jobs();
        kinds.extend(self.transcription.jobs());
        kinds.extend(self.measures.jobs());
        kinds.extend(self.search.jobs());
        kinds.extend(self.training.jobs());
        kinds.extend(self.mail.jobs());
        kinds.extend(self.mail.returned_job());
        kinds.extend(self.invitations.jobs());
        kinds.extend(self.responses.jobs());
        kinds.extend(self.releases.jobs());
        kinds.extend(self.privacy.jobs());
        kinds.extend(self.feedback.jobs());
        kinds.extend(self.followups.jobs());
        kinds.extend(self.webhooks.jobs());
        kinds.push(self.sweep_job());
        kinds
    }

    fn sweep_job(&self) -> jobs::Kind {
        let staff = self.staff.clone();
        let sweep = move |_| {
            let staff = staff.clone();
            async move { staff.sweep().await.map_or_else(|e| jobs::Outcome::Retry(e.to_string()), |()| jobs::Outcome::Done) }
        };
        jobs::Kind::new("sessions.sweep", sweep).every(Duration::from_secs(3600))
    }

    /// Returns every page and endpoint.
    pub fn routes(&self) -> impl Endpoint<Output = Response> + 'static {
        let api = self.api();
        let specification = Specification::new(&api);
        let (yaml, docs) = (specification.yaml(), Arc::new(Docs::new(specification.docs_page())));
        let route = Route::new()
            .nest_no_strip("/api/v1", with_allowed_methods(api))
            .at("/docs", get(Arc::clone(&docs)))
            .at("/docs/", get(docs))
            .at("/favicon.ico", get(assets::favicon))
            .at("/openapi.yaml", get(poem::endpoint::make_sync(move |_| yaml_answer(&yaml))))
            .at("/assets/:name", get(assets::asset));
        let route = operators::routes(route, self);
        let route = staff::pages::routes(route);
        let route = audit::pages::routes(route);
        let route = contacts::pages::routes(interactions::pages::routes(route));
        let route = training::pages::routes(route);
        let route = ratings::pages::routes(route);
        let route = responses::pages::routes(surveys::pages::routes(route));
        let route = feedback::pages::routes(route);
        let route = followups::pages::routes(route);
        let route = webhooks::pages::routes(route);
        let route = transcription::pages::routes(route);
        let route = privacy::pages::routes(route);
        let route = mail::pages::routes(route);
        let route = desk::pages::routes(route);
        let authenticate: Arc<dyn Authenticate> = Arc::new(self.staff.clone());
        route
            .with(AddData::new(self.db.clone()))
            .with(AddData::new(Arc::clone(&self.clock)))
            .with(AddData::new(self.site.clone()))
            .with(AddData::new(TrustedProxies(self.config.http.trusted_proxies.clone())))
            .with(AddData::new(authenticate))
            .with(AddData::new(self.staff.clone()))
            .with(AddData::new(self.directory.clone()))
            .with(AddData::new(self.audit.clone()))
            .with(AddData::new(self.contacts.clone()))
            .with(AddData::new(self.interactions.clone()))
            .with(AddData::new(self.transcription.clone()))
            .with(AddData::new(self.training.clone()))
            .with(AddData::new(self.ratings.clone()))
            .with(AddData::new(self.privacy.clone()))
            .with(AddData::new(self.feedback.clone()))
            .with(AddData::new(self.followups.clone()))
            .with(AddData::new(self.webhooks.clone()))
            .with(AddData::new(self.mail.clone()))
            .with(AddData::new(mail::Hooks::new(self.mail.clone(), &self.config.hooks.mail)))
            .with(AddData::new(self.surveys.clone()))
            .with(AddData::new(self.invitations.clone()))
            .with(AddData::new(self.responses.clone()))
            .with(AddData::new(self.desk.clone()))
            // The type of all these is too deep for the compiler.
            .boxed()
            .around({
                let counts = Arc::clone(&self.survey_counts);
                move |next, request| middleware::around(next, request, Arc::clone(&counts))
            })
    }

    fn api(&self) -> OpenApiService<MergedPaths<impl OpenApi + 'static>, ()> {
        let endpoints = (
            (
                interactions::api::Api { interactions: self.interactions.clone() },
                interactions::api::OutcomesApi { interactions: self.interactions.clone() },
                contacts::api::Api { contacts: self.contacts.clone() },
                interactions::api::RecordingApi { interactions: self.interactions.clone() },
            ),
            transcription::api::Api {
                interactions: self.interactions.clone(),
                transcription: self.transcription.clone(),
            },
            transcription::api::WorkApi {
                interactions: self.interactions.clone(),
                transcription: self.transcription.clone(),
            },
            transcription::api::ModelApi { transcription: self.transcription.clone() },
            measures::api::Api { interactions: self.interactions.clone(), measures: self.measures.clone() },
            search::api::Api { search: self.search.clone() },
            (
                staff::api::Api {
                    staff: self.staff.clone(),
                    directory: self.directory.clone(),
                    clock: Arc::clone(&self.clock),
                },
                staff::api::AgentsApi { directory: self.directory.clone(), clock: Arc::clone(&self.clock) },
            ),
            audit::api::Api { log: self.audit.clone() },
            training::api::Api { training: self.training.clone() },
            ratings::api::Api { ratings: self.ratings.clone() },
            privacy::api::Api { privacy: self.privacy.clone() },
            surveys::api::Api { surveys: self.surveys.clone() },
            invitations::api::Api { invitations: self.invitations.clone() },
            responses::api::Api { responses: self.responses.clone() },
            followups::api::Api { followups: self.followups.clone() },
            webhooks::api::Api { webhooks: self.webhooks.clone() },
        );
        OpenApiService::new(MergedPaths(endpoints), "Afterword", env!("CARGO_PKG_VERSION"))
            .description(
                "Afterword surveys customers after support calls and chats, transcribes recordings, and reports ratings.\n\n\
                 **Authentication:** send an API key as `Authorization: Bearer …`.\n\n\
                 **Errors** are `application/problem+json` (RFC 9457) with a stable `code`.\n\n\
                 **Lists** have the fields `items` and `next`; send `next` as the parameter `cursor` to get the next page. It is null \
                 on the last page.\n\n\
                 **Fields:** every field of an answer is always present, and null if it is unknown. Unknown fields of a request are \
                 ignored. Strings of a request must not contain NUL characters.",
            )
            .license(poem_openapi::LicenseObject::new("Apache-2.0"))
    }

    /// Returns the specification, the content of `openapi.yaml`.
    pub fn openapi(&self) -> String {
        Specification::new(&self.api()).yaml()
    }
}

/// Returns the parts of the configuration that pages show.
fn desk_settings(config: &Config) -> desk::Settings {
    let mailbox = match &config.mail.url {
        MailUrl::File(folder) => Some(folder.clone()),
        MailUrl::Hold | MailUrl::Smtp(_) => None,
    };
    desk::Settings {
        configuration: config.to_redacted_toml(),
        mailbox,
        returned: Some(config.mail.returned.to_string()).filter(|from| !from.is_empty()),
        settle: config.survey.settle.to_string(),
        models: transcription::engine_config(&config.transcription).folders,
        k: config.anonymity.k,
    }
}

fn with_allowed_methods<T: poem_openapi::OpenApi + 'static, W: poem_openapi::Webhook + 'static>(
    api: OpenApiService<T, W>,
) -> impl Endpoint<Output = Response> {
    ApiMethods::new::<T>(api.into_endpoint())
}

fn yaml_answer(text: &str) -> Response {
    Response::builder().content_type("application/yaml").body(text.to_owned())
}
