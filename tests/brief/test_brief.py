"""The page of one account: R-01 to R-03, P-03, B-07, E-02."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers.brief import find_subject, print_pdf, write_brief
from helpers.brief.facts import core_use, facts
from helpers.brief.health import components, statements
from helpers.brief.indicators import watches
from helpers.brief.neighbours import alike
from helpers.brief.page import file_name
from helpers.cli import app
from helpers.errors import MachineError, ParameterError
from helpers.scores.inputs import INDICATORS
from helpers.segments.prepare import dimension_scores, fit_preparation
from tests.brief import made
from tests.company import AS_OF
from tests.report.hostile import acts, payloads, seen_text

NOW = AS_OF.tz_localize("Europe/Berlin").tz_convert("UTC")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made.make_run(tmp_path_factory.mktemp("brief"))


@pytest.fixture(scope="module")
def declining(run):
    return find_subject(run, made.DECLINING)


def by_label(subject):
    return {fact.label: fact for fact in facts(subject)}


def events_of(run, account, days, until=0):
    events = run.read("01_data_audit", "events")
    mine = events[events["account_id"] == account]
    end = NOW - pd.Timedelta(days=until)
    return mine[
        (mine["occurred_at"] < end) & (mine["occurred_at"] >= end - pd.Timedelta(days=days))
    ]


def test_facts_are_those_of_the_raw_tables(run, declining):
    told = by_label(declining)
    now, then = (events_of(run, made.DECLINING, 30, until=days) for days in (0, 90))
    assert len(now) < len(then) / 2, "else the two dates could be mixed up unseen"
    assert declining.before_on == AS_OF - pd.Timedelta(days=90)
    assert declining.value("events__n_30d") == len(now)
    assert declining.value("events__n_30d", at="before") == len(then)
    people = [part["user_id"].nunique() for part in (now, then)]
    shown = told["Monthly active users"].value
    assert shown.startswith(f"{people[0]}, 90 days ago {people[1]}, ")
    tickets = run.read("01_data_audit", "tickets")
    mine = tickets[tickets["account_id"] == made.DECLINING]
    recent = mine[(mine["opened_at"] < NOW) & (mine["opened_at"] >= NOW - pd.Timedelta(days=90))]
    assert told["Tickets in 90 days"].value.startswith(f"{len(recent)}, ")
    assert f"{int(recent['escalated'].sum())} escalated" in told["Tickets in 90 days"].value
    account = run.read("01_data_audit", "accounts").set_index("account_id").loc[made.DECLINING]
    assert told["Contract value"].value.startswith(f"EUR {account['mrr'] * 12:,.0f} a year")
    days = (account["renewal_on"] - AS_OF).days
    assert told["Renewal"].value == f"{account['renewal_on']:%Y-%m-%d}, in {days} days"
    touch = run.read("01_data_audit", "touchpoints")
    reviews = touch[(touch["account_id"] == made.DECLINING) & (touch["kind"] == "business_review")]
    last = reviews.loc[reviews["occurred_at"] < NOW, "occurred_at"].max()
    shown = told["Last business review"]
    if pd.isna(last):
        assert not shown.known
    else:
        assert shown.value.startswith(f"{last.tz_convert('Europe/Berlin'):%Y-%m-%d}")


def test_core_features_are_counted_as_a_plain_loop_counts_them(run, declining):
    catalogue = run.read("01_data_audit", "feature_catalogue")
    core = set(catalogue.loc[catalogue["core"].fillna(False).astype(bool), "feature"])
    told = core_use(declining)
    assert 3 <= len(told) <= 5
    naive = dict.fromkeys(core, 0)
    for event in events_of(run, made.DECLINING, 30).itertuples():
        name = event.event if pd.isna(event.feature) else event.feature
        if name in naive:
            naive[name] += 1
    assert (
        sorted((use.n_now for use in told), reverse=True)
        == sorted(naive.values(), reverse=True)[: len(told)]
    )
    assert [use.per_week for use in told] == [use.n_now * 7 / 30 for use in told]


def test_neighbours_are_the_nearest_of_a_plain_loop_with_their_outcomes(run, declining):
    table = run.read("02_feature_engineering", "features")
    labels = run.read("02_feature_engineering", "labels")
    live = table[table["is_live"].astype(bool)]
    today = live[live["as_of"] == AS_OF].reset_index(drop=True)
    preparation = fit_preparation(today, run.read("02_feature_engineering", "dictionary"))
    own = dimension_scores(today, preparation)[today["account_id"] == made.DECLINING].iloc[0]
    past = live[live["account_id"] != made.DECLINING].reset_index(drop=True)
    places = dimension_scores(past, preparation)
    known = labels[labels["churned"].notna()].set_index(["account_id", "as_of"])
    best = {}
    for key, place in zip(
        zip(past["account_id"], past["as_of"], strict=True), places.to_numpy(), strict=True
    ):
        if key in known.index:
            distance = sum((there - here) ** 2 for there, here in zip(place, own, strict=True))
            best[key[0]] = min(best.get(key[0], (np.inf, None)), (float(distance) ** 0.5, key[1]))
    naive = sorted((distance, account) for account, (distance, _) in best.items())[:3]
    told = alike(declining)
    assert [one.account_id for one in told.shown[:3]] == [account for _, account in naive]
    assert [one.distance for one in told.shown[:3]] == pytest.approx([d for d, _ in naive])
    assert made.DECLINING not in {one.account_id for one in told.shown}
    left = [one for one in told.shown if one.outcome.startswith("left")]
    assert left, "one that left is always among them, here at least one did"
    for one in told.shown:
        label = known.loc[(one.account_id, one.as_of)]
        assert one.outcome.startswith("left") == bool(label["churned"])
    n = min(20, len(best))
    assert told.summary.startswith(f"Of the {n} most similar accounts, ")


def test_the_seven_indicators_stand_beside_all_live_accounts(run, declining):  # P-03, R-02
    told = {one.indicator: one for one in watches(declining)}
    assert set(told) == set(INDICATORS)
    table = run.read("02_feature_engineering", "features")
    peers = table[(table["as_of"] == AS_OF) & table["is_live"].astype(bool)]
    value = declining.value("logins__change_30d")
    better = ties = n = 0
    for row in peers.itertuples():
        other = row.logins__change_30d
        if row.account_id == made.DECLINING or pd.isna(other):
            continue
        n += 1
        better += other > value
        ties += other == value
    assert told["declining logins"].worse_than == pytest.approx((better + ties / 2) / n)
    worst_first = [one.worse_than for one in watches(declining) if one.worse_than is not None]
    assert worst_first == sorted(worst_first, reverse=True)


def test_health_is_told_with_direction_coverage_and_its_weakest_parts(declining):
    said = statements(declining)
    assert said[0] == (
        "Health 31 of 100 (low, higher = healthier), on 95% of its weight; weakest: "
        "engagement trend 2, support sentiment 30."
    )
    assert said[1].startswith("Churn risk 41% (90% interval 29% to 54%); score 77 of 100, high")
    assert dict(components(declining))["NPS"] is None


def test_three_steps_come_in_order_with_reason_and_stake(run, declining, tmp_path):  # B-07
    text = seen_text(write_brief(declining, tmp_path).read_text(encoding="utf-8"))
    places = [text.index(step) for step in ("Call the sponsor", "Write to the", "Show boards")]
    assert places == sorted(places)
    assert "no contact for 60 days" in text
    assert "at stake: 41% x 120 x 12" in text


def test_the_agenda_of_a_business_review_stands_beside_its_step(declining, tmp_path):  # B-10
    text = seen_text(write_brief(declining, tmp_path).read_text(encoding="utf-8"))
    assert text.count("Agenda: ") == 1
    after = text[text.index("Show boards") :]
    assert "Agenda: boards: not used here; 14 of the 25 accounts most alike use it" in after


def test_a_source_that_is_absent_is_named_and_nothing_is_guessed(tmp_path):
    gone = ("tickets", "messages", "surveys", "touchpoints")
    run = made.make_run(tmp_path, without=gone)
    told = by_label(find_subject(run, made.STEADY))
    assert told["Tickets in 90 days"].value == "not known: no tickets table"
    assert told["E-mail opened, clicked"].value == "not known: no messages table"
    assert told["Last NPS answer"].value == "not known: no surveys table"
    assert told["Last contact"].value == "not known: no touchpoints table"
    text = seen_text(
        write_brief(find_subject(run, made.STEADY), tmp_path).read_text(encoding="utf-8")
    )
    assert "No alerts" in text, "05 has no finding in this run, and the page must say so"
    assert "no score" in text


def test_accounts_are_found_by_id_or_by_a_name_of_their_own(run):
    assert find_subject(run, " ACC-03 ").account_id == made.DECLINING
    assert find_subject(run, "declining & co 2").account_id == made.DECLINING
    with pytest.raises(ParameterError, match="Did you mean 'acc-03'"):
        find_subject(run, "acc_03")


def test_a_name_of_two_accounts_is_refused_with_both_ids(tmp_path):
    run = made.make_run(tmp_path, rename={"acc-01": "Twin", "acc-02": "Twin"})
    with pytest.raises(ParameterError, match=r"2 accounts are called 'twin'.*acc-01, acc-02"):
        find_subject(run, "twin")


def test_who_opted_out_has_no_brief(run):  # E-02
    with pytest.raises(ParameterError, match="opted out of profiling"):
        find_subject(run, made.OPTED_OUT)
    shown = {one.account_id for one in alike(find_subject(run, made.LOW)).shown}
    gone = run.read("01_data_audit", "accounts")
    assert not shown & set(gone.loc[gone["opted_out"].astype(bool), "account_id"])


def test_fault_F04_hostile_names_stay_text(run, tmp_path):
    attacks = payloads()
    accounts = run.read("01_data_audit", "accounts")
    names = {key: attacks[i % len(attacks)] for i, key in enumerate(accounts["account_id"])}
    hostile = made.make_run(tmp_path / "hostile", rename=names)
    page = write_brief(find_subject(hostile, made.DECLINING), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert acts(text) == []
    assert " ".join(names[made.DECLINING].split()) in " ".join(seen_text(text).split())


def test_fault_F10_a_file_is_never_called_by_the_id():
    names = {file_name(key) for key in ("../../etc/passwd", "CON", "A1\n", "acme", "ACME", "")}
    assert len(names) == 6
    assert all(re.fullmatch(r"acct-[0-9a-f]{16}", name) for name in names)


def test_the_command_writes_the_page_and_says_where(run, tmp_path):
    result = CliRunner().invoke(
        app, ["brief", made.DECLINING, "--run", str(run.stage), "--out", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    page = tmp_path / f"{file_name(made.DECLINING)}.html"
    assert result.output.strip() == str(page)
    assert "Declining & Co 2" in seen_text(page.read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_it_prints_on_two_sheets_at_most(declining, tmp_path):
    pdf = print_pdf(write_brief(declining, tmp_path)).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 2


def test_without_a_browser_the_page_is_there_and_the_error_says_what_to_do(
    declining, tmp_path, monkeypatch
):
    page = write_brief(declining, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match=r"no browser found.*open .* and print it"):
        print_pdf(page)
