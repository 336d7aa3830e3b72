"""The slow version of the baseline: one end, plain loops, straight from its definition."""

import statistics


def weeks_before(counts, alive, end, window_days, n_blocks):
    """Counts of the whole baseline weeks, newest first; None where the account was not there."""
    weeks = []
    for block in range(n_blocks):
        stop = end - window_days - 7 * block
        start = stop - 7
        there = start >= 0 and all(alive[day] for day in range(start, stop))
        weeks.append(sum(counts[start:stop]) if there else None)
    return weeks


def panel_of(known):
    """Accounts with the longest baseline: their mean week and the weight they have."""
    most = max(len(mine) for mine in known)
    panel = [a for a in range(len(known)) if len(known[a]) == most and sum(known[a]) > 0]
    level = {a: sum(known[a]) / most for a in panel}
    ranked = sorted(level.values())
    cap = ranked[max(-(-3 * len(ranked) // 4) - 1, 0)]
    return level, {a: min(1.0, cap / level[a]) for a in panel}


def ratio_of_others(values, usual, me, level, weight):
    """What the other accounts did against their own baseline, odd values cut."""
    typical = sum(weight[a] * level[a] for a in level) / len(level)
    prior = 5 * typical
    base = sum(weight[a] * level[a] for a in level)
    first = (sum(weight[a] * values[a] for a in level) + prior * usual) / (base + prior)
    total = rest = 0.0
    for a in level:
        if a != me:
            middle = level[a] * first
            total += weight[a] * min(values[a], middle + 4 * (middle + 0.16 * middle**2) ** 0.5)
            rest += weight[a] * level[a]
    return (total + prior * usual) / (rest + prior)


def own_dispersion(weeks, factors, mean):
    """Moment estimate of one account, and its usual count."""
    due = [mean * factor for factor in factors]
    top = square = 0.0
    for week, middle in zip(weeks, due, strict=True):
        reach = 6 * (middle + middle**2) ** 0.5
        off = max(-reach, min(reach, week - middle))
        top += off**2 - middle
        square += middle**2
    n = len(weeks)
    estimate = top * n / (n - 1) / square
    return max(0.0, min(4.0, estimate)), sum(due) / n


def usual_dispersion(own, typical, n_weeks):
    """Pool the accounts in four groups by size, each drawn to all of them."""
    ranked = sorted(typical)
    cuts = [ranked[number * len(ranked) // 4] for number in (1, 2, 3)]
    group = [sum(value >= cut for cut in cuts) for value in typical]
    pooled = [0.1] * len(own)
    for _ in range(2):
        weight = [
            n * (p * t / (1 + p * t)) ** 2 for n, p, t in zip(n_weeks, pooled, typical, strict=True)
        ]
        overall = sum(w * o for w, o in zip(weight, own, strict=True)) / sum(weight)
        new = list(pooled)
        for number in range(4):
            mine = [a for a in range(len(own)) if group[a] == number]
            among = sum(weight[a] for a in mine)
            mean = sum(weight[a] * own[a] for a in mine) / among
            share = among / (among + 60)
            for a in mine:
                new[a] = max(0.01, min(4.0, share * mean + (1 - share) * overall))
        pooled = new
    return pooled


def learn(counts, alive, *, end, window_days, n_blocks):
    """Level, expected count and dispersion of every account; all are one cohort.

    The dispersion is that of spans as long as the window.
    """
    accounts = range(len(counts))
    weeks = [weeks_before(counts[a], alive[a], end, window_days, n_blocks) for a in accounts]
    windows = [sum(counts[a][end - window_days : end]) for a in accounts]
    level, weight = panel_of([[w for w in mine if w is not None] for mine in weeks])

    length = max(min(window_days // 7, n_blocks // 3), 1)
    known, adjusted, told, of_spans, n_spans = [], [], [], [], []
    for a in accounts:
        blocks = [block for block, week in enumerate(weeks[a]) if week is not None]
        factors = {
            block: ratio_of_others([mine[block] or 0 for mine in weeks], 1.0, a, level, weight)
            for block in blocks
        }
        known.append([weeks[a][block] for block in blocks])
        adjusted.append([weeks[a][block] / factors[block] for block in blocks])
        mean = statistics.mean(adjusted[a])
        told.append(own_dispersion(known[a], [factors[block] for block in blocks], mean))
        spans = whole_spans(blocks, n_blocks, length)
        counted = [sum(weeks[a][block] for block in span) for span in spans]
        due = [sum(factors[block] for block in span) for span in spans]
        of_spans.append(own_dispersion(counted, due, mean) if len(spans) >= 3 else (0.0, 0.0))
        n_spans.append(len(spans))
    usual = usual_dispersion(*zip(*told, strict=True), [len(mine) for mine in known])
    enough = [a for a in accounts if n_spans[a] >= 3]
    usual_spans = usual_dispersion(
        *zip(*[of_spans[a] for a in enough], strict=True), [n_spans[a] for a in enough]
    )
    n = sum(n_spans[a] for a in enough)

    levels, expected, spreads = [], [], []
    for a in accounts:
        own, typical = told[a]
        middle = statistics.median(adjusted[a])
        middle = middle if middle >= 5 else statistics.mean(adjusted[a])
        reach = 4 * max(middle + usual[a] * middle**2, 1.0) ** 0.5
        cut = [min(max(value, middle - reach), middle + reach) for value in adjusted[a]]
        levels.append(sum(cut) / len(cut))
        factor = ratio_of_others(windows, window_days / 7, a, level, weight)
        expected.append(levels[a] * factor)
        tells = len(known[a]) * (usual[a] * typical / (1 + usual[a] * typical)) ** 2
        spread = max(0.01, min(4.0, (tells * own + 6 * usual[a]) / (tells + 6)))
        share = 1.0
        if length > 1 and a in enough:
            share = min(max(usual_spans[enough.index(a)] / usual[a], 1 / length), 1.0)
            share = (n * share + 60) / (n + 60)
        spreads.append(spread * share)
    return levels, expected, spreads


def whole_spans(blocks, n_blocks, length):
    """So many weeks in a row, the newest first, of which the account was there for all."""
    spans = [range(start, start + length) for start in range(0, n_blocks - length + 1, length)]
    return [span for span in spans if set(span) <= set(blocks)]
