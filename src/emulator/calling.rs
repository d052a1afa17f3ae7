//! How clients reach a service, for the documents that describe it.

use super::operation::Parameter;

/// How clients reach a service.
#[derive(Debug)]
pub struct Calling {
    /// What clients should know before they look at an operation: where parameters and credentials may stand.
    pub notes: &'static str,
    /// Where the paths below [`super::Service::base`] begin, the usual one first.
    pub bases: &'static [Base],
    /// Where all other paths begin.
    pub root: Base,
    /// The media types in which a body with parameters may be sent, the usual one first.
    pub body_types: &'static [&'static str],
    /// The ways to present a credential.
    pub proofs: &'static [Presents],
    /// Parameters that every operation below the base takes beside its own.
    pub beside: &'static [Parameter],
    /// Whether a text counts as the number, and a number or a text as the flag, that it stands for.
    pub casts: bool,
}

/// The beginning of the URLs of operations.
#[derive(Debug)]
pub struct Base {
    /// The URL, with the names of variables in braces.
    pub url: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// The variables: name, value in the examples, and what it is.
    pub variables: &'static [(&'static str, &'static str, &'static str)],
}

/// A way to present a credential.
#[derive(Debug)]
pub struct Presents {
    /// Its name in a document.
    pub name: &'static str,
    /// Where the credential stands.
    pub place: ProofPlace,
    /// What it is.
    pub summary: &'static str,
}

/// Where a credential stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofPlace {
    /// In the header field `authorization`, behind the word `Bearer`.
    Bearer,
    /// In this header field.
    Header(&'static str),
    /// In this parameter of the query.
    Query(&'static str),
}

/// The ways in which a call may show who makes it. Each lists the [`Calling::proofs`] that go together, by their names; an empty one
/// stands for a credential in the URL, or for none.
pub type Ways = &'static [&'static [&'static str]];
