//! Argon2id (RFC 9106) in PHC form, computed in memory that is kept.
//!
//! Each computation needs 19 MiB and more. Given back each time, an allocator keeps several such blocks for each
//! thread, and the kernel clears them anew; kept, each hashing thread holds one at most. What stays in it tells
//! no more than the hash does: by the second pass everything that the password alone led to is written over.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

/// Blocks (of 1 KiB) to ask for at least, 33 MiB: what is not touched costs nothing, and from 32 MiB on glibc maps a piece
/// by itself and gives it back whole. Smaller ones it moves into its heaps once the first was given back, where they stay.
const MAPPED: usize = 33 * 1024;

/// The memory of one hashing thread. Empty until it is needed.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    /// The hash of a password, in PHC form; `None` for lengths that Argon2 or the form do not take.
    pub fn hash(&mut self, params: &Params, password: &[u8], salt: &[u8]) -> Option<String> {
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params).ok()?,
            salt: Some(Salt::new(salt).ok()?),
            hash: Some(self.output(params, password, salt, length)?),
        };
        Some(hash.to_string())
    }

    /// Whether a hash in PHC form is this password's. The comparison takes the same time wherever they differ.
    pub fn matches(&mut self, password: &[u8], hash: &PasswordHash) -> bool {
        let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into());
        let (Ok(params), Some(salt), Some(expected)) =
            (Params::try_from(hash), &hash.salt, &hash.hash)
        else {
            return false;
        };
        is_ours
            && self
                .output(&params, password, salt, expected.len())
                .as_ref()
                == Some(expected)
    }

    fn make_room(&mut self, blocks: usize) {
        if self.0.capacity() < blocks {
            self.0 = Vec::with_capacity(blocks.max(MAPPED));
        }
        self.0.resize(blocks, Block::new());
    }

    fn output(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        length: usize,
    ) -> Option<Output> {
        self.make_room(params.block_count());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut bytes = [0; Output::MAX_LENGTH];
        let out = bytes.get_mut(..length)?;
        argon2
            .hash_password_into_with_memory(password, salt, out, &mut self.0)
            .ok()?;
        Output::new(out).ok()
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    const SALT: &[u8; 16] = b"sixteen bytes of";

    fn params(memory: u32, time: u32) -> Params {
        Params::new(memory, time, 1, None).expect("parameters")
    }

    fn library(params: &Params, password: &[u8]) -> String {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let hash = argon2.hash_password_with_salt(password, SALT);
        hash.expect("a hash").to_string()
    }

    /// What this process holds, in pages.
    fn resident() -> usize {
        let text = std::fs::read_to_string("/proc/self/statm").expect("the size of the process");
        let pages = text.split(' ').nth(1).expect("resident pages");
        pages.parse().expect("a number")
    }

    #[test]
    fn what_is_given_back_is_given_to_the_host_each_time() {
        let (before, blocks) = (resident(), 19 * 1024);
        let page = rustix::param::page_size();
        for _ in 0..8 {
            let mut memory = Memory::default();
            memory.make_room(blocks);
            let other = std::thread::spawn(move || drop(memory));
            other.join().expect("given back");
        }
        let grown = resident().saturating_sub(before) * page;
        // The other tests of this process have their share.
        assert!(grown < 3 * blocks * 1024, "{grown} bytes were kept");
    }

    #[test]
    fn used_memory_gives_what_the_library_gives() {
        let mut memory = Memory::default();
        for (params, password) in [
            (params(64, 1), "one"),
            (params(256, 2), "two"),
            (params(32, 3), "three"),
            (params(64, 1), "one"),
        ] {
            let expected = library(&params, password.as_bytes());
            let made = memory.hash(&params, password.as_bytes(), SALT);
            assert_eq!(made.as_ref(), Some(&expected));
            let hash = PasswordHash::new(&expected).expect("a PHC string");
            assert!(memory.matches(password.as_bytes(), &hash));
            assert!(!memory.matches(b"another", &hash));
        }
    }

    #[test]
    fn another_algorithm_or_version_matches_nothing() {
        let mut memory = Memory::default();
        let ours = library(&params(64, 1), b"one");
        for theirs in [
            ours.replace("$argon2id$", "$argon2i$"),
            ours.replace("$v=19$", "$v=16$"),
            ours.replace("$v=19$", "$"),
        ] {
            let hash = PasswordHash::new(&theirs).expect("a PHC string");
            assert!(!memory.matches(b"one", &hash), "{theirs}");
        }
    }
}
