//! `/admin/erasure`: preview, erasure, receipt. An address is never part of a URL, which browsers and logs would keep.

use super::say;
use crate::access::rights::Administer;
use crate::ids::InteractionId;
use crate::privacy::{Counts, EraseError, Privacy};
use crate::web::page::{html_with, sentence};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErasureQuery {
    /// Id of a conversation, from its page.
    interaction: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    address: String,
    interaction: String,
    source: String,
    external_id: String,
    /// With an address: whether to erase its conversations as well.
    conversations: String,
}

/// A preview or a receipt.
#[derive(Default)]
struct Step {
    /// Subject, in words.
    about: String,
    /// Counts in words.
    goes: Vec<String>,
    /// Number of clips that stay.
    kept: i64,
    /// Values that the next form carries.
    address: String,
    interaction: String,
    /// Number of conversations that an address was surveyed about.
    asked_about: usize,
}

#[derive(Template)]
#[template(path = "privacy/erasure.html")]
struct ErasurePage {
    page: Shell,
    problem: Option<String>,
    /// Preview to confirm.
    preview: Option<Step>,
    /// Receipt of a finished erasure.
    receipt: Option<Step>,
    /// Entered text.
    address: String,
    interaction: String,
    source: String,
    external_id: String,
}

enum ErasureTarget {
    Conversation(InteractionId),
    Address(String),
}

impl Form {
    async fn what(&self, privacy: &Privacy) -> Result<ErasureTarget, EraseError> {
        if !self.address.trim().is_empty() {
            return Ok(ErasureTarget::Address(self.address.trim().to_owned()));
        }
        match self.interaction.trim() {
            "" if self.source.trim().is_empty() && self.external_id.trim().is_empty() => Err(EraseError::Nothing),
            "" => Ok(ErasureTarget::Conversation(
                privacy.conversation(self.source.trim(), self.external_id.trim()).await?,
            )),
            // An id, or the URL of the conversation's page.
            text => {
                let id = text.rsplit('/').next().unwrap_or(text);
                Ok(ErasureTarget::Conversation(id.parse().map_err(|_| EraseError::NotThere)?))
            }
        }
    }
}

fn step(counts: &Counts) -> Step {
    let kept = counts.iter().find(|(what, _)| *what == "clips_kept").map_or(0, |(_, n)| *n);
    let goes = counts.iter().filter(|(what, _)| *what != "clips_kept").map(|(what, n)| say(what, *n)).collect();
    Step { goes, kept, ..Step::default() }
}

fn conversation(id: &InteractionId) -> String {
    format!("the call or chat {id}")
}

async fn look(privacy: &Privacy, what: &ErasureTarget) -> Result<Step, EraseError> {
    Ok(match what {
        ErasureTarget::Conversation(id) => {
            let found = privacy.look_at_conversation(id).await?;
            Step { about: conversation(id), interaction: id.to_string(), ..step(&found.counts) }
        }
        ErasureTarget::Address(address) => {
            let found = privacy.look_at_address(address).await?;
            let asked_about = found.about.len();
            Step { about: address.clone(), address: address.clone(), asked_about, ..step(&found.counts) }
        }
    })
}

fn page(who: &Viewer<Administer>, site: &SiteInfo) -> ErasurePage {
    ErasurePage {
        page: Shell::new(who, site, "/admin"),
        problem: None,
        preview: None,
        receipt: None,
        address: String::new(),
        interaction: String::new(),
        source: String::new(),
        external_id: String::new(),
    }
}

/// Returns the page with the problem above the forms; internal failures remain errors.
fn complaint(page: ErasurePage, form: Form, error: EraseError) -> Result<Response, PageError> {
    let status = match &error {
        EraseError::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        EraseError::NotThere => StatusCode::NOT_FOUND,
        EraseError::NotAnAddress | EraseError::Nothing => StatusCode::UNPROCESSABLE_ENTITY,
    };
    if let EraseError::Database(inner) = error {
        return Err(inner.into());
    }
    let problem = Some(format!("{}. Nothing was erased.", sentence(&error.to_string())));
    let Form { address, interaction, source, external_id, .. } = form;
    let page = ErasurePage { problem, address, interaction, source, external_id, ..page };
    Ok(html_with(status, &page))
}

/// `GET /admin/erasure`, from a conversation's page with its id.
#[handler]
pub(super) async fn ask(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(privacy): Data<&Privacy>,
    Query(asked): Query<ErasureQuery>,
) -> Result<Response, PageError> {
    if asked.interaction.is_empty() {
        return Ok(html(&page(&who, site)));
    }
    let form = Form { interaction: asked.interaction, ..Form::default() };
    show_preview(&who, site, privacy, form).await
}

async fn show_preview(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    privacy: &Privacy,
    form: Form,
) -> Result<Response, PageError> {
    let found = match form.what(privacy).await {
        Ok(what) => look(privacy, &what).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(step) => Ok(html(&ErasurePage { preview: Some(step), ..page(who, site) })),
        Err(error) => complaint(page(who, site), form, error),
    }
}

/// `POST /admin/erasure/preview`: the preview.
#[handler]
pub(super) async fn preview(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(privacy): Data<&Privacy>,
    form: Posted<Form>,
) -> Result<Response, PageError> {
    show_preview(&who, site, privacy, form.0).await
}

/// `POST /admin/erasure`: the erasure; responds with the receipt.
#[handler]
pub(super) async fn erase(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(privacy): Data<&Privacy>,
    form: Posted<Form>,
) -> Result<Response, PageError> {
    let form = form.0;
    let done = match form.what(privacy).await {
        Ok(ErasureTarget::Conversation(id)) => {
            privacy.erase_conversation(&id, &who.actor()).await.map(|done| (conversation(&id), done))
        }
        Ok(ErasureTarget::Address(address)) => {
            let conversations = form.conversations == "yes";
            privacy.erase_address(&address, conversations, &who.actor()).await.map(|done| (address, done))
        }
        Err(error) => Err(error),
    };
    match done {
        Ok((about, receipt)) => {
            let receipt = Some(Step { about, ..step(&receipt.counts) });
            Ok(html(&ErasurePage { receipt, ..page(&who, site) }))
        }
        Err(error) => complaint(page(&who, site), form, error),
    }
}
