"""What a table is as a file: read back, each format has what the screen has, and no cell runs as a formula."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd

from app.exports import FORMATS, to_csv, to_parquet, to_xlsx

FRAME = pd.DataFrame(
    {
        "name": ['=HYPERLINK("http://x")', "店铺, \x07 one", None],
        "late (%)": [4.81, -1.0, None],
        "\x1bodd": [1, 2, 3],
        "at": pd.to_datetime(["2026-03-01T23:30:00Z", None, "2026-03-02T00:00:00Z"]),
        "trend": [[1.0, 2.0], [], [3.0]],
    }
)


def test_csv_keeps_numbers_and_letters_and_disarms_formulas() -> None:
    lines = to_csv(FRAME).decode("utf-8-sig").splitlines()
    assert lines[0] == "name,late (%),\x1bodd,at,trend"
    assert lines[1].startswith('"\'=HYPERLINK(""http://x"")",4.81,1,2026-03-01 23:30:00+00:00,')
    assert lines[2].startswith('"店铺, \x07 one",-1.0,2,')


def test_a_workbook_opens_with_the_same_values_and_no_formula() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(FRAME))).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == ["name", "late (%)", "\ufffdodd", "at", "trend"]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    assert rows[1][0].value == '\'=HYPERLINK("http://x")'
    assert rows[2][0].value == "店铺, \ufffd one"
    assert [row[1].value for row in rows[1:]] == [4.81, -1, None]
    assert str(rows[1][3].value) == "2026-03-01 23:30:00"


def test_a_text_too_long_for_a_workbook_shows_that_it_was_cut() -> None:
    frame = pd.DataFrame({"text": ["x" * 32_767, "y" * 100_000]})
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(frame))).active
    assert sheet is not None
    assert [str(sheet.cell(row, 1).value)[-2:] for row in (2, 3)] == ["xx", "y…"]
    assert to_csv(frame).count(b"y") == 100_000


def test_parquet_gives_the_frame_back() -> None:
    again = pd.read_parquet(io.BytesIO(to_parquet(FRAME)))
    pd.testing.assert_frame_equal(again.drop(columns="trend"), FRAME.drop(columns="trend"))
    assert [list(row) for row in again["trend"]] == [[1.0, 2.0], [], [3.0]]


def test_the_frame_on_the_screen_is_not_changed() -> None:
    before = FRAME.copy(deep=True)
    for _media_type, write in FORMATS.values():
        assert write(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)
