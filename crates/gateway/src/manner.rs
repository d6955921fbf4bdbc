//! What is known of how a call acts, and so how it may be treated: from the annotations of its tool, and over them from
//! the configuration.

use std::sync::{Arc, LazyLock};

use config::{ToolRules, ToolSettings};
use mcp::Method;
use traffic::{Act, Tempo};

use crate::{
    cache::{Declared, Keeping},
    catalogue::listing::{Item, TaskSupport},
    list_form::ListForm,
    pipeline::limit::{ToolMeters, ToolRate},
};

/// How calls of one thing are treated.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// What it does to the world.
    pub act: Act,
    /// What is known beforehand of how long it takes.
    pub tempo: Tempo,
    /// What the configuration says of the tool, if anything.
    pub settings: Option<Arc<ToolSettings>>,
    /// How often it may be called, if the configuration says so.
    pub rate: Option<Arc<ToolRate>>,
    /// What it has to do with answers that are kept, if anything.
    pub keeping: Option<Arc<Keeping>>,
    /// Whether its server makes core tasks (2025-11-25) of its calls.
    pub can_be_task: bool,
    /// The tool that does the same for a list, if its server says that there is one.
    pub list_form: Option<Arc<ListForm>>,
}

impl Manner {
    /// Of a tool as its server, which makes core tasks or does not, lists it, and under `rules`; its rates are counted by
    /// `meters`.
    pub fn of_tool(item: &Item, rules: &ToolRules<'_>, core_tasks: bool, meters: &ToolMeters) -> Self {
        let settings = rules.of_tool(&item.own);
        let act = settings.as_ref().and_then(|settings| settings.act).map_or(item.act, configured);
        let tempo = item.tempo;
        let rate = settings.as_ref().and_then(|settings| ToolRate::of(&item.own, settings, meters));
        let declared = Declared::of_tool(&item.raw, rules.are_of_toolkit());
        let keeping = Keeping::of_tool(act, settings.as_ref(), &declared, rules.keep_any());
        let list_form = ListForm::of_tool(&item.raw).map(Arc::new);
        let (settings, rate, keeping) = (settings.map(Arc::new), rate.map(Arc::new), keeping.map(Arc::new));
        let can_be_task = core_tasks && item.task_support != TaskSupport::Forbidden;
        Self { act, tempo, settings, rate, keeping, can_be_task, list_form }
    }

    /// Of what nobody has said anything of yet.
    pub fn unknown() -> Arc<Self> {
        static UNKNOWN: LazyLock<Arc<Manner>> = LazyLock::new(Arc::default);
        UNKNOWN.clone()
    }

    /// Of a method that names no tool.
    pub fn of_method(method: Method) -> Self {
        let act = match method {
            Method::PromptsGet
            | Method::ResourcesRead
            | Method::SkillsGet
            | Method::DirectoryRead
            | Method::Complete
            | Method::TasksGet
            | Method::TasksResult => Act::Reads,
            Method::TasksCancel => Act::Repeatable,
            _ => Act::Acts,
        };
        let tempo = match method {
            Method::PromptsGet
            | Method::ResourcesRead
            | Method::SkillsGet
            | Method::DirectoryRead
            | Method::Complete => Tempo::Reads,
            _ => Tempo::Unknown,
        };
        Self { act, tempo, ..Self::default() }
    }
}

fn configured(act: config::Act) -> Act {
    match act {
        config::Act::Reads => Act::Reads,
        config::Act::Repeatable => Act::Repeatable,
        config::Act::Acts => Act::Acts,
    }
}
