//! Standard input and files, read by the process that was called. Secrets come this way and no other.

use std::io::Read;
use std::path::Path;

use crate::cli::answer::CommandError;

/// More than any secret or key set needs.
const MAX_BYTES: u64 = 64 * 1024;

/// What standard input holds, without its final newline.
pub fn secret_from_stdin(what: &str) -> Result<String, CommandError> {
    let text =
        bounded(std::io::stdin().lock(), MAX_BYTES).map_err(|fault| unreadable(what, "standard input", &fault))?;
    let secret = without_final_newline(&text);
    if secret.is_empty() {
        return Err(CommandError::failed(format!(
            "standard input holds no {what}; write it there, such as with printf '%s' \"$SECRET\" | hallmark …"
        )));
    }
    Ok(secret.to_owned())
}

/// What a file holds.
pub fn file(path: &Path) -> Result<String, CommandError> {
    file_up_to(path, MAX_BYTES)
}

/// What a file holds that may be longer than secrets and key sets are.
pub fn file_up_to(path: &Path, most: u64) -> Result<String, CommandError> {
    let opened = std::fs::File::open(path).map_err(|error| error.to_string());
    opened
        .and_then(|file| bounded(file, most))
        .map_err(|fault| unreadable("input", &path.display().to_string(), &fault))
}

fn bounded(from: impl Read, most: u64) -> Result<String, String> {
    let mut text = String::new();
    let length = from.take(most + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if length as u64 > most { Err(format!("it holds more than {most} bytes")) } else { Ok(text) }
}

fn unreadable(what: &str, place: &str, fault: &str) -> CommandError {
    CommandError::failed(format!("the {what} cannot be read from {place}: {fault}"))
}

fn without_final_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_final_newline_is_taken_off() {
        assert_eq!(without_final_newline(" a b \n"), " a b ");
        assert_eq!(without_final_newline("a\r\n"), "a");
        assert_eq!(without_final_newline("a\n\n"), "a\n");
        assert_eq!(without_final_newline("a"), "a");
    }

    #[test]
    fn an_input_without_end_is_refused() {
        assert!(bounded(std::io::repeat(b'x'), MAX_BYTES).is_err());
        assert!(bounded(&b"\xff"[..], MAX_BYTES).is_err());
    }
}
