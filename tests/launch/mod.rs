//! The allow path through the real program: what is allowed runs as if gate had never been there.

mod place;
mod refused;
mod script;
mod signals;
mod terminal;
mod words;
