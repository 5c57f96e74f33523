//! The table: a script, the commands in it, and what of it is unresolved.

use super::{Dialect, Parser, Script, Shuck, Simple, UnresolvedKind};

/// A script, its commands with `?` for holes, and a letter for each unresolved entry: Program, Code, Cap (`M`).
type Row = (&'static str, &'static [&'static str], &'static str);

pub(super) fn read(text: &str, dialect: Dialect) -> Script {
    Shuck.parse(text, dialect, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn line(command: &Simple) -> String {
    command.words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn outcome(script: &Script) -> (Vec<String>, String) {
    let lines = script.commands.iter().filter(|command| !command.words.is_empty()).map(line).collect();
    let mut letters: Vec<char> = script
        .unresolved
        .iter()
        .map(|entry| match entry.kind {
            UnresolvedKind::Program => 'P',
            UnresolvedKind::Code => 'C',
            UnresolvedKind::Cap => 'M',
        })
        .collect();
    letters.sort_unstable();
    letters.dedup();
    (lines, letters.into_iter().collect())
}

fn holds(dialect: Dialect, rows: &[Row]) {
    let mut wrong = String::new();
    for (script, commands, letters) in rows {
        let read = Shuck.parse(script, dialect, None);
        let (lines, found) = match &read {
            Ok(read) => outcome(read),
            Err(error) => (vec![format!("refused: {error}")], "X".to_owned()),
        };
        if lines != *commands || found != *letters {
            wrong += &format!("{script}\n  expected {commands:?} {letters:?}\n  found    {lines:?} {found:?}");
            if let Ok(read) = &read {
                wrong += &format!(" {:?}", read.unresolved);
            }
            wrong.push('\n');
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_command_of_a_list_or_pipeline_is_found() {
    holds(
        Dialect::Bash,
        &[
            ("ls", &["ls"], ""),
            ("cd x && python3 y", &["cd x", "python3 y"], ""),
            ("git fetch && git clean -fd", &["git fetch", "git clean -fd"], ""),
            ("cd /p && git push", &["cd /p", "git push"], ""),
            ("a; b & c || d\ne", &["a", "b", "c", "d", "e"], ""),
            ("a | b |& c", &["a", "b", "c"], ""),
            ("! a | b", &["a", "b"], ""),
            ("time -p a b", &["a b"], ""),
            ("(a; b) && { c; d; }", &["a", "b", "c", "d"], ""),
            (
                "set -e; cd live; terraform apply -destroy -auto-approve",
                &["set -e", "cd live", "terraform apply -destroy -auto-approve"],
                "",
            ),
            (
                "cargo metadata --format-version 1 | jq -r .workspace_root",
                &["cargo metadata --format-version 1", "jq -r .workspace_root"],
                "",
            ),
            (
                "curl -s https://setup.example.net | sudo bash -s -- -y",
                &["curl -s https://setup.example.net", "sudo bash -s -- -y"],
                "",
            ),
            (
                "printf %s cm0gLXJmIC9zcnYvZmlsZXM= | base64 --decode | bash",
                &["printf %s cm0gLXJmIC9zcnYvZmlsZXM=", "base64 --decode", "bash"],
                "",
            ),
            ("", &[], ""),
            ("# rm -rf /", &[], ""),
            ("a # rm -rf /\nb", &["a", "b"], ""),
            ("exit 1; break; continue 2; return", &["exit 1", "break", "continue 2", "return"], ""),
            ("coproc rm x", &["rm x"], ""),
            ("coproc N { rm x; }", &["rm x"], ""),
            ("exec rm -rf /", &["exec rm -rf /"], ""),
            ("command rm x; builtin cd y", &["command rm x", "builtin cd y"], ""),
        ],
    );
}

#[test]
fn quotes_and_escapes_are_removed_before_a_name_is_read() {
    holds(
        Dialect::Bash,
        &[
            (r"r\m -r\f /x", &["rm -rf /x"], ""),
            ("r\"m\" -rf 'a b'", &["rm -rf a b"], ""),
            ("r''m x", &["rm x"], ""),
            ("\"\"rm x", &["rm x"], ""),
            ("r\\\nm x", &["rm x"], ""),
            ("rm \\\n  -rf \\\n  /x", &["rm -rf /x"], ""),
            (r"$'rm' $'-\x72f' $'/\056'", &["rm -rf /."], ""),
            (r#"$"rm" x"#, &["rm x"], ""),
            (r#"echo "a\"b\q\$x\\""#, &["echo a\"b\\q$x\\"], ""),
            (r#"echo 'a\b' "it's""#, &["echo a\\b it's"], ""),
            ("echo \"a\\\nb\"", &["echo ab"], ""),
            ("git -c core.pager='less | cat' switch main", &["git -c core.pager=less | cat switch main"], ""),
            ("echo 'rm -rf /'", &["echo rm -rf /"], ""),
            ("git commit -m 'a; rm -rf /'", &["git commit -m a; rm -rf /"], ""),
            (r"git commit -m 'x `rm` $(rm)'", &["git commit -m x `rm` $(rm)"], ""),
            (r#"git commit -m "fix \`a\`""#, &["git commit -m fix `a`"], ""),
            (r"find . -exec rm {} \;", &["find . -exec rm {} ;"], ""),
            (r"echo $'\cA\u41'", &["echo \u{1}A"], ""),
            (r"echo $'it\'s'", &["echo it's"], ""),
            ("a''", &["a"], ""),
            ("a=x; echo \"$a \\\"$a\\\" \\${a} \\$(b)\"", &["echo x \"x\" ${a} $(b)"], ""),
            ("echo \"\\\"$(rm \"a b\")\\\" $x \\\\\"", &["rm a b", "echo \"?\" ? \\"], ""),
            ("a=('x y' $'\\x61' \"b c\"); echo \"${a[@]}\"", &["echo x y a b c"], ""),
            ("echo '' \"\"", &["echo  "], ""),
        ],
    );
}

#[test]
fn substitutions_are_found_wherever_they_stand() {
    holds(
        Dialect::Bash,
        &[
            ("echo $(rm x)", &["rm x", "echo ?"], ""),
            ("echo `rm x`", &["rm x", "echo ?"], ""),
            ("echo \"a $(rm \"b c\") d\"", &["rm b c", "echo a ? d"], ""),
            ("x=$(mysqldump -h prod-db shop); echo \"${#x}\"", &["mysqldump -h prod-db shop", "echo ?"], ""),
            ("x=`rm y`", &["rm y"], ""),
            ("a=(b $(rm c) d)", &["rm c"], ""),
            ("a[$(rm c)]=1", &["rm c"], ""),
            ("declare -A m=([$(rm a)]=$(rm b))", &["rm a", "rm b", "declare -A m=?"], ""),
            ("export X=$(rm a)", &["rm a", "export X=?"], ""),
            ("echo ${x:-$(rm a)}", &["rm a", "echo ?", "echo ?"], ""),
            ("echo ${x:-${y:-$(rm a)}}", &["rm a", "echo ?", "echo ?", "echo ?"], ""),
            ("echo ${x#$(rm a)} ${x/$(rm b)/$(rm c)}", &["rm a", "rm b", "rm c", "echo ? ?"], ""),
            ("echo ${x:$(rm a)}", &["rm a", "echo ?"], ""),
            ("echo ${a[$(rm b)]}", &["rm b", "echo ?"], ""),
            ("echo $((1 + $(rm a)))", &["rm a", "echo ?"], ""),
            ("((x = $(rm a)))", &["rm a"], ""),
            ("[[ $(rm a) == b ]]", &["rm a"], ""),
            ("[[ -n $(rm a) && b =~ $(rm c) ]]", &["rm a", "rm c"], ""),
            ("diff <(rm a) <(rm b)", &["rm a", "rm b", "diff ? ?"], ""),
            ("a > >(rm b)", &["rm b", "a"], ""),
            ("a > $(rm b)", &["rm b", "a"], ""),
            ("case $(rm a) in $(rm b)) rm c;; esac", &["rm a", "rm b", "rm c"], ""),
            ("for x in $(rm a); do b; done", &["rm a", "b"], ""),
            ("for ((i=0; i<$(rm a); i++)); do b; done", &["rm a", "b"], ""),
            ("$(printf python3) -c 'x'", &["printf python3", "python3 -c x"], ""),
            ("echo \"$(echo \"$(rm a)\")\"", &["rm a", "echo ?", "echo ?"], ""),
            ("echo {a,$(rm b)}", &["rm b", "echo a ?"], ""),
            ("echo $(< /etc/passwd)", &["echo ?"], ""),
            ("x=1 y=$(rm a) b", &["rm a", "b"], ""),
            ("cat <<< $(rm a)", &["rm a", "cat"], ""),
            ("echo `echo \\`rm a\\``", &["rm a", "echo ?", "echo ?"], "C"),
            (r"echo `rm \$HOME`", &["rm ?", "echo ?"], ""),
            ("echo \"${x:-'$(rm a)'}\"", &["echo $(rm a)", "echo ?"], "C"),
            ("echo $[ $(rm a) ]", &["rm a", "echo ?"], ""),
            ("let x=$(rm a)", &["rm a", "let x=?"], ""),
            ("select x in $(rm a); do b; done", &["rm a", "b"], ""),
            ("test -n \"$(rm a)\"", &["rm a", "test -n ?"], ""),
        ],
    );
}

#[test]
fn here_documents_are_code_only_where_they_expand() {
    holds(
        Dialect::Bash,
        &[
            ("cat > note.txt <<'E'\nrm -rf /etc\nE", &["cat"], ""),
            ("cat <<E\nrm -rf /etc\nE\nls", &["cat", "ls"], ""),
            ("cat <<E\n$(rm a)\nE", &["rm a", "cat"], ""),
            ("cat <<E\n`rm a`\nE", &["rm a", "cat"], ""),
            ("cat <<'E'\n$(rm a) `rm b`\nE", &["cat"], ""),
            ("cat <<\"E\"\n$(rm a)\nE", &["cat"], ""),
            ("cat <<\\E\n$(rm a)\nE", &["cat"], ""),
            ("cat <<-E\n\t$(rm a)\n\tE\nb", &["rm a", "cat", "b"], ""),
            ("cat <<-'E'\n\trm a\n\tE\nb", &["cat", "b"], ""),
            ("cat <<E > /etc/passwd\nx\nE", &["cat"], ""),
            ("cat <<E; rm x\nbody\nE", &["cat", "rm x"], ""),
            ("cat <<E && rm x | b\nbody\nE\nc", &["cat", "rm x", "b", "c"], ""),
            ("a <<A; b <<B\nx\nA\n$(rm y)\nB\nc", &["a", "rm y", "b", "c"], ""),
            ("cat <<E\n${x:-$(rm a)}\nE", &["rm a", "cat", "cat"], ""),
            ("cat <<E\n\\$(rm a) \\`b\\`\nE", &["cat"], ""),
            ("# <<EOF\nrm x\n", &["rm x"], ""),
            ("echo '<<EOF'\nrm x", &["echo <<EOF", "rm x"], ""),
            ("cat <<<x\nrm y", &["cat", "rm y"], ""),
            ("(( 1 << 2 ))\nrm x", &["rm x"], ""),
            ("bash <<E\nrm -rf /\nE", &["bash"], ""),
            ("x=$(cat <<E\n$(rm a)\nE\n)", &["rm a", "cat"], ""),
            ("cat <<E\nunfinished $(rm a)", &["rm a", "cat"], ""),
        ],
    );
}

#[test]
fn constant_variables_are_followed() {
    holds(
        Dialect::Bash,
        &[
            ("r=rm; $r -rf x", &["rm -rf x"], ""),
            ("F=-rf; rm $F /", &["rm -rf /"], ""),
            ("c=\"rm -rf\"; $c /srv/files", &["rm -rf /srv/files"], ""),
            ("c='rm -rf'; \"$c\" /srv", &["rm -rf /srv"], ""),
            ("x=; $x rm y", &["rm y"], ""),
            ("a=r; b=m; $a$b x", &["rm x"], ""),
            ("a=r; a+=m; $a x", &["rm x"], ""),
            ("a=(rm -rf); \"${a[@]}\" /x", &["rm -rf /x"], ""),
            ("a=(rm -rf); a+=(/x); ${a[0]} ${a[1]} ${a[2]}", &["rm -rf /x"], ""),
            ("a=(rm -rf /x); ${a[@]}", &["rm -rf /x"], ""),
            ("cat $HOME/.env", &["cat ?/.env"], ""),
            ("rm -rf ~/x ~root/y", &["rm -rf ?/x ?/y"], ""),
            ("for d in /srv /opt; do rm -rf \"$d\"; done", &["rm -rf /srv", "rm -rf /opt"], ""),
            ("for c in 'rm -rf' ls; do $c /x; done", &["rm -rf /x", "ls /x"], ""),
            ("for f in *.txt; do rm \"$f\"; done", &["rm *.txt"], ""),
            ("for i in {1..3}; do rm f$i; done", &["rm f1", "rm f2", "rm f3"], ""),
            ("for i in {1..500}; do rm f$i; done", &["rm f?"], ""),
            ("for d in a b; do x=$d; rm $x; done", &["rm a", "rm b"], ""),
            ("${x:-rm} -rf /", &["rm -rf /", "? -rf /"], "P"),
            ("x=; ${x:-rm} -rf /", &["rm -rf /"], ""),
            (": ${x:=rm}; $x y", &[": rm", ": ?", "rm y", "? y"], "P"),
            ("x=y; ${x:+rm} z", &["rm z"], ""),
            ("set -- rm x; \"$@\"", &["set -- rm x", "rm x"], ""),
            ("set -- a rm x; shift; $1 $2", &["set -- a rm x", "shift", "rm x"], ""),
            ("printf -v c %s rm; $c x", &["printf -v c %s rm", "rm x"], ""),
            ("printf -v c r%s m; $c x", &["printf -v c r%s m", "rm x"], ""),
            ("export c=rm; $c x", &["export c=rm", "rm x"], ""),
            ("declare c=rm; $c x", &["declare c=rm", "rm x"], ""),
            ("declare -a c=(rm x); \"${c[@]}\"", &["declare -a c=rm x", "rm x"], ""),
            ("n=c; c=rm; ${!n} x", &["rm x"], ""),
            ("c=RM; ${c,,} x", &["rm x"], ""),
            ("c=xrm; ${c:1} y", &["rm y"], ""),
            ("IFS=,; c=rm,x; $c", &["rm x"], ""),
            ("x=1 rm -rf /", &["rm -rf /"], ""),
            ("x=rm y=$x; $y z", &["rm z"], ""),
            ("{rm,-rf,/}", &["rm -rf /"], ""),
            ("rm -rf /srv/{a,b{1,2}}", &["rm -rf /srv/a /srv/b1 /srv/b2"], ""),
            ("echo {a..c} {} {x} a{,b}", &["echo a b c {} {x} a ab"], ""),
            ("echo \"{a,b}\" '{a,b}' \\{a,b}", &["echo {a,b} {a,b} {a,b}"], ""),
            ("c=rm; true && $c x", &["true", "rm x"], ""),
            ("cd /x && t=/srv && rm -rf $t", &["cd /x", "rm -rf /srv"], ""),
            ("x=y; rm ${x:+\"a b\" c}", &["rm a b c"], ""),
            ("rm x<(b)y", &["b", "rm x?y"], ""),
            ("w=1; unset w; ls \"${w[@]}\"", &["unset w", "ls"], ""),
            ("rm -rf $UNSET_HERE/x", &["rm -rf ?/x"], ""),
            ("IFS= read -r x; c='rm y'; $c", &["read -r x", "rm y"], ""),
        ],
    );
}

#[test]
fn what_may_have_changed_is_unknown_and_never_stale() {
    holds(
        Dialect::Bash,
        &[
            ("$x y", &["? y"], "P"),
            ("c=ls; if a; then c=rm; fi; $c x", &["a", "rm x", "ls x"], ""),
            ("c=ls; a && c=rm; $c x", &["a", "rm x", "ls x"], ""),
            ("c=ls; a || c=rm; $c x", &["a", "ls x", "rm x"], ""),
            ("c=ls; while a; do $c x; c=rm; done", &["a", "? x"], "P"),
            ("c=ls; for i in 1 2; do $c x; c=rm; done", &["? x"], "P"),
            ("c=ls; (c=rm); $c x", &["ls x"], ""),
            ("c=ls; read c; $c x", &["read c", "? x"], "P"),
            ("c=ls; read -r a c <<< 'a rm'; $c x", &["read -r a c", "? x"], "P"),
            ("c=ls; unset c; $c rm x", &["unset c", "rm x"], ""),
            ("c=ls; . ./f; $c x", &[". ./f", "? x"], "P"),
            ("c=ls; source f; $c x", &["source f", "? x"], "P"),
            ("c=ls; eval \"$y\"; $c x", &["eval ?", "?", "? x"], "CP"),
            ("c=ls; case $y in a) c=rm;; esac; $c x", &["rm x", "ls x"], ""),
            ("c=ls; f() { c=rm; }; f; $c x", &["rm x"], ""),
            ("c=rm; f() { local c=ls; }; f; $c x", &["local c=ls", "? x"], "P"),
            ("c=ls; printf -v c \"$y\"; $c x", &["printf -v c ?", "? x"], "P"),
            ("c=ls; ((c=1)); $c x", &["? x"], "P"),
            ("c=ls; c=rm <f; $c x", &["? x"], "P"),
            ("readonly c=rm; c=ls; $c x", &["readonly c=rm", "? x"], "P"),
            ("x=ls; c=:; while a; do $x y; eval \"$c\"; c='x=rm'; done", &["a", "? y", "eval ?", "?"], "CP"),
            ("f() { c=rm; return; c=ls; }; f; $c x", &["return", "? x"], "P"),
            ("mapfile -t a < f; \"${a[@]}\"", &["mapfile -t a", "?"], "P"),
            ("RANDOM=1; $RANDOM x", &["? x"], "P"),
            ("a | read c; $c x", &["a", "read c", "? x"], "P"),
            ("c=ls; a | c=rm; $c x", &["a", "? x"], "P"),
            ("c=ls; c=rm & $c x", &["ls x"], ""),
            ("c=rm; : $((1/0)); c=ls\n$c x", &[": ?", "? x"], "P"),
            ("c=rm; : ${!y}; c=ls\n$c x", &[": ?", "? x"], "P"),
            ("c=rm; { c=ls; } < /nonexistent; $c x", &["? x"], "P"),
            ("c=rm; export c=ls < f; $c x", &["export c=ls", "? x"], "P"),
            ("c=rm; { c=ls; } 2> /dev/null; $c x", &["ls x"], ""),
            ("f() { rm x; }; : $((1/0)); f() { ls; }\nf", &[": ?", "f", "ls", "rm x"], ""),
            ("c=rm; local c=ls; $c x", &["local c=ls", "? x"], "P"),
            ("declare c={rm,ls}; $c x", &["declare c=rm c=ls", "? x"], "P"),
            ("IFS=$y; c='rm x'; $c", &["?"], "P"),
            ("/bin/r? x", &["/bin/r? x"], "P"),
            ("declare -n r=c; r=rm; $c x", &["declare -n r=c", "? x"], "CP"),
        ],
    );
}

#[test]
fn functions_aliases_and_code_in_words_run_where_they_are_called() {
    holds(
        Dialect::Bash,
        &[
            ("f() { rm \"$1\"; }; f /srv", &["rm /srv"], ""),
            ("f() { rm \"$@\"; }; f -rf /srv", &["rm -rf /srv"], ""),
            ("function f { rm x; }; f", &["rm x"], ""),
            ("f() { rm x; }", &[], ""),
            ("f() { :; }; f $(rm x)", &["rm x", ":"], ""),
            ("f() { g; }; g() { rm x; }; f", &["rm x"], ""),
            ("f() { echo \"$1\"; f x; }; f a", &["echo a", "echo x", "echo ?"], ""),
            ("rm() { command rm \"$@\"; }; rm x", &["command rm x"], ""),
            ("if a; then f() { rm x; }; fi; f", &["a", "f", "rm x"], ""),
            ("f() { rm x; }; unset -f f; f", &["unset -f f", "f", "rm x"], ""),
            ("f() { rm x; }; export -f f; bash -c f", &["export -f f", "bash -c f", "rm x"], ""),
            ("f() { rm x; } > log; f", &["rm x"], ""),
            ("eval 'rm -rf /'", &["eval rm -rf /", "rm -rf /"], ""),
            ("eval rm -rf / \\; ls", &["eval rm -rf / ; ls", "rm -rf /", "ls"], ""),
            ("eval \"rm -rf $x\"", &["eval rm -rf ?", "rm -rf ?"], "C"),
            ("eval eval rm x", &["eval eval rm x", "eval rm x", "rm x"], ""),
            ("c='rm x'; eval \"$c\"", &["eval rm x", "rm x"], ""),
            ("builtin eval 'rm x'", &["builtin eval rm x", "rm x"], ""),
            ("command eval 'rm x'", &["command eval rm x", "rm x"], ""),
            ("trap 'rm x' EXIT", &["trap rm x EXIT", "rm x"], ""),
            ("trap f EXIT; f() { rm x; }; b", &["trap f EXIT", "b", "rm x"], ""),
            ("trap - EXIT; trap '' INT; trap", &["trap - EXIT", "trap  INT", "trap"], ""),
            ("alias x=rm; x -rf y", &["alias x=rm", "rm -rf y", "x -rf y"], ""),
            ("alias x='rm -rf '; x y", &["alias x=rm -rf ", "rm -rf y", "x y"], "C"),
            ("alias ls='ls -l'; ls a", &["alias ls=ls -l", "ls -l a", "ls a"], ""),
            ("shopt -s expand_aliases\nalias x=rm\nx a", &["shopt -s expand_aliases", "alias x=rm", "rm a", "x a"], ""),
            ("mapfile -C 'rm x' a", &["mapfile -C rm x a", "rm x"], ""),
            ("compgen -C 'rm x'", &["compgen -C rm x", "rm x"], ""),
            ("source f.sh; . g.sh", &["source f.sh", ". g.sh"], ""),
            ("eval 'f() { rm x; }'; f", &["eval f() { rm x; }", "rm x"], ""),
            ("eval 'if'", &["eval if"], "C"),
            ("command_not_found_handle() { rm x; }; nosuch", &["nosuch", "rm x"], ""),
            ("hash -p /bin/rm ls; ls x", &["hash -p /bin/rm ls", "ls x"], "C"),
            ("BASH_CMDS[ls]=/bin/rm; ls x", &["ls x"], "C"),
            ("PS4='$(rm x)'; set -x", &["set -x"], "C"),
            ("PROMPT_COMMAND='rm x'", &[], "C"),
            ("x='a[$(rm y)]'; ((x))", &[], "C"),
            ("test -v 'a[$(rm y)]'", &["test -v a[$(rm y)]"], "C"),
            ("[[ 'a[$(rm y)]' -eq 1 ]]", &[], "C"),
            ("echo ${x@P}", &["echo ?"], "C"),
            ("env -S 'rm x' y", &["env -S rm x y"], ""),
        ],
    );
}

#[test]
fn compound_commands_run_every_arm() {
    holds(
        Dialect::Bash,
        &[
            ("if a; then b; elif c; then d; else e; fi", &["a", "b", "c", "d", "e"], ""),
            ("while a; do b; done; until c; do d; done", &["a", "b", "c", "d"], ""),
            ("case x in a|b) c;; *) d;& e) f;; esac", &["c", "d", "f"], ""),
            ("case x in (a) b;; esac", &["b"], ""),
            ("for x; do a $x; done", &["a ?"], ""),
            ("for x in; do a; done", &["a"], ""),
            ("select x in a b; do rm $x; done", &["rm a", "rm b"], ""),
            ("while read l; do rm \"$l\"; done < f", &["read l", "rm ?"], ""),
            ("{ a; b; } > f 2>&1", &["a", "b"], ""),
            ("if [ -f x ]; then rm x; fi", &["[ -f x ]", "rm x"], ""),
            ("for ((;;)); do a; done", &["a"], ""),
            ("a && (b || c) | d", &["a", "b", "c", "d"], ""),
            ("if a; then\n  b\n  # rm c\nfi", &["a", "b"], ""),
            ("[[ -f x && ! -d y ]] && rm x", &["rm x"], ""),
            ("case $x in\n  start) a ;;\n  stop) b ;;\nesac", &["a", "b"], ""),
        ],
    );
}

#[test]
fn shapes_the_parser_misreads_are_unresolved() {
    holds(
        Dialect::Bash,
        &[
            ("echo $((rm x) | (cat))", &["echo ?"], "C"),
            ("w+=($({ rm {a < f; }))", &[], "C"),
            ("a {x,\"${u:-\"\"}\"}", &["a x }", "a x ?}"], "C"),
            ("ls {x,\"\\`rm z\\`\"}", &["rm z\\", "ls x \\?"], "C"),
            ("a ${u:=${v:+{a}} | rm x; b }", &["a {a} | rm x; b", "a ?", "a | rm x; b"], "C"),
            ("echo $(($3 / 4)) $((a/b))", &["echo ? ?"], ""),
            ("echo $((rm x); (cat))", &["echo ?"], "C"),
            ("((rm -rf x))", &[], "C"),
            ("echo $((1 + 2)) $((a[1] * 2)) $((x > 1 ? 2 : 3))", &["echo ? ? ?"], ""),
            ("echo {a; rm x; echo }", &["echo {a; rm x; echo }"], "C"),
            ("cat <<< {a && rm x }", &["cat"], "C"),
            ("ls\rrm x", &["ls\rrm x"], "C"),
            ("cat <<E $'a\\'b'\nx\nE", &["cat a'b", "x", "E"], "C"),
        ],
    );
}

#[test]
fn a_posix_shell_is_read_as_any_of_the_programs_called_sh() {
    holds(
        Dialect::Posix,
        &[
            ("cat > note.txt <<'E'\nrm -rf /etc\nE", &["cat"], ""),
            ("rm -rf /; ls", &["rm -rf /", "ls"], ""),
            ("((rm -rf x))", &["rm -rf x"], ""),
            ("[[ -f x ]] && rm x", &["rm x"], ""),
            ("[[ x && rm ]]", &[], "C"),
            ("cat <(rm x)", &["rm x", "cat ?"], ""),
            ("r=rm; $r x", &["rm x"], ""),
            ("export r=rm; $r x", &["export r=rm", "rm x"], ""),
            ("{rm,-rf,/}", &["rm -rf /"], ""),
            ("trap 'rm x' 0", &["trap rm x 0", "rm x"], ""),
            ("f() { rm x; }; f", &["rm x"], ""),
            ("time rm x", &["rm x"], ""),
        ],
    );
    holds(Dialect::Korn, &[("r=rm; $r x", &["rm x"], ""), ("[[ -f x ]] && rm x", &["rm x"], "")]);
    holds(
        Dialect::Zsh,
        &[
            ("r=rm; $r x", &["rm x"], ""),
            ("=rm x", &["rm x"], ""),
            ("echo *(e:'rm x':)", &["echo *(e:'rm x':)"], "C"),
            ("ls **/*(.)", &["ls **/*(.)"], ""),
            ("echo ${(e)x}", &["echo ?"], "C"),
            ("for x (a b) rm $x", &["rm a", "rm b"], ""),
            ("repeat 3 rm x", &["rm x"], ""),
            ("alias -g G='| rm x'; ls G", &["alias -g G=| rm x", "ls G"], "C"),
        ],
    );
}

mod shape {
    //! What surrounds a command: pipes, redirections, standard input, the way to it, its bytes, and the caps.

    use super::super::{
        Dialect, MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, Parser, Redirect, RedirectKind, Shuck, Stdin, Unreadable,
        UnresolvedKind, Via, Word,
    };
    use super::{line, read};

    fn redirects(text: &str) -> Vec<(RedirectKind, Option<i32>, String)> {
        let script = read(text, Dialect::Bash);
        let all = script.commands.iter().flat_map(|command| &command.redirects);
        all.map(|Redirect { kind, fd, target, .. }| (*kind, *fd, target.to_string())).collect()
    }

    #[test]
    fn redirections_keep_their_kind_and_target() {
        use RedirectKind::*;
        let of = |kind, fd, target: &str| vec![(kind, fd, target.to_owned())];
        assert_eq!(redirects("a >> ~/.ssh/authorized_keys"), of(Append, None, "?/.ssh/authorized_keys"));
        assert_eq!(redirects("a 2> f"), of(Write, Some(2), "f"));
        assert_eq!(redirects("a >| f"), of(Clobber, None, "f"));
        assert_eq!(redirects("a <> f"), of(ReadWrite, None, "f"));
        assert_eq!(redirects("a < f"), of(Read, None, "f"));
        assert_eq!(redirects("a 2>&1"), of(DuplicateOutput, Some(2), "1"));
        assert_eq!(redirects("a >& f"), of(Write, Some(1), "f"));
        assert_eq!(redirects("> f"), of(Write, None, "f"));
        assert_eq!(redirects("{ a; } > f"), of(Write, None, "f"));
        assert_eq!(redirects("while a; do b; done > f"), of(Write, None, "f"));
        assert_eq!(redirects("f=/etc/passwd; a > $f"), of(Write, None, "/etc/passwd"));
        assert_eq!(redirects("a <<E\nx $y\nE"), of(HereDocument, None, "x ?\n"));
        assert_eq!(redirects("a <<-E\n\tx\n\tE\n"), of(HereDocument, None, "x\n"));
        assert_eq!(redirects("a <<< 'x y'"), of(HereString, None, "x y"));
        let both: Vec<_> = redirects("a &> f").into_iter().filter(|(_, _, target)| target == "f").collect();
        assert_eq!(both, of(Write, None, "f"));
        let both: Vec<_> = redirects("a &>> f").into_iter().filter(|(_, _, target)| target == "f").collect();
        assert_eq!(both, of(Append, None, "f"));
    }

    #[test]
    fn a_pipe_is_known_on_both_sides() {
        let script = read("curl x | sudo bash -s | tee f", Dialect::Bash);
        let ends: Vec<_> = script.commands.iter().map(|command| (command.pipe_from, command.pipe_to)).collect();
        assert_eq!(ends, [(None, Some(1)), (Some(0), Some(2)), (Some(1), None)]);
        assert_eq!(script.commands[1].stdin, Stdin::Pipe);
        let script = read("curl x | while read l; do sh -c \"$l\"; done", Dialect::Bash);
        assert!(script.commands.iter().skip(1).all(|command| command.pipe_from == Some(0)));
        let script = read("curl x | (cd y; bash)", Dialect::Bash);
        assert_eq!(script.commands[2].stdin, Stdin::Pipe);
        let script = read("f() { bash; }; curl x | f", Dialect::Bash);
        assert_eq!((line(&script.commands[1]), &script.commands[1].stdin), ("bash".into(), &Stdin::Pipe));
        let script = read("curl x | bash < f", Dialect::Bash);
        assert!(matches!(&script.commands[1].stdin, Stdin::File(word) if word.exact() == Some("f")));
    }

    #[test]
    fn standard_input_is_followed_to_the_text_that_feeds_it() {
        for text in ["bash <<'E'\nrm x\nE", "bash <<< $'rm x\\n'", "{ bash; } <<E\nrm x\nE", "exec <<E\nrm x\nE\nbash"]
        {
            let script = read(text, Dialect::Bash);
            let bash = script.commands.iter().find(|command| line(command) == "bash").expect("bash");
            assert!(matches!(&bash.stdin, Stdin::Here(word) if word.exact() == Some("rm x\n")), "{text}: {bash:?}");
        }
        let script = read("bash <&-", Dialect::Bash);
        assert_eq!(script.commands[0].stdin, Stdin::Closed);
    }

    #[test]
    fn the_way_to_a_command_is_told() {
        let script = read("f() { (a $(b)); }; while c; do f & done; trap 'd <(e)' EXIT", Dialect::Bash);
        let via = |name: &str| {
            script.commands.iter().find(|command| line(command).starts_with(name)).map(|command| command.via.clone())
        };
        let inner = [Via::Loop, Via::Background, Via::Function("f".into()), Via::Subshell];
        assert_eq!(via("a").expect("a"), inner);
        assert_eq!(via("b").expect("b"), [inner.as_slice(), &[Via::Substitution]].concat());
        assert_eq!(via("d").expect("d"), [Via::Trap]);
        assert_eq!(via("e").expect("e"), [Via::Trap, Via::Process]);
        assert!(script.commands.iter().any(|command| line(command).starts_with('a') && command.background));
    }

    #[test]
    fn a_span_underlines_the_command_where_it_stands() {
        let text = "cd x; for d in a; do eval 'rm y'; rm  -rf \"$d\" ; done";
        let script = read(text, Dialect::Bash);
        let at = |command: &str| {
            let found = script.commands.iter().find(|known| line(known) == command).expect(command);
            text.get(found.span.clone()).map(str::to_owned)
        };
        assert_eq!(at("rm -rf a").as_deref(), Some("rm  -rf \"$d\""));
        assert_eq!(at("rm y").as_deref(), Some("eval 'rm y'"));
        let word = script.commands.last().and_then(|command| command.words.last()).and_then(|word| word.span.clone());
        assert_eq!(word.and_then(|span| text.get(span)), Some("\"$d\""));
    }

    #[test]
    fn a_fork_bomb_is_named() {
        for bomb in [":(){ :|:& };:", "f() { f | f & }; f", "f() { f & f & }; f", "b() { b|b; }\nb"] {
            assert!(read(bomb, Dialect::Bash).fork_bomb.is_some(), "{bomb}");
        }
        for tame in ["f() { a | b & }; f", "walk() { for d in */; do walk \"$d\" & done; }; walk", "f() { f; }; f"] {
            assert!(read(tame, Dialect::Bash).fork_bomb.is_none(), "{tame}");
        }
    }

    #[test]
    fn given_arguments_are_bound() {
        let given = ["sh", "-rf", "/srv"].map(Word::constant);
        let script = Shuck.parse("rm \"$@\" $0 ${2} $#", Dialect::Posix, Some(&given)).expect("reads");
        assert_eq!(script.commands.iter().map(line).collect::<Vec<_>>(), ["rm -rf /srv sh /srv 2"]);
        let script = Shuck.parse("\"$@\"", Dialect::Posix, Some(&given[..1])).expect("reads");
        assert!(script.commands.is_empty() && script.unresolved.is_empty());
        let script = read("\"$@\"", Dialect::Posix);
        assert_eq!(script.unresolved.len(), 1);
    }

    #[test]
    fn text_the_grammar_refuses_is_unreadable() {
        for bad in ["if a", "a 'b", "a \"b", "(a", "a )", "done", "a ;; b", "case x in", "$(a", "for"] {
            let error = Shuck.parse(bad, Dialect::Bash, None).map(|script| script.commands);
            assert!(matches!(error, Err(Unreadable::Syntax { .. })), "{bad}: {error:?}");
        }
    }

    #[test]
    fn over_a_cap_a_script_is_unresolved_and_never_less() {
        let capped = |text: &str| match Shuck.parse(text, Dialect::Bash, None) {
            Err(_) => true,
            Ok(script) => !script.unresolved.is_empty(),
        };
        assert!(capped(&"a;".repeat(MAX_COMMANDS + 1)));
        assert!(!capped(&"a;".repeat(MAX_COMMANDS - 1)));
        assert!(capped(&"a\n".repeat(MAX_TEXT)));
        let evals = "eval ".repeat(MAX_DEPTH + 2);
        assert!(capped(&format!("{evals} rm x")));
        assert!(capped(&format!("x=abcdefgh; {} echo $x", "x=$x$x;".repeat(40))));
        assert!(capped(&format!("x={}; echo {}", "a".repeat(20_000), "$x".repeat(10_000))));
        let calls: String = (0..20).map(|n| format!("f{n}() {{ f{}; }};", n + 1)).collect();
        assert!(capped(&format!("{calls} f0")));
        assert!(capped(&format!("{}rm x{}", "$(echo ".repeat(60), ")".repeat(60))));
        assert!(capped(&format!("{}a{}", "(".repeat(80), ")".repeat(80))));
        let choices: String = (0..8).map(|n| format!("for v{n} in a b c; do ")).collect();
        let script = read(&format!("{choices} x $v0$v1$v2$v3$v4$v5$v6$v7; {}", "done;".repeat(8)), Dialect::Bash);
        assert!(script.commands.iter().any(|command| line(command).contains('?')), "{:?}", script.commands.len());
        let loops: String = (0..12).map(|n| format!("while a; do v{n}=1; ")).collect();
        let script = read(&format!("{loops} rm x; {}", "done;".repeat(12)), Dialect::Bash);
        assert!(script.commands.iter().any(|command| line(command) == "rm x"));
        assert!(script.unresolved.iter().all(|entry| entry.kind == UnresolvedKind::Cap));
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic() {
        let seeds =
            ["$(`\"'{}<<E\n|&;()[[]]", "for x in a; do ${x:-$(y)}; done <<-E\n\tz\n", "f(){ :|:& };f \\\n~+*?[!a]"];
        for seed in seeds {
            let characters: Vec<char> = seed.chars().collect();
            for from in 0..characters.len() {
                for to in from..=characters.len() {
                    let text: String = characters[from..to].iter().collect();
                    for dialect in [Dialect::Posix, Dialect::Bash, Dialect::Zsh, Dialect::Korn] {
                        let _ = Shuck.parse(&text, dialect, None);
                    }
                }
            }
        }
    }
}
