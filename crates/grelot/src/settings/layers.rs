//! Where values come from, and which wins: a flag beats the environment, which beats the file, which beats the
//! default. Not here: what a value means.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use super::Purpose;
use super::definition::{
    CLIENT_VARIABLES, CONFIG_FILE, CONFIG_VARIABLE, DEFINITIONS, Definition, Setting,
};
use super::environment::Environment;
use super::problem::Problem;

/// The values given as flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// The file, when named.
    pub(crate) config: Option<PathBuf>,
    /// The options.
    pub(crate) values: HashMap<Setting, String>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command.
    Flag,
    /// The environment.
    Environment,
    /// This file.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value before it is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The value.
    pub(crate) text: String,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// The winning value of every option that has one, and what was odd on the way.
#[derive(Debug)]
pub(crate) struct Layers {
    purpose: Purpose,
    /// The values.
    pub(crate) values: BTreeMap<Setting, Given>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// What is only suspicious.
    pub(crate) warnings: Vec<String>,
}

impl Layers {
    /// Reads every source; lower ones first, so that the higher overwrite.
    pub(crate) fn collect(
        flags: &Flags,
        environment: &Environment,
        directory: &Path,
        purpose: Purpose,
    ) -> Self {
        let mut layers =
            Self { purpose, values: BTreeMap::new(), problems: Vec::new(), warnings: Vec::new() };
        for definition in &DEFINITIONS {
            if let Some(text) = definition.default {
                layers.set(definition.setting, text.to_owned(), Origin::Default);
            }
        }
        layers.read_file(flags, environment, directory);
        layers.read_environment(environment);
        for (setting, text) in &flags.values {
            layers.set(*setting, text.clone(), Origin::Flag);
        }
        layers
    }

    fn set(&mut self, setting: Setting, text: String, origin: Origin) {
        if origin == Origin::Default || self.purpose.includes(setting) {
            self.values.insert(setting, Given { text, origin });
        }
    }

    fn read_environment(&mut self, environment: &Environment) {
        for definition in &DEFINITIONS {
            match environment.get(definition.variable).map(|value| value.to_str()) {
                Some(Some(text)) => {
                    self.set(definition.setting, text.to_owned(), Origin::Environment);
                }
                Some(None) => {
                    self.problems.push(Problem::of(definition.setting, "must be valid UTF-8"));
                }
                None => {}
            }
        }
        let known = |name: &str| {
            name == CONFIG_VARIABLE
                || CLIENT_VARIABLES.contains(&name)
                || DEFINITIONS.iter().any(|definition| definition.variable == name)
        };
        for name in environment.names().filter(|name| !known(name)) {
            self.warnings.push(format!("{name} is set, and no option has that name"));
        }
    }

    /// The file named by the flag or the variable has to be there; the one that nobody named may be absent.
    fn read_file(&mut self, flags: &Flags, environment: &Environment, directory: &Path) {
        let named = flags
            .config
            .clone()
            .or_else(|| environment.get(CONFIG_VARIABLE).map(PathBuf::from))
            .map(|path| directory.join(path));
        let path = named.clone().unwrap_or_else(|| directory.join(CONFIG_FILE));
        let shown = path.strip_prefix(directory).unwrap_or(&path).to_owned();
        let subject = shown.display().to_string();
        let about = |detail: String| match named {
            Some(_) => Problem::about(CONFIG_VARIABLE, format!("{subject}: {detail}")),
            None => Problem::about(subject.clone(), detail),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                self.problems.push(about(format!("cannot be read: {error}")));
                return;
            }
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // Never the error's own text: it quotes the line, which may hold a secret.
                let line = error.span().map_or(1, |span| line_of(&text, span.start));
                self.problems.push(about(format!("line {line} is not TOML")));
                return;
            }
        };
        for (key, value) in table {
            self.read_entry(&key, &value, &shown);
        }
    }

    fn read_entry(&mut self, key: &str, value: &toml::Value, path: &Path) {
        let Some(definition) = DEFINITIONS.iter().find(|definition| definition.key == key) else {
            let detail = format!("no option has the key {key:?}");
            self.problems.push(Problem::about(path.display().to_string(), detail));
            return;
        };
        match text_of(definition, value) {
            // Empty counts as absent, as in the environment.
            Some(text) if text.is_empty() => {}
            Some(text) => self.set(definition.setting, text, Origin::File(path.to_owned())),
            None => {
                let detail =
                    format!("the key {key} in {} must be {}", path.display(), shape(definition));
                self.problems.push(Problem::of(definition.setting, detail));
            }
        }
    }
}

/// The value as it would stand in a variable; `None` when it has another shape.
fn text_of(definition: &Definition, value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) if is_number(definition.setting) => Some(number.to_string()),
        toml::Value::Array(items) if definition.setting == Setting::AllowedOrigins => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

const fn is_number(setting: Setting) -> bool {
    matches!(setting, Setting::PingSeconds | Setting::StreamsPerUser)
}

const fn shape(definition: &Definition) -> &'static str {
    match definition.setting {
        setting if is_number(setting) => "a whole number",
        Setting::AllowedOrigins => "a list of strings",
        _ => "a string",
    }
}

/// The number of the line that holds the byte at `offset`, from one.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
