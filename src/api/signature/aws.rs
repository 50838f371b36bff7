//! AWS Signature Version 4, as AWS documents it ("Create a signed AWS API request").

use percent_encoding::{percent_decode_str, percent_encode, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ring::{digest, hmac};
use url::Url;

use super::Signable;
use crate::api::ApiError;
use crate::model::provider::AwsScope;
use crate::model::secret::hexadecimal;
use crate::model::template::COMPONENT;
use crate::model::{Secret, Time};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
/// The services whose paths are encoded once: "Authenticating Requests" of the API reference of Amazon S3.
const S3: [&str; 4] = ["s3", "s3-object-lambda", "s3-outposts", "s3express"];
/// Amazon's serverless `OpenSearch`, which wants to see the hash of the body as S3 does.
const SERVERLESS: &str = "aoss";
/// What stands for the hash of a body that is not read whole; S3 takes it over TLS.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Who signs, and what for.
pub(super) struct Signer<'a> {
    /// The access key id.
    pub(super) id: &'a str,
    /// The secret access key.
    pub(super) secret: &'a Secret,
    /// What for.
    pub(super) scope: &'a AwsScope,
}

impl Signer<'_> {
    /// Returns the headers that sign a request.
    pub(super) fn headers(&self, request: &Signable<'_>, now: Time) -> Result<Vec<(HeaderName, Secret)>, ApiError> {
        let AwsScope { service, region } = self.scope;
        let is_s3 = S3.contains(&service.as_str());
        let said = request.headers.get(CONTENT_SHA256);
        let hash = match request.body() {
            _ if said.is_some_and(|said| said == UNSIGNED) && request.url.scheme() == "https" => UNSIGNED.to_owned(),
            Err(_) if is_s3 && request.url.scheme() == "https" => UNSIGNED.to_owned(),
            body => sha256(body?),
        };
        let moment = now.format("%Y%m%dT%H%M%SZ").to_string();
        let mut signed = vec![("host".to_owned(), request.host()), (DATE.to_string(), moment.clone())];
        // What a caller says of the body is said anew: each such header is to be signed.
        let shows_hash = is_s3 || service == SERVERLESS || said.is_some();
        signed.extend(shows_hash.then(|| (CONTENT_SHA256.to_string(), hash.clone())));
        let others =
            request.headers.keys().filter(|name| **name == CONTENT_TYPE || name.as_str().starts_with("x-amz-"));
        let others = others.filter(|name| ![DATE, CONTENT_SHA256].contains(name));
        signed.extend(others.map(|name| (name.to_string(), values(request.headers, name))));
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: Vec<String> = signed.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let lines = lines.join("\n");
        let path = if is_s3 { once_encoded(request.url.path()) } else { encoded(request.url.path()) };
        let mut pairs = strict_pairs(request.url);
        pairs.sort();
        let query = written(&pairs);
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n\n{names}\n{hash}", request.method);
        let day = &moment[..8];
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = format!("{ALGORITHM}\n{moment}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let first = zeroize::Zeroizing::new(format!("AWS4{}", self.secret.expose()));
        let key = [day, region, service, "aws4_request"]
            .iter()
            .fold(key_of(first.as_bytes()), |key, part| key_of(hmac::sign(&key, part.as_bytes()).as_ref()));
        let signature = hexadecimal(hmac::sign(&key, text.as_bytes()).as_ref());
        let header =
            format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.id);
        let mut headers = vec![(AUTHORIZATION, Secret::new(header)), (DATE, Secret::new(moment))];
        headers.extend(shows_hash.then(|| (CONTENT_SHA256, Secret::new(hash))));
        Ok(headers)
    }
}

/// Returns what a header says, as it is signed: one line, single spaces.
fn values(headers: &HeaderMap, name: &HeaderName) -> String {
    let words = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    headers.get_all(name).iter().map(words).collect::<Vec<_>>().join(",")
}

/// Writes a URL as it is signed: of a space as `+`, and of a path that S3 reads, there are two readings.
pub(super) fn strict(mut url: Url, scope: &AwsScope) -> Url {
    if url.query().is_some_and(|query| !query.is_empty()) {
        let query = written(&strict_pairs(&url));
        url.set_query(Some(&query));
    }
    if S3.contains(&scope.service.as_str()) {
        let path = once_encoded(url.path());
        url.set_path(&path);
    }
    url
}

/// Returns the parameters of a URL, encoded; whatever bytes they are, they stay.
fn strict_pairs(url: &Url) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_encode(&percent_decode_str(&text).collect::<Vec<u8>>(), COMPONENT).to_string()
    };
    let pairs = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn written(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn key_of(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// A path that is encoded already, encoded once more, without empty segments: every service but S3 wants that.
fn encoded(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<String> = segments.map(|segment| utf8_percent_encode(segment, COMPONENT).to_string()).collect();
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// A path whose every segment is encoded once, and strictly.
fn once_encoded(path: &str) -> String {
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            let plain: Vec<u8> = percent_decode_str(segment).collect();
            percent_encode(&plain, COMPONENT).to_string()
        })
        .collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Payload;

    fn secret() -> Secret {
        Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    }

    /// The signed headers and the signature, at 2015-08-30T12:36:00Z for `us-east-1`, with the key of AWS's test suite.
    fn signed(service: &str, method: &str, url: &str, shown: &[(&'static str, &str)], body: &Payload) -> String {
        let scope = AwsScope { service: service.to_owned(), region: "us-east-1".to_owned() };
        let url = strict(url.parse().unwrap(), &scope);
        let mut headers = HeaderMap::new();
        for (name, value) in shown {
            headers.append(*name, value.parse().unwrap());
        }
        let signer = Signer { id: "AKIDEXAMPLE", secret: &secret(), scope: &scope };
        let request = Signable { method, url: &url, headers: &headers, body };
        let made = signer.headers(&request, "2015-08-30T12:36:00Z".parse().unwrap()).unwrap();
        assert_eq!((made[1].0.as_str(), made[1].1.expose()), ("x-amz-date", "20150830T123600Z"));
        let whole = made[0].1.expose();
        let start = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, SignedHeaders="
        );
        whole.strip_prefix(&start).unwrap().replace(", Signature=", " ")
    }

    #[test]
    fn the_signatures_of_awss_test_suite_come_out() {
        let url = "https://example.amazonaws.com/";
        assert_eq!(
            signed("service", "GET", url, &[], &Payload::Nothing),
            "host;x-amz-date 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            "get-vanilla"
        );
        assert_eq!(
            signed("service", "GET", &format!("{url}?Param2=value2&Param1=value1"), &[], &Payload::Nothing),
            "host;x-amz-date b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            "get-vanilla-query-order-key-case"
        );
    }

    #[test]
    fn the_signatures_of_botocore_come_out() {
        let form = Payload::Whole(b"Action=ListUsers&Version=2010-05-08".to_vec());
        let shown = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(
            signed("iam", "POST", "https://iam.amazonaws.com/", &shown, &form),
            "content-type;host;x-amz-date 1a07cb0ccdd608fadb49e083a5172c4bb753074a560101ac716b6ac317a9eba7"
        );
        assert_eq!(
            signed("service", "GET", "https://example.amazonaws.com/a%20b/c:d/%E1%88%B4", &[], &Payload::Nothing),
            "host;x-amz-date 4e0df05ce681439a81350053fa7e3e1422552f924da34e0972a854f42bdd065b"
        );
        let shown = [("x-amz-meta", " a   b  c"), ("x-amz-security-token", "TOKEN==")];
        let call = "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(
            signed("sts", "GET", call, &shown, &Payload::Nothing),
            "host;x-amz-date;x-amz-meta;x-amz-security-token c8a4d086e84ed0b2c8c293e392de00210ea85c19e834a43f446e0e0061c73b41"
        );
        // As botocore writes such a key before it signs.
        for path in ["my%20bucket/c%3Ad/%281%29", "my%20bucket/c:d/(1)"] {
            for query in ["prefix=a%20b%2B", "prefix=a+b%2B"] {
                assert_eq!(
                    signed("s3", "GET", &format!("https://s3.amazonaws.com/{path}?{query}"), &[], &Payload::Nothing),
                    "host;x-amz-content-sha256;x-amz-date 9e7c689783c28f15767f7eda6a515c1cdc836e395d244a7291a60f7404e2a472"
                );
            }
        }
    }

    #[test]
    fn empty_segments_are_no_part_of_a_path_but_for_s3() {
        for (path, signed) in [("/", "/"), ("//a//b/", "/a/b/"), ("/a%20b/c:d", "/a%2520b/c%3Ad"), ("///", "/")] {
            assert_eq!(encoded(path), signed, "{path}");
        }
        assert_eq!(once_encoded("//a//b%20c:"), "//a//b%20c%3A");
    }

    #[test]
    fn a_query_stays_what_it_is_in_bytes() {
        let scope = AwsScope::of_host("iam.amazonaws.com").unwrap();
        let url = strict("https://iam.amazonaws.com/?k=%FF+%2b&a&b=%c3%a9&&a=1".parse().unwrap(), &scope);
        assert_eq!(url.query(), Some("k=%FF%20%2B&a=&b=%C3%A9&a=1"));
    }

    #[test]
    fn what_a_caller_says_of_a_body_is_said_anew_unless_it_is_to_stay_unsigned() {
        let url = "https://glacier.eu-west-1.amazonaws.com/-/vaults";
        for said in ["abc", UNSIGNED] {
            let shown = signed("glacier", "GET", url, &[("x-amz-content-sha256", said)], &Payload::Nothing);
            assert!(shown.starts_with("host;x-amz-content-sha256;x-amz-date "), "{shown}");
        }
        let stream = Payload::stream(http_body_util::Full::new(hyper::body::Bytes::from_static(b"x")));
        signed("vpc-lattice-svcs", "PUT", url, &[("x-amz-content-sha256", UNSIGNED)], &stream);
    }

    #[test]
    fn a_body_that_is_not_known_whole_is_signed_for_s3_alone() {
        let stream = Payload::stream(http_body_util::Full::new(hyper::body::Bytes::from_static(b"x")));
        assert!(signed("s3", "PUT", "https://s3.amazonaws.com/b/k", &[], &stream).starts_with("host;x-amz-content"));
        let (url, headers) = ("https://example.amazonaws.com/".parse().unwrap(), HeaderMap::new());
        let request = Signable { method: "PUT", url: &url, headers: &headers, body: &stream };
        let scope = AwsScope::of_host("iam.amazonaws.com").unwrap();
        let signer = Signer { id: "a", secret: &secret(), scope: &scope };
        let error = signer.headers(&request, "2015-08-30T12:36:00Z".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("must be known whole"), "{error}");
    }
}
