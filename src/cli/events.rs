//! The options of `serve` and `run` about the events that are sent out.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, say};
use crate::emulator::{HandlerUrl, those_of};
use crate::engine::World;
use crate::serve::{self, Options};

/// The options about events.
#[derive(Debug, Args)]
pub(super) struct Events {
    /// Give a handler that the scenario knows by name its URL; can be repeated
    #[arg(long = "handler", value_name = "NAME=URL", value_parser = handler)]
    handlers: Vec<(String, String)>,

    /// Let events go to this host too, not only to this machine; can be repeated
    #[arg(long, value_name = "HOST[:PORT]", value_parser = serve::target, env = "STANDIN_DELIVER_TO", value_delimiter = ',')]
    deliver_to: Vec<(String, Option<u16>)>,

    /// Trust the certificates in this file (PEM) when events go to https handlers, besides the public ones
    #[arg(long, value_name = "PATH", env = "STANDIN_DELIVER_CA")]
    deliver_ca: Option<PathBuf>,

    /// The URL at which events tell their handlers to call back [default: that of the http socket]
    #[arg(long, value_name = "URL", value_parser = public_url, env = "STANDIN_PUBLIC_URL")]
    public_url: Option<String>,
}

impl Events {
    /// Gives the handlers of the scenario their URLs.
    ///
    /// # Errors
    /// The exit code when the scenario has no such handler, which has been said.
    pub(super) fn bind(&self, world: &mut World) -> Result<(), Exit> {
        for (number, (name, url)) in self.handlers.iter().enumerate() {
            if self.handlers[..number].iter().any(|(known, _)| known == name) {
                say(&format!(
                    "standin: `--handler {name}=…` is given twice\nhelp: a handler has one URL; a namespace may give it another"
                ));
                return Err(Exit::Usage);
            }
            if world.bind_handler(name, url) == 0 {
                let help = those_of("handlers with a name", world.handler_names());
                say(&format!("standin: the scenario has no handler called `{name}`\nhelp: {help}"));
                return Err(Exit::Usage);
            }
        }
        Ok(())
    }

    /// The options of a server with those about events.
    ///
    /// # Errors
    /// When the file with certificates cannot be used.
    pub(super) fn options(&self, mut options: Options) -> anyhow::Result<Options> {
        options.targets.allowed.clone_from(&self.deliver_to);
        options.public_url.clone_from(&self.public_url);
        if let Some(path) = &self.deliver_ca {
            options.authorities = serve::authorities(path)?;
        }
        Ok(options)
    }
}

/// Reads `NAME=URL`.
fn handler(text: &str) -> Result<(String, String), String> {
    let expected = "type `NAME=http://127.0.0.1:3000/events`";
    let parted = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, url) = parted.ok_or_else(|| format!("`{text}` is no handler: {expected}"))?;
    HandlerUrl::parse(url).map_err(|why| format!("`{url}` is no URL of a handler: {why}; {expected}"))?;
    Ok((name.to_owned(), url.to_owned()))
}

/// Reads a URL without a path.
fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host.map(|host| host.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(format!("`{text}` is no URL of a server: type `http://standin:8080`")),
    }
}
