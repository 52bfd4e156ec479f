"""Numbers whose digits are grouped, as reports for people have them.

Broken, large amounts are missing, or a comma makes a thousand of one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from loader_helpers import Lab, assert_says, column, contract_table, write_contract


def test_commas_between_digits_are_taken_out_where_a_point_follows(tmp_path: Path) -> None:
    """Without a point nobody knows whether 1,234 is a thousand or a little more than one."""
    lab = Lab(tmp_path)
    columns = [column("amount", "numeric(18,6)", thousands=",")]
    files = [{"pattern": "amounts/*.csv", "format": "csv", "delimiter": ";"}]
    write_contract(lab.contracts, [contract_table("amounts", files, columns)])
    good = ["1,234.50", "-1,234,567.8", "12.5", ""]
    bad = ["1,234", "1,23.4", ",234.5", "1.234,50"]
    lab.write("amounts/a.csv", "amount;note\n" + "".join(f"{text};x\n" for text in [*good, *bad]))
    lab.load()
    found = lab.rows(
        "select cast(amount as varchar(30)) from raw.lab__amounts order by _line_number"
    )
    assert [row[0] for row in found] == ["1234.500000", "-1234567.800000", "12.500000", None]
    assert [r["line_number"] for r in lab.rejects("amounts/a.csv")] == [5, 6, 7, 8]
    lab.assert_accounted()


@pytest.mark.parametrize(("data_type", "sign"), [("numeric(18,6)", "."), ("bigint", ",")])
def test_thousands_are_commas_of_numbers(tmp_path: Path, data_type: str, sign: str) -> None:
    lab = Lab(tmp_path)
    columns = [column("amount", data_type, thousands=sign)]
    files = [{"pattern": "amounts/*.csv", "format": "csv"}]
    write_contract(lab.contracts, [contract_table("amounts", files, columns)])
    assert_says(lab.load_with_trouble(), 'thousands may be "," on a numeric column')
