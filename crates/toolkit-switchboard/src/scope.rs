//! What a caller may see: what its principal may, of the endpoint that it came through. Through the gateway's own endpoint it sees everything.

use std::sync::Arc;

use gateway::{
    Current, Gateway,
    catalogue::{Endpoint, Member, view::View},
    principal::Principal,
};
use mcp::nearest;
use toolkit::{Caller, Code, Failure};

/// The gateway as one caller sees it.
pub(crate) struct Scope {
    /// The gateway as it is now.
    pub(crate) gateway: Gateway,
    /// Who calls.
    pub(crate) principal: Arc<Principal>,
    /// The endpoint whose tools the caller may call.
    pub(crate) endpoint: Endpoint,
    /// What that endpoint shows.
    pub(crate) view: Arc<View>,
}

impl Scope {
    /// The scope of this caller.
    pub(crate) async fn of(gateway: &Current, caller: &Caller) -> Result<Self, Failure> {
        let endpoint = match Endpoint::of_path(&caller.endpoint) {
            Endpoint::Server(_) => Endpoint::All,
            endpoint => endpoint,
        };
        let gateway = gateway.now();
        let gone =
            |what| Failure::new(Code::NotFound, format!("the {what} of this call is gone")).hint("connect again");
        let principal = gateway.identities.named(&caller.principal).cloned().ok_or_else(|| gone("principal"))?;
        let view = gateway.catalogue.seen_by(&principal).view(&endpoint).await.ok_or_else(|| gone("endpoint"))?;
        Ok(Self { gateway, principal, endpoint, view })
    }

    /// The servers behind the endpoint.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        let here = |member: &&Member| {
            let seen = self.gateway.catalogue.seen_by(&self.principal);
            seen.members(&self.endpoint).any(|upstream| upstream.name == member.upstream.name)
        };
        self.gateway.members().iter().filter(here)
    }

    /// The server of this name.
    pub(crate) fn member(&self, server: &str) -> Result<&Member, Failure> {
        self.members().find(|member| *member.upstream.name == *server).ok_or_else(|| {
            let names: Vec<&str> = self.members().map(|member| &*member.upstream.name).collect();
            let hint = nearest::hint(server, names.into_iter());
            let failure = Failure::new(Code::NotFound, format!("there is no server `{server}`"));
            Failure { field: Some("server".to_owned()), ..failure.hint(hint.unwrap_or_default()) }
        })
    }
}
