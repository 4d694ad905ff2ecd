//! One file for each page of a person's own account.

mod connections;
mod links;
mod password;
mod sessions;
mod sign_in;
mod sign_out;
