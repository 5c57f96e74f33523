//! Tables that SQL and the clients of databases name are resources: what a policy and a catalog say of them counts, and of
//! other tables nothing does.

use serde_json::Value;

use crate::support::Sandbox;

fn labels(sandbox: &Sandbox, script: &str) -> Vec<String> {
    let ran = sandbox.gate(["explain", "--json", "-c", script]).run();
    let value: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{script}: {ran:?}"));
    let texts = |name: &str| value[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    texts("labels").chain(texts("tags")).collect()
}

/// A site that says so of these resources, and has a finding for every client.
fn site(resources: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let rules = "rules:\n  - {id: client, class: read, why: x, when: {tool: [psql, pg_dump, pg_dumpall, mysql, mysqldump, \
                 sqlite3, duckdb, mongosh, mongoexport, mongodump, sqlcmd, clickhouse-client, python3, true]}}\n";
    let data = format!("data:\n  - {{label: restricted, resources: [{resources}]}}\n");
    sandbox.write("gate/policies/acme.yaml", format!("gate: 1\nname: acme\n{data}{rules}"));
    sandbox
}

#[track_caller]
fn holds(resources: &str, touching: &[&str], others: &[&str]) {
    let sandbox = site(resources);
    let unlabelled = touching.iter().filter(|script| labels(&sandbox, script) != ["restricted"]);
    let labelled = others.iter().filter(|script| !labels(&sandbox, script).is_empty());
    let wrong = (unlabelled.collect::<Vec<_>>(), labelled.collect::<Vec<_>>());
    assert_eq!(wrong, (Vec::new(), Vec::new()), "{resources}: without its label, and with one it has not");
}

#[test]
fn a_table_is_known_by_its_name_in_whatever_database() {
    holds(
        "\"postgres://*/customers\"",
        &[
            "psql postgres://u:pw@db.prod:5432/app -c 'select * from customers'",
            "psql -h db.prod -d app -c 'copy customers to stdout'",
            "psql -c 'COPY Customers TO STDOUT'",
            "psql -d app -c '\\copy (select * from customers) to x.csv'",
            "psql app -c 'select * from public.customers c join orders o on o.id = c.id'",
            "psql app -c 'select * from app.public.\"customers\"'",
            "psql app -c 'delete from customers where id = 1'",
            "echo 'select * from customers' | psql app",
            "psql app <<'EOF'\nselect 1;\nselect * from customers;\nEOF",
            "psql app -c \"select * from $T\"",
            "psql app -c \"$SQL\"",
            "psql app -f report.sql",
            "psql app < report.sql",
            "psql app",
            "psql app -c '\\i report.sql'",
            "psql app -c 'select * from :t'",
            "psql app -c '\\c other' -c 'table customers'",
            "psql -d customers -c 'select * from orders'",
            "pg_dump -t customers app",
            "pg_dump --table='hr.customers' app",
            "pg_dump -t 'c*' app",
            "pg_dump app",
            "pg_dumpall -h db.prod",
            "ssh db.prod psql -d app -c 'table\\ customers'",
            "python3 -c 'c.execute(\"select * from customers\")'",
        ],
        &[
            "psql postgres://db.prod/app -c 'select * from orders'",
            "psql app -c 'select customers from orders'",
            "psql app -c 'select * from \"Customers\"'",
            "psql app -c \"select 'from customers'\"",
            "psql app -c 'select * from orders -- customers'",
            "psql app -c 'select * from customers_old'",
            "psql app -l",
            "psql app -c \"select * from orders where id = $ID\"",
            "psql app -c 'set search_path to hr'",
            "pg_dump -t orders app",
            "pg_dump -s app",
            "psql --help",
            "mysql shop -e 'select * from customers'",
            "python3 -c 'c.execute(\"select * from orders\")'",
            "true customers",
        ],
    );
}

#[test]
fn a_host_and_a_database_that_are_known_count() {
    holds(
        "\"postgres://db.prod/app/customers\"",
        &[
            "psql postgresql://db.prod:5433/app -c 'table customers'",
            "psql -h DB.prod app -c 'table customers'",
            "psql 'host=db.prod dbname=app' -c 'table customers'",
            "PGHOST=db.prod PGDATABASE=app psql -c 'table customers'",
            "psql -h \"$HOST\" app -c 'table customers'",
            "psql -h db.prod -d \"$DB\" -c 'table customers'",
            "psql -h db.prod -d app",
            "psql -h db.prod -c 'table customers'",
            "ssh bastion psql app -c 'table\\ customers'",
            "pg_dump -h db.prod app",
            "pg_dump -h db.prod -t customers app",
        ],
        &[
            "psql -h db.test app -c 'table customers'",
            "psql -h db.prod other -c 'table customers'",
            "psql -h db.prod app -c 'table orders'",
            "psql app -c 'table customers'",
            "pg_dump -h db.prod other",
            "pg_dump -h db.test app",
            "psql -h db.test app",
        ],
    );
    let sandbox = site("\"postgres://db.prod:5432/app/hr.*\", \"mysql://*/shop/**\"");
    sandbox.write("home/.pg_service.conf", "[live]\nhost=db.prod\ndbname=app\n[test]\nhost=db.test\n");
    for (script, expected) in [
        ("PGSERVICE=live psql -c 'table hr.people'", &["restricted"][..]),
        ("PGSERVICE=test psql -c 'table hr.people'", &[]),
        ("psql -h db.prod app -c 'table hr.people'", &["restricted"]),
        ("psql -h db.prod app -c 'table people'", &["restricted"]),
        ("psql -h db.prod app -c 'table web.people'", &[]),
        ("mysql -h db shop -e 'select 1 from people'", &["restricted"]),
        ("mysql -h db web -e 'select 1 from shop.people'", &["restricted"]),
        ("mysql -h db web -e 'select 1 from people'", &[]),
    ] {
        assert_eq!(labels(&sandbox, script), expected, "{script}");
    }
}

#[test]
fn every_client_names_its_tables_in_its_own_way() {
    holds(
        "\"mysql://*/customers\"",
        &[
            "mysql shop -e 'select * from `customers`'",
            "mysql shop -e 'select * from Crm.Customers'",
            "mysql -e 'use shop; select * from customers'",
            "mysqldump shop customers",
            "mysqldump -h db shop orders customers",
            "mysqldump shop",
            "mysqldump --databases shop web",
            "mysqldump --all-databases",
            "echo 'select * from customers' | mysql shop",
        ],
        &[
            "mysql shop -e 'select * from `orders`'",
            "mysqldump shop orders",
            "mysqldump --no-data shop",
            "psql shop -c 'table customers'",
        ],
    );
    holds(
        "\"sqlite://*/customers\"",
        &[
            "sqlite3 app.db 'select * from Customers'",
            "sqlite3 /srv/app.db '.dump customers'",
            "sqlite3 app.db .dump",
            "sqlite3 app.db 'select * from [customers]'",
            "sqlite3 app.db",
            "sqlite3 :memory: \"attach 'app.db' as a\" 'select * from a.customers'; sqlite3 app.db 'select * from a.customers'",
        ],
        &[
            "sqlite3 app.db 'select * from orders'",
            "sqlite3 :memory: 'select * from customers'",
            "sqlite3 app.db .tables",
        ],
    );
    holds(
        "\"sqlite:///srv/app.db/*\"",
        &[
            "sqlite3 /srv/app.db 'select * from x'",
            "cd /srv; sqlite3 app.db 'select * from x'",
            "sqlite3 \"$F\" 'table x'",
        ],
        &["sqlite3 /srv/other.db 'select * from x'", "sqlite3 app.db 'select * from x'"],
    );
    holds(
        "\"mongodb://*/customers\"",
        &[
            "mongoexport --uri mongodb://db/shop --collection customers",
            "mongoexport -d shop -c customers",
            "mongodump -d shop",
            "mongosh shop --eval 'db.customers.find()'",
            "mongosh shop --eval 'db.getCollection(\"customers\").find()'",
            "mongosh shop --eval 'db[x].find()'",
            "mongosh shop",
        ],
        &[
            "mongoexport -d shop -c orders",
            "mongosh shop --eval 'db.orders.find()'",
            "mongosh shop --eval 'db.stats()'",
        ],
    );
}

#[test]
fn a_policy_without_such_resources_labels_no_table() {
    let sandbox = site("\"s3://acme/**\", /srv/exports/**, \"**/customers\"");
    for script in ["psql app -c 'table customers'", "psql", "pg_dump app", "mysql shop -e 'select * from customers'"] {
        assert_eq!(labels(&sandbox, script), [""; 0], "{script}");
    }
}

#[test]
fn a_catalog_names_tables_too() {
    let sandbox = site("\"s3://none/**\"");
    let policy = sandbox.read("gate/policies/acme.yaml");
    sandbox.write("gate/policies/acme.yaml", policy.replace("data:\n", "data:\n  - {catalog: list.jsonl}\n"));
    let line = |resource: &str, label: &str| {
        format!("{{\"resource\":\"{resource}\",\"label\":\"{label}\",\"source\":\"dlp\"}}\n")
    };
    let lines = [
        line("postgresql://db.prod/app/customers", "restricted"),
        line("postgres://db.prod/hr", "confidential"),
        line("mysql://db.prod/shop", "internal"),
    ];
    let mut lines = lines.to_vec();
    lines.sort();
    sandbox.write("gate/policies/list.jsonl", lines.concat());
    for (script, expected) in [
        ("psql -h db.prod app -c 'table customers'", &["restricted"][..]),
        ("psql -h db.prod app -c 'table orders'", &[]),
        ("psql -h db.prod hr -c 'table anything'", &["confidential"]),
        ("psql -h db.prod hr -c 'select * from app.public.customers'", &["restricted"]),
        ("psql -h db.prod -d \"$D\" -c 'table customers'", &["confidential", "restricted"]),
        ("psql -h db.test app -c 'table customers'", &[]),
        ("mysql -h db.prod shop -e 'select * from x'", &["internal"]),
    ] {
        assert_eq!(labels(&sandbox, script), expected, "{script}");
    }
}
