//! Users on PostgreSQL.
