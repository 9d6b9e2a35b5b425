//! What our own mails say: words, dates, links, digests.

use std::sync::Arc;

use grelot_channels::{Group, Item, Letter, MailSettings, Mailbox, Mailroom, Matter};
use grelot_core::{Content, NotificationType};

use crate::support::{category, item, letter, one, plain_letter, room};

#[test]
fn a_mail_says_title_body_link_category_and_date() {
    let mail = room().render(&plain_letter());
    assert_eq!(mail.subject, "Invoice ready");
    assert_eq!(
        mail.text,
        "Hello Ada Lovelace,\n\nInvoice ready\n\nMarch is ready.\n\n\
         Open: https://app.acme.example/start/invoices/42\n\n-- \n\
         Billing · Tuesday, 24 November 2026 at 10:00 (CET)\n\
         You receive this because emails about “Billing” are on in your Acme account.\n\
         Unsubscribe from “Billing”: https://notify.acme.example/u?token=abc_-def\n\
         Notification preferences: https://app.acme.example/settings/notifications\n"
    );
    for part in
        ["Invoice ready", "March is ready.", "Hello Ada Lovelace,", "Billing", "10:00 (CET)"]
    {
        assert!(mail.html.contains(part), "{part}");
    }
    assert!(mail.html.contains("href=\"https://app.acme.example/start/invoices/42\""));
    assert_eq!(mail.fallback, None);
}

#[test]
fn a_french_reader_is_written_to_in_french() {
    let letter = Letter { locale: Some("fr-CA".to_owned()), ..plain_letter() };
    let mail = room().render(&letter);
    for words in [
        "Bonjour Ada Lovelace,",
        "Ouvrir\u{a0}: https://app.acme.example/start/invoices/42",
        "Facturation · mardi 24 novembre 2026 à 10:00 (CET)",
        "Se désabonner de «\u{a0}Facturation\u{a0}»",
        "Préférences de notification",
    ] {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }
    assert!(mail.html.contains("<html lang=\"fr\">"));
    assert!(!mail.html.contains("Unsubscribe") && !mail.html.contains("Hello"));
}

#[test]
fn an_application_that_nobody_named_is_called_as_its_sender_or_else_as_its_host() {
    for (from, account) in [
        ("Acme Books <bell@acme.example>", "in your Acme Books account."),
        ("bell@acme.example", "in your app.acme.example account."),
    ] {
        let room = Mailroom::new(MailSettings {
            from: Mailbox::parse(from).unwrap(),
            app_url: "https://app.acme.example/start".parse().unwrap(),
            app_name: None,
            preferences_url: None,
        });
        let mail = room.render(&plain_letter());
        assert!(mail.text.contains(account), "{account} in {}", mail.text);
    }
}

#[test]
fn what_is_unknown_is_left_out() {
    let mut item = item(NotificationType::Info, "Hello", "", "");
    item.content = Arc::new(Content { category: None, ..(*item.content).clone() });
    let matter = Matter::One { item, category: None };
    let mail = room().render(&Letter {
        name: None,
        locale: None,
        timezone: None,
        unsubscribe: None,
        ..letter(matter)
    });
    assert_eq!(
        mail.text,
        "Hello\n\n-- \nTuesday, 24 November 2026 at 09:00 (UTC)\n\
         This is a service message about your Acme account. It cannot be switched off.\n\
         Notification preferences: https://app.acme.example/settings/notifications\n"
    );
    assert!(!mail.html.contains("Open") && !mail.html.contains("none"));
}

#[rstest::rstest]
#[case(NotificationType::Success, "Success", "#197037")]
#[case(NotificationType::Warning, "Warning", "#875800")]
#[case(NotificationType::Error, "Error", "#b71824")]
fn a_type_is_said_and_not_coloured_alone(
    #[case] kind: NotificationType,
    #[case] word: &str,
    #[case] color: &str,
) {
    let mail = room().render(&letter(one(item(kind, "x", "y", ""))));
    assert!(mail.text.contains(&format!("Billing · {word} · ")));
    assert!(mail.html.contains(&format!("Billing · {word}")) && mail.html.contains(color));
}

#[test]
fn paragraphs_and_line_breaks_of_a_body_stay() {
    let mail =
        room().render(&letter(one(item(NotificationType::Info, "x", "a\r\nb\n\n\nc <d>", ""))));
    assert!(mail.html.contains("<p dir=\"auto\">a<br>b</p><p dir=\"auto\">c &lt;d&gt;</p>"));
    assert!(mail.text.contains("a\nb\n\n\nc <d>\n"));
}

#[test]
fn a_mail_needs_nothing_from_elsewhere_and_knows_the_dark() {
    for matter in [one(item(NotificationType::Info, "x", "y", "/z")), digest(3, 0)] {
        let html = room().render(&letter(matter)).html;
        assert!(html.contains("prefers-color-scheme: dark"));
        assert!(html.contains("<meta name=\"color-scheme\" content=\"light dark\">"));
        for outside in ["<img", "<script", "<link", "@import", "url(", "src="] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}

fn digest(count: usize, more: u64) -> Matter {
    let items: Vec<Item> = (0..count)
        .map(|n| item(NotificationType::ALL[n % 4], &format!("Title {n}"), "Body\nof it", "/x"))
        .collect();
    let (first, second) = items.split_at(count / 2);
    let group = |label: Option<&str>, items: &[Item]| Group {
        label: label.map(str::to_owned),
        items: items.to_vec(),
    };
    Matter::Digest { groups: vec![group(Some("Billing"), first), group(None, second)], more }
}

#[test]
fn a_digest_shows_its_groups_and_counts_what_it_does_not_show() {
    let mail = room().render(&letter(digest(4, 3)));
    assert_eq!(mail.subject, "7 new notifications");
    for part in ["Billing", "Title 0", "Title 3", "Body of it", "and 3 more", "Open Acme"] {
        assert!(mail.text.contains(part), "{part} in {}", mail.text);
        assert!(mail.html.contains(part), "{part}");
    }
    assert!(mail.text.contains("[Error] Title 3"));
}

#[test]
fn a_digest_shows_20_at_most_however_many_it_is_given() {
    let mail = room().render(&letter(digest(30, 5)));
    assert_eq!(mail.subject, "35 new notifications");
    assert_eq!(mail.text.matches("Title ").count(), 20);
    assert!(mail.text.contains("and 15 more"));
    let french = Letter { locale: Some("fr".to_owned()), ..letter(digest(1, 0)) };
    assert_eq!(room().render(&french).subject, "1 nouvelle notification");
}

#[test]
fn the_largest_letters_are_still_made_by_our_templates() {
    let title = "🔔".repeat(200);
    let link = format!("/{}", "🔔".repeat(2_047));
    let big = item(NotificationType::Error, &title, &"<&\n\n".repeat(1_000), &link);
    let group = Group { label: Some(title.clone()), items: vec![big.clone(); 20] };
    for matter in [one(big), Matter::Digest { groups: vec![group], more: u64::MAX }] {
        let mail = room().render(&letter(matter));
        assert_eq!(mail.fallback, None);
        assert!(mail.subject.chars().count() <= 200);
    }
}

#[test]
fn a_preview_shows_a_sample_in_each_language() {
    let room = room();
    let now = crate::support::NOW;
    let english = room.preview(Some("en"), Some(&category()), now);
    assert_eq!(english.subject, "Invoice 2026-118 is ready");
    let french = room.preview(Some("fr"), None, now);
    assert_eq!(french.subject, "La facture 2026-118 est prête");
    let subject = "{{ notification.data.x.y }}";
    let theirs = crate::support::with_templates(category(), &["en"], subject, "<p>x</p>", None);
    let custom = room.preview(None, Some(&theirs), now);
    assert_eq!((custom.subject.as_str(), custom.fallback), ("…", None));
}
