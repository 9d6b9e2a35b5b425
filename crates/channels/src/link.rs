//! Where a link in a mail leads: a path becomes a URL of the host application. Not here: what a link may be (`core`).

use grelot_core::Link;
use url::Url;

/// The absolute form of `link`: a path is put behind `app_url`, which may have a path of its own; an absolute URL stays as it is.
pub(crate) fn absolute(link: &Link, app_url: &Url) -> String {
    let link = link.as_str();
    if !link.starts_with('/') {
        return link.to_owned();
    }
    let mut base = app_url.clone();
    base.set_query(None);
    base.set_fragment(None);
    let joined = format!("{}{link}", base.as_str().trim_end_matches('/'));
    // What `Link` lets pass has no character that could end the host here, so it parses; it is written in ASCII then.
    Url::parse(&joined).map_or(joined, String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(
        "https://app.example.com",
        "/invoices/1?a=b#c",
        "https://app.example.com/invoices/1?a=b#c"
    )]
    #[case("https://app.example.com/", "/", "https://app.example.com/")]
    #[case("https://example.com/app/", "/invoices/1", "https://example.com/app/invoices/1")]
    #[case("https://example.com/app?x=1#y", "/z", "https://example.com/app/z")]
    #[case("https://example.com", "/café/\"><b>", "https://example.com/caf%C3%A9/%22%3E%3Cb%3E")]
    #[case("https://example.com", "/a//evil.example", "https://example.com/a//evil.example")]
    #[case("https://example.com", "/@evil.example", "https://example.com/@evil.example")]
    #[case("https://example.com", "https://other.example/x", "https://other.example/x")]
    #[case("https://example.com", "mailto:a@example.com", "mailto:a@example.com")]
    fn a_path_leads_into_the_application(#[case] app: &str, #[case] link: &str, #[case] url: &str) {
        let app = Url::parse(app).unwrap();
        assert_eq!(absolute(&Link::parse(link).unwrap(), &app), url);
    }
}
