//! The reports that a subcommand writes: `FORM=FILE`.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::path::PathBuf;

use super::{Exit, say};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Junit,
    /// The page with what happened, in one file.
    Html,
}

/// Reads `json=FILE`, `junit=FILE` or `html=FILE`.
pub(super) fn any(text: &str) -> Result<(Form, PathBuf), String> {
    let expected = || format!("`{text}` is no report: type `json=FILE`, `junit=FILE` or `html=FILE`");
    let (form, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(expected)?;
    match form {
        "json" => Ok((Form::Json, file.into())),
        "junit" => Ok((Form::Junit, file.into())),
        "html" => Ok((Form::Html, file.into())),
        _ => Err(expected()),
    }
}

/// Reads `json=FILE` or `junit=FILE`.
pub(super) fn json_or_junit(text: &str) -> Result<(Form, PathBuf), String> {
    let read = any(text).ok().filter(|(form, _)| *form != Form::Html);
    read.ok_or_else(|| format!("`{text}` is no report: type `json=FILE` or `junit=FILE`"))
}

/// Checks that each report has a file of its own, or says that it has none.
pub(super) fn check(reports: &[(Form, PathBuf)]) -> Result<(), Exit> {
    let mut files = HashSet::new();
    if let Some((_, twice)) = reports
        .iter()
        .find(|(_, file)| !files.insert(std::path::absolute(file).unwrap_or_else(|_| file.clone())))
    {
        say(&format!("standin: two reports go to `{}`: name a file for each", twice.display()));
        return Err(Exit::Usage);
    }
    Ok(())
}

/// Opens and empties each file, so that one which cannot be written is known at the start, and nobody takes an earlier report for this one.
/// Or says what to do.
pub(super) fn open(reports: &[(Form, PathBuf)]) -> Result<(), Exit> {
    for (_, path) in reports {
        let opened = OpenOptions::new().write(true).truncate(true).create(true).open(path);
        if let Err(error) = opened {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
            let help = folder.map_or("name a file that can be written".to_owned(), |folder| {
                format!("make the folder `{}` first", folder.display())
            });
            say(&format!(
                "standin: the report `{}` cannot be written: {error}\nhelp: {help}",
                path.display()
            ));
            return Err(Exit::NotStarted);
        }
    }
    Ok(())
}
