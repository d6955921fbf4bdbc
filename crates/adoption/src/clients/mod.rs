//! One file per client. A new one is its file, its line here, and a sample of its real file in `tests/samples`.

use crate::client::Client;

mod claude_code;
mod claude_desktop;
mod codex;
mod continue_dev;
mod cursor;
mod gemini_cli;
mod lm_studio;
mod vscode;
mod windsurf;
mod zed;

pub(super) const ALL: &[Client] = &[
    claude_desktop::CLIENT,
    claude_code::CLIENT,
    cursor::CLIENT,
    vscode::CLIENT,
    codex::CLIENT,
    windsurf::CLIENT,
    lm_studio::CLIENT,
    zed::CLIENT,
    continue_dev::CLIENT,
    gemini_cli::CLIENT,
];
