//! A client of a running service, as `notify`, `tail` and `doctor` need one. Not here: what they ask.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use super::failure::Failure;
use crate::settings::Environment;

/// Where the service is when nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:4000";

/// How long one ordinary request may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// A service that is reached over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    base: Url,
    /// The client.
    pub(crate) http: Client,
}

impl Service {
    /// The service at the URL of the flag, else of `GRELOT_URL`, else on this machine.
    pub(crate) fn find(flag: Option<&str>, environment: &Environment) -> Result<Self, Failure> {
        let url = flag.or_else(|| environment.text("GRELOT_URL")).unwrap_or(DEFAULT_URL);
        Self::at(url)
    }

    /// The service at `url`.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let refuse = || {
            let example = "such as http://127.0.0.1:4000";
            Failure::Usage(format!(
                "the URL of the service must be an http: or https: URL, {example}"
            ))
        };
        let base = Url::parse(url).map_err(|_malformed| refuse())?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(refuse());
        }
        let http = Client::builder()
            .user_agent(concat!("grelot/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::none())
            .build()
            .context("no HTTP client could be made")?;
        Ok(Self { base, http })
    }

    /// The URL of a path, which begins with a slash. A path that the base has stays in front of it.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    /// The service, as messages name it: without what a URL may hold of credentials.
    pub(crate) fn name(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.base.scheme())
    }

    /// Why nothing came back.
    pub(crate) fn unreachable(&self, error: reqwest::Error) -> anyhow::Error {
        anyhow::Error::new(error.without_url())
            .context(format!("{} cannot be reached; is `grelot serve` running there?", self.name()))
    }
}

/// The error that an answer is, told by its problem details when it has some.
pub(crate) async fn refusal(response: Response) -> anyhow::Error {
    let status = response.status();
    let advice = match status {
        StatusCode::UNAUTHORIZED => "; is the key or token the right one?",
        StatusCode::NOT_FOUND => "; is this the URL of a grelot?",
        _ => "",
    };
    let body = response.bytes().await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(super::output::printable);
    let detail = text(&problem["detail"]).map(|detail| format!(": {detail}")).unwrap_or_default();
    let errors = problem["errors"].as_array().into_iter().flatten().filter_map(|error| {
        Some(format!("\n  {}: {}", text(&error["pointer"])?, text(&error["detail"])?))
    });
    let errors: String = errors.collect();
    anyhow!("the service answered {status}{detail}{advice}{errors}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_base_stays_in_front() {
        let service = Service::at("https://u:p@example.com/bell/?q#f").unwrap();
        assert_eq!(service.url("/healthz").path(), "/bell/healthz");
        assert_eq!(service.name(), "https://example.com");
    }

    #[test]
    fn the_flag_beats_the_environment() {
        let environment = Environment::from_iter([("GRELOT_URL", "http://one.example")]);
        let find = |flag| Service::find(flag, &environment).unwrap().name();
        assert_eq!(find(Some("http://two.example:8080")), "http://two.example:8080");
        assert_eq!(find(None), "http://one.example");
        assert_eq!(Service::find(None, &Environment::default()).unwrap().name(), DEFAULT_URL);
        assert_eq!(Service::at("example.com").unwrap_err().status(), 2);
    }
}
