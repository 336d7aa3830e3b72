"""What the configuration of a source refuses by itself, before any file is looked at."""

import pytest

from helpers.config import load_config
from helpers.errors import ConfigError
from helpers.sources import check_files

HEAD = """version: 1
company: {name: x, currency: EUR}
sources:
  accounts: {files: accounts.csv}
  events:
    files: events.csv
"""


def refusal(tmp_path, text):
    path = tmp_path / "company.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(ConfigError) as error:
        check_files(load_config(path), tmp_path)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("    time_zone: Mars/Base\n", "line 7: sources.events.time_zone: 'Mars/Base' is not a"),
        (
            "    columns:\n      occurred_at: {from: x, format: dd.mm.yyyy}\n",
            "line 8: sources.events.columns.occurred_at.format: 'dd.mm.yyyy' is neither a date",
        ),
        ("    columns:\n      occurred_at: {from: x, format: '%Q'}\n", "'%Q' is neither a date"),
        ("    delimiter: '\"'\n", "delimiter and quote are both"),
        (
            "    lookups:\n      a b: {files: x.csv, key: k, take: [z]}\n",
            "sources.events.lookups.a b",
        ),
        ("    columns:\n      event: {from: x, sql: y}\n", "give exactly one of"),
        ("    encoding: klingon\n", "sources.events.encoding: 'klingon' is not an encoding"),
        ("    columns:\n      event: {sql: '(SELECT 1)'}\n", "SUBQUERY is not allowed"),
        ("    where: 1 = 1; DROP TABLE x\n", "sources.events.where: expected one SQL expression"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(tmp_path, text, words):
    assert words in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "pattern", ["%Y%m%d", "%d.%m.%Y %H:%M:%S.%f", "%m/%d/%y %I:%M %p", "epoch_ms"]
)
def test_formats_that_can_be_read_pass(tmp_path, pattern):
    path = tmp_path / "company.yaml"
    path.write_text(HEAD + f"    columns:\n      occurred_at: {{from: x, format: '{pattern}'}}\n")

    assert load_config(path).sources["events"][0].columns["occurred_at"].format == pattern
