//! The request to notify. Not here: its answers (`answer`).

use std::collections::HashSet;

use grelot_core::{
    Body, CategoryKey, Content, Data, Link, NotificationType, Recipients, Title, UserId,
};
use utoipa::ToSchema;

use crate::json::{Errors, Field, FromJson, Object, Refused, compact};
use crate::wire::notification::NotificationTypeOut;

/// Whom to notify, and of what. Exactly one of `userId` and `userIds` has to be there.
#[derive(Debug, ToSchema)]
#[schema(as = NotifyRequest, rename_all = "camelCase", examples(json!({
    "userId": "u_1", "type": "SUCCESS", "category": "billing", "title": "Invoice ready",
    "body": "March is ready.", "link": "/invoices/42", "data": {"invoice": 42}
})))]
#[expect(dead_code, reason = "the schema of a body that is read straight into domain types")]
pub(crate) struct NotifySchema {
    /// The recipient.
    #[schema(min_length = 1, max_length = 128, nullable = false)]
    user_id: Option<String>,
    /// Several recipients, all or nothing: at most 1,000 after duplicates are removed.
    #[schema(min_items = 1, nullable = false)]
    user_ids: Option<Vec<UserIdSchema>>,
    /// How it is coloured; `INFO` when absent.
    #[schema(value_type = Option<NotificationTypeOut>, nullable = false)]
    r#type: Option<()>,
    /// The key of a category that exists.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    category: Option<String>,
    /// The headline.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000]*$")]
    title: String,
    /// The text below it.
    #[schema(max_length = 4000, pattern = r"^[^\u0000]*$")]
    body: Option<String>,
    /// A same-origin path (`/invoices/1`), or an absolute `https:`, `http:` or `mailto:` URL.
    #[schema(
        min_length = 1,
        max_length = 2048,
        pattern = r"^(/([^/\\\s][^\s]*)?|https?://[^\s/?#\\@:][^\s]*|mailto:[^\s/][^\s]*)$"
    )]
    link: Option<String>,
    /// Anything the host's own components need: at most 16 KiB as compact JSON, and 32 levels deep.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
}

/// A user, as the host names them.
#[derive(Debug, ToSchema)]
#[schema(as = UserId, min_length = 1, max_length = 128)]
#[expect(dead_code, reason = "a schema alone")]
pub(crate) struct UserIdSchema(String);

/// The same, as domain types.
#[derive(Debug)]
pub(crate) struct NotifyIn {
    pub(crate) recipients: Recipients,
    pub(crate) content: Content,
}

impl FromJson for NotifyIn {
    fn from_json(field: &Field<'_>, errors: &mut Errors) -> Option<Self> {
        let [kind, title, body, link, data] = CONTENT;
        let members = ["userId", "userIds", "category", kind, title, body, link, data];
        let object = Object::read(field, &members, errors)?;
        let recipients = recipients(&object, errors);
        let category = object.optional("category").and_then(Field::non_null);
        let category = category.map(|f| f.parse(errors, CategoryKey::parse));
        let content = read_content(&object, errors);
        let category = flatten(category)?;
        Some(Self { recipients: recipients?, content: Content { category, ..content? } })
    }
}

/// The members that say what a notification says; all but its category.
pub(crate) const CONTENT: [&str; 5] = ["type", "title", "body", "link", "data"];

/// Reads them, without a category.
pub(crate) fn read_content(object: &Object<'_>, errors: &mut Errors) -> Option<Content> {
    let kind = match object.optional("type") {
        Some(kind) => kind.parse(errors, NotificationType::parse),
        None => Some(NotificationType::default()),
    };
    let nullable = |name| object.optional(name).and_then(Field::non_null);
    let title = object.required("title", errors).and_then(|f| f.parse(errors, Title::parse));
    let body = nullable("body").map(|f| f.parse(errors, Body::parse));
    let link = nullable("link").map(|f| f.parse(errors, Link::parse));
    let data = nullable("data").map(|f| data(&f, errors));
    Some(Content {
        kind: kind?,
        category: None,
        title: title?,
        body: flatten(body)?,
        link: flatten(link)?,
        data: flatten(data)?,
    })
}

/// Absent is fine, present and refused is not.
#[expect(clippy::option_option, reason = "absent, or present and perhaps refused")]
fn flatten<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}

fn recipients(object: &Object<'_>, errors: &mut Errors) -> Option<Recipients> {
    match (object.optional("userId"), object.optional("userIds")) {
        (Some(one), None) => one.parse(errors, UserId::parse).map(Recipients::one),
        (None, Some(many)) => several(&many, errors),
        (Some(_), Some(many)) => many.refuse("must not be there beside userId", errors),
        (None, None) => object.missing("userId", "must be there, or userIds", errors),
    }
}

fn several(field: &Field<'_>, errors: &mut Errors) -> Option<Recipients> {
    let mut seen = HashSet::new();
    let mut users = Vec::new();
    let mut refused = false;
    for (index, value) in field.values(errors)? {
        // A hostile list is mostly repetitions: look before anything is allocated.
        if value.string().is_some_and(|text| !seen.insert(text)) {
            continue;
        }
        match field.item(index, value).parse(errors, UserId::parse) {
            Some(user) => users.push(user),
            None => refused = true,
        }
        // One more than is allowed is enough to be refused.
        if errors.is_full() || users.len() > Recipients::MAX {
            break;
        }
    }
    if refused {
        return None;
    }
    match Recipients::many(users) {
        Ok(recipients) => Some(recipients),
        Err(violation) => field.refuse(violation.detail(), errors),
    }
}

fn data(field: &Field<'_>, errors: &mut Errors) -> Option<Data> {
    match compact(field.value, &field.pointer, Data::MAX_BYTES, Data::MAX_DEPTH, errors) {
        Ok(text) => match Data::from_compact_json(&text) {
            Ok(data) => Some(data),
            Err(violation) => field.refuse(violation.detail(), errors),
        },
        Err(Refused::TooLarge) => {
            field.refuse("must be at most 16384 bytes as compact JSON", errors)
        }
        Err(Refused::TooDeep) => field.refuse("must be at most 32 levels deep", errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn pointers(body: &str) -> Vec<String> {
        parse::<NotifyIn>(body.as_bytes()).unwrap_err().pointers().map(str::to_owned).collect()
    }

    #[test]
    fn a_whole_request_is_read() {
        let body = r#"{"userIds":["b","a","b"],"type":"SUCCESS","category":"billing","title":"T","body":"B",
            "link":"/x","data":{ "n": 1.50 }}"#;
        let read = parse::<NotifyIn>(body.as_bytes()).unwrap();
        let users: Vec<_> = read.recipients.users().iter().map(UserId::as_str).collect();
        assert_eq!(users, ["b", "a"]);
        assert_eq!(read.content.kind, NotificationType::Success);
        assert_eq!(read.content.data.unwrap().as_json(), r#"{"n":1.50}"#);
    }

    #[test]
    fn null_is_absent_where_a_notification_may_have_null() {
        let body =
            r#"{"userId":"a","title":"T","category":null,"body":null,"link":null,"data":null}"#;
        assert!(parse::<NotifyIn>(body.as_bytes()).unwrap().content.data.is_none());
    }

    #[rstest::rstest]
    #[case("{}", &["/userId", "/title"])]
    #[case("[]", &[""])]
    #[case(r#"{"userId":"a","userIds":["b"],"title":"T"}"#, &["/userIds"])]
    #[case(r#"{"userIds":[],"title":"T"}"#, &["/userIds"])]
    #[case(r#"{"userIds":["a",1,""],"title":"T"}"#, &["/userIds/1", "/userIds/2"])]
    #[case(r#"{"userId":null,"type":null,"title":null}"#, &["/userId", "/type", "/title"])]
    #[case(
        r#"{"userId":1,"type":"info","category":"A","title":"","body":1,"link":"x","data":[],"more":1}"#,
        &["/more", "/userId", "/category", "/type", "/title", "/body", "/link", "/data"]
    )]
    #[case(r#"{"userId":"a","title":"T","title":"U"}"#, &["/title"])]
    #[case(r#"{"userId":"a","title":"T","data":{"x":{"y":1,"y":2}}}"#, &["/data/x/y"])]
    #[case(r#"{"userId":"a","title":"T\u0000","data":{"x":"\u0000"}}"#, &["/title", "/data"])]
    fn everything_wrong_is_named(#[case] body: &str, #[case] expected: &[&str]) {
        assert_eq!(pointers(body), expected);
    }

    #[test]
    fn more_than_a_thousand_distinct_users_are_refused() {
        let list = |count: usize| {
            let users: Vec<String> = (0..count).map(|n| format!("\"u{n}\"")).collect();
            format!(r#"{{"title":"T","userIds":[{},"u0"]}}"#, users.join(","))
        };
        assert!(parse::<NotifyIn>(list(1_000).as_bytes()).is_ok());
        assert_eq!(pointers(&list(1_001)), ["/userIds"]);
    }
}
