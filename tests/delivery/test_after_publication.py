"""The runner hands a published run on: one process at a time, and exit code 6 if it must."""

import pytest

from helpers.errors import DeliveryError
from helpers.run.execute import RunOptions, _deliver
from helpers.run.layout import Layout
from helpers.run.lock import hold_outbox
from tests.delivery import made
from tests.delivery.server import hook

EVER = 1_000_000  # days: the made run is of the past


@pytest.fixture
def layout(tmp_path):
    made.published(tmp_path / "reports" / "2026-07-01", n_alerts=0, movers=False)
    return Layout(tmp_path / "reports", "2026-07-01")


def go(layout, server, monkeypatch, **delivery):
    monkeypatch.setenv("TEAM_HOOK", server.url)
    said = []
    config = made.config(server, max_age_days=EVER, **delivery)
    options = RunOptions(root=layout.reports.parent, config=layout.reports / "c", say=said.append)
    _deliver(options, config, layout)
    return said


def test_a_published_run_is_told_and_a_repeated_one_is_not(layout, monkeypatch):
    with hook((200, "ok", {})) as server:
        assert go(layout, server, monkeypatch) == ["1 messages sent"]
        assert go(layout, server, monkeypatch) == []
    assert len(server.got) == 1


def test_fault_J01_exit_code_6_after_publication(layout, monkeypatch):
    with hook((200, "ok", {})) as server:
        pass  # nobody listens any more
    with pytest.raises(DeliveryError, match=r"2026-07-01 is published; .*1 pending") as caught:
        go(layout, server, monkeypatch)
    assert caught.value.exit_code == 6


def test_fault_J05_two_processes_do_not_send_at_a_time(layout, monkeypatch):
    with (
        hook((200, "ok", {})) as server,
        hold_outbox(layout.reports),
        pytest.raises(DeliveryError, match="another process is sending"),
    ):
        go(layout, server, monkeypatch)
    assert server.got == []


def test_nothing_is_locked_or_made_where_nothing_is_sent(layout, monkeypatch):
    with hook((200, "ok", {})) as server:
        go(layout, server, monkeypatch, send=False)
    assert not (layout.reports / ".outbox").exists()
    assert not (layout.reports / ".locks").exists()
