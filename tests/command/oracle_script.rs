//! Scripts made at random from shapes that hide commands. Every name in them is a stub of ours; none of them calls
//! itself without end.

use super::oracle_shapes::shape;

/// A small generator of numbers (xorshift), so that a failing script can be made again from its seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    pub(super) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// A script of a few statements.
pub(super) fn script(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..=dice.roll(4) {
        text += &list(dice, 3, false);
        text += dice.pick(&["\n", "\n", "; "]);
    }
    text
}

pub(super) fn list(dice: &mut Dice, depth: usize, in_function: bool) -> String {
    let mut text = statement(dice, depth, in_function);
    while dice.roll(3) == 0 {
        text += dice.pick(&["; ", " && ", " || ", " | ", "\n", " |& ", " & "]);
        text += &statement(dice, depth.saturating_sub(1), in_function);
    }
    text
}

fn statement(dice: &mut Dice, depth: usize, in_function: bool) -> String {
    if depth == 0 {
        return simple(dice, 0, in_function);
    }
    let inner = |dice: &mut Dice| list(dice, depth - 1, in_function);
    let d = depth - 1;
    match dice.roll(64) {
        0 => format!("if {}; then {}; else {}; fi", inner(dice), inner(dice), inner(dice)),
        1 => format!("for v in {} {}; do {}; done", word(dice, d), word(dice, d), inner(dice)),
        2 => format!("while n; do {}; done", inner(dice)),
        3 => format!(
            "case {} in {}) {};; *) {};; esac",
            word(dice, d),
            dice.pick(&["x", "a*", "$v", "'x'|y"]),
            inner(dice),
            inner(dice)
        ),
        4 => format!("( {} )", inner(dice)),
        5 => format!("{{ {}; }}", inner(dice)),
        6 if !in_function => {
            let body = list(dice, d, true);
            format!("f() {{ {body}; }}; f {} {}", word(dice, d), word(dice, d))
        }
        7 => format!("[[ {} == {} ]] && {}", word(dice, d), word(dice, d), inner(dice)),
        8 => format!("(( v = {} ))", dice.pick(&["1", "v + 1", "$(a)", "${v:-1}"])),
        9 | 10 => {
            let code = inner(dice);
            if code.contains(['\'', '\n']) {
                format!("eval \"{}\"", dice.pick(&["rm y", "v=rm", "$v x"]))
            } else {
                format!("eval '{code}'")
            }
        }
        11 => {
            let code = inner(dice);
            if code.contains(['\'', '\n']) { "trap 'rm t' EXIT".to_owned() } else { format!("trap '{code}' EXIT") }
        }
        12 => format!("cat <<E\n{}{} {}\nE\n", dice.pick(&["", "x ", "\\"]), word(dice, d), word(dice, d)),
        13 => format!("cat <<'E'; {}\n$(rm q) `rm q`\nE\n", simple(dice, d, in_function)),
        14 => format!("cat <<-E | {}\n\t{}\n\tE\n", simple(dice, d, in_function), word(dice, d)),
        15 => format!("cat <<A; cat <<B\n{}\nA\n{}\nB\n", word(dice, d), word(dice, d)),
        16 => format!("read v <<< {}", word(dice, d)),
        17 => format!("printf -v v %s {}", word(dice, d)),
        18 => format!("set -- {} {}", word(dice, d), word(dice, d)),
        19 => format!("{} v={}", dice.pick(&["export", "declare", "readonly", "typeset"]), word(dice, d)),
        20 => format!("w=({} {})", word(dice, d), word(dice, d)),
        21 => format!("w+=({})", word(dice, d)),
        22..=26 => format!(
            "{}={}",
            dice.pick(&["v", "v", "w", "IFS"]),
            dice.pick(&["rm", "ls", "'rm x'", "\"ls $v\"", "$w", "$v$v", ",", "r,m"])
        ),
        27 => format!("v={} {}", word(dice, d), simple(dice, d, in_function)),
        28 => format!("! {}", simple(dice, d, in_function)),
        29 => format!("v=rm\n{}\n$v k", inner(dice)),
        30 => format!("unset {}", dice.pick(&["v", "w", "-v v"])),
        31 => format!("time {}", simple(dice, d, in_function)),
        32 => format!("until a; do {}; done", inner(dice)),
        33 => format!("for v in rm ls; do {}; v=b; done; $v z", inner(dice)),
        34 => format!("for ((i=0; i<2; i++)); do {}; done", inner(dice)),
        35 => format!("shift; {}", simple(dice, d, in_function)),
        36 => format!("v+={}", dice.pick(&["m", "x", "$w"])),
        37 => format!("shopt -s expand_aliases\nalias l={}\nl y", dice.pick(&["rm", "'ls k'", "'rm; ls'"])),
        38 if in_function => format!("local v={}; {}", dice.pick(&["rm", "ls"]), simple(dice, d, in_function)),
        39 if in_function => "return".to_owned(),
        40..=63 => shape(dice, d, in_function),
        _ => simple(dice, d, in_function),
    }
}

pub(super) fn simple(dice: &mut Dice, depth: usize, _in_function: bool) -> String {
    let mut text = dice
        .pick(&[
            "a",
            "b",
            "rm",
            "ls",
            "r\\m",
            "r\"m\"",
            "'rm'",
            "$v",
            "$v",
            "${w:-rm}",
            "${v:-ls}",
            "\"$v\"",
            "$(echo rm)",
            "l''s",
            "{rm,-f}",
            "command rm",
            "${w[0]}",
            "\"${w[@]}\"",
            "r\\\nm",
            "$'r\\x6d'",
            "\"$@\"",
            "$1",
            "builtin echo",
            "`echo ls`",
        ])
        .to_owned();
    for _ in 0..dice.roll(3) {
        text.push(' ');
        text += &word(dice, depth);
    }
    if dice.roll(8) == 0 {
        text += dice.pick(&[" > out", " 2>&1", " < /dev/null", " >> out", " <<< $v", " &> out", " > >(ls)"]);
    }
    text
}

pub(super) fn word(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.roll(3) > 0 {
        return dice
            .pick(&[
                "x",
                "-rf",
                "'a b'",
                "\"a b\"",
                "$v",
                "\"$v\"",
                "${v}",
                "\"${w[@]}\"",
                "${w[1]}",
                "{p,q}",
                "k{1..3}",
                "$'\\x61'",
                "$((1+1))",
                "$1",
                "\"$@\"",
                "$#",
                "${#v}",
                "${v#r}",
                "~",
                "a\\ b",
                "\"\"",
                "x\\\ny",
                "'$(rm z)'",
                "\\$v",
                "*.none",
                "\"\\`rm z\\`\"",
                "$\"t\"",
                "rm",
                "ls",
                "x=y",
                "{a",
                "[q]",
                "${v:1}",
                "${v^^}",
                "${!v}",
                "a#b",
                "\\#x",
            ])
            .to_owned();
    }
    let inner = |dice: &mut Dice| simple(dice, depth - 1, true).replace(['`', '\''], "");
    match dice.roll(16) {
        0 => format!("$({})", inner(dice)),
        1 => format!("\"$({})\"", inner(dice)),
        2 => format!("`{}`", inner(dice).replace(['\\', '"'], "")),
        3 => format!("${{u:-{}}}", word(dice, depth - 1)),
        4 => format!("\"${{u:-{}}}\"", word(dice, depth - 1)),
        5 => format!("${{v:+{}}}", word(dice, depth - 1)),
        6 => format!("<({})", inner(dice)),
        7 => format!("$((1 + $({})))", inner(dice)),
        8 => format!("{{x,{}}}", word(dice, depth - 1)),
        9 => format!("x{}y", word(dice, depth - 1)),
        10 => format!("${{v/{}/z}}", word(dice, depth - 1)),
        11 => format!("\"x $({}) `{}`\"", inner(dice), inner(dice).replace(['\\', '"'], "")),
        12 => format!("${{u:={}}}", word(dice, depth - 1)),
        13 => format!("$(cat <<E\n{}\nE\n)", word(dice, depth - 1)),
        14 => format!("${{w[$({})]}}", inner(dice)),
        _ => format!("$({{ {}; }})", inner(dice)),
    }
}
