//! What the shell's own commands do to what is known: names they set, code they run. A command that is not one of them
//! changes nothing here.

use super::names::PROCESS_NUMBER;
use super::residual;
use super::scope::Value;
use super::tree::{Hole, Known, Piece, Simple, Stdin, UnresolvedKind, Via, Word};
use super::walk::{Trap, Walker};

impl Walker {
    pub(super) fn builtin(&mut self, name: &str, simple: Simple) {
        let words = simple.words.clone();
        let span = simple.span.clone();
        let stdin = simple.stdin.clone();
        let redirected = !simple.redirects.is_empty();
        self.push(simple);
        let args = words.get(1..).unwrap_or_default();
        if matches!(
            name,
            "let"
                | "test"
                | "["
                | "printf"
                | "read"
                | "unset"
                | "wait"
                | "declare"
                | "local"
                | "typeset"
                | "export"
                | "readonly"
                | "mapfile"
                | "readarray"
                | "getopts"
                | "integer"
                | "float"
        ) && args.iter().any(|arg| residual::live_subscript(&arg.to_string()))
        {
            self.code(span.clone(), "a substitution in a subscript");
        }
        match name {
            "command" | "builtin" | "nocorrect" | "noglob" | "-" => {
                let inner = args.iter().position(|arg| arg.exact().is_none_or(|text| !text.starts_with('-')));
                let shows = args
                    .iter()
                    .take(inner.unwrap_or(0))
                    .any(|arg| arg.exact().is_some_and(|text| !text.starts_with("--") && text.contains(['v', 'V'])));
                let (Some(at), false) = (inner, shows) else { return };
                let inner: Vec<Word> = args.get(at..).unwrap_or_default().to_vec();
                match inner.first().and_then(Word::exact).map(str::to_owned) {
                    Some(name) => self.effects(&name, &inner, span, &stdin, redirected),
                    None => {
                        self.unresolved(UnresolvedKind::Program, span, "the program's name is not constant");
                        self.forget_all();
                    }
                }
            }
            _ => self.effects(name, &words, span, &stdin, redirected),
        }
    }

    fn effects(&mut self, name: &str, words: &[Word], span: std::ops::Range<usize>, stdin: &Stdin, redirected: bool) {
        let args = words.get(1..).unwrap_or_default();
        match name {
            "eval" => {
                let from = usize::from(args.first().and_then(Word::exact) == Some("--"));
                let code = args.get(from..).unwrap_or_default();
                self.run(code, Via::Eval, span);
            }
            "trap" => self.trap(args, span),
            "source" | "." => self.forget_all(),
            "exec" if args.is_empty() && redirected => self.scope.stdin = stdin.clone(),
            "exec" => {
                let constant = args.iter().all(|arg| arg.exact().is_some_and(|text| !text.starts_with('-')));
                if !constant && args.first().is_some_and(|arg| arg.exact().is_none()) {
                    self.unresolved(UnresolvedKind::Program, span, "the program's name is not constant");
                }
            }
            "alias" => self.alias(args, span),
            "unalias" => {}
            "export" | "readonly" | "declare" | "typeset" | "local" | "integer" | "float" => {
                self.declare(name, args, span)
            }
            "unset" => self.unset(args),
            "set" => self.set(args, &span),
            "shift" => self.shift(args),
            "read" => self.read(args),
            "mapfile" | "readarray" => {
                self.callback(args, &["-C"], &span);
                self.last_name(args, "MAPFILE");
            }
            "compgen" | "complete" => self.callback(args, &["-C", "-F"], &span),
            "bind" => self.callback(args, &["-x"], &span),
            "getopts" => {
                self.last_names(args);
            }
            "let" => {
                for arg in args {
                    match arg.exact() {
                        Some(text) => {
                            let names: Vec<String> = text
                                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                                .filter(|name| shuck_ast::is_shell_variable_name(name))
                                .map(str::to_owned)
                                .collect();
                            names.iter().for_each(|name| self.assign(name, None));
                        }
                        None => self.forget_all(),
                    }
                }
            }
            "printf" => self.printf(args),
            "wait" | "vared" | "zparseopts" | "sysread" | "strftime" | "zstat" | "print" => self.last_names(args),
            "hash" if args.iter().any(|arg| arg.exact().is_none_or(|text| text.starts_with("-p"))) => {
                self.code(span, "a name given another program");
            }
            "hash" if self.dialect == super::Dialect::Zsh && args.iter().any(|arg| arg.to_string().contains('=')) => {
                self.code(span, "a name given another program");
            }
            "enable" if args.iter().any(|arg| arg.exact().is_none_or(|text| text.starts_with("-f"))) => {
                self.code(span, "a builtin loaded from a file");
            }
            // `coproc` and `select` are plain words to some shells.
            "coproc" | "time" | "emulate" | "zmodload" | "autoload" | "sched" | "fc" => {
                if matches!(name, "emulate" | "sched" | "fc" | "autoload") {
                    self.code(span, "a builtin that runs code");
                }
            }
            "cd" | "pushd" | "popd" => self.moved(),
            // Patterns of file names are read as they are without these.
            "shopt" | "setopt" | "set-option"
                if args
                    .iter()
                    .any(|arg| matches!(arg.exact(), Some("dotglob" | "globdots" | "glob_dots" | "GLOB_DOTS"))) =>
            {
                self.code(span, "an option that makes patterns find hidden files");
            }
            _ => {}
        }
    }

    /// Runs words as code: joined by blanks and read again.
    fn run(&mut self, words: &[Word], via: Via, span: std::ops::Range<usize>) {
        let mut text = String::new();
        let mut holes = false;
        for (position, word) in words.iter().enumerate() {
            if position > 0 {
                text.push(' ');
            }
            holes |= word.many;
            for piece in word.text.pieces() {
                match piece {
                    Piece::Text(constant) => text.push_str(&constant),
                    Piece::Hole(hole) => {
                        holes = true;
                        // The rest is still worth reading: the hole stands as a parameter that is not known.
                        match hole {
                            Hole::Variable(name) if shuck_ast::is_shell_variable_name(&name) => {
                                text.push_str("${");
                                text.push_str(&name);
                                text.push('}');
                            }
                            _ => text.push_str("$_"),
                        }
                    }
                }
            }
        }
        if holes {
            self.code(span.clone(), "code that is not constant");
            self.forget_all();
        }
        self.under(via, |walker| walker.text(text, span));
        if holes {
            self.forget_all();
        }
    }

    fn trap(&mut self, args: &[Word], span: std::ops::Range<usize>) {
        let args = match args.first().and_then(Word::exact) {
            Some("--") => args.get(1..).unwrap_or_default(),
            Some(text) if text.len() > 1 && text.starts_with('-') => return,
            _ => args,
        };
        let (Some(action), true) = (args.first(), args.len() > 1) else { return };
        match action.exact() {
            Some("" | "-") => {}
            Some(text) => self.keep_trap(text.to_owned(), span),
            None => {
                let pieces = action.text.pieces();
                let text: String = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => text.clone(),
                        Piece::Hole(Hole::Fitting(shape)) if shape == PROCESS_NUMBER => "$!".to_owned(),
                        Piece::Hole(_) => "$_".to_owned(),
                    })
                    .collect();
                // The number of a process of the script's own is code as little as any number.
                let number = |piece: &Piece| match piece {
                    Piece::Text(_) => true,
                    Piece::Hole(hole) => matches!(hole, Hole::Fitting(shape) if shape == PROCESS_NUMBER),
                };
                if pieces.iter().all(number) {
                    return self.keep_trap(text, span);
                }
                self.code(span.clone(), "code that is not constant");
                self.traps.push(Trap { text, origin: span, scope: None, assigned: 0, forgotten: 0 });
            }
        }
    }

    fn alias(&mut self, args: &[Word], span: std::ops::Range<usize>) {
        for arg in args {
            let Some(text) = arg.exact() else {
                self.code(span.clone(), "an alias that is not constant");
                continue;
            };
            if text.starts_with('-') && text != "-p" {
                self.code(span.clone(), "an alias outside command position");
            }
            let Some((name, value)) = text.split_once('=') else { continue };
            // These could change how the rest of the text is read.
            let first = value.split_whitespace().next().unwrap_or_default();
            let shapes = value.ends_with([' ', '\t', '\\', '|', '&', ';', '(', '{'])
                || value.contains(['#', '\n'])
                || value.matches(['\'', '"']).count() % 2 == 1
                || matches!(
                    first,
                    "" | "if"
                        | "then"
                        | "else"
                        | "elif"
                        | "fi"
                        | "for"
                        | "do"
                        | "done"
                        | "while"
                        | "until"
                        | "case"
                        | "esac"
                        | "select"
                        | "function"
                        | "time"
                        | "coproc"
                        | "{"
                        | "}"
                        | "!"
                        | "[["
                );
            if shapes {
                self.code(span.clone(), "an alias that may change how the script is read");
            }
            let values = self.scope.aliases.entry(name.to_owned()).or_default();
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
    }

    fn declare(&mut self, name: &str, args: &[Word], span: std::ops::Range<usize>) {
        let mut flags = String::new();
        for arg in args {
            match arg.exact() {
                Some(text) if text.starts_with(['-', '+']) => flags.push_str(text.get(1..).unwrap_or_default()),
                _ => {}
            }
        }
        let functions = flags.contains('f');
        for arg in args {
            let pieces = arg.text.pieces();
            let Some(Piece::Text(start)) = pieces.first().cloned() else {
                // A name that is not known: any variable may be meant.
                if !pieces.is_empty() {
                    self.forget_all();
                }
                continue;
            };
            if start.starts_with(['-', '+']) {
                continue;
            }
            if functions {
                self.export_function(&start, &flags, span.clone());
                continue;
            }
            let (variable, value) = match start.split_once('=') {
                Some((variable, value)) => {
                    let mut rest = vec![Piece::Text(value.to_owned())];
                    rest.extend(pieces.get(1..).unwrap_or_default().iter().cloned());
                    (variable.to_owned(), Some(rest))
                }
                None if pieces.len() > 1 => {
                    self.forget_all();
                    continue;
                }
                None => (start.clone(), None),
            };
            let array = variable.ends_with('+') || variable.contains('[') || flags.contains(['a', 'A']);
            let variable = variable.trim_end_matches('+').split('[').next().unwrap_or_default().to_owned();
            if flags.contains(['n', 'i', 'l', 'u', 'c', 'T', 'L', 'R', 'Z', 'E', 'F'])
                || matches!(name, "integer" | "float")
            {
                self.scope.opaque.insert(variable.clone());
                if flags.contains('n') {
                    self.code(span.clone(), "a name that stands for another name");
                }
            }
            match value {
                // A parenthesised array comes here as text with its elements run together.
                Some(_) if array || name == "local" && self.locals.is_empty() => self.assign(&variable, None),
                Some(text) => self.assign(&variable, Some(Value::Scalar(text))),
                None if name == "export" || name == "readonly" => {}
                None => self.assign(&variable, None),
            }
            if name == "readonly" || flags.contains('r') {
                self.scope.opaque.insert(variable.clone());
            }
            if name != "export"
                && name != "readonly"
                && !flags.contains('g')
                && let Some(locals) = self.locals.last_mut()
            {
                locals.push(variable);
            }
        }
    }

    /// An exported function runs in shells started later: its body counts as run.
    fn export_function(&mut self, name: &str, flags: &str, span: std::ops::Range<usize>) {
        if !flags.contains('x') && !flags.is_empty() && flags != "f" {
            return;
        }
        if self.scope.functions.contains_key(name) {
            self.traps.push(Trap { text: name.to_owned(), origin: span, scope: None, assigned: 0, forgotten: 0 });
        }
    }

    fn unset(&mut self, args: &[Word]) {
        let mut functions = true;
        let mut variables = true;
        for arg in args {
            match arg.exact() {
                Some("-f") => variables = false,
                Some("-v") => functions = false,
                Some(name) => {
                    let name = name.split('[').next().unwrap_or_default().to_owned();
                    if variables {
                        let value = if name.len() == arg.to_string().len() { Some(Value::Unset) } else { None };
                        self.assign(&name, value);
                    }
                    if functions && let Some(callable) = self.scope.functions.get_mut(&name) {
                        callable.sure = false;
                    }
                }
                None => {
                    self.forget_all();
                    self.scope.functions.values_mut().for_each(|callable| callable.sure = false);
                }
            }
        }
    }

    fn set(&mut self, args: &[Word], span: &std::ops::Range<usize>) {
        let mut rest = args.iter().enumerate();
        while let Some((at, arg)) = rest.next() {
            match arg.exact() {
                Some("--") => return self.positional(args.get(at + 1..).unwrap_or_default()),
                Some("-o" | "+o" | "-A" | "+A") => {
                    if matches!(arg.exact(), Some("-A" | "+A")) {
                        return self.forget_all();
                    }
                    if rest.next().is_some_and(|(_, option)| option.exact().is_none_or(|option| option == "keyword")) {
                        self.code(span.clone(), "an option that changes how words are read");
                    }
                }
                Some(option) if option.len() > 1 && option.starts_with(['-', '+']) => {
                    if option.starts_with('-') && option.contains('k') {
                        self.code(span.clone(), "an option that changes how words are read");
                    }
                }
                Some("-" | "+") => return self.positional(args.get(at + 1..).unwrap_or_default()),
                _ => return self.positional(args.get(at..).unwrap_or_default()),
            }
        }
    }

    fn positional(&mut self, words: &[Word]) {
        self.changed.positional = true;
        let known = words.iter().all(|word| !word.many) && !self.hazard;
        self.scope.positional = known.then(|| std::rc::Rc::new(words.to_vec()));
    }

    fn shift(&mut self, args: &[Word]) {
        self.changed.positional = true;
        let left = self.scope.positional.as_ref().map_or(0, |words| words.len());
        self.charge_for(left);
        let count = match args.first() {
            None => Some(1),
            Some(word) => word.exact().and_then(|text| text.parse::<usize>().ok()),
        };
        self.scope.positional = match (self.scope.positional.take(), count) {
            _ if self.hazard => None,
            (Some(words), Some(count)) if count <= words.len() => {
                Some(std::rc::Rc::new(words.iter().skip(count).cloned().collect()))
            }
            // Too large a count leaves them as they are.
            (Some(words), Some(_)) => Some(words),
            _ => None,
        };
    }

    fn read(&mut self, args: &[Word]) {
        self.assign("REPLY", None);
        self.last_names(args);
    }

    /// Forgets every argument that could be a variable's name.
    fn last_names(&mut self, args: &[Word]) {
        for arg in args {
            match arg.exact() {
                Some(text) => {
                    // `name?prompt`, `name[1]` and values joined to a flag, `-aname`.
                    let name = text.split(['?', '[']).next().unwrap_or_default();
                    let name = if name.starts_with('-') { name.get(2..).unwrap_or_default() } else { name };
                    if shuck_ast::is_shell_variable_name(name) {
                        self.assign(name, None);
                    }
                }
                None => self.forget_all(),
            }
        }
    }

    fn last_name(&mut self, args: &[Word], default: &str) {
        self.assign(default, None);
        self.last_names(args);
    }

    /// An option value that is code.
    fn callback(&mut self, args: &[Word], options: &[&str], span: &std::ops::Range<usize>) {
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let Some(text) = arg.exact() else { continue };
            let value = if options.contains(&text) {
                rest.next().cloned()
            } else {
                options.iter().find_map(|option| text.strip_prefix(option)).map(Word::constant)
            };
            if let Some(value) = value {
                // The name of a binding stands before its command.
                let value = match (text.starts_with("-x"), value.exact().and_then(|text| text.split_once(':'))) {
                    (true, Some((_, command))) => Word::constant(command.trim().trim_matches(['"', '\''])),
                    _ => value,
                };
                let changed = self.branch(|walker| walker.run(&[value], Via::Eval, span.clone()));
                self.scope.forget(&changed);
            }
        }
    }

    fn printf(&mut self, args: &[Word]) {
        let (name, rest) = match args {
            [flag, name, rest @ ..] if flag.exact() == Some("-v") => (name.exact().map(str::to_owned), rest),
            [flag, rest @ ..] if flag.exact().is_some_and(|flag| flag.len() > 2 && flag.starts_with("-v")) => {
                (flag.exact().and_then(|flag| flag.get(2..)).map(str::to_owned), rest)
            }
            [flag, ..] if flag.exact().is_none() => return self.forget_all(),
            _ => return,
        };
        let Some(name) = name.filter(|name| shuck_ast::is_shell_variable_name(name)) else { return self.forget_all() };
        let value = match rest {
            [format, values @ ..] => format.exact().and_then(|format| formatted(format, values)),
            [] => None,
        };
        self.assign(&name, value.map(Value::Scalar));
    }
}

/// What a format of plain text and `%s` prints.
fn formatted(format: &str, values: &[Word]) -> Option<Vec<Piece>> {
    if format.contains('\\') || values.iter().any(|value| value.many) {
        return None;
    }
    let mut parts = format.split("%s");
    let mut pieces = vec![Piece::Text(parts.next()?.to_owned())];
    let mut values = values.iter();
    for part in parts {
        pieces.extend(values.next().map_or_else(Vec::new, |value| value.text.pieces()));
        pieces.push(Piece::Text(part.to_owned()));
    }
    let plain = pieces
        .iter()
        .all(|piece| !matches!(piece, Piece::Text(text) if text.contains('%') && format.contains(text.as_str())));
    (plain && values.next().is_none()).then(|| match Known::from_pieces(pieces) {
        Known::Exact(text) => vec![Piece::Text(text)],
        Known::Pattern(pieces) => pieces,
    })
}
