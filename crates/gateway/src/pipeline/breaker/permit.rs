//! The permission to send one call once: how it is got, and what its end tells of the server.

use std::{sync::Arc, time::Instant};

use traffic::breaker::{End, Pass};

use crate::{
    call::{Answer, Call},
    failure::Failure,
    upstream::Upstream,
};

/// The permission to send one call once. It is given back with the end of that; dropped without one, the call was given up.
#[derive(Debug)]
pub struct Permit {
    upstream: Arc<Upstream>,
    /// Nothing once it is given back.
    pass: Option<Pass>,
    tool: Option<(Arc<str>, Pass)>,
    acts: bool,
    is_first: bool,
    silence: Silence,
}

/// What it says of the server when a call is silent for longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// That it fails: no call of it should take so long.
    Fails,
    /// Nothing: the caller said how long it may take.
    IsHurried,
    /// Nothing yet: only the kind of the call says how long it may take, and the server itself has to be asked.
    IsDoubtful,
}

/// Lets a call pass, or says why it is held back. What may do harm is not used to try a server out.
pub(in crate::pipeline) fn admit(
    upstream: &Arc<Upstream>,
    call: &Call,
    is_first: bool,
    now: Instant,
) -> Result<Permit, Failure> {
    let act = call.manner.act;
    let has_own = call.manner.settings.as_ref().is_some_and(|settings| settings.breaker == Some(true));
    let pass = upstream.breakers.pass(act == traffic::Act::Reads, now)?;
    let mut permit = Permit {
        upstream: upstream.clone(),
        pass: Some(pass),
        tool: None,
        acts: act != traffic::Act::Reads,
        is_first,
        silence: if call.until.is_some() { Silence::IsHurried } else { Silence::Fails },
    };
    if has_own {
        // refused by its tool, the call gives the pass of its server back by dropping the permit
        permit.tool = Some((call.own_name.clone(), upstream.breakers.pass_tool(&call.own_name, now)?));
    }
    Ok(permit)
}

/// The permission to try a server out, if it is time for that.
pub(crate) fn try_out(upstream: &Arc<Upstream>) -> Option<Permit> {
    if upstream.breakers.are_closed() {
        return None;
    }
    let pass = upstream.breakers.pass(true, Instant::now()).ok()?;
    Some(Permit {
        upstream: upstream.clone(),
        pass: Some(pass),
        tool: None,
        acts: false,
        is_first: false,
        silence: Silence::Fails,
    })
}

impl Permit {
    /// The call has ended like this.
    pub fn ended(self, end: &Result<Answer, Failure>) {
        self.tell(end.as_ref().err());
    }

    /// The server was tried out, with this result.
    pub(crate) fn tried(self, end: Result<(), Failure>) {
        self.tell(end.err().as_ref());
    }

    /// How long the call may be silent is known only by its kind.
    pub(in crate::pipeline) fn bounded_by_kind(&mut self) {
        if self.silence == Silence::Fails {
            self.silence = Silence::IsDoubtful;
        }
    }

    fn tell(mut self, failure: Option<&Failure>) {
        match failure {
            None => self.give_back(End::Well, None),
            Some(Failure::Timeout | Failure::Unanswered) if self.silence == Silence::IsDoubtful => self.ask(),
            Some(failure) => self.give_back(told_by(failure, self.silence), Some(failure)),
        }
    }

    /// Asks the server for a sign of life: what comes of that is the end of the call, as far as it tells of the server. The
    /// breaker of a tool alone needs no other sign.
    fn ask(mut self) {
        if let Some((tool, pass)) = self.tool.take()
            && let Some(refusal) =
                self.upstream.breakers.tool_ended(&tool, pass, End::Failed, Some(&Failure::Timeout), Instant::now())
        {
            self.turn_away(Some(&tool), &refusal);
        }
        let question = Self {
            upstream: self.upstream.clone(),
            pass: self.pass.take(),
            tool: None,
            acts: false,
            is_first: self.is_first,
            silence: Silence::Fails,
        };
        tokio::spawn(async move {
            let end = question.upstream.gives_a_sign().await;
            question.tried(end);
        });
    }

    fn give_back(&mut self, end: End, failure: Option<&Failure>) {
        let Some(pass) = self.pass.take() else { return };
        let now = Instant::now();
        let of_server = match &self.tool {
            // a tool with a breaker of its own fails alone, as long as its server can be reached
            Some(_) if !failure.is_none_or(keeps_from_the_server) => End::Untold,
            // and so does an instance, as long as another one is well
            _ if matches!(end, End::Failed | End::Lost) && self.upstream.has_instance_that_is_well() => End::Untold,
            _ => end,
        };
        if let Some((tool, pass)) = self.tool.take()
            && let Some(refusal) = self.upstream.breakers.tool_ended(&tool, pass, end, failure, now)
        {
            self.turn_away(Some(&tool), &refusal);
        }
        if let Some(refusal) = self.upstream.breakers.ended(pass, of_server, failure, self.is_first, now) {
            self.turn_away(None, &refusal);
        }
    }

    /// Who waits for what has just been found to fail need not wait any longer.
    fn turn_away(&self, tool: Option<&str>, refusal: &Failure) {
        self.upstream.line.drop_waiting(tool, refusal);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.acts {
            self.upstream.reads.are_stale();
        }
        self.give_back(End::Untold, None);
    }
}

/// Whether a call that failed like this never reached its server.
fn keeps_from_the_server(failure: &Failure) -> bool {
    matches!(failure, Failure::Unavailable(_) | Failure::OnPurpose { is_lost: false, .. })
}

/// What a failure tells of the server. That it refuses somebody or something is no fault of it, nor is what never came to it.
fn told_by(failure: &Failure, silence: Silence) -> End {
    match failure {
        Failure::Lost | Failure::OnPurpose { is_lost: true, .. } => End::Lost,
        Failure::Timeout | Failure::Unanswered if silence == Silence::IsHurried => End::Untold,
        Failure::Unavailable(_)
        | Failure::OnPurpose { is_lost: false, .. }
        | Failure::Timeout
        | Failure::Unanswered
        | Failure::Garbage(_)
        | Failure::TurnedAway { status: 500.., .. } => End::Failed,
        Failure::Unauthorized(_)
        | Failure::Rejected(_)
        | Failure::TooLarge(_)
        | Failure::MissingCapability(_)
        | Failure::NotFound(_) => End::Well,
        Failure::LeftAlone { .. }
        | Failure::TurnedAway { .. }
        | Failure::NoRoom(_)
        | Failure::NotKept
        | Failure::SessionGone
        | Failure::OutcomeUnknown(_)
        | Failure::Overloaded
        | Failure::Full { .. }
        | Failure::Expired
        | Failure::TooLate { .. }
        | Failure::TooShort { .. }
        | Failure::Withdrawn { .. }
        | Failure::StillUnderWay
        | Failure::TooOften { .. }
        | Failure::UnknownName(_)
        | Failure::Refused(..) => End::Untold,
    }
}
