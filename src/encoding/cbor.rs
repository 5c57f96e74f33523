//! How far one value of CBOR reaches, in the form that FIDO tokens write (CTAP 2.1 section 8, a subset of RFC 8949 section 4.2.1);
//! refuses lengths that are not said or said in a longer way, tags, and deep nesting. What the value says is nobody's
//! business here.

/// How deep tokens nest (CTAP 2.1 section 8).
const DEEPEST: usize = 4;

/// What follows the one value at the front; `None` if there is none.
pub(super) fn skipped(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    skip(&mut rest, DEEPEST).map(|()| rest)
}

/// Whether the front is a map.
pub(super) fn is_map(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 5 == 5)
}

fn skip(rest: &mut &[u8], depth: usize) -> Option<()> {
    let first = *rest.first()?;
    let (major, count) = (first >> 5, head(rest)?);
    match major {
        0 | 1 => Some(()),
        2 | 3 => {
            *rest = rest.get(usize::try_from(count).ok()?..)?;
            Some(())
        }
        4 | 5 => {
            let depth = depth.checked_sub(1)?;
            // Each value takes a byte at least, so that a count beyond the end fails soon.
            (0..count).try_for_each(|_| if major == 5 { pair(rest, depth) } else { skip(rest, depth) })
        }
        7 if matches!(first & 0x1f, 20..=22 | 25..=27) => Some(()),
        _ => None,
    }
}

fn pair(rest: &mut &[u8], depth: usize) -> Option<()> {
    skip(rest, depth)?;
    skip(rest, depth)
}

/// The number in a head, in its shortest form; for floats, their bits.
fn head(rest: &mut &[u8]) -> Option<u64> {
    let (first, after) = rest.split_first()?;
    let (short, float) = (first & 0x1f, first >> 5 == 7);
    let width = match short {
        0..=23 => 0,
        24 if !float => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (number, after) = after.split_at_checked(width)?;
    *rest = after;
    if width == 0 {
        return Some(u64::from(short));
    }
    let value = number.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let least = match width {
        1 => 24,
        2 => 1 << 8,
        4 => 1 << 16,
        _ => 1 << 32,
    };
    (float || value >= least).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_skipped_and_what_is_not_one_is_refused() {
        // Examples of RFC 8949 appendix A, with a byte behind each.
        for good in [
            &b"\x00"[..],
            b"\x18\x18",
            b"\x19\x03\xe8",
            b"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00",
            b"\x39\x03\xe7",
            b"\x43abc",
            b"\x63abc",
            b"\xf5",
            b"\xf9\x3c\x00",
            b"\x80",
            b"\x83\x01\x02\x03",
            b"\xa2\x61a\x01\x61b\x82\x02\x03",
            b"\xa1\x6bcredProtect\x02",
        ] {
            let longer = [good, b"x"].concat();
            assert_eq!(skipped(&longer), Some(&b"x"[..]), "{good:x?}");
            for end in 0..good.len() {
                assert_eq!(skipped(&good[..end]), None, "{good:x?} cut at {end}");
            }
        }
        for bad in [
            &b"\x18\x17"[..],
            b"\x19\x00\xff",
            b"\x1a\x00\x00\xff\xff",
            b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff",
            b"\x1c",
            b"\x5f\x41a\xff",
            b"\x9f\xff",
            b"\xbf\xff",
            b"\xc1\x00",
            b"\xf8\x20",
            b"\xf7",
            b"\xff",
            b"\x81\x81\x81\x81\x81\x00",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(skipped(bad), None, "{bad:x?}");
        }
    }
}
