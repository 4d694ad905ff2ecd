//! Records of the shared store, as another store keeps them.
