//! Binds an invocation: what would run, byte for byte as far as this machine can hold it, with secrets taken out.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::model::{
    BoundFile, Clause, Command, Digest, Directory, Environment, Held, Invocation, Launch, Requester, Role, Seen,
    SeenCommand, StdinBinding, StdinKind, Subject, SubjectType, Text, Variable, Word,
};
use crate::ports::{Failure, Holding, Launcher, Purpose, Standing};
use crate::secrets::{Secret, in_text, in_variable, in_words};

use super::classify::{Classified, Wanted};
use super::masking::Masker;

/// Where a command runs, by name and by identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path.
    pub path: PathBuf,
    /// The device number.
    pub device: u64,
    /// The inode number.
    pub inode: u64,
}

/// How tightly an invocation is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// By name: it was allowed, and is not hashed.
    ByName,
    /// By the bytes that are hashed.
    ByBytes,
}

/// Everything that goes into a subject besides the invocation itself.
pub(super) struct Grounds<'a> {
    pub requester: &'a Requester,
    pub place: &'a Place,
    pub executable: &'a Path,
    pub requirement: &'a [Clause],
    pub policy: Digest,
}

/// A subject, and what will be handed to the kernel if it is cleared.
#[derive(Debug)]
pub(super) struct Bound {
    pub subject: Subject,
    pub launch: Launch,
}

/// Binds what is wanted.
pub(super) fn bound(
    wanted: &Wanted,
    classified: &Classified,
    grounds: &Grounds<'_>,
    hold: Hold,
    launcher: &mut dyn Launcher,
    masker: &mut Masker<'_>,
) -> Result<Bound, Failure> {
    let commands = &classified.reading.commands;
    let mut launch = Launch {
        executable: grounds.executable.to_owned(),
        held: None,
        arguments: wanted.arguments.clone(),
        inputs: Vec::new(),
        environment: wanted.environment.clone(),
    };
    let executable = match hold {
        Hold::ByName => BoundFile {
            argument: None,
            path: Text::of(grounds.executable.as_os_str()),
            digest: None,
            held: false,
            why: None,
        },
        Hold::ByBytes => {
            let holding = launcher.hold(grounds.executable, Purpose::Executable)?;
            launch.held = holding.held;
            file(None, grounds.executable, &holding, "/invocation/executable/digest", masker)?
        }
    };
    let mut files = Vec::new();
    if hold == Hold::ByBytes && !wanted.script {
        for (argument, path) in inputs(commands.first(), &wanted.directory) {
            let holding = launcher.hold(&path, Purpose::Input)?;
            let pointer = format!("/invocation/files/{}/digest", files.len());
            let bound = file(u32::try_from(argument).ok(), &path, &holding, &pointer, masker)?;
            files.push(bound);
            launch.inputs.extend(holding.held.map(|held: Held| (argument, held)));
        }
    }
    let stdin = match hold {
        Hold::ByName => StdinBinding { kind: StdinKind::Inherited, commit: None, length: None },
        Hold::ByBytes => standard_input(launcher.standard_input()?, masker)?,
    };
    let invocation = Invocation {
        arguments: arguments(wanted, commands, masker)?,
        directory: Directory {
            path: Text::of(grounds.place.path.as_os_str()),
            device: grounds.place.device.to_string(),
            inode: grounds.place.inode.to_string(),
        },
        executable,
        files,
        environment: environment(wanted, &classified.consulted, hold, masker)?,
        stdin,
    };
    let subject = Subject {
        kind: SubjectType::V1,
        requester: grounds.requester.clone(),
        invocation,
        seen: seen(classified, masker)?,
        requirement: grounds.requirement.to_vec(),
        policy: grounds.policy,
    };
    Ok(Bound { subject, launch })
}

/// A bare digest of a file that not everyone may read would let others guess its content.
fn file(
    argument: Option<u32>,
    path: &Path,
    holding: &Holding,
    pointer: &str,
    masker: &mut Masker<'_>,
) -> Result<BoundFile, Failure> {
    let digest = match holding.digest {
        Some(digest) if holding.public => Some(digest),
        Some(digest) => Some(masker.commitment(pointer.to_owned(), Text::Plain(digest.to_string()))?),
        None => None,
    };
    let held = holding.held.is_some();
    Ok(BoundFile { argument, path: Text::of(path.as_os_str()), digest, held, why: holding.why.clone() })
}

/// The local files that decide what the command does, where an argument of the invocation names them whole.
fn inputs<'a>(command: Option<&'a Command>, directory: &'a Path) -> impl Iterator<Item = (usize, PathBuf)> + 'a {
    let touches = command.into_iter().flat_map(|command| command.touches.iter().map(move |touch| (command, touch)));
    touches.filter_map(move |(command, touch)| {
        let index = touch.index.filter(|_| matches!(touch.role, Role::Input | Role::Script))?;
        let whole = |index: &usize| command.words.get(*index).is_some_and(|word| word.pieces() == touch.word.pieces());
        // The value of an option is the word after it, unless it is joined to it.
        let argument = [index, index + 1].into_iter().find(whole)?;
        let path = touch.word.known().filter(|path| !path.is_empty() && *path != "-")?;
        let path = directory.join(path);
        Some((argument, path)).filter(|(_, path)| !path.as_os_str().as_bytes().contains(&0))
    })
}

fn standard_input(standing: Standing, masker: &mut Masker<'_>) -> Result<StdinBinding, Failure> {
    Ok(match standing {
        Standing::Terminal => StdinBinding { kind: StdinKind::Terminal, commit: None, length: None },
        Standing::Null => StdinBinding { kind: StdinKind::Null, commit: None, length: None },
        Standing::Spooled { digest, length } => {
            let commit = masker.commitment("/invocation/stdin/commit".to_owned(), Text::Plain(digest.to_string()))?;
            StdinBinding { kind: StdinKind::Spooled, commit: Some(commit), length: Some(length) }
        }
    })
}

/// All arguments, with every secret taken out that the commands found in them, or their own form, give away.
fn arguments(wanted: &Wanted, commands: &[Command], masker: &mut Masker<'_>) -> Result<Vec<Text>, Failure> {
    let texts = wanted.arguments.iter().zip(secrets_of(wanted, commands)).enumerate();
    texts.map(|(at, (text, secrets))| masker.text(&format!("/invocation/arguments/{at}"), text, secrets)).collect()
}

/// The secrets in each argument, by the commands found in them and by their own form.
pub(super) fn secrets_of(wanted: &Wanted, commands: &[Command]) -> Vec<Vec<Secret>> {
    let mut secrets: Vec<Vec<Secret>> = wanted.arguments.iter().map(|_| Vec::new()).collect();
    let known: Vec<Option<&str>> = wanted.arguments.iter().map(|word| word.to_str()).collect();
    let own = if wanted.script { Vec::new() } else { in_words(&known) };
    for (index, secret) in own {
        if let Some(found) = secrets.get_mut(index) {
            found.push(secret);
        }
    }
    for (found, text) in secrets.iter_mut().zip(&known) {
        found.extend(text.map(in_text).unwrap_or_default());
    }
    for command in commands {
        for (word, secret) in command_secrets(command) {
            place(word, &secret, &wanted.arguments, &mut secrets);
        }
        for (name, value) in &command.environment {
            for secret in value.text().map(|text| in_variable(name, text)).unwrap_or_default() {
                place(value, &secret, &wanted.arguments, &mut secrets);
            }
        }
    }
    secrets
}

/// Marks a secret of a word in the argument the word came from: exactly, where it stands there byte for byte, else
/// wherever its value stands inside the word's place.
fn place(word: &Word, secret: &Secret, arguments: &[OsString], secrets: &mut [Vec<Secret>]) {
    let (Some(origin), Some(text)) = (word.origin(), word.text()) else { return };
    let Some(argument) = arguments.get(origin.argument).and_then(|text| text.to_str()) else { return };
    let Some(found) = secrets.get_mut(origin.argument) else { return };
    let Some(part) = argument.get(origin.start..origin.end) else { return };
    if part == text {
        let range = origin.start + secret.range.start..origin.start + secret.range.end;
        found.push(Secret { range, kind: secret.kind });
        return;
    }
    // Quoting lies between the two; a value of a few characters might stand there by chance, as a verb, so it counts
    // only where something marks it off.
    let Some(value) = text.get(secret.range.clone()) else { return };
    for (at, _) in part.match_indices(value) {
        let before = part.get(..at).and_then(|text| text.chars().next_back());
        let after = part.get(at + value.len()..).and_then(|text| text.chars().next());
        let marked = |c: Option<char>| c.is_none_or(|c| matches!(c, '=' | '\'' | '"'));
        if value.len() >= 8 || (marked(before) && after.is_none_or(|c| c.is_whitespace() || matches!(c, '\'' | '"'))) {
            let start = origin.start + at;
            found.push(Secret { range: start..start + value.len(), kind: secret.kind });
        }
    }
}

/// The secrets among the words of one command, by its grammar and by their form.
fn command_secrets(command: &Command) -> Vec<(&Word, Secret)> {
    let known: Vec<Option<&str>> = command.words.iter().map(Word::text).collect();
    let named = command.secrets.iter().filter_map(|secret| {
        let length = known.get(secret.word).copied().flatten()?.len();
        (secret.from < length).then_some((secret.word, Secret { range: secret.from..length, kind: secret.kind }))
    });
    let found = in_words(&known).into_iter().chain(named);
    found.filter_map(|(index, secret)| Some((command.words.get(index)?, secret))).collect()
}

fn seen(classified: &Classified, masker: &mut Masker<'_>) -> Result<Seen, Failure> {
    let mut commands = Vec::new();
    for (at, command) in classified.reading.commands.iter().enumerate() {
        let found = command_secrets(command);
        let mut arguments = Vec::new();
        for (position, word) in command.words.iter().enumerate() {
            let mine = found.iter().filter(|(owner, _)| std::ptr::eq(*owner, word)).map(|(_, secret)| secret.clone());
            let pointer = format!("/seen/commands/{at}/arguments/{position}");
            arguments.push(masker.text(&pointer, &word.display(), mine.collect())?);
        }
        commands.push(SeenCommand { program: command.name.clone(), arguments, via: command.via.clone() });
    }
    let judgement = &classified.judgement;
    Ok(Seen {
        commands,
        findings: judgement.findings.clone(),
        labels: judgement.labels.clone(),
        environments: judgement.environments.clone(),
        unresolved: classified.reading.unresolved.clone(),
        answers: classified.answered.clone(),
    })
}

/// Names that change by themselves and change nothing that runs.
const HARMLESS: [&str; 22] = [
    "_",
    "COLORTERM",
    "COLUMNS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "GATE_HOME",
    "GPG_TTY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LINES",
    "OLDPWD",
    "SHLVL",
    "SSH_AUTH_SOCK",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "TERM",
    "TMUX",
    "TMUX_PANE",
    "WAYLAND_DISPLAY",
    "WINDOWID",
    "XDG_SESSION_ID",
];

/// Beginnings of names whose values decide what runs or where it lands; shown to approvers.
const MATTERS: [&str; 38] = [
    "ANSIBLE_",
    "ARM_",
    "AWS_",
    "AZURE_",
    "BASH_ENV",
    "CLOUDSDK_",
    "DOCKER_",
    "EDITOR",
    "ENV",
    "GCONV_PATH",
    "GIT_",
    "GOOGLE_",
    "HELM_",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IFS",
    "KUBE",
    "LD_",
    "LESSOPEN",
    "MYSQL_",
    "NODE_",
    "NPM_CONFIG_",
    "PAGER",
    "PATH",
    "PERL5",
    "PG",
    "PIP_",
    "PROMPT_COMMAND",
    "PYTHON",
    "REDIS",
    "RUBY",
    "SHELLOPTS",
    "TF_",
    "VAULT_",
    "VISUAL",
    "ZDOTDIR",
    "http_proxy",
    "https_proxy",
];

/// The environment: what matters by name and value, and all else as one commitment; for an allowed command, only what had a
/// say in where it lands.
fn environment(
    wanted: &Wanted,
    consulted: &BTreeSet<String>,
    hold: Hold,
    masker: &mut Masker<'_>,
) -> Result<Environment, Failure> {
    let mut sorted: Vec<&(OsString, OsString)> = wanted.environment.iter().collect();
    sorted.sort();
    let begins = |name: &OsStr, list: &[&str]| list.iter().any(|start| name.as_bytes().starts_with(start.as_bytes()));
    let mut shown = Vec::new();
    let mut rest = Vec::new();
    for (name, value) in sorted {
        let matters = hold == Hold::ByBytes && begins(name, &MATTERS);
        if matters || name.to_str().is_some_and(|name| consulted.contains(name)) {
            let secrets = match (name.to_str(), value.to_str()) {
                (Some(name), Some(value)) => in_variable(name, value),
                _ => Vec::new(),
            };
            let pointer = format!("/invocation/environment/shown/{}/value", shown.len());
            shown.push(Variable { name: Text::of(name), value: masker.text(&pointer, value, secrets)? });
        } else if !HARMLESS.iter().any(|harmless| name == harmless) {
            rest.extend_from_slice(name.as_bytes());
            rest.push(b'=');
            rest.extend_from_slice(value.as_bytes());
            rest.push(0);
        }
    }
    if hold == Hold::ByName {
        return Ok(Environment { shown, rest: None });
    }
    let all = Text::Plain(Digest::of(&rest).to_string());
    let rest = masker.commitment("/invocation/environment/rest".to_owned(), all)?;
    Ok(Environment { shown, rest: Some(rest) })
}
