//! The kinds of events that a portal sends out, who raises them and who gets them.

use compact_str::CompactString;

use crate::emulator::{EventKind, EventName};

/// Whose action raises an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// ID of the user; `None` when nobody acts.
    pub user: Option<CompactString>,
    /// How many events led to the action.
    pub depth: u8,
}

/// The applications that an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// The one that has registered the connector.
    OwnerOf(&'a str),
    /// All.
    Everyone,
    /// The one with this index.
    Application(usize),
}

const PAGES: &str = "apidocs.bitrix24.com/api-reference/imopenlines/imconnector/events/index.html";

const CONNECTOR: EventName = EventName { name: "CONNECTOR", kind: "connector" };
const LINE: EventName = EventName { name: "LINE", kind: "line" };
const CHAT: EventName = EventName { name: "CHAT_ID", kind: "chat" };
const MESSAGE: EventName = EventName { name: "MESSAGE_ID", kind: "message" };
const SESSION: EventName = EventName { name: "SESSION_ID", kind: "session" };
const TEXT: EventName = EventName { name: "TEXT", kind: "text" };

macro_rules! kinds {
    ($($name:ident = $event:literal, $summary:literal, $source:expr, $names:expr;)*) => {
        $(#[doc = concat!("`", $event, "`.")]
        pub static $name: EventKind = EventKind { name: $event, summary: $summary, source: $source, names: $names };)*

        /// Every event that a portal sends.
        pub static EVENTS: &[&EventKind] = &[$(&$name,)* &SETTING_CONNECTOR];
    };
}

kinds! {
    MESSAGE_ADD = "OnImConnectorMessageAdd", "an operator has written a message", PAGES,
        &[CONNECTOR, LINE, CHAT, MESSAGE, TEXT];
    MESSAGE_UPDATE = "OnImConnectorMessageUpdate", "an operator has changed a message", PAGES,
        &[CONNECTOR, LINE, CHAT, MESSAGE, TEXT];
    MESSAGE_DELETE = "OnImConnectorMessageDelete", "an operator has deleted a message", PAGES,
        &[CONNECTOR, LINE, CHAT, MESSAGE];
    DIALOG_START = "OnImConnectorDialogStart", "a session has begun", PAGES, &[CONNECTOR, LINE, CHAT, SESSION];
    DIALOG_FINISH = "OnImConnectorDialogFinish", "a session was closed", PAGES,
        &[CONNECTOR, LINE, CHAT, SESSION];
    STATUS_DELETE = "OnImConnectorStatusDelete", "a connector was switched off on a line", PAGES,
        &[CONNECTOR, LINE];
    LINE_DELETE = "OnImConnectorLineDelete", "an open line was deleted", PAGES, &[LINE];
    APP_TEST = "OnAppTest", "the application has called event.test",
        "apidocs.bitrix24.com/api-reference/events/test-event.html", &[];
    APP_INSTALL = "OnAppInstall", "the application was installed",
        "apidocs.bitrix24.com/api-reference/common/events/on-app-install.html", &[];
    APP_UNINSTALL = "OnAppUninstall", "the application was removed",
        "apidocs.bitrix24.com/api-reference/common/events/on-app-uninstall.html", &[];
}

/// Events after which a connector can no longer do its work.
pub static ENDING: &[&EventKind] = &[&STATUS_DELETE, &LINE_DELETE, &APP_UNINSTALL];

/// The settings page of a connector, which is loaded like an event.
pub static SETTING_CONNECTOR: EventKind = EventKind {
    name: "SETTING_CONNECTOR",
    summary: "an operator has opened the settings page of a connector",
    source: "apidocs.bitrix24.com/tutorials/openlines/example-connector.html",
    names: &[CONNECTOR, LINE],
};

/// The handler's number of a settings page is this one minus the index of the application.
pub const PLACEMENTS: u64 = u64::MAX;

/// Events that belong to no scope: every application may bind them.
const GLOBAL: &[&EventKind] = &[&APP_TEST, &APP_INSTALL, &APP_UNINSTALL];

/// The events that a handler can be bound to.
pub fn bindable() -> impl Iterator<Item = &'static EventKind> + Clone {
    EVENTS.iter().copied().filter(|kind| **kind != SETTING_CONNECTOR)
}

/// The event with this name in any case; `None` when no handler can be bound to it.
pub fn named(name: &str) -> Option<&'static EventKind> {
    bindable().find(|kind| kind.name.eq_ignore_ascii_case(name))
}

/// Whether every application may bind an event. The others belong to the scope of imconnector.
pub fn is_global(kind: &EventKind) -> bool {
    GLOBAL.contains(&kind)
}
