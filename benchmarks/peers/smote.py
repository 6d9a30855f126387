"""SMOTE's made rows and their making, against imbalanced-learn's, on the CPU.

    python benchmarks/peers/smote.py build/release/lib/libequipoise_kernels.so [--rows 2000] [--dimensions 20] [--made 20000]

Two Gaussian clusters of unlike spread, as standardised numbers. First, that both look at the same neighbours. Then, that the made rows have one
distribution: a Kolmogorov-Smirnov test of each coordinate and of as many random directions (smallest p-value, Bonferroni's), and how well a
nearest-neighbour classifier tells ours from theirs (accuracy; .5 is chance). Then rows a second, the neighbours' search apart, medians of
alternating runs. Needs torch, scikit-learn, scipy and imbalanced-learn.
"""

import argparse
import statistics
import time

import numpy
import torch
from imblearn.over_sampling import SMOTE
from scipy.stats import ks_2samp
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def points_of(rows, dimensions):
    chance = numpy.random.default_rng(1)
    second = chance.random(rows) < 0.4
    spread = numpy.where(second, 0.3, 1.0)[:, None] * numpy.linspace(0.5, 2, dimensions)
    return (chance.normal(size=(rows, dimensions)) * spread + 2.0 * second[:, None]).astype(numpy.float32)


class Ours:
    """Rows of one cell, all of whose batch is made."""

    def __init__(self, points, k, made):
        rows, features = points.shape
        self.points = torch.from_numpy(points)
        self.cells = torch.zeros(rows, dtype=torch.int32)
        self.near = torch.ops.equipoise.neighbors(self.points, self.cells, 1, k)[0]
        self.out = (torch.empty(made, features, dtype=torch.int16), torch.empty(made, features), torch.empty(made, dtype=torch.int32),
                    torch.empty(made, dtype=torch.int64), torch.empty(made))
        self.sources = torch.empty(made, dtype=torch.int64)
        self.from_rows = (torch.zeros(rows, features, dtype=torch.int16), self.points, torch.full((features,), 2, dtype=torch.uint8),
                          torch.zeros(features, dtype=torch.int16), self.cells, torch.arange(rows), torch.tensor([0, rows]), self.near,
                          [], [], [])
        self.step = torch.zeros(1, dtype=torch.int64)

    def make(self):
        torch.ops.equipoise.draw_uniform(self.sources, len(self.points), 5, self.step)
        torch.ops.equipoise.make_rows_out(*self.out, self.sources, *self.from_rows, torch.zeros(1, dtype=torch.int32), torch.zeros(1),
                                          torch.tensor([[2**32]]), 5, self.step)
        self.step += 1
        return self.out[1].numpy().copy()


def theirs(points, k, made):
    rest = numpy.full((len(points) + made, points.shape[1]), 50, dtype=numpy.float32)  # the majority, far away
    smote = SMOTE(k_neighbors=k, random_state=3)
    both, labels = smote.fit_resample(numpy.concatenate([points, rest]), numpy.repeat([1, 0], [len(points), len(rest)]))
    return both[len(points) + len(rest):]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("library")
    options.add_argument("--rows", type=int, default=2000)
    options.add_argument("--dimensions", type=int, default=20)
    options.add_argument("--made", type=int, default=20000)
    options.add_argument("--k", type=int, default=5)
    given = options.parse_args()
    torch.ops.load_library(given.library)
    points = points_of(given.rows, given.dimensions)
    ours = Ours(points, given.k, given.made)
    expected = NearestNeighbors(n_neighbors=given.k + 1).fit(points).kneighbors(points)[1][:, 1:]
    same = (numpy.sort(ours.near.numpy(), axis=1) == numpy.sort(expected, axis=1)).all(axis=1).mean()
    print(f"neighbours: {100 * same:.2f} % of the rows have the same {given.k} as scikit-learn's, which imbalanced-learn looks at")
    made, other = ours.make(), theirs(points, given.k, given.made)
    assert len(other) == given.made
    directions = numpy.random.default_rng(2).normal(size=(given.dimensions, given.dimensions)).astype(numpy.float32)
    along = numpy.concatenate([numpy.eye(given.dimensions, dtype=numpy.float32), directions]).T
    tests = [ks_2samp(a, b).pvalue for a, b in zip((made @ along).T, (other @ along).T)]
    p_value = min(1.0, min(tests) * len(tests))
    half = given.made // 2
    learnt = KNeighborsClassifier(15).fit(numpy.concatenate([made[:half], other[:half]]), numpy.repeat([0, 1], half))
    accuracy = learnt.score(numpy.concatenate([made[half:], other[half:]]), numpy.repeat([0, 1], [len(made) - half, len(other) - half]))
    print(f"distribution: smallest of {len(tests)} p-values {p_value:.3f} after correction; a classifier is right for {100 * accuracy:.1f} %")
    assert same > 0.999 and p_value > 0.01 and abs(accuracy - 0.5) < 0.03, "not the same distribution"
    searching = statistics.median(seconds(lambda: torch.ops.equipoise.neighbors(ours.points, ours.cells, 1, given.k)) for _ in range(5))
    own, peer = [], []
    for _ in range(5):
        own.append(seconds(ours.make))
        peer.append(seconds(lambda: theirs(points, given.k, given.made)))
    print(f"| making {given.made:,} rows | seconds | of which the search |\n|---|---|---|")
    print(f"| equipoise | {statistics.median(own) + searching:.4f} | {searching:.4f} |")
    print(f"| imbalanced-learn | {statistics.median(peer):.4f} | included |")


if __name__ == "__main__":
    main()
