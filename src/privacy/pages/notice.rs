//! `/privacy`: the privacy notice for customers, in plain language, with the facts of this deployment, in five
//! languages.

use super::whole_days;
use crate::config::Choices;
use crate::invitations::Invitations;
use crate::privacy::{Privacy, RetainedData};
use crate::surveys::{Language, Surveys};
use crate::web::PageError;
use crate::web::page::html;
use askama::Template;
use poem::http::header;
use poem::web::Data;
use poem::{Request, Response, handler};
use std::time::Duration;
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "privacy/notice.html")]
struct NoticePage<'a> {
    lang: &'a str,
    dir: &'a str,
    company: &'a str,
    contact: &'a str,
    linked: bool,
    apart: bool,
    k: u32,
    open_for: String,
    /// Whether links of some rules have another duration.
    up_to: bool,
    change_for: Option<String>,
    /// Time after the survey for which a keyed hash of the address is kept.
    hashes: String,
    recordings: Option<String>,
    words: Option<String>,
    conversations: Option<String>,
}

/// Returns the requested language (`?lang=de`), else the browser's preference, else English.
fn language(request: &Request) -> Language {
    let asked = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let asked = asked.filter(|(name, _)| name == "lang").map(|(_, value)| value.into_owned());
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default().split(',').filter_map(|part| part.split(';').next());
    let built_in: Vec<Language> = Language::built_in().collect();
    let mut wanted = asked.chain(accepted.map(str::to_owned));
    wanted.find_map(|tag| Language::choose(&tag, built_in.iter()).cloned()).unwrap_or_default()
}

/// Returns a duration in the words of a language: `14 days`, `14 天`.
fn length(lang: &str, span: Duration) -> String {
    let seconds = span.as_secs();
    let (n, unit) = match seconds {
        172_800.. => (seconds / 86_400, 3),
        7200.. => (seconds / 3600, 2),
        120.. => (seconds / 60, 1),
        _ => (seconds, 0),
    };
    let words: [(&str, &str); 4] = match lang {
        "de" => [("Sekunde", "Sekunden"), ("Minute", "Minuten"), ("Stunde", "Stunden"), ("Tag", "Tage")],
        "fr" => [("seconde", "secondes"), ("minute", "minutes"), ("heure", "heures"), ("jour", "jours")],
        "es" => [("segundo", "segundos"), ("minuto", "minutos"), ("hora", "horas"), ("día", "días")],
        "zh" => [("秒", "秒"), ("分钟", "分钟"), ("小时", "小时"), ("天", "天")],
        _ => [("second", "seconds"), ("minute", "minutes"), ("hour", "hours"), ("day", "days")],
    };
    let (one, more) = words[unit];
    format!("{n} {}", if n == 1 { one } else { more })
}

/// `GET /privacy`.
#[handler]
pub(super) async fn show(
    Data(privacy): Data<&Privacy>,
    Data(surveys): Data<&Surveys>,
    Data(invitations): Data<&Invitations>,
    request: &Request,
) -> Result<Response, PageError> {
    let (settings, spans) = (surveys.settings(), invitations.spans().await?);
    let language = language(request);
    let lang = language.tag();
    let rules = privacy.rules();
    let kept = |what| rules.iter().find(|rule| rule.what == what)?.span.map(|span| length(lang, span));
    let some = |span: Duration| (!span.is_zero()).then(|| length(lang, span));
    Ok(html(&NoticePage {
        lang,
        dir: language.direction(),
        company: &settings.company,
        contact: privacy.settings().contact.trim(),
        linked: settings.choices != Choices::Apart,
        apart: settings.choices != Choices::Linked,
        k: settings.k,
        open_for: length(lang, whole_days(spans.open)),
        up_to: spans.varies,
        change_for: some(settings.edit_for),
        hashes: length(lang, privacy.hashes_kept().await?),
        recordings: kept(RetainedData::Recordings),
        words: kept(RetainedData::Transcripts),
        conversations: kept(RetainedData::Interactions),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_in_each_language() {
        let of = |lang, seconds| length(lang, Duration::from_secs(seconds));
        assert_eq!((of("en", 1), of("en", 1_209_600)), ("1 second".into(), "14 days".into()));
        assert_eq!((of("de", 900), of("zh", 1_209_600)), ("15 Minuten".into(), "14 天".into()));
    }
}
