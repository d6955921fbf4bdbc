//! A forge: the service beside a remote where changes are proposed and looked at. It speaks the REST interfaces of GitHub
//! and GitLab at the address of a connection, with its token.

use bytes::{Bytes, BytesMut};
use egress::{Client, Options, Rules, Sent, Target};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use toolkit::{Code, Connection, Failure};

/// Bytes of an answer: a request with all that a forge says about it.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Characters of what a forge says that a message repeats.
const SAID_CHARS_MAX: usize = 300;

/// Whose interface it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    GitHub,
    GitLab,
}

/// A forge that can be asked.
pub(super) struct Forge {
    client: Client,
    dialect: Dialect,
    base: String,
    token: String,
}

/// A change that is proposed.
pub(super) struct Proposal<'a> {
    /// Owner and name of the repository.
    pub(super) project: &'a str,
    /// Its title.
    pub(super) title: &'a str,
    /// What is said of it.
    pub(super) body: &'a str,
    /// The branch with the change.
    pub(super) head: &'a str,
    /// The branch that it is for.
    pub(super) base: &'a str,
    /// Whether it is not finished.
    pub(super) draft: bool,
}

/// A change that was proposed.
pub(super) struct Proposed {
    /// Its page.
    pub(super) url: String,
    /// Its number in the repository.
    pub(super) number: u64,
}

impl Forge {
    /// The forge of a connection.
    pub(super) fn of(connection: &Connection) -> Result<Self, Failure> {
        let hint = "the connection needs the `url` of the interface, `https://api.github.com` or \
            `https://gitlab.example.com/api/v4`, and a token as `secret`";
        let token = connection
            .secret
            .clone()
            .ok_or_else(|| Failure::new(Code::Unauthorized, "the connection has no token").hint(hint))?;
        let base = connection.url.trim_end_matches('/').to_owned();
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::new(Code::NotSupported, "the connection leads to no forge").hint(hint));
        }
        let dialect = if base.ends_with("/api/v4") { Dialect::GitLab } else { Dialect::GitHub };
        // the operator wrote the address
        let client = Client::new(Options { rules: Rules::CONFIGURED, ..Options::default() });
        Ok(Self { client, dialect, base, token })
    }

    /// Proposes a change.
    pub(super) async fn propose(&self, proposal: &Proposal<'_>, reviewers: &[String]) -> Result<Proposed, Failure> {
        let mut ids = Vec::new();
        if self.dialect == Dialect::GitLab {
            for reviewer in reviewers {
                ids.push(self.person(reviewer).await?);
            }
        }
        let (path, body) = self.request(proposal, &ids);
        let answer = self.ask(Method::POST, &path, Some(&body)).await?;
        self.read(&answer).ok_or_else(|| {
            let failure = Failure::new(Code::OutcomeUnknown, "the forge took the request but does not say where it is");
            failure.hint("look at the forge before you try again")
        })
    }

    /// Asks people to look at a change that is proposed; GitLab was told of them with the change.
    pub(super) async fn ask_reviewers(&self, project: &str, number: u64, reviewers: &[String]) -> Result<(), Failure> {
        if self.dialect == Dialect::GitLab || reviewers.is_empty() {
            return Ok(());
        }
        let path = format!("/repos/{project}/pulls/{number}/requested_reviewers");
        self.ask(Method::POST, &path, Some(&json!({"reviewers": reviewers}))).await.map(drop)
    }

    /// Where a change is proposed, and how.
    fn request(&self, proposal: &Proposal<'_>, reviewers: &[u64]) -> (String, Value) {
        let Proposal { project, title, body, head, base, draft } = proposal;
        match self.dialect {
            Dialect::GitHub => (
                format!("/repos/{project}/pulls"),
                json!({"title": title, "body": body, "head": head, "base": base, "draft": draft}),
            ),
            Dialect::GitLab => {
                let title = if *draft { format!("Draft: {title}") } else { (*title).to_owned() };
                let mut request =
                    json!({"title": title, "description": body, "source_branch": head, "target_branch": base});
                if !reviewers.is_empty() {
                    request["reviewer_ids"] = json!(reviewers);
                }
                (format!("/projects/{}/merge_requests", project.replace('/', "%2F")), request)
            }
        }
    }

    fn read(&self, answer: &Value) -> Option<Proposed> {
        let (url, number) = match self.dialect {
            Dialect::GitHub => ("html_url", "number"),
            Dialect::GitLab => ("web_url", "iid"),
        };
        Some(Proposed { url: answer[url].as_str()?.to_owned(), number: answer[number].as_u64()? })
    }

    /// The number of a person on GitLab.
    async fn person(&self, name: &str) -> Result<u64, Failure> {
        let answer = self.ask(Method::GET, &format!("/users?username={name}"), None).await?;
        answer[0]["id"].as_u64().ok_or_else(|| {
            let failure = Failure::new(Code::NotFound, format!("the forge knows nobody called `{name}`"));
            Failure { field: Some("reviewers".to_owned()), ..failure }
        })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let unusable = |why: String| Failure::new(Code::UpstreamError, format!("cannot ask the forge: {why}"));
        let target = Target::parse(&format!("{}{path}", self.base)).map_err(|error| unusable(error.to_string()))?;
        let bytes = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = Request::builder()
            .method(method)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(bytes))
            .map_err(|_| unusable("the token has characters that no header can hold".to_owned()))?;
        let answer = self.client.send(request, &target).await.map_err(|error| match error.sent() {
            Sent::No => Failure::new(Code::Unavailable, format!("the forge does not answer: {error}"))
                .hint("check the `url` of the connection and the network"),
            Sent::Maybe => {
                Failure::new(Code::OutcomeUnknown, format!("the forge was asked and did not answer: {error}"))
                    .hint("look at the forge before you try again")
            }
        })?;
        let status = answer.status();
        let bytes = whole(answer.into_body()).await?;
        let said = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() { Ok(said) } else { Err(refused(status, &said)) }
    }
}

async fn whole(mut body: egress::Answer) -> Result<Bytes, Failure> {
    let broken = |why: &str| {
        Failure::new(Code::OutcomeUnknown, format!("the forge {why}")).hint("look at the forge before you try again")
    };
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken("broke off in its answer"))?.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            return Err(broken("gave an answer that is too long"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// What a forge that refuses has said.
fn refused(status: StatusCode, said: &Value) -> Failure {
    let detail = said["errors"][0]["message"].as_str();
    let text = match &said["message"] {
        Value::String(text) => text.clone(),
        Value::Null => said["error"].as_str().unwrap_or_default().to_owned(),
        other => other.to_string(),
    };
    let said: String = [Some(text.as_str()), detail]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    let said: String = said.chars().take(SAID_CHARS_MAX).collect();
    let (code, hint) = match status.as_u16() {
        401 => (Code::Unauthorized, "check the token of the connection"),
        403 => (Code::Forbidden, "the token must be allowed to propose changes in this repository"),
        404 => (Code::NotFound, "the forge has no such repository, or hides it from this token"),
        409 | 422 if said.contains("already exists") => {
            (Code::AlreadyExists, "there is one for this branch: look at the forge")
        }
        429 => (Code::RateLimited, "wait a minute, then try again"),
        _ => (Code::UpstreamError, "the forge says why; check `base`, the branch and the reviewers"),
    };
    Failure::new(code, format!("the forge refuses ({}): {said}", status.as_u16())).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_forge_says_becomes_a_code() {
        let check = |status: u16, said: Value, code: Code, text: &str| {
            let failure = refused(StatusCode::from_u16(status).unwrap(), &said);
            assert_eq!(failure.code, code, "{said}");
            assert!(failure.message.ends_with(text), "{}", failure.message);
        };
        check(401, json!({"message": "Bad credentials"}), Code::Unauthorized, "(401): Bad credentials");
        let exists = json!({"message": "Validation Failed", "errors": [{"message": "A pull request already exists"}]});
        check(422, exists, Code::AlreadyExists, "Validation Failed: A pull request already exists");
        check(409, json!({"message": ["Another open merge request already exists"]}), Code::AlreadyExists, "exists\"]");
        check(422, json!({"message": "base"}), Code::UpstreamError, ": base");
        check(404, json!({"error": "404 Not Found"}), Code::NotFound, "404 Not Found");
        check(500, Value::Null, Code::UpstreamError, "(500): ");
    }

    #[test]
    fn a_connection_without_a_token_or_an_address_is_no_forge() {
        let with = |url: &str| Connection { secret: Some("t".to_owned()), ..Connection::to(url) };
        assert!(Forge::of(&with("https://api.github.com/")).is_ok_and(|forge| forge.dialect == Dialect::GitHub));
        assert!(Forge::of(&with("https://x/api/v4")).is_ok_and(|forge| forge.dialect == Dialect::GitLab));
        assert_eq!(Forge::of(&with("ssh://x")).err().map(|failure| failure.code), Some(Code::NotSupported));
        let without = Forge::of(&Connection::to("https://api.github.com"));
        assert_eq!(without.err().map(|failure| failure.code), Some(Code::Unauthorized));
    }
}
