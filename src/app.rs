//! The composition root: builds the features from the configuration, and from them the routes and the jobs.

use crate::clock::SharedClock;
use crate::config::{self, Config, DatabaseUrl, MailUrl};
use crate::database::{Db, DbError, MigrateError};
use crate::desk::Desk;
use crate::feedback::{self, Feedback};
use crate::followups::{self, FollowUps};
use crate::interactions::{self, Interactions};
use crate::jobs;
use crate::mail::{self, Mail};
use crate::measures::{self, MeasuresOf};
use crate::privacy::{self, Privacy};
use crate::ratings::release::Releases;
use crate::ratings::{self, Ratings};
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

mod erased;
mod files;
mod metrics;
mod operators;
mod readiness;
mod specification;
mod spoken;

/// Under this name the database keeps what tells its key from others.
const KEY_FINGERPRINT: &str = "key_fingerprint";

/// Everything that is built once and shared.
#[derive(Clone)]
pub struct App {
    /// The configuration it was built from.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: SharedClock,
    /// The key.
    pub vault: Vault,
    /// What pages need to know of the deployment.
    pub site: SiteInfo,
    /// Cancelled once the process is about to stop: readiness answers 503.
    pub draining: CancellationToken,
    /// Requests of customers' pages, by the day.
    pub survey_counts: Arc<SurveyCounts>,
    /// Accounts, sessions, keys.
    pub staff: Staff,
    /// Teams and agents.
    pub directory: Directory,
    /// The audit log.
    pub audit: audit::AuditLog,
    /// Calls and chats.
    pub interactions: Interactions,
    /// Recordings into words.
    pub transcription: Transcription,
    /// Who spoke how much, and who had to wait.
    pub measures: MeasuresOf,
    /// What was said, found by its words.
    pub search: Search,
    /// The outbox.
    pub mail: Mail,
    /// Who is asked, and what they answered.
    pub surveys: Surveys,
    /// What makes totals of answers.
    pub releases: Releases,
    /// The training library.
    pub training: Training,
    /// Ratings in totals.
    pub ratings: Ratings,
    /// Erasing, and what is kept how long.
    pub privacy: Privacy,
    /// What customers wrote, and who has read it.
    pub feedback: Feedback,
    /// What somebody has to see to.
    pub followups: FollowUps,
    /// Where events are sent.
    pub webhooks: Webhooks,
    /// The pages that bring them together.
    pub desk: Desk,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

/// Why the service can't start. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not open.
    #[error("the database {0} does not open: {1}")]
    Database(DatabaseUrl, DbError),
    /// The schema is not right.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// On PostgreSQL migrating is a decision.
    #[error("the database is {0} migrations behind: run `afterword migrate` first")]
    Behind(usize),
    /// The key can't be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database belongs to another key, or the key is gone.
    #[error("{0}")]
    WrongKey(String),
    /// Reading or writing failed on the way.
    #[error("starting failed in the database: {0}")]
    Store(#[from] DbError),
}

/// Opens the database and brings SQLite up to date; PostgreSQL must be so already, unless `migrate` says otherwise.
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

/// The key that this database was sealed with; made where the database is new.
pub async fn open_vault(config: &Config, db: &Db) -> Result<Vault, StartError> {
    let path = &config.anonymity.key_file;
    let known = db.meta(KEY_FINGERPRINT).await?;
    let vault = match matching_key(path, known.as_deref())? {
        Some(vault) => vault,
        // Another process may be quicker.
        None => Vault::create(path).or_else(|error| Vault::read(path)?.ok_or(error))?,
    };
    if known.is_none() {
        db.set_meta(KEY_FINGERPRINT, &vault.fingerprint()).await?;
    }
    Ok(vault)
}

/// Whether the database could be served as it is: up to date or to be brought so by `serve`, and with its own key. Changes nothing.
pub async fn check_database(config: &Config) -> Result<(), StartError> {
    let (url, path) = (&config.database.url, &config.anonymity.key_file);
    let Some(db) = Db::open_read_only(url).await.map_err(|e| StartError::Database(url.clone(), e))? else {
        return matching_key(path, None).map(drop);
    };
    let pending = db.pending().await?;
    if pending.0 > 0 && matches!(url, DatabaseUrl::Postgres(_)) {
        return Err(StartError::Behind(pending.0));
    }
    // Without its tables the database knows no key yet.
    let known = db.meta(KEY_FINGERPRINT).await.unwrap_or_default();
    db.close().await;
    matching_key(path, known.as_deref()).map(drop)
}

/// Reads the key file and compares it with the fingerprint that the database keeps. Returns nothing where neither has a key yet.
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
    /// Builds the features. Call it inside the runtime; the database must be open and migrated.
    pub fn build(config: Config, db: Db, vault: Vault, clock: SharedClock, demo: bool) -> Self {
        let site = SiteInfo { public_url: config.public_url(), company: config.survey.company.clone(), demo };
        let settings = interactions::Settings::new(&config.survey, &config.recordings);
        let interactions = Interactions::new(db.clone(), Arc::clone(&clock), vault.clone(), settings);
        let directory = Directory::new(db.clone());
        let mail = Mail::new(
            db.clone(),
            Arc::clone(&clock),
            vault.clone(),
            &mail::Settings::new(&config.mail, &config.retention),
        );
        let staff = Staff::new(db.clone(), Arc::clone(&clock), mail.clone(), config.public_url());
        let settings = surveys::Settings::new(&config.survey, &config.anonymity, config.public_url());
        let surveys =
            Surveys::new(db.clone(), Arc::clone(&clock), vault.clone(), settings, interactions.clone(), mail.clone());
        let transcription =
            Transcription::new(db.clone(), Arc::clone(&clock), interactions.clone(), &config.transcription);
        let config::RecordingsUrl::File(recordings) = &config.recordings.url;
        let training = Training::new(
            db.clone(),
            Arc::clone(&clock),
            interactions.clone(),
            Arc::new(spoken::Transcribed(transcription.clone())),
            recordings.join("clips"),
        );
        let measures = MeasuresOf::new(
            db.clone(),
            Arc::clone(&clock),
            interactions.clone(),
            transcription.clone(),
            &config.transcription,
        );
        let search = Search::new(db.clone(), Arc::clone(&clock), interactions.clone(), transcription.clone());
        let followups = FollowUps::new(followups::Parts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            settings: followups::Settings::new(&config.followups, &config.retention, config.public_url()),
            surveys: surveys.clone(),
            interactions: interactions.clone(),
            staff: staff.clone(),
            mail: mail.clone(),
        });
        let webhooks = Webhooks::new(db.clone(), Arc::clone(&clock), vault.clone(), &config.webhooks.allow);
        let ratings = Ratings::new(
            db.clone(),
            Arc::clone(&clock),
            directory.clone(),
            interactions.clone(),
            surveys.clone(),
            config.anonymity.k,
        );
        let feedback = Feedback::new(feedback::Parts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            surveys: surveys.clone(),
            ratings: ratings.clone(),
            interactions: interactions.clone(),
            directory: directory.clone(),
        });
        let desk = Desk::new(desk::Parts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            site: site.clone(),
            staff: staff.clone(),
            directory: directory.clone(),
            interactions: interactions.clone(),
            transcription: transcription.clone(),
            measures: measures.clone(),
            search: search.clone(),
            mail: mail.clone(),
            surveys: surveys.clone(),
            training: training.clone(),
            ratings: ratings.clone(),
            feedback: feedback.clone(),
            followups: followups.clone(),
            settings: desk_settings(&config),
        });
        let audit = audit::AuditLog::new(db.clone());
        let privacy = Privacy::new(privacy::Parts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            audit: audit.clone(),
            interactions: interactions.clone(),
            surveys: surveys.clone(),
            settings: privacy::Settings::new(&config.retention, &config.company),
            others: vec![
                Arc::new(erased::OfFollowUps(followups.clone())),
                Arc::new(erased::OfFeedback(feedback.clone())),
            ],
        });
        Self {
            privacy,
            releases: Releases::new(
                db.clone(),
                Arc::clone(&clock),
                vault.clone(),
                &surveys,
                config.anonymity.goes_up_after.0,
            ),
            mail,
            surveys,
            staff,
            ratings,
            feedback,
            followups,
            webhooks,
            directory,
            audit,
            transcription,
            measures,
            search,
            training,
            interactions,
            desk,
            config: Arc::new(config),
            draining: CancellationToken::new(),
            survey_counts: Arc::new(SurveyCounts::new(Arc::clone(&clock))),
            db,
            clock,
            vault,
            site,
        }
    }

    /// `ready`, `absent` or `loaded`: transcripts wait for the model, nothing else does.
    pub fn model_state(&self) -> &'static str {
        let engine = self.transcription.engine();
        match engine.model() {
            Err(_) => "absent",
            Ok(_) if engine.is_loaded() => "loaded",
            Ok(_) => "ready",
        }
    }

    /// The kinds of background work that there are.
    pub fn jobs(&self) -> Vec<jobs::Kind> {
        let mut kinds = self.interactions.jobs();
        kinds.extend(self.transcription.jobs());
        kinds.extend(self.measures.jobs());
        kinds.extend(self.search.jobs());
        kinds.extend(self.training.jobs());
        kinds.extend(self.mail.jobs());
        kinds.extend(self.mail.returned_job());
        kinds.extend(self.surveys.jobs());
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

    /// Every page and endpoint.
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
        let route = training::pages::routes(route);
        let route = ratings::pages::routes(route);
        let route = surveys::pages::routes(route);
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
            .with(AddData::new(self.desk.clone()))
            // The type of all these is deeper than the compiler follows.
            .boxed()
            .around({
                let counts = Arc::clone(&self.survey_counts);
                move |next, request| middleware::around(next, request, Arc::clone(&counts))
            })
    }

    fn api(&self) -> OpenApiService<MergedPaths<impl OpenApi + 'static>, ()> {
        let endpoints = (
            interactions::api::Api { interactions: self.interactions.clone() },
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
            staff::api::Api {
                staff: self.staff.clone(),
                directory: self.directory.clone(),
                clock: Arc::clone(&self.clock),
            },
            audit::api::Api { log: self.audit.clone() },
            training::api::Api { training: self.training.clone() },
            ratings::api::Api { ratings: self.ratings.clone() },
            privacy::api::Api { privacy: self.privacy.clone() },
            surveys::api::Api { surveys: self.surveys.clone() },
            surveys::api::SurveysApi { surveys: self.surveys.clone() },
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

    /// The specification: what `openapi.yaml` holds.
    pub fn openapi(&self) -> String {
        Specification::new(&self.api()).yaml()
    }
}

/// What the pages show of the configuration.
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
