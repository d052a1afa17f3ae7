//! Texts and exchanges → the same with credentials hidden.
//!
//! Two nets catch them. The first one knows where credentials stand: the path of a webhook in any URL, parameters such as `auth` in a
//! query, a form, JSON, a multipart body or a command of a batch, header fields, and tokens in answers. What stands there is
//! hidden, whatever it is. The second one knows the secrets themselves and hides them wherever they stand, in every
//! spelling. It leaves out weak secrets, which would be found in texts by chance.

mod elsewhere;
mod places;
mod reports;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem;
use percent_encoding::percent_decode_str;

pub use self::elsewhere::Elsewhere;
use self::places::Finder;
pub use self::reports::Unhidden;
use self::view::{Escapes, View};
use super::World;
use crate::emulator::{FieldForm, weakness};
use crate::http::{Fields, Reply, Request};
use crate::services::SERVICES;

/// The text that replaces a secret.
/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// Names of parameters and header fields that hold credentials of one service or another.
const PARAMETERS: &[&str] = &[
    "access_token",
    "accesstoken",
    "api_key",
    "apikey",
    "auth_token",
    "authtoken",
    "client_secret",
    "clientsecret",
    "password",
    "refresh_token",
    "refreshtoken",
    "secret",
];
const HEADERS: &[(&str, FieldForm)] = &[
    ("authorization", FieldForm::Scheme),
    ("proxy-authorization", FieldForm::Scheme),
    ("cookie", FieldForm::Pairs),
    ("set-cookie", FieldForm::Pairs),
    ("x-api-key", FieldForm::Whole),
    ("x-auth-token", FieldForm::Whole),
];

/// How many layers of escapes are removed to find a secret.
const LAYERS: usize = 4;

/// How many credentials of one exchange are hidden outside of their places too.
const MOST_OWN: usize = 64;

/// Hides the secrets of a world. By default it knows none.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    strong: Known,
    /// The weak secrets, which are hidden only where credentials stand.
    weak: HashSet<String>,
}

/// An exchange with its secrets hidden.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// Path and query of the request.
    pub target: String,
    /// The header fields of the request.
    pub request_headers: Vec<(String, String)>,
    /// The body of the request.
    pub request_body: String,
    /// The header fields of the answer.
    pub reply_headers: Vec<(String, String)>,
    /// The body of the answer.
    pub reply_body: String,
    nets: Nets,
}

impl Redactor {
    /// A redactor for the secrets of a scenario and those that its services have issued.
    pub fn new(world: &World) -> Self {
        let sections = world.scenario().sections.iter();
        let of_scenario = sections.flat_map(|(_, section)| section.secrets()).map(|secret| secret.text);
        let issued = world.emulators.iter().flat_map(|(_, emulator)| emulator.secrets());
        let elsewhere = world.elsewhere.all();
        let texts: Vec<_> =
            of_scenario.chain(issued).chain(elsewhere).filter(|text| !text.is_empty()).collect();
        // In a namespace, the credentials without its suffix are good too.
        let bare = texts.iter().filter_map(|text| text.strip_suffix(&world.suffix).map(str::to_owned));
        let all = bare.chain(texts.iter().cloned());
        let (weak, strong): (Vec<_>, Vec<_>) = all.partition(|text| is_weak(text));
        Self { strong: Known::new(strong), weak: weak.into_iter().collect() }
    }

    /// Hides the secrets in a text for readers.
    pub fn text(&self, text: &str) -> String {
        Nets::new("", self).text(text)
    }

    /// Hides the secrets that the service itself has written into a text, such as the body of an event: those that are
    /// known, and `issued`, those that it issued for the text. Other values stay, wherever they stand.
    pub fn own_text(&self, text: &str, issued: &[String]) -> String {
        let strong = self.strong.clone();
        let own = Known::new(issued.iter().cloned());
        let (names, fields) = Default::default();
        let nets = Nets { names, fields, strong, own };
        nets.hide(text, self.weak_in_form(text))
    }

    /// The places of weak secrets in a form, where each is a whole value.
    fn weak_in_form(&self, text: &str) -> Vec<Range<usize>> {
        let mut end = 0;
        let values = text.split(['&', '?']).filter_map(|pair| {
            let start = end;
            end = start + pair.len() + 1;
            let name = pair.find('=')?;
            Some((&pair[name + 1..], start + name + 1..start + pair.len()))
        });
        let is_weak = |value: &str| {
            let value = value.replace('+', " ");
            self.weak.contains(&*percent_decode_str(&value).decode_utf8_lossy())
        };
        values.filter(|(value, _)| is_weak(value)).map(|(_, place)| place).collect()
    }

    /// Hides the secrets of a request. The answer is left empty.
    pub fn request(&self, request: &Request) -> Hidden {
        self.exchange(request, &Reply { status: 0, headers: Fields::default(), body: Bytes::new() })
    }

    /// Hides the secrets of an exchange.
    pub fn exchange(&self, request: &Request, reply: &Reply) -> Hidden {
        let mut nets = Nets::new(request.path(), self);
        let mut values = Vec::new();
        let mut part = |text: &[u8], look: &dyn Fn(&mut Finder<'_>, &View)| {
            let text = String::from_utf8_lossy(text).into_owned();
            let mut finder = Finder::new(&nets.names);
            look(&mut finder, &View::of(&text));
            values.append(&mut finder.values);
            Part { text, places: finder.places }
        };
        let form_of = |name: &str| nets.fields.get(name).copied();
        let mut field = |name: &[u8], value: &[u8]| {
            let name = String::from_utf8_lossy(name).to_lowercase();
            let form = form_of(&name);
            let value = part(value, &|finder, view| match form {
                Some(form) => finder.field(view, form),
                None => finder.text(view),
            });
            (name, value)
        };
        let request_headers: Vec<_> =
            request.headers.iter().map(|(name, value)| field(name, value)).collect();
        let fields = reply.headers.iter().map(|(name, value)| field(name.as_bytes(), value.as_bytes()));
        let reply_headers: Vec<_> = fields.collect();
        let target = part(request.target().as_bytes(), &|finder, view| {
            let end = request.target().len() - request.query().len();
            finder.form(&view.part(end..request.target().len()));
            finder.urls(view);
            self.secrets_in_path(request).into_iter().for_each(|secret| finder.found(view, secret));
        });
        let content_type = |headers: &[(String, Part)]| {
            let found = headers.iter().find(|(name, _)| name == "content-type");
            found.map_or(String::new(), |(_, value)| value.text.clone())
        };
        let (of_request, of_reply) = (content_type(&request_headers), content_type(&reply_headers));
        let request_body = part(request.body(), &|finder, view| finder.body(view, &of_request));
        let reply_body = part(&reply.body, &|finder, view| finder.body(view, &of_reply));

        let strong = values.into_iter().filter(|value| !is_weak(value));
        nets.own = Known::new(strong.take(MOST_OWN));
        let hide = |part: Part| nets.hide(&part.text, part.places);
        let hide_all = |fields: Vec<(String, Part)>| {
            fields.into_iter().map(|(name, value)| (name, hide(value))).collect()
        };
        Hidden {
            target: hide(target),
            request_headers: hide_all(request_headers),
            request_body: hide(request_body),
            reply_headers: hide_all(reply_headers),
            reply_body: hide(reply_body),
            nets,
        }
    }

    /// The parts of a request's target that are secrets in its path.
    fn secrets_in_path(&self, request: &Request) -> Vec<Range<usize>> {
        let path = request.path();
        // Between the path and the query there is a question mark, if there is a query.
        let target = request.target();
        let start = target.find('?').unwrap_or(target.len()) - path.len();
        let moved = |range: Range<usize>| start + range.start..start + range.end;
        if let Some(service) = SERVICES.iter().find(|service| service.claims(path)) {
            return service.places(path).path.map(moved).into_iter().collect();
        }
        // A path that no service knows may still be meant for one.
        let mut end = 0;
        let segments = path.split('/').map(|segment| {
            let start = end;
            end = start + segment.len() + 1;
            (segment, start..start + segment.len())
        });
        let is_weak = |segment: &str| self.weak.contains(&*percent_decode_str(segment).decode_utf8_lossy());
        segments.filter(|(segment, _)| is_weak(segment)).map(|(_, range)| moved(range)).collect()
    }
}

impl Hidden {
    /// Hides the secrets of the exchange in a text for readers.
    pub fn text(&self, text: &str) -> String {
        self.nets.text(text)
    }
}

/// A part of an exchange, and the places in it where credentials stand.
struct Part {
    text: String,
    places: Vec<Range<usize>>,
}

/// What catches secrets.
#[derive(Clone, Debug)]
struct Nets {
    /// The names of parameters that hold credentials.
    names: BTreeSet<&'static str>,
    /// The header fields that hold credentials.
    fields: BTreeMap<&'static str, FieldForm>,
    strong: Known,
    /// The credentials of the exchange itself. They may be those of a real account.
    own: Known,
}

impl Nets {
    fn new(path: &str, redactor: &Redactor) -> Self {
        let places: Vec<_> = SERVICES.iter().map(|service| service.places(path)).collect();
        let names = places.iter().flat_map(|places| places.parameters).chain(PARAMETERS);
        let fields = places.iter().flat_map(|places| places.headers).chain(HEADERS);
        Self {
            names: names.copied().collect(),
            fields: fields.copied().collect(),
            strong: redactor.strong.clone(),
            own: Known::default(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut finder = Finder::new(&self.names);
        finder.prose(&View::of(text));
        self.hide(text, finder.places)
    }

    /// Hides what stands at `places`, and every strong secret.
    fn hide(&self, text: &str, mut places: Vec<Range<usize>>) -> String {
        let mut layer = Some(View::of(text));
        for _ in 0..LAYERS {
            let Some(view) = layer else { break };
            let known = [&self.strong, &self.own].into_iter().flat_map(|known| known.find(&view.bytes));
            places.extend(known.map(|range| view.origin(range)));
            layer = view.decoded(Escapes::Any);
        }
        places.sort_by_key(|range| (range.start, range.end));
        let (mut hidden, mut shown) = (String::with_capacity(text.len()), 0);
        for place in places {
            if place.start >= shown {
                hidden.push_str(&text[shown..place.start]);
                hidden.push_str(HIDDEN);
            }
            shown = shown.max(place.end);
        }
        hidden.push_str(&text[shown..]);
        hidden
    }
}

/// Whether a secret is hidden only where credentials stand, because other texts may contain it: it is weak, or the name
/// of an error or of an operation.
fn is_weak(secret: &str) -> bool {
    let is_name = || {
        SERVICES.iter().any(|service| {
            service.errors().iter().any(|error| error.code == secret)
                || service.operations().iter().any(|operation| operation.name == secret)
        })
    };
    weakness(secret).is_some() || is_name()
}

/// Texts to hide wherever they stand, by their length in bytes.
#[derive(Clone, Debug, Default)]
struct Known(Arc<BTreeMap<usize, HashSet<Vec<u8>>>>);

impl Known {
    /// How many texts of one length are searched for one by one. Issued tokens are more, and have one length.
    const FEW: usize = 16;

    fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut by_length: BTreeMap<_, HashSet<_>> = BTreeMap::new();
        for text in texts {
            // In a form, a plus sign stands for a space.
            let spelt = text.contains(' ').then(|| text.replace(' ', "+").into_bytes());
            by_length.entry(text.len()).or_default().extend(spelt.into_iter().chain([text.into_bytes()]));
        }
        Self(Arc::new(by_length))
    }

    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (length, texts) in &*self.0 {
            let mut add = |start: usize| found.push(start..start + length);
            if texts.len() <= Self::FEW {
                texts.iter().flat_map(|text| memmem::find_iter(bytes, text)).for_each(add);
            } else {
                let windows = bytes.windows(*length).enumerate();
                windows.filter(|(_, window)| texts.contains(*window)).for_each(|(start, _)| add(start));
            }
        }
        found
    }
}
