//! The catalogue as one principal sees it. Who may see everything gets the views that all share; who may not has views of
//! its own, made from the same lists and kept until these change.

use std::sync::Arc;

use config::Bundle;
use mcp::names;

use super::{Catalogue, Endpoint, Member, view::View};
use crate::{principal::Principal, sight::Sight, upstream::Upstream};

/// The catalogue as one principal sees it.
#[derive(Clone, Copy)]
pub struct Seen<'c> {
    catalogue: &'c Arc<Catalogue>,
    principal: &'c Principal,
}

impl Catalogue {
    /// As this principal sees it.
    pub fn seen_by<'c>(self: &'c Arc<Self>, principal: &'c Principal) -> Seen<'c> {
        Seen { catalogue: self, principal }
    }
}

impl<'c> Seen<'c> {
    /// Whether there is such an endpoint.
    pub fn has(&self, endpoint: &Endpoint) -> bool {
        let is_shown = match endpoint {
            Endpoint::Server(name) => self.shows(name),
            Endpoint::All | Endpoint::Bundle(_) => true,
        };
        is_shown && self.catalogue.has(endpoint)
    }

    /// The servers behind an endpoint.
    pub fn members(self, endpoint: &Endpoint) -> impl Iterator<Item = &'c Arc<Upstream>> {
        self.shown_members(endpoint).map(|member| &member.upstream)
    }

    /// The servers behind an endpoint, and how they are to be shown.
    pub fn shown_members(self, endpoint: &Endpoint) -> impl Iterator<Item = &'c Member> {
        self.catalogue.shown_members(endpoint).filter(move |member| self.shows(&member.upstream.name))
    }

    /// The bundle of an endpoint, if it is one.
    pub fn bundle(&self, endpoint: &Endpoint) -> Option<&'c Bundle> {
        self.catalogue.bundle(endpoint)
    }

    /// Whether the tool of this own name may be called, whose server has this prefix.
    pub fn shows_tool(&self, prefix: &str, own: &str) -> bool {
        self.sight().is_none_or(|sight| sight.shows_tool(&names::exposed(prefix, own)))
    }

    /// The view as it is now, or `None` if nobody has asked for it before. Never waits.
    pub fn warm(&self, endpoint: &Endpoint) -> Option<Arc<View>> {
        let view = self.catalogue.warm(endpoint)?;
        match self.sight() {
            None => Some(view),
            Some(sight) => self.catalogue.limited(endpoint, self.principal, sight),
        }
    }

    /// What an endpoint shows. The first time this asks the servers; later it answers at once and asks behind the scenes.
    pub async fn view(&self, endpoint: &Endpoint) -> Option<Arc<View>> {
        let view = self.catalogue.view(endpoint).await?;
        match self.sight() {
            None => Some(view),
            Some(sight) => self.catalogue.limited(endpoint, self.principal, sight),
        }
    }

    /// Why nobody knows what a server has, if it has not given its lists to this node.
    pub fn unheard(&self, server: &str) -> Option<String> {
        self.catalogue.unheard(server)
    }

    fn shows(&self, server: &str) -> bool {
        self.sight().is_none_or(|sight| sight.shows_server(server))
    }

    fn sight(&self) -> Option<&'c Sight> {
        self.principal.sight.as_ref()
    }
}
