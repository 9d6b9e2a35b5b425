//! Templates of hosts: what they can do, what is refused, and what happens when one fails in use.

use std::sync::Arc;

use grelot_channels::{Letter, Matter, Part, TemplateProblem};
use grelot_core::{Category, CategoryMail, Template, Templates};

use crate::support::{category, plain_letter, room, templated, with_templates};

fn problems(subject: &str, html: &str, text: Option<&str>) -> Vec<TemplateProblem> {
    let category = with_templates(category(), &["en"], subject, html, text);
    room().check(&category).err().unwrap_or_default()
}

fn mjml(inside: &str) -> String {
    format!(
        "<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
    )
}

#[test]
fn every_documented_variable_can_be_used() {
    let all = "{{ notification.title }}|{{ notification.body }}|{{ notification.link }}|{{ notification.type }}|\
               {{ notification.data.invoice }}|{{ notification.createdAt }}|{{ notification.date }}|{{ notification.color }}|\
               {{ category.key }}|{{ category.label }}|{{ user.id }}|{{ user.name }}|{{ user.email }}|{{ locale }}|\
               {{ app.name }}|{{ app.url }}|{{ unsubscribeUrl }}|{{ preferencesUrl }}";
    assert_eq!(problems("{{ notification.title }}", all, Some(all)), []);
    let mail = room().render(&templated("s", "<p>h</p>", Some(all)));
    assert_eq!(
        mail.text,
        "Invoice <b>|March & April|https://app.acme.example/start/invoices/42?a=1&b=%222|WARNING|42|\
         2026-11-24T09:00:00.000Z|Tuesday, 24 November 2026 at 10:00 (CET)|#875800|billing|Billing|u_1|Ada Lovelace|\
         ada@example.com|en|Acme|https://app.acme.example/start|https://notify.acme.example/u?token=abc_-def|\
         https://app.acme.example/settings/notifications"
    );
    assert_eq!((mail.subject.as_str(), mail.html.as_str(), mail.fallback), ("s", "<p>h</p>", None));
}

#[test]
fn html_is_escaped_and_subject_and_text_are_not() {
    let source =
        "{{ notification.title }} {% for row in notification.data.rows %}{{ row.n }}{% endfor %}";
    let mail = room().render(&templated(source, source, Some(source)));
    assert_eq!(mail.subject, "Invoice <b> <a>b");
    assert_eq!(mail.text, "Invoice <b> <a>b");
    assert_eq!(mail.html, "Invoice &lt;b&gt; &lt;a&gt;b");
}

#[test]
fn without_a_text_part_ours_stands_in() {
    let mail = room().render(&templated("s", "<p>x</p>", None));
    assert!(mail.text.contains("March & April") && mail.fallback.is_none());
}

#[test]
fn mjml_becomes_html_with_values_escaped_wherever_they_stand() {
    let html = mjml(
        "<mj-text>{{ notification.title }} {{ notification.data.invoice }}</mj-text>\
         <mj-button href=\"{{ notification.link }}\" title=\"{{ notification.title }}\">Go</mj-button>\
         <mj-image src=\"{{ notification.link }}\" alt=\"{{ notification.title }}\" width=\"{{ notification.data.invoice }}px\" />",
    );
    assert_eq!(problems("s", &html, None), []);
    let mail = room().render(&templated("s", &html, None));
    assert_eq!(mail.fallback, None);
    assert!(mail.html.contains("Invoice &lt;b&gt; 42"), "{}", mail.html);
    assert!(
        mail.html.contains("href=\"https://app.acme.example/start/invoices/42?a=1&amp;b=%222\"")
    );
    assert!(mail.html.contains("alt=\"Invoice &lt;b&gt;\"") && mail.html.contains("width=\"42\""));
    assert!(!mail.html.contains("<b>") && !mail.html.contains("fonts.googleapis"));
}

#[rstest::rstest]
#[case("{{ notification.titel }}", "undefined value")]
#[case("{{ user.name", "syntax error")]
#[case("{% if x %}", "syntax error")]
#[case("{{ user.name|shout }}", "unknown filter")]
#[case("{{ range(9) }}", "unknown function")]
#[case("{% set a = 1 %}", "has the statement \"set\"")]
#[case("{{ 'x' * 9 }}", "has the operator *")]
#[case("{% include 'x' %}", "has the statement \"include\"")]
fn a_mistake_is_refused_with_its_place(#[case] source: &str, #[case] detail: &str) {
    for (part, found) in [
        (Part::Subject, problems(source, "<p>x</p>", None)),
        (Part::Html, problems("s", source, None)),
        (Part::Html, problems("s", &mjml(&format!("<mj-text>{source}</mj-text>")), None)),
        (Part::Text, problems("s", "<p>x</p>", Some(source))),
    ] {
        let [problem] = &found[..] else { panic!("{found:?}") };
        assert_eq!((problem.locale.as_str(), problem.part), ("en", Some(part)));
        assert_eq!(problem.line, Some(1), "{problem}");
        assert!(problem.detail.contains(detail), "{problem}");
    }
}

#[test]
fn a_line_is_counted_from_the_top_of_its_part() {
    let found = problems("s", "<p>\n\n{{ nobody }}</p>", None);
    assert_eq!(found[0].to_string(), "en.html, line 3: undefined value");
}

#[test]
fn a_subject_has_200_characters_at_most_and_no_part_is_empty() {
    assert_eq!(problems(&"é".repeat(200), "h", Some("t")), []);
    let found = problems(&"é".repeat(201), "", Some(""));
    let parts: Vec<_> = found.iter().map(|problem| problem.part).collect();
    assert_eq!(parts, [Some(Part::Subject), Some(Part::Html), Some(Part::Text)]);
}

#[test]
fn each_language_is_there_once() {
    let check = |tags: &[&str]| {
        let category = with_templates(category(), tags, "s", "h", None);
        room().check(&category).err().unwrap_or_default().len()
    };
    assert_eq!((check(&[]), check(&["fr", "en"]), check(&["fr", "en", "FR"])), (0, 0, 1));
}

#[test]
fn a_template_without_an_html_part_is_refused_and_ours_stands_in_for_it() {
    let template = Template { subject: "s".to_owned(), html: None, text: None };
    let templates = Templates::new(vec![("en".to_owned(), template)]).unwrap();
    let category = category();
    let category = Category { mail: CategoryMail { templates, ..category.mail }, ..category };
    let [problem] = &room().check(&category).unwrap_err()[..] else { panic!() };
    assert_eq!(problem.part, Some(Part::Html));
    let mut letter = plain_letter();
    let built_in = room().render(&letter);
    let Matter::One { category: of, .. } = &mut letter.matter else { unreachable!() };
    *of = Some(Arc::new(category));
    assert_eq!(room().render(&letter), built_in);
}

#[test]
fn a_reader_gets_the_template_of_their_language() {
    let mut letter = templated("en", "<p>en</p>", None);
    let french = with_templates(category(), &["fr"], "fr", "<p>fr</p>", None).mail.templates;
    let Matter::One { category: of, .. } = &mut letter.matter else { unreachable!() };
    let english = of.as_ref().unwrap().mail.templates.clone();
    let all = english.iter().chain(french.iter()).map(|(tag, one)| (tag.to_owned(), one.clone()));
    let templates = Templates::new(all.collect()).unwrap();
    let mail = CategoryMail { templates, ..CategoryMail::default() };
    *of = Some(Arc::new(Category { mail, ..category() }));
    let subject = |locale: Option<&str>| {
        let locale = locale.map(str::to_owned);
        room().render(&Letter { locale, ..letter.clone() }).subject
    };
    assert_eq!((subject(Some("fr-CA")), subject(None)), ("fr".to_owned(), "en".to_owned()));
}

/// The same list inside itself `depth` times: what costs steps, and makes text.
fn nested(depth: usize, inside: &str) -> String {
    let list = "[1,2,3,4,5,6,7,8,9,0]";
    let open = format!("{{% for a in {list} %}}").repeat(depth);
    format!("{open}{inside}{}", "{% endfor %}".repeat(depth))
}

#[test]
fn a_template_that_never_ends_runs_out_of_steps() {
    let found = problems("s", &nested(9, "x"), None);
    assert!(found[0].detail.contains("too many steps"), "{found:?}");
}

#[test]
fn a_template_that_makes_too_much_is_stopped() {
    let found = problems("s", &nested(3, &"x".repeat(1_000)), None);
    assert!(found[0].detail.contains("more than 512 KiB"), "{found:?}");
    let found = problems(
        "s",
        &mjml(&format!("<mj-text>{}</mj-text>", nested(3, &"x".repeat(1_000)))),
        None,
    );
    assert!(found[0].detail.contains("more than 512 KiB"), "{found:?}");
}

#[rstest::rstest]
#[case("<mjml><mj-body><mj-section width=1></mj-section></mj-body></mjml>", "is no MJML")]
#[case("<mjml><mj-body><mj-include path=\"/etc/passwd\" /></mj-body></mjml>", "is no MJML")]
fn mjml_that_is_none_is_refused(#[case] html: &str, #[case] detail: &str) {
    let found = problems("s", html, None);
    assert!(found[0].detail.contains(detail), "{found:?}");
}

#[test]
fn mjml_that_would_overflow_the_stack_is_refused() {
    let found = problems("s", &mjml(&"<mj-text>".repeat(7_000)), None);
    assert!(found[0].detail.contains("deeper"), "{found:?}");
    // Also when a loop makes it.
    let found = problems("s", &mjml(&nested(3, "<mj-text>")), None);
    assert!(found[0].detail.contains("deeper"), "{found:?}");
}

#[test]
fn a_template_that_fails_in_use_is_replaced_by_ours_which_says_so() {
    let mail =
        room().render(&templated("Yours: {{ notification.data.missing }}", "<p>x</p>", None));
    assert_eq!(mail.subject, "Invoice <b>");
    assert!(mail.html.contains("March &amp; April"));
    let why = mail.fallback.unwrap();
    assert!(why.starts_with("en.subject, line 1: undefined value"), "{why}");
}

#[test]
fn a_subject_is_one_line_and_never_empty() {
    let mail = room().render(&templated("a\n{% if true %}\r\nb{% endif %}", "<p>x</p>", None));
    assert_eq!(mail.subject, "a b");
    let mail = room().render(&templated("{% if false %}x{% endif %}", "<p>x</p>", None));
    assert_eq!(mail.subject, "Invoice <b>");
    assert_eq!(
        problems("{% if false %}x{% endif %}", "<p>x</p>", None)[0].detail,
        "makes an empty subject"
    );
}

#[test]
fn a_template_that_needs_real_data_is_not_refused_for_the_samples_sake() {
    assert_eq!(problems("{{ notification.data.amount|round(2) }}", "<p>x</p>", None), []);
    assert_eq!(problems("{{ notification.data.a.b[0]|upper }}", "<p>x</p>", None), []);
    assert_eq!(problems("{% if notification.data.paid %}x{% endif %}", "<p>x</p>", None).len(), 0);
}

/// Pieces of templates, which a generator puts together without sense.
const PIECES: [&str; 44] = [
    "<mjml>",
    "</mjml>",
    "<mj-body>",
    "</mj-body>",
    "<mj-text>",
    "</mj-text>",
    "<mj-raw>",
    "</mj-raw>",
    "<mj-table>",
    "<mj-button href=\"",
    "<mj-image width=\"",
    "<b>",
    "</b>",
    "<b/>",
    "<br>",
    "</br>",
    "<",
    ">",
    "/>",
    "\"",
    "'",
    "=",
    "<!--",
    "-->",
    "<!--[if mso]>",
    "<![endif]-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "&amp;",
    "&",
    "é",
    "🔔",
    "px",
    "x",
    "{{ notification.title }}",
    "{{",
    "}}",
    "{% for a in [1,2,3] %}",
    "{% endfor %}",
    "{%",
    "%}",
    "zq7grelotx3cq",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 100, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn no_template_however_odd_ends_the_process(
        picks in proptest::collection::vec((0..PIECES.len(), 1_usize..40), 1..60),
        times in 1_usize..100,
    ) {
        let odd: String = picks.iter().map(|(at, count)| PIECES[*at].repeat(*count)).collect();
        let many = odd.repeat(times);
        let cut = many.floor_char_boundary(Templates::MAX_PART - 200);
        for html in [odd.clone(), mjml(&many[..cut]), format!("<mjml><mj-body>{}", &many[..cut])] {
            // Whatever is wrong with it, a mail comes of it.
            let _ = problems("s", &html, None);
            let mail = room().render(&templated("s", &html, None));
            proptest::prop_assert!(!mail.html.is_empty());
        }
    }
}
