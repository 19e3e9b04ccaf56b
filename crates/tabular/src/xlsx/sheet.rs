//! A sheet: which one of a workbook, and its rows of cells.

use super::{cells::CellFormats, merged::Merged};
use crate::{Cell, ReadOptions, Result, TabularError, header, reader::Source};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use std::{collections::HashSet, fs::File, io::BufReader};

/// How many formulas without a value are remembered.
const MOST_UNCALCULATED: usize = 100_000;

type Workbook = Xlsx<BufReader<File>>;

/// A sheet of an open workbook.
pub(super) struct Sheet {
    workbook: Workbook,
    name: String,
    others: Vec<String>,
    merged: Merged,
    /// The row and the column of formulas that were never calculated.
    uncalculated: HashSet<(u32, u32)>,
}

/// The rows of a sheet that have cells.
pub(super) struct SheetRows<'a> {
    cells: XlsxCellReader<'a, BufReader<File>>,
    formats: CellFormats,
    merged: &'a mut Merged,
    uncalculated: &'a HashSet<(u32, u32)>,
    /// The first cell of the next row.
    ahead: Option<Positioned>,
    has_ended: bool,
    pub(super) name: &'a str,
    pub(super) others: &'a [String],
}

/// A cell with its row and its column.
type Positioned = ((u32, u32), Cell);

/// A row: its index from 0, and its cells by their columns in order, without empty ones.
pub(super) type SheetRow = (u32, Vec<(u32, Cell)>);

impl Sheet {
    pub(super) fn open(source: &Source, options: &ReadOptions) -> Result<Self> {
        let damaged = |error: calamine::XlsxError| {
            let message =
                format!("{} cannot be read: {error}. Open it in a spreadsheet and save it again.", source.name());
            TabularError::Unreadable(message)
        };
        let file = source.rewound().map_err(|error| source.failed(error))?;
        let mut workbook: Workbook = Xlsx::new(BufReader::new(file)).map_err(damaged)?;
        let (name, others) = choose(&mut workbook, source, options.sheet.as_deref())?;
        let merged = Merged::new(workbook.merge_cells_by_sheet_name(&name).map_err(damaged)?);
        let uncalculated = uncalculated(&mut workbook, &name).map_err(damaged)?;
        if uncalculated.len() >= MOST_UNCALCULATED {
            let message = "has formulas without values. Open it in a spreadsheet, which calculates them, and save it.";
            return Err(TabularError::Unreadable(format!("{} {message}", source.name())));
        }
        Ok(Self { workbook, name, others, merged, uncalculated })
    }

    /// The rows from the first one.
    pub(super) fn rows(&mut self) -> std::result::Result<SheetRows<'_>, String> {
        let is_1904 = self.workbook.has_1904_epoch();
        let cells = self.workbook.worksheet_cells_reader(&self.name).map_err(|error| error.to_string())?;
        let formats = CellFormats::new(cells.styles(), is_1904);
        Ok(SheetRows {
            cells,
            formats,
            merged: &mut self.merged,
            uncalculated: &self.uncalculated,
            ahead: None,
            has_ended: false,
            name: &self.name,
            others: &self.others,
        })
    }
}

/// The sheet that is read, and the names of the others that have cells.
fn choose(workbook: &mut Workbook, source: &Source, asked: Option<&str>) -> Result<(String, Vec<String>)> {
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let with_cells: Vec<(String, bool)> =
        sheets.iter().filter(|(name, _)| has_cells(workbook, name)).cloned().collect();
    let chosen = match asked {
        Some(asked) => {
            let exact = sheets.iter().find(|(name, _)| name == asked);
            exact.or_else(|| sheets.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(asked.trim())))
        }
        None => with_cells.iter().find(|(_, is_visible)| *is_visible),
    };
    let Some((chosen, _)) = chosen else {
        let names: Vec<&str> = sheets.iter().map(|(name, _)| &**name).collect();
        let names = header::quoted(&names);
        return Err(match asked {
            Some(asked) => {
                let message = format!("{} has no sheet \"{asked}\". Its sheets are {names}.", source.name());
                TabularError::Option(message)
            }
            None => TabularError::Unreadable(format!(
                "{} has no visible sheet with rows. Choose one by name: {names}.",
                source.name()
            )),
        });
    };
    let others = with_cells.iter().filter(|(name, _)| name != chosen);
    let others = others.map(|(name, is_visible)| if *is_visible { name.clone() } else { format!("{name} (hidden)") });
    Ok((chosen.clone(), others.collect()))
}

fn has_cells(workbook: &mut Workbook, sheet: &str) -> bool {
    let Ok(mut cells) = workbook.worksheet_cells_reader(sheet) else { return false };
    loop {
        match cells.next_cell() {
            Ok(Some(cell)) if *cell.get_value() != DataRef::Empty => return true,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return false,
        }
    }
}

/// The formulas that were never calculated. Such a cell looks empty, and its value would be lost without notice.
fn uncalculated(workbook: &mut Workbook, sheet: &str) -> std::result::Result<HashSet<(u32, u32)>, calamine::XlsxError> {
    let mut cells = workbook.worksheet_cells_reader(sheet)?;
    let mut found = HashSet::new();
    while let Some(cell) = cells.next_cell_with_formula_metadata()? {
        if cell.formula.is_some() && cell.value == DataRef::Empty && found.len() < MOST_UNCALCULATED {
            found.insert(cell.pos);
        }
    }
    Ok(found)
}

impl SheetRows<'_> {
    /// The next row that has a cell. An error is the end.
    pub(super) fn next(&mut self) -> std::result::Result<Option<SheetRow>, String> {
        loop {
            let Some(((row, column), first)) =
                self.ahead.take().map_or_else(|| self.next_cell(), |cell| Ok(Some(cell)))?
            else {
                return Ok(None);
            };
            let mut cells = vec![(column, first)];
            while let Some(((next_row, column), cell)) = self.next_cell()? {
                if next_row != row {
                    self.ahead = Some(((next_row, column), cell));
                    break;
                }
                cells.push((column, cell));
            }
            cells.sort_by_key(|(column, _)| *column);
            cells.retain(|(_, cell)| !cell.is_empty());
            self.merged.fill(row, &mut cells);
            if !cells.is_empty() {
                return Ok(Some((row, cells)));
            }
        }
    }

    fn next_cell(&mut self) -> std::result::Result<Option<Positioned>, String> {
        // Behind the end, the library finds the sheet cut off.
        if self.has_ended {
            return Ok(None);
        }
        let next = self.cells.next_cell_with_style_id().map_err(|error| error.to_string())?;
        self.has_ended = next.is_none();
        Ok(next.map(|(cell, style)| {
            let position = cell.get_position();
            let value = if self.uncalculated.contains(&position) {
                Cell::Error("a formula that was never calculated".to_owned())
            } else {
                self.formats.read(cell.get_value().clone(), style)
            };
            (position, value)
        }))
    }

    /// How many merged ranges the sheet has.
    pub(super) fn merged(&self) -> usize {
        self.merged.count
    }
}
