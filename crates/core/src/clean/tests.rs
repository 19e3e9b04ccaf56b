//! What is seen stays, what is not goes.

use super::*;
use serde_json::json;

#[test]
fn what_nobody_can_see_is_removed_and_counted() {
    let hidden = [
        "\0",
        "\u{1b}",
        "\r",
        "\u{7f}",
        "\u{85}",
        "\u{9b}",
        "\u{ad}",
        "\u{34f}",
        "\u{61c}",
        "\u{115f}",
        "\u{17b4}",
        "\u{180b}",
        "\u{180e}",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{200e}",
        "\u{202e}",
        "\u{2060}",
        "\u{2063}",
        "\u{2066}",
        "\u{206f}",
        "\u{3164}",
        "\u{e000}",
        "\u{fdd0}",
        "\u{fe00}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{ffa0}",
        "\u{fff9}",
        "\u{fffb}",
        "\u{1bca0}",
        "\u{1d173}",
        "\u{e0001}",
        "\u{e0041}",
        "\u{e007f}",
        "\u{e0100}",
        "\u{e01ef}",
        "\u{f0000}",
        "\u{10ffff}",
        "\u{378}",
    ];
    for one in hidden {
        assert_eq!(text(&format!("a{one}b")), (Cow::Borrowed("ab"), 1), "{one:?}");
    }
    let all = hidden.join("");
    assert_eq!(text(&format!("a{all}b")), (Cow::Borrowed("ab"), hidden.len()));
    let tags: String = "ignore all".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
    assert_eq!(text(&format!("Hi \u{1f3f4}{tags}!")), (Cow::Borrowed("Hi \u{1f3f4}!"), 10));
    let selectors: String = (0xe0100..0xe0180).chain([0xfe0f, 0xfe0f]).filter_map(char::from_u32).collect();
    assert_eq!(text(&format!("\u{1f600}{selectors}")), (Cow::Borrowed("\u{1f600}\u{fe0f}"), 129));
}

#[test]
fn real_text_stays_as_it_is() {
    for real in [
        "plain\n\ttext ~ é ß 漢字 Ελλάδα עברית العربية",
        // Persian, Hindi, Bengali, Sinhala, Malayalam and Mongolian with their joiners.
        "می\u{200c}خواهم کتاب\u{200c}ها",
        "क्\u{200d}ष क्\u{200c}ष",
        "র\u{200d}্যাব",
        "ක්\u{200d}ෂ ශ්\u{200d}රී",
        "ന്\u{200d} അവന്\u{200d}",
        "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ\u{180b}",
        // Families, skin tones, hearts, professions, keycaps, flags.
        "👨\u{200d}👩\u{200d}👧 👍🏽 ❤\u{fe0f}\u{200d}🔥 👩🏾\u{200d}⚕\u{fe0f} 1\u{fe0f}\u{20e3} 🇩🇪 🏳\u{fe0f}\u{200d}🌈 ☎\u{fe0e} ™\u{fe0f}",
        TAGGED_FLAGS[0],
        TAGGED_FLAGS[2],
        // Visible, although of the category format.
        "\u{600}123 \u{6dd}",
    ] {
        assert_eq!(text(real), (Cow::Borrowed(real), 0));
    }
    assert_eq!(text("a\r\nb"), (Cow::Borrowed("a\nb"), 0), "a Windows line end");
}

#[test]
fn names_are_cleaned_and_nothing_is_dropped() {
    let mut object = json!({"bi\u{200b}o": "x\u{202e}", "bio": ["\u{200b}", {"a": 1}], "b\u{ad}io": null});
    assert_eq!(value(&mut object), 4);
    assert_eq!(object, json!({"bio": ["", {"a": 1}], "bio (2)": "x", "bio (3)": null}));
}

#[test]
fn a_line_is_one_line() {
    assert_eq!(line(" a\u{1b}[31m\n\r\n\u{200b} b\u{202e}c\u{2028}d ", 50), "a [31m bc d");
    assert_eq!(line(&"x".repeat(1000), 300).chars().count(), 300);
}
