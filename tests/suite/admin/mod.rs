//! The pages for admins.

mod people;
mod person;
mod sites;
