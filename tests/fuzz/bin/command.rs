//! Lets libFuzzer try `command`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gate::targets::command::read(bytes));
