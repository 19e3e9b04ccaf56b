#!/usr/bin/env python3
"""Writes the awkward files of this directory: `python3 tests/files/make.py`. The same bytes every time.

What each file has to be read as is in crates/tabular/tests/files.rs.
"""

import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent


def write(name, content, encoding="utf-8"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    (HERE / name).write_bytes(data)


# Text in other encodings, and with other delimiters.

PEOPLE = "Vorname{0}Nachname{0}Ort\r\nJürgen{0}Müller{0}Köln\r\nZoë{0}O’Neil{0}Besançon\r\n"

write("utf8-bom.csv", "\ufeff" + PEOPLE.format(","))
write("utf16-tabs.txt", "\ufeff" + PEOPLE.format("\t"), "utf-16-le")
write("utf16-big-endian.csv", "\ufeff" + PEOPLE.format(","), "utf-16-be")
write("utf16-without-bom.csv", PEOPLE.format(";"), "utf-16-le")
write("windows-1252-semicolons.csv", PEOPLE.format(";"), "cp1252")
write("mixed-encodings.csv", PEOPLE.format(",").encode() + "Renée,Citroën,Orléans\r\n".encode("cp1252") + b"Ann,Lee,Bonn\r\n")
write("decimal-commas.csv", "Name;Betrag;Notiz\nMeier, Jan;1.234,56;\"a; b\"\nSchulz, Eva;7,5;c, d, e\n")
write("sep-line.csv", "sep=;\r\nName;City\r\nA, B;Rome\r\n")
write("pipes.csv", "name|tags\nAnn|a,b,c\nBob|d,e,f\n")
write("tabs.tsv", 'name\tnote\nAnn\t"two\tcells"\nBob\t6" pipe\n')

# Quotes, lines and cells that do not fit.

write(
    "quoted-newlines.csv",
    'name,address\r\n"Ann","1 High St\r\nFlat 2\r\nLeeds"\r\n"Bob ""the"" Builder","x\ny"\r\nCy,z',
)
write("old-mac-lines.csv", "name,city\rAnn,Rome\rBob,Oslo\r")
write(
    "broken-quotes.csv",
    "id,name,city\n"
    "1,Ann,Rome\n"
    '2,"Bob "the" Builder",Oslo\n'
    "3,Cy,Bern\n"
    '4,"Dee,Kiel\n'
    '5,"Eve",Bonn\n'
    "6,Flo,Genf\n"
    '7,"multi\nline "x" y",Graz\n'
    "8,Gus,Linz\n",
)
write("unclosed-quote.csv", 'id,name\n1,Ann\n2,"Bob\n3,Cy\n4,"Dee"\n')
write("ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,,\n\n,,\n13\n")
write("duplicate-headers.csv", "Email,Name,Email,,Email,\na@x.example,Ann,b@x.example,x,c@x.example,y\n")
write(
    "titles-above.csv",
    "\n\nContacts of the north\n\"Exported 31 May 2024\"\n\nName,City\nAnn,Rome\nBob,Oslo\n",
)
write("no-header.csv", "Ann,Lee,ann@lee.example\nBob,Fox,bob@fox.example\n")
write("one-column.csv", "email\nann@lee.example\nbob@fox.example\n")
write("empty-columns-at-the-end.csv", "name,city,,,\nAnn,Rome,,,\nBob,Oslo,,,\n")
write(
    "wide.csv",
    ",".join(f"Field {n}" for n in range(1, 251)) + "\n" + ",".join(str(n) for n in range(1, 251)) + "\n",
)
write("nul-characters.csv", b"name,city\nAnn,Rome\nBo\0b,Oslo\nCy,Bern\n")
write("formulas.csv", "name,phone,score\n'=1+1,+49 170 1234567,-5\n'@handle,'+1 555 x,'quoted'\n")
write("huge-cell.csv", "name,note\nAnn,\"" + "x" * 40_000 + "\"\nBob,y\n")

# JSON.

write(
    "array.json",
    '\ufeff[\n  {"name": "Ann", "age": 41, "tags": ["a", "b"], "address": {"city": "Rome"}},\n'
    '  {"name": "Bob", "active": true, "phone": "+49170"},\n  {"name": null, "age": 1.5}\n]\n',
)
write(
    "broken-array.json",
    '[{"name": "Ann"},\n {"name": "Bob" "age": 3},\n {"name": "a ] } , [ \\" text"},\n 7,\n {"name": "Cy"}]',
)
write(
    "wrapped.json",
    '{"meta": {"total": 2, "list": [1, 2]}, "count": 2,\n "contacts": [\n  {"id": "1", "email": "a@x.example"},\n'
    '  {"id": "2", "email": "b@x.example"}\n ], "next": null}\n',
)
write("cut-off.json", '[{"name": "Ann"},\n {"name": "Bob"},\n {"name": "Cy", "tags": ["a"')
write("lines.jsonl", '{"name": "Ann", "n": 1}\n\n{"name": "Bob", }\n["x"]\n{"name": "Cy", "extra": {"a": [1]}}\n')
write("lines-called.json", '{"name": "Ann"}\n{"name": "Bob", "city": "Oslo"}\n')

# Files that are no rows.

write("empty.csv", "\n\n \n")
write("old-workbook.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
write("html-called.xls", "<html><body><table><tr><td>name</td></tr></table></body></html>\n")
write("picture-called.csv", b"\x89PNG\r\n\x1a\n" + bytes(64))

# Workbooks. They are written as Excel and other programs write them, and not by this project's own writer.

TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
{0}</Types>"""
RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>
</Relationships>"""
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# Cell formats by number: 0 general, 1 date, 2 date and time, 3 time, 4 five digits, 5 text, 6 a German date, 7 per cent,
# 8 a duration.
STYLES = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="{MAIN}"><numFmts count="4"><numFmt numFmtId="164" formatCode="00000"/>
<numFmt numFmtId="165" formatCode="dd\\.mm\\.yyyy"/><numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>
<numFmt numFmtId="167" formatCode="[h]:mm:ss"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="9"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="166" applyNumberFormat="1"/>
<xf numFmtId="20" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="49"/>
<xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="9"/><xf numFmtId="167" applyNumberFormat="1"/></cellXfs></styleSheet>"""


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def workbook(name, sheets, strings=(), is_1904=False):
    """`sheets`: (name, state, XML of the rows, merged ranges)."""
    parts = {}
    entries = rels = overrides = ""
    for number, (sheet, state, rows, merged) in enumerate(sheets, 1):
        merges = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
        merges = f'<mergeCells count="{len(merged)}">{merges}</mergeCells>' if merged else ""
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{merges}</worksheet>'
        )
        hidden = f' state="{state}"' if state else ""
        entries += f'<sheet name="{escape(sheet)}" sheetId="{number}"{hidden} r:id="rId{number}"/>'
        rels += f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        overrides += (
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>\n'
        )
    rels += f'<Relationship Id="rId98" Type="{OFFICE}/styles" Target="styles.xml"/>'
    rels += f'<Relationship Id="rId99" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    date_1904 = '<workbookPr date1904="1"/>' if is_1904 else "<workbookPr/>"
    parts["[Content_Types].xml"] = TYPES.format(overrides)
    parts["_rels/.rels"] = RELS
    parts["xl/workbook.xml"] = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{date_1904}<sheets>{entries}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rels}</Relationships>'
    )
    parts["xl/styles.xml"] = STYLES
    items = "".join(text if text.startswith("<") else f"<si><t>{escape(text)}</t></si>" for text in strings)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}" count="{len(strings)}" uniqueCount="{len(strings)}">{items}</sst>'
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts.items():
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def text(at, value):
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def shared(at, index):
    return f'<c r="{at}" t="s"><v>{index}</v></c>'


def number(at, value, style=0):
    return f'<c r="{at}" s="{style}"><v>{value}</v></c>'


def row(at, *cells):
    return f'<row r="{at}">{"".join(cells)}</row>'


workbook(
    "dates-and-merged.xlsx",
    [
        (
            "Leads",
            "",
            row(1, shared("A1", 0))
            + row(2, shared("A2", 1), shared("B2", 2), shared("C2", 3), shared("D2", 4), shared("E2", 5))
            + row(3, shared("A3", 6), shared("B3", 7), number("C3", 29314, 1), number("D3", 45322.604166666664, 2), number("E3", 0.39583333333333331, 3))
            + row(4, shared("B4", 8), number("C4", 45351, 6), number("D4", 1.5, 8))
            + row(6, shared("A6", 9), shared("B6", 10), '<c r="C6" t="d"><v>2024-02-29T00:00:00</v></c>', number("D6", 45322, 2)),
            ["A1:E1", "A3:A5"],
        )
    ],
    [
        "Leads of May",
        "Company",
        "Name",
        "Birthday",
        "Called",
        "Best time",
        "Müller & Söhne",
        "<si><r><t xml:space=\"preserve\">Ann </t></r><r><rPr><b/></rPr><t>Lee</t></r><rPh sb=\"0\" eb=\"1\"><t>アン</t></rPh></si>",
        "Bob",
        "Other Ltd",
        "Cy",
    ],
)
workbook(
    "formulas.xlsx",
    [
        (
            "Sheet1",
            "",
            row(1, text("A1", "Name"), text("B1", "Total"), text("C1", "Check"), text("D1", "Flag"))
            + row(2, '<c r="A2" t="str"><f>"A"&amp;"nn"</f><v>Ann</v></c>', '<c r="B2"><f>1+1</f><v>2</v></c>', '<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', '<c r="D2" t="b"><f>TRUE()</f><v>1</v></c>')
            + row(3, text("A3", "Bob"), '<c r="B3"><f>SUM(B2,3)</f></c>', text("C3", "=1+1"), '<c r="D3" t="b"><v>0</v></c>')
            + row(4, text("A4", "Cy"), '<c r="B4"><f t="shared" ref="B4:B5" si="0">B2*2</f><v>4</v></c>', '<c r="C4" t="str"><f>""</f><v></v></c>')
            + row(5, text("A5", "Dee"), '<c r="B5"><f t="shared" si="0"/><v>6</v></c>', '<c r="C5" t="e"><v>#N/A</v></c>'),
            [],
        )
    ],
)
workbook(
    "numbers.xlsx",
    [
        (
            "Numbers",
            "",
            row(1, text("A1", "Phone"), text("B1", "Id"), text("C1", "Zip"), text("D1", "Amount"), text("E1", "Share"), text("F1", "Text"))
            + row(2, number("A2", "4.4791112345599999E11"), number("B2", "123456789012345"), number("C2", 2134, 4), number("D2", "1234.5"), number("E2", "0.25", 7), '<c r="F2" s="5" t="inlineStr"><is><t>007</t></is></c>')
            + row(3, number("A3", "447911123456"), number("B3", "1.23E+5"), number("C3", 10115, 4), number("D3", "-0.10000000000000001"), number("E3", 1, 7), text("F3", " padded ")),
            [],
        )
    ],
)
workbook(
    "several-sheets.xlsx",
    [
        ("Cover", "", "", []),
        ("Lists", "hidden", row(1, text("A1", "open"), text("B1", "won")), []),
        ("People", "", row(3, text("B3", "name"), text("C3", "city")) + row(4, text("B4", "Ann"), text("C4", "Rome"), text("G4", "a remark")) + row(7, text("B7", "Bob")), []),
        ("Other & more", "", row(1, text("A1", "x")) + row(2, text("A2", "1")), []),
    ],
)
# Cells without positions, which some libraries write, and the dates of old Macs.
workbook(
    "no-positions-1904.xlsx",
    [
        (
            "S",
            "",
            '<row><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>when</t></is></c></row>'
            '<row><c t="inlineStr"><is><t>Ann</t></is></c><c s="1"><v>43860</v></c></row>',
            [],
        )
    ],
    is_1904=True,
)
with zipfile.ZipFile(HERE / "archive-called.xlsx", "w") as archive:
    archive.writestr(zipfile.ZipInfo("readme.txt", (1980, 1, 1, 0, 0, 0)), "no workbook")
write("damaged.xlsx", (HERE / "numbers.xlsx").read_bytes()[:700])
