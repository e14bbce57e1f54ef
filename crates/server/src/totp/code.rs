//! From a seed to its codes (RFC 6238: SHA-1, six digits, thirty seconds), and to what an app reads.

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// What apps show the code under.
const ISSUER: &str = "Concierge";
/// 160 bits, the length of SHA-1 (RFC 4226 section 4, R6).
pub(super) const SEED: usize = 20;

fn totp(seed: &[u8], skew: u32, name: &str) -> Totp {
    let builder = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(u16::try_from(skew).unwrap_or(0))
        .with_secret(seed.to_vec())
        .with_issuer(Some(ISSUER))
        // A colon would end the issuer in what the app reads; an address has none that a person needs there.
        .with_account_name(name.replace(':', "_"));
    // Every value above is one of RFC 6238 but the seed, whose length the caller vouches for.
    builder.build_noncompliant()
}

/// The step whose code was typed, if it is one of now, so many steps early or late. The comparison takes the same time
/// wherever the codes differ.
pub(super) fn step_of(seed: &[u8], typed: &str, skew: u32, now: Timestamp) -> Option<i64> {
    let digits = digits_of(typed)?;
    let seconds = u64::try_from(now.as_millis() / 1000).ok()?;
    let step = totp(seed, skew, "").check(&digits, seconds)?;
    i64::try_from(step).ok()
}

/// Six digits, however they were spaced; nothing when it can't be a code.
fn digits_of(typed: &str) -> Option<Zeroizing<String>> {
    // Longer than any way of writing one.
    if typed.len() > 32 {
        return None;
    }
    let digits: Zeroizing<String> = Zeroizing::new(
        typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect(),
    );
    let is_one = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then_some(digits)
}

/// The seed to type into an app, in groups of four.
pub(super) fn text_of(seed: &[u8]) -> Sensitive {
    let text = Zeroizing::new(totp(seed, 0, "").secret().to_base32());
    let mut grouped = Zeroizing::new(String::with_capacity(text.len() * 5 / 4));
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    Sensitive::new(grouped.as_str())
}

/// The seed as an `otpauth:` address, under the account's own address.
pub(super) fn uri_of(seed: &[u8], email: &str) -> Option<Sensitive> {
    totp(seed, 0, email).to_url().ok().map(Sensitive::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED_OF_THE_RFC: &[u8; 20] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(
                step_of(SEED_OF_THE_RFC, code, 0, at(step * 30)),
                Some(step),
                "{step}"
            );
        }
    }

    #[test]
    fn rfc_6238_appendix_b() {
        // The last six of the eight digits: the same number, cut shorter.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = step_of(SEED_OF_THE_RFC, code, 0, at(seconds));
            assert_eq!(step, Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn asvs_6_5_5_a_code_counts_within_the_skew_and_no_longer() {
        for (skew, early, late) in [(0, 0, 29), (1, -30, 59), (2, -60, 89)] {
            for (seconds, is_good) in [
                (early - 1, false),
                (early, true),
                (late, true),
                (late + 1, false),
            ] {
                let step = step_of(SEED_OF_THE_RFC, "081804", skew, at(1_111_111_080 + seconds));
                assert_eq!(step.is_some(), is_good, "skew {skew}, {seconds} s");
            }
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_spaced_and_nothing_else_is() {
        let read = |typed| step_of(SEED_OF_THE_RFC, typed, 0, at(59)).is_some();
        assert!(["287082", "287 082", " 28-70-82\n"].into_iter().all(read));
        let padded = "2".repeat(33);
        for typed in [
            "",
            "28708",
            "2870820",
            "94287082",
            "287o82",
            "２８７０８２",
            &padded,
        ] {
            assert!(!read(typed), "{typed}");
        }
    }

    #[test]
    fn an_app_reads_issuer_and_address() {
        let uri = uri_of(SEED_OF_THE_RFC, "ada+x@example.org").expect("an address");
        let read = Totp::from_url(uri.expose()).expect("an app reads it");
        assert_eq!(read.secret().as_bytes(), SEED_OF_THE_RFC);
        assert_eq!(
            (read.issuer(), read.account_name()),
            (Some(ISSUER), "ada+x@example.org")
        );
        assert_eq!((read.digits(), read.step()), (6, 30));
        let text = text_of(SEED_OF_THE_RFC);
        assert_eq!(text.expose(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
