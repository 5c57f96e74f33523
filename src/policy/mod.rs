//! Rules in, a decision out; refuses a policy that it cannot read in full.
