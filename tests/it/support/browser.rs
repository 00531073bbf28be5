//! A real, headless Chromium, driven through ChromeDriver.

use super::{axe, process, skip};
use base64::Engine;
use serde_json::{Value, json};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

/// A browser window; closes when dropped. WebDriver's methods are available by `Deref`.
pub struct Browser {
    // Dropped before the ChromeDriver that it talks to.
    driver: WebDriver,
    _chromedriver: process::Helper,
    _folder: tempfile::TempDir,
}

/// Size, colours and scripts of the window.
#[derive(Clone, Copy)]
pub struct View {
    width: u32,
    height: u32,
    phone: bool,
    dark: bool,
    javascript: bool,
}

impl View {
    /// 1280 × 800.
    pub const DESKTOP: Self = Self { width: 1280, height: 800, phone: false, dark: false, javascript: true };
    /// 390 × 844, by touch.
    pub const PHONE: Self = Self { width: 390, height: 844, phone: true, dark: false, javascript: true };

    /// Sets the preference for dark colours.
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// Disables scripts.
    pub const fn without_javascript(self) -> Self {
        Self { javascript: false, ..self }
    }
}

impl Browser {
    /// Returns a new browser without cookies; `None` where Chromium is not installed (the test is skipped).
    pub async fn open(view: View) -> Option<Self> {
        let (Some(chromium), Some(program)) = (find("chromium"), find("chromedriver")) else {
            return skip::tool("Chromium with ChromeDriver");
        };
        if !axe::file().exists() {
            return skip::tool("axe-core");
        }
        // Chromium leaves folders behind when it is killed.
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        let (process, _, said) = process::Helper::start(command.arg("--port=0").env("TMPDIR", folder.path()));
        let port: u16 = process::first_match(said, |line| {
            line.trim().trim_end_matches('.').rsplit_once("successfully on port ")?.1.parse().ok()
        })
        .expect("ChromeDriver says its port");
        let capabilities = capabilities(&chromium, view).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
        let browser = Self { driver, _chromedriver: process, _folder: folder };
        browser.look(view).await;
        Some(browser)
    }

    /// Changes size and colours; scripts are set when it opens.
    pub async fn look(&self, view: View) {
        let metrics = json!({
            "width": view.width, "height": view.height, "mobile": view.phone,
            "deviceScaleFactor": if view.phone { 2 } else { 1 },
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": view.phone })).await;
        let colours = if view.dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": colours }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Clicks the first element of the selector, waiting for it.
    pub async fn press(&self, css: &str) {
        let element = self.driver.query(By::Css(css)).and_clickable().first().await;
        element.unwrap_or_else(|error| panic!("{css}: {error}")).click().await.unwrap();
    }

    /// Replaces the value of a field.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.driver.query(By::Css(css)).first().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Returns the visible text of the first element of the selector, waiting for it.
    pub async fn text(&self, css: &str) -> String {
        loop {
            let element =
                self.driver.query(By::Css(css)).first().await.unwrap_or_else(|error| panic!("{css}: {error}"));
            match element.text().await {
                Ok(text) => return text,
                // The element was on the previous page, which was replaced in the meantime.
                Err(error)
                    if matches!(error.as_inner(), thirtyfour::error::WebDriverErrorInner::StaleElementReference(_)) => {
                }
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    /// Waits until the first element of the selector has this text: after a press, the page that was left may still be
    /// there.
    pub async fn reads(&self, css: &str, wanted: &str) {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.text(css).await;
            if text.contains(wanted) {
                return;
            }
            assert!(Instant::now() < limit, "{css} reads {text:?}, not {wanted:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the errors of the page since the last call: of scripts, failed loads, violations of its own policy.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.unwrap();
        log.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message).collect()
    }

    /// Saves a screenshot of the whole page: `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options = json!({ "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", options).await;
        let png = base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, png).unwrap();
        path
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

impl Deref for Browser {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.driver
    }
}

fn capabilities(chromium: &Path, view: View) -> WebDriverResult<thirtyfour::ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(chromium.to_str().expect("a path in UTF-8"))?;
    for argument in [
        "--headless=new",
        // It cannot sandbox as root or in most containers, and only loads our own pages.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
        "--mute-audio",
        // External hosts are not resolved, so a page that loads from elsewhere reports an error.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ] {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--window-size={},{}", view.width, view.height))?;
    capabilities.set_browser_log_level(thirtyfour::LoggingPrefsLogLevel::All)?;
    if !view.javascript {
        let preferences = json!({ "profile.managed_default_content_settings.javascript": 2 });
        capabilities.add_experimental_option("prefs", preferences)?;
    }
    Ok(capabilities)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::listener::TcpAcceptor;
    use poem::{Route, Server, endpoint::make_sync, web::Html};

    const PAGE: &str = r##"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
        <title>Reading room</title><style>html { color-scheme: light dark } main { height: 3000px }</style>
        <body><main><h1>Hello</h1><label>Name <input id="name"></label> <button>Greet</button><p id="said">Nothing</p></main>
        <script>document.querySelector("button").onclick = () => {
            document.querySelector("#said").textContent = "Good day, " + document.querySelector("#name").value }</script>"##;
    const FAULTY: &str = r##"<!doctype html><title>Faulty</title><body><button></button><img src="/absent.png">"##;

    /// Returns the URL of a server of the two pages above.
    fn serve() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Route::new()
            .at("/", make_sync(|_| Html(PAGE)))
            .at("/faulty", make_sync(|_| Html(FAULTY)))
            .at("/favicon.ico", make_sync(|_| ()));
        tokio::spawn(Server::new_with_acceptor(TcpAcceptor::from_std(listener).unwrap()).run(routes));
        address
    }

    async fn matches(browser: &Browser, query: &str) -> bool {
        let script = format!("return matchMedia('{query}').matches");
        browser.execute(script, vec![]).await.unwrap().convert().unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_page_is_read_used_and_photographed() {
        let Some(browser) = Browser::open(View::DESKTOP).await else {
            return;
        };
        browser.goto(serve()).await.unwrap();
        browser.reads("h1", "Hello").await;
        browser.fill("#name", "Jerry").await;
        browser.press("button").await;
        assert_eq!(browser.text("#said").await, "Good day, Jerry");
        assert!(matches(&browser, "(min-width: 1280px)").await);
        assert!(matches(&browser, "(prefers-color-scheme: light)").await);
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        axe::check(&browser, "reading room").await;

        browser.look(View::PHONE.dark()).await;
        browser.refresh().await.unwrap();
        assert!(matches(&browser, "(max-width: 390px) and (prefers-color-scheme: dark) and (pointer: coarse)").await);
        let png = std::fs::read(browser.screenshot("self-test").await).unwrap();
        let (width, height) = (&png[16..20], &png[20..24]);
        assert_eq!(width, 780_u32.to_be_bytes(), "390 wide, two dots each");
        assert!(u32::from_be_bytes(height.try_into().unwrap()) > 6000, "the whole page, not the window alone");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn scripts_can_be_switched_off() {
        let Some(browser) = Browser::open(View::PHONE.without_javascript()).await else {
            return;
        };
        browser.goto(serve()).await.unwrap();
        browser.fill("#name", "Jerry").await;
        browser.press("button").await;
        assert_eq!(browser.text("#said").await, "Nothing");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn faults_are_seen() {
        let Some(browser) = Browser::open(View::DESKTOP).await else {
            return;
        };
        browser.goto(format!("{}/faulty", serve())).await.unwrap();
        let faults = axe::violations(&browser).await;
        assert!(faults.iter().any(|fault| fault.id == "button-name" && fault.is_grave()), "{faults:#?}");
        assert!(
            faults.iter().any(|fault| fault.id == "image-alt" && fault.to_string().contains("<img")),
            "{faults:#?}"
        );
        assert!(browser.complaints().await.iter().any(|line| line.contains("absent.png")));
    }
}
