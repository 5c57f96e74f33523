//! Methods of the MongoDB shell that delete, change or give rights.

use super::effects::Effect;
use super::value::{Argument, Value};

/// What a method does, in the words that statements of SQL are told apart by; nothing where it reads.
pub(super) fn method(name: &str, arguments: Option<&[Argument]>) -> Option<Effect> {
    let arguments = arguments?;
    let last = name.rsplit('.').next()?;
    if !name.contains('.') {
        return match last {
            "load" | "run" | "runProgram" | "rawMongoProgramOutput" => Some(Effect::Reach(last.to_owned())),
            _ => None,
        };
    }
    let every = arguments.first().is_none_or(|first| match &first.value {
        Value::Pairs(pairs) => pairs.is_empty(),
        Value::List(values) => values.is_empty(),
        Value::Text(_) | Value::Number(_) | Value::Name(_) | Value::Call(..) | Value::Unknown => true,
    });
    let does = match last {
        "drop"
        | "dropDatabase"
        | "dropCollection"
        | "dropIndexes"
        | "dropIndex"
        | "dropAllUsersFromDatabase"
        | "dropAllRoles"
        | "removeShard"
        | "dropSearchIndex"
        | "dropConnections" => "drop",
        "deleteMany" | "remove" if every => "delete-all",
        "updateMany" | "update" if every => "update-all",
        "createUser"
        | "dropUser"
        | "updateUser"
        | "changeUserPassword"
        | "grantRolesToUser"
        | "revokeRolesFromUser"
        | "createRole"
        | "updateRole"
        | "dropRole"
        | "grantPrivilegesToRole"
        | "grantRolesToRole"
        | "addUser" => "grant",
        "shutdownServer" | "fsyncLock" | "renameCollection" | "reconfig" | "stepDown" | "initiate"
        | "setProfilingLevel" | "convertToCapped" | "killOp" => "ddl",
        "adminCommand" | "runCommand" | "$cmd" => return command(arguments),
        "eval" => return Some(Effect::Reach("eval".to_owned())),
        "aggregate" => {
            let writes = format!("{arguments:?}");
            return (writes.contains("\"$out\"") || writes.contains("\"$merge\"")).then_some(Effect::Does("drop"));
        }
        _ => return None,
    };
    Some(Effect::Does(does))
}

/// `runCommand({drop: "users"})`
fn command(arguments: &[Argument]) -> Option<Effect> {
    let named = match arguments.first().map(|first| &first.value) {
        Some(Value::Pairs(pairs)) => pairs.first().and_then(|pair| pair.key.clone()),
        Some(value) => value.known().map(str::to_owned),
        None => return None,
    };
    let Some(named) = named else { return Some(Effect::Reach("runCommand".to_owned())) };
    let reads = [
        "find",
        "count",
        "distinct",
        "aggregate",
        "ping",
        "buildInfo",
        "serverStatus",
        "dbStats",
        "collStats",
        "hello",
        "isMaster",
        "hostInfo",
        "getParameter",
        "replSetGetStatus",
        "listDatabases",
        "listCollections",
        "listIndexes",
        "connectionStatus",
        "getCmdLineOpts",
        "currentOp",
        "top",
        "features",
        "explain",
        "usersInfo",
        "rolesInfo",
    ];
    if reads.iter().any(|read| read.eq_ignore_ascii_case(&named)) {
        return None;
    }
    Some(match named.as_str() {
        "drop" | "dropDatabase" | "dropIndexes" => Effect::Does("drop"),
        "createUser" | "updateUser" | "grantRolesToUser" | "dropUser" | "createRole" => Effect::Does("grant"),
        "insert" => Effect::Does("write"),
        _ => Effect::Does("ddl"),
    })
}
