//! Links on PostgreSQL.
