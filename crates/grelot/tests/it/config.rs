//! Settings: which source wins, and what is said about a bad one.

use std::process::Stdio;

use crate::support::{SECRET, Workplace};

/// The line of `config check` about a variable, its spaces collapsed.
fn line(check: &str, variable: &str) -> String {
    let line = check.lines().find(|line| line.split(' ').next() == Some(variable)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let place = Workplace::new().with("GRELOT_PING_SECONDS", "20").with("GRELOT_LOG", "debug");
    place.file("grelot.toml", "ping_seconds = 10\nstreams_per_user = 5\nlog = \"warn\"\n");
    let check = place.ok(&["config", "check", "--log", "error"]);
    assert_eq!(line(&check, "GRELOT_LOG"), "GRELOT_LOG error flag");
    assert_eq!(line(&check, "GRELOT_PING_SECONDS"), "GRELOT_PING_SECONDS 20 environment");
    assert_eq!(line(&check, "GRELOT_STREAMS_PER_USER"), "GRELOT_STREAMS_PER_USER 5 grelot.toml");
    assert_eq!(line(&check, "GRELOT_COOKIE_NAME"), "GRELOT_COOKIE_NAME grelot_token default");
    assert_eq!(line(&check, "GRELOT_BUS"), "GRELOT_BUS - not set");
}

#[test]
fn an_empty_value_counts_as_none() {
    let place = Workplace::new().with("GRELOT_LOG", "").with("GRELOT_JWT_ISSUER", "");
    place.file("grelot.toml", "cookie_name = \"\"\n");
    let check = place.ok(&["config", "check"]);
    assert_eq!(line(&check, "GRELOT_LOG"), "GRELOT_LOG info default");
    assert_eq!(line(&check, "GRELOT_JWT_ISSUER"), "GRELOT_JWT_ISSUER - not set");
    assert_eq!(line(&check, "GRELOT_COOKIE_NAME"), "GRELOT_COOKIE_NAME grelot_token default");
}

#[test]
fn all_problems_are_reported_together_each_by_its_variable() {
    let place = Workplace::bare()
        .with("GRELOT_BIND", "4000")
        .with("GRELOT_JWT_SECRET", "hunter2")
        .with("GRELOT_JWT_JWKS_URL", "nonsense")
        .with("GRELOT_JWT_PUBLIC_KEY_FILE", "missing.pem")
        .with("GRELOT_COOKIE_NAME", "a b")
        .with("GRELOT_ALLOWED_ORIGINS", "https://a.example,*")
        .with("GRELOT_SMTP_URL", "http://u:hunter3@h")
        .with("GRELOT_MAIL_FROM", "nobody")
        .with("GRELOT_PUBLIC_URL", "ftp://h")
        .with("GRELOT_APP_URL", "x")
        .with("GRELOT_PING_SECONDS", "0")
        .with("GRELOT_STREAMS_PER_USER", "many")
        .with("GRELOT_METRICS_BIND", "on")
        .with("GRELOT_LOG", "grelot=loud")
        .with("GRELOT_LOG_FORMAT", "xml");
    for command in ["serve", "config check"] {
        let said = place.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(said.status, 2);
        assert_eq!(said.stdout, "");
        assert!(said.stderr.contains("there are 15 problems"), "{}", said.stderr);
        for name in [
            "BIND",
            "JWT_SECRET",
            "JWT_JWKS_URL",
            "JWT_PUBLIC_KEY_FILE",
            "COOKIE_NAME",
            "SMTP_URL",
            "ALLOWED_ORIGINS",
            "MAIL_FROM",
            "PUBLIC_URL",
            "APP_URL",
            "PING_SECONDS",
            "LOG",
            "STREAMS_PER_USER",
            "METRICS_BIND",
            "LOG_FORMAT",
        ] {
            let start = format!("\n  GRELOT_{name}: ");
            assert_eq!(said.stderr.matches(&start).count(), 1, "{name} in {}", said.stderr);
        }
        assert!(!said.stderr.contains("hunter"), "{}", said.stderr);
    }
}

#[test]
fn a_secret_is_never_shown() {
    let place = Workplace::new()
        .with("GRELOT_SMTP_URL", "smtps://bell:hunter2@mail.example")
        .with("GRELOT_MAIL_FROM", "Bell <bell@example.com>")
        .with("GRELOT_PUBLIC_URL", "https://example.com");
    let said = place.run(&["config", "check"]);
    assert_eq!(said.status, 0);
    assert!(said.stdout.contains("smtps://bell:********@mail.example"));
    for secret in [SECRET, "hunter2"] {
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret));
    }
}

#[test]
fn a_relay_needs_a_sender_and_a_public_url() {
    let place = Workplace::new().with("GRELOT_SMTP_URL", "smtps://mail.example");
    let said = place.run(&["config", "check"]);
    assert_eq!(said.status, 2);
    for name in ["GRELOT_MAIL_FROM: ", "GRELOT_PUBLIC_URL: "] {
        assert!(said.stderr.contains(name), "{}", said.stderr);
    }
}

#[test]
fn a_line_of_the_file_is_never_quoted() {
    let place = Workplace::bare();
    place.file("grelot.toml", "bind = \"127.0.0.1:0\"\njwt_secret = \"hunter2 hunter2\n");
    let said = place.run(&["serve"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("grelot.toml: line 2 is not TOML"), "{}", said.stderr);
    assert!(!said.stderr.contains("hunter2"));
}

#[test]
fn an_unknown_key_is_a_problem_and_an_unknown_variable_a_warning() {
    let place = Workplace::new().with("GRELOT_BINDD", "x").with("GRELOT_API_KEY", "x");
    let said = place.run(&["config", "check"]);
    assert_eq!(said.status, 0);
    assert!(said.stderr.contains("GRELOT_BINDD is set, and no option has that name"));
    assert!(!said.stderr.contains("GRELOT_API_KEY"));
    place.file("grelot.toml", "bindd = 1\nping_seconds = true\n");
    let said = place.run(&["config", "check"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("no option has the key \"bindd\""), "{}", said.stderr);
    assert!(said.stderr.contains("GRELOT_PING_SECONDS: the key ping_seconds in grelot.toml"));
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let place = Workplace::new();
    for (command, name) in [
        (place.command(&["config", "check", "--config", "other.toml"]), "other.toml"),
        (place.command(&["config", "check"]), "absent.toml"),
    ] {
        let mut command = command;
        if name == "absent.toml" {
            command.env("GRELOT_CONFIG", name);
        }
        let said = crate::support::said(command.output().unwrap());
        assert_eq!(said.status, 2);
        assert!(said.stderr.contains(&format!("{name}: cannot be read")), "{}", said.stderr);
    }
}

#[test]
fn a_database_or_a_bus_that_cannot_be_one_is_refused_without_its_password() {
    let place = Workplace::new();
    for (flags, why) in [
        (["--database", "mysql://u:hunter2@h/db"], "must be sqlite:PATH"),
        (["--bus", "nats://u:hunter2@h:4222"], "several nodes, which need PostgreSQL"),
        (["--bus", "http://u:hunter2@h:4222"], "must begin with nats://"),
    ] {
        let said = place.run(&["serve", flags[0], flags[1]]);
        assert_eq!(said.status, 2);
        assert!(said.stderr.contains(why), "{}", said.stderr);
        assert!(!said.stderr.contains("hunter2"));
    }
}

#[test]
fn serve_needs_a_way_to_check_tokens() {
    let place = Workplace::bare();
    let said = place.run(&["serve"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("GRELOT_JWT_SECRET: "), "{}", said.stderr);
    assert!(!place.path().join("grelot.db").exists());
    let said = place.run(&["token", "--user", "u_1"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("GRELOT_JWT_SECRET: "), "{}", said.stderr);
}

#[test]
fn a_key_file_that_holds_no_key_is_a_problem_of_the_configuration() {
    let place = Workplace::bare().with("GRELOT_JWT_PUBLIC_KEY_FILE", "key.pem");
    place.file("key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    let said = place.run(&["serve", "--bind", "127.0.0.1:0", "--metrics-bind", "off"]);
    assert_eq!(said.status, 2, "{}", said.stderr);
    assert!(said.stderr.contains("GRELOT_JWT_PUBLIC_KEY_FILE: "), "{}", said.stderr);
}

#[test]
fn a_wrong_call_is_status_2_and_help_is_an_answer() {
    let place = Workplace::bare();
    for arguments in [&["frobnicate"][..], &[], &["keys"], &["token"], &["notify", "--user", "u"]] {
        assert_eq!(place.run(arguments).status, 2, "{arguments:?}");
    }
    assert!(place.ok(&["serve", "--help"]).contains("GRELOT_JWT_SECRET"));
    assert_eq!(place.ok(&["--version"]), concat!("grelot ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Workplace::bare();
    let mut command = place.command(&["openapi"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The document is larger than a pipe holds.
    drop(child.stdout.take());
    let said = crate::support::said(child.wait_with_output().unwrap());
    assert_eq!((said.status, said.stderr.as_str()), (0, ""));
}

#[test]
fn a_database_url_that_cannot_be_used_is_a_problem_of_its_variable() {
    for query in ["?sslmode=bogus", "?nonsense=1", "?sslmode=require&sslrootcert=/nowhere"] {
        let url = format!("postgres://u:hunter2@127.0.0.1:1/d{query}");
        let place = Workplace::new().with("GRELOT_DATABASE", &url);
        for command in ["config check", "serve", "migrate", "keys list"] {
            let said = place.run(&command.split(' ').collect::<Vec<_>>());
            assert_eq!(said.status, 2, "{command} {query}: {}", said.stderr);
            assert!(said.stderr.contains("GRELOT_DATABASE: "), "{}", said.stderr);
            assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
        }
    }
}

#[test]
fn the_usual_bound_of_an_inbox_depends_on_whose_database_it_is() {
    let place = Workplace::new();
    let check = place.ok(&["config", "check"]);
    assert_eq!(line(&check, "GRELOT_INBOX_MAX"), "GRELOT_INBOX_MAX 10000 default");
    let place = place.with("GRELOT_DATABASE", "postgres://u@127.0.0.1:1/d");
    let check = place.ok(&["config", "check"]);
    assert_eq!(
        line(&check, "GRELOT_INBOX_MAX"),
        "GRELOT_INBOX_MAX 10000, 0 in a joined database default"
    );
}
