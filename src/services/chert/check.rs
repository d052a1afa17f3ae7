//! Mistakes in a `chert:` section that the schema does not find.

use std::collections::HashSet;

use super::addresses::is_e164;
use super::check_life;
use super::section::{ChertSection, Tenant};
use crate::scalar::{Findings, Path, nearest};

/// Adds a finding for each mistake; `path` is the place of the section.
pub fn check(section: &ChertSection, path: &Path, findings: &mut Findings) {
    let mut slugs = HashSet::new();
    let mut secrets = HashSet::new();
    for (index, tenant) in section.tenants.iter().enumerate() {
        let here = path.key("tenants").index(index);
        if tenant.slug.trim().is_empty() {
            findings.add(here.key("slug"), "a tenant needs a slug", "type one, such as `acme-7a3f`");
        } else if !slugs.insert(&tenant.slug) {
            findings.add(
                here.key("slug"),
                format!("the tenant `{}` is given twice", tenant.slug),
                "merge the two",
            );
        }
        if tenant.signing_secret.trim().is_empty() {
            findings.add(here.key("signing_secret"), "a tenant needs a secret", "type 32 hex digits");
        } else if !secrets.insert(&tenant.signing_secret) {
            findings.add(
                here.key("signing_secret"),
                "two tenants have the same secret, so a bearer token does not identify one of them",
                "give each its own",
            );
        }
        check_tenant(tenant, &here, findings);
        check_life::check(tenant, &here, findings);
    }
    check_life::check_new_ids(section, &path.key("new_ids"), findings);
}

fn check_tenant(tenant: &Tenant, path: &Path, findings: &mut Findings) {
    let mut lines = HashSet::new();
    for (index, line) in tenant.lines.iter().enumerate() {
        let here = path.key("lines").index(index);
        if !lines.insert(line.id.as_str()) {
            findings.add(
                here.key("id"),
                format!("the line `{}` is given twice", line.id),
                "remove one of the two",
            );
        }
        if !is_e164(&line.phone_number) {
            findings.add(
                here.key("phone_number"),
                format!("`{}` is not a phone number", line.phone_number),
                "type `+`, the country code and the number, such as `\"+15555550100\"`",
            );
        }
    }
    let mut chats = HashSet::new();
    for (index, chat) in tenant.chats.iter().enumerate() {
        let place = || path.key("chats").index(index);
        if chat.id.is_empty() {
            findings.add(place().key("id"), "a chat needs an identifier", "type one, such as `ch_01H`");
        } else if !chats.insert(chat.id.as_str()) {
            findings.add(
                place().key("id"),
                format!("the chat `{}` is given twice", chat.id),
                "remove one of the two",
            );
        }
        if let Some(line) = chat.line.as_ref().filter(|line| !lines.contains(line.as_str())) {
            let help = nearest(line, lines.iter().copied())
                .map_or_else(|| "add it under `lines`".to_owned(), |near| format!("did you mean `{near}`?"));
            findings.add(place().key("line"), format!("there is no line `{line}`"), help);
        }
    }
}
