//! Construction of the features, from the bottom up.

use super::{App, SurveyCounts, desk_settings, erasure, spoken};
use crate::audit::AuditLog;
use crate::clock::{self, SharedClock};
use crate::config::{self, Config};
use crate::contacts::Contacts;
use crate::database::Db;
use crate::desk::{self, Desk};
use crate::feedback::{self, Feedback};
use crate::followups::{self, FollowUps};
use crate::interactions::{self, Interactions};
use crate::invitations::{self, Invitations, OwnAddresses};
use crate::mail::{self, Mail};
use crate::measures::MeasuresOf;
use crate::privacy::{self, Privacy};
use crate::ratings::Ratings;
use crate::ratings::release::Releases;
use crate::responses::Responses;
use crate::search::Search;
use crate::staff::{Directory, Staff};
use crate::surveys::{self, Surveys};
use crate::training::Training;
use crate::transcription::Transcription;
use crate::vault::Vault;
use crate::web::SiteInfo;
use crate::webhooks::Webhooks;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Dependencies that every feature may be built from.
struct Context {
    config: Config,
    db: Db,
    vault: Vault,
    clock: SharedClock,
}

/// Features that others are built from.
struct Core {
    directory: Directory,
    mail: Mail,
    staff: Staff,
    contacts: Contacts,
    interactions: Interactions,
    surveys: Surveys,
    invitations: Invitations,
    responses: Responses,
    transcription: Transcription,
    measures: MeasuresOf,
    search: Search,
    training: Training,
}

impl Context {
    fn clock(&self) -> SharedClock {
        Arc::clone(&self.clock)
    }

    fn core(&self) -> Core {
        let Self { config, db, vault, .. } = self;
        let contacts = Contacts::new(
            db.clone(),
            self.clock(),
            vault.clone(),
            config.company.country_code.clone(),
            invitations::address_hash,
        );
        let settings = interactions::Settings::new(&config.survey, &config.intake, &config.recordings, &config.company);
        let directory = Directory::new(db.clone(), &config.staff.shared_addresses);
        let interactions = Interactions::new(db.clone(), self.clock(), vault.clone(), directory.clone(), settings);
        let settings = mail::Settings::new(&config.mail, &config.retention);
        let mail = Mail::new(db.clone(), self.clock(), vault.clone(), &settings);
        let staff = Staff::new(db.clone(), self.clock(), mail.clone(), config.public_url());
        let settings = surveys::Settings::new(&config.survey, &config.anonymity, &config.company, config.public_url());
        let surveys = Surveys::new(db.clone(), self.clock(), vault.clone(), settings);
        let invitations = Invitations::new(invitations::Parts {
            db: db.clone(),
            clock: self.clock(),
            vault: vault.clone(),
            surveys: surveys.clone(),
            contacts: contacts.clone(),
            interactions: interactions.clone(),
            mail: mail.clone(),
            own_addresses: OwnAddresses::new(&config.company, &config.mail),
        });
        let responses = Responses::new(
            db.clone(),
            self.clock(),
            vault.clone(),
            surveys.clone(),
            invitations.clone(),
            interactions.clone(),
        );
        let transcription = Transcription::new(db.clone(), self.clock(), interactions.clone(), &config.transcription);
        let config::RecordingsUrl::File(recordings) = &config.recordings.url;
        let spoken = Arc::new(spoken::Transcribed(transcription.clone()));
        let training = Training::new(db.clone(), self.clock(), interactions.clone(), spoken, recordings.join("clips"));
        let measures = MeasuresOf::new(
            db.clone(),
            self.clock(),
            interactions.clone(),
            transcription.clone(),
            &config.transcription,
        );
        let search = Search::new(db.clone(), self.clock(), interactions.clone(), transcription.clone());
        Core {
            directory,
            mail,
            staff,
            contacts,
            interactions,
            surveys,
            invitations,
            responses,
            transcription,
            measures,
            search,
            training,
        }
    }

    fn followups(&self, core: &Core) -> FollowUps {
        let config = &self.config;
        FollowUps::new(followups::Parts {
            db: self.db.clone(),
            clock: self.clock(),
            settings: followups::Settings::new(&config.followups, &config.retention, config.public_url()),
            responses: core.responses.clone(),
            interactions: core.interactions.clone(),
            staff: core.staff.clone(),
            mail: core.mail.clone(),
        })
    }

    fn ratings(&self, core: &Core) -> Ratings {
        let Core { directory, interactions, surveys, .. } = core;
        let k = self.config.anonymity.k;
        Ratings::new(self.db.clone(), self.clock(), directory.clone(), interactions.clone(), surveys.clone(), k)
    }

    fn feedback(&self, core: &Core, ratings: &Ratings) -> Feedback {
        Feedback::new(feedback::Parts {
            db: self.db.clone(),
            clock: self.clock(),
            responses: core.responses.clone(),
            ratings: ratings.clone(),
            interactions: core.interactions.clone(),
            directory: core.directory.clone(),
        })
    }

    fn privacy(&self, core: &Core, audit: &AuditLog, followups: &FollowUps, feedback: &Feedback) -> Privacy {
        Privacy::new(privacy::Parts {
            db: self.db.clone(),
            clock: self.clock(),
            audit: audit.clone(),
            interactions: core.interactions.clone(),
            invitations: core.invitations.clone(),
            settings: privacy::Settings::new(&self.config.retention, &self.config.company),
            others: vec![
                Arc::new(erasure::OfContacts(core.contacts.clone())),
                Arc::new(erasure::OfFollowUps(followups.clone())),
                Arc::new(erasure::OfFeedback(feedback.clone())),
            ],
        })
    }

    fn desk(
        &self,
        core: &Core,
        site: &SiteInfo,
        ratings: &Ratings,
        feedback: &Feedback,
        followups: &FollowUps,
    ) -> Desk {
        Desk::new(desk::Parts {
            db: self.db.clone(),
            clock: self.clock(),
            site: site.clone(),
            staff: core.staff.clone(),
            directory: core.directory.clone(),
            interactions: core.interactions.clone(),
            transcription: core.transcription.clone(),
            measures: core.measures.clone(),
            search: core.search.clone(),
            mail: core.mail.clone(),
            surveys: core.surveys.clone(),
            invitations: core.invitations.clone(),
            responses: core.responses.clone(),
            training: core.training.clone(),
            ratings: ratings.clone(),
            feedback: feedback.clone(),
            followups: followups.clone(),
            settings: desk_settings(&self.config),
        })
    }
}

impl App {
    /// Builds the features. Must be called within the runtime; the database must be open and migrated.
    pub fn build(config: Config, db: Db, vault: Vault, clock: SharedClock, demo: bool) -> Self {
        let site = SiteInfo {
            public_url: config.public_url(),
            company: config.survey.company.clone(),
            demo,
            zone: config.company.time_zone.clone(),
        };
        let clock = clock::in_zone(clock, config.company.time_zone.clone());
        let context = Context { config, db, vault, clock };
        let core = context.core();
        let followups = context.followups(&core);
        let ratings = context.ratings(&core);
        let feedback = context.feedback(&core, &ratings);
        let desk = context.desk(&core, &site, &ratings, &feedback, &followups);
        let audit = AuditLog::new(context.db.clone());
        let privacy = context.privacy(&core, &audit, &followups, &feedback);
        let Core {
            directory,
            mail,
            staff,
            contacts,
            interactions,
            surveys,
            invitations,
            responses,
            transcription,
            measures,
            search,
            training,
        } = core;
        let Context { config, db, vault, clock } = context;
        let escalation = config.anonymity.goes_up_after.0;
        Self {
            releases: Releases::new(db.clone(), Arc::clone(&clock), vault.clone(), responses.clone(), escalation),
            webhooks: Webhooks::new(db.clone(), Arc::clone(&clock), vault.clone(), &config.webhooks.allow),
            survey_counts: Arc::new(SurveyCounts::new(Arc::clone(&clock))),
            draining: CancellationToken::new(),
            config: Arc::new(config),
            db,
            clock,
            vault,
            site,
            staff,
            directory,
            audit,
            contacts,
            interactions,
            transcription,
            measures,
            search,
            mail,
            surveys,
            invitations,
            responses,
            training,
            ratings,
            privacy,
            feedback,
            followups,
            desk,
        }
    }
}
