//! What holds for every operation of a plane: who may ask, what else may be answered, and the headers of each answer.

use utoipa::openapi::header::Header;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Ref, RefOr, Required, Response};

use super::components::name;
use crate::problem::ProblemKind;

/// Adds it to one operation.
pub(super) fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    use ProblemKind as P;
    // A mail's link is its own credential, and who follows it may be nobody's user here.
    let link = path.ends_with("/unsubscribe");
    let user_plane = path.starts_with("/api/notifications") && !link;
    let internal_plane = path.starts_with("/api/internal");
    let mut kinds = Vec::new();
    if user_plane {
        operation.security = Some(vec![
            SecurityRequirement::new("userToken", [""; 0]),
            SecurityRequirement::new("userCookie", [""; 0]),
        ]);
        kinds.push(P::Unauthorized);
        if *method != HttpMethod::Get {
            kinds.push(P::Forbidden);
        }
    }
    if internal_plane {
        operation.security = Some(vec![SecurityRequirement::new("apiKey", [""; 0])]);
        kinds.extend([P::Unauthorized, P::Forbidden]);
    }
    if operation.request_body.is_some() {
        kinds.extend([P::BadRequest, P::PayloadTooLarge]);
        if !link {
            kinds.extend([P::UnsupportedMediaType, P::Validation]);
        }
    }
    // They may be tables of a host, who has rules for them.
    let writes = *method != HttpMethod::Get;
    if writes && (path.starts_with("/api/notifications") || path == "/api/internal/users/{userId}")
    {
        kinds.push(P::Validation);
    }
    let preview = path.ends_with("/preview");
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        // A read-all without a body is about everything, and a preview about a sample.
        let optional = path.ends_with("/read-all") || preview || link;
        body.required = Some(if optional { Required::False } else { Required::True });
    }
    let queries = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    });
    let stream = path.ends_with("/stream");
    if queries && !stream && !(link && *method == HttpMethod::Get) {
        kinds.push(P::BadRequest);
    }
    // What is put, or minted, need not have been there.
    if path.contains('{') && (preview || !(internal_plane && operation.request_body.is_some())) {
        kinds.push(P::NotFound);
    }
    if path.ends_with("/notify") {
        kinds.push(P::InFlight);
    }
    if (user_plane || internal_plane || link || path == "/readyz") && !stream {
        kinds.push(P::Unavailable);
    }
    let responses = &mut operation.responses.responses;
    if user_plane {
        for response in responses.values_mut() {
            add_user_headers(response);
        }
    }
    for kind in kinds {
        let status = kind.parts().0.as_str().to_owned();
        responses.entry(status).or_insert_with(|| Ref::from_response_name(name(kind)).into());
    }
}

fn add_user_headers(response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response {
        for (header, text, kind) in [
            ("grelot-user", "An opaque, stable digest of the user", Type::String),
            ("grelot-ping", "Seconds between pings of the stream", Type::Integer),
        ] {
            let mut value = Header::new(ObjectBuilder::new().schema_type(kind));
            value.description = Some(text.to_owned());
            response.headers.insert(header.to_owned(), value.into());
        }
    }
}
