//! Activity on PostgreSQL.
