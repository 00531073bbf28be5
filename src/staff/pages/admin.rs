//! `/admin/teams`, `/admin/staff`, `/admin/keys`.

use crate::access::Role;
use crate::access::principal::Scope;
use crate::access::rights::Administer;
use crate::clock::SharedClock;
use crate::ids::{ApiKeyId, StaffId};
use crate::staff::{Account, AgentSummary, Directory, KeySummary, NewAccount, Staff, StaffError, Team};
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Query parameter of a redirect: the action that was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoticeQuery {
    did: String,
}

const DONE: &[(&str, &str)] = &[
    ("team", "The team is added."),
    ("access", "Access has been changed."),
    ("revoked", "The key has stopped working."),
];

fn shell(who: &Viewer<Administer>, site: &SiteInfo, did: &NoticeQuery) -> Shell {
    Shell::new(who, site, "/admin").with_flash(Some(&did.did), DONE)
}

#[derive(Template)]
#[template(path = "admin/teams.html")]
struct TeamsPage {
    page: Shell,
    teams: Vec<Team>,
}

#[handler]
pub(super) async fn show_teams(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(directory): Data<&Directory>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let teams = directory.teams().await?;
    Ok(html(&TeamsPage { page: shell(&who, site, &did), teams }))
}

#[derive(Deserialize)]
struct NewTeam {
    name: String,
}

#[handler]
pub(super) async fn add_team(
    who: Viewer<Administer>,
    Data(directory): Data<&Directory>,
    Data(clock): Data<&SharedClock>,
    form: Posted<NewTeam>,
) -> Result<Response, PageError> {
    directory.add_team(&form.0.name, &who.actor(), clock.now()).await?;
    Ok(redirect("/admin/teams?did=team"))
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

#[derive(Template)]
#[template(path = "admin/staff.html")]
struct StaffPage {
    page: Shell,
    accounts: Vec<AccountRow>,
    teams: Vec<Team>,
    agents: Vec<AgentSummary>,
    /// Shown once: name and link.
    link: Option<(String, String)>,
}

struct AccountRow {
    account: Account,
    teams: String,
}

async fn staff_page(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    staff: &Staff,
    directory: &Directory,
    did: &NoticeQuery,
    made: Option<(StaffId, String)>,
) -> Result<Response, PageError> {
    let (teams, agents) = (directory.teams().await?, directory.agents().await?);
    let named = |account: Account| {
        let names: Vec<&str> =
            teams.iter().filter(|t| account.teams.contains(&t.id)).map(|t| t.name.as_str()).collect();
        AccountRow { teams: names.join(", "), account }
    };
    let accounts: Vec<AccountRow> = staff.accounts().await?.into_iter().map(named).collect();
    let link = made.and_then(|(id, token)| {
        let name = accounts.iter().find(|row| row.account.id == id)?.account.name.clone();
        Some((name, format!("{}/welcome/{token}", site.public_url)))
    });
    Ok(html(&StaffPage { page: shell(who, site, did), accounts, teams, agents, link }))
}

#[handler]
pub(super) async fn show_staff(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Data(directory): Data<&Directory>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    staff_page(&who, site, staff, directory, &did, None).await
}

#[derive(Deserialize)]
struct NewStaff {
    email: String,
    #[serde(default)]
    name: String,
    role: String,
    /// Ids, one a line.
    #[serde(default)]
    teams: Vec<String>,
    #[serde(default)]
    agent: String,
}

#[handler]
pub(super) async fn add_staff(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Data(directory): Data<&Directory>,
    form: Posted<NewStaff>,
) -> Result<Response, PageError> {
    let form = form.0;
    let role: Role = form.role.parse().map_err(PageError::Refused)?;
    let unknown = |what| move |_| PageError::from(StaffError::NotThere(what));
    let teams = form
        .teams
        .iter()
        .filter(|id| !id.is_empty())
        .map(|id| id.parse())
        .collect::<Result<_, _>>()
        .map_err(unknown("team"))?;
    let agent = filled(&form.agent).map(|id| id.parse()).transpose().map_err(unknown("agent"))?;
    let made = staff.add(NewAccount { email: form.email, name: form.name, role, teams, agent }, &who.actor()).await?;
    staff_page(&who, site, staff, directory, &NoticeQuery::default(), Some((made.id, made.secret))).await
}

fn staff_id(text: &str) -> Result<StaffId, PageError> {
    text.parse().map_err(|_| PageError::NotFound)
}

#[handler]
pub(super) async fn renew_link(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Data(directory): Data<&Directory>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let made = staff.renew_link(&staff_id(&id)?, &who.actor()).await?;
    staff_page(&who, site, staff, directory, &NoticeQuery::default(), Some((made.id, made.secret))).await
}

#[derive(Deserialize)]
struct Access {
    disabled: String,
}

#[handler]
pub(super) async fn set_access(
    who: Viewer<Administer>,
    Data(staff): Data<&Staff>,
    Path(id): Path<String>,
    form: Posted<Access>,
) -> Result<Response, PageError> {
    staff.set_disabled(&staff_id(&id)?, form.0.disabled == "true", &who.actor()).await?;
    Ok(redirect("/admin/staff?did=access"))
}

#[derive(Template)]
#[template(path = "admin/keys.html")]
struct KeysPage {
    page: Shell,
    keys: Vec<KeyRow>,
    /// Shown once.
    secret: Option<String>,
    public_url: String,
}

struct KeyRow {
    key: KeySummary,
    made: String,
    used: Option<String>,
}

async fn keys_page(
    who: &Viewer<Administer>,
    site: &SiteInfo,
    staff: &Staff,
    did: &NoticeQuery,
    secret: Option<String>,
) -> Result<Response, PageError> {
    let row = |key: KeySummary| KeyRow {
        made: key.created_at.to_rfc3339(),
        used: key.last_used_at.map(|t| t.to_rfc3339()),
        key,
    };
    let keys = staff.keys().await?.into_iter().map(row).collect();
    Ok(html(&KeysPage { page: shell(who, site, did), keys, secret, public_url: site.public_url.clone() }))
}

#[handler]
pub(super) async fn show_keys(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    Query(did): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    keys_page(&who, site, staff, &did, None).await
}

#[derive(Deserialize)]
struct NewKey {
    name: String,
    #[serde(default)]
    scopes: Vec<String>,
    /// Sources, separated by commas.
    #[serde(default)]
    sources: String,
}

#[handler]
pub(super) async fn add_key(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(staff): Data<&Staff>,
    form: Posted<NewKey>,
) -> Result<Response, PageError> {
    let scopes: Vec<Scope> = form.0.scopes.iter().filter_map(|s| s.parse().ok()).collect();
    let sources: Vec<String> =
        form.0.sources.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
    if scopes.is_empty() {
        return Err(PageError::Refused("a key needs at least one scope".into()));
    }
    let made = staff.add_key(&form.0.name, &scopes, &sources, &who.actor()).await?;
    keys_page(&who, site, staff, &NoticeQuery::default(), Some(made.secret)).await
}

#[handler]
pub(super) async fn revoke_key(
    who: Viewer<Administer>,
    Data(staff): Data<&Staff>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let id: ApiKeyId = id.parse().map_err(|_| PageError::NotFound)?;
    staff.revoke_key(&id, &who.actor()).await?;
    Ok(redirect("/admin/keys?did=revoked"))
}
