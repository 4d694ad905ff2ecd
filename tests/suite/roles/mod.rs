//! Groups, and roles given and taken: on the pages of a site and by the role API.

mod group_pages;
mod role_api;
mod role_pages;
