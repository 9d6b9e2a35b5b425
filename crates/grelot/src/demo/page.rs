//! The files of the demo page: the application of `apps/demo` where it was built before this crate, else a plain page.
//!
//! A build of this crate needs no Node: `build.rs` takes what is there. Not here: who is signed in, the routes.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

/// A file under `/demo/`.
pub(super) struct File {
    pub(super) name: &'static str,
    bytes: &'static [u8],
}

// `APP: &[File]`, and `APP_HTML: &str`, which is empty where `apps/demo` was not built.
include!(concat!(env!("OUT_DIR"), "/demo_app.rs"));

const PLAIN_HTML: &str = include_str!("page/page.html");
const PLAIN: &[File] = &[
    File { name: "page.css", bytes: include_bytes!("page/page.css") },
    File { name: "page.js", bytes: include_bytes!("page/page.js") },
    File { name: "bell.svg", bytes: include_bytes!("page/bell.svg") },
];

/// The page, and the files that it asks for.
pub(super) fn chosen() -> (&'static str, &'static [File]) {
    if APP_HTML.is_empty() { (PLAIN_HTML, PLAIN) } else { (APP_HTML, APP) }
}

impl File {
    pub(super) fn response(&self) -> Response {
        let kind = match self.name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "application/octet-stream",
        };
        // The names of what was built carry a digest of the content.
        let built = self.name.starts_with("assets/");
        let kept = if built { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (headers, self.bytes).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;

    fn text(name: &str) -> &'static str {
        let file = PLAIN.iter().find(|file| file.name == name).unwrap();
        std::str::from_utf8(file.bytes).unwrap()
    }

    #[test]
    fn the_pages_keep_their_own_policy() {
        for page in [PLAIN_HTML, APP_HTML] {
            let html = page.replace("http://www.w3.org", "");
            for forbidden in
                ["<style", " style=", " onclick=", "javascript:", "http://", "https://"]
            {
                assert!(!html.contains(forbidden), "{forbidden}");
            }
        }
        for forbidden in ["innerHTML", "eval(", "document.write", ".style"] {
            assert!(!text("page.js").contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn every_file_that_a_page_asks_for_is_there() {
        for (html, files) in [(PLAIN_HTML, PLAIN), (APP_HTML, APP)] {
            for path in html.split("\"/demo/").skip(1) {
                let name = path.split('"').next().unwrap();
                assert!(files.iter().any(|file| file.name == name), "{name}");
            }
        }
    }

    #[test]
    fn every_button_sends_an_example_that_is_there() {
        let names = PLAIN_HTML.split("data-example=\"").skip(1);
        let names: Vec<&str> = names.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(names.len(), examples::EXAMPLES.len());
        for name in names {
            assert!(examples::named(name, "demo").is_some(), "{name}");
        }
    }
}
