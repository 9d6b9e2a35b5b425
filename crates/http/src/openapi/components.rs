//! The reusable parts that no handler brings: problems, security schemes, and what only JSON Schema says of bodies.

use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder,
    Type,
};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder, Schema};

use crate::problem::{Problem, ProblemKind};

/// Adds them.
pub(super) fn complete(components: &mut Components) {
    add_problems(components);
    add_security(components);
    close_requests(components);
    widen(components);
}

/// The name of the reusable response: the type's, in camel case.
pub(super) fn name(kind: ProblemKind) -> String {
    let uri = kind.parts().1;
    let words = uri.rsplit('/').next().unwrap_or_default().split('-');
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

fn add_problems(components: &mut Components) {
    let string = || ObjectBuilder::new().schema_type(Type::String);
    let field = ObjectBuilder::new()
        .property("pointer", string().description(Some("Where, as a JSON pointer (RFC 6901)")))
        .property("detail", string().description(Some("What to send instead")))
        .required("pointer")
        .required("detail");
    let problem = ObjectBuilder::new()
        .description(Some("Problem details (RFC 9457)."))
        .property("type", string().description(Some("A stable URI reference")))
        .property("title", string())
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", string())
        .property(
            "errors",
            ArrayBuilder::new().items(Ref::from_schema_name("FieldError")).description(Some(
                "Each thing that is wrong with the body, up to 100; only in validation problems",
            )),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("detail");
    components.schemas.insert("FieldError".to_owned(), field.into());
    components.schemas.insert("Problem".to_owned(), problem.into());
    for kind in ProblemKind::ALL {
        let (status, _, title) = kind.parts();
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .example(serde_json::to_value(Problem::example(kind).details()).ok())
            .build();
        let mut response = ResponseBuilder::new()
            .description(format!("{title} ({})", status.as_u16()))
            .content("application/problem+json", content);
        let header = |text: &str| {
            let mut header = Header::default();
            header.description = Some(text.to_owned());
            header
        };
        response = match kind {
            ProblemKind::Unauthorized => response.header("www-authenticate", header("`Bearer`")),
            ProblemKind::Unavailable => response.header("retry-after", header("Seconds to wait")),
            ProblemKind::MethodNotAllowed => response.header("allow", header("The methods")),
            _ => response,
        };
        components.responses.insert(name(kind), response.build().into());
    }
}

fn add_security(components: &mut Components) {
    let bearer = |format: &str, text: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(text)).build())
    };
    let cookie = ApiKeyValue::with_description(
        "grelot_token",
        "The same JWT in a cookie, whose name can be configured. A request that changes state must be same-origin then.",
    );
    for (name, scheme) in [
        ("userToken", bearer("JWT", "A JWT whose `sub` is the user.")),
        ("userCookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
        ("apiKey", bearer("API key", "A key made by `grelot keys create`.")),
    ] {
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
}

/// The bodies that are refused when they hold an unknown member.
pub(super) const CLOSED: [&str; 13] = [
    "NotifyRequest",
    "PreferencesUpdate",
    "Choice",
    "QuietHours",
    "CategoryUpdate",
    "CategoryDefaults",
    "CategoryEmailUpdate",
    "EmailTemplate",
    "EmailPreviewRequest",
    "NotificationContent",
    "Contact",
    "ReadAllRequest",
    "TokenRequest",
];

fn close_requests(components: &mut Components) {
    for name in CLOSED {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    // Exactly one of the two names the recipients.
    let needs = |name: &str| ObjectBuilder::new().required(name);
    let recipients = OneOfBuilder::new().item(needs("userId")).item(needs("userIds"));
    let name = "NotifyRequest";
    if let Some(request) = components.schemas.remove(name) {
        let both = AllOfBuilder::new().item(request).item(Schema::OneOf(recipients.build()));
        components.schemas.insert(name.to_owned(), both.into());
    }
}

/// Takes back what the derived schemas promise too much of.
fn widen(components: &mut Components) {
    // What one event's schema describes, another's may describe as well: every change has a count and a position.
    if let Some(RefOr::T(schema)) = components.schemas.get_mut("ChangeData")
        && let Schema::OneOf(one) = schema
    {
        let items = std::mem::take(&mut one.items);
        let any = AnyOfBuilder::new().description(one.description.take());
        *schema = items.into_iter().fold(any, AnyOfBuilder::item).build().into();
    }
    // However large it is, it means now.
    if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut("ReadAllRequest")
        && let Some(RefOr::T(Schema::Object(position))) = body.properties.get_mut("upToSeq")
    {
        position.format = None;
    }
}
