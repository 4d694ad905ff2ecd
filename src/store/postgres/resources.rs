//! Resources on PostgreSQL.
