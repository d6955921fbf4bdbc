//! The step that answers a call with what is kept, keeps what others may be given, and declares void what an act has
//! changed. Owns which calls take part; how long an answer is good is said by `traffic::cache`.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use config::{AdviceUse, Warming, Window};
use mcp::{Era, Method, Param};
use traffic::{
    Class,
    cache::{Demand, Terms, Verdict},
};

use super::{faults, fetch, warming, wishes::Wishes};
use crate::{
    answered_by::{self, AnsweredBy},
    cache::{About, Acting, Keeping, Kept, Key, Look, Origin, Subject, Ticket, Turn, Voids, Wanted, is_whole},
    call::{Call, Exchange},
    events::End,
    failure::Failure,
    gateway::Gateway,
    upstream::Upstream,
};

/// What the cache has to do for a call.
pub(super) enum Step<'c> {
    /// Its answer may be kept.
    Read { terms: Terms, is_shared: bool, since: Option<Duration> },
    /// It makes answers void.
    Act(&'c Voids),
    /// It wants a kept answer, and none is ever kept.
    Refuse,
}

/// What the cache has to do for a call; mostly nothing.
pub(super) fn step<'c>(gateway: &Gateway, upstream: &Upstream, call: &'c Call) -> Option<Step<'c>> {
    let wants_only_kept = call.wishes.cache == Demand::OnlyIfCached;
    match call.manner.keeping.as_deref() {
        Some(Keeping::Voids(voids)) if !wants_only_kept => Some(Step::Act(voids)),
        keeping => {
            let read = read(gateway, upstream, call, keeping).filter(|_| may_be_kept(gateway, upstream, call));
            read.or(wants_only_kept.then_some(Step::Refuse))
        }
    }
}

/// On which terms the answer may be kept, if it is to be.
fn read<'c>(gateway: &Gateway, upstream: &Upstream, call: &Call, keeping: Option<&Keeping>) -> Option<Step<'c>> {
    match (call.method, keeping) {
        (_, Some(Keeping::Answers { terms, is_shared, windows })) => Some(Step::Read {
            terms: tuned(gateway, upstream, call, *terms),
            is_shared: *is_shared,
            since: unchanged_for(windows),
        }),
        (_, Some(Keeping::Hinted(good_for))) => declared(gateway, *good_for),
        (Method::ResourcesRead, _) => {
            hinted(gateway, upstream).map(|terms| Step::Read { terms, is_shared: false, since: None })
        }
        _ => None,
    }
}

/// How long ago one of these windows began or ended.
fn unchanged_for(windows: &[Window]) -> Option<Duration> {
    windows.first()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    windows.iter().map(|window| window.unchanged_for(now)).min()
}

/// The terms of a tool, with another time where the node has changed that by itself.
fn tuned(gateway: &Gateway, upstream: &Upstream, call: &Call, terms: Terms) -> Terms {
    if gateway.cache.advise == AdviceUse::Off {
        return terms;
    }
    let drawer = gateway.traffic.cache.drawer(upstream);
    Terms { fresh: terms.fresh.map(|fresh| drawer.tuned(&call.own_name, fresh)), ..terms }
}

/// The terms of resources: only servers of the modern era say how long theirs are fresh.
fn hinted(gateway: &Gateway, upstream: &Upstream) -> Option<Terms> {
    let hint_max = Duration::from_secs(gateway.cache.hint_s_max);
    let may_hint = upstream.peer().is_none_or(|peer| peer.era == Era::Modern);
    (may_hint && !hint_max.is_zero()).then(|| Terms { hint_max, ..Terms::default() })
}

/// The terms of a tool whose toolkit says how long its answers are good.
fn declared<'c>(gateway: &Gateway, good_for: Duration) -> Option<Step<'c>> {
    let fresh = good_for.min(Duration::from_secs(gateway.cache.hint_s_max));
    let terms = Terms { fresh: Some(fresh), ..Terms::default() };
    (!fresh.is_zero()).then_some(Step::Read { terms, is_shared: false, since: None })
}

/// The gateway's own tools tell of the gateway as it is now; what carries answers of a person is for one call; and a task
/// is not an answer.
fn may_be_kept(gateway: &Gateway, upstream: &Upstream, call: &Call) -> bool {
    gateway.cache.memory_bytes > 0
        && !upstream.is_own()
        && !call.is_retry()
        && !call.only_as_task
        && !call.request.param(Param::Task).is_some()
}

impl Step<'_> {
    /// Does it.
    pub(super) async fn take(self, gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
        match self {
            Self::Refuse => Exchange::Done(Err(Failure::NotKept)),
            Self::Act(voids) => act(gateway, upstream, call, voids).await,
            Self::Read { terms, is_shared, since } => {
                let drawer = gateway.traffic.cache.drawer(upstream);
                match Key::of(drawer, call, is_shared) {
                    Some(key) => Reading { gateway, upstream, call, key, terms, is_shared, since }.answer().await,
                    None if call.wishes.cache == Demand::OnlyIfCached => Exchange::Done(Err(Failure::NotKept)),
                    None => fetch(gateway, upstream, call).await,
                }
            }
        }
    }
}

/// Whether an answer that is there is fetched anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Renew {
    /// Also one that is as good as a new one.
    Always,
    /// Only one whose time is over.
    WhereOld,
}

/// Fetches the answer of a read that nobody waits for, if it is one that is kept and there is room for that.
pub(super) fn warm(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call, renew: Renew) {
    let Some(Step::Read { terms, is_shared, since }) = step(gateway, upstream, call) else { return };
    let cache = &gateway.traffic.cache;
    if let Some(key) = Key::of(cache.drawer(upstream), call, is_shared) {
        let reading = Reading { gateway, upstream, call, key, terms, is_shared, since };
        let former = cache.find(&key).filter(|kept| reading.is_of_this_window(kept));
        let is_fresh = former.as_ref().is_some_and(|kept| kept.is_fresh(terms, Instant::now()));
        if renew == Renew::Always || !is_fresh {
            reading.fetch_unasked(former);
        }
    }
}

/// Makes a call that changes something. What it makes void is so from its beginning, and once more when it has ended.
async fn act(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call, voids: &Voids) -> Exchange {
    let cache = &gateway.traffic.cache;
    let acting = Acting::begin(voids.of_call(cache, cache.drawer(upstream), call));
    let mut exchange = fetch(gateway, upstream, call).await;
    if let Exchange::Running(events) = &mut exchange {
        events.at_end(move |end, _| {
            drop(acting);
            end
        });
    }
    exchange
}

/// A call whose answer may be kept.
struct Reading<'c> {
    gateway: &'c Gateway,
    upstream: &'c Arc<Upstream>,
    call: &'c Call,
    key: Key,
    terms: Terms,
    is_shared: bool,
    /// How long ago a window of the day began or ended on which the answer depends.
    since: Option<Duration>,
}

/// What other nodes have to say to a call.
enum Elsewhere {
    /// They have an answer, and it has been given.
    Given(End),
    /// They have none; with a ticket, the one that is fetched is shared.
    Fetch(Option<Ticket>),
}

impl Reading<'_> {
    /// Answers it; what is usually asked next is fetched when that is done, so that it is in nobody's way.
    async fn answer(self) -> Exchange {
        let next = warming::note(self.gateway, self.upstream, self.call, (self.key, self.terms));
        let mut exchange = self.give_or_fetch().await;
        match (&mut exchange, next) {
            (Exchange::Running(events), Some(next)) => events.at_end(move |end, _| {
                next.fetch();
                end
            }),
            (Exchange::Done(_), Some(next)) => next.fetch(),
            (_, None) => {}
        }
        exchange
    }

    async fn give_or_fetch(self) -> Exchange {
        let kept = self.gateway.traffic.cache.find(&self.key).filter(|kept| self.is_of_this_window(kept));
        let Some(kept) = kept else {
            return match self.call.wishes.cache.without() {
                Verdict::Refuse => self.give_of_others().await,
                _ => self.fetch(None, None).await,
            };
        };
        let age = kept.age(Instant::now());
        let state = self.terms.state(kept.hint, age);
        match self.call.wishes.cache.judge(state, age) {
            Verdict::Give => {
                if self.terms.is_ending(kept.hint, age) && self.is_fetched_ahead(&kept) {
                    self.fetch_unasked(Some(kept.clone()));
                }
                self.give(kept, age).await
            }
            Verdict::GiveAndFetch => {
                if let Some(turn) = Turn::take(&self.gateway.traffic, self.key) {
                    self.fetch_behind(turn, self.filling(Some(kept.clone()), None, None));
                }
                self.give(kept, age).await
            }
            Verdict::Fetch => self.fetch(Some(kept), None).await,
            Verdict::FetchOrGive => self.fetch(Some(kept.clone()), Some(kept)).await,
            Verdict::Refuse => self.give_of_others().await,
        }
    }

    /// For a caller who wants nothing but a kept answer, where this node has none.
    async fn give_of_others(self) -> Exchange {
        match self.elsewhere(None).await {
            Elsewhere::Given(end) => Exchange::Done(end),
            Elsewhere::Fetch(_) => Exchange::Done(Err(Failure::NotKept)),
        }
    }

    /// Looks for an answer that another node has fetched or is fetching, if nodes share what they keep.
    async fn elsewhere(&self, patience: Option<Duration>) -> Elsewhere {
        let cache = &self.gateway.traffic.cache;
        let Some((shared, name)) = cache.elsewhere(self.upstream, self.call, self.is_shared) else {
            return Elsewhere::Fetch(None);
        };
        let demand = self.call.wishes.cache;
        let will_do = |kept: &Kept| {
            let age = kept.age(Instant::now());
            self.is_of_this_window(kept) && demand.judge(self.terms.state(kept.hint, age), age) == Verdict::Give
        };
        let own = || cache.find(&self.key).filter(|kept| will_do(kept));
        let (about, drawer) = (About::of(self.call), cache.drawer(self.upstream));
        let wanted = Wanted { name, about, drawer, will_do: &will_do, own: &own, patience };
        // boxed, because looking elsewhere is rare and callers are not to carry its state
        match Box::pin(shared.look(wanted)).await {
            Look::Found(kept) => {
                cache.keep(self.key, kept.clone());
                given(&kept, kept.age(Instant::now()), self.terms).map_or(Elsewhere::Fetch(None), Elsewhere::Given)
            }
            Look::Fetch(ticket) => Elsewhere::Fetch(Some(ticket)),
            Look::Nothing => Elsewhere::Fetch(None),
        }
    }

    /// Whether the fetching of an answer began after the last edge of a window on which it depends.
    fn is_of_this_window(&self, kept: &Kept) -> bool {
        self.since.is_none_or(|since| kept.age(Instant::now()) + kept.took < since)
    }

    /// How long the caller would wait for another node: not at all, if its answer would not do.
    fn patience(&self) -> Duration {
        match self.call.wishes.cache {
            Demand::NoCache => Duration::ZERO,
            _ => self.call.until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now())),
        }
    }

    async fn give(self, kept: Arc<Kept>, age: Duration) -> Exchange {
        match given(&kept, age, self.terms) {
            Some(answer) => Exchange::Done(answer),
            None => self.fetch(None, None).await,
        }
    }

    /// Asks the server. `former` is the answer that was kept before, `spare` the one that stands in if there is no other.
    async fn fetch(self, former: Option<Arc<Kept>>, spare: Option<Arc<Kept>>) -> Exchange {
        let ticket = match self.elsewhere(Some(self.patience())).await {
            Elsewhere::Given(end) => return Exchange::Done(end),
            Elsewhere::Fetch(ticket) => ticket,
        };
        let filling = self.filling(former, spare, ticket);
        filling.origin.drawer.count(filling.origin.subject.label(), |tally| tally.misses += 1);
        match fetch(self.gateway, self.upstream, self.call).await {
            Exchange::Done(end) => Exchange::Done(filling.end(end, false)),
            Exchange::Running(mut events) => {
                events.at_end(move |end, was_asked| filling.end(end, was_asked));
                Exchange::Running(events)
            }
        }
    }

    /// Whether an answer whose time is nearly over is to be fetched anew before it is.
    fn is_fetched_ahead(&self, kept: &Kept) -> bool {
        let settings = &self.gateway.cache;
        settings.warm_per_minute > 0 && settings.warm.contains(&Warming::Ahead) && kept.is_wanted()
    }

    /// Asks the server before anybody asks for the answer, if it is its turn and there is room for that.
    fn fetch_unasked(&self, former: Option<Arc<Kept>>) {
        let Some(turn) = Turn::take(&self.gateway.traffic, self.key) else { return };
        if warming::may_warm(self.gateway, self.upstream, &self.call.own_name) {
            self.fetch_behind(turn, Filling { is_unasked: true, ..self.filling(former, None, None) });
        }
    }

    /// Asks the server while nobody waits for the answer.
    fn fetch_behind(&self, turn: Turn, filling: Filling) {
        let (gateway, upstream, mut call) = (self.gateway.clone(), self.upstream.clone(), self.call.clone());
        call.wishes = Wishes { class: Some(Class::Bulk), ..call.wishes.untold() };
        tokio::spawn(async move {
            let _turn = turn;
            let end = match fetch(&gateway, &upstream, &call).await {
                Exchange::Done(end) => filling.end(end, false),
                Exchange::Running(mut events) => {
                    events.at_end(move |end, was_asked| filling.end(end, was_asked));
                    Exchange::Running(events).finish().await
                }
            };
            if let Err(failure) = end {
                tracing::debug!(server = &*upstream.name, %failure, "a kept answer could not be fetched anew");
            }
        });
    }

    fn filling(&self, former: Option<Arc<Kept>>, spare: Option<Arc<Kept>>, ticket: Option<Ticket>) -> Filling {
        let drawer = self.gateway.traffic.cache.drawer(self.upstream).clone();
        let origin = Origin { subject: Subject::of(self.call), began: Instant::now(), since: drawer.now(), drawer };
        let (gateway, demand) = (self.gateway.clone(), self.call.wishes.cache);
        Filling { gateway, key: self.key, terms: self.terms, demand, origin, former, spare, ticket, is_unasked: false }
    }
}

/// A kept answer as it is given, counted; none where it could not be marked as kept.
fn given(kept: &Kept, age: Duration, terms: Terms) -> Option<End> {
    let is_stale = terms.state(kept.hint, age) != traffic::cache::State::Fresh;
    let answer = kept.given(age, is_stale)?;
    kept.drawer.count(kept.about.label(), |tally| {
        tally.hits += 1;
        tally.stale += u64::from(is_stale);
        tally.saved += kept.took;
        tally.warmed_used += u64::from(kept.use_up());
    });
    Some(Ok(answer))
}

/// An answer on its way that is to be kept.
struct Filling {
    gateway: Gateway,
    key: Key,
    terms: Terms,
    demand: Demand,
    origin: Origin,
    former: Option<Arc<Kept>>,
    spare: Option<Arc<Kept>>,
    ticket: Option<Ticket>,
    is_unasked: bool,
}

impl Filling {
    /// Keeps the answer if it is one that may be given again. Where there is none, the spare one stands in.
    fn end(self, end: End, was_asked: bool) -> End {
        match end {
            Ok(answer) => {
                if !was_asked
                    && is_whole(&answer)
                    && !answered_by::another_server(&answer.envelope)
                    && !faults::is_late(&answer.envelope)
                    && answer.envelope.bytes().len() <= self.gateway.cache.answer_bytes_max
                {
                    self.keep(Kept::new(&answer, self.origin.clone(), Instant::now()));
                }
                Ok(answer)
            }
            Err(failure) => self.stand_in(&failure).unwrap_or(Err(failure)),
        }
    }

    /// The spare answer, if it may stand in where a call failed like this. The call may have outlasted it.
    fn stand_in(&self, failure: &Failure) -> Option<End> {
        let spare = self.spare.as_ref().filter(|spare| failure.is_of_the_server() && spare.is_good())?;
        let age = spare.age(Instant::now());
        if self.demand.judge(self.terms.state(spare.hint, age), age) != Verdict::FetchOrGive {
            return None;
        }
        let mark = AnsweredBy { server: self.origin.drawer.server(), step: answered_by::Step::Kept };
        given(spare, age, self.terms).map(|end| end.map(|answer| mark.mark(answer)))
    }

    fn keep(&self, kept: Option<Kept>) {
        let Some(kept) = kept.filter(|kept| self.terms.keep(kept.hint)) else { return };
        let (again, renewed) =
            self.former.as_ref().map_or((0, 0), |former| (1, u64::from(!former.says_the_same(&kept))));
        kept.drawer.count(kept.about.label(), |tally| {
            tally.kept += 1;
            tally.again += again;
            tally.renewed += renewed;
            tally.warmed += u64::from(self.is_unasked);
        });
        if self.is_unasked {
            kept.mark_unasked();
        }
        if let Some(ticket) = &self.ticket {
            ticket.share(&kept, self.terms.lifetime(kept.hint));
        }
        self.gateway.traffic.cache.keep(self.key, Arc::new(kept));
    }
}
