//! Merged cells: a file has the value in the first of them alone.

use crate::Cell;
use calamine::Dimensions;
use std::cmp::Reverse;

/// The merged ranges of a sheet, and the values of those that the reading is in.
pub(super) struct Merged {
    /// Those that begin below, the next one last.
    below: Vec<Dimensions>,
    /// Those that began, with their value.
    open: Vec<(Dimensions, Cell)>,
    /// How many there are.
    pub(super) count: usize,
}

impl Merged {
    pub(super) fn new(mut ranges: Vec<Dimensions>) -> Self {
        ranges.sort_by_key(|range| Reverse(range.start));
        Self { count: ranges.len(), below: ranges, open: Vec::new() }
    }

    /// Gives the cells of a row, by their columns, the values of ranges that began above. Cells right of a range's first
    /// column stay empty, because they belong to other columns of the table.
    pub(super) fn fill(&mut self, row: u32, cells: &mut Vec<(u32, Cell)>) {
        self.open.retain(|(range, _)| range.end.0 >= row);
        // A row of nothing but merged cells is no row of its own.
        if !cells.is_empty() {
            for (range, value) in self.open.iter().filter(|(_, value)| !value.is_empty()) {
                match cells.binary_search_by_key(&range.start.1, |(column, _)| *column) {
                    Ok(at) => {
                        if let Some((_, cell)) = cells.get_mut(at).filter(|(_, cell)| cell.is_empty()) {
                            *cell = value.clone();
                        }
                    }
                    Err(at) => cells.insert(at, (range.start.1, value.clone())),
                }
            }
        }
        while let Some(range) = self.below.pop_if(|range| range.start.0 <= row) {
            if range.start.0 == row && range.end.0 > row {
                let value = cells.iter().find(|(column, _)| *column == range.start.1).map(|(_, cell)| cell.clone());
                self.open.push((range, value.unwrap_or_default()));
            }
        }
    }
}
