//! The lines of a file that its problems are about.

/// Puts the line in front of each problem, in their order, that names a key in its first backquotes: `oauth2.token_endpoint`.
pub fn with_lines(text: &str, problems: Vec<String>) -> Vec<String> {
    let located = |problem: String| (place_of(&problem).and_then(|place| line_of(text, place)), problem);
    let mut all: Vec<(Option<usize>, String)> = problems.into_iter().map(located).collect();
    all.sort_by_key(|(line, _)| *line);
    let told = |(line, problem): (Option<usize>, String)| match line {
        Some(line) => format!("line {line}: {problem}"),
        None => problem,
    };
    all.into_iter().map(told).collect()
}

fn place_of(problem: &str) -> Option<&str> {
    problem.split('`').nth(1).map(|place| place.trim_matches(['[', ']']))
}

/// Returns the line, from 1, of the key that a dotted path leads to; of what it stands in, where it is written in one
/// line with others, or missing.
fn line_of(text: &str, place: &str) -> Option<usize> {
    let plain = |name: &str| name.trim().trim_matches('"').to_owned();
    let wanted: Vec<String> = place.split('.').map(plain).collect();
    let (mut table, mut best): (Vec<String>, Option<(usize, usize)>) = (Vec::new(), None);
    let mut calls = 0_usize;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let path = if let Some(header) = line.strip_prefix('[') {
            let is_call = header.starts_with("[token_exchange.calls]");
            calls += usize::from(is_call);
            table = header.trim_matches(['[', ']']).split('.').map(plain).collect();
            if is_call {
                // As the rules count them.
                table = vec!["token_exchange".to_owned(), format!("calls[{}]", calls - 1)];
            }
            table.clone()
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let mut path = table.clone();
            path.push(plain(key));
            path
        } else {
            continue;
        };
        let is_on_the_way = path.len() <= wanted.len() && path.iter().zip(&wanted).all(|(one, other)| one == other);
        if is_on_the_way && !path.is_empty() && best.is_none_or(|(length, _)| path.len() > length) {
            best = Some((path.len(), index + 1));
        }
    }
    best.map(|(_, line)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_put_on_the_line_of_its_key_or_of_what_that_stands_in() {
        let text = "name = \"A\"\n\n[oauth2]\n# token_endpoint = \"no\"\ntoken_endpoint = \"x\"\nresponse = { unit = \"y\" }\n\n[variables.shop]\nkind = \"label\"\n\n[[token_exchange.calls]]\nmethod = \"GET\"\n[[token_exchange.calls]]\nmethod = \"get\"\n";
        let line = |problem: &str| with_lines(text, vec![problem.to_owned()]).remove(0);
        assert_eq!(line("`oauth2.token_endpoint`: it is odd"), "line 5: `oauth2.token_endpoint`: it is odd");
        assert_eq!(line("`oauth2.response.unit` is odd"), "line 6: `oauth2.response.unit` is odd");
        assert_eq!(line("`oauth2.pkce` is odd"), "line 3: `oauth2.pkce` is odd");
        assert_eq!(line("`variables.shop.kind` is odd"), "line 9: `variables.shop.kind` is odd");
        assert_eq!(line("`token_exchange.calls[1].method` is"), "line 14: `token_exchange.calls[1].method` is");
        assert_eq!(line("`nowhere` is missing"), "`nowhere` is missing");
        assert_eq!(line("nothing is named"), "nothing is named");
    }
}
