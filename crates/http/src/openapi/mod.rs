//! The OpenAPI document: collected from the handlers, completed with what no handler says: `components`, and
//! `planes` (what holds for all operations of a plane). Not here: what an operation does, which stands at its handler.

use std::sync::LazyLock;

use utoipa::openapi::OpenApi;
use utoipa::openapi::PathItem;
use utoipa::openapi::path::{HttpMethod, Operation};

use crate::router::documented;
use crate::wire::event::{
    AllReadEvent, CountersEvent, CreatedEvent, DeletedEvent, ExpiringEvent, PingEvent,
    ReadStateEvent, ReadyEvent,
};

mod components;
mod planes;

/// What does not come from a handler.
#[derive(Debug, utoipa::OpenApi)]
#[openapi(
    info(
        title = "Grelot",
        description = "The notification centre that an application drops in: a durable inbox for every user, pushed \
            live to every open tab.\n\nInstants are RFC 3339 in UTC with milliseconds. Errors are problem details \
            (RFC 9457). A 4xx wrote nothing; after a 503, or no answer, repeat with the same `Idempotency-Key`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact()
    ),
    tags(
        (name = "Inbox", description = "A user's notifications. For applications, with the user's token."),
        (name = "Live", description = "What changes, as it changes. For applications, with the user's token."),
        (name = "Preferences", description = "What a user wants. For applications, with the user's token."),
        (name = "Notify", description = "Sending. For the host's back end, with an API key."),
        (name = "Categories", description = "The configurable types. For the host's back end, with an API key."),
        (name = "Users", description = "Contacts, erasure, sessions. For the host's back end, with an API key."),
        (name = "Operations", description = "For operators and their machines."),
    ),
    components(schemas(
        AllReadEvent<'_>, CountersEvent, CreatedEvent<'_>, DeletedEvent<'_>, ExpiringEvent, PingEvent,
        ReadStateEvent<'_>, ReadyEvent
    ))
)]
pub(crate) struct ApiDoc;

/// The document as pretty JSON, ending with a line break: what `/openapi.json` answers and `docs/openapi.json` holds.
pub fn openapi_json() -> String {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let text = document().to_pretty_json();
        // The document is made of types that always serialise.
        text.unwrap_or_default() + "\n"
    });
    TEXT.clone()
}

fn document() -> OpenApi {
    let mut document = documented().into_openapi();
    document.info.contact = None;
    let components = document.components.get_or_insert_default();
    components::complete(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            planes::complete(path, &method, operation);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    [
        (HttpMethod::Get, get.as_mut()),
        (HttpMethod::Put, put.as_mut()),
        (HttpMethod::Post, post.as_mut()),
        (HttpMethod::Delete, delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn json() -> Value {
        serde_json::from_str(&openapi_json()).unwrap()
    }

    /// Every reference, wherever it is.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let json = json();
        let mut found = Vec::new();
        references(&json, &mut found);
        assert!(found.len() > 50);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(json.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_is_told_apart_and_every_response_described() {
        let json = json();
        assert!(json["openapi"].as_str().unwrap().starts_with("3.1."));
        assert_eq!(json["info"]["title"], "Grelot");
        let mut ids = std::collections::BTreeSet::new();
        for item in json["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
                assert!(operation["summary"].is_string());
                for response in operation["responses"].as_object().unwrap().values() {
                    assert!(response.get("$ref").is_some() || response["description"].is_string());
                }
            }
        }
        assert_eq!(ids.len(), 30);
    }

    #[test]
    fn every_closed_body_is_in_the_document_and_closed() {
        let json = json();
        for name in components::CLOSED {
            let schema = &json["components"]["schemas"][name];
            let object = schema["allOf"].get(0).unwrap_or(schema);
            assert_eq!(object["additionalProperties"], false, "{name}");
        }
    }
}
