//! Static assets: styles, scripts and icons, compiled in. Each is served with an ETag of its content.

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Path;
use poem::{IntoResponse, Response, handler};
use std::collections::HashMap;
use std::sync::LazyLock;

macro_rules! assets {
    ($($name:literal $media_type:literal,)*) => {
        &[$(($name, $media_type, include_str!(concat!("../../templates/assets/", $name)))),*]
    };
}

/// Name, media type, text.
const ASSETS: &[(&str, &str, &str)] = assets! {
    "app.css" "text/css; charset=utf-8",
    "chevron.svg" "image/svg+xml",
    "copy.js" "text/javascript; charset=utf-8",
    "favicon.svg" "image/svg+xml",
    "find.js" "text/javascript; charset=utf-8",
    "mixer.js" "text/javascript; charset=utf-8",
    "moments.js" "text/javascript; charset=utf-8",
    "page.js" "text/javascript; charset=utf-8",
    "peaks.js" "text/javascript; charset=utf-8",
    "player.js" "text/javascript; charset=utf-8",
    "progress.js" "text/javascript; charset=utf-8",
    "relative-time.js" "text/javascript; charset=utf-8",
    "span.js" "text/javascript; charset=utf-8",
    "survey-editor.js" "text/javascript; charset=utf-8",
    "theme.js" "text/javascript; charset=utf-8",
    "transcript.js" "text/javascript; charset=utf-8",
    "waveform.js" "text/javascript; charset=utf-8",
};

static BY_NAME: LazyLock<HashMap<&str, (&str, &str, String)>> = LazyLock::new(|| {
    let tagged = |(name, media_type, text): &(&'static str, &'static str, &'static str)| {
        (*name, (*media_type, *text, format!("\"{}\"", &crate::vault::plain_hash(text.as_bytes())[..16])))
    };
    ASSETS.iter().map(tagged).collect()
});

/// `GET /favicon.ico`, which browsers request by themselves.
#[handler]
pub fn favicon(headers: &HeaderMap) -> Response {
    serve("favicon.svg", headers)
}

/// `GET /assets/{name}`
#[handler]
pub fn asset(Path(name): Path<String>, headers: &HeaderMap) -> Response {
    serve(&name, headers)
}

fn serve(name: &str, headers: &HeaderMap) -> Response {
    let Some((media_type, text, etag)) = BY_NAME.get(name) else {
        return super::page::PageError::NotFound.into_response();
    };
    let fresh = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v == etag);
    let base = Response::builder()
        .header(header::ETAG, etag.as_str())
        .header(header::CACHE_CONTROL, "public, max-age=0, must-revalidate");
    if fresh {
        return base.status(StatusCode::NOT_MODIFIED).finish();
    }
    base.content_type(media_type).body(*text)
}
