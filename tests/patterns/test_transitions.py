from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest

from helpers.patterns.alike import among_alike
from helpers.patterns.sequences import fold_repeats
from helpers.patterns.transitions import END, TRANSITION_COLUMNS, step_matrix, transitions


def tokens_of(paths):
    rows = [(unit, token) for unit, path in enumerate(paths) for token in path]
    return pd.DataFrame(rows, columns=["unit", "token"]).astype({"token": "string"})


def accounts_of(paths, per_account=1):
    return pd.Series([f"a{unit // per_account}" for unit in range(len(paths))])


def made(n=300, seed=0):
    """After b follows c if a came before, else d; everything else is by chance."""
    rng = np.random.default_rng(seed)
    paths = []
    for _ in range(n):
        path = list(rng.choice(list("abe"), rng.geometric(0.3)))
        if path[-1] == "b":
            came = len(path) > 1 and path[-2] == "a"
            path.append("c" if (rng.random() < 0.9) == came else "d")
        paths.append(path)
    tokens = fold_repeats(tokens_of(paths))
    return tokens, accounts_of(paths, 3)


def naive(tokens, order):
    """Walk every path; count what came after each context."""
    counts = defaultdict(Counter)
    for _, path in tokens.groupby("unit")["token"]:
        steps = [*path, END]
        for place in range(order - 1, len(steps) - 1):
            counts[tuple(steps[place - order + 1 : place + 1])][steps[place + 1]] += 1
    return counts


@pytest.mark.parametrize("order", [1, 2])
def test_shares_agree_with_naive(order):  # Q-01, part of next best steps
    tokens, accounts = made()
    table = transitions(tokens, accounts, source="made", min_units=20)
    mine = table[table["order"] == order]
    slow = naive(tokens, order)
    n_from = {before: sum(after.values()) for before, after in slow.items()}
    least = 1 if order == 1 else 20
    expected = {
        (before, after): n
        for before, follows in slow.items()
        for after, n in follows.items()
        if n_from[before] >= 20 and n >= least
    }
    found = dict(
        zip(zip(mine["before"].map(tuple), mine["after"], strict=True), mine["n"], strict=True)
    )
    assert found == expected
    assert mine["n_from"].tolist() == [n_from[tuple(before)] for before in mine["before"]]
    assert (mine["low"] <= mine["share"]).all()
    assert (mine["share"] <= mine["high"]).all()
    if order == 1:
        sums = mine.groupby(mine["before"].map(tuple))["share"].sum()
        assert np.allclose(sums, 1.0)


def test_second_order_is_told_where_it_matters_where_one_came_from():
    tokens, accounts = made(600)
    table = transitions(tokens, accounts, source="made", min_units=20)
    second = table[(table["order"] == 2) & table["adds"]]
    told = set(zip(second["before"].map(tuple), second["after"], strict=True))
    assert (("a", "b"), "c") in told
    assert {before[1] for before, _ in told} == {"b"}  # nothing else depends on two steps


def test_without_memory_second_order_adds_nothing():
    rng = np.random.default_rng(5)
    paths = [list(rng.choice(list("abcde"), rng.geometric(0.15))) for _ in range(900)]
    tokens = fold_repeats(tokens_of(paths))
    table = transitions(tokens, accounts_of(paths, 4), source="x", min_units=20)
    second = table[table["order"] == 2]
    assert len(second) > 50
    assert second["adds"].mean() < 0.02


def test_the_score_over_accounts_is_that_of_the_test_it_is_taken_from():
    """The sums of products give the p-value that adding up account by account gives."""
    tokens, accounts = made(200, seed=3)
    table = transitions(tokens, accounts, source="made", min_units=20)
    first = table[(table["order"] == 1) & (table["p_value"] > 1e-6)].head(8)
    after = tokens.groupby("unit")["token"].shift(-1).fillna(END)
    for row in first.to_dict("records"):
        slow = among_alike(
            tokens["token"] == row["before"][0],
            after == row["after"],
            np.zeros(len(tokens)),
            tokens["unit"].map(accounts),
        )
        assert row["p_value"] >= slow.p_value * (1 - 1e-9)
    assert len(first) == 8


def test_a_step_matrix_sums_to_one_at_each_step():
    paths = [["a", "b"], ["a"], ["b", "a", "b"], []]
    table = step_matrix(tokens_of(paths), pd.Series(range(4)), source="made", n_steps=3)
    shares = table.set_index(["step_no", "step"])["share"].to_dict()
    assert shares == {
        (1, "a"): 0.5, (1, "b"): 0.25, (1, END): 0.25,
        (2, END): 0.5, (2, "a"): 0.25, (2, "b"): 0.25,
        (3, END): 0.75, (3, "b"): 0.25,
    }  # fmt: skip
    assert (table.groupby("step_no")["n_units"].sum() == 4).all()


def test_nothing_gives_the_same_columns():
    none = transitions(tokens_of([]), accounts_of([]), source="made")
    assert tuple(none.columns) == TRANSITION_COLUMNS
    assert none.empty
    assert step_matrix(tokens_of([]), pd.Series([], dtype=int), source="made").empty
