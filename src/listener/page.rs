//! The pages a browser ends on: static, escaped, and under a policy that lets nothing run but one script:
//! it takes the code out of the address bar, tells the page that opened this one, and closes it.

use std::fmt::Write;

use base64::Engine as _;
use hyper::StatusCode;

use super::reply::{self, Reply};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto 0;padding:0 1.5rem;color:#1c1917;background:#fafaf9}h1{font-size:1.4rem}p{margin:.6rem 0}code{background:#e7e5e4;padding:.1rem .3rem;border-radius:.2rem;overflow-wrap:anywhere}.hint{border-left:3px solid #a8a29e;padding-left:.8rem}button{font:inherit;padding:.4rem 1.2rem;margin-right:.6rem}@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}code{background:#44403c}}";
const SCRIPT: &str = r#"history.replaceState(null,"",location.pathname);const data=document.getElementById("data");if(data){const told=JSON.parse(data.textContent);if(told.message&&window.opener)window.opener.postMessage(told.message,"*");if(told.closes)setTimeout(()=>window.close(),300)}"#;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// Its heading.
    pub title: String,
    /// Its paragraphs. Backticks mark code.
    pub paragraphs: Vec<String>,
    /// What mends it, if anything went wrong.
    pub hint: Option<String>,
    /// Links below them: words and address.
    pub links: Vec<(String, String)>,
    /// A form's buttons, as (name, value, label), and its hidden fields.
    pub form: Option<Form>,
    /// What the page that opened this one is told. Nothing of it is a secret: whoever opened it may read it.
    pub message: Option<serde_json::Value>,
    /// Whether the page closes itself.
    pub closes: bool,
}

/// A form that posts to the page's own address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Hidden fields: name and value.
    pub fields: Vec<(String, String)>,
    /// Buttons, all named `decision`: value and label.
    pub buttons: Vec<(&'static str, &'static str)>,
}

impl Page {
    /// Makes a page without a form.
    pub fn new(status: u16, title: impl Into<String>, paragraphs: Vec<String>) -> Self {
        Self {
            status,
            title: title.into(),
            paragraphs,
            hint: None,
            links: Vec::new(),
            form: None,
            message: None,
            closes: false,
        }
    }

    /// Renders it.
    pub fn reply(&self) -> Reply {
        let digest = |text: &str| {
            let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
            base64::engine::general_purpose::STANDARD.encode(digest)
        };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'",
            digest(STYLE),
            digest(SCRIPT)
        );
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        reply::html(status, self.html(), &policy)
    }

    fn html(&self) -> String {
        let title = escape(&self.title);
        let mut html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · hallpass</title><style>{STYLE}</style><h1>{title}</h1>"
        );
        // Writing to a String cannot fail.
        for paragraph in &self.paragraphs {
            let _ = write!(html, "<p>{}</p>", with_code(paragraph));
        }
        if let Some(hint) = &self.hint {
            let _ = write!(html, "<p class=\"hint\">{}</p>", with_code(hint));
        }
        for (words, address) in &self.links {
            let _ = write!(html, "<p><a href=\"{}\">{}</a></p>", escape(address), escape(words));
        }
        if let Some(form) = &self.form {
            html.push_str("<form method=\"post\">");
            for (name, value) in &form.fields {
                let _ = write!(html, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
            }
            for (value, label) in &form.buttons {
                let _ = write!(html, "<button id=\"{value}\" name=\"decision\" value=\"{value}\">{label}</button>");
            }
            html.push_str("</form>");
        } else if self.links.is_empty() {
            if self.message.is_some() || self.closes {
                // No `<` in it: nothing ends the element but its own end.
                let data = serde_json::json!({"message": self.message, "closes": self.closes}).to_string();
                let data = data.replace('<', "\\u003c");
                let _ = write!(html, "<script type=\"application/json\" id=\"data\">{data}</script>");
            }
            let _ = write!(html, "<script>{SCRIPT}</script>");
        }
        // A page with links keeps its address: a person may come back to it.
        html.push_str("</html>\n");
        html
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn with_code(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(index, piece)| if index % 2 == 1 { format!("<code>{}</code>", escape(piece)) } else { escape(piece) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_on_a_page_is_escaped() {
        let mut page = Page::new(400, "<script>alert(1)</script>", vec!["a `<b>` & \"c\"".to_owned()]);
        page.hint = Some("<img src=x onerror=alert(1)>".to_owned());
        let html = page.html();
        assert_eq!(html.matches("<script>").count(), 1, "only our own script");
        assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
        assert!(html.contains("a <code>&lt;b&gt;</code> &amp; &quot;c&quot;"));
    }

    #[test]
    fn what_the_opener_is_told_cannot_end_its_element() {
        let hostile = "`${alert(1)}</script><script>alert(2)</script>";
        let mut page = Page::new(200, "Connected", Vec::new());
        page.message = Some(serde_json::json!({"id": hostile}));
        let html = page.html();
        assert_eq!(html.matches("</script>").count(), 2, "{html}");
        let data = html.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
        let told: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(told["message"]["id"], hostile);
    }

    #[test]
    fn nothing_but_the_page_itself_may_be_loaded_or_run() {
        let reply = Page::new(200, "Hello", Vec::new()).reply();
        let header = |name: &str| reply.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
}
