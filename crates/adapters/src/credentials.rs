//! What identifies the gateway at an API: headers and query parameters of the operator's choice.
//! They are sent, and never shown: not in logs, not in lists, not in what a model is told.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use config::{Auth, Secret, Server};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::encode;

/// Everything that is sent with every request.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    headers: HeaderMap,
    query: String,
    secrets: Vec<Secret>,
}

impl Credentials {
    /// The credentials of a server's `headers` and `auth`.
    pub(crate) fn of(server: &Server) -> Self {
        let mut credentials = Self { query: query(&server.auth), ..Self::default() };
        for (name, value) in &server.headers {
            credentials.add_header(name, value.expose());
        }
        if let Some(authorization) = authorization(&server.auth) {
            credentials.add_header(AUTHORIZATION.as_str(), &authorization);
        }
        let auth = [&server.auth.bearer, &server.auth.password];
        credentials.secrets.extend(auth.into_iter().flatten().cloned());
        let query = server.auth.query.values().flat_map(|value| [value.clone(), Secret::new(encode(value.expose()))]);
        credentials.secrets.extend(query);
        credentials
    }

    /// The headers of every request.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The query of every request, encoded; empty where there is none.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// What must not come back to a client: an API may show requests back.
    pub(crate) fn secrets(&self) -> toolkit::Secrets {
        toolkit::Secrets::new(self.secrets.iter().map(|secret| secret.expose().to_owned()))
    }

    /// Whatever the configuration check let pass that is no header is left out.
    fn add_header(&mut self, name: &str, value: &str) {
        let (Ok(name), Ok(mut header)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) else { return };
        header.set_sensitive(true);
        let token = value.rsplit(' ').next().unwrap_or(value);
        self.secrets.push(Secret::new(token));
        self.headers.insert(name, header);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        out.debug_struct("Credentials").field("headers", &names).finish_non_exhaustive()
    }
}

fn authorization(auth: &Auth) -> Option<String> {
    match (&auth.bearer, &auth.user) {
        (Some(token), _) => Some(format!("Bearer {}", token.expose())),
        (None, Some(user)) => {
            let password = auth.password.as_ref().map_or("", Secret::expose);
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
        }
        (None, None) => None,
    }
}

fn query(auth: &Auth) -> String {
    let pairs = auth.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value.expose())));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(auth: Auth) -> Server {
        Server { auth, ..Server::default() }
    }

    #[test]
    fn credentials_are_sent_as_configured_and_never_shown() {
        let auth = Auth {
            user: Some("ann".to_owned()),
            password: Some(Secret::new("opensesame")),
            query: [("api key".to_owned(), Secret::new("k/1&2"))].into(),
            ..Auth::default()
        };
        let credentials = Credentials::of(&server(auth));
        assert_eq!(credentials.headers()[AUTHORIZATION], "Basic YW5uOm9wZW5zZXNhbWU=");
        assert_eq!(credentials.query(), "api%20key=k%2F1%262");
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("opensesame") && !shown.contains("YW5u") && !shown.contains("k/1"), "{shown}");
    }

    #[test]
    fn key_of_a_query_is_a_secret_however_it_is_written() {
        let auth = Auth { query: [("key".to_owned(), Secret::new("pass word/1"))].into(), ..Auth::default() };
        let secrets = Credentials::of(&server(auth)).secrets();
        assert_eq!(secrets.hide("pass word/1 and pass%20word%2F1".to_owned()), "••• and •••");
    }

    #[test]
    fn bearer_token_is_a_secret_on_its_own() {
        let auth = Auth { bearer: Some(Secret::new("t0k3n-t0k3n")), ..Auth::default() };
        let credentials = Credentials::of(&server(auth));
        assert_eq!(credentials.headers()[AUTHORIZATION], "Bearer t0k3n-t0k3n");
        assert_eq!(credentials.secrets().hide("is t0k3n-t0k3n".to_owned()), "is •••");
    }
}
