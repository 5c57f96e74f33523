//! One argument list in canonical form: subcommand, options by one name, operands with their roles, what is touched.

use std::rc::Rc;

use crate::model::{
    Body, Command, Flag, Hole, Listing, OptionGrammar, Place as Named, Role, SecretWord, Slot, Stdin, Tool, Touch,
    Value, Via, Word,
};

use super::options::{Manner, Parsed, Stop, is_option, parsed};
use super::reading::{Place, Surroundings};
use super::sql;

/// The canonical form of `words`, and how they were taken apart.
pub(super) fn command(words: Vec<Word>, tool: Option<&Tool>, place: &Place, around: Surroundings) -> (Command, Taken) {
    let generic = Tool::default();
    let grammar = tool.unwrap_or(&generic);
    let mut taken = taken(&words, grammar);
    taken.piped = around.piped;
    taken.decoded = around.decoded;
    let mut command = Command {
        name: tool.map(|tool| tool.name.clone()),
        described: tool.is_some(),
        path: taken.path.clone(),
        operands: taken.operands.clone(),
        flags: taken.parsed.flags.clone(),
        touches: Vec::new(),
        sql: Vec::new(),
        tables: Vec::new(),
        environment: place.environment.iter().cloned().chain(around.environment).collect(),
        via: place.via.clone(),
        pipe_from: around.pipe_from,
        pipe_to: around.pipe_to,
        stdin: around.stdin.unwrap_or(Stdin::Inherited),
        directory: place.directory.clone(),
        remote: place.remote.clone(),
        privileged: place.privileged || taken.bodies(grammar).any(|body| body.privileged),
        dry_run: false,
        help: false,
        contexts: Vec::new(),
        secrets: Vec::new(),
        words,
    };
    command.dry_run = taken.bodies(grammar).any(|body| body.dry_run.iter().any(|how| rehearses(&command, how)));
    command.help = taken.bodies(grammar).any(|body| body.help.iter().any(|word| helps(&command, &taken, word)));
    touch(&mut command, &taken, grammar);
    for redirected in around.redirects {
        let role = if redirected.writes { Role::Writes } else { Role::Source };
        command.touches.push(Touch { role, word: redirected.target, index: None, recursive: false });
    }
    for body in taken.bodies(grammar) {
        secrets(&mut command, body);
    }
    (command, taken)
}

/// How an argument list was taken apart by the grammar of its subcommand.
#[derive(Debug)]
pub(super) struct Taken {
    pub parsed: Parsed,
    /// The subcommand's words.
    pub path: Vec<usize>,
    /// The operands after them.
    pub operands: Vec<usize>,
    /// Which of the tool's commands it is.
    pub command: Option<usize>,
    /// Options that a closed grammar does not list.
    pub unlisted: Vec<usize>,
    /// What comes through the pipe it reads, where that is constant.
    pub piped: Option<String>,
    /// And what it was before somebody encoded it, where the pipe decodes.
    pub decoded: Option<String>,
}

impl Taken {
    /// What holds for it, the most specific first.
    pub(super) fn bodies<'a>(&self, tool: &'a Tool) -> impl Iterator<Item = &'a Body> + use<'a> {
        let specific = self.command.and_then(|index| tool.commands.get(index)).map(|(_, body)| body);
        specific.into_iter().chain(std::iter::once(&tool.body))
    }
}

fn taken(words: &[Word], tool: &Tool) -> Taken {
    let whole = tool.listed.iter().find(|(path, _)| path.is_empty()).map(|(_, line)| listing(line)).unwrap_or_default();
    let general: Vec<&OptionGrammar> = tool.options.iter().chain(&tool.body.options).chain(&whole.options).collect();
    // The subcommand decides which options take values, and options stand before it: first with all of them.
    let all = tool.commands.iter().flat_map(|(_, body)| &body.options);
    let options: Vec<&OptionGrammar> = general.iter().copied().chain(all).collect();
    let first = parsed(words, tool, [&options, &[]], &manner(tool, None, None), stop(&tool.body, 0));
    let (command, length) = subcommand(words, &first.operands, tool);
    let body = command.and_then(|index| tool.commands.get(index)).map(|(_, body)| body);
    let special = listed(words, &first.operands, tool);
    let result = if body.is_none() && tool.commands.is_empty() && special.is_none() {
        first
    } else {
        let own = body.into_iter().flat_map(|body| &body.options);
        let own = own.chain(special.iter().flat_map(|(_, listing)| &listing.options));
        let options: Vec<&OptionGrammar> = own.chain(general.iter().copied()).collect();
        let named = special.as_ref().map_or(0, |(length, _)| *length).max(body.map_or(0, |_| length));
        let last = special.as_ref().filter(|(_, listing)| listing.ends).map(|(length, _)| *length);
        let manner = Manner { path: named, ..manner(tool, body, last) };
        let stops = body.map_or_else(|| stop(&tool.body, 0), |body| stop(body, length));
        parsed(words, tool, [&options, &general], &manner, stops)
    };
    let (path, operands) = result.operands.split_at_checked(length.min(result.operands.len())).unwrap_or_default();
    Taken {
        path: path.to_vec(),
        operands: operands.to_vec(),
        command,
        unlisted: result.unlisted.clone(),
        piped: None,
        decoded: None,
        parsed: result,
    }
}

/// The options of the subcommand as the tool itself lists them, and of how many words its name is; the longest counts.
fn listed(words: &[Word], operands: &[usize], tool: &Tool) -> Option<(usize, Listing)> {
    let length = |path: &str| path.split_whitespace().count();
    let spelled = |path: &str| {
        let mut leading = operands.iter().map(|&index| words.get(index).and_then(Word::text));
        path.split_whitespace().all(|name| leading.next().flatten() == Some(name))
    };
    let named = tool.listed.iter().filter(|(path, _)| !path.is_empty() && spelled(path));
    named.max_by_key(|(path, _)| length(path)).map(|(path, line)| (length(path), listing(line)))
}

fn listing(line: &str) -> Listing {
    // A line that could not be read was refused when the policy was.
    Listing::read(line).unwrap_or_default()
}

/// What an option takes that the grammar does not list: before the subcommand is named it never takes a word, lest it take
/// one of the subcommand's. And where the options end.
fn manner(tool: &Tool, body: Option<&Body>, last: Option<usize>) -> Manner {
    let operands = body.is_some_and(|body| !body.operands.is_empty());
    let unlisted = match (tool.valued, operands) {
        (false, _) => Value::No,
        (true, true) => Value::Needed,
        (true, false) => Value::Several,
    };
    Manner { unlisted, from: tool.depth, last, path: 0 }
}

/// Options end where an inner command may begin.
fn stop(body: &Body, path: usize) -> Stop {
    let mut stops = body.runs.iter().rev().filter(|runs| !runs.own).filter_map(|runs| match runs.at {
        Slot::After(0) | Slot::Dashes(0) => Some(Stop::Before(path)),
        Slot::After(count) => Some(Stop::After(count + path)),
        Slot::Dashes(count) => Some(Stop::Before(count + path)),
        Slot::Options(_) | Slot::ScriptIf(_) | Slot::ScriptUnless(_) | Slot::Setting(..) | Slot::FileOrInput => None,
    });
    stops.next().unwrap_or(Stop::Never)
}

/// Which of the tool's commands the leading operands name, and how many of them do.
fn subcommand(words: &[Word], operands: &[usize], tool: &Tool) -> (Option<usize>, usize) {
    let spelled: Vec<Option<&str>> = operands.iter().map(|&index| words.get(index).and_then(Word::text)).collect();
    let matches = |path: &[Vec<String>]| {
        path.len() <= spelled.len()
            && path.iter().zip(&spelled).all(|(names, word)| word.is_some_and(|word| names.iter().any(|n| n == word)))
    };
    let mut best: Option<(usize, usize)> = None;
    for (index, (path, _)) in tool.commands.iter().enumerate() {
        if matches(path) && best.is_none_or(|(_, length)| path.len() > length) {
            best = Some((index, path.len()));
        }
    }
    match best {
        Some((index, length)) => (Some(index), length),
        None => (None, tool.depth.min(operands.len())),
    }
}

/// Whether an option (`--dry-run`, or `--dry-run=client` for one value of it) was given.
/// Whether an option says that nothing is to happen, or an operand does that is none (`test=True`) and no other unsays.
fn rehearses(command: &Command, how: &str) -> bool {
    let Some((name, _)) = how.split_once('=').filter(|_| !how.starts_with('-')) else {
        return given(&command.flags, how);
    };
    let operands = command.operands.iter().filter_map(|index| command.words.get(*index));
    let mut same = operands.filter(|word| {
        let start = word.prefix().split(|byte| *byte == b'=').next();
        start == Some(name.as_bytes()) || !word.is_known() && word.prefix().is_empty()
    });
    let first = same.next();
    first.is_some_and(|word| word.text() == Some(how)) && same.all(|word| word.text() == Some(how))
}

fn given(flags: &[Flag], wanted: &str) -> bool {
    let (name, value) = match wanted.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (wanted, None),
    };
    let same = |flag: &&Flag| {
        flag.name == name
            || (!name.starts_with("--")
                && flag.name.trim_start_matches('-') == name.trim_start_matches('-')
                && flag.name.starts_with("--") == name.starts_with("--"))
    };
    // The last one counts, and `--no-dry-run` takes `--dry-run` back wherever it stands.
    let opposite = |flag: &Flag| {
        let positive = flag.name.trim_start_matches('-').strip_prefix("no-");
        flag.value.is_none() && positive.is_some_and(|positive| positive == name.trim_start_matches('-'))
    };
    flags.iter().rfind(same).is_some_and(|flag| {
        let text = flag.value.as_ref().map(Word::text);
        !flags.iter().any(opposite)
            && match (value, text) {
                (Some(value), Some(Some(text))) => value == "*" || value == text,
                (Some(_), _) => false,
                (None, None) => true,
                // A switch may be turned off again by its value; what is not known turns nothing off.
                (None, Some(Some(text))) => !matches!(text, "false" | "none" | "no" | "0" | "off"),
                (None, Some(None)) => false,
            }
    })
}

/// Whether an option that only prints help was given, or its word stands where help is asked for with one (`aws s3 rm
/// help`): last, and alone after the subcommand.
fn helps(command: &Command, taken: &Taken, wanted: &str) -> bool {
    if wanted.starts_with(['-', '+']) {
        return given(&command.flags, wanted);
    }
    let last = match command.operands.as_slice() {
        _ if taken.parsed.rest.is_some() => None,
        [] => command.path.last(),
        [only] => Some(only),
        _ => None,
    };
    last.and_then(|&index| command.words.get(index)).and_then(Word::text) == Some(wanted)
}

fn touch(command: &mut Command, taken: &Taken, tool: &Tool) {
    let recursive = command.flags.iter().any(|flag| matches!(flag.name.as_str(), "--recursive" | "-r" | "-R"));
    let mut touches = Vec::new();
    let grammar = taken.bodies(tool).find(|body| !body.operands.is_empty()).map(|body| body.operands.as_slice());
    for (position, &index) in taken.operands.iter().enumerate() {
        let Some(word) = command.words.get(index) else { continue };
        let role = grammar.and_then(|grammar| role_of(grammar, position, taken.operands.len()));
        match role.or_else(|| is_url(word).then_some(Role::Url)) {
            Some(role) => push(&mut touches, role, word, Some(index), recursive),
            None => continue,
        }
    }
    for flag in &command.flags {
        let Some(value) = &flag.value else { continue };
        let role = taken
            .bodies(tool)
            .flat_map(|body| &body.options)
            .chain(&tool.options)
            .find_map(|option| (option.name == flag.name).then_some(option.role));
        match role.flatten().or_else(|| is_url(value).then_some(Role::Url)) {
            Some(role) => push(&mut touches, role, value, Some(flag.word), recursive),
            None => continue,
        }
    }
    // What a client of a database is given neither as option nor as operand it reads from standard input.
    let sql = |role: Option<Role>| role == Some(Role::Sql);
    let client = taken.bodies(tool).any(|body| {
        body.options.iter().any(|option| sql(option.role)) || body.operands.iter().any(|operand| sql(operand.role))
    }) || tool.options.iter().any(|option| sql(option.role));
    if client
        && !touches.iter().any(|touch| matches!(touch.role, Role::Sql | Role::Input))
        && let Some(text) = given_text(command, taken)
    {
        touches.push(Touch { role: Role::Sql, word: Word::exact(text), index: None, recursive: false });
    }
    let statements = touches.iter().filter(|touch| touch.role == Role::Sql).map(|touch| touch.word.clone());
    let statements: Vec<Word> = statements.collect();
    command.sql = sql::given(&tool.name, &statements);
    // A database in memory is gone with its client, and one among temporary files soon; so is what is dropped in it.
    let passing = |path: &str| matches!(path, ":memory:" | "") || path.starts_with("/tmp/") && !path.contains("..");
    let memory = |touch: &Touch| touch.role == Role::Target && touch.word.text().is_some_and(passing);
    let memory_only = touches.iter().any(memory);
    if memory_only {
        command.sql.retain(|verb| !matches!(*verb, "drop" | "ddl" | "delete-all" | "update-all" | "truncate"));
    }
    command.sql.sort_unstable();
    command.sql.dedup();
    command.touches = touches;
    command.tables = if memory_only { Vec::new() } else { sql::touched(command, &tool.name, &statements) };
}

/// The text of standard input, where the script says it.
pub(super) fn given_text(command: &Command, taken: &Taken) -> Option<String> {
    match &command.stdin {
        Stdin::Text(text) => text.clone(),
        Stdin::Pipe => taken.piped.as_ref().or(taken.decoded.as_ref()).cloned(),
        Stdin::Inherited | Stdin::File(_) | Stdin::Closed => None,
    }
}

fn push(touches: &mut Vec<Touch>, role: Role, word: &Word, index: Option<usize>, recursive: bool) {
    let word = match role {
        Role::AtInput => match after_at(word) {
            Some(word) => word,
            None => return,
        },
        _ => word.clone(),
    };
    let recursive = recursive || word.text().is_some_and(|text| text.ends_with('/'));
    touches.push(Touch { role, word, index, recursive });
}

/// The file of `@file`, `name=@file` and `name=<file` (curl), up to `;`.
fn after_at(word: &Word) -> Option<Word> {
    let prefix = std::str::from_utf8(word.prefix()).ok()?;
    let start = match prefix.strip_prefix(['@', '<']) {
        Some(_) => 1,
        None => prefix.find("=@").or_else(|| prefix.find("=<")).map(|at| at + 2).or_else(|| {
            // `--data-urlencode name@file`
            prefix
                .find('@')
                .filter(|at| !prefix.get(..*at).is_some_and(|name| name.contains(['=', '&', ' ', '.'])))
                .map(|at| at + 1)
        })?,
    };
    let file = word.without_prefix(start)?;
    match file.text().and_then(|text| text.split_once(';')) {
        Some((path, _)) => Some(Word::exact(path).at(word.origin())),
        None => Some(file),
    }
}

fn is_url(word: &Word) -> bool {
    std::str::from_utf8(word.prefix()).is_ok_and(|text| text.contains("://"))
}

/// The role of the operand at `position` of `count`, where one role may repeat.
fn role_of(grammar: &[crate::model::OperandGrammar], position: usize, count: usize) -> Option<Role> {
    let repeats = grammar.iter().position(|operand| operand.repeats);
    let index = match repeats {
        None => position,
        Some(at) if position < at => position,
        Some(at) => {
            let after = grammar.len() - at - 1;
            let from_end = count - position;
            if from_end <= after && count > at { grammar.len() - from_end } else { at }
        }
    };
    grammar.get(index)?.role
}

fn secrets(command: &mut Command, body: &Body) {
    for flag in command.flags.iter().filter(|flag| body.secrets.contains(&flag.name)) {
        let Some(value) = &flag.value else { continue };
        let Some(stands) = command.words.get(flag.word) else { continue };
        // Joined to its option, it is the end of that word; one of several is a word of its own; else it is the next one.
        let joined = stands.prefix().len().checked_sub(value.prefix().len()).filter(|from| {
            (*from > 0 || !is_option(stands))
                && stands.without_prefix(*from).is_some_and(|end| end.pieces() == value.pieces())
        });
        let (word, from) = joined.map_or((flag.word + 1, 0), |from| (flag.word, from));
        command.secrets.push(SecretWord { word, from, kind: "flag" });
    }
}

/// The step of the way that a tool adds for what runs inside it, and the place where that runs.
pub(super) fn inside(command: &Command, taken: &Taken, tool: &Tool, place: &Place) -> Place {
    let mut inside = place.under(Via::Program(tool.name.clone()));
    inside.privileged = command.privileged;
    inside.contexts.clone_from(&command.contexts);
    for (name, value) in command.environment.iter().skip(place.environment.len()) {
        inside.export(name, Some(value.clone()), true);
    }
    if taken.bodies(tool).any(|body| body.privileged) {
        // Somebody else's home.
        inside.export("HOME", Some(Word::unknown(Hole::Variable("HOME".to_owned()))), true);
    }
    if tool.name == "env" {
        without_variables(&mut inside, command);
    }
    for body in taken.bodies(tool) {
        let operand = |at: &usize| command.operands.get(*at).and_then(|&index| command.words.get(index)).cloned();
        let word = match &body.remote {
            None => None,
            Some(Named::Operand(at)) => operand(at),
            Some(Named::Option(name)) => {
                command.flags.iter().find(|flag| flag.name == *name).and_then(|flag| flag.value.clone())
            }
            Some(Named::Unnamed) => Some(Word::exact(tool.name.as_str())),
        };
        let has = |name: &str| command.flags.iter().any(|flag| flag.name == name);
        let given = |option: &String| option.strip_prefix('!').map_or_else(|| has(option), |without| !has(without));
        inside.typed = command.stdin == Stdin::Inherited && body.terminal.iter().any(given) || inside.typed;
        if word.is_some() {
            inside.remote = word;
            inside.directory = None;
            inside.exported = Rc::default();
            inside.environment.clear();
        }
        if let Some(flag) =
            body.directory.as_ref().and_then(|name| command.flags.iter().find(|flag| flag.name == *name))
        {
            let known = flag.value.as_ref().and_then(Word::known);
            inside.directory = known.and_then(|directory| Some(inside.directory.as_ref()?.join(directory)));
        }
    }
    inside
}

/// `env -i` and `env -u NAME`.
fn without_variables(inside: &mut Place, command: &Command) {
    for flag in &command.flags {
        match (flag.name.as_str(), flag.value.as_ref().and_then(Word::text)) {
            ("-i" | "--ignore-environment", _) => {
                inside.exported = Rc::default();
                inside.environment.clear();
                inside.cleared = true;
            }
            ("-u" | "--unset", Some(name)) => inside.export(name, None, true),
            _ => {}
        }
    }
}
