//! A notification that has no row of its own, as the JSON that its delivery keeps. Not here: those that have one, whose
//! columns each backend reads.

use grelot_core::{Body, CategoryKey, Content, Data, Link, NotificationType, Title};
use serde_json::{Map, Value, json};

/// The content, as JSON.
pub fn encode_content(content: &Content) -> String {
    let Content { kind, category, title, body, link, data } = content;
    json!({
        "type": kind.name(),
        "category": category.as_ref().map(CategoryKey::as_str),
        "title": title.as_str(),
        "body": body.as_ref().map(Body::as_str),
        "link": link.as_ref().map(Link::as_str),
        "data": data.as_ref().map(Data::as_json),
    })
    .to_string()
}

/// The other way; `None` when the text is not of this form.
pub fn decode_content(text: &str) -> Option<Content> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let text = |name: &str| match object.get(name) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let parsed = |name: &str| text(name).is_some();
    Some(Content {
        kind: NotificationType::parse(text("type")?).ok()?,
        category: text("category").and_then(|text| CategoryKey::parse(text).ok()),
        title: Title::parse(text("title")?).ok()?,
        body: text("body").and_then(|text| Body::parse(text).ok()),
        link: text("link").and_then(|text| Link::parse(text).ok()),
        data: text("data").and_then(|text| Data::from_compact_json(text).ok()),
    })
    .filter(|content| {
        content.body.is_some() == parsed("body") && content.data.is_some() == parsed("data")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_decodes_to_itself() {
        let bare = Content {
            kind: NotificationType::Warning,
            category: None,
            title: Title::parse("Hello \"you\"\n").unwrap(),
            body: None,
            link: None,
            data: None,
        };
        let full = Content {
            category: CategoryKey::parse("billing").ok(),
            body: Body::parse("").ok(),
            link: Link::parse("/invoices/1").ok(),
            data: Data::from_compact_json(r#"{"a":[1,"é"]}"#).ok(),
            ..bare.clone()
        };
        for content in [bare, full] {
            assert_eq!(decode_content(&encode_content(&content)), Some(content));
        }
        assert_eq!(decode_content("{}"), None);
    }
}
