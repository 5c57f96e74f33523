# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gate_global_optspecs
    string join \n reason= within= no-wait resume= status= shell= c= h/help V/version
end

function __fish_gate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gate_using_subcommand
    set -l cmd (__fish_gate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gate -n "__fish_gate_needs_command" -l reason -d 'Say why, to the people who are asked and in the record' -r
complete -c gate -n "__fish_gate_needs_command" -l within -d 'Let the request live for this long at most [default: what the policy says]' -r
complete -c gate -n "__fish_gate_needs_command" -l resume -d 'Use the answers to this request, if it is about exactly this command' -r
complete -c gate -n "__fish_gate_needs_command" -l status -d 'Write how it went to this file as JSON (`fd:N` for an open descriptor)' -r
complete -c gate -n "__fish_gate_needs_command" -l shell -d 'The shell that reads SCRIPT [default: sh]' -r
complete -c gate -n "__fish_gate_needs_command" -s c -d 'Run this text in a shell, with pipes and redirections inside what is judged' -r
complete -c gate -n "__fish_gate_needs_command" -l no-wait -d 'Leave the request waiting and exit with 75'
complete -c gate -n "__fish_gate_needs_command" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_needs_command" -s V -l version -d 'Print version'
complete -c gate -n "__fish_gate_needs_command" -a "explain" -d 'Show what gate sees in a command and would decide; runs and writes nothing'
complete -c gate -n "__fish_gate_needs_command" -a "policy" -d 'Check, test, list and show the rules'
complete -c gate -n "__fish_gate_needs_command" -a "requests" -d 'List the requests that wait for an answer, oldest first'
complete -c gate -n "__fish_gate_needs_command" -a "show" -d 'Show one request and its answers'
complete -c gate -n "__fish_gate_needs_command" -a "approve" -d 'Show a request and sign that it may run'
complete -c gate -n "__fish_gate_needs_command" -a "deny" -d 'Show a request and sign that it must not run'
complete -c gate -n "__fish_gate_needs_command" -a "withdraw" -d 'Take back a request of your own'
complete -c gate -n "__fish_gate_needs_command" -a "key" -d 'Make, list and show the keys that answers are signed with'
complete -c gate -n "__fish_gate_needs_command" -a "init" -d 'Write a first configuration, or add somebody to it'
complete -c gate -n "__fish_gate_needs_command" -a "audit" -d 'Read, check and repair the audit log'
complete -c gate -n "__fish_gate_needs_command" -a "doctor" -d 'Check that this machine can ask, or answer, and say what to mend'
complete -c gate -n "__fish_gate_needs_command" -a "serve" -d 'Run the approval server, and say who may call it'
complete -c gate -n "__fish_gate_needs_command" -a "tour" -d 'See gate at work, in a home of its own that is removed again'
complete -c gate -n "__fish_gate_needs_command" -a "completions" -d 'Write completions for a shell to standard output'
complete -c gate -n "__fish_gate_needs_command" -a "pages" -d 'Write the man pages to a folder'
complete -c gate -n "__fish_gate_using_subcommand explain" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand explain" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "check" -d 'Read all layers and run the examples of every rule; exits with 78 on the first fault'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "test" -d 'Run the examples of every rule, and files of cases; exits with 65 if one does not hold'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "list" -d 'List the rules that count, with class and least effect'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "replay" -d 'Make the decisions in the audit log again with a changed policy, and list those that would be others'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "schema" -d 'Print the JSON Schema of policy files, for editors'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "show" -d 'Show one rule, with its examples'
complete -c gate -n "__fish_gate_using_subcommand policy; and not __fish_seen_subcommand_from check test list replay schema show import" -f -a "import" -d 'Turn what a scanner found into a catalog of labels'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from check" -l json -d 'Print JSON'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from test" -l rule -d 'Run the examples of the rules only whose id begins with this' -r
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from test" -l format -d 'How to print' -r -f -a "human\t'Those that fail, and how many hold'
junit\t'JUnit XML'
tap\t'Test Anything Protocol, version 13'
json\t'One JSON object'"
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from test" -l json -d 'The same as `--format json`'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -l since -d 'Count records from this time on, such as 30d, 2026-11-22 or 2026-11-22T10:00:00Z' -r
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -l dir -d 'The log\'s directory, or a copy of one [default: this host\'s log]' -r -F
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -l unused -d 'Only those that the audit log has never seen fire'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -l noisy -d 'Only those that ask often and are nearly always approved (9 of 10, of at least 3), the most asking first'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l policy -d 'A file or a folder of the changed policy, in place of the user\'s own [default: the policy as it is]' -r -F
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l since -d 'Replay records from this time on, such as 30d, 2026-11-22 or 2026-11-22T10:00:00Z' -r
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l dir -d 'The log\'s directory, or a copy of one [default: this host\'s log]' -r -F
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l on-top -d 'Put it on top of the user\'s own'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l fail-on-change -d 'Exit with 65 if a decision would be another one'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -l json -d 'Print JSON'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from schema" -l config -d 'Print that of config.yaml instead'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from import" -l from -d 'Who wrote the file' -r -f -a "macie\t'Amazon Macie: JSON of its findings, in one document or one a line'
csv\t'Comma-separated values: resource, label, tags, source'"
complete -c gate -n "__fish_gate_using_subcommand policy; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand requests" -l json -d 'Print one JSON array'
complete -c gate -n "__fish_gate_using_subcommand requests" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand show" -l verdict -d 'The answer with this number, as listed' -r
complete -c gate -n "__fish_gate_using_subcommand show" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand show" -l statement -d 'Write the statement that was signed'
complete -c gate -n "__fish_gate_using_subcommand show" -l signature -d 'Write the signature, as `ssh-keygen -Y verify` reads it; of a passkey its bytes, DER for ES256'
complete -c gate -n "__fish_gate_using_subcommand show" -l signed -d 'Write the bytes that the signature is over: the statement, the server\'s statement or, of a passkey, the data of the authenticator and the hash of the client\'s'
complete -c gate -n "__fish_gate_using_subcommand show" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand approve" -l key -d 'Sign with this key [default: the one that is enrolled]' -r -F
complete -c gate -n "__fish_gate_using_subcommand approve" -l reason -d 'Say why, in the record and to the requester' -r
complete -c gate -n "__fish_gate_using_subcommand approve" -l yes -d 'Do not ask; without a terminal ID, --key and --reason are needed as well'
complete -c gate -n "__fish_gate_using_subcommand approve" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand deny" -l key -d 'Sign with this key [default: the one that is enrolled]' -r -F
complete -c gate -n "__fish_gate_using_subcommand deny" -l reason -d 'Say why, in the record and to the requester' -r
complete -c gate -n "__fish_gate_using_subcommand deny" -l yes -d 'Do not ask; without a terminal ID, --key and --reason are needed as well'
complete -c gate -n "__fish_gate_using_subcommand deny" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand withdraw" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "new" -d 'Make a new Ed25519 key, protected by a passphrase'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "list" -d 'List the keys of this user'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "show" -d 'Print the public half of a key, as `gate init --key` and authorized_keys take it'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "import" -d 'Copy a key file of OpenSSH, and the .pub file beside it, to gate\'s keys'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "token" -d 'Keep the token that lets this account in at the approval server, in place of the one before'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "accept" -d 'Sign that the principals of the configuration may answer'
complete -c gate -n "__fish_gate_using_subcommand key; and not __fish_seen_subcommand_from new list show import token accept revoke" -f -a "revoke" -d 'Take a key out of use for good; counts at once'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -l name -d 'The name of its file [default: the name of this account]' -r
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -l comment -d 'What stands beside the public half [default: NAME@HOST]' -r
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -l no-passphrase -d 'Leave the key unprotected: whatever runs under this account can use it'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -l keyring -d 'Keep it in the keyring that `keys` in config.yaml names; its public half lies in a .pub file'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON array'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from accept" -l key -d 'Sign with this key, which must be enrolled already [default: the one that is]' -r -F
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from accept" -l reason -d 'Say why, in the record' -r
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from accept" -l yes -d 'Do not ask; without a terminal --key and --reason are needed as well'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from revoke" -l yes -d 'Do not ask'
complete -c gate -n "__fish_gate_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand init" -l principal -d 'Enrol somebody under this name, such as an address' -r
complete -c gate -n "__fish_gate_using_subcommand init" -l key -d 'Their public key (a .pub file)' -r -F
complete -c gate -n "__fish_gate_using_subcommand init" -l group -d 'A group they are a member of, repeatable [default: approvers]' -r
complete -c gate -n "__fish_gate_using_subcommand init" -l account -d 'An account that is theirs (NAME, or NAME@HOST), so that they never answer what it asks; repeatable' -r
complete -c gate -n "__fish_gate_using_subcommand init" -l system -d 'Write /etc/gate/config.yaml, for everybody on this host'
complete -c gate -n "__fish_gate_using_subcommand init" -l new-log -d 'Begin a new audit log although there is one; its first record names the head of the old'
complete -c gate -n "__fish_gate_using_subcommand init" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand audit; and not __fish_seen_subcommand_from verify show ship repair" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand audit; and not __fish_seen_subcommand_from verify show ship repair" -f -a "verify" -d 'Check that the log was not changed and that every run had the approvals it needed'
complete -c gate -n "__fish_gate_using_subcommand audit; and not __fish_seen_subcommand_from verify show ship repair" -f -a "show" -d 'Show the records, one line each'
complete -c gate -n "__fish_gate_using_subcommand audit; and not __fish_seen_subcommand_from verify show ship repair" -f -a "ship" -d 'Send the records that the approval server does not have yet'
complete -c gate -n "__fish_gate_using_subcommand audit; and not __fish_seen_subcommand_from verify show ship repair" -f -a "repair" -d 'Go on behind damaged lines, which stay as they are; a person\'s decision'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l log -d 'The log\'s id, as the file `log` beside `config.yaml` names it [default: this host\'s]' -r
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l key -d 'The key that signs the log, or its fingerprint [default: this host\'s]' -r
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l kept -d 'A request that was kept elsewhere: the log must hold the history it names' -r -F
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l against-server -d 'The log must hold every head that the approval server has seen of it'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -l last -d 'Show the last N records only [default: all]' -r
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -l since -d 'Show records from this time on, such as 2h, 2026-11-22 or 2026-11-22T10:00:00Z' -r
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -l request -d 'Show what belongs to this request' -r
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -l dir -d 'The log\'s directory, or a copy of one [default: this host\'s log]' -r -F
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -l json -d 'Print the body of each record as one JSON object a line'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from ship" -l quiet -d 'Say nothing where all went well'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from ship" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from repair" -l yes -d 'Do not ask'
complete -c gate -n "__fish_gate_using_subcommand audit; and __fish_seen_subcommand_from repair" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand doctor" -l json -d 'Print one JSON object'
complete -c gate -n "__fish_gate_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l listen -d 'Where it listens' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l tls-cert -d 'The certificate it shows, and those between it and a root that clients know (PEM); read again when it changes' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l tls-key -d 'The key of the certificate (PEM)' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l rate -d 'How many calls a second the owner of a token may make' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l waits -d 'How many requests the owner of a token may wait for at a time' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l keep -d 'For how long requests that are over are kept, with their answers; the journal stays [default: for ever]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l log -d 'What it says on stderr while it serves' -r -f -a "failures\t'What it could not do, for people'
text\t'Every call, for people'
json\t'Every call, one JSON object a line'"
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l oidc -d 'An OpenID provider where approvers and auditors sign in as well; gate-oidc(5) says what stands in the file' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -l behind-proxy -d 'A proxy stands before it, encrypts, and names callers in `X-Forwarded-For`'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "token" -d 'Let a host, an approver, an auditor or an admin call; prints the token, this once'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "enrol" -d 'Let an approver make a passkey at the server\'s page; prints the address, which works once and for 15 minutes'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "key" -d 'Print the key that this server signs its word with, for `remote: {key: …}` in config.yaml on the hosts'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "revoke" -d 'Let the owner of a token or a passkey call no more'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "rotate" -d 'Change the key that what is stored is encrypted with, while it serves'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "unit" -d 'Print a hardened unit for systemd'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "container" -d 'Print a Containerfile for an image of gate alone'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "backup" -d 'Copy everything the server knows into a file, while it serves; `sealing.key` is not in it and is kept elsewhere'
complete -c gate -n "__fish_gate_using_subcommand serve; and not __fish_seen_subcommand_from token enrol key revoke rotate unit container backup restore" -f -a "restore" -d 'Fill a new server\'s empty database from such a file; its `sealing.key` is put back into the server\'s folder before'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from token" -l within -d 'For how long it counts [default: until it is revoked]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from token" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from token" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from token" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from enrol" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from enrol" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from enrol" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from enrol" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from key" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from key" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from key" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from revoke" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from revoke" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from revoke" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -l prepare -d 'Only make the next key, `sealing.key.next`: where several servers share a database, each gets it first'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -l finish -d 'Forget the key before, a minute after every server has changed'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from unit" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from container" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from backup" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from backup" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from backup" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from restore" -l data -d 'The server\'s own folder [default: `server` below gate\'s state]' -r -F
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from restore" -l database -d 'A PostgreSQL database for several servers together, without a password in it: PGPASSFILE, or all of it in GATE_DATABASE [default: a file in the server\'s folder]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from restore" -l page -d 'Where browsers find the server, as https://HOST or https://HOST:PORT; passkeys are made for this host [default: localhost and the port it listens at]' -r
complete -c gate -n "__fish_gate_using_subcommand serve; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand tour" -s h -l help -d 'Print help'
complete -c gate -n "__fish_gate_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gate -n "__fish_gate_using_subcommand pages" -s h -l help -d 'Print help'
