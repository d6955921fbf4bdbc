//! The HTTP face: `POST` anything, get the answer; a session id is given out and never asked for.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::answers::Answers;

/// Serves on a free port, which is printed, until the process is stopped.
pub(crate) fn serve(answers: Answers) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, accept(Rc::new(answers)))
}

async fn accept(answers: Rc<Answers>) -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::task::spawn_local(serve_connection(stream, Rc::clone(&answers)));
    }
}

async fn serve_connection(stream: TcpStream, answers: Rc<Answers>) {
    let service = service_fn(|request| respond(&answers, request));
    let _client_left = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(answers: &Answers, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut response = Response::new(Full::default());
    match *request.method() {
        Method::POST => {}
        Method::DELETE => return Ok(response),
        _ => {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return Ok(response);
        }
    }
    let message = request.into_body().collect().await?.to_bytes();
    match answers.answer(&message) {
        Some(answer) => {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
            if is_handshake(&message) {
                headers.insert("mcp-session-id", header::HeaderValue::from_static("bench"));
            }
            if !answer.after.is_zero() {
                tokio::time::sleep(answer.after).await;
            }
            *response.body_mut() = Full::from(answer.bytes);
        }
        None => *response.status_mut() = StatusCode::ACCEPTED,
    }
    Ok(response)
}

fn is_handshake(message: &[u8]) -> bool {
    memchr::memmem::find(message, br#""initialize""#).is_some()
}
