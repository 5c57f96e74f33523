//! Lets libFuzzer try `shell`, with a second parser beside gate's where that is built.

#![no_main]

#[cfg(feature = "oracle")]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_shell, _text, _reading) = gate::targets::shell::seen(bytes);
    #[cfg(feature = "oracle")]
    if _shell == "bash" {
        oracle::agrees(&_text, &_reading);
    }
});
