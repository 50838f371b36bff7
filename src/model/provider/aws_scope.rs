//! What a signature of AWS is good for, read off a host name.

use super::aws_names::NAMES;

/// What a signature of AWS is good for, beside its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsScope {
    /// The service, as AWS calls it in signatures.
    pub service: String,
    /// The region.
    pub region: String,
}

impl AwsScope {
    /// Reads it off a host name of AWS, as `curl --aws-sigv4` does: `SERVICE.REGION.amazonaws.com`, whatever stands
    /// before it. A service without regions is signed for `us-east-1`. Nothing where the name has another form.
    pub fn of_host(host: &str) -> Option<Self> {
        let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
        let name = suffixes.iter().find_map(|suffix| host.strip_suffix(suffix))?;
        let labels: Vec<&str> = name.split('.').collect();
        let (service, region): (&[&str], _) = match labels[..] {
            // An endpoint within a private network.
            [ref service @ .., region, "vpce"] | [ref service @ .., "dualstack", region] if is_region(region) => {
                (service, region)
            }
            // Amazon OpenSearch stands behind its region.
            [.., region, "es" | "aoss"] if is_region(region) => (&labels[labels.len() - 1..], region),
            [ref service @ .., region] if is_region(region) => (service, region),
            // S3, as it was written before 2019, and without a region.
            [.., last] if last.strip_prefix("s3-").is_some_and(is_region) => (&["s3"], &last[3..]),
            [.., "s3"] => (&["s3"], "us-east-1"),
            [_] => (&labels, "us-east-1"),
            _ => return None,
        };
        Some(Self { service: signing_name(service)?, region: region.to_owned() })
    }
}

/// Returns what a service is called in signatures; its endpoint may be called otherwise. What stands before that is a
/// bucket, an API or the like.
fn signing_name(labels: &[&str]) -> Option<String> {
    let last = labels.last()?.strip_suffix("-fips").unwrap_or(labels.last()?);
    // Its name may be of several labels.
    for count in (1..=labels.len().min(3)).rev() {
        let name = labels[labels.len() - count..].join(".");
        let name = name.strip_suffix("-fips").unwrap_or(&name);
        if let Ok(index) = NAMES.binary_search_by_key(&name, |(endpoint, _)| endpoint) {
            return Some(NAMES[index].1.to_owned());
        }
    }
    Some(match last {
        "s3-accesspoint" => "s3".to_owned(),
        zone if zone.starts_with("s3express-") => "s3express".to_owned(),
        service => service.to_owned(),
    })
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let is_number = |part: &&str| part.len() == 1 && part.starts_with(|digit: char| digit.is_ascii_digit());
    let is_area = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    parts.len() >= 3 && is_area(parts[0]) && parts.last().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_aws_tells_its_service_and_region() {
        for (host, service, region) in [
            ("iam.amazonaws.com", "iam", "us-east-1"),
            ("inspector2.eu-west-1.amazonaws.com", "inspector2", "eu-west-1"),
            ("email.eu-west-1.amazonaws.com", "ses", "eu-west-1"),
            ("bedrock-runtime.us-east-1.amazonaws.com", "bedrock", "us-east-1"),
            ("api.tunneling.iot.us-east-1.amazonaws.com", "IoTSecuredTunneling", "us-east-1"),
            ("runtime.lex.us-east-1.amazonaws.com", "lex", "us-east-1"),
            ("a1-ats.iot.us-east-1.amazonaws.com", "iot", "us-east-1"),
            ("bucket.with.dots.s3.ap-southeast-2.amazonaws.com", "s3", "ap-southeast-2"),
            ("bucket.s3.amazonaws.com", "s3", "us-east-1"),
            ("bucket.s3-us-west-2.amazonaws.com", "s3", "us-west-2"),
            ("s3.dualstack.us-east-2.amazonaws.com", "s3", "us-east-2"),
            ("a-1.s3-accesspoint.us-east-2.amazonaws.com", "s3", "us-east-2"),
            ("b.s3express-use1-az4.us-east-1.amazonaws.com", "s3express", "us-east-1"),
            ("vpce-1.s3.us-east-1.vpce.amazonaws.com", "s3", "us-east-1"),
            ("kms-fips.us-gov-west-1.amazonaws.com", "kms", "us-gov-west-1"),
            ("a1b2.execute-api.us-east-1.amazonaws.com", "execute-api", "us-east-1"),
            ("search-x.eu-central-1.es.amazonaws.com", "es", "eu-central-1"),
            ("ec2.cn-north-1.amazonaws.com.cn", "ec2", "cn-north-1"),
            ("lambda.us-east-1.api.aws", "lambda", "us-east-1"),
        ] {
            let scope = AwsScope { service: service.to_owned(), region: region.to_owned() };
            assert_eq!(AwsScope::of_host(host), Some(scope), "{host}");
        }
        for host in [
            "localhost",
            "amazonaws.com",
            "iam.us-gov.amazonaws.com",
            "iam.amazonaws.com.evil.example",
            "evilamazonaws.com",
        ] {
            assert_eq!(AwsScope::of_host(host), None, "{host}");
        }
    }
}
