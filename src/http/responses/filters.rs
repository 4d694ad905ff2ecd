//! Filters that templates use.
#![expect(missing_docs, reason = "askama's macro makes items that cannot be documented")]

use askama::filters::Safe;

use crate::domain::scope::Risk;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::{Standing, User, UserState};

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

/// A moment in words, both how long ago and when exactly. It is made of digits and our own words, so it needs no escaping.
#[askama::filter_fn]
pub fn when(moment: &Timestamp, _: &dyn askama::Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    let since = now.remaining(*moment);
    let ago = if since < Lifetime::minutes(1) { "just now".to_owned() } else { format!("{since} ago") };
    let (machine, words) = (moment.to_rfc3339(), moment.to_words());
    Ok(Safe(format!(
        "<time datetime=\"{machine}\" title=\"{words}\">{ago}</time> <span class=\"hint\">({words})</span>"
    )))
}

/// How long it is until a moment, such as `in 3 days`: to the nearest day, so that what was made for 30 days a minute ago is not
/// said to end in 29.
#[askama::filter_fn]
pub fn left(moment: &Timestamp, _: &dyn askama::Values, now: &Timestamp) -> askama::Result<String> {
    let (left, day) = (moment.remaining(*now), Lifetime::days(1).as_secs());
    let nearest = Lifetime((left.as_secs() + day / 2) / day * day);
    Ok(format!("in {}", if left.as_secs() < day { left } else { nearest }))
}

/// What a person may do, in a word.
#[askama::filter_fn]
pub fn standing(person: &User, _: &dyn askama::Values) -> askama::Result<&'static str> {
    Ok(match person.standing {
        Standing::Member => "Member",
        Standing::Admin => "Administrator",
    })
}

/// How things are with a person's account, as a chip.
#[askama::filter_fn]
pub fn state(person: &User, _: &dyn askama::Values) -> askama::Result<Safe<&'static str>> {
    Ok(Safe(match (person.state, &person.password) {
        (UserState::Suspended, _) => "<span class=\"tag high\">Suspended</span>",
        (UserState::Active, None) => "<span class=\"tag med\">Invited</span>",
        (UserState::Active, Some(_)) => "<span class=\"tag low\">Active</span>",
    }))
}
