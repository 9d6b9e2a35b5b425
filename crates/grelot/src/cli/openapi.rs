//! `grelot openapi`: the description of the service, as it serves it.

use super::failure::Failure;
use super::output;

/// Prints the document.
pub(crate) fn run() -> Result<(), Failure> {
    output::line(grelot_http::openapi_json().trim_end())
}
