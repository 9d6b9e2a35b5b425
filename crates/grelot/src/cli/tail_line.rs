//! One line for people of each event of a stream.

use serde_json::Value;

use super::output::printable;

/// The line of an event; in colour on a terminal.
pub(crate) fn pretty(name: &str, data: &Value, colour: bool) -> String {
    let seq = data["seq"].as_u64().map(|seq| format!("#{seq}")).unwrap_or_default();
    let unread = data["unreadCount"].as_u64().map(|count| format!("  ({count} unread)"));
    let (what, tint) = describe(name, data);
    let reset = if colour { "\u{1b}[0m" } else { "" };
    let tint = if colour { tint } else { "" };
    let dim = if colour { "\u{1b}[2m" } else { "" };
    format!(
        "{dim}{seq:>6}{reset}  {tint}{name:<21}{reset}  {what}{dim}{}{reset}",
        unread.unwrap_or_default(),
        name = printable(name),
    )
}

fn describe(name: &str, data: &Value) -> (String, &'static str) {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    match name {
        "notification.created" => {
            let notification = &data["notification"];
            let kind = text(&notification["type"]);
            let mut what = format!("{kind} {}", text(&notification["title"]));
            for (mark, member) in [(" — ", "body"), (" → ", "link")] {
                if notification[member].is_string() {
                    what.push_str(mark);
                    what.push_str(&text(&notification[member]));
                }
            }
            let tint = match kind.as_str() {
                "SUCCESS" => "\u{1b}[32m",
                "WARNING" => "\u{1b}[33m",
                "ERROR" => "\u{1b}[31m",
                _ => "\u{1b}[34m",
            };
            (what, tint)
        }
        "notification.all_read" => match data["category"].as_str() {
            Some(category) => (format!("all of {}", printable(category)), ""),
            None => ("all".to_owned(), ""),
        },
        "expiring" => (format!("the token expires at {}", text(&data["expiresAt"])), ""),
        "ready" if data["resumed"] == true => ("resumed".to_owned(), ""),
        "reset" => ("too much was missed; read the list again".to_owned(), "\u{1b}[33m"),
        _ => (text(&data["id"]), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_notification_is_one_plain_line() {
        let notification =
            json!({"type": "ERROR", "title": "a\nb\u{1b}[2J", "body": "c", "link": "/d"});
        let data = json!({"notification": notification, "unreadCount": 4, "seq": 43});
        assert_eq!(
            pretty("notification.created", &data, false),
            "   #43  notification.created   ERROR a\\nb\\u{1b}[2J — c → /d  (4 unread)"
        );
    }

    #[test]
    fn other_events_name_what_they_are_about() {
        let data = json!({"id": "cm3x", "readAt": null, "unreadCount": 1, "seq": 7});
        assert!(pretty("notification.unread", &data, false).contains("cm3x  (1 unread)"));
        let data = json!({"category": "billing", "unreadCount": 0, "seq": 8});
        assert!(pretty("notification.all_read", &data, false).contains("all of billing"));
    }

    #[test]
    fn only_a_terminal_gets_colours() {
        let data = json!({"notification": {"type": "INFO", "title": "x"}, "seq": 1});
        assert!(!pretty("notification.created", &data, false).contains('\u{1b}'));
        assert!(pretty("notification.created", &data, true).contains("\u{1b}[34m"));
    }
}
