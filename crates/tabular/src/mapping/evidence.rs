//! What a column's texts show about the order of its dates and about its decimal mark.

use super::field::Value;
use crate::{
    Cell,
    convert::{DateOrder, DecimalMark, date_hint, number_hint},
};

/// What a column's texts show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnEvidence {
    day_first: u64,
    month_first: u64,
    unclear_dates: u64,
    point: u64,
    comma: u64,
    unclear_numbers: u64,
    /// What a person decided.
    asked_order: Option<DateOrder>,
    asked_mark: Option<DecimalMark>,
}

impl ColumnEvidence {
    /// The evidence with the order of dates that a person decided.
    #[must_use]
    pub const fn with_date_order(self, order: DateOrder) -> Self {
        Self { asked_order: Some(order), ..self }
    }

    /// The evidence with the decimal mark that a person decided.
    #[must_use]
    pub const fn with_decimal_mark(self, mark: DecimalMark) -> Self {
        Self { asked_mark: Some(mark), ..self }
    }

    pub(super) fn learn(&mut self, value: Value, cell: &Cell) {
        let Cell::Text(text) = cell else { return };
        match value {
            Value::Date => match date_hint(text) {
                Some(Some(DateOrder::DayFirst)) => self.day_first = self.day_first.saturating_add(1),
                Some(Some(DateOrder::MonthFirst)) => self.month_first = self.month_first.saturating_add(1),
                Some(None) => self.unclear_dates = self.unclear_dates.saturating_add(1),
                None => {}
            },
            Value::Number => match number_hint(text) {
                Some(Some(DecimalMark::Point)) => self.point = self.point.saturating_add(1),
                Some(Some(DecimalMark::Comma)) => self.comma = self.comma.saturating_add(1),
                Some(None) => self.unclear_numbers = self.unclear_numbers.saturating_add(1),
                None => {}
            },
            Value::Text | Value::Emails | Value::Phones | Value::Tags | Value::Bool | Value::Status => {}
        }
    }

    /// The order of the column's dates, None if its texts show none, or both.
    pub fn date_order(&self) -> Option<DateOrder> {
        self.asked_order.or(match (self.day_first, self.month_first) {
            (1.., 0) => Some(DateOrder::DayFirst),
            (0, 1..) => Some(DateOrder::MonthFirst),
            _ => None,
        })
    }

    /// The column's decimal mark, None if its texts show none, or both.
    pub fn decimal_mark(&self) -> Option<DecimalMark> {
        self.asked_mark.or(match (self.point, self.comma) {
            (1.., 0) => Some(DecimalMark::Point),
            (0, 1..) => Some(DecimalMark::Comma),
            _ => None,
        })
    }

    /// What is unclear about the column.
    pub(super) fn note(&self, column: &str) -> Option<String> {
        if self.unclear_dates > 0 && self.date_order().is_none() {
            let count = self.unclear_dates;
            return Some(format!(
                "\"{column}\" has dates such as 03/04 ({count}), which can be day/month or month/day. Say which; until then \
                 their rows are invalid."
            ));
        }
        if self.unclear_numbers > 0 && self.decimal_mark().is_none() {
            let count = self.unclear_numbers;
            return Some(format!(
                "\"{column}\" has numbers such as 1,234 ({count}), whose mark can be for decimals or for thousands. Say which; \
                 until then their rows are invalid."
            ));
        }
        None
    }
}
