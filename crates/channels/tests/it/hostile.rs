//! Strings that want to be markup, headers, recipients, commands or templates: each arrives as the text that it is, in one mail.

use std::sync::Arc;

use grelot_channels::{Group, Letter, Matter, Outcome};
use grelot_core::{Body, Category, Content, Link, Localized, NotificationType, Title};

use crate::support::{NOW, Read, category, email, item, letter, room, with_templates};
use grelot_testkit::relay::{Script, Server};

/// What people try, and what happens by accident.
const STRINGS: [&str; 44] = [
    "\r\n.\r\n",
    "x\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nhi\r\n.\r\n",
    "\n.\n",
    "x\n.\nMAIL FROM:<eve@example.com>\n",
    "\r.\r",
    "\n.\r\n",
    "\r\n.\n",
    ".",
    "..",
    ".\r\nQUIT\r\n",
    "\r\nBcc: eve@example.com",
    "\nBcc: eve@example.com\n\nbody",
    "\rBcc: eve@example.com",
    "x\r\n\r\n<html>",
    "a\u{85}b\u{2028}c\u{2029}d",
    "a\u{b}b\u{c}c\u{1b}[31md\u{7f}e\u{8}f",
    "🔔👩‍👩‍👧‍👦🇫🇷",
    "مرحبا بالعالم",
    "שלום \u{202e}evil\u{202c} עולם",
    "\u{2067}\u{feff}x\u{2069}",
    "{{7*7}}",
    "{{ user.email }}",
    "{% for x in range(999999999) %}x{% endfor %}",
    "{# x #}{% raw %}{% include '/etc/passwd' %}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</td></table></body><h1>",
    "<!-- --><![CDATA[x]]>",
    "<mj-raw><script>x</script></mj-raw>",
    "</mj-text><mj-include path=\"/etc/passwd\"/>",
    "&lt;b&gt;&quot;&#34;&#x22;&amp;",
    "javascript:alert(1)",
    "eve@example.com, bob@example.com",
    "<eve@example.com>",
    "\"Eve\" <eve@example.com>",
    "=?utf-8?b?QmNjOiBldmVAZXhhbXBsZS5jb20=?=",
    "=?utf-8?q?=0D=0ABcc:=20eve@example.com?=",
    "=0D=0A.=0D=0A",
    "--boundary--",
    "Content-Type: text/html\r\n\r\n<b>",
    "zq7grelotx3c7363726970743eq",
    "From here on\nFrom there",
];

/// The string in title, body, link, name and category.
fn everywhere(hostile: &str) -> Letter {
    let title: String = hostile.chars().take(200).collect();
    let path: String = hostile
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace() && *c != '\u{feff}')
        .collect();
    let content = Content {
        kind: NotificationType::Info,
        category: None,
        title: Title::parse(&title).unwrap(),
        body: Some(Body::parse(hostile).unwrap()),
        link: Link::parse(&format!("/x/{path}?q={path}#{path}")).ok(),
        data: None,
    };
    let label = Localized::new(vec![("en".to_owned(), title.clone())]).unwrap();
    let category = Category { label, ..category() };
    let item = grelot_channels::Item { content: Arc::new(content), created_at: NOW };
    let matter = Matter::One { item, category: Some(Arc::new(category)) };
    Letter { name: Some(hostile.to_owned()), ..letter(matter) }
}

fn variants(hostile: &str) -> Vec<Letter> {
    let plain = everywhere(hostile);
    let Matter::One { item, category: Some(category) } = &plain.matter else { unreachable!() };
    let values =
        "{{ notification.title }} {{ notification.body }} {{ user.name }} {{ category.label }}";
    let html =
        format!("<p title=\"{values}\">{values}</p><a href=\"{{{{ notification.link }}}}\">x</a>");
    let mjml = format!(
        "<mjml><mj-head><mj-preview>{values}</mj-preview><mj-title>{values}</mj-title></mj-head><mj-body><mj-section><mj-column>\
         <mj-text>{values}</mj-text><mj-button href=\"{{{{ notification.link }}}}\" title=\"{values}\">{values}</mj-button>\
         <mj-raw>{values}</mj-raw><mj-table><tr><td>{values}</td></tr></mj-table></mj-column></mj-section></mj-body></mjml>"
    );
    let with = |html: &str| {
        let category = Category::clone(category);
        let category = with_templates(category, &["en"], values, html, Some(values));
        let matter = Matter::One { item: item.clone(), category: Some(Arc::new(category)) };
        Letter { matter, ..plain.clone() }
    };
    let group = Group { label: Some(hostile.to_owned()), items: vec![item.clone(), item.clone()] };
    let digest =
        Letter { matter: Matter::Digest { groups: vec![group], more: 1 }, ..plain.clone() };
    vec![with(&html), with(&mjml), digest, plain]
}

/// The elements and attributes of a document, without the texts: what a hostile string must not change.
fn skeleton(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let mut quote = None;
        let end = tag.char_indices().find(|(_, c)| {
            match (quote, *c) {
                (None, '"') => quote = Some('"'),
                (Some('"'), '"') => quote = None,
                (None, '>') => return true,
                _ => {}
            }
            false
        });
        let end = end.map_or(tag.len(), |(at, _)| at);
        // Values are left out, names stay.
        let pieces: Vec<&str> = tag[..end].split('"').step_by(2).collect();
        found.push(pieces.join("\"\""));
        rest = &tag[end..];
    }
    found
}

#[tokio::test]
async fn each_hostile_letter_is_one_mail_to_one_person_with_the_same_headers() {
    let server = Server::start(Script::new()).await.unwrap();
    let email = email(&server.url());
    let expected: Vec<String> = Read::new(&room().compose(&everywhere("x"), NOW).unwrap().bytes)
        .headers
        .into_keys()
        .collect();
    let mut sent = 0;
    for hostile in STRINGS {
        for letter in variants(hostile) {
            let outcome = email.deliver(&letter, NOW).await;
            assert!(matches!(outcome, Outcome::Sent { .. }), "{hostile:?}: {outcome:?}");
            sent += 1;
            let taken = server.taken();
            assert_eq!(taken.len(), sent, "{hostile:?}");
            let mail = taken.last().unwrap();
            assert_eq!(mail.from, "MAIL FROM:<no-reply@acme.example>");
            assert_eq!(mail.to, ["RCPT TO:<ada@example.com>"]);
            assert_wire(&mail.wire, hostile);
            let read = Read::new(&mail.message);
            assert_eq!(read.headers.keys().cloned().collect::<Vec<_>>(), expected, "{hostile:?}");
            assert!(read.headers["to"].ends_with("<ada@example.com>"), "{:?}", read.headers["to"]);
            assert!(!read.text.contains('\0') && !read.text.contains('\u{1b}'));
        }
    }
    assert!(server.commands().iter().all(|command| !command.contains("eve@example.com")));
}

/// On the wire, CR and LF are together or not at all, and a line that begins with a dot begins with two.
fn assert_wire(wire: &[u8], hostile: &str) {
    let body = wire.strip_suffix(b"\r\n.\r\n").expect("a message ends in a dot");
    assert!(!body.contains(&0) && body.is_ascii(), "{hostile:?}");
    let text = std::str::from_utf8(body).unwrap();
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n']), "{hostile:?}: {line:?}");
        assert!(!line.starts_with('.') || line.starts_with(".."), "{hostile:?}: {line:?}");
        assert!(line.len() <= 998);
    }
}

#[test]
fn no_hostile_string_becomes_markup() {
    let room = room();
    let neutral: Vec<Vec<String>> =
        variants("x").iter().map(|letter| skeleton(&room.render(letter).html)).collect();
    for hostile in STRINGS {
        for (letter, expected) in variants(hostile).iter().zip(&neutral) {
            let mail = room.render(letter);
            assert_eq!(mail.fallback, None, "{hostile:?}");
            let found: Vec<String> = skeleton(&mail.html);
            // Paragraphs and line breaks of a body are ours; labels and bodies may be empty.
            let plain = |tags: &[String]| {
                let ours = ["p", "/p", "br", "p dir=\"\"", "h2 class=\"\" style=\"\"", "/h2"];
                let kept = |tag: &&String| {
                    !ours.contains(&tag.as_str())
                        && !tag.starts_with("div")
                        && !tag.starts_with("/div")
                };
                tags.iter().filter(kept).cloned().collect::<Vec<_>>()
            };
            assert_eq!(plain(&found), plain(expected), "{hostile:?}: {}", mail.html);
        }
    }
}

#[test]
fn nothing_in_a_value_is_a_template() {
    for hostile in ["{{7*7}}", "{{ user.email }}", "{% if true %}x{% endif %}"] {
        for letter in variants(hostile) {
            let mail = room().render(&letter);
            assert!(!mail.text.contains("49"), "{}", mail.text);
            assert!(mail.text.contains(hostile) && mail.html.contains(hostile), "{}", mail.text);
        }
    }
}

#[rstest::rstest]
#[case("ada@example.com\r\nRCPT TO:<eve@example.com>")]
#[case("ada@example.com>,<eve@example.com")]
#[case("ada@example.com\n")]
#[case("@example.com")]
#[case("ada")]
#[tokio::test]
async fn a_hostile_address_reaches_no_relay(#[case] to: &str) {
    let server = Server::start(Script::new()).await.unwrap();
    let item = item(NotificationType::Info, "x", "", "");
    let letter = Letter { to: to.to_owned(), ..letter(crate::support::one(item)) };
    let outcome = email(&server.url()).deliver(&letter, NOW).await;
    assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
    assert_eq!(server.connections(), 0);
}
