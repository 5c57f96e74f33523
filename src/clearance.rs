//! From a durable receipt to the one value a command can be run from.
