//! Sessions on PostgreSQL.
