//! The pages for admins.

mod apps;
mod people;
mod person;
mod sites;
