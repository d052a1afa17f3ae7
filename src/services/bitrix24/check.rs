//! Mistakes in a `bitrix24:` section that the schema does not find.

use foldhash::{HashMap, HashSet};

use super::methods;
use super::section::{Application, Chat, Connector, Credential, CredentialState, Portal};
use crate::scalar::{Findings, Path, nearest};

/// Adds a finding for each mistake; `path` is the place of the section.
pub fn check(portal: &Portal, path: &Path, findings: &mut Findings) {
    if portal.timing.processing > portal.timing.duration {
        findings.add(
            path.key("timing").key("processing"),
            format!(
                "a call of `{}` cannot process for `{}`",
                portal.timing.duration, portal.timing.processing
            ),
            "make `processing` a part of `duration`",
        );
    }
    applications(portal, &path.key("applications"), findings);
    credentials(portal, &path.key("credentials"), findings);
    refresh_tokens(portal, &path.key("credentials"), findings);
    connectors(portal, &path.key("connectors"), findings);
    lines(portal, &path.key("lines"), findings);
    chats(portal, &path.key("chats"), findings);
}

fn applications(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = HashSet::default();
    for (index, Application { client_id, client_secret, .. }) in portal.applications.iter().enumerate() {
        let here = path.index(index);
        for (name, part) in [("client_id", client_id), ("client_secret", client_secret)] {
            if part.is_empty() {
                findings.add(here.key(name), format!("`{name}` is empty"), "type what a client sends");
            }
        }
        if !seen.insert(client_id) {
            let message = format!("the application `{client_id}` is given twice");
            findings.add(here.key("client_id"), message, "remove one of the two");
        }
    }
}

/// Checks that each refresh token is not empty, is unique and belongs to a known application.
fn refresh_tokens(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = HashSet::default();
    for (index, credential) in portal.credentials.iter().enumerate() {
        let (Some(refresh_token), None) = (&credential.refresh_token, &credential.webhook) else { continue };
        let here = path.index(index);
        if refresh_token.is_empty() {
            let message = "the refresh token is empty";
            findings.add(here.key("refresh_token"), message, "type what a client sends");
        } else if !seen.insert(refresh_token) {
            let message = "this refresh_token is given twice";
            findings.add(here.key("refresh_token"), message, "give each token its own");
        }
        match &credential.client_id {
            None => findings.add(
                here.key("refresh_token"),
                "a refresh token belongs to an application, and this token names none",
                "add `client_id: …`, with the application under `applications`",
            ),
            Some(id) if portal.application(id).is_none() => {
                let known = portal.applications.iter().map(|application| application.client_id.as_str());
                let help = meant(id, known, "add it under `applications`");
                findings.add(here.key("client_id"), format!("there is no application `{id}`"), help);
            }
            Some(_) => {}
        }
    }
}

fn credentials(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = HashSet::default();
    for (index, credential) in portal.credentials.iter().enumerate() {
        let here = path.index(index);
        let (key, identity) = match (&credential.webhook, &credential.token) {
            (Some(webhook), None) => ("webhook", format!("{}/{}", webhook.user, webhook.secret)),
            (None, Some(token)) => ("token", token.to_string()),
            (Some(_), Some(_)) => {
                findings.add(
                    here,
                    "a credential is a `webhook` or a `token`, not both",
                    "make two credentials of it",
                );
                continue;
            }
            (None, None) => {
                findings.add(
                    here,
                    "a credential needs a `webhook` or a `token`",
                    "add `webhook: {user: 1, secret: …}` or `token: …`",
                );
                continue;
            }
        };
        if let Some(webhook) = &credential.webhook {
            for (name, part) in [("user", &webhook.user), ("secret", &webhook.secret)] {
                if part.is_empty() {
                    findings.add(
                        here.key(key).key(name),
                        format!("`{name}` is empty"),
                        "type what a client sends",
                    );
                } else if part.contains('/') {
                    let message = "a `/` cannot stand in a part of a webhook's URL";
                    findings.add(here.key(key).key(name), message, "leave it out");
                }
            }
        } else if identity.is_empty() {
            findings.add(here.key(key), "the token is empty", "type what a client sends");
        }
        if !seen.insert((key, identity)) {
            findings.add(here.key(key), format!("this {key} is given twice"), "remove one of the two");
        }
        misplaced(credential, &here, findings);
    }
}

fn misplaced(credential: &Credential, path: &Path, findings: &mut Findings) {
    if credential.webhook.is_none() {
        return;
    }
    if credential.expires.is_some() {
        findings.add(
            path.key("expires"),
            "a webhook does not expire",
            "remove `expires`, or make it a `token`",
        );
    }
    if credential.refresh_token.is_some() {
        findings.add(
            path.key("refresh_token"),
            "a webhook is not refreshed",
            "remove `refresh_token`, or make it a `token`",
        );
    }
    if credential.client_id.is_some() {
        findings.add(
            path.key("client_id"),
            "a webhook has no application",
            "remove `client_id`, or make it a `token`",
        );
    }
    if !matches!(credential.state, CredentialState::Active | CredentialState::UserUnauthorized) {
        findings.add(
            path.key("state"),
            "a webhook has no application",
            "remove `state`, or make it a `token`",
        );
    }
}

fn connectors(portal: &Portal, path: &Path, findings: &mut Findings) {
    let mut seen = HashSet::default();
    for (index, Connector { id, .. }) in portal.connectors.iter().enumerate() {
        let here = path.index(index).key("id");
        let folded = spelt(id);
        if id.as_str() != folded || id.is_empty() {
            findings.add(
                here,
                format!("the server stores a connector in lower case and without a dot, not as `{id}`"),
                if folded.is_empty() { "type an identifier".to_owned() } else { format!("type `{folded}`") },
            );
        } else if methods::is_built_in(id) {
            let message =
                format!("`{id}` is one of Bitrix24's own connectors, which no application can register");
            findings.add(here, message, "give your connector another identifier");
        } else if !seen.insert(id) {
            findings.add(here, format!("the connector `{id}` is given twice"), "remove one of the two");
        }
    }
}

/// The form in which the server stores the identifier of a connector.
fn spelt(id: &str) -> String {
    id.split('.').next().unwrap_or_default().to_lowercase()
}

fn lines(portal: &Portal, path: &Path, findings: &mut Findings) {
    let known: Vec<_> = portal.connectors.iter().map(|connector| connector.id.as_str()).collect();
    // A connector has a finding of its own when it is not spelt as the server stores it.
    let names: HashSet<_> = known.iter().flat_map(|id| [(*id).to_owned(), spelt(id)]).collect();
    let mut seen = HashSet::default();
    for (index, line) in portal.lines.iter().enumerate() {
        let here = path.index(index);
        if !seen.insert(line.id) {
            findings.add(here.key("id"), format!("the line `{}` is given twice", line.id), "merge the two");
        }
        for (position, connector) in line.connectors.iter().enumerate() {
            if !names.contains(connector.as_str()) {
                unknown_connector(connector, &known, here.key("connectors").index(position), findings);
            }
        }
    }
}

fn chats(portal: &Portal, path: &Path, findings: &mut Findings) {
    let known: Vec<_> = portal.connectors.iter().map(|connector| connector.id.as_str()).collect();
    let spellings = |c: &Connector| [(c.id.to_string(), c.chat_group), (spelt(&c.id), c.chat_group)];
    let groups: HashMap<_, _> = portal.connectors.iter().flat_map(spellings).collect();
    let lines: HashSet<_> = portal.lines.iter().map(|line| line.id).collect();
    let mut seen = HashSet::default();
    for (index, chat) in portal.chats.iter().enumerate() {
        let Chat { connector, line, id, user, .. } = chat;
        if !lines.contains(line) {
            let typed = line.to_string();
            let known: Vec<_> = portal.lines.iter().map(|line| line.id.to_string()).collect();
            findings.add(
                path.index(index).key("line"),
                format!("there is no line `{line}`"),
                meant(&typed, known.iter().map(String::as_str), "add it under `lines`"),
            );
        }
        match groups.get(connector.as_str()) {
            None => unknown_connector(connector, &known, path.index(index).key("connector"), findings),
            Some(true) if user.is_some() => findings.add(
                path.index(index).key("user"),
                format!("the connector `{connector}` has group chats, which have no `user`"),
                "remove `user`, or give the connector `chat_group: false`",
            ),
            Some(false) if user.is_none() => findings.add(
                path.index(index),
                format!("the connector `{connector}` has no group chats, so this one needs a `user`"),
                "add `user: …`, or give the connector `chat_group: true`",
            ),
            Some(_) => {}
        }
        if matches!(id.as_str(), "" | "0") {
            findings.add(
                path.index(index).key("id"),
                format!("`{id}` counts as no identifier, so no call can name this chat"),
                "give it another one",
            );
        }
        if !seen.insert((connector, line, id, user)) {
            findings.add(
                path.index(index).key("id"),
                format!("the chat `{id}` is given twice"),
                "remove one of the two",
            );
        }
    }
}

/// Adds the finding that there is no connector of this name.
pub fn unknown_connector(typed: &str, known: &[&str], path: Path, findings: &mut Findings) {
    let help = meant(typed, known.iter().copied(), "add it under `connectors`");
    findings.add(path, format!("there is no connector `{typed}`"), help);
}

/// `did you mean …?` with the known name nearest to `typed`, or else `otherwise`.
pub fn meant<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(typed, known).map_or_else(|| otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}
