//! What the fuzz targets have in common: the properties, which the server's own suite plays too.

pub mod targets;
