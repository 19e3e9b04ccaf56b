//! Text without accents, in lower case, as people type it.

/// The text in lower case, without the accents of Latin scripts. Other scripts stay as they are.
pub(super) fn remove(text: &str) -> String {
    // An accent may be a character of its own.
    let accent = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    text.to_lowercase().chars().filter(|letter| !accent(letter)).map(letter).collect()
}

/// The letter without its accent.
fn letter(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' => 's',
        'ť' | 'ţ' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_however_they_are_written() {
        for text in ["José Núñez", "JOSÉ NÚÑEZ", "Jose\u{301} Nu\u{301}n\u{303}ez"] {
            assert_eq!(remove(text), "jose nunez");
        }
        assert_eq!(remove("Łukasz Sørensen Đorđe"), "lukasz sorensen dorde");
        assert_eq!(remove("Зоя 田中"), "зоя 田中");
    }
}
