"""Pictures of segments; each draws a table that another function made."""

import itertools
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.plotting import BLUE, GREY, INK, MUTED, ORANGE, colours_for, figure, label
from helpers.segments.tree_plot import nothing_to_draw, plot_tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "plot_composition",
    "plot_map",
    "plot_migration",
    "plot_profiles",
    "plot_selection",
    "plot_tree",
]

MAX_METRICS = 14
MAX_TOLD = 2
"""Segments named in a title: more would run out of the picture."""


def plot_selection(selection: pd.DataFrame) -> "Figure":
    """Draw the elbow (inertia) and the separation and stability of each number of clusters.

    ``selection`` comes from :func:`helpers.segments.segment_accounts`; the number chosen is
    marked, numbers that the rule refuses are hollow.
    """
    fig, (elbow, quality) = figure(width=9.0, height=3.4, columns=2)
    table = selection.dropna(subset="silhouette")
    if table.empty:
        return nothing_to_draw(fig, "too few accounts to compare numbers of clusters")
    elbow.plot(table["n_clusters"], table["inertia"], color=BLUE, marker="o")
    top = 1.08 * float(table["inertia"].max())
    elbow.set(xlabel="clusters", ylabel="inertia (squared distances)", ylim=(0, top))
    fewest, most = table.iloc[0], table.iloc[-1]
    fall = 1 - most["inertia"] / fewest["inertia"]
    elbow.set_title(f"{most['n_clusters']:.0f} clusters leave {fall:.0%} less unexplained")
    lines = (
        ("stability", "stability (adjusted Rand index)", ORANGE, "-"),
        ("silhouette", "silhouette", BLUE, "-"),
        ("silhouette_chance", "silhouette of shapeless clouds", GREY, "--"),
    )
    for column, text, colour, style in lines:
        quality.plot(table["n_clusters"], table[column], color=colour, ls=style, label=text)
    refused = table[~table["chosen"] & ~table["near_tie"]]
    for column, _, colour, _ in lines[:2]:
        quality.plot(table["n_clusters"], table[column], "o", color=colour)
        quality.plot(refused["n_clusters"], refused[column], "o", color=colour, mfc="white")
    for axis in (elbow, quality):
        axis.set_xticks(table["n_clusters"])
        for chosen in table.loc[table["chosen"], "n_clusters"]:
            axis.axvline(chosen, color=MUTED, lw=1, ls=":")
    quality.set(xlabel="clusters (hollow: not chosen)", ylim=(0, 1.05))
    quality.set_title(_choice(table))
    quality.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3, fontsize=8)
    return fig


def _choice(table: pd.DataFrame) -> str:
    chosen = table[table["chosen"]]
    if chosen.empty:
        return "No number of clusters passes"
    row = chosen.iloc[0]
    return f"{int(row['n_clusters'])} chosen: stability {row['stability']:.2f}"


def plot_map(accounts: pd.DataFrame, axes: pd.DataFrame) -> "Figure":
    """Draw accounts on two principal components, each segment labelled where it lies.

    ``accounts`` and ``axes`` come from :func:`helpers.segments.maps.account_map`.
    """
    fig, (ax,) = figure(width=7.4, height=4.6)
    if accounts.empty:
        return nothing_to_draw(fig, "no map: too few accounts or dimensions")
    names = list(dict.fromkeys(accounts["segment"]))
    colours = colours_for(names)
    for name in names:
        mine = accounts[accounts["segment"] == name]
        ax.scatter(mine["x"], mine["y"], s=16, color=colours[name], alpha=0.65, lw=0, label=name)
    middles = accounts.groupby("segment")[["x", "y"]].median()
    for name in names:
        middle = middles.loc[name]
        ax.annotate(
            label(name),
            (middle["x"], middle["y"]),
            ha="center",
            va="center",
            weight="bold",
            color=INK,
            bbox={
                "facecolor": "white",
                "edgecolor": colours[name],
                "boxstyle": "round",
                "alpha": 0.9,
            },
        )
    ax.set(xlabel=_axis_text(axes, "x"), ylabel=_axis_text(axes, "y"))
    share = axes.attrs.get("explained", float("nan"))
    ax.set_title(f"{_nearest_pair(middles)} the map shows {share:.0%} of what differs")
    return fig


def _nearest_pair(middles: pd.DataFrame) -> str:
    """Say which two segments lie closest together."""
    pairs = list(itertools.combinations(sorted(middles.index), 2))
    if not pairs:
        return f"All are {label(middles.index[0])};"
    places = middles.to_numpy(float)
    at = {name: places[position] for position, name in enumerate(middles.index)}
    one, other = min(pairs, key=lambda pair: float(np.hypot(*(at[pair[0]] - at[pair[1]]))))
    return f"{label(one, width=24)} and {label(other, width=24)} lie closest;"


def _axis_text(axes: pd.DataFrame, column: str) -> str:
    """Name an axis by the dimensions that weigh most on it, with their direction."""
    order = axes[column].abs().sort_values(ascending=False, kind="stable").index[:3]
    parts = [
        f"{'more' if axes.loc[row, column] > 0 else 'less'} {axes.loc[row, 'dimension']}"
        for row in order
    ]
    return "→ " + ", ".join(parts)


def plot_profiles(profiles: pd.DataFrame) -> "Figure":
    """Draw how far each segment's mean lies from that of the others, in standard deviations.

    ``profiles`` comes from :func:`helpers.segments.profile_segments`; the metrics in which
    segments differ most are shown. Cells whose interval includes 0 stay empty.
    """
    if profiles["effect"].isna().all():
        return nothing_to_draw(figure(height=1.2)[0], "no segment differs from the others")
    wide = profiles.pivot_table(index="meaning", columns="segment", values="effect", sort=False)
    sure = profiles.assign(sure=(profiles["low"] > 0) | (profiles["high"] < 0)).pivot_table(
        index="meaning", columns="segment", values="sure", sort=False, aggfunc="max"
    )
    top = wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:MAX_METRICS]
    wide, sure = wide.loc[top], sure.reindex(index=top, columns=wide.columns)
    fig, (ax,) = figure(width=8.6, height=1.2 + 0.3 * max(len(wide), 4))
    _heat(ax, wide, sure.fillna(0).astype(bool), "{:+.1f}", limit=2.0, colours="RdBu_r")
    ax.set_title(_most_telling(wide))
    ax.set_xlabel("difference from all other segments (standard deviations; pale: may be chance)")
    return fig


def _most_telling(effects: pd.DataFrame) -> str:
    numbers = np.nan_to_num(effects.to_numpy(float))
    row, column = np.unravel_index(np.abs(numbers).argmax(), numbers.shape)
    metric, segment = effects.index[row], effects.columns[column]
    return (
        f"{label(segment)} stand out most: {label(metric, width=60)} {numbers[row, column]:+.1f} sd"
    )


def plot_composition(composition: pd.DataFrame) -> "Figure":
    """Draw the share of each segment over time with its 95 % interval, labelled at the end.

    ``composition`` comes from :func:`helpers.segments.composition`.
    """
    if composition.empty:
        return nothing_to_draw(figure(height=1.2)[0], "there are no live accounts")
    fig, (ax,) = figure(width=8.0, height=3.8)
    names = list(dict.fromkeys(composition["segment"]))
    colours = colours_for(names)
    ends = []
    for name in names:
        mine = composition[composition["segment"] == name]
        ax.plot(mine["as_of"], 100 * mine["share"], color=colours[name], marker="o", ms=3)
        ax.fill_between(
            mine["as_of"],
            100 * mine["low"],
            100 * mine["high"],
            color=colours[name],
            alpha=0.12,
            lw=0,
        )
        ends.append((100 * float(mine["share"].iloc[-1]), name))
    _label_ends(ax, ends, composition["as_of"].max(), colours)
    ax.set(ylabel="share of live accounts (%)", ylim=(0, None))
    ax.set_title(_changed(composition))
    ax.tick_params(axis="x", rotation=30)
    return fig


def _changed(composition: pd.DataFrame) -> str:
    """Name the segments whose first and last interval are apart."""
    told: list[tuple[float, str]] = []
    for name, mine in composition.sort_values("as_of").groupby("segment", sort=True):
        first, last = mine.iloc[0], mine.iloc[-1]
        if last["low"] > first["high"] or last["high"] < first["low"]:
            text = f"{label(name)} {first['share']:.0%} → {last['share']:.0%}"
            told.append((-abs(float(last["share"] - first["share"])), text))
    if not told:
        return "No segment's share has surely changed"
    return "Changed most: " + ", ".join(text for _, text in sorted(told)[:MAX_TOLD])


def _label_ends(
    ax: "Axes", ends: list[tuple[float, str]], when: pd.Timestamp, colours: dict[str, str]
) -> None:
    """Write each name beside the end of its line, never over another name."""
    top = max((share for share, _ in ends), default=1.0)
    place = -1e9
    for share, name in sorted(ends):
        place = max(share, place + 0.07 * max(top, 1.0))
        ax.annotate(
            label(name),
            (when, share),
            xytext=(when + pd.Timedelta(days=6), place),
            color=colours[name],
            va="center",
            weight="bold",
            fontsize=8.5,
            annotation_clip=False,
        )


def plot_migration(migration: pd.DataFrame) -> "Figure":
    """Draw the share of each segment that is in each segment a quarter later.

    ``migration`` comes from :func:`helpers.segments.migration`; moves that are not above the
    noise of refitting stay pale.
    """
    if migration.empty:
        return nothing_to_draw(figure(height=1.2)[0], "no moves: there is only one date")
    from matplotlib.patches import Rectangle

    if "hidden" in migration:
        migration = migration[~migration["hidden"].astype(bool)]
    rows = list(dict.fromkeys(migration["segment_from"]))
    columns = list(dict.fromkeys([*rows, *migration["segment_to"]]))
    columns = [name for name in columns if name in set(migration["segment_to"])]
    wide, marks = (
        migration.pivot_table(index="segment_from", columns="segment_to", values=values)
        for values in ("share", "above_noise")
    )
    wide = wide.reindex(index=rows, columns=columns)
    fig, (ax,) = figure(width=7.6, height=1.6 + 0.45 * max(len(wide), 3))
    shown = marks.reindex(index=wide.index, columns=wide.columns).fillna(0).astype(bool)
    _heat(ax, 100 * wide, shown, "{:.0f}%", limit=100.0, colours="Blues", lowest=0.0)
    for row, name in enumerate(wide.index):
        if name in wide.columns:
            box = (list(wide.columns).index(name) - 0.5, row - 0.5)
            ax.add_patch(Rectangle(box, 1, 1, facecolor="none", edgecolor=MUTED, lw=1.2))
    ax.set(xlabel="now (% of the row; framed: stayed; pale: within noise)", ylabel="a quarter ago")
    ax.set_title(_largest_move(migration))
    return fig


def _largest_move(migration: pd.DataFrame) -> str:
    moved = migration[migration["segment_from"] != migration["segment_to"]]
    moved = moved[moved["above_noise"].fillna(value=False).astype(bool)]
    if moved.empty:
        return "No move between segments exceeds the noise"
    top = moved.nlargest(1, "share").iloc[0]
    return (
        f"{top['share']:.0%} of {label(top['segment_from'])} are now {label(top['segment_to'])}, "
        "the largest move"
    )


def _heat(
    ax: "Axes",
    values: pd.DataFrame,
    shown: pd.DataFrame,
    text: str,
    *,
    limit: float,
    colours: str,
    lowest: float | None = None,
) -> None:
    """Draw a table as coloured cells; cells not ``shown`` carry their number in grey only."""
    numbers = values.to_numpy(float)
    ax.imshow(
        np.where(shown, numbers, np.nan),
        cmap=colours,
        vmin=-limit if lowest is None else lowest,
        vmax=limit,
        aspect="auto",
    )
    wide = max(8, 72 // max(values.shape[1], 1))
    names = [textwrap.fill(label(name, width=3 * wide), wide) for name in values.columns]
    ax.set_xticks(range(values.shape[1]), names)
    ax.set_yticks(range(values.shape[0]), [label(name, width=44) for name in values.index])
    ax.grid(visible=False)
    for row, column in np.ndindex(*numbers.shape):
        if np.isfinite(numbers[row, column]):
            dark = shown.iloc[row, column] and abs(numbers[row, column]) > 0.6 * limit
            colour = "white" if dark else INK if shown.iloc[row, column] else MUTED
            ax.text(
                column,
                row,
                text.format(numbers[row, column]),
                ha="center",
                va="center",
                color=colour,
                fontsize=8.5,
            )
