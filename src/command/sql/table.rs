//! Statements and what they do, as a table.

use super::verbs;
use crate::model::{Hole, Piece, Word};

fn shown(text: &str) -> String {
    let mut found = verbs(&Word::exact(text));
    found.sort_unstable();
    found.dedup();
    found.join(" ")
}

fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(text, expected)| shown(text) != *expected)
        .map(|(text, expected)| format!("{text}\n   found:    {}\n   expected: {expected}", shown(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn statements_are_told_apart_by_what_they_do() {
    check(&[
        ("SHOW server_version", "read"),
        ("select * from t -- drop table t", "read"),
        ("select 'drop table x'; DROP TABLE t", "drop read"),
        ("select 'it''s; drop table x'", "read"),
        ("select $$ drop table x; $$", "read"),
        ("select \"drop table\" from [truncate me]", "read"),
        ("DELETE FROM t", "delete-all"),
        ("delete from t where id = 1", "write"),
        ("delete from t where true", "delete-all"),
        ("delete from t where 1=1", "delete-all"),
        ("delete from t where (1 = 1)", "delete-all"),
        ("delete from t where 'a'='a' returning id", "delete-all"),
        ("delete from t where id = 1 or 1=1", "delete-all"),
        ("delete from t where id = id", "delete-all"),
        ("delete from t where 2 > 1", "delete-all"),
        ("delete from t where 1 and 1", "delete-all"),
        ("delete from t where not false", "delete-all"),
        ("delete from t where id = 1 and 1=1", "write"),
        ("delete from t where id in (select id from x where true)", "write"),
        ("delete from t using (select 1 from x where id = 1) y", "delete-all"),
        ("/* x */ TRUNCATE t;", "truncate"),
        ("DROP/**/TABLE/**/orders", "drop"),
        ("/*!50000 DROP */ TABLE t", "drop"),
        ("/* a /* b */ drop table t", "drop"),
        ("update t set a = 'where'", "update-all"),
        ("update t set a = 1 where b = 2", "write"),
        ("with x as (delete from t returning *) select * from x", "delete-all"),
        ("with x as (select 1 from t where a = 1) delete from t", "delete-all"),
        ("with x as (select 1) select * from x", "read"),
        ("explain delete from t", "read"),
        ("explain analyze delete from t", "delete-all"),
        ("explain (analyze, buffers) delete from t", "delete-all"),
        ("explain analyze select 1", "read"),
        ("copy t to program 'sh'", "program"),
        ("copy t from program 'sh'", "program"),
        ("copy t to stdout", "dump"),
        ("copy t from stdin", "write"),
        ("grant all on t to x", "grant"),
        ("alter role app superuser", "grant"),
        ("create user x", "grant"),
        ("create table users_x (user text)", "ddl"),
        ("alter table t drop column a", "ddl drop"),
        ("alter table events delete where 1", "ddl drop"),
        ("alter system set a = b", "grant"),
        ("set global general_log = 1", "grant"),
        ("set search_path to x", "read"),
        ("select * into outfile '/tmp/x' from t", "dump"),
        ("select load_file('/etc/passwd')", "dump read"),
        ("select pg_read_file('/etc/passwd')", "dump read"),
        ("select lo_export(1, '/tmp/x')", "dump read"),
        ("select writefile('/etc/cron.d/x', 'y')", "program read"),
        ("select load_extension('x')", "program read"),
        ("select pg_terminate_backend(1)", "ddl read"),
        ("insert into function url('http://x', CSV) select * from t", "dump write"),
        ("insert into t values (1)", "write"),
        ("select count() from file('events.csv')", "read"),
        ("DO $$ BEGIN EXECUTE 'dr'||'op table orders'; END $$", "unknown"),
        ("do $$ begin delete from t; end $$", "delete-all"),
        ("create extension plpython3u", "program"),
        ("create function f() returns int language c as 'x.so'", "program"),
        ("create or replace function f() returns int language sql as 'select 1'", "ddl"),
        ("backup database x to disk = 'y'", "dump"),
        ("exec xp_cmdshell 'dir'", "program write"),
        ("call refresh()", "write"),
        ("pragma table_info(t)", "read"),
        ("vacuum", "read"),
        ("SHOW CREATE TABLE drop_log\\G", "read"),
        ("", ""),
    ]);
}

#[test]
fn the_clients_own_commands_are_known_by_their_beginning() {
    check(&[
        ("\\! rm -rf /", "program"),
        ("\\!rm -rf /", "program"),
        ("\\dt", ""),
        ("\\d+ users", ""),
        ("\\x on", ""),
        ("\\copy users to '/tmp/u.csv' csv", "dump"),
        ("\\copy users from '/tmp/u.csv' csv", "write"),
        ("\\copy users to program 'sh'", "program"),
        ("\\o |sh", "program"),
        ("select 1 \\g |sh", "program read"),
        ("select format('drop table %I', t) from x \\gexec", "read unknown"),
        ("\\i x.sql", "unknown"),
        ("\\password x", "grant"),
        ("\\set x `id`", "program"),
        ("select 'a\\! b'", "read"),
        ("system rm -rf /", "program"),
        ("source x.sql", "unknown"),
        (".shell rm -rf /", "program"),
        (".shel sh /tmp/x", "program"),
        (".sh x", "program"),
        (".sys id", "program"),
        (".load x.so", "program"),
        (".import '|id' t", "program"),
        (".output |sh", "program"),
        (".once |sh", "program"),
        (".dump", "dump"),
        (".dum users", "dump"),
        (".backup x.db", "dump"),
        (".read x.sql", "unknown"),
        (".restore x.db", "drop"),
        (".tables", ""),
        (".schema users", ""),
        (".mode csv", ""),
        (".headers on\nselect 1;", "read"),
        ("select 'x.shell y'", "read"),
    ]);
}

#[test]
fn what_is_put_in_at_run_time_hides_no_verb() {
    let variable = || Piece::Hole(Hole::Variable("t".into()));
    let found = |pieces: Vec<Piece>| verbs(&Word::of(pieces));
    assert_eq!(found(vec![Piece::Text("drop table ".into()), variable()]), ["drop"]);
    assert_eq!(found(vec![Piece::Text("select 1 from ".into()), variable()]), ["read"]);
    assert_eq!(found(vec![Piece::Text("select 1; ".into()), variable()]), ["read", "unknown", "write"]);
    assert_eq!(found(vec![variable()]), ["unknown", "write"]);
}
