use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

use super::*;
use crate::auth::{jwk, jwt};

/// An RSA key that was made for this test alone, in PKCS #8.
const RSA: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCvums9mGQHmYn8IhaXW8wb8XBsWlwqWKXXDKIKx9R3fqdlPsjMk4tpxHOFKbhtTS\
    ZU4+E81Vr8LwJWI25QNyv/WWTlNC4qZ1VZINrRMBlQfXTvEJETCdKIKPH+J0lKncm9FciMOvl7HRjN7rEEq0OGC8CXN3wLel7rUt3BjaG0HIFtXVaW\
    ZfYXrHrmKmsyn1QObAmECQMZwi+K44xOFAxNZwl5f1569qrE1XJ2JLgcyZ+tk3gvcJOflyObI4bWLoibJTWDqA890Q2J9jXU70RTtvA86NyZAgVHjp\
    fRtkvNOX/Gd94I4ulbrVC0PQUyE4eVIT3Xfu6je8C+cVJIaOLxAgMBAAECggEAD0v0yi5UmsgV7QGR94f79adn3WQPkiIYVubDHkQfLcMJKEo1qX/j\
    IAhZSUtZ7K3NZeYA9SOEtt9oCSkuu5h/NyGdePQ4sTlAgoXWdmTaTJmMecOhP/KCxevRMN9TmnAEynW1zjsop2ZfgoxCEtbOWxdKeFSnSB/VWQ+5Z6\
    qqsPuwZpGNeGvWfbV1SpNMbSrVuJYEPMGlrL+onQCxXa4aWrcdeZtArhIizJ7rv5spXwO7r2WVwtK+VV9dBIdnuHKtI8NaD63SGP7ecCHSZgl2/0nU\
    e2PDyvQ1CzcwamU/Rz5drXiM8qOgf7M4XvnIP813cWSB8AQYNSKGS+oNlPK6VwKBgQDulxl58+OhrnHCkLyDdopifbEFSVQfbhQUzi6apSavqtxZX/\
    9jyiul0/8EGV+m/6Qe+dFzSowuZTFR4a941X/EkdO0hW848nr1wvjv5N4VgYFPv6uv23Q2CWDf0/j1TM6qRCGwNz1lFDCl2aNN3vDGUrL9v1JpRGdd\
    tmQCuxGcCwKBgQC8jQwiQDiAJ2LeFh1/fGS//YhLTEAITsDHP7X7Y2kyvtntX3atbNMHFze3gZQDSss6sUrqc80qfXIqIamImSHueaV8hOrVULcZVy\
    LanrGfJwO6xpE9Ctt26VNv5ZzGGrA+NytnDCjAsA55vN1JXyFDV1v22eT/EzHClh2XwTOecwKBgElBR2c0RN3ti6wreFX83XxkDygKXbPQvoWs0I5W\
    yswA7+rZGLbw6fneX1xI1h+WOjPwjCiT6PqNw1jarF+zXaljBNdWaNHZUXuHw5sUcEO2IZf0x6gU/1dgBchzcusODB4nERjjvQv96PnjGsrb+p1J4v\
    8Z8Rm1EO+rAoX8HeoFAoGBAJf4Py1kAaYZGLDTtlbIlhPAbxfxjzKi9vIhQbYqu+Fwvgl6hhblvXjbl8bKI9g7cm4N88ngKB71GQ0oMJKuihDB70Xb\
    g8MG2W0NNERs39DdCz6BSRKgK58+FEf+E0wAusiKgur9e+NCg4hPVzQJ/q9eO/tMSCvm9pZVk+h6ifZNAoGBAMwjfX8m9/OW5C9SKhjQyYGpjHheuy\
    UDKB/k8sx1GkabQTYN5X/AekwPwVtrPdBn+ckcVRbZhs/KkHFO22f9YhwyCzenE68zD28g/Sqr9vPuo7pn7KFB5VGU+vpBQHvUQJBcqJiIQvG+f97b\
    LXZV0BxOsFMgIzPhNvWkAzVRo0za";
/// Its modulus.
const MODULUS: &str = "r7prPZhkB5mJ_CIWl1vMG_FwbFpcKlil1wyiCsfUd36nZT7IzJOLacRzhSm4bU0mVOPhPNVa_C8CViNuUDcr_1lk5TQuKmdVWSDa0TAZUH107xCREw\
    nSiCjx_idJSp3JvRXIjDr5ex0Yze6xBKtDhgvAlzd8C3pe61LdwY2htByBbV1WlmX2F6x65iprMp9UDmwJhAkDGcIviuOMThQMTWcJeX9eevaqxNVy\
    diS4HMmfrZN4L3CTn5cjmyOG1i6ImyU1g6gPPdENifY11O9EU7bwPOjcmQIFR46X0bZLzTl_xnfeCOLpW61QtD0FMhOHlSE9137uo3vAvnFSSGji8Q";
/// What `openssl rsa -pubout -outform DER | openssl dgst -sha256 -binary | base64` says of it.
const FINGERPRINT: &str = "8Ck62JJ0HMiNcOrRF70eKR1DiaA0qBWhMng3d9fV8Q0=";

fn pem(label: &str, body: &str) -> Secret {
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    Secret::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")))
}

fn read(key: &Secret, algorithm: SigningAlgorithm) -> Result<SigningKey, SigningError> {
    SigningKey::read(key, algorithm, KeyEncoding::Text)
}

fn signed(key: &SigningKey, algorithm: SigningAlgorithm) -> Secret {
    let header = Map::from_iter([("kid".to_owned(), Value::from("k1"))]);
    key.sign(algorithm, header, &json!({"iss": "me", "exp": 1_767_225_600})).unwrap()
}

#[test]
fn rsa_signatures_are_found_good_with_the_public_key() {
    let keys = json!({"keys": [{"kty": "RSA", "kid": "k1", "n": MODULUS, "e": "AQAB"}]});
    for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::PS256] {
        let key = read(&pem("PRIVATE KEY", RSA), algorithm).unwrap();
        let token = signed(&key, algorithm);
        let unverified = jwt::decode(&token).unwrap();
        assert_eq!((&unverified.header["alg"], &unverified.header["typ"]), (&algorithm.word().into(), &"JWT".into()));
        assert_eq!(unverified.claims["iss"], "me");
        assert_eq!(jwk::verify(token.expose(), &unverified.header, &keys), Ok(()));
    }
}

#[test]
fn signatures_on_a_curve_are_found_good_with_the_public_key() {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &SystemRandom::new()).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y}]});
    let key = pem("PRIVATE KEY", &STANDARD.encode(document.as_ref()));
    let token = signed(&read(&key, SigningAlgorithm::ES256).unwrap(), SigningAlgorithm::ES256);
    assert_eq!(jwk::verify(token.expose(), &jwt::decode(&token).unwrap().header, &keys), Ok(()));
}

#[test]
fn an_hmac_is_that_of_rfc_4231() {
    // Test case 2 of RFC 4231: the key `Jefe`.
    let hex = SigningKey::read(&Secret::new("4a656665"), SigningAlgorithm::HS256, KeyEncoding::Hex).unwrap();
    let text = read(&Secret::new("Jefe"), SigningAlgorithm::HS256).unwrap();
    let SigningKey::Hmac(key) = &hex else { panic!("no HMAC") };
    let tag = hmac::sign(key, b"what do ya want for nothing?");
    assert_eq!(STANDARD.encode(tag.as_ref()), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    assert_eq!(signed(&hex, SigningAlgorithm::HS256), signed(&text, SigningAlgorithm::HS256));
}

#[test]
fn a_key_is_read_however_its_lines_were_joined() {
    let whole = pem("PRIVATE KEY", RSA);
    for joint in ["\\n", " ", "", "\r\n"] {
        let joined = Secret::new(whole.expose().replace('\n', joint));
        let key = read(&joined, SigningAlgorithm::RS256);
        assert_eq!(key.unwrap().fingerprint().unwrap(), format!("SHA256:{FINGERPRINT}"), "{joint:?}");
    }
}

#[test]
fn what_is_no_key_is_told_without_being_shown() {
    let error = |text: Secret, algorithm| read(&text, algorithm).err().unwrap();
    assert_eq!(error(Secret::new("canary"), SigningAlgorithm::RS256), SigningError::NoPem);
    assert_eq!(error(pem("PRIVATE KEY", RSA), SigningAlgorithm::ES256), SigningError::OtherKind("ES256"));
    assert_eq!(error(pem("EC PRIVATE KEY", "MAA="), SigningAlgorithm::ES256), SigningError::Sec1);
    assert_eq!(error(pem("ENCRYPTED PRIVATE KEY", RSA), SigningAlgorithm::RS256), SigningError::Encrypted);
    let behind = format!("{}{}", pem("EC PARAMETERS", "BggqhkjOPQMBBw==").expose(), pem("PRIVATE KEY", RSA).expose());
    assert!(read(&Secret::new(behind), SigningAlgorithm::RS256).is_ok(), "what stands before it is no key");
    for odd in ["", "4a6", "zz", "4ä"] {
        let read = SigningKey::read(&Secret::new(odd), SigningAlgorithm::HS256, KeyEncoding::Hex);
        assert_eq!(read.err(), Some(SigningError::NoHex), "{odd}");
    }
}

#[test]
fn an_rsa_key_that_is_too_short_is_told_so() {
    // Of 1024 bits, made for this test alone.
    let short = "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAKvN731r1tWhYExIkADAcl52QJ6df0ah16yAxvNIQzJywHQ6eaEC/K9th+MN9s\
    XZz44eA8NPU0KMmeKtYEGKakZJjiIW1Zoq9+e4xHhIlv4GAHrA3x04ok/a3Q9TOV9+noDyan1Xgxv8aJj6w0Q/WLB/kVIxeuBAjT36tpkJftCB\
    AgMBAAECgYAc3CYr2m6nSkmD5viRt8I+jfzC6FAWDF/PcX56JZxsIAymOaBu5LKPwYV/JbxbdgBArlgRegTRfA7pnhg6SkcZqu/yfp3oyx8gdJ\
    ydozQwUJXICB3BkJ8vhAZ6L6PJedn7WGMghIHttTLepF/cJ6SfycYoLWkRtgLkgbG2KzNfAQJBAN8ER4AdTu1D2s5UZGWu4gqVeaFCdghlFawP\
    Lrpfr61QJXTXe3VFxOPJcYQB/PTDhxgw8N/PxA/jQC7wOXCt0TECQQDFNrBG80dtPFmouJ+ZShyRlpFGiyaEVJIfmLDykFGUKVU6CNYJJ+smSA\
    yrgYccbeBO5EDGHgD7PHpIXPezkaBRAkAewklWSzSKlvRDxvH98Evu58TZz//VkpOVopZwUCg7wDUaU2oMt627ORp1+Yw4+grU9FMUm2RQSKie\
    kLVrbB3RAkEAlVG8FGxc12uLY0Euriy8BsufAW+YYTd7T+sXhwEYk3rcKc3I6TPNSrXgyfaPq0nSPUl7dcX/7jmzSJkDf3WykQJAe0VtxAai/l\
    rBvj+Cpg9lrCblZ0HWEDHGBkozww7tVMSi+CpHPFKN23ZNImWcIrVBZ4qbK12gatL9f6PMAMv22g==";
    assert_eq!(read(&pem("PRIVATE KEY", short), SigningAlgorithm::RS256).err(), Some(SigningError::RsaLength));
}
