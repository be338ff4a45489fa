//! Known vendors: what a profile need not say. Each one is a file in the folder `presets`, in the words of a profile.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::section::{Document, Section};
use crate::value::{Value, Variables};

/// The files, sorted by name.
macro_rules! presets {
    ($($name:literal)+) => { &[$(($name, include_str!(concat!("presets/", $name, ".toml")))),+] };
}

const PRESETS: &[(&str, &str)] = presets! {
    "asaas"
    "atlassian"
    "banco-do-brasil"
    "banrisul"
    "bradesco"
    "btg"
    "btg-user"
    "c6"
    "celcoin"
    "cielo"
    "cora"
    "discord"
    "dropbox"
    "efi"
    "github"
    "gitlab"
    "google"
    "hubspot"
    "inter"
    "itau"
    "mercado-pago"
    "microsoft-entra"
    "notion"
    "pagbank"
    "quickbooks"
    "reddit"
    "salesforce"
    "santander"
    "sicoob"
    "sicoob-sandbox"
    "sicredi"
    "slack"
    "slack-user"
    "spotify"
    "strava"
    "xero"
    "zoho"
    "zoom"
    "zoom-server"
};

/// The profile's own keys that a preset may refer to.
const OWN: [&str; 3] = ["client_id", "client_secret", "redirect_uri"];

/// What a preset is, for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preset {
    /// The name, as in `preset = "NAME"`.
    pub name: &'static str,
    /// The provider of its profiles.
    pub provider: String,
    /// The keys that a profile must set.
    pub requires: Vec<String>,
    /// The keys that only profiles with this preset have, and what they are.
    pub variables: Vec<(String, String)>,
    /// What `environment` may be; empty if there is no choice.
    pub environments: Vec<String>,
    /// Where its facts come from.
    pub source: String,
    /// What a person should know.
    pub notes: Option<String>,
    /// The ending of the file that the vendor hands out as client certificate: `p12` or `pfx` with a password, else that of
    /// a certificate beside its key.
    pub certificate: String,
}

impl Preset {
    /// All presets, sorted by name.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let aihubmix = Self {
            name: AIHUBMIX,
            provider: "oauth2-app".into(),
            requires: ["base_url", "client_id", "client_secret", "redirect_uri"].map(str::to_owned).into(),
            variables: Vec::new(),
            environments: Vec::new(),
            source: "the vendor's published page on OAuth apps".into(),
            notes: Some("`wellspring apps create` registers the app.".into()),
            certificate: PEM.into(),
        };
        let files =
            PRESETS.iter().filter_map(|(name, text)| Layers::read(name, text).ok()?.describe(name).ok());
        let mut all: Vec<_> = files.chain([aihubmix]).collect();
        all.sort_by_key(|preset| preset.name);
        all
    }

    /// The preset with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|preset| preset.name == name)
    }

    /// A profile with this preset, to be pasted into a `wellspring.toml`.
    #[must_use]
    pub fn profile(&self) -> String {
        let name = self.name;
        let mut text = format!("# {}\n", self.source);
        let notes = self.notes.iter().map(|notes| format!("# {notes}\n"));
        text.extend(notes);
        text += &format!("[profile.{name}]\npreset = \"{name}\"\n");
        if name == AIHUBMIX {
            text += "provider = \"oauth2-app\"\n";
        }
        if let Some(first) = self.environments.first() {
            text += &format!("environment = \"{first}\" # one of: {}\n", self.environments.join(", "));
        }
        let certificate = |key: &String| *key == CLIENT_CERTIFICATE;
        for key in self.requires.iter().filter(|key| !certificate(key)) {
            text += &self.line(key);
        }
        if self.provider == "oauth2-app" && !self.requires.iter().any(|key| key == "client_secret") {
            text += &format!("# unless the app is a public client:\n# {}", self.line("client_secret"));
        }
        let redirect_uri = "redirect_uri".to_owned();
        if self.provider == "oauth2-app" && !self.requires.contains(&redirect_uri) {
            text += &self.line(&redirect_uri);
        }
        for (key, _) in self.variables.iter().filter(|(key, _)| !self.requires.contains(key)) {
            text += &format!("# {}", self.line(key));
        }
        if self.requires.iter().any(certificate) {
            text += &format!("[profile.{name}.tls]\n");
            text += &self.certificate_lines();
        }
        text
    }

    /// The client certificate in the form in which the vendor hands it out, and the other form as a comment.
    fn certificate_lines(&self) -> String {
        let (name, ending) = (self.name, self.certificate.as_str());
        let variable = format!("{name}_{}_password", if ending == "pfx" { "pfx" } else { "p12" });
        let variable = variable.replace('-', "_").to_uppercase();
        let archive = |ending| {
            [
                format!("client_certificate = \"{name}.{ending}\"\n"),
                format!("client_certificate_password = {{ env = \"{variable}\" }}\n"),
            ]
        };
        let pair = |ending| {
            [
                format!("client_certificate = \"{name}.{ending}\" # the certificate and its chain\n"),
                format!("client_key = \"{name}.key\"\n"),
            ]
        };
        let (first, second) = match ending {
            "p12" | "pfx" => (archive(ending), pair("pem")),
            _ => (pair(ending), archive("p12")),
        };
        format!("{}# or:\n# {}", first.concat(), second.join("# "))
    }

    fn line(&self, key: &str) -> String {
        let variable = || format!("{}_{}", self.name, key).replace('-', "_").to_uppercase();
        let secret = ["secret", "key", "token", "password"].iter().any(|word| key.contains(word));
        let what = self.variables.iter().find(|(name, _)| name == key);
        let comment = what.map_or_else(String::new, |(_, what)| format!(" # {what}"));
        match key {
            "scopes" => format!("scopes = [\"..\"]{comment}\n"),
            "redirect_uri" => format!("redirect_uri = \"http://127.0.0.1:8765/callback\"{comment}\n"),
            _ if secret => format!("{key} = {{ env = \"{}\" }}{comment}\n", variable()),
            _ => format!("{key} = \"..\"{comment}\n"),
        }
    }
}

/// The preset that is code.
pub(crate) const AIHUBMIX: &str = "aihubmix";
const CLIENT_CERTIFICATE: &str = "client_certificate";
const PEM: &str = "pem";

/// Puts the preset that a profile names under it, if its presets are data.
pub(crate) fn apply(section: &mut Section<'_>) -> Result<(), Error> {
    let Some(preset) = section.peek("preset")? else { return Ok(()) };
    let name = preset.text()?;
    if *name == AIHUBMIX {
        return Ok(());
    }
    let Some((name, text)) = PRESETS.iter().find(|(known, _)| *known == name.as_str()) else {
        let names: Vec<_> = Preset::all().iter().map(|preset| preset.name).collect();
        let names = names.join(", ");
        return Err(preset
            .place
            .error(format_args!("must be one of: {names}; `wellspring presets` describes them")));
    };
    section.value("preset")?;
    let mut layers = Layers::read(name, text)?;
    let root = layers.choose(name, section)?;
    let required = layers.requires.unwrap_or_default();
    for key in &required {
        let key = key.text()?;
        // A variable has its value already.
        if layers.variables.iter().any(|(variable, _)| *variable == *key) {
            continue;
        }
        let (below, what) = match key.as_str() {
            CLIENT_CERTIFICATE => (Some("tls"), ", in its section `tls`"),
            _ => (None, ""),
        };
        if !section.has(&key, below) {
            let key = key.as_str();
            return Err(
                section.error(format_args!("lacks `{key}`, which the preset {name} needs{what}; add it"))
            );
        }
    }
    if let (Some(own), Some(of_preset)) = (section.peek("provider")?, &layers.provider) {
        if own.text()? != of_preset.text()? {
            let needed = of_preset.text()?;
            return Err(own.place.error(format_args!(
                "must be \"{}\" with the preset {name}, or be left out",
                needed.as_str()
            )));
        }
    }
    section.set_base(root);
    Ok(())
}

/// A preset's file, read as far as it is about the preset itself.
struct Layers {
    root: Section<'static>,
    environments: Section<'static>,
    names: Vec<String>,
    variables: Vec<(String, Value)>,
    defaults: Vec<(String, Value)>,
    source: Value,
    notes: Option<Value>,
    certificate: Option<Value>,
    requires: Option<Vec<Value>>,
    provider: Option<Value>,
}

impl Layers {
    fn read(name: &str, text: &'static str) -> Result<Self, Error> {
        let file: Arc<Path> = Path::new(&format!("preset {name}")).into();
        let mut root = Document::new(file.clone(), text).root()?;
        let mut names = root.names_below("environment");
        names.sort();
        let environments = match root.section("environment")? {
            Some(section) => section,
            None => Document::new(file, "").root()?,
        };
        Ok(Self {
            names,
            environments,
            variables: root.pairs("variables")?,
            defaults: root.pairs("defaults")?,
            source: root.required("source")?,
            notes: root.value("notes")?,
            certificate: root.value("certificate")?,
            requires: root.list("requires")?,
            provider: root.peek("provider")?,
            root,
        })
    }

    /// The preset's layers for this profile: its environment over what all environments share.
    fn choose(&mut self, name: &str, section: &mut Section<'_>) -> Result<Section<'static>, Error> {
        let variables = Arc::new(Variables::new(self.fill(name, section)?));
        let mut root = self.root.taken();
        root.set_variables(variables.clone());
        let chosen = match (section.value("environment")?, self.names.as_slice()) {
            (None, []) => return Ok(root),
            (Some(given), []) => {
                let hint = self.notes_on(&given.text()?)?;
                return Err(given
                    .place
                    .error(format_args!("has no meaning for the preset {name}; remove it{hint}")));
            }
            (None, [only]) => only.clone(),
            (Some(given), names) => {
                let text = given.text()?.to_string();
                if !names.contains(&text) {
                    let (names, hint) = (names.join(", "), self.notes_on(&text)?);
                    return Err(given.place.error(format_args!("must be one of: {names}{hint}")));
                }
                text
            }
            (None, names) => {
                let names: Vec<_> = names.iter().map(|name| format!("environment = \"{name}\"")).collect();
                return Err(section.error(format_args!(
                    "lacks `environment`, which the preset {name} needs; add {}",
                    names.join(" or ")
                )));
            }
        };
        let mut environments = self.environments.taken();
        environments.set_variables(variables);
        let Some(mut layer) = environments.section(chosen)? else { return Ok(root) };
        if let Some(requires) = layer.list("requires")? {
            self.requires = Some(requires);
        }
        layer.set_base(root);
        Ok(layer)
    }

    /// What the notes say of an environment that this preset does not have.
    fn notes_on(&self, environment: &str) -> Result<String, Error> {
        let Some(notes) = &self.notes else { return Ok(String::new()) };
        let notes = notes.text()?;
        let sentence = notes.split_inclusive(". ").find(|sentence| sentence.contains(environment));
        Ok(sentence.map(|it| format!(". {}", it.trim_end_matches(['.', ' ']))).unwrap_or_default())
    }

    /// The values of the variables: the profile's, the preset's default, and the profile's own keys.
    fn fill(&self, name: &str, section: &mut Section<'_>) -> Result<Vec<(String, Value)>, Error> {
        let mut values = Vec::new();
        for (variable, what) in &self.variables {
            let default =
                || self.defaults.iter().find(|(known, _)| known == variable).map(|(_, value)| value.clone());
            let Some(value) = section.value(variable.clone())?.or_else(default) else {
                let what = what.text()?;
                return Err(section.error(format_args!(
                    "lacks `{variable}`, which the preset {name} needs: {}; add it",
                    what.as_str()
                )));
            };
            values.push((variable.clone(), value));
        }
        for key in OWN {
            values.extend(section.peek(key)?.map(|value| (key.to_owned(), value)));
        }
        Ok(values)
    }

    fn describe(&self, name: &'static str) -> Result<Preset, Error> {
        let text = |value: &Value| Ok::<_, Error>(value.text()?.to_string());
        let all = |values: &[(String, Value)]| {
            let read = values.iter().map(|(name, value)| Ok((name.clone(), text(value)?)));
            read.collect::<Result<Vec<_>, Error>>()
        };
        let mut requires = self.requires.iter().flatten().map(text).collect::<Result<Vec<_>, _>>()?;
        let variables = all(&self.variables)?;
        for (variable, _) in &variables {
            let has_default = self.defaults.iter().any(|(known, _)| known == variable);
            if !has_default && !requires.contains(variable) {
                requires.push(variable.clone());
            }
        }
        Ok(Preset {
            name,
            provider: self.provider.as_ref().map(text).transpose()?.unwrap_or_default(),
            requires,
            variables,
            environments: self.names.clone(),
            source: text(&self.source)?,
            notes: self.notes.as_ref().map(text).transpose()?,
            certificate: self.certificate.as_ref().map_or_else(|| Ok(PEM.to_owned()), text)?,
        })
    }
}

#[cfg(test)]
mod tests;
