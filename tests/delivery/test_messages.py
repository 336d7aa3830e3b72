"""What is told, to whom, as which payload: B-05, B-11, N-12, F19, J05, J07, J08."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.delivery import prepare_deliveries
from helpers.delivery.messages import Message, message_id, messages_of
from helpers.delivery.payloads import TEAMS_BYTES, dumped, payload
from tests.delivery import made
from tests.report.hostile import payloads


def told(run, limit=10, as_of="2026-07-01"):
    return messages_of(run, as_of=as_of, company="Tiny", limit=limit)


def texts(body):
    """Return every text of a payload, wherever it stands."""
    if isinstance(body, dict):
        return [text for value in body.values() for text in texts(value)]
    if isinstance(body, list):
        return [text for value in body for text in texts(value)]
    return [body] if isinstance(body, str) else []


def test_one_message_a_change_of_state_and_one_digest(tmp_path):  # B-05, B-11, N-12
    run = made.published(tmp_path / "reports" / "2026-07-01")
    found = told(run)
    assert [(one.rule, one.account_id) for one in found] == [
        ("critical alert", "A010"),
        ("critical alert", "A011"),
        ("into risk", "A020"),
        ("ready to expand", "A021"),
        ("digest", ""),
    ]
    assert "A030" not in {one.account_id for one in found}, "it belongs to the weekly review"
    assert "A031" not in {one.account_id for one in found}, "good news is not urgent"
    assert "A005" not in {one.account_id for one in found}, "it opted out"
    risk = found[2]
    assert risk.lines[:2] == ("moved from Casual Users to At Risk", "No upsell while it is.")
    assert found[3].lines[1] == "Tell the account team; line up a case study."
    assert any(line.startswith("Do: ") and "by 2026-" in line for line in risk.lines)
    assert found[0].mrr >= found[1].mrr, "the larger account comes first"


def test_fault_J08_a_storm_is_capped_and_the_digest_counts_the_rest(tmp_path):
    run = made.published(tmp_path / "reports" / "2026-07-01", n_alerts=9)
    found = told(run, limit=3)
    assert [one.rule for one in found] == ["critical alert"] * 3 + ["digest"]
    assert found[-1].lines[-1] == "8 more changes are in the report"
    assert all("more changes" not in line for line in told(run, limit=20)[-1].lines)


def test_fault_J05_an_event_has_the_same_id_in_every_run(tmp_path):
    first = made.published(tmp_path / "a" / "2026-07-01")
    later = made.published(tmp_path / "b" / "2026-07-08")
    now, then = told(later, as_of="2026-07-08"), told(first)
    same = {one.id for one in now} & {one.id for one in then}
    assert same == {one.id for one in then if one.rule == "critical alert"}
    parts = [("a", "bc", ""), ("ab", "c", ""), ("a", "b", "c"), ("a", "bc", "c")]
    assert len({message_id(*part) for part in parts}) == len(parts)


@pytest.mark.parametrize("kind", ["slack", "teams"])
@pytest.mark.parametrize("attack", [*payloads(), "<!channel>", "@here @channel", "<@U123>"])
def test_fault_F19_names_are_text_in_a_payload(kind, attack):
    body = payload(kind, Message("0" * 16, "into risk", "A1", f"{attack} fell", (attack,)))
    for text in texts(body):
        assert not re.search(r"@\w", text), "a mention"
        if not text.startswith("http://adaptivecards.io/"):
            assert not re.search(r"(?i)\w://", text), "an address that would become a link"
    if kind == "slack":
        assert not re.search(r"[<>]", body["text"]), "the fallback is read as markup"
        kinds = {block["type"] for block in body["blocks"]}
        assert kinds == {"header", "section", "context"}
        assert "mrkdwn" not in dumped(body)
    else:
        blocks = body["attachments"][0]["content"]["body"]
        assert {block["type"] for block in blocks} == {"RichTextBlock"}, "TextBlock is Markdown"


@given(st.lists(st.text(max_size=4000), max_size=60), st.text(max_size=400))
def test_fault_F19_payloads_stay_within_the_limits(lines, title):
    message = Message("0" * 16, "digest", "", title, tuple(lines))
    slack = payload("slack", message, link="https://example.org/r")
    assert len(slack["blocks"]) <= 50
    assert max(map(len, texts(slack))) <= 3000
    assert len(slack["blocks"][0]["text"]["text"]) <= 150
    teams = dumped(payload("teams", message))
    assert len(teams.encode()) <= TEAMS_BYTES
    assert json.loads(teams)["type"] == "message"


def test_teams_says_how_many_lines_did_not_fit():
    message = Message("0" * 16, "digest", "", "t", tuple("x" * 2900 for _ in range(12)))
    body = payload("teams", message)["attachments"][0]["content"]["body"]
    shown = [block["inlines"][0]["text"] for block in body]
    n = sum(text.startswith("xxx") for text in shown)
    assert 0 < n < 12
    assert shown[-2] == f"+{12 - n} more"


def test_fault_J07_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumped({"x": float("nan")})


def test_payload_files_are_those_of_the_channels_and_old_ones_go(tmp_path):
    run = made.published(tmp_path / "reports" / "2026-07-01")
    n = prepare_deliveries(run, made.config())
    files = {
        kind: sorted((run.export("messages") / kind).glob("*.json")) for kind in ("slack", "teams")
    }
    assert [len(found) for found in files.values()] == [n, n]
    for path in files["slack"]:
        assert json.loads(path.read_text())["blocks"][0]["type"] == "header"
    only = made.config(channels={"cs": {"kind": "teams", "url": "env:X"}})
    prepare_deliveries(run, only)
    assert not list((run.export("messages") / "slack").glob("*"))
    assert len(list((run.export("messages") / "teams").glob("*.json"))) == n
