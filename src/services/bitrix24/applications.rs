//! The applications of a portal: whether each is installed, and the handlers that it has bound to events.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::events;
use super::section::{self, Portal};
use crate::basics::Draws;
use crate::emulator::{BoundHandler, EventKind, HandlerTarget};
use crate::scalar::Text;

/// The applications of a portal and their handlers.
#[derive(Clone, Debug)]
pub struct Applications {
    list: Vec<Application>,
    handlers: Vec<Handler>,
    /// The ID of the next handler.
    next_handler: u64,
}

/// An application as it is now.
#[derive(Clone, Debug)]
pub struct Application {
    /// `client_id`; empty for the application that stands for tokens without one.
    pub client_id: String,
    /// Whether the installation is finished.
    pub is_installed: bool,
    /// The token by which it recognises genuine events.
    pub application_token: ApplicationToken,
    /// ID of the user who authorized it.
    pub user: String,
}

/// The token by which an application recognises genuine events. One that the scenario does not give is drawn when it is
/// first asked for, because the first draw takes a good part of a start.
#[derive(Clone, Debug)]
pub struct ApplicationToken {
    seed: u64,
    /// The name of the draws.
    draws: Arc<str>,
    /// The number of its first draw.
    number: u64,
    text: OnceLock<String>,
}

impl ApplicationToken {
    /// The token as it is sent.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let mut draws = Draws::new(self.seed, "bitrix24", &self.draws);
            format!("{:016x}{:016x}", draws.draw(self.number), draws.draw(self.number + 1))
        })
    }
}

/// A handler that is bound to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The ID, `event_handler_id` in events.
    pub id: u64,
    /// Index of the application.
    pub application: usize,
    /// Name of the event in upper case.
    pub event: String,
    /// Where it is.
    pub target: HandlerTarget,
    /// The name that the scenario gives it.
    pub name: Option<Arc<str>>,
    /// ID of the user whose token its events carry; `None` for the user who causes the event.
    pub user: Option<String>,
}

/// The first ID of a handler: that of the documentation's example.
const FIRST_HANDLER: u64 = 555;

/// How many handlers a portal may have.
pub const MOST_HANDLERS: usize = 10_000;

impl Applications {
    /// The applications at the start of a scenario. A scenario without applications gets one that stands for all its
    /// tokens. Tokens are drawn from `seed`.
    pub fn new(portal: &Portal, seed: u64) -> Self {
        let draws: Arc<str> = format!("application{}", portal.suffix).into();
        let token = |index: u64, given: Option<&Text>| ApplicationToken {
            seed,
            draws: Arc::clone(&draws),
            number: 2 * index + 1,
            text: given.map_or_else(OnceLock::new, |given| given.to_string().into()),
        };
        let known = |(index, known): (u64, &section::Application)| Application {
            client_id: known.client_id.to_string(),
            is_installed: known.installed,
            application_token: token(index, known.application_token.as_ref()),
            user: known.user.to_string(),
        };
        let mut list: Vec<_> = (0..).zip(&portal.applications).map(known).collect();
        if list.is_empty() {
            let application_token = token(0, None);
            let user = "1".to_owned();
            list.push(Application { client_id: String::new(), is_installed: true, application_token, user });
        }
        let mut applications = Self { list, handlers: Vec::new(), next_handler: FIRST_HANDLER };
        for known in &portal.handlers {
            let Some(application) = applications.called(known.application.as_deref()) else { continue };
            let Some(target) = target(known) else { continue };
            let user = known.user.as_ref().map(ToString::to_string);
            let (id, event) = (applications.next_handler, known.event.to_uppercase());
            let name = known.name.as_ref().map(|name| name.as_str().into());
            applications.bind(Handler { id, application, event, target, name, user });
        }
        applications
    }

    /// Index of the application with this `client_id`, or of the only one when it is `None`.
    pub fn called(&self, client_id: Option<&str>) -> Option<usize> {
        match client_id {
            // Without applications in the scenario, one stands for all tokens.
            Some(_) if self.list[0].client_id.is_empty() => Some(0),
            Some(client_id) => self.list.iter().position(|known| known.client_id == client_id),
            None => (self.list.len() == 1).then_some(0),
        }
    }

    /// The application with this index.
    pub fn get(&self, index: usize) -> &Application {
        &self.list[index]
    }

    /// All applications.
    pub fn iter(&self) -> impl Iterator<Item = &Application> {
        self.list.iter()
    }

    /// Notes whether an application is installed. Without it, its handlers are gone.
    pub fn set_installed(&mut self, index: usize, is_installed: bool) {
        self.list[index].is_installed = is_installed;
    }

    /// The ID that the next handler gets.
    pub fn next_handler(&self) -> u64 {
        self.next_handler
    }

    /// Binds a handler. Its ID is not given again.
    pub fn bind(&mut self, handler: Handler) {
        self.skip_handler(handler.id);
        self.handlers.push(handler);
    }

    /// Takes care that this ID is not given to another handler.
    pub fn skip_handler(&mut self, id: u64) {
        self.next_handler = self.next_handler.max(id + 1);
    }

    /// Removes the handlers with these IDs.
    pub fn unbind(&mut self, ids: &[u64]) {
        self.handlers.retain(|handler| !ids.contains(&handler.id));
    }

    /// Removes all handlers of an application.
    pub fn unbind_all(&mut self, application: usize) {
        self.handlers.retain(|handler| handler.application != application);
    }

    /// The handlers, by ascending ID.
    pub fn handlers(&self) -> impl Iterator<Item = &Handler> {
        self.handlers.iter()
    }

    /// The handlers that are bound to an event.
    pub fn handlers_of(&self, event: &EventKind) -> impl Iterator<Item = &Handler> {
        self.handlers.iter().filter(|handler| handler.event.eq_ignore_ascii_case(event.name))
    }

    /// Gives the handlers of this name a URL, in place of the one that they may have. Returns how many there are.
    pub fn give_url(&mut self, name: &str, url: &str) -> usize {
        let mut count = 0;
        for handler in self.handlers.iter_mut().filter(|handler| handler.name.as_deref() == Some(name)) {
            handler.target = HandlerTarget::Url(url.into());
            count += 1;
        }
        count
    }

    /// The handlers as others see them.
    pub fn bound(&self) -> Vec<BoundHandler<'_>> {
        let handlers = self.handlers.iter().map(|handler| BoundHandler {
            event: events::named(&handler.event).map_or("", |kind| kind.name),
            name: handler.name.as_deref(),
            url: match &handler.target {
                HandlerTarget::Url(url) => Some(&**url),
                HandlerTarget::Name(_) => None,
            },
        });
        handlers.collect()
    }
}

impl Handler {
    /// Whether it is another binding of the same handler: an application binds a handler to an event once for each user.
    pub fn is_same(&self, other: &Self) -> bool {
        self.application == other.application
            && (&self.event, &self.target, &self.user) == (&other.event, &other.target, &other.user)
    }

    /// The state as JSON.
    pub fn state(&self, applications: &Applications) -> Value {
        let (key, target) = match &self.target {
            HandlerTarget::Url(url) => ("url", url),
            HandlerTarget::Name(name) => ("name", name),
        };
        json!({
            "id": self.id,
            "event": self.event,
            key: **target,
            "application": applications.get(self.application).client_id,
            "user": self.user,
        })
    }
}

fn target(known: &section::Handler) -> Option<HandlerTarget> {
    match (&known.url, &known.name) {
        (Some(url), _) => Some(HandlerTarget::Url(url.as_str().into())),
        (None, Some(name)) => Some(HandlerTarget::Name(name.as_str().into())),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_given_or_drawn_and_stays_the_same() {
        let portal = serde_json::json!({"applications": [
            {"client_id": "a", "client_secret": "s"},
            {"client_id": "b", "client_secret": "s", "application_token": "given"},
            {"client_id": "c", "client_secret": "s"},
        ]});
        let portal: Portal = serde_json::from_value(portal).unwrap();
        let tokens = |applications: &Applications| {
            applications.iter().map(|known| known.application_token.text().to_owned()).collect::<Vec<_>>()
        };
        let applications = Applications::new(&portal, 1);
        let copy = applications.clone();
        let first = tokens(&applications);
        assert_eq!((first[0].as_str(), first[1].as_str()), ("76b0998759ad3349a9231bc144b25292", "given"));
        assert_ne!(first[0], first[2]);
        assert_eq!((tokens(&applications), tokens(&copy)), (first.clone(), first));
    }
}
