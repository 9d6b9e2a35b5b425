//! Writes our own mails to `target/tmp/mails`, for people to look at in a browser (HTML) and in a mail program (EML).

use std::fs;
use std::path::PathBuf;

use grelot_channels::{Group, Letter, Matter};
use grelot_core::NotificationType;

use crate::support::{NOW, item, letter, one, plain_letter, room};

#[test]
fn our_mails_can_be_looked_at() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mails");
    fs::create_dir_all(&folder).unwrap();
    for (name, letter) in letters() {
        let mail = room().render(&letter);
        assert_eq!(mail.fallback, None);
        fs::write(folder.join(format!("{name}.html")), mail.html).unwrap();
        fs::write(folder.join(format!("{name}.txt")), mail.text).unwrap();
        let bytes = room().compose(&letter, NOW).unwrap().bytes;
        fs::write(folder.join(format!("{name}.eml")), bytes).unwrap();
    }
}

fn letters() -> Vec<(&'static str, Letter)> {
    use NotificationType::{Error, Info, Success, Warning};
    let french = |letter: Letter| Letter {
        locale: Some("fr".to_owned()),
        name: Some("Zoé Müller".to_owned()),
        ..letter
    };
    let long = item(
        Error,
        "The nightly export to warehouse-eu-west-3-production-replica failed after 3 attempts",
        "The connection was closed by the server while 48,211 of 120,400 rows were written. Nothing was lost: the export starts again at 02:00.\n\nIf it fails again, look at the credentials of the warehouse first: they expire on 1 December.\nThe log is attached to the run.",
        "/exports/2026-11-24/run?attempt=3",
    );
    let paid = item(
        Success,
        "Le paiement de la facture 2026-118 est arrivé",
        "Merci ! 1 240,00 € ont été reçus ce matin. Le reçu est prêt.",
        "/invoices/118/receipt",
    );
    let digest = Matter::Digest {
        groups: vec![
            Group {
                label: Some("Facturation".to_owned()),
                items: vec![
                    paid.clone(),
                    item(
                        Warning,
                        "Votre carte expire dans 7 jours",
                        "Ajoutez-en une autre pour que rien ne s'arrête.",
                        "/cards",
                    ),
                ],
            },
            Group {
                label: Some("Équipe".to_owned()),
                items: vec![
                    item(
                        Info,
                        "Grace a partagé «\u{a0}Plan 2027\u{a0}» avec vous",
                        "",
                        "/docs/plan-2027",
                    ),
                    item(
                        Error,
                        "L'export de nuit a échoué",
                        "La connexion a été fermée par le serveur alors que 48 211 lignes sur 120 400 étaient écrites.",
                        "",
                    ),
                ],
            },
        ],
        more: 8,
    };
    vec![
        ("info", plain_letter()),
        ("error-long", letter(one(long))),
        ("success-french", french(letter(one(paid)))),
        ("digest-french", french(letter(digest))),
        (
            "mandatory-short",
            Letter {
                unsubscribe: None,
                ..letter(one(item(
                    Warning,
                    "Your password was changed",
                    "",
                    "https://acme.example/security",
                )))
            },
        ),
        (
            "arabic",
            letter(one(item(Info, "فاتورة مارس جاهزة", "يمكنك الاطلاع عليها الآن.", "/invoices/42"))),
        ),
    ]
}
