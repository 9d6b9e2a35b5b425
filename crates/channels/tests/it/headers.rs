//! The headers of a mail, and how its parts are encoded.

use grelot_core::{NotificationType, Timestamp};

use crate::support::{NOW, Read, item, letter, one, plain_letter, room};

fn read(letter: &grelot_channels::Letter) -> Read {
    Read::new(&room().compose(letter, NOW).unwrap().bytes)
}

#[test]
fn a_mail_says_who_wrote_it_to_whom_and_that_no_person_did() {
    let mail = read(&plain_letter());
    assert_eq!(mail.headers["from"], "Acme <no-reply@acme.example>");
    assert_eq!(mail.headers["to"], "\"Ada Lovelace\" <ada@example.com>");
    assert_eq!(mail.headers["subject"], "Invoice ready");
    assert_eq!(mail.headers["date"], "Tue, 24 Nov 2026 09:00:00 +0000");
    assert_eq!(mail.headers["message-id"], "<cm3xk2l9a0000qzrmn831i7rn@acme.example>");
    assert_eq!(mail.headers["auto-submitted"], "auto-generated");
    assert_eq!(mail.headers["content-language"], "en");
    assert_eq!(mail.headers["mime-version"], "1.0");
}

#[test]
fn a_mail_can_be_unsubscribed_from_with_one_click() {
    let mail = read(&plain_letter());
    let url = "https://notify.acme.example/u?token=abc_-def";
    assert_eq!(mail.headers["list-unsubscribe"], format!("<{url}>"));
    assert_eq!(mail.headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
    assert!(mail.text.contains(&format!("Unsubscribe from “Billing”: {url}")));
    assert!(mail.html.contains("Unsubscribe from “Billing”"));
}

#[test]
fn what_is_mandatory_has_no_way_to_unsubscribe() {
    let mail = read(&grelot_channels::Letter { unsubscribe: None, ..plain_letter() });
    assert!(!mail.headers.contains_key("list-unsubscribe"));
    assert!(!mail.headers.contains_key("list-unsubscribe-post"));
    assert!(!mail.text.contains("Unsubscribe") && !mail.html.contains("Unsubscribe"));
    assert!(mail.text.contains("It cannot be switched off"));
}

#[test]
fn a_long_unsubscribe_url_is_neither_folded_nor_encoded() {
    let url = format!("https://notify.acme.example/u?token={}", "aB3_-".repeat(120));
    let bytes = room()
        .compose(&grelot_channels::Letter { unsubscribe: Some(url.clone()), ..plain_letter() }, NOW)
        .unwrap()
        .bytes;
    let line = format!("\r\nList-Unsubscribe: <{url}>\r\n");
    assert!(String::from_utf8(bytes).unwrap().contains(&line));
}

#[test]
fn the_same_letter_later_is_the_same_mail_but_for_its_date() {
    let later = Timestamp::from_millis(NOW.millis() + 86_400_000);
    let mail = |at| String::from_utf8(room().compose(&plain_letter(), at).unwrap().bytes).unwrap();
    let (first, second) = (mail(NOW), mail(later));
    let dates = ["Date: Tue, 24 Nov 2026 09:00:00 +0000", "Date: Wed, 25 Nov 2026 09:00:00 +0000"];
    assert!(first.contains(dates[0]) && second.contains(dates[1]));
    assert_eq!(first, second.replace(dates[1], dates[0]));
}

#[test]
fn names_and_subjects_beyond_ascii_arrive_as_they_were() {
    let title = "Prêt : la facture de Zoé 🔔 pour تجربة, ".repeat(4);
    let mut letter = letter(one(item(NotificationType::Info, &title, "", "")));
    letter.name = Some("Zoé \"Z\" Müller, Inc. <x>".to_owned());
    let mail = read(&letter);
    assert_eq!(mail.decoded("subject"), title.trim());
    assert!(mail.decoded("to").contains("Zoé"), "{}", mail.decoded("to"));
    assert!(mail.headers["to"].ends_with("<ada@example.com>"));
    assert!(mail.headers["to"].is_ascii());
}

#[test]
fn an_instant_beyond_the_calendar_still_makes_a_date() {
    for millis in [i64::MIN, -1, i64::MAX] {
        let bytes = room().compose(&plain_letter(), Timestamp::from_millis(millis)).unwrap().bytes;
        assert!(Read::new(&bytes).headers["date"].ends_with("00:00:00 +0000"));
    }
}

#[rstest::rstest]
#[case("ascii only", "quoted-printable")]
#[case("用户通知用户通知用户通知用户通知用户通知", "base64")]
fn each_part_has_the_encoding_that_suits_it(#[case] body: &str, #[case] encoding: &str) {
    let body = body.repeat(90);
    let letter = letter(one(item(NotificationType::Info, "x", &body, "")));
    let bytes = room().compose(&letter, NOW).unwrap().bytes;
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")), "{text}");
    assert!(!text.contains("7bit") && !text.contains("8bit"));
    assert!(Read::new(&bytes).text.contains(&body));
    assert!(text.split("\r\n").all(|line| line.len() <= 200), "lines are short");
}

#[rstest::rstest]
#[case("")]
#[case("a b")]
#[case("a>\r\nBcc: eve@example.com")]
fn an_id_that_is_no_message_id_is_refused(#[case] id: &str) {
    let letter = grelot_channels::Letter { id: id.to_owned(), ..plain_letter() };
    assert!(room().compose(&letter, NOW).is_err());
}
