//! A command line as it is shown: in one line, bounded, and without the secrets that people put on it.

/// Characters of one command line: enough to tell processes apart, and a list of hundreds stays readable.
const CHARACTERS_MAX: usize = 300;
/// What stands in the place of a secret.
const HIDDEN: &str = "•••";
/// Names of options and variables whose values are secret, wherever they stand in the name.
const SECRET_NAMES: [&str; 8] = ["password", "passwd", "passphrase", "secret", "token", "api-key", "apikey", "api_key"];

/// The arguments as one line.
pub(crate) fn shown(arguments: &[String]) -> String {
    let mut words = Vec::with_capacity(arguments.len());
    let mut next_is_secret = false;
    for argument in arguments {
        let hidden = if next_is_secret { HIDDEN.to_owned() } else { without_secret(argument) };
        next_is_secret = !next_is_secret && announces_secret(argument);
        words.push(hidden);
    }
    let line: String = words.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// Whether the value of this option is the next argument.
fn announces_secret(argument: &str) -> bool {
    argument.starts_with("--") && !argument.contains('=') && is_secret_name(argument)
}

/// An argument without the value after its secret name, or the password in its address.
fn without_secret(argument: &str) -> String {
    if let Some((name, _)) = argument.split_once('=')
        && is_secret_name(name)
    {
        return format!("{name}={HIDDEN}");
    }
    let password = argument.find("://").and_then(|scheme| {
        let start = scheme + "://".len();
        let authority = &argument[start..argument[start..].find('/').map_or(argument.len(), |end| start + end)];
        let end = start + authority.rfind('@')?;
        let start = start + authority.find(':')? + 1;
        (start < end).then_some(start..end)
    });
    match password {
        Some(password) => format!("{}{HIDDEN}{}", &argument[..password.start], &argument[password.end..]),
        None => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let check = |arguments: &[&str], expected: &str| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            assert_eq!(shown(&arguments), expected);
        };
        check(&["nginx", "-g", "daemon off;"], "nginx -g daemon off;");
        check(&["db", "--password=hunter2", "x"], "db --password=••• x");
        check(&["db", "--db-password", "hunter2", "x"], "db --db-password ••• x");
        check(&["env", "API_TOKEN=abc", "run"], "env API_TOKEN=••• run");
        check(&["psql", "postgres://ada:hunter2@db/x"], "psql postgres://ada:•••@db/x");
        check(&["curl", "https://a/b?c=d@e:f"], "curl https://a/b?c=d@e:f");
        check(&["a\nb\u{1b}[2J"], "a b [2J");
        check(&[], "");
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = shown(&["é".repeat(100_000)]);
        assert_eq!(line.chars().count(), CHARACTERS_MAX + 1);
    }
}
