//! Apps on PostgreSQL.
