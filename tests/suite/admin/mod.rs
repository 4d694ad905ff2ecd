//! The pages for admins.

mod people;
mod person;
