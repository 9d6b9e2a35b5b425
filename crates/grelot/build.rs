//! Takes the demo page from `apps/demo/dist` where it has been built (`make demo` does), and none where it has not: a plain
//! `cargo build` needs no Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let app = Path::new("../../apps/demo");
    let dist = app.join("dist");
    println!("cargo:rerun-if-changed=build.rs");
    // The directory above: one that is missing would make every build a new one.
    if app.exists() {
        println!("cargo:rerun-if-changed={}", app.display());
    }
    let mut files = Vec::new();
    if dist.join("index.html").exists() {
        list(&dist, &mut files)?;
    }
    files.sort();

    let mut html = "\"\"".to_owned();
    let mut code = String::from("const APP: &[File] = &[\n");
    for path in files {
        let name = path
            .strip_prefix(&dist)
            .map_err(io::Error::other)?
            .to_string_lossy()
            .replace('\\', "/");
        let from = fs::canonicalize(&path)?.to_string_lossy().into_owned();
        if name == "index.html" {
            html = format!("include_str!({from:?})");
        } else {
            writeln!(code, "    File {{ name: {name:?}, bytes: include_bytes!({from:?}) }},")
                .map_err(io::Error::other)?;
        }
    }
    code.push_str("];\n");
    writeln!(code, "const APP_HTML: &str = {html};").map_err(io::Error::other)?;
    let out =
        env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(out.join("demo_app.rs"), code)
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
