//! Filters that templates use.
#![expect(missing_docs, reason = "askama's macro makes items that cannot be documented")]

use crate::domain::scope::Risk;

/// The class of the chip for a risk; the chip has a word too, so that colour is not all.
#[askama::filter_fn]
pub fn risk_class(risk: &Risk, _: &dyn askama::Values) -> askama::Result<&'static str> {
    Ok(match risk {
        Risk::Basic => "low",
        Risk::Private | Risk::Change => "med",
        Risk::Manage => "high",
    })
}

/// The first letter of a name, in a tile where others would put a picture that nobody verified.
#[askama::filter_fn]
pub fn initial(name: &str, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(name.chars().find(|c| c.is_alphanumeric()).map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect()))
}
