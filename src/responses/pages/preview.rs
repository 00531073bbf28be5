//! `/surveys/{id}/preview`: the draft, or an old version, as a customer sees it. It can't be submitted.

use super::views;
use crate::access::rights::ManageSurveys;
use crate::responses::Responses;
use crate::surveys::{About, Definition, Language, Look, Surveys, Version, contrast};
use crate::web::{PageError, Viewer};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{IntoResponse, Response, handler};
use serde::Deserialize;

/// Values of the switches beside the preview.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PreviewQuery {
    language: String,
    channel: String,
    mode: String,
    /// Number of an old version; `None`: the draft.
    version: Option<i64>,
}

#[handler]
pub(super) async fn preview(
    _who: Viewer<ManageSurveys>,
    Data(responses): Data<&Responses>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    Query(asked): Query<PreviewQuery>,
) -> Result<Response, PageError> {
    let definition = match asked.version {
        None => surveys.draft(&id).await?.definition,
        Some(number) => {
            let versions = surveys.versions(&id).await?;
            let found = versions.into_iter().find(|version| version.published.number == number);
            found.ok_or(PageError::NotFound)?.definition
        }
    };
    let version = Version::new(String::new(), id, 0, presentable(definition));
    let language = version.language(Some(&asked.language)).clone();
    let about = about(asked.channel == "chat");
    let page = views::preview(responses, &version, &language, &about);
    let html = page.into_body().into_string().await.map_err(|_| PageError::Internal)?;
    let mut response = Response::builder()
        .status(StatusCode::OK)
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .body(in_mode(&html, &asked.mode))
        .into_response();
    // As on the customer's own page, except that nothing can be submitted.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";
    response.headers_mut().insert("content-security-policy", HeaderValue::from_static(policy));
    Ok(response)
}

/// Returns a sample conversation.
fn about(chat: bool) -> About<'static> {
    About { agent: Some("Sydney".into()), topic: Some("lost parcel"), chat, ..About::default() }
}

/// Removes invalid colours: a draft may hold anything.
fn presentable(mut definition: Definition) -> Definition {
    let colour = |colour: Option<String>| colour.filter(|text| contrast::ratio(text, contrast::PAPER).is_some());
    let Look { accent, accent_dark, logo } = definition.look;
    let is_name = |name: &String| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    definition.look = Look { accent: colour(accent), accent_dark: colour(accent_dark), logo: logo.filter(is_name) };
    if !definition.texts.contains_key(&definition.default_language) {
        definition.texts.insert(Language::default(), crate::surveys::Texts::default());
    }
    definition
}

/// Sets light or dark mode regardless of the reader's setting; unchanged for an empty mode.
fn in_mode(html: &str, mode: &str) -> String {
    let (shown, hidden) = match mode {
        "light" => ("light", "dark"),
        "dark" => ("dark", "light"),
        _ => return html.to_owned(),
    };
    html.replace(&format!("@media(prefers-color-scheme:{shown})"), "@media all")
        .replace(&format!("@media(prefers-color-scheme:{hidden})"), "@media not all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_colour_stays_out_of_the_style() {
        let mut draft = Definition::standard();
        draft.look = Look {
            accent: Some("red}</style><script>alert(1)</script>".into()),
            accent_dark: Some("#6cc5ba".into()),
            logo: Some("../../admin".into()),
        };
        let shown = presentable(draft).look;
        assert_eq!(shown, Look { accent: None, accent_dark: Some("#6cc5ba".into()), logo: None });
    }
}
