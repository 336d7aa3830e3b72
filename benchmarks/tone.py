"""The tone of texts against people's ratings: product reviews, tweets and our own support texts.

The ratings of Hutto and Gilbert (2014), 20 readers a text, come with the source archive of the
package vaderSentiment 3.3.2 (MIT): unpack ``additional_resources/hutto_ICWSM_2014.tar.gz`` and say
where it lies with ``--texts``. VADER itself is measured beside ours where it can be imported.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.features.sentiment import sentiment
from tests.features.labelled_texts import TEXTS

__all__ = ["measure_tone"]

FILES = {
    "product reviews": "amazonReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "newspaper": "nytEditorialSnippets_GroundTruth.txt",
}
CLEAR = 0.5
"""Mean ratings nearer to 0 than this, of -4 to +4, are no clear opinion."""
Reader = Callable[[str], float]


def measure_tone(folder: Path | None) -> None:
    """Print how well tones agree with ratings."""
    readers: dict[str, Reader] = {"ours": lambda text: sentiment(text) or 0.0}
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        print("VADER: not measured, the package vaderSentiment is not installed")
    else:
        vader = SentimentIntensityAnalyzer()
        readers["VADER"] = lambda text: vader.polarity_scores(text)["compound"]
    own = pd.DataFrame(TEXTS, columns=["text", "rating"])
    _told("support texts of our own", own, readers)
    for name, file in FILES.items():
        path = None if folder is None else folder / file
        if path is None or not path.is_file():
            print(f"{name}: not measured, --texts does not hold {file}")
            continue
        rows = [line.split("\t", 2) for line in path.read_text("latin-1").splitlines()]
        table = pd.DataFrame(rows, columns=["id", "rating", "text"]).astype({"rating": float})
        _told(name, table, readers)


def _told(name: str, table: pd.DataFrame, readers: dict[str, Reader]) -> None:
    rating = table["rating"].to_numpy(float)
    clear = np.abs(rating) >= CLEAR
    print(f"{name}: {len(table):,} texts, {int(clear.sum()):,} with a clear opinion")
    for reader, read in readers.items():
        score = np.array([read(text) for text in table["text"]])
        spoken = clear & (score != 0)
        right = (np.sign(score) == np.sign(rating))[spoken].mean()
        order = pd.Series(score).corr(pd.Series(rating), method="spearman")
        silent = (score == 0)[~clear].mean() if (~clear).any() else np.nan
        print(f"  {reader:<6} speaks of {spoken.sum() / clear.sum():.0%} of the clear ones, "
              f"the right side in {right:.1%}; rank correlation {order:.2f}; "
              f"silent on {silent:.0%} of the others")  # fmt: skip
