//! What crosses a connection and has a key or a token in it, wiped here afterwards. The buffers of TLS and of the
//! connection below are the libraries' own.

use std::ops::Deref;

use bytes::Bytes;
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Fault, fault::TOO_LONG};

/// How many bytes an answer may have: forty times what the largest secret of any store takes.
const LONGEST: usize = 1 << 20;

/// JSON to be wiped.
pub(super) struct Wiped(pub(super) Value);

impl Wiped {
    /// The body of a request, wiped when the request has gone.
    pub(super) fn to_bytes(&self) -> Result<Bytes, Fault> {
        // Long enough from the beginning: a buffer that grows leaves a copy behind each time.
        let mut body = Zeroizing::new(Vec::with_capacity(LONGEST));
        serde_json::to_writer(&mut *body, &self.0)
            .map_err(|_| Fault::Settings("the text can't be sent".to_owned()))?;
        Ok(Bytes::from_owner(body))
    }
}

impl Deref for Wiped {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The body of an answer while it comes in. A server that never ends does not fill the memory.
pub(super) struct Body(Zeroizing<Vec<u8>>);

impl Body {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(LONGEST)))
    }

    /// Takes the next piece, or says that it is too much.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), &'static str> {
        if self.0.len() + piece.len() > LONGEST {
            return Err(TOO_LONG);
        }
        self.0.extend_from_slice(piece);
        Ok(())
    }

    /// As JSON; null where it is none.
    #[cfg(feature = "vault")]
    pub(super) fn into_json(self) -> Wiped {
        Wiped(serde_json::from_slice(&self.0).unwrap_or_default())
    }

    #[cfg(feature = "azure")]
    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_in_it_is_wiped() {
        let mut value = json!({ "a": "one", "b": ["two", { "c": "three" }], "d": 4, "e": null });
        wipe(&mut value);
        assert_eq!(
            value,
            json!({ "a": "", "b": ["", { "c": "" }], "d": 4, "e": null })
        );
    }

    #[test]
    fn a_body_takes_a_megabyte_and_not_a_byte_more() {
        let mut body = Body::new();
        assert_eq!(body.take(&vec![b' '; LONGEST - 1]), Ok(()));
        assert_eq!(body.take(b"1"), Ok(()));
        assert_eq!(body.take(b"2"), Err(TOO_LONG));
    }
}
