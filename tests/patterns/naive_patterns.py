"""The slow versions: a few lines each, obviously right, the specification of the fast ones."""

from itertools import combinations


def contains(sequence, pattern, max_gap=None, anchored=False, times=None, in_time=(None, None)):
    """Tell by recursion whether a pattern occurs in a sequence; limits in time: gap, window."""
    far, window = in_time

    def near(start, before, place):
        return (far is None or times[place] - times[before] <= far) and (
            window is None or times[place] - times[start] <= window
        )

    def reaches(position, index, start):
        if index == len(pattern):
            return True
        end = len(sequence) if max_gap is None else min(len(sequence), position + 2 + max_gap)
        return any(
            sequence[p] == pattern[index]
            and near(start, position, p)
            and reaches(p, index + 1, start)
            for p in range(position + 1, end)
        )

    firsts = range(min(1, len(sequence))) if anchored else range(len(sequence))
    return any(sequence[p] == pattern[0] and reaches(p, 1, p) for p in firsts)


def mine(sequences, min_support, max_length, max_gap=None, anchored=False, times=None, in_time=()):
    """Count every subsequence of every sequence; keep the frequent ones."""
    candidates = {
        tuple(sequence[p] for p in places)
        for sequence in sequences
        for length in range(1, max_length + 1)
        for places in combinations(range(len(sequence)), length)
    }
    clocks, limits = times or [None] * len(sequences), in_time or (None, None)
    found = {
        pattern: [
            s
            for s, q in enumerate(sequences)
            if contains(q, pattern, max_gap, anchored, clocks[s], limits)
        ]
        for pattern in candidates
    }
    return {pattern: rows for pattern, rows in found.items() if len(rows) >= min_support}


def closed(found):
    """Patterns that no longer one contains which the same sequences show."""
    return {
        p
        for p, rows in found.items()
        if not any(len(q) > len(p) and contains(q, p) and rows == found[q] for q in found)
    }


def maximal(found):
    """Patterns that no longer one contains."""
    return {p for p in found if not any(len(q) > len(p) and contains(q, p) for q in found)}


def mine_by_vertical_lists(sequences, min_support, max_length):
    """SPADE-like miner on dicts: sequence -> earliest end; independent of projection."""
    firsts = {}
    for number, sequence in enumerate(sequences):
        for position, item in enumerate(sequence):
            firsts.setdefault(item, {}).setdefault(number, []).append(position)
    frequent = {item: places for item, places in firsts.items() if len(places) >= min_support}
    level = {(item,): {s: p[0] for s, p in places.items()} for item, places in frequent.items()}
    found = dict(level)
    for _ in range(max_length - 1):
        grown = {}
        for pattern, ends in level.items():
            for item, places in frequent.items():
                later = {}
                for s in ends.keys() & places.keys():
                    after = [p for p in places[s] if p > ends[s]]
                    if after:
                        later[s] = after[0]
                if len(later) >= min_support:
                    grown[(*pattern, item)] = later
        found |= grown
        level = grown
    return {pattern: len(ends) for pattern, ends in found.items()}


def difference_variance(outcome, clusters, exposed):
    """Difference of rates and its variance over whole accounts, account by account."""
    rate = sum(h for h, e in zip(outcome, exposed, strict=True) if e) / sum(exposed)
    n_out = len(exposed) - sum(exposed)
    without = sum(h for h, e in zip(outcome, exposed, strict=True) if not e) / n_out
    total, accounts = 0.0, sorted(set(clusters))
    for account in accounts:
        mine = [i for i, c in enumerate(clusters) if c == account]
        inside = sum(outcome[i] - rate for i in mine if exposed[i]) / sum(exposed)
        outside = sum(outcome[i] - without for i in mine if not exposed[i]) / n_out
        total += (inside - outside) ** 2
    return rate - without, total * len(accounts) / (len(accounts) - 1)
