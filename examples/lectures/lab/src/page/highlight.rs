//! Colouring Rust.

use super::escape;

const KEYWORDS: [&str; 32] = [
    "as", "break", "const", "continue", "dyn", "else", "enum", "false", "fn", "for", "if", "impl",
    "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "use", "where", "while",
];

/// Rust as HTML: comments, strings, numbers and keywords in spans of their own.
pub(super) fn rust(code: &str) -> String {
    let mut html = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(rest, first);
        let (text, after) = rest.split_at(length);
        match class {
            "" => html += &escape(text),
            _ => html += &format!("<span class=\"{class}\">{}</span>", escape(text)),
        }
        rest = after;
    }
    html
}

/// The class of the first token, and its length.
fn token(code: &str, first: char) -> (&'static str, usize) {
    let until = |end: fn(char) -> bool| code.find(end).unwrap_or(code.len());
    if code.starts_with("//") {
        return ("c", until(|c| c == '\n'));
    }
    if let Some(raw) = code.strip_prefix("r\"") {
        return ("s", raw.find('"').map_or(code.len(), |end| end + 3));
    }
    if first == '"' {
        let mut escaped = false;
        let end = code[1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return ("s", end.map_or(code.len(), |end| end + 2));
    }
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    if first.is_ascii_digit() {
        return ("n", until(|c| !(c.is_alphanumeric() || c == '_' || c == '.')));
    }
    if first.is_alphabetic() || first == '_' {
        let length = until(word);
        return (if KEYWORDS.contains(&&code[..length]) { "k" } else { "" }, length);
    }
    ("", first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(
            rust("let x = \"a\\\"<\"; // b"),
            "<span class=\"k\">let</span> x = <span class=\"s\">&quot;a\\&quot;&lt;&quot;</span>; \
             <span class=\"c\">// b</span>"
        );
        assert_eq!(
            rust(r#"r"\frac" letter"#),
            "<span class=\"s\">r&quot;\\frac&quot;</span> letter"
        );
        assert_eq!(rust("0..n"), "<span class=\"n\">0..n</span>");
    }
}
