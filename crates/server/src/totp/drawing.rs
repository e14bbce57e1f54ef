//! A QR code as an SVG image: black on white whatever the theme, since readers want it so, and no script or style in it.

use std::fmt::Write as _;

use concierge_core::sensitive::Sensitive;
use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::Zeroizing;

/// White modules around, as the standard wants.
const QUIET: i32 = 4;

/// Draws a text; nothing when it is too long for any code.
pub(super) fn draw(text: &str) -> Option<Sensitive> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let (size, whole) = (code.size(), code.size() + 2 * QUIET);
    let mut path = Zeroizing::new(String::new());
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            // A text takes every write.
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Some(Sensitive::new(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{whole}\" height=\"{whole}\" fill=\"#fff\"/>\
         <path d=\"{}\" fill=\"#000\"/></svg>",
        path.as_str()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_has_a_module_for_each_of_the_code_and_nothing_that_acts() {
        let text =
            "otpauth://totp/Concierge:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let svg = draw(text).expect("a drawing");
        let svg = svg.expose();
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("a code");
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y));
        assert_eq!(svg.matches("h1v1h-1z").count(), dark.count());
        for word in ["script", "style", "href", "on", "width=\"100"] {
            assert!(
                !svg.contains(&format!("<{word}")) && !svg.contains(&format!(" {word}=")),
                "{word}"
            );
        }
        assert!(draw(&"x".repeat(3000)).is_none());
    }
}
