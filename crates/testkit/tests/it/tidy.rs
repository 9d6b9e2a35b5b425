//! The house rules that no compiler holds: the arrows between rooms, the heads and lengths of files, nothing unfinished,
//! nothing of the machine it was written on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may depend on. A backend may use the ports and the domain, and so on; the composition root may use all.
const ARROWS: [(&str, &[&str]); 13] = [
    ("core", &[]),
    ("store", &["core"]),
    ("channels", &["core"]),
    ("store-common", &["store", "core"]),
    ("store-sqlite", &["store-common", "store", "core"]),
    ("store-postgres", &["store-common", "store", "core"]),
    ("bus-nats", &["store", "core"]),
    ("hub", &["store", "core"]),
    ("worker", &["store", "core"]),
    ("http", &["hub", "store", "core"]),
    (
        "grelot",
        &[
            "http",
            "hub",
            "worker",
            "channels",
            "store-sqlite",
            "store-postgres",
            "bus-nats",
            "store",
            "core",
        ],
    ),
    // What tests share knows the public API alone.
    ("testkit", &[]),
    // Measures the public API alone, too; the servers beside it are those of the tests.
    ("bench", &["testkit"]),
];

/// What a room may never see, directly.
const FORBIDDEN: [(&str, &[&str]); 11] = [
    ("core", &["tokio", "serde", "serde_json", "rusqlite", "axum", "rand"]),
    ("store", &["rusqlite", "tokio-postgres", "axum", "hyper", "http", "serde_json"]),
    ("store-common", &["rusqlite", "tokio-postgres", "axum", "hyper", "http", "tokio"]),
    ("store-sqlite", &["axum", "hyper", "http", "reqwest", "tokio-postgres"]),
    ("store-postgres", &["axum", "hyper", "http", "reqwest", "rusqlite"]),
    ("channels", &["axum", "hyper", "http", "rusqlite", "tokio-postgres"]),
    ("bus-nats", &["axum", "hyper", "http", "rusqlite", "tokio-postgres", "serde_json"]),
    ("hub", &["axum", "hyper", "http", "rusqlite", "tokio-postgres", "serde_json", "async-nats"]),
    ("worker", &["axum", "hyper", "http", "rusqlite", "tokio-postgres"]),
    ("http", &["rusqlite", "tokio-postgres", "lettre", "async-nats"]),
    ("testkit", &["rusqlite", "tokio-postgres", "axum", "hyper"]),
];

const MAX_LINES: usize = 500;
/// Written in two pieces, so that this file may be looked at as well.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("unimplemented", "!("),
    concat!("todo", "!("),
];
const PRIVATE: [&str; 4] =
    [concat!("shared", "/"), concat!("/work", "/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

#[test]
fn arrows_between_rooms_point_one_way() {
    let root = root();
    let mut rooms: Vec<(String, PathBuf)> =
        children(&root.join("crates")).into_iter().map(|path| (name(&path), path)).collect();
    rooms.push(("bench".to_owned(), root.join("bench")));
    let mut wrong = Vec::new();
    for (room, path) in rooms {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == room) else {
            wrong.push(format!("{room} is a room that the arrows do not know"));
            continue;
        };
        let manifest = read(&path.join("Cargo.toml")).parse::<toml::Table>().unwrap();
        let uses = dependencies(&manifest, &["dependencies", "build-dependencies"]);
        for used in uses.iter().filter_map(|name| name.strip_prefix("grelot-")) {
            if !allowed.contains(&used) {
                wrong.push(format!("{room} must not depend on {used}"));
            }
        }
        let forbidden = FORBIDDEN.iter().find(|(known, _)| *known == room);
        for name in forbidden.map_or(&[][..], |(_, names)| names) {
            if uses.contains(*name) {
                wrong.push(format!("{room} must not see {name}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// The names under these tables, those for one platform included.
fn dependencies(manifest: &toml::Table, tables: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        if tables.contains(&key.as_str()) {
            found.extend(table.keys().cloned());
        } else if key == "target" {
            let platforms = table.values().filter_map(toml::Value::as_table);
            found.extend(platforms.flat_map(|platform| dependencies(platform, tables)));
        }
    }
    found
}

#[test]
fn every_rust_file_opens_by_saying_what_it_is_for() {
    let without: Vec<_> = sources()
        .into_iter()
        .filter(|path| has_extension(path, &["rs"]))
        .filter(|path| !read(path).starts_with("//! "))
        .collect();
    assert_eq!(without, Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|path| has_extension(path, &["rs", "ts", "tsx", "js", "css", "html", "sql"]))
        .filter(|path| !is_generated(path))
        // A host imports one stylesheet: that is what it is promised.
        .filter(|path| !path.ends_with("packages/react/style.css"))
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert_eq!(long, Vec::new());
}

#[test]
fn nothing_is_unfinished_and_nothing_names_the_machine_it_was_written_on() {
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| !is_generated(path)) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = UNFINISHED.iter().chain(&PRIVATE);
            if let Some(word) = words.find(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

/// Every file that the project itself wrote.
fn sources() -> Vec<PathBuf> {
    let root = root();
    let mut found: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        // Generated; and in a worktree git keeps a file where a clone has a folder, which says where the clone is.
        .filter(|path| !["Cargo.lock", "package-lock.json", ".git"].contains(&&*name(path)))
        .collect();
    let folders = ["crates", "bench", "packages", "examples", "e2e", "apps", "docs", "scripts"];
    for folder in folders.into_iter().chain([".ci", ".config"]) {
        walk(&root.join(folder), &mut found);
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    if !folder.is_dir() {
        return;
    }
    for path in children(folder) {
        if !path.is_dir() {
            found.push(path);
        } else if !["node_modules", "dist", "target", "__snapshots__"].contains(&&*name(&path)) {
            walk(&path, found);
        }
    }
}

fn is_generated(path: &Path) -> bool {
    let name = name(path);
    name.contains(".gen.") || name == "openapi.json" || name.ends_with("-lock.json")
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().and_then(|end| end.to_str()).is_some_and(|end| extensions.contains(&end))
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
