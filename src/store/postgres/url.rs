//! What the URL of a database says, before anybody connects.

use std::str::FromStr;

use tokio_postgres::Config;

/// Whether it holds a password.
pub fn holds_password(url: &str) -> bool {
    Config::from_str(url).is_ok_and(|config| config.get_password().is_some())
}
