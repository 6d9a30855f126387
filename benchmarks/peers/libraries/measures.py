"""What is measured of decisions: cells, accuracy, rates, gaps, what chance alone would show; and frontiers at equal gap.

`cells` of a split are {group: [negatives, of them decided 1, positives, of them decided 1]}: all else follows from them.
"""
import functools
import statistics

import numpy as np

# Student's t, the .975 quantile for 1 to 9 degrees of freedom (any statistics table).
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


def cells_of(decided, label, group, names):
    decided, cells = np.asarray(decided, float), {}
    for g, name in enumerate(names):
        negatives, positives = (group == g) & (label == 0), (group == g) & (label == 1)
        cells[name] = [int(negatives.sum()), float(decided[negatives].sum()), int(positives.sum()), float(decided[positives].sum())]
    return cells


def pooled(splits):
    """The cells of several splits as one's: their counts added up, group by group."""
    return {name: [sum(counts) for counts in zip(*(cells[name] for cells in splits))] for name in splits[0]}


def accuracy(cells):
    right = sum(n0 - h0 + h1 for n0, h0, _, h1 in cells.values())
    return right / sum(n0 + n1 for n0, _, n1, _ in cells.values())


def one_answer(cells):
    """The accuracy of deciding the more frequent label of these people for everybody."""
    negatives, positives = (sum(counts[i] for counts in cells.values()) for i in (0, 2))
    return max(negatives, positives) / (negatives + positives)


def selected(cells):
    return sum(h0 + h1 for _, h0, _, h1 in cells.values()) / sum(n0 + n1 for n0, _, n1, _ in cells.values())


def rates(cells, constraint):
    """Per rate that is to be equal [(rows, decided 1) of each group]; groups without a row that counts are left out."""
    if constraint == "parity":
        pairs = [[(n0 + n1, h0 + h1) for n0, h0, n1, h1 in cells.values()]]
    else:
        pairs = [[(n1, h1) for _, _, n1, h1 in cells.values()], [(n0, h0) for n0, h0, _, _ in cells.values()]]
    return [[(rows, ones) for rows, ones in groups if rows > 0] for groups in pairs]


def gap(cells, constraint):
    """Largest difference between two groups' rates: selection rates (parity), or the larger of those of true and false positive rates."""
    return max(max(ones / rows for rows, ones in groups) - min(ones / rows for rows, ones in groups) for groups in rates(cells, constraint))


def equal_gaps(cells, constraint, draws=2000, seed=1):
    """Gaps [draws] that splits of this size would show were the rates of all groups equal."""
    generator, largest = np.random.default_rng(seed), np.zeros(draws)
    for groups in rates(cells, constraint):
        rows = np.array([count for count, _ in groups])
        drawn = generator.binomial(rows, sum(ones for _, ones in groups) / rows.sum(), size=(draws, len(rows))) / rows
        largest = np.maximum(largest, drawn.max(1) - drawn.min(1))
    return largest


@functools.lru_cache(maxsize=None)
def _noise_floor(frozen, constraint):
    return float(equal_gaps(dict(enumerate(frozen)), constraint).mean())


def noise_floor(cells, constraint):
    """The average gap that exactly equal rates would show on this split."""
    return _noise_floor(tuple(map(tuple, cells.values())), constraint)


def mean_interval(values):
    """Mean and half the 95 % interval over seeds by Student's t; no interval (None) of one seed."""
    mean, count = statistics.mean(values), len(values)
    if count < 2:
        return mean, None
    return mean, STUDENT[min(count - 1, len(STUDENT)) - 1] * statistics.stdev(values) / count ** .5


def frontier(points):
    """Points (gap, accuracy) that no other beats: ascending in both."""
    best = []
    for point in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or point[1] > best[-1][1]:
            best.append(point)
    return best


def accuracy_at(points, limit):
    """Accuracy on the frontier at a gap of `limit`, linear between its points (as a draw between two models has it); a larger gap than
    the last point's buys nothing more; None where no point is that fair."""
    best = frontier(points)
    if not best or limit < best[0][0]:
        return None
    for (gap0, accuracy0), (gap1, accuracy1) in zip(best, best[1:]):
        if limit <= gap1:
            return accuracy0 + (accuracy1 - accuracy0) * (limit - gap0) / (gap1 - gap0)
    return best[-1][1]


def jackknife(figure, seeds):
    """Figure of all seeds and its standard error from leaving out one at a time; None where a figure is None."""
    whole = figure(seeds)
    without = [figure([other for other in seeds if other != seed]) for seed in seeds] if len(seeds) > 1 else []
    if whole is None or not without or any(value is None for value in without):
        return whole, None
    mean, count = statistics.mean(without), len(without)
    return whole, ((count - 1) / count * sum((value - mean) ** 2 for value in without)) ** .5
