"""What an answer means, and that nothing is told twice: J01 to J06, J09, F21, G08, H02, I15."""

import subprocess
import sys
import textwrap
import time

import pytest
from typer.testing import CliRunner

from helpers.cli import app
from helpers.config.delivery import Channel
from helpers.delivery import Outbox, deliver, sending
from helpers.delivery.sending import Sender, address_of
from helpers.errors import ConfigError, DeliveryError, MachineError, ParameterError
from tests.delivery import made
from tests.delivery.server import hook

OK = (200, "ok", {})
N = 5  # messages of the made run


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Let a second between messages pass at once; real waits are counted by the tests."""
    monkeypatch.setattr(sending, "GAP_S", {"slack": 0.0, "teams": 0.0})


@pytest.fixture
def make(monkeypatch):
    """Return a function that opens a sender, which is closed at the end."""
    opened = []

    def made_sender(server, *, kind="slack", **clocks):
        monkeypatch.setenv("TEAM_HOOK", server.url)
        channel = Channel(kind=kind, url="env:TEAM_HOOK", hosts=[server.host])
        opened.append(Sender("team", channel, **clocks))
        return opened[-1]

    yield made_sender
    for sender in opened:
        sender.close()


@pytest.fixture
def folder(tmp_path):
    return made.published(tmp_path / "reports" / "2026-07-01").stage


def go(folder, server, monkeypatch, **more):
    monkeypatch.setenv("TEAM_HOOK", server.url)
    kind = more.pop("kind", "slack")
    said = []
    deliver(folder, made.config(server, kind=kind, **more), today=made.TODAY, say=said.append)
    return said


def states(folder):
    return Outbox(folder.parent).table(every=True)["state"].value_counts().to_dict()


def test_fault_J05_two_runs_tell_once(folder, monkeypatch):
    with hook(OK) as server:
        assert go(folder, server, monkeypatch) == [f"{N} messages sent"]
        assert go(folder, server, monkeypatch) == []
        assert len(server.got) == N
    assert states(folder) == {"sent": N}
    assert len({str(body) for body in server.got}) == N


def test_nothing_leaves_unless_the_configuration_says_so(folder, monkeypatch):
    with hook(OK) as server:
        monkeypatch.setenv("TEAM_HOOK", server.url)
        deliver(folder, made.config(server, send=False), today=made.TODAY)
        deliver(folder, made.config(), today=made.TODAY)
    assert server.got == []
    assert not (folder.parent / ".outbox").exists()


def test_fault_J01_without_network_messages_wait_and_the_next_run_sends_them(folder, monkeypatch):
    with hook(OK) as server:
        pass  # closed again: nobody listens there
    with pytest.raises(DeliveryError, match=f"{N} pending") as caught:
        go(folder, server, monkeypatch)
    assert caught.value.exit_code == 6
    assert states(folder) == {"pending": N}
    with hook(OK) as server:
        go(folder, server, monkeypatch)
    assert len(server.got) == N
    assert states(folder) == {"sent": N}


def test_fault_J02_a_busy_channel_is_asked_again_after_the_time_it_names(make):
    slept = []
    with hook((429, "", {"Retry-After": "7"}), OK) as server:
        answer = make(server, sleep=slept.append).send("{}")
    assert answer.state == "sent"
    assert slept == [7.0]


@pytest.mark.parametrize("wanted", ["31", "86400", "Wed, 21 Oct 2037 07:28:00 GMT"])
def test_fault_J02_nobody_waits_longer_than_thirty_seconds(make, wanted):
    slept = []
    with hook((429, "", {"Retry-After": wanted})) as server:
        answer = make(server, sleep=slept.append).send("{}")
    assert (answer.state, slept) == ("pending", [])
    assert len(server.got) == 1


def test_fault_J02_messages_of_a_channel_keep_their_distance(make, monkeypatch):
    monkeypatch.setattr(sending, "GAP_S", {"slack": 1.0, "teams": 0.25})
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    with hook(OK) as server:
        sender = make(server, sleep=sleep, clock=lambda: now[0])
        for _ in range(3):
            sender.send("{}")
    assert slept == [1.0, 1.0]


@pytest.mark.parametrize("answer", [(500, "", {}), (503, "x", {}), "drop"])
def test_fault_J03_what_may_have_arrived_is_not_sent_again(folder, monkeypatch, answer):
    with hook(answer) as server:
        with pytest.raises(DeliveryError, match=f"{N} unknown"):
            go(folder, server, monkeypatch)
        with pytest.raises(DeliveryError, match=f"{N} unknown"):
            go(folder, server, monkeypatch)
        assert len(server.got) == N, "the second run sent nothing"
    one = Outbox(folder.parent).table().iloc[0]["id"]
    assert Outbox(folder.parent).resolve(one, "sent") == 1
    assert states(folder) == {"unknown": N - 1, "sent": 1}
    with pytest.raises(ParameterError, match="no open message"):
        Outbox(folder.parent).resolve(one, "sent")


def test_fault_J03_the_message_carries_its_id(folder, monkeypatch):
    with hook(OK) as server:
        go(folder, server, monkeypatch)
    ids = set(Outbox(folder.parent).table(every=True)["id"])
    assert {body["blocks"][-1]["elements"][0]["text"][-16:] for body in server.got} == ids


@pytest.mark.parametrize("moment", ["before", "after"])
def test_fault_J04_killed_while_sending_is_unknown_afterwards(folder, monkeypatch, moment):
    """A process dies between writing that it sends and writing what became of it."""
    script = textwrap.dedent(
        f"""
        import os, sys
        from pathlib import Path
        from helpers.delivery import deliver, sending
        from tests.delivery import made
        from tests.delivery.server import hook
        real = sending.Sender.send
        def dies(self, body):
            if {moment!r} == "after":
                real(self, body)
            os.kill(os.getpid(), 9)
        sending.Sender.send = dies
        with hook((200, "ok", {{}})) as server:
            os.environ["TEAM_HOOK"] = server.url
            deliver(Path(sys.argv[1]), made.config(server), today=made.TODAY)
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False, timeout=120)
    assert done.returncode == -9
    with hook(OK) as server:
        with pytest.raises(DeliveryError, match=r"1 unknown \(the process ended while it was sent"):
            go(folder, server, monkeypatch)
        assert len(server.got) == N - 1, "all but the one that may have arrived"
    assert states(folder) == {"sent": N - 1, "unknown": 1}


@pytest.mark.parametrize(
    ("kind", "answer", "state"),
    [
        ("slack", (200, "invalid_payload", {}), "refused"),
        ("slack", (200, "", {}), "refused"),
        ("slack", (404, "no_service", {}), "refused"),
        ("teams", (202, "", {}), "sent"),
        ("teams", (200, "1", {}), "sent"),
        ("teams", (200, "Webhook message delivery failed", {}), "refused"),
        ("teams", (410, "connector retired", {}), "refused"),
    ],
)
def test_fault_J06_a_status_alone_does_not_mean_delivered(make, kind, answer, state):
    with hook(answer) as server:
        assert make(server, kind=kind).send("{}").state == state


def test_fault_F21_a_redirect_is_not_followed(make):
    with hook(OK) as goal, hook((302, "", {"Location": goal.url})) as server:
        answer = make(server).send("{}")
        assert (answer.state, goal.got) == ("refused", [])
        assert "redirects are not followed" in answer.why


def test_fault_J09_an_answer_that_never_comes_ends(make, monkeypatch):
    monkeypatch.setattr(sending, "READ_S", 0.3)
    with hook((200, "ok", {})) as server:
        monkeypatch.setattr(server, "next", lambda: time.sleep(1.5) or OK)
        began = time.monotonic()
        answer = make(server).send("{}")
    assert answer.state == "unknown"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "is empty or not there"),
        ("http://hooks.slack.com/services/T/B/x", "begins with https://"),
        ("https://127.0.0.1/services/x", "host that is not among"),
        ("https://hooks.slack.com.evil.org/x", "host that is not among"),
        ("https://169.254.169.254/latest", "host that is not among"),
        ("file:///etc/passwd", "begins with https://"),
        ("https://user:word@hooks.slack.com/x", "user name is not allowed"),
    ],
)
def test_fault_F21_only_allowed_addresses(monkeypatch, address, said):
    monkeypatch.setenv("TEAM_HOOK", address)
    with pytest.raises(ConfigError, match=said) as caught:
        address_of("team", Channel(kind="slack", url="env:TEAM_HOOK"))
    assert "services" not in str(caught.value), "the address is a secret"


def test_hosts_below_a_dot(monkeypatch):
    channel = Channel(kind="teams", url="env:TEAM_HOOK")
    monkeypatch.setenv("TEAM_HOOK", "https://prod-12.westeurope.logic.azure.com:443/workflows/x")
    assert address_of("team", channel)
    monkeypatch.setenv("TEAM_HOOK", "https://evillogic.azure.com/x")
    with pytest.raises(ConfigError):
        address_of("team", channel)


def test_fault_G08_an_address_in_the_configuration_is_refused_and_a_file_must_be_private(tmp_path):
    with pytest.raises(ValueError, match="url"):
        Channel(kind="slack", url="https://hooks.slack.com/services/T/B/x")
    path = tmp_path / "hook"
    path.write_text("https://hooks.slack.com/services/T/B/x\n")
    path.chmod(0o644)
    channel = Channel(kind="slack", url=f"file:{path}")
    with pytest.raises(ConfigError, match="can be read by others"):
        address_of("team", channel)
    path.chmod(0o600)
    assert address_of("team", channel).endswith("/x")


def test_fault_H02_no_error_and_no_file_holds_the_address(folder, monkeypatch):
    told = []
    for answer in ("drop", (500, "", {}), (404, "", {}), (302, "", {"Location": "/"})):
        with hook(answer) as server:
            try:
                told += go(folder, server, monkeypatch)
            except DeliveryError as error:
                told.append(str(error))
    written = b"".join(p.read_bytes() for p in folder.parent.rglob("*") if p.is_file())
    assert "very-secret-path" not in "".join(told)
    assert b"very-secret-path" not in written
    assert oct(Outbox(folder.parent).path.stat().st_mode & 0o777) == "0o600"


def test_fault_I15_a_backfill_tells_nothing(folder, monkeypatch):
    with hook(OK) as server:
        made.published(folder.parent / "2026-07-08")
        manifest = folder.parent / "2026-07-08" / "manifest.json"
        manifest.write_text(manifest.read_text().replace("2026-07-01", "2026-07-08"))
        assert go(folder, server, monkeypatch) == ["no new messages: 2026-07-08 is newer"]
        assert go(folder, server, monkeypatch, max_age_days=0)[0].startswith(
            "no new messages: as of 2026-07-01 is 1 days ago"
        )
    assert server.got == []


def test_the_commands_list_resolve_and_send(folder, monkeypatch, tmp_path):
    with hook((500, "", {})) as server, pytest.raises(DeliveryError):
        go(folder, server, monkeypatch)
    call = CliRunner().invoke
    where = ["--reports", str(folder.parent)]
    listed = call(app, ["alerts", "list", *where])
    assert listed.output.count("unknown") == N
    one = Outbox(folder.parent).table().iloc[0]["id"]
    said = call(app, ["alerts", "resolve", one, "--as", "send", *where])
    assert said.output == f"{one}: 1 channel now pending\n"
    with hook(OK) as server:
        monkeypatch.setenv("TEAM_HOOK", server.url)
        config = tmp_path / "c.yaml"
        config.write_text(
            "version: 1\ncompany: {name: T, currency: EUR}\n"
            "sources: {accounts: {files: a.csv}, events: {files: e.csv}}\n"
            "delivery:\n  send: true\n  channels:\n"
            f"    team: {{kind: slack, url: 'env:TEAM_HOOK', hosts: ['{server.host}']}}\n"
        )
        sent = call(app, ["alerts", "send", "--config", str(config), *where])
        assert len(server.got) == 1
    assert isinstance(sent.exception, DeliveryError), "the others are still unknown"
    assert states(folder) == {"sent": 1, "unknown": N - 1}


def test_a_damaged_or_newer_outbox_is_refused(tmp_path):
    box = Outbox(tmp_path)
    box.path.write_bytes(b"not a database, but long enough to be read as one" * 40)
    with pytest.raises(MachineError, match="cannot be used"):
        Outbox(tmp_path)
