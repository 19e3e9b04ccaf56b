//! Names of columns in the form in which they are compared.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// A name without case, accents, punctuation and spaces: `E-Mail Adresse*` is `emailadresse`.
pub(crate) fn normal(name: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(name).to_lowercase();
    let mut normal = String::with_capacity(decomposed.len());
    for letter in decomposed.chars() {
        match letter {
            'ß' => normal.push_str("ss"),
            '#' => normal.push('#'),
            letter if letter.is_alphanumeric() => normal.push(letter),
            _ => {}
        }
    }
    normal
}

/// The normal name with `#` for its numbers from 2, None if it has none: `phone2value` is `phone#value`.
pub(crate) fn numbered(normal: &str) -> Option<String> {
    let mut name = String::with_capacity(normal.len());
    let mut has_number = false;
    let mut rest = normal;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let digits = from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len());
        let (number, behind) = from.split_at(digits);
        name.push_str(before);
        if number.parse().is_ok_and(|number: u32| number >= 2) {
            name.push('#');
            has_number = true;
        } else {
            name.push_str(number);
        }
        rest = behind;
    }
    name.push_str(rest);
    has_number.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_count() {
        for (name, expected) in [
            ("E-Mail", "email"),
            ("e_mail ", "email"),
            ("First Name*", "firstname"),
            ("Straße", "strasse"),
            ("Prénom", "prenom"),
            ("TÉLÉPHONE (portable)", "telephoneportable"),
            ("Número de teléfono", "numerodetelefono"),
            ("电话", "电话"),
            ("Phone # - Value", "phone#value"),
        ] {
            assert_eq!(normal(name), expected);
        }
    }

    #[test]
    fn numbers_from_two_are_a_sign() {
        assert_eq!(numbered("phone2value").as_deref(), Some("phone#value"));
        assert_eq!(numbered("email12").as_deref(), Some("email#"));
        assert_eq!(numbered("phone1value"), None);
        assert_eq!(numbered("phone"), None);
    }
}
