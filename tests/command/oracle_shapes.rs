//! More shapes for the scripts made at random: what keeps a value through branches, traps, trimming and arrays, and what
//! runs through `eval`, `coproc` and here-documents. Nothing in them names a program but the stubs.

use super::oracle_script::{Dice, list, simple, word};

pub(super) fn shape(dice: &mut Dice, depth: usize, in_function: bool) -> String {
    let inner = |dice: &mut Dice| list(dice, depth, in_function);
    let one = |dice: &mut Dice| simple(dice, depth.min(1), in_function);
    let name = |dice: &mut Dice| dice.pick(&["rm", "ls", "a", "b", "\"$v\"", "$w", "l$v"]).to_owned();
    match dice.roll(34) {
        0 => format!(
            "if {}; then v={}; elif {}; then v=ls; else v={}; fi; $v p",
            one(dice),
            name(dice),
            one(dice),
            name(dice)
        ),
        1 => format!("if {}; then v={}; fi\n$v q", one(dice), name(dice)),
        2 => format!("{} && v={} || v={}; $v r", one(dice), name(dice), name(dice)),
        3 => format!("v=ls; {} || v={} && w={}; $v s; $w s", one(dice), name(dice), name(dice)),
        4 => format!(
            "case {} in r*) w={};; ls) w=b;; *) w={}; {};; esac; $w k",
            word(dice, 1),
            name(dice),
            name(dice),
            one(dice)
        ),
        5 => format!("case {} in x) v=rm;& y) w=ls;;& *) {};; esac; $v m; $w m", word(dice, 1), one(dice)),
        6 => "case $v in rm|ls) w=$v;; esac; $w n".to_owned(),
        7 => format!("v=$(echo {}); $v x", dice.pick(&["rm", "ls y", "\"rm z\"", "$w", "'a  b'"])),
        8 => format!("`printf {}` y", dice.pick(&["ls", "rm", "'a b'"])),
        9 => format!(
            "v={}; ${{v{}}} t",
            dice.pick(&["rmx", "x/rm", "rm.ls", "lsrm", "x/y/ls"]),
            dice.pick(&["%x", "#x/", "%.ls", "##*/", "#ls", "%/*", "%.*", "#r", "%%.*"])
        ),
        10 => format!("v=ls; trap '{} $v' EXIT; {}; v={}", dice.pick(&["rm", "a", "$w"]), one(dice), name(dice)),
        11 => format!("v=rm; trap '$v x' EXIT\n{}", inner(dice)),
        12 => format!("(v=ls; trap 'rm $v' EXIT; {}; v=b); $v u", one(dice)),
        13 => format!("eval \"$(echo '{} x')\"", dice.pick(&["rm", "ls", "a"])),
        14 => format!("eval 'v={}; w=b'; $v c; $w d", dice.pick(&["rm", "ls", "$w"])),
        15 => format!("eval eval \"'rm {}'\"", dice.pick(&["x", "$v", "y z"])),
        16 => format!("w=({} {} {}); \"${{w[@]}}\"; ${{w[1]}} e; ${{w[-1]}} f", name(dice), word(dice, 0), name(dice)),
        17 => format!("w=(rm ls); w[1]={}; for v in \"${{w[@]}}\"; do $v g; done", name(dice)),
        18 => format!("w=(a b); for v in \"${{!w[@]}}\"; do {} $v; done; \"${{w[*]}}\"", one(dice)),
        19 => format!("set -- {} {}; $1 h; shift; \"$1\" i; \"${{@:1:1}}\"", name(dice), word(dice, 1)),
        20 => format!("set -- rm ls; for v; do $v; {}; done; \"$*\"", one(dice)),
        21 => format!("((v=1, w++)); {}; let w=v+1; $v; ((v)) && {}", one(dice), one(dice)),
        22 => format!("coproc {{ {}; }}; {}", one(dice), one(dice)),
        23 => format!("coproc {}; wait", dice.pick(&["rm x", "ls $v", "a"])),
        24 => format!("cat < <({}); {} <<< \"$({})\"", one(dice), one(dice), one(dice)),
        25 => "{a,{rm,ls}} {x,y{1..2}}; echo {1..3}; {r,l}{m,s} z".to_owned(),
        26 => format!(
            "${{u:-{}}} j; ${{u:={}}} k; $u l; ${{v:+ls}} m",
            dice.pick(&["rm", "ls", "$v"]),
            dice.pick(&["rm", "b"])
        ),
        27 => format!("printf -v v '%s' {}; $v o", name(dice)),
        28 => format!("f() {{ local v={}; $v \"$@\"; {}; }}; f 1 2; $v p", name(dice), one(dice)),
        29 => format!("while n; do v={}; {}; done; $v w", name(dice), one(dice)),
        30 => format!("if [[ -n $({}) || $v == r* ]]; then {}; fi", one(dice), one(dice)),
        31 => format!(
            "{{ {}; v={}; }} > out 2>&1; $v y; ({}; v=b) | {}; $v z",
            one(dice),
            name(dice),
            one(dice),
            one(dice)
        ),
        32 => format!("IFS=,; v={}; $v; unset IFS; $v", dice.pick(&["rm,x", "ls,$w", "a"])),
        _ => format!(
            "shopt -s expand_aliases\nalias g='{} k' h='g j'\nh l\nunalias g; {}",
            dice.pick(&["rm", "ls"]),
            one(dice)
        ),
    }
}
