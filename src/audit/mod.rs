//! Records, chain, tree and their verification as pure functions; refuses to guess.
