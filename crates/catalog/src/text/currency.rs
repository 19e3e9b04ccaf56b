//! The codes of currencies.

use super::Currency;
use std::str::FromStr;

/// The active codes of ISO 4217 (list one), without metals, funds of central banks and codes for tests.
const CODES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF \
    CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF \
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP \
    TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        match CODES.split(' ').any(|known| known == code) {
            true => Ok(Self(code)),
            false => Err("must be the code of a currency (ISO 4217), such as USD or EUR".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Currency};

    #[test]
    fn codes_of_currencies_are_known_in_any_case() {
        assert_eq!("eur ".parse::<Currency>().unwrap().as_str(), "EUR");
        for wrong in ["EURO", "XYZ", "US", "", "$", "US D", "USD EUR"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
        assert!(CODES.split(' ').all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert!(CODES.split(' ').is_sorted());
    }
}
