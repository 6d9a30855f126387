"""Times the search for nearest rows inside cells against scikit-learn's brute force, on the CPU.

    python benchmarks/peers/neighbors.py build/release/lib/libequipoise_kernels.so [--rows 50000] [--dimensions 100]

All rows are in one cell: every row against every other. Answers are compared first, by distances in double; each figure is the median of
alternating runs, with its share of what the same machine's matrix product reaches (two operations for each coordinate of a pair).
Needs torch and scikit-learn.
"""

import argparse
import statistics
import time

import numpy
import torch
from sklearn.neighbors import NearestNeighbors


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def by_scikit_learn(points, k):
    # float32 rows are compared in float32 here too; each row is its own nearest.
    return NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(points).kneighbors(points)[1][:, 1:]


def distances(points, near):
    wide = points.astype(numpy.float64)
    return numpy.stack([((wide - wide[near[:, i]]) ** 2).sum(axis=1) for i in range(near.shape[1])], axis=1)


def product_rate(size=4096):
    a, b = torch.randn(size, size), torch.randn(size, size)
    times = [seconds(lambda: torch.mm(a, b)) for _ in range(5)]
    return 2 * size**3 / min(times)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("library")
    options.add_argument("--rows", type=int, default=50000)
    options.add_argument("--dimensions", type=int, default=100)
    options.add_argument("--k", type=int, default=5)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    torch.ops.load_library(given.library)
    torch.manual_seed(1)
    points = torch.randn(given.rows, given.dimensions)
    cells = torch.zeros(given.rows, dtype=torch.uint8)
    ours = lambda: torch.ops.equipoise.neighbors(points, cells, 1, given.k)[0].numpy()
    theirs = lambda: by_scikit_learn(points.numpy(), given.k)
    found, expected = ours(), theirs()
    own, other = distances(points.numpy(), found), distances(points.numpy(), expected)
    assert (own <= other).all(), "a row of scikit-learn's is nearer"
    same = (numpy.sort(found, axis=1) == numpy.sort(expected, axis=1)).all(axis=1).mean()
    times = {"equipoise": [], "scikit-learn": []}
    for _ in range(given.repeats):
        times["equipoise"].append(seconds(ours))
        times["scikit-learn"].append(seconds(theirs))
    work = 2.0 * given.rows**2 * given.dimensions
    limit = product_rate()
    print(f"{given.rows:,} rows of {given.dimensions}, the {given.k} nearest, {torch.get_num_threads()} threads; "
          f"{same:.2%} of the rows have the same set")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:>12}  {median:6.2f} s  {work / median / limit:4.0%} of a matrix product's {limit / 1e9:.0f} Gop/s")


if __name__ == "__main__":
    main()
