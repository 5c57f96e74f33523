//! Finds what must be masked before it is hashed, shown, sent or recorded; refuses to hide a verb or a target.
