//! A file with passwords in the format of `.pgpass`: a line for each, `HOST:PORT:DATABASE:USER:PASSWORD`, where `*` stands
//! for any.

use std::path::Path;

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use wellspring_core::StoreError;
use wellspring_store::{Zeroizing, files};

/// The longest file that is read.
const AT_MOST: u64 = 1 << 20;

/// The password in this file for this connection; `None` if no line fits.
///
/// # Errors
///
/// When the file does not exist, other users can access it, or it is not text.
pub(crate) fn password(path: &Path, config: &Config) -> Result<Option<Zeroizing<String>>, StoreError> {
    let shown = path.display();
    let bytes = files::read(path, AT_MOST)?.ok_or_else(|| {
        StoreError::refused(format!("{shown} with the passwords of the Postgres store does not exist"))
    })?;
    let text = core::str::from_utf8(&bytes);
    let text =
        text.map_err(|_| StoreError::refused(format!("{shown} is not text: it is no file of passwords")))?;
    Ok(text.lines().find_map(|line| of_line(line, config)))
}

fn of_line(line: &str, config: &Config) -> Option<Zeroizing<String>> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let [host, port, database, user, password] = fields.as_slice() else { return None };
    let fits = |field: &str, value: &str| field == "*" || field == value;
    let place = |n: usize| {
        let host_fits = match &config.get_hosts().get(n) {
            Some(Host::Tcp(name)) => fits(host, name),
            #[cfg(unix)]
            Some(Host::Unix(path)) => fits(host, "localhost") || fits(host, &path.to_string_lossy()),
            None => config.get_hostaddrs().get(n).is_some_and(|address| fits(host, &address.to_string())),
        };
        let ports = config.get_ports();
        host_fits && fits(port, &ports.get(n).or(ports.first()).unwrap_or(&5432).to_string())
    };
    let user_of_config = config.get_user().unwrap_or_default();
    let here = (0..config.get_hosts().len().max(config.get_hostaddrs().len())).any(place)
        && fits(database, config.get_dbname().unwrap_or(user_of_config))
        && fits(user, user_of_config);
    here.then(|| Zeroizing::new(password.to_string()))
}

/// The fields of a line. A backslash takes the next character as it is.
fn fields(line: &str) -> Vec<Zeroizing<String>> {
    let mut fields = vec![Zeroizing::new(String::with_capacity(line.len()))];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            ':' if fields.len() < 5 => {
                fields.push(Zeroizing::new(String::with_capacity(line.len())));
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            character => character,
        };
        if let Some(field) = fields.last_mut() {
            field.push(character);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use wellspring_store::contract::{Folder, write_private};

    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let folder = Folder::new();
        let path = folder.path().join("passwords");
        let text = "# canary\nother:5432:d:u:no\nh:*:d:u:a\\:b:c\\\\\n*:*:*:*:any\n";
        write_private(&path, text.as_bytes());
        let of = |url: &str| {
            let password = password(&path, &url.parse().unwrap()).unwrap();
            password.map(|password| password.to_string())
        };
        assert_eq!(of("postgres://u@h/d").as_deref(), Some("a:b:c\\"));
        assert_eq!(of("postgres://u@h:1,other/d").as_deref(), Some("no"));
        assert_eq!(of("postgres://v@h/d").as_deref(), Some("any"));
        assert_eq!(of("postgres://u@%2Frun/d").as_deref(), Some("any"));
    }

    #[test]
    fn a_file_that_is_absent_or_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new();
        let path = folder.path().join("passwords");
        let config = "postgres://u@h/d".parse().unwrap();
        let absent = password(&path, &config).unwrap_err();
        assert!(absent.is_refused() && absent.to_string().contains("does not exist"), "{absent}");
        write_private(&path, b"*:*:*:*:canary");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let open = password(&path, &config).unwrap_err();
        assert!(open.is_refused() && open.to_string().contains("chmod 600"), "{open}");
    }
}
