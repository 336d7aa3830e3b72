"""The slow versions of the measures: one sample, plain loops."""


def roc_auc(outcome, score):
    pairs = wins = 0.0
    for hit, high in zip(outcome, score, strict=True):
        for miss, low in zip(outcome, score, strict=True):
            if hit and not miss:
                pairs += 1
                wins += 1.0 if high > low else 0.5 if high == low else 0.0
    return wins / pairs


def average_precision(outcome, score):
    total = 0.0
    for cut in sorted(set(score), reverse=True):
        named = [hit for hit, value in zip(outcome, score, strict=True) if value >= cut]
        new = [hit for hit, value in zip(outcome, score, strict=True) if value == cut]
        total += sum(named) / len(named) * sum(new)
    return total / sum(outcome)


def found_at_k(outcome, score, k):
    """Expected hits among the first k, a tie at the cut drawn by lot."""
    found, left = 0.0, min(k, len(score))
    for cut in sorted(set(score), reverse=True):
        tied = [hit for hit, value in zip(outcome, score, strict=True) if value == cut]
        taken = min(left, len(tied))
        found += sum(tied) * taken / len(tied)
        left -= taken
    return found
