//! The page and the data of a run → one file that needs nothing else: its modules are joined into one script.
//!
//! A module keeps to what the joining takes: each import is one line, `import { a, b } from './name.js'`; a line that begins with
//! `export` is followed by `function`, `async function`, `class` or `const` and one name; or it is `export { a, b as c }`, as the last
//! statement. Each module becomes a function that returns what it exports, so names of one never meet those of another. Modules do
//! not import each other in a circle.

use core::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{INDEX, file};

/// The module that the page begins with.
const MAIN: &str = "main.js";

/// The page as one file with `data`, which its script finds in the element with the id `run`.
///
/// # Errors
/// Which module cannot be joined, in words. A test joins all of them.
pub fn in_one_file(data: &Value) -> Result<String, String> {
    let style = file("page.css").unwrap_or_default();
    let script = joined(&|name| file(name).map(str::to_owned))?;
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(&script),
        hash(style)
    );
    // In JSON a less-than sign stands in texts only, where its escape means the same. So no text can end the element.
    let data = data.to_string().replace('<', "\\u003c");
    let mut page = String::new();
    for line in file(INDEX).unwrap_or_default().lines() {
        if line.contains("rel=\"stylesheet\"") {
            let _ = writeln!(page, "<style>{style}</style>");
        } else if line.contains("</body>") {
            let _ = writeln!(
                page,
                "<script type=\"application/json\" id=\"run\">{data}</script>\n<script type=\"module\">{script}</script>\n{line}"
            );
        } else if !["<script", "rel=\"icon\"", "rel=\"modulepreload\""]
            .iter()
            .any(|other| line.contains(other))
        {
            let _ = writeln!(page, "{line}");
        }
        if line.contains("<meta charset") {
            let _ = writeln!(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
        }
    }
    Ok(page)
}

/// The hash of an inline script or style, as a policy spells it.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0u32, |bits, place| bits << 8 | u32::from(three.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text
}

/// All modules that the first one needs, in one script. `read` gives the text of a module.
fn joined(read: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut script, mut done) = (String::from("\n"), Vec::new());
    join(MAIN, read, &mut Vec::new(), &mut done, &mut script)?;
    // Either would end or hide the script in the file.
    match script.contains("</script") || script.contains("<!--") {
        true => Err("a module has `</script` or `<!--` in its text".to_owned()),
        false => Ok(script),
    }
}

fn join(
    name: &str,
    read: &dyn Fn(&str) -> Option<String>,
    way: &mut Vec<String>,
    done: &mut Vec<String>,
    script: &mut String,
) -> Result<(), String> {
    if done.iter().any(|known| known == name) {
        return Ok(());
    }
    if way.iter().any(|known| known == name) {
        return Err(format!("`{name}` imports itself in a circle: {}", way.join(", ")));
    }
    let text = read(name).ok_or_else(|| format!("there is no module `{name}`"))?;
    way.push(name.to_owned());
    let (mut body, mut exports) = (String::new(), Vec::new());
    for line in text.lines() {
        let mistake = || {
            format!(
                "`{name}` has a line that cannot be joined: {}",
                line.chars().take(80).collect::<String>()
            )
        };
        if line.starts_with("import") && !line.starts_with("import(") {
            let (names, from) = import(line).ok_or_else(mistake)?;
            let from = resolved(name, from);
            join(&from, read, way, done, script)?;
            let _ = writeln!(body, "const {names} = {};", variable(&from));
        } else if let Some((before, list)) = export_list(line) {
            let _ = writeln!(body, "{before}");
            for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                let (own, shown) = item.split_once(" as ").unwrap_or((item, item));
                exports.push(format!("{}: {}", shown.trim(), own.trim()));
            }
        } else if let Some(rest) = line.strip_prefix("export ") {
            let plain = rest.strip_prefix("async").map_or(rest, str::trim_start);
            let after = ["function ", "class ", "const "].iter().find_map(|kind| plain.strip_prefix(kind));
            let is_of_name = |c: &char| c.is_ascii_alphanumeric() || "_$".contains(*c);
            let shown: String = after.ok_or_else(mistake)?.chars().take_while(is_of_name).collect();
            if shown.is_empty() {
                return Err(mistake());
            }
            exports.push(shown);
            let _ = writeln!(body, "{rest}");
        } else {
            let _ = writeln!(body, "{line}");
        }
    }
    way.pop();
    let _ = writeln!(
        script,
        "const {} = (() => {{\n{body}return {{ {} }};\n}})();",
        variable(name),
        exports.join(", ")
    );
    done.push(name.to_owned());
    Ok(())
}

/// The names in braces and the path of an import.
fn import(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("import")?.trim();
    let (names, from) = rest.strip_prefix('{')?.split_once('}')?;
    let from = from.trim().strip_prefix("from")?.trim().trim_end_matches(';').trim();
    let quote = from.chars().next().filter(|c| "'\"".contains(*c))?;
    let from = from.strip_prefix(quote)?.strip_suffix(quote)?;
    let end = rest.find('}')?;
    (!names.contains(" as ")).then_some((&rest[..=end], from))
}

/// A line that ends with a list of exports: what is before it, and the list.
fn export_list(line: &str) -> Option<(&str, &str)> {
    let place = line.rfind("export{").or_else(|| line.rfind("export {"))?;
    let list = line[place..].split_once('{')?.1;
    let list = list.trim_end().trim_end_matches(';').trim_end().strip_suffix('}')?;
    let is_list = list.chars().all(|c| c.is_ascii_alphanumeric() || "_$, ".contains(c));
    is_list.then_some((&line[..place], list))
}

/// The path of a module that `by` imports.
fn resolved(by: &str, path: &str) -> String {
    let folder = by.rsplit_once('/').map_or("", |(folder, _)| folder);
    match (path.strip_prefix("../"), path.strip_prefix("./").unwrap_or(path)) {
        (Some(above), _) => above.to_owned(),
        (None, own) if folder.is_empty() => own.to_owned(),
        (None, own) => format!("{folder}/{own}"),
    }
}

fn variable(name: &str) -> String {
    format!("$_{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

/// The modules of the page.
#[cfg(test)]
fn modules() -> impl Iterator<Item = &'static str> {
    super::FILES.iter().map(|file| file.name).filter(|name| name.ends_with(".js"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_is_joined_with_data_that_cannot_leave_its_element() {
        let text = "</script><script>alert(1)</script><!-- \u{2028}";
        let page = in_one_file(&json!({"report": text})).unwrap();
        assert_eq!(page.matches("<script").count(), 2, "the data and the script");
        assert_eq!(page.matches("</script>").count(), 2);
        let data = page.split("id=\"run\">").nth(1).unwrap().split("</script>").next().unwrap();
        assert_eq!(serde_json::from_str::<Value>(data).unwrap(), json!({"report": text}));
        let script =
            page.split("<script type=\"module\">").nth(1).unwrap().split("</script>").next().unwrap();
        assert!(page.contains(&format!("script-src '{}'", hash(script))));
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert!(page.contains(&format!("style-src '{}'", hash(style))));
        let rest = page.replace(script, "").replace(style, "");
        assert!(!rest.contains("src=") && !rest.contains("href="), "it needs nothing else: {rest}");
        for name in modules() {
            assert!(script.contains(&format!("const {} = ", variable(name))), "nothing imports `{name}`");
        }
    }

    #[test]
    fn modules_become_functions_in_the_order_of_their_imports() {
        let read = |name: &str| {
            Some(match name {
                "main.js" => "import { one, Two } from './one.js';\nimport { h } from \"./lib/h.js\"\nshow(one, Two, h)\n".to_owned(),
                "one.js" => "import { h } from './lib/h.js'\nexport function one() {}\nexport class Two {}\nexport const $three = 3".to_owned(),
                "lib/h.js" => "var a=1,b=2;export{a as h,b};".to_owned(),
                _ => return None,
            })
        };
        assert_eq!(
            joined(&read).unwrap(),
            "
const $_lib_h_js = (() => {
var a=1,b=2;
return { h: a, b: b };
})();
const $_one_js = (() => {
const { h } = $_lib_h_js;
function one() {}
class Two {}
const $three = 3
return { one, Two, $three };
})();
const $_main_js = (() => {
const { one, Two } = $_one_js;
const { h } = $_lib_h_js;
show(one, Two, h)
return {  };
})();
"
        );
    }

    #[test]
    fn what_cannot_be_joined_is_refused() {
        for (text, words) in [
            ("import x from './one.js'", "cannot be joined"),
            ("import { a as b } from './one.js'", "cannot be joined"),
            ("import './one.js'", "cannot be joined"),
            ("export default 1", "cannot be joined"),
            ("export let a = 1", "cannot be joined"),
            ("import { a } from './main.js'", "circle"),
            ("import { a } from './nothing.js'", "no module `nothing.js`"),
            ("const a = '</script>'", "`</script`"),
        ] {
            let read = |name: &str| (name == "main.js").then(|| text.to_owned());
            assert!(joined(&read).unwrap_err().contains(words), "{text}");
        }
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
