//! Asks a gRPC server for its own description: the reflection service, version 1 or its predecessor.
//! Everything that comes is bounded, because a server that is asked can also answer endlessly.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::FileDescriptorProto;

use super::wire::Channel;
use crate::failure::Failure;

/// The services that answer, the newer first.
const SERVICES: [&str; 2] = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// Time for one question.
const QUESTION_LIMIT: Duration = Duration::from_secs(10);

/// Files of one description.
const FILES_MAX: usize = 1_000;

/// Rounds in which files are asked for that others import.
const ROUNDS_MAX: usize = 32;

#[derive(Clone, PartialEq, Message)]
struct Question {
    #[prost(oneof = "Wanted", tags = "3, 4, 7")]
    wanted: Option<Wanted>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Wanted {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "4")]
    files: Option<Files>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Refusal>,
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file_descriptor_proto: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    service: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Refusal {
    #[prost(string, tag = "2")]
    message: String,
}

/// The description of the server behind `channel`, and the names of the services it offers.
pub(super) async fn ask(channel: &Channel) -> Result<(DescriptorPool, BTreeSet<String>), Failure> {
    let mut reflector = Reflector { channel, service: SERVICES[0], files: BTreeMap::new() };
    let offered = reflector.offered().await?;
    let symbols = offered.iter().cloned().map(Wanted::FileContainingSymbol).collect();
    reflector.fetch(symbols).await?;
    for _ in 0..ROUNDS_MAX {
        let missing = reflector.missing();
        if missing.is_empty() {
            break;
        }
        reflector.fetch(missing.into_iter().map(Wanted::FileByFilename).collect()).await?;
    }
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(reflector.files.into_values())
        .map_err(|error| Failure::Garbled(format!("a description that does not fit together: {error}")))?;
    Ok((pool, offered))
}

struct Reflector<'c> {
    channel: &'c Channel,
    service: &'static str,
    files: BTreeMap<String, FileDescriptorProto>,
}

impl Reflector<'_> {
    /// The services that the server offers, without those that serve the protocol itself.
    async fn offered(&mut self) -> Result<BTreeSet<String>, Failure> {
        let list = || vec![Wanted::ListServices("*".to_owned())];
        let answers = if let Ok(answers) = self.questions(list()).await {
            answers
        } else {
            self.service = SERVICES[1];
            self.questions(list()).await?
        };
        let services = answers.into_iter().filter_map(|answer| answer.services).flat_map(|services| services.service);
        Ok(services.map(|service| service.name).filter(|name| !name.starts_with("grpc.")).collect())
    }

    async fn fetch(&mut self, wanted: Vec<Wanted>) -> Result<(), Failure> {
        for answer in self.questions(wanted).await? {
            if let Some(refusal) = answer.error {
                return Err(Failure::Garbled(format!("no description: {}", refusal.message)));
            }
            for bytes in answer.files.into_iter().flat_map(|files| files.file_descriptor_proto) {
                let file = FileDescriptorProto::decode(bytes)
                    .map_err(|_| Failure::Garbled("a description that is no protobuf".to_owned()))?;
                self.files.insert(file.name().to_owned(), file);
            }
            if self.files.len() > FILES_MAX {
                return Err(Failure::Garbled(format!("a description of more than {FILES_MAX} files")));
            }
        }
        Ok(())
    }

    /// Files that others import and that have not come.
    fn missing(&self) -> BTreeSet<String> {
        let imported = self.files.values().flat_map(|file| file.dependency.iter());
        imported.filter(|name| !self.files.contains_key(*name)).cloned().collect()
    }

    /// Puts all questions on one stream and collects the answers.
    async fn questions(&self, wanted: Vec<Wanted>) -> Result<Vec<Answer>, Failure> {
        let questions: Vec<Bytes> =
            wanted.into_iter().map(|wanted| Question { wanted: Some(wanted) }.encode_to_vec().into()).collect();
        let path = format!("/{}/ServerReflectionInfo", self.service);
        let mut answers = Vec::new();
        let taking = self.channel.call(&path, &questions, QUESTION_LIMIT, |message| {
            answers.push(Answer::decode(message));
            ControlFlow::Continue(())
        });
        let limit = QUESTION_LIMIT;
        tokio::time::timeout(limit, taking).await.unwrap_or(Err(Failure::Timeout { limit }))?;
        let garbled = |_| Failure::Garbled("a reflection that is no protobuf".to_owned());
        answers.into_iter().collect::<Result<_, _>>().map_err(garbled)
    }
}
