//! What a kept answer is about, as far as it decides what makes the answer void: the tool and its arguments, as digests, or
//! the resource.

use std::sync::Arc;

use mcp::{
    Envelope, Method, Param, array,
    pack::{Packer, Unpacker},
    state::arguments_digest,
};

use crate::call::Call;

/// Arguments that are told apart; an answer to more is about everything.
const ARGUMENTS_MAX: usize = 32;

/// What an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A tool, called with these arguments.
    Tool(Arc<str>, Arguments),
    /// A resource, by the server's own URI.
    Resource(Arc<str>),
}

/// The arguments of a call, as digests of names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(Box<[(u64, u64)]>);

/// A call, as far as it says what its answer will be about: arguments are digested only for an answer that is kept.
#[derive(Clone, Debug)]
pub struct Subject {
    method: Method,
    own_name: Arc<str>,
    request: Envelope,
    is_fixed: bool,
}

impl Subject {
    /// That of a call.
    pub fn of(call: &Call) -> Self {
        Self {
            method: call.method,
            own_name: call.own_name.clone(),
            request: call.request.clone(),
            is_fixed: !call.fixed.is_empty(),
        }
    }

    /// What the answer is about.
    pub fn about(&self) -> About {
        match self.method {
            Method::ToolsCall => About::Tool(self.own_name.clone(), Arguments::of(&self.request, self.is_fixed)),
            _ => About::Resource(self.own_name.clone()),
        }
    }

    /// As [`About::label`].
    pub fn label(&self) -> Arc<str> {
        label(self.method, &self.own_name)
    }
}

/// The name of the tool, or the method that reads resources.
fn label(method: Method, own_name: &Arc<str>) -> Arc<str> {
    if method == Method::ToolsCall { own_name.clone() } else { Method::ResourcesRead.as_str().into() }
}

impl About {
    /// What a call is about.
    pub fn of(call: &Call) -> Self {
        Subject::of(call).about()
    }

    /// How it is counted and shown: the name of the tool, or the method that reads resources.
    pub fn label(&self) -> Arc<str> {
        match self {
            Self::Tool(name, _) => label(Method::ToolsCall, name),
            Self::Resource(uri) => label(Method::ResourcesRead, uri),
        }
    }
}

impl Arguments {
    /// Those of a request; nothing is said of them where the configuration fixes some.
    fn of(request: &Envelope, is_fixed: bool) -> Self {
        let raw = request.param_raw(Param::Arguments).unwrap_or(b"{}");
        let Ok(members) = array::members(raw) else { return Self::default() };
        if members.len() > ARGUMENTS_MAX || is_fixed {
            return Self::default();
        }
        let value = |span: mcp::Span| span.of(raw).and_then(number);
        Self(members.into_iter().filter_map(|(name, span)| Some((name_number(name)?, value(span)?))).collect())
    }

    /// Those of these names.
    pub fn named<'n>(call: &Call, names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<u64> = names.filter_map(|name| name_number(name.as_bytes())).collect();
        if names.is_empty() {
            return Self::default();
        }
        let mut arguments = Self::of(&call.request, !call.fixed.is_empty()).0.into_vec();
        arguments.retain(|(name, _)| names.contains(name));
        Self(arguments.into())
    }

    /// Appends them, to be told to other nodes.
    pub fn pack(&self, packer: &mut Packer) {
        packer.put_u32(self.0.len() as u32);
        for (name, value) in &self.0 {
            packer.put_u64(*name);
            packer.put_u64(*value);
        }
    }

    /// Takes them, as another node has said them.
    pub fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        let count = unpacker.take_u32()?;
        (0..count).map(|_| Some((unpacker.take_u64()?, unpacker.take_u64()?))).collect::<Option<_>>().map(Self)
    }

    /// Whether none of these has another value in `others`. What is not said there may be any.
    pub fn agree(&self, others: &Self) -> bool {
        let differs = |(name, value): &(u64, u64)| {
            others.0.iter().any(|(other_name, other)| other_name == name && other != value)
        };
        !self.0.iter().any(differs)
    }
}

fn name_number(name: &[u8]) -> Option<u64> {
    number(&[b"\"", name, b"\""].concat())
}

/// A number for what a raw JSON value means.
fn number(raw: &[u8]) -> Option<u64> {
    let digest = arguments_digest(raw).ok()?;
    digest.first_chunk().map(|first| u64::from_be_bytes(*first))
}
