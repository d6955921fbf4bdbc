//! Changes that are proposed: a small server stands for the forge and shows what it was asked. Real GitHub and GitLab are
//! out of reach of a test.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use toolkit::{Connection, Connections};

use super::{git, repository};
use crate::client::{Client, connected};

/// What the forge was asked: the first line, the letter of credence, the body.
type Asked = (String, String, Value);

/// Starts a forge that gives these answers, one after the other, and tells what it was asked.
async fn forge(answers: Vec<(u16, Value)>) -> (String, mpsc::Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::channel(answers.len().max(1));
    tokio::spawn(async move {
        for (status, answer) in answers {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut bytes = Vec::new();
            let (head, body) = loop {
                let mut chunk = [0; 4096];
                let count = stream.read(&mut chunk).await.expect("a request");
                bytes.extend_from_slice(&chunk[..count]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = header(head, "content-length").parse().unwrap_or(0);
                if body.len() >= length {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let answer = answer.to_string();
            let text = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                answer.len()
            );
            stream.write_all(text.as_bytes()).await.expect("an answer");
            let first = head.lines().next().unwrap_or_default().to_owned();
            let body = serde_json::from_str(&body).unwrap_or(Value::Null);
            tell.send((first, header(&head, "authorization"), body)).await.expect("a listener");
        }
    });
    (address, told)
}

fn header(head: &str, name: &str) -> String {
    let line =
        head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)));
    line.map_or(String::new(), |(_, value)| value.to_owned())
}

/// A repository with a branch of two commits that is pushed to a remote of this address.
fn proposed(client: &Client, url: &str) {
    repository(client, "app");
    let folder = client.on_disk("app");
    for arguments in [
        vec!["remote", "add", "origin", url],
        vec!["checkout", "--quiet", "-b", "feature/log-in"],
        vec!["commit", "--quiet", "--allow-empty", "-m", "one"],
        vec!["commit", "--quiet", "--allow-empty", "-m", "two"],
        vec!["update-ref", "refs/remotes/origin/main", "main"],
        vec!["update-ref", "refs/remotes/origin/feature/log-in", "HEAD"],
        vec!["config", "branch.feature/log-in.remote", "origin"],
        vec!["config", "branch.feature/log-in.merge", "refs/heads/feature/log-in"],
    ] {
        git(&folder, &arguments);
    }
}

fn connections(url: String) -> Connections {
    let connection = Connection { secret: Some("token-of-ada".to_owned()), ..Connection::to(url) };
    Connections::new([("default".to_owned(), connection)])
}

#[tokio::test]
async fn a_branch_is_proposed_on_github() {
    let answers = vec![(201, json!({"html_url": "https://github.com/octo/app/pull/7", "number": 7})), (201, json!({}))];
    let (url, mut told) = forge(answers).await;
    let mut client = connected(connections(url));
    proposed(&client, "git@github.com:octo/app.git");
    let done = client.good("git_create_pr", json!({"path": "app", "reviewers": ["bob"], "draft": true})).await;
    assert_eq!((&done["number"], &done["url"]), (&json!(7), &json!("https://github.com/octo/app/pull/7")));
    assert_eq!(done["generated"], json!({"title": "log in", "body": "- one\n- two"}));
    let expected =
        json!({"title": "log in", "body": "- one\n- two", "head": "feature/log-in", "base": "main", "draft": true});
    let asked = told.recv().await.expect("a request");
    assert_eq!(asked, ("POST /repos/octo/app/pulls HTTP/1.1".to_owned(), "Bearer token-of-ada".to_owned(), expected));
    let (first, _, body) = told.recv().await.expect("a request");
    assert_eq!(first, "POST /repos/octo/app/pulls/7/requested_reviewers HTTP/1.1");
    assert_eq!(body, json!({"reviewers": ["bob"]}));
}

#[tokio::test]
async fn a_branch_is_proposed_on_gitlab() {
    let answers = vec![
        (200, json!([{"id": 42}])),
        (201, json!({"web_url": "https://gitlab.com/a/b/c/-/merge_requests/3", "iid": 3})),
    ];
    let (url, mut told) = forge(answers).await;
    let mut client = connected(connections(format!("{url}/api/v4")));
    proposed(&client, "https://gitlab.com/a/b/c.git");
    let arguments = json!({"path": "app", "title": "Log in", "body": "", "draft": true, "reviewers": ["bob"]});
    let done = client.good("git_create_pr", arguments).await;
    assert_eq!((&done["number"], &done["generated"]["title"]), (&json!(3), &Value::Null));
    assert_eq!(told.recv().await.expect("a request").0, "GET /api/v4/users?username=bob HTTP/1.1");
    let (first, _, body) = told.recv().await.expect("a request");
    assert_eq!(first, "POST /api/v4/projects/a%2Fb%2Fc/merge_requests HTTP/1.1");
    let expected = json!({"title": "Draft: Log in", "description": "", "source_branch": "feature/log-in",
        "target_branch": "main", "reviewer_ids": [42]});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_forge_that_refuses_or_is_gone_is_told_and_the_token_is_not() {
    for (answers, code) in [
        (vec![(401, json!({"message": "Bad credentials: token-of-ada"}))], "UNAUTHORIZED"),
        (
            vec![(422, json!({"message": "x", "errors": [{"message": "A pull request already exists"}]}))],
            "ALREADY_EXISTS",
        ),
        (vec![(201, json!({}))], "OUTCOME_UNKNOWN"),
        (vec![], "UNAVAILABLE"),
    ] {
        let (url, _told) = forge(answers).await;
        let mut client = connected(connections(url));
        proposed(&client, "git@github.com:octo/app.git");
        let result = client.call("git_create_pr", &json!({"path": "app"})).await;
        assert_eq!(result["_meta"]["dev.switchboard/error"]["code"], code, "{result}");
        assert!(!result.to_string().contains("token-of-ada"), "{result}");
    }
}

#[tokio::test]
async fn what_cannot_be_proposed_is_refused_before_the_forge_is_asked() {
    let (url, _told) = forge(vec![]).await;
    let mut client = connected(connections(url));
    proposed(&client, "git@github.com:octo/app.git");
    let folder = client.on_disk("app");
    for (arguments, code, field) in [
        (json!({"path": "app", "base": "none"}), "NOT_FOUND", "base"),
        (json!({"path": "app", "base": "-x"}), "INVALID_INPUT", "base"),
        (json!({"path": "app", "base": "feature/log-in"}), "GIT_ERROR", ""),
        (json!({"path": "app", "title": " "}), "INVALID_INPUT", "title"),
        (json!({"path": "app", "reviewers": ["a b"]}), "INVALID_INPUT", "reviewers"),
        (json!({"path": "app", "connection": "other"}), "INVALID_INPUT", "connection"),
    ] {
        assert_eq!(
            client.bad("git_create_pr", arguments.clone()).await,
            (code.to_owned(), field.to_owned()),
            "{arguments}"
        );
    }
    git(&folder, &["commit", "--quiet", "--allow-empty", "-m", "three"]);
    let result = client.call("git_create_pr", &json!({"path": "app"})).await;
    let hint = &result["_meta"]["dev.switchboard/error"]["hint"];
    assert!(hint.as_str().is_some_and(|hint| hint.contains("git_push")), "{result}");
    git(&folder, &["update-ref", "refs/remotes/origin/feature/log-in", "HEAD"]);
    git(&folder, &["remote", "set-url", "origin", "/srv/app.git"]);
    assert_eq!(client.bad("git_create_pr", json!({"path": "app"})).await.0, "NOT_SUPPORTED");
    let mut without = connected(Connections::default());
    proposed(&without, "git@github.com:octo/app.git");
    assert_eq!(without.bad("git_create_pr", json!({"path": "app"})).await.0, "UNAVAILABLE");
}
