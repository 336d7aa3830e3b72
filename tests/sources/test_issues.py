"""Every issue of the reading says what to do."""

from helpers.sources.issues import COLUMNS, Issues


def test_the_most_severe_come_first_and_repeats_once():
    issues = Issues()
    issues.add("events", "", "byte order mark before the header", 1, 0, "a.csv", "note")
    issues.add("events", "user_id", "user not listed in users", 2, 8, "U1")
    issues.add("events", "user_id", "user not listed in users", 2, 8, "U1")

    frame = issues.frame()

    assert list(frame.columns) == COLUMNS
    assert frame["severity"].tolist() == ["warning", "note"]
    assert frame["share"].tolist() == [0.25, 0.0]
    assert frame["remedy"].tolist() == [
        "Export the users again; their events count, their role is unknown.",
        "Nothing to do.",
    ]


def test_no_issues_are_an_empty_frame_of_the_same_types():
    assert Issues().frame().dtypes.astype(str).to_dict() == {
        "table": "str", "column": "str", "rule": "str", "n_rows": "int64", "share": "float64",
        "example": "str", "severity": "str", "remedy": "str",
    }  # fmt: skip
