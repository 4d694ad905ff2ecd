//! Events on PostgreSQL.
