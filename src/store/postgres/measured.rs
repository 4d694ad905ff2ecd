//! What the shared store says of itself.
