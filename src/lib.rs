//! Afterword asks customers for feedback after each support call or chat, ties the rating to the recording if they agree,
//! transcribes calls on the machine itself, keeps a training library of exemplary calls, and shows agent ratings that
//! reveal nobody's answer.
//!
//! This page is the map of the crate: the modules, where each rule stands, and examples. `docs/architecture.md` explains how
//! the modules work together; `CONTRIBUTING.md` has recipes for endpoints, pages, migrations, jobs and tests.
//!
//! # Modules
//!
//! Dependencies point downwards in this list; a test (`tests/it/architecture.rs`) enforces it.
//!
//! **Edge**
//!
//! - [`cli`]: the commands of the program.
//! - [`app`]: the composition root. Builds the features from the configuration and joins their pages, endpoints and jobs.
//! - [`demo`]: fills the demo company.
//!
//! **Features.** Each is a folder with the same layers: `api` (endpoints and wire types, poem-openapi) and `pages` (forms and
//! views, askama) call `mod`, which holds types and rules and is the only door for other features. SQL is in `store`, which
//! is private.
//!
//! - [`desk`]: staff pages that combine several features. Has no rules of its own.
//! - [`privacy`]: erasure, retention, the privacy page for customers.
//! - [`feedback`]: unread comments, quotes, commendations.
//! - [`ratings`]: releases of answers in batches; statistics, reports, exclusions.
//! - [`measures`]: talk share, dead air, interruptions, waits, from transcripts and messages.
//! - [`search`]: full-text search in transcripts and messages, the same on both databases.
//! - [`followups`]: follow-ups for low ratings and callback requests; alerts.
//! - [`transcription`]: recordings into transcripts: speech detection, the Whisper engine, models, corrections.
//! - [`responses`]: the survey page, linked and apart answers, the mix that keeps them anonymous, suspected bots, quotes, callback requests.
//! - [`invitations`]: who is surveyed and who is not, invitation and reminder, returned mail, suppressions, tokens.
//! - [`surveys`]: questions and texts of surveys, their versions, the editor, the rules that select one.
//! - [`training`]: the library of clips, and learning progress.
//! - [`interactions`]: calls, chats, messages, recordings.
//! - [`contacts`]: directory of customers' addresses by telephone number.
//! - [`staff`]: accounts, sessions, API keys; teams and agents.
//! - [`audit`]: the append-only audit log.
//! - [`mail`]: the outbox, sending over SMTP, returned mail.
//! - [`webhooks`]: events for other systems.
//!
//! **Effects**
//!
//! - [`effects`]: jobs, audit lines and webhook events, saved in the transaction of the change that causes them.
//!
//! **Platform**, which names no feature
//!
//! - [`access`]: the acting person or program, roles, scopes, rights. [`paging`]: cursors and pages.
//! - [`web`]: server, authorisation of requests, errors, forms.
//! - [`jobs`]: the durable job queue.
//! - [`database`]: SQLite and PostgreSQL behind one interface.
//! - [`config`]: settings and their checks.
//! - [`vault`]: the key file; sealing, padded envelopes and keyed hashes.
//! - [`masking`]: finding and masking personal data in text.
//! - [`audio`]: decoding, cutting and converting recordings.
//! - [`files`]: files and folders that only the service's user can read.
//! - [`clock`], [`ids`]: time and random ids. [`coded`]: enums with codes.
//!
//! # Where each rule stands
//!
//! | Rule | File |
//! |---|---|
//! | **Interactions** | |
//! | Upsert: null never overwrites, a newer fact replaces an older one, the phase never goes back | `interactions/intake/facts.rs` |
//! | Repairs of optional data, with warnings | `interactions/intake/repair.rs`, `interactions/api/lenient.rs` |
//! | Messages merged by id, notes among staff | `interactions/store/messages.rs` |
//! | Reopened conversations (occurrences) | `interactions/intake/write.rs` |
//! | End of conversations whose source is silent | `interactions/finalising.rs` |
//! | Outcome words of sources and their meaning | `interactions/outcomes/` |
//! | Erased interactions stay erased | `interactions/tombstones.rs` |
//! | Upload of recordings, size limit | `interactions/recordings/upload.rs` |
//! | Parts of a recording: order in time, channels by speaker | `interactions/recordings/parts.rs`, `assembly.rs` |
//! | Folder of recordings against table, missing files | `interactions/recordings/compare.rs`, `folder.rs` |
//! | Recognised audio formats | `audio/sniff.rs`, `audio/format.rs` |
//! | Files joined end to end; MPEG frames behind padding; WAV headers | `audio/joined.rs`, `audio/mpeg.rs`, `audio/wav.rs` |
//! | **Who is surveyed** | |
//! | Whether a survey is due; reasons for skipping | `invitations/decide.rs`, `invitations/reasons.rs` |
//! | Age limit, wait for a late address | `invitations/decide.rs`, `interactions/intake.rs` |
//! | The company's own addresses | `invitations/own_addresses.rs` |
//! | Addresses by telephone number | `contacts/` |
//! | Quiet period | `invitations/decide.rs` (`ask`), `invitations/store.rs` (`MARK_ASKED`) |
//! | Survey rules by channel, team, queue, tag, share | `surveys/rules/` |
//! | Suppressions | `invitations/suppressions.rs` |
//! | Names and topics that customers may read | `masking/customer_text.rs` |
//! | Language of a locale, as systems write it | `surveys/wording/language.rs` |
//! | Suppression on a 5xx reply, a bounce, a complaint | `mail/outcome.rs`, `invitations/compose.rs`, `invitations/returned/` |
//! | Reminder | `invitations/reminder/` |
//! | **Answers and anonymity** | |
//! | Survey token, ids that derive from it | `invitations/token.rs`, `responses/token_ids.rs` |
//! | Choices offered, and what a form promised | `responses/offer.rs` |
//! | Linked answers, apart (unlinked) answers | `responses/answers/linked.rs`, `apart.rs`, `sealed.rs` |
//! | Answers from kiosks and keypads | `responses/answers/external/` |
//! | Time for changes, passes of the mix | `responses/mix_pass.rs` |
//! | Suspected bots | `responses/suspects/` |
//! | Closing of surveys, erasure of addresses | `invitations/closing.rs` |
//! | Callback requests | `responses/callback_requests/` |
//! | **Ratings** | |
//! | Pools, batches, minimum batch size (k) | `ratings/release/pools.rs`, `ratings/release/min_batch_changes.rs` |
//! | Pools that wait too long: team, organisation | `ratings/release/pool_age.rs` |
//! | Confidence intervals, CSAT, NPS | `ratings/wilson.rs`, `ratings/figures.rs`, `ratings/nps.rs` |
//! | Exclusions | `ratings/exclusions.rs` |
//! | **Transcription and measures** | |
//! | Speech detection, crosstalk | `transcription/speech/` |
//! | Language detection, windows, turns, word times | `transcription/engine/` |
//! | Hallucinations of the model | `transcription/engine/hallucinations/` |
//! | Order of the queue, fairness between teams | `transcription/queue.rs`, `jobs/store.rs` |
//! | Dead-air threshold, interruptions, talk share | `measures/call.rs` |
//! | First reply, longest wait, pressure messages | `measures/chat.rs`, `measures/nags.rs` |
//! | **Masking** | |
//! | Card numbers, spoken and written | `masking/cards.rs`, `masking/numbers.rs`, `masking/spoken.rs` |
//! | E-mail, phone, IBAN, addresses, dates of birth, names | `masking/` |
//! | Original words: who may see them | `web/unmasked.rs`, `access/rights.rs` (`SeeOriginals`) |
//! | **Library** | |
//! | Clip length limits | `training/span.rs` |
//! | Silence in the sound of clips | `training/masks.rs`, `training/stretches.rs`, `audio/redaction.rs` |
//! | **Mail and webhooks** | |
//! | SMTP replies, retries, stops | `mail/outcome.rs`, `mail/delivery/settle.rs` |
//! | Delivery: claim, render, send, settle | `mail/delivery/` |
//! | Addresses: hosts in ASCII, spellings of one address | `mail/address.rs` |
//! | Rate limits by domain | `mail/rates.rs` |
//! | DKIM | `mail/dkim.rs` |
//! | Classification of returned mail | `mail/reader/`, `mail/incoming/classify.rs` |
//! | Webhook signatures, retries, private addresses | `webhooks/sign.rs`, `webhooks/send.rs`, `webhooks/guard.rs` |
//! | **Access** | |
//! | Roles, scopes, rights | `access/principal.rs`, `access/rights.rs` |
//! | Team visibility | `access/principal.rs` (`Visible`), `database/visible.rs` |
//! | Sessions, cookies, CSRF | `staff/sessions.rs`, `web/access.rs`, `web/form.rs` |
//! | Passwords, sign-in limits | `staff/passwords.rs`, `staff/limits.rs` |
//! | Announcement of supervisors | `staff/notices.rs` |
//! | Headers, body limits, connection limits | `web/middleware.rs`, `web/server/` |
//! | **Privacy and operation** | |
//! | Retention periods, erasure | `privacy/retain.rs`, `privacy/erase.rs` |
//! | Low-score threshold, due dates | `followups/look.rs` |
//! | Audit actions in words | `audit/words.rs` |
//! | Leases, retries, giving up | `jobs/runner.rs`, `jobs/store.rs` |
//! | Full disk, busy or unreachable database | `database/error.rs`, `web/outage.rs` |
//! | Checks of settings | `config/checks.rs` |
//! | Days and months in the company's time zone | `clock.rs` |
//!
//! # Examples
//!
//! Time is an argument everywhere. Tests pass a clock that stands still until it is moved:
//!
//! ```
//! use afterword::clock::{Clock, ManualClock, Timestamp};
//! use std::time::Duration;
//!
//! let start = Timestamp::parse("2026-11-20T14:24:00+01:00").unwrap();
//! let clock = ManualClock::new(start);
//! clock.advance(Duration::from_secs(60));
//! assert_eq!(clock.now().ms_since(start), 60_000);
//! assert_eq!(clock.zone().month(clock.now()), "2026-11");
//! ```
//!
//! Masking is pure:
//!
//! ```
//! use afterword::masking::mask;
//!
//! assert_eq!(mask("Ring 0306 999 0123 or jerry@example.net."), "Ring [phone] or [e-mail].");
//! ```
//!
//! A record that was sealed opens for the same purpose only:
//!
//! ```
//! use afterword::vault::Vault;
//!
//! let vault = Vault::ephemeral();
//! let sealed = vault.seal("address", b"jerry@example.net");
//! assert_eq!(vault.open("address", &sealed).unwrap(), b"jerry@example.net");
//! assert!(vault.open("answer", &sealed).is_err());
//! ```
//!
//! The whole service on a throw-away SQLite database:
//!
//! ```
//! use afterword::app::{self, App};
//! use afterword::clock::SystemClock;
//! use afterword::config::{Config, DatabaseUrl, RecordingsUrl};
//! use poem::{Endpoint, Request};
//! use std::sync::Arc;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let folder = tempfile::tempdir().unwrap();
//! let mut config = Config::default();
//! config.database.url = DatabaseUrl::Sqlite(folder.path().join("afterword.db"));
//! config.recordings.url = RecordingsUrl::File(folder.path().join("recordings"));
//! config.anonymity.key_file = folder.path().join("afterword.key");
//! config.mail.journal = folder.path().join("mail-journal");
//!
//! let db = app::open_database(&config, true).await.unwrap();
//! let vault = app::open_vault(&config, &db).await.unwrap();
//! let app = App::build(config, db, vault, Arc::new(SystemClock), false);
//! let answer = app.routes().get_response(Request::builder().uri_str("/healthz").finish()).await;
//! assert!(answer.status().is_success());
//! # });
//! ```

pub mod access;
pub mod app;
pub mod audio;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod coded;
pub mod config;
pub mod contacts;
pub mod database;
pub mod demo;
pub mod desk;
pub mod effects;
pub mod feedback;
pub mod files;
pub mod followups;
pub mod ids;
pub mod interactions;
pub mod invitations;
pub mod jobs;
pub mod mail;
pub mod masking;
pub mod measures;
pub mod paging;
pub mod privacy;
pub mod ratings;
pub mod responses;
pub mod search;
pub mod staff;
pub mod surveys;
pub mod training;
pub mod transcription;
pub mod vault;
pub mod web;
pub mod webhooks;
