//! The table of presets: each file of `crates/profiles/src/presets`, and what the test of the presets tries of it.

use core::fmt::Write as _;

use toml::{Table, Value};

use crate::workspace::Workspace;

const PRESETS: &str = "crates/profiles/src/presets";
const FACTS: &str = "crates/profiles/tests/presets/facts";

pub(super) fn presets(workspace: &Workspace) -> String {
    let mut out = "| `preset` | what the profile gives | tried | source |\n|---|---|---|---|\n".to_owned();
    for (path, text) in workspace.tree.ending(PRESETS, ".toml") {
        let name = name(path);
        let facts = workspace.tree.text(&format!("{FACTS}/{name}.toml")).unwrap_or_default();
        let (preset, facts) = (parsed(text), parsed(facts));
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| `{name}` | {} | {} | {} |",
            given(&preset),
            tried(&facts),
            sources(text_of(&preset, "source"))
        );
    }
    out
}

/// The presets whose vendors demand a client certificate, with their notes.
pub(super) fn banks(workspace: &Workspace) -> String {
    let mut out = "| `preset` | what the profile gives | notes |\n|---|---|---|\n".to_owned();
    for (path, text) in workspace.tree.ending(PRESETS, ".toml") {
        let preset = parsed(text);
        if words(preset.get("requires")).iter().any(|key| key == "client_certificate") {
            let notes = text_of(&preset, "notes").replace('|', "/");
            // Writing to a string cannot fail.
            let _ = writeln!(out, "| `{}` | {} | {notes} |", name(path), given(&preset));
        }
    }
    out
}

/// The name of the preset in this file.
fn name(path: &str) -> &str {
    path.rsplit('/').next().and_then(|file| file.strip_suffix(".toml")).unwrap_or(path)
}

/// The keys that a profile gives: those of all environments, and what one of them needs besides.
fn given(preset: &Table) -> String {
    let all = words(preset.get("requires"));
    let mut parts = vec![quoted(&all)];
    let environments = preset.get("environment").and_then(Value::as_table);
    let names: Vec<String> =
        environments.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    // The only one is taken by itself.
    if names.len() > 1 {
        parts.push(format!("`environment`: {}", names.join(" or ")));
    }
    for (name, environment) in environments.into_iter().flatten() {
        let Some(own) = environment.get("requires") else { continue };
        let own = words(Some(own));
        let less: Vec<String> = all.iter().filter(|word| !own.contains(word)).cloned().collect();
        parts.push(format!("`{name}`: without {}", quoted(&less)));
    }
    let variables = preset.get("defaults").and_then(Value::as_table).into_iter().flatten();
    let defaults: Vec<String> = variables
        .map(|(name, value)| format!("`{name}` (`{}`)", value.as_str().unwrap_or_default()))
        .collect();
    if !defaults.is_empty() {
        parts.push(format!("if another: {}", defaults.join(", ")));
    }
    parts.join("; ")
}

/// What the test tries: the grants and a call, and the documented refusal.
fn tried(facts: &Table) -> String {
    let grants = facts.get("grant").and_then(Value::as_array).into_iter().flatten();
    let mut steps: Vec<&str> = grants.filter_map(|grant| grant.get("name")?.as_str()).collect();
    steps.insert(steps.len().min(1), "call");
    let mut out = steps.join(", ");
    let certified = ["live", "sandbox", "only"].iter().any(|place| {
        let place = facts.get(*place).and_then(|place| place.get("certificate"));
        place.and_then(Value::as_str).is_some_and(|certificate| certificate != "nowhere")
    });
    if certified {
        out += ", client certificate demanded";
    }
    if let Some(refused) = facts.get("refused").and_then(Value::as_table) {
        let status = refused.get("status").and_then(Value::as_integer).unwrap_or_default();
        let body = text_of(refused, "body").trim();
        let body = match body {
            "" => "without a body".to_owned(),
            page if page.starts_with('<') => "with a page".to_owned(),
            json => format!("`{}`", shortened(json)),
        };
        let _ = write!(out, "; {status} {body} is \"{}\"", text_of(refused, "means"));
    }
    out
}

fn parsed(text: &str) -> Table {
    text.parse().unwrap_or_default()
}

fn text_of<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn words(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The first characters, where a cell would be too wide.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.replace('|', "/");
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short += "..";
    }
    short
}

/// The sources: URLs as links.
fn sources(text: &str) -> String {
    let source = |source: &str| match source.strip_prefix("https://") {
        Some(rest) => format!("[{}]({source})", rest.split('/').next().unwrap_or(rest)),
        None => source.to_owned(),
    };
    text.split(" ; ").map(source).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_what_a_profile_gives_what_was_tried_and_the_source() {
        let preset = "source = 'https://a.example/x ; Unit.pas'\nrequires = ['client_id', 'tenant']\n[defaults]\nregion = 'com'\n\
                      [environment.live]\n[environment.sandbox]\nrequires = ['client_id']\n";
        let facts = "[live]\ncertificate = 'api'\n[[grant]]\nname = 'code'\n[[grant]]\nname = 'refresh'\n\
                     [refused]\nstatus = 400\nbody = '{\"error\":\"x\"}'\nmeans = 'login required'\n";
        let (preset_path, facts_path) = (format!("{PRESETS}/a.toml"), format!("{FACTS}/a.toml"));
        let table = presets(&Workspace::of([(&preset_path, preset), (&facts_path, facts)]));
        assert_eq!(
            table.lines().last(),
            Some(
                "| `a` | `client_id`, `tenant`; `environment`: `live` or `sandbox`; `sandbox`: without `tenant`; if another: `region` (`com`) \
                 | code, call, refresh, client certificate demanded; 400 `{\"error\":\"x\"}` is \"login required\" \
                 | [a.example](https://a.example/x), Unit.pas |"
            )
        );
    }

    #[test]
    fn only_a_preset_with_a_client_certificate_is_in_the_table_of_banks() {
        let bank = "notes = 'A bank.'\nrequires = ['client_certificate']\n";
        let paths = ["bank", "vendor"].map(|name| format!("{PRESETS}/{name}.toml"));
        let workspace = Workspace::of([(paths[0].as_str(), bank), (&paths[1], "requires = ['client_id']\n")]);
        let table = banks(&workspace);
        assert_eq!(
            table.lines().skip(2).collect::<Vec<_>>(),
            ["| `bank` | `client_certificate` | A bank. |"]
        );
    }
}
