//! Checks of the stream: what proxies do to it is what breaks notification centres in production.

use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};

use super::finding::Finding;
use crate::cli::client::{Service, TIMEOUT};
use crate::cli::events::{Parser, Said};

/// How long the first event may take. It is written at once: what is later was held by something in between.
const PATIENCE: Duration = Duration::from_secs(5);
const WHAT: &str = "stream";

/// Opens a stream and looks at its head and at when its first event arrives.
pub(super) async fn check(service: &Service, token: Option<&str>) -> Vec<Finding> {
    let mut request = service
        .http
        .get(service.url("/api/notifications/stream"))
        .header(header::ACCEPT, "text/event-stream");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let begin = Instant::now();
    let response = match tokio::time::timeout(TIMEOUT, request.send()).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            return vec![Finding::fail(WHAT, format!("{:#}", service.unreachable(error)))];
        }
        Err(_elapsed) => return vec![held()],
    };
    match (response.status(), token) {
        (StatusCode::OK, Some(_)) => {
            let mut findings = vec![head(response.headers())];
            findings.push(first_event(response, begin).await);
            findings
        }
        (StatusCode::UNAUTHORIZED, Some(_)) => {
            vec![Finding::fail(WHAT, "the token is refused; is it expired, or of another secret?")]
        }
        (StatusCode::UNAUTHORIZED, None) => {
            let text = "reached; give a --token to see whether a proxy holds events back";
            vec![Finding::warn(WHAT, text)]
        }
        (status, _) => {
            let advice = "does the proxy pass /api/notifications/stream on?";
            vec![Finding::fail(WHAT, format!("answers {status}; {advice}"))]
        }
    }
}

/// What the head has to say, and no proxy may take away.
fn head(headers: &HeaderMap) -> Finding {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !text("content-type").starts_with("text/event-stream") {
        return Finding::fail(WHAT, "the content type is not text/event-stream; browsers give up");
    }
    if !text("content-encoding").is_empty() {
        let text = "it is compressed on the way, which holds events back; exempt text/event-stream";
        return Finding::fail(WHAT, text);
    }
    if !text("cache-control").contains("no-store") {
        return Finding::fail(WHAT, "cache-control: no-store was taken away; caches may keep it");
    }
    Finding::ok(WHAT, "its head arrives as it was sent")
}

async fn first_event(mut response: Response, begin: Instant) -> Finding {
    let mut parser = Parser::default();
    let arrived = tokio::time::timeout(PATIENCE, async {
        while let Ok(Some(bytes)) = response.chunk().await {
            match parser.feed(&bytes) {
                Ok(said) if said.iter().any(|item| matches!(item, Said::Event(_))) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    });
    match arrived.await {
        Ok(true) => {
            Finding::ok(WHAT, format!("its first event takes {} ms", begin.elapsed().as_millis()))
        }
        Ok(false) => Finding::fail(WHAT, "it ends before its first event; see the proxy's log"),
        Err(_elapsed) => held(),
    }
}

fn held() -> Finding {
    let advice = "switch off buffering there (nginx: proxy_buffering off)";
    Finding::fail(WHAT, format!("no event within 5 s: a proxy holds them back; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn level(pairs: &[(&'static str, &'static str)]) -> Level {
        let pairs = pairs.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
        });
        head(&pairs.collect()).level
    }

    #[test]
    fn what_a_proxy_took_away_or_put_on_is_noticed() {
        let kind = ("content-type", "text/event-stream; charset=utf-8");
        let cache = ("cache-control", "no-store, no-transform");
        assert_eq!(level(&[kind, cache]), Level::Ok);
        assert_eq!(level(&[kind]), Level::Fail);
        assert_eq!(level(&[("content-type", "text/html"), cache]), Level::Fail);
        assert_eq!(level(&[kind, cache, ("content-encoding", "gzip")]), Level::Fail);
    }
}
