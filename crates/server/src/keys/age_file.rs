//! Bytes sealed with a passphrase, in version 1 of the `age` format: the stock `age` tool opens what is sealed
//! here, and what it sealed with a passphrase is opened here.
//!
//! One passphrase and nothing else opens a file. Whatever was cut off or changed in it is an error, never other
//! content: the header carries a MAC, and each piece of 64 KiB is authenticated with its place.
//! Salts and keys of files are drawn by the crate `age` itself, from the operating system.

use std::io::{self, Read as _, Write as _};

use age::{DecryptError, Decryptor, Encryptor, scrypt, secrecy::SecretString};
use concierge_core::sensitive::Sensitive;
use zeroize::Zeroizing;

/// What the stock tool uses: a guess takes about a second and 256 MiB. It is fixed rather than measured, so that a
/// busy moment makes no file that is easier to guess.
pub const WORK_FACTOR: u8 = 18;
/// The most that is done for a file: four times the work and 1 GiB. The file names its own factor, and who can put
/// a file there must not be able to occupy the machine with it.
const MOST_WORK: u8 = 20;
/// New passphrases have at least so many characters: who has the file can guess without anybody noticing.
const SHORTEST: usize = 12;
/// How every file begins.
const MAGIC: &[u8] = b"age-encryption.org/";
/// How the text form begins.
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE";

/// Why a file can't be opened, in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Something else.
    #[error("it is not an age file")]
    NotAge,
    /// age, as text.
    #[error("it is an age file in text form; make it without --armor")]
    Armored,
    /// A later version of the format.
    #[error("it is an age file of a version that is not known here; only version 1 is")]
    Version,
    /// For a key, not for a passphrase.
    #[error("it is an age file that was not made with a passphrase; make it with `age -p`")]
    NoPassphrase,
    /// The work factor is absurd.
    #[error("opening it takes 2^{0} steps of scrypt, and at most 2^{MOST_WORK} are done")]
    TooMuchWork(u8),
    /// The end is missing.
    #[error("the file is truncated")]
    Truncated,
    /// The passphrase opens nothing.
    #[error("the passphrase is wrong, or the file's first lines were changed")]
    WrongPassphrase,
    /// The passphrase is right, the rest is not.
    #[error("the file was changed or cut short since it was made")]
    Changed,
    /// The machine said no.
    #[error("sealing failed")]
    Unsealed,
}

/// Whether somebody may seal something new with a passphrase.
pub fn judge_passphrase(passphrase: &Sensitive) -> Result<(), String> {
    match passphrase.expose().trim().chars().count() {
        0..SHORTEST => Err(format!(
            "the passphrase is shorter than {SHORTEST} characters; take several words"
        )),
        _ => Ok(()),
    }
}

/// The file that holds these bytes. The work factor is [`WORK_FACTOR`], except in tests.
pub fn seal(plain: &[u8], passphrase: &Sensitive, work_factor: u8) -> Result<Vec<u8>, AgeError> {
    let mut recipient = scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(work_factor);
    let recipient: &dyn age::Recipient = &recipient;
    let encryptor =
        Encryptor::with_recipients(std::iter::once(recipient)).map_err(|_| AgeError::Unsealed)?;
    let mut sealed = Vec::new();
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(plain)?;
        writer.finish()
    });
    written.map_err(|_| AgeError::Unsealed)?;
    Ok(sealed)
}

/// What a file holds.
pub fn open(file: &[u8], passphrase: &Sensitive) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    if file.starts_with(ARMOR) {
        return Err(AgeError::Armored);
    }
    if !file.starts_with(MAGIC) {
        return Err(match MAGIC.starts_with(file) {
            true => AgeError::Truncated,
            false => AgeError::NotAge,
        });
    }
    let mut identity = scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let identity: &dyn age::Identity = &identity;
    let decryptor = Decryptor::new_buffered(file).map_err(explained)?;
    let mut reader = decryptor
        .decrypt(std::iter::once(identity))
        .map_err(explained)?;
    // Never larger than the file, so that it does not move while it grows and leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(file.len()));
    reader
        .read_to_end(&mut plain)
        .map_err(|error| explained(DecryptError::Io(error)))?;
    Ok(plain)
}

fn secret(passphrase: &Sensitive) -> SecretString {
    SecretString::from(passphrase.expose().to_owned())
}

fn explained(error: DecryptError) -> AgeError {
    match error {
        DecryptError::UnknownFormat => AgeError::Version,
        DecryptError::NoMatchingKeys => AgeError::NoPassphrase,
        DecryptError::ExcessiveWork { required, .. } => AgeError::TooMuchWork(required),
        // Of the header: what is wrong with the rest arrives as an error of reading.
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            AgeError::WrongPassphrase
        }
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            AgeError::Truncated
        }
        _ => AgeError::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tests can afford thousands of times.
    const LOW: u8 = 1;
    /// What one piece of a file holds.
    const PIECE: usize = 64 * 1024;

    fn passphrase() -> Sensitive {
        Sensitive::new("correct horse battery")
    }

    fn sealed(length: usize) -> (Vec<u8>, Vec<u8>) {
        let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let file = seal(&plain, &passphrase(), LOW).unwrap();
        (plain, file)
    }

    /// Where the payload begins: behind the line of the MAC.
    fn payload(file: &[u8]) -> usize {
        let mac = file.windows(4).position(|at| at == b"\n---").unwrap() + 1;
        mac + file[mac..].iter().position(|byte| *byte == b'\n').unwrap() + 1
    }

    #[test]
    fn what_was_sealed_is_opened_whatever_its_length() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let (plain, file) = sealed(length);
            assert_eq!(*open(&file, &passphrase()).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn every_truncated_or_flipped_byte_is_an_error() {
        let (_, file) = sealed(300);
        let payload = payload(&file);
        for at in 0..file.len() {
            let cut = open(&file[..at], &passphrase()).unwrap_err();
            let is_clear = matches!(cut, AgeError::Truncated) || at >= payload;
            assert!(is_clear, "cut at {at} of {payload}: {cut}");
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(open(&flipped, &passphrase()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn pieces_of_a_long_file_can_neither_be_cut_nor_swapped_nor_added() {
        let (_, file) = sealed(3 * PIECE);
        let (start, piece) = (payload(&file) + 16, PIECE + 16);
        let refused = |changed: &[u8]| open(changed, &passphrase()).unwrap_err();
        for pieces in 0..3 {
            let end = start + pieces * piece;
            assert_eq!(refused(&file[..end]), AgeError::Truncated, "{pieces}");
            for near in [end + 1, end + 15, end + 16, end + 17] {
                refused(&file[..near]);
            }
            let mut without = file.clone();
            without.drain(end..end + piece);
            refused(&without);
            let mut twice = file.clone();
            twice.splice(end..end, file[end..end + piece].to_vec());
            refused(&twice);
        }
        let mut swapped = file.clone();
        swapped[start..start + 2 * piece].rotate_left(piece);
        assert_eq!(refused(&swapped), AgeError::Changed);
        for added in [1, 16, 17, piece] {
            let mut longer = file.clone();
            longer.extend(vec![0; added]);
            assert_eq!(refused(&longer), AgeError::Changed, "{added}");
        }
        for at in (start..file.len()).step_by(997).chain([file.len() - 1]) {
            let mut flipped = file.clone();
            flipped[at] ^= 1;
            assert_eq!(refused(&flipped), AgeError::Changed, "{at}");
        }
    }

    #[test]
    fn each_reason_has_its_own_line() {
        let (_, file) = sealed(20);
        let refused = |file: &[u8]| open(file, &passphrase()).unwrap_err();
        assert_eq!(
            open(&file, &Sensitive::new("another one")),
            Err(AgeError::WrongPassphrase)
        );
        assert_eq!(refused(b"[signing]"), AgeError::NotAge);
        assert_eq!(refused(b""), AgeError::Truncated);
        assert_eq!(
            refused(b"-----BEGIN AGE ENCRYPTED FILE-----\n"),
            AgeError::Armored
        );
        let edited = |from: &str, to: &str| {
            let header = payload(&file);
            let text = std::str::from_utf8(&file[..header]).unwrap();
            assert!(text.contains(from), "{text}");
            [text.replacen(from, to, 1).as_bytes(), &file[header..]].concat()
        };
        assert_eq!(refused(&edited("org/v1\n", "org/v2\n")), AgeError::Version);
        assert_eq!(
            refused(&edited("-> scrypt", "-> ssh-rsa")),
            AgeError::NoPassphrase
        );
        let mut changed = file.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(refused(&changed), AgeError::Changed);
    }

    #[test]
    fn a_file_cannot_demand_more_work_than_a_few_seconds() {
        let (_, file) = sealed(20);
        let header = payload(&file);
        let text = std::str::from_utf8(&file[..header]).unwrap();
        for factor in [MOST_WORK + 1, 22, 63] {
            let line = text.replacen(" 1\n", &format!(" {factor}\n"), 1);
            assert_ne!(line, text);
            let hostile = [line.as_bytes(), &file[header..]].concat();
            assert_eq!(
                open(&hostile, &passphrase()),
                Err(AgeError::TooMuchWork(factor))
            );
        }
    }

    #[test]
    fn a_new_passphrase_is_long_enough() {
        for short in ["", "eleven char", "            ", "été été été"] {
            assert!(judge_passphrase(&Sensitive::new(short)).is_err(), "{short}");
        }
        assert!(judge_passphrase(&Sensitive::new("twelve chars")).is_ok());
    }
}
