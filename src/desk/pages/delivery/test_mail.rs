//! Test mail: to the administrator's own address or another one, sent at once, with the server's reply.

use super::page;
use crate::access::rights::Administer;
use crate::desk::Desk;
use crate::effects::Effects;
use crate::mail::{Hooks, TestMailError};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, redirect};
use governor::{DefaultKeyedRateLimiter, Quota};
use poem::web::Data;
use poem::{Response, handler};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::sync::LazyLock;

/// Number of test mails that an account may send at once.
const TEST_MAIL_BURST: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Time after which an account may send one more.
const TEST_MAIL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(120);

static LIMIT: LazyLock<DefaultKeyedRateLimiter<String>> = LazyLock::new(|| {
    let quota = Quota::with_period(TEST_MAIL_INTERVAL)
        .unwrap_or_else(|| Quota::per_minute(TEST_MAIL_BURST))
        .allow_burst(TEST_MAIL_BURST);
    DefaultKeyedRateLimiter::keyed(quota)
});

#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Trial {
    #[serde(default)]
    to: String,
}

#[handler]
pub(in crate::desk::pages) async fn send_test_mail(
    who: Viewer<Administer>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Data(hooks): Data<&Hooks>,
    Posted(form): Posted<Trial>,
) -> Result<Response, PageError> {
    let actor = who.actor();
    if LIMIT.check_key(&actor.code()).is_err() {
        return Err(PageError::TooMany);
    }
    let tried = desk.mail.send_test_mail(form.to.trim(), &site.company).await;
    // Whether it was sent, never the recipient.
    let detail = serde_json::json!({ "sent": tried.is_ok() });
    let mut tx = desk.db.begin().await?;
    let line = Effects::new().audit(&actor, "mail.tested", "mail", Some(detail));
    line.save(tx.conn(), desk.clock.now()).await?;
    tx.commit().await?;
    let trouble = match tried {
        Ok(()) => return Ok(redirect("/admin/delivery?did=trial-sent")),
        Err(TestMailError::NotAnAddress) => "This is not an e-mail address. Nothing was sent.".to_owned(),
        Err(TestMailError::NoWayOut) => "No mail server is set up: set mail.url. Nothing was sent.".to_owned(),
        Err(TestMailError::Refused(why)) => format!("The test mail did not leave. {why}"),
    };
    page(Shell::new(&who, site, "/admin"), desk, hooks, super::USUAL, Some(trouble)).await
}
