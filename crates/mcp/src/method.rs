//! The methods of both eras and the few facts that routing needs to know of each.

use crate::keys::Param;

/// A method that the gateway knows; anything else is [`Method::Other`] and passes by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is named after the method it stands for")]
pub enum Method {
    Initialize,
    Ping,
    Discover,
    ToolsList,
    ToolsCall,
    PromptsList,
    PromptsGet,
    ResourcesList,
    TemplatesList,
    ResourcesRead,
    ResourcesSubscribe,
    ResourcesUnsubscribe,
    Complete,
    SetLevel,
    Listen,
    TasksGet,
    TasksUpdate,
    TasksCancel,
    TasksResult,
    TasksList,
    SkillsList,
    SkillsGet,
    DirectoryRead,
    ElicitationCreate,
    SamplingCreate,
    RootsList,
    Initialized,
    Cancelled,
    Progress,
    LogMessage,
    ResourceUpdated,
    ToolsChanged,
    PromptsChanged,
    ResourcesChanged,
    RootsChanged,
    Acknowledged,
    TaskStatus,
    TaskStatusLegacy,
    Other,
}

const NAMES: &[(&str, Method)] = &[
    ("tools/call", Method::ToolsCall),
    ("tools/list", Method::ToolsList),
    ("initialize", Method::Initialize),
    ("ping", Method::Ping),
    ("server/discover", Method::Discover),
    ("prompts/list", Method::PromptsList),
    ("prompts/get", Method::PromptsGet),
    ("resources/list", Method::ResourcesList),
    ("resources/templates/list", Method::TemplatesList),
    ("resources/read", Method::ResourcesRead),
    ("resources/subscribe", Method::ResourcesSubscribe),
    ("resources/unsubscribe", Method::ResourcesUnsubscribe),
    ("completion/complete", Method::Complete),
    ("logging/setLevel", Method::SetLevel),
    ("subscriptions/listen", Method::Listen),
    ("tasks/get", Method::TasksGet),
    ("tasks/update", Method::TasksUpdate),
    ("tasks/cancel", Method::TasksCancel),
    ("tasks/result", Method::TasksResult),
    ("tasks/list", Method::TasksList),
    ("skills/list", Method::SkillsList),
    ("skills/get", Method::SkillsGet),
    ("resources/directory/read", Method::DirectoryRead),
    ("elicitation/create", Method::ElicitationCreate),
    ("sampling/createMessage", Method::SamplingCreate),
    ("roots/list", Method::RootsList),
    ("notifications/initialized", Method::Initialized),
    ("notifications/cancelled", Method::Cancelled),
    ("notifications/progress", Method::Progress),
    ("notifications/message", Method::LogMessage),
    ("notifications/resources/updated", Method::ResourceUpdated),
    ("notifications/tools/list_changed", Method::ToolsChanged),
    ("notifications/prompts/list_changed", Method::PromptsChanged),
    ("notifications/resources/list_changed", Method::ResourcesChanged),
    ("notifications/roots/list_changed", Method::RootsChanged),
    ("notifications/subscriptions/acknowledged", Method::Acknowledged),
    ("notifications/tasks", Method::TaskStatus),
    ("notifications/tasks/status", Method::TaskStatusLegacy),
];

impl Method {
    /// The method of this name.
    pub fn parse(name: &str) -> Self {
        NAMES.iter().find(|(known, _)| *known == name).map_or(Self::Other, |(_, method)| *method)
    }

    /// Its name on the wire; empty for [`Method::Other`].
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }

    /// The member of `params` that the header `Mcp-Name` repeats.
    pub fn mirrored(self) -> Option<Param> {
        match self {
            Self::ToolsCall | Self::PromptsGet => Some(Param::Name),
            Self::ResourcesRead => Some(Param::Uri),
            Self::TasksGet | Self::TasksUpdate | Self::TasksCancel => Some(Param::TaskId),
            _ => None,
        }
    }

    /// Whether its complete result carries `ttlMs` and `cacheScope` in the modern era.
    pub fn cacheable(self) -> bool {
        matches!(
            self,
            Self::Discover
                | Self::ToolsList
                | Self::PromptsList
                | Self::ResourcesList
                | Self::TemplatesList
                | Self::ResourcesRead
                | Self::SkillsList
                | Self::SkillsGet
        )
    }

    /// Whether the modern era may answer it with `input_required`.
    pub fn may_ask(self) -> bool {
        matches!(self, Self::ToolsCall | Self::PromptsGet | Self::ResourcesRead)
    }

    /// Whether a legacy server may ask the client something in the middle of it.
    pub fn may_be_asked_in(self) -> bool {
        self.may_ask() || self == Self::TasksResult
    }

    /// Whether the modern era knows it as a request of a client, extensions included.
    pub fn modern_request(self) -> bool {
        matches!(
            self,
            Self::Discover
                | Self::ToolsList
                | Self::ToolsCall
                | Self::PromptsList
                | Self::PromptsGet
                | Self::ResourcesList
                | Self::TemplatesList
                | Self::ResourcesRead
                | Self::Complete
                | Self::Listen
                | Self::TasksGet
                | Self::TasksUpdate
                | Self::TasksCancel
                | Self::SkillsList
                | Self::SkillsGet
                | Self::DirectoryRead
        )
    }

    /// Whether repeating it can do no harm.
    pub fn safe_to_repeat(self) -> bool {
        !matches!(self, Self::ToolsCall | Self::TasksUpdate | Self::Other)
    }
}
