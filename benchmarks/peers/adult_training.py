#!/usr/bin/env python3
"""Rows per second of training under equalized odds on Adult: Equipoise beside the same loop written in PyTorch.

usage: adult_training.py [--equipoise PATH] [--epochs N] [--repeats N] [--threads N]

The same network (256-256, dropout .3), batch, optimizer (AdamW, fused), schedule, constraint (band form of max_min), running
averages, exact rates of the whole training split and of the selection split eight times an epoch. One process after the
other, in turn; medians. Timed is training with its measures, not reading the data. Both must reach the same accuracy.
"""
import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADULT = ROOT / "benchmarks" / "data" / "adult"
NUMBERS = {0, 4, 10, 11, 12}
CATEGORIES = [1, 3, 5, 6, 7, 13]
SEX, LABEL = 9, 14


def read_adult():
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(ADULT / name, "rt") as lines:
            for line in lines:
                if line.strip() and not line.startswith("|"):
                    rows.append([field.strip() for field in line.split(",")])
    return rows


def encoded(rows, train):
    """Dense matrix: ramps between training quantiles for numbers, one-hot for categories."""
    import numpy as np
    blocks = []
    for column in sorted(NUMBERS):
        x = np.array([float(row[column]) for row in rows])
        edges = np.unique(np.quantile(x[train], np.linspace(0, 1, 65)))
        if len(edges) < 33:
            edges = np.unique(np.concatenate([edges, np.quantile(np.unique(x[train]), np.linspace(0, 1, 65))]))
        blocks.append(np.clip((x[:, None] - edges[:-1]) / np.diff(edges), 0, 1))
    for column in CATEGORIES:
        levels = sorted({rows[i][column] for i in train})
        place = {level: i for i, level in enumerate(levels)}
        block = np.zeros((len(rows), len(levels)))
        for i, row in enumerate(rows):
            if row[column] in place:
                block[i, place[row[column]]] = 1
        blocks.append(block)
    return np.concatenate(blocks, axis=1).astype("float32")


def train_in_pytorch(epochs, threads):
    import numpy as np
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(7)
    rows = read_adult()
    order = np.random.default_rng(7).permutation(len(rows))
    train_rows, selection_rows = order[: int(.6 * len(rows))], order[int(.6 * len(rows)): int(.8 * len(rows))]
    x_all = torch.from_numpy(encoded(rows, train_rows))
    y_all = torch.tensor([float(">50K" in row[LABEL]) for row in rows])
    cell_all = torch.tensor([2 * int(row[SEX] == "Male") + int(">50K" in row[LABEL]) for row in rows])
    pick = lambda index: (x_all[index], y_all[index], cell_all[index])
    x, y, cell = pick(torch.from_numpy(train_rows))
    selection = pick(torch.from_numpy(selection_rows))

    width, batch, tolerance = x.shape[1], 512, 0.02
    net = torch.nn.Sequential(torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Dropout(.3),
                              torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Dropout(.3), torch.nn.Linear(256, 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    steps_per_epoch = len(x) // batch
    steps = steps_per_epoch * epochs
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    # Multipliers of (FPR, TPR) x (female, male) x (above, below): the rate of cell 2 g + y is H / n.
    multipliers = torch.zeros(4, 2)
    average = torch.zeros(4, 2)

    def sums(logits, cells):
        counts = torch.zeros(4).index_add_(0, cells, torch.ones(len(cells)))
        hard = torch.zeros(4).index_add_(0, cells, (logits > 0).float())
        return counts, hard

    def measure(rows_of_split):
        xs, ys, cells = rows_of_split
        net.eval()
        with torch.no_grad():
            logits = net(xs).squeeze(1)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, ys)
            counts, hard = sums(logits, cells)
        net.train()
        return loss.item(), hard / counts, ((logits > 0).float() == ys).float().mean().item()

    started, done, measured_at, accuracy = time.perf_counter(), 0, 0, 0.0
    due = {round(steps_per_epoch * (i + 1) / 8) for i in range(8)}
    for epoch in range(epochs):
        shuffled = torch.randperm(len(x))
        for step in range(steps_per_epoch):
            rows_now = shuffled[step * batch: (step + 1) * batch]
            xb, yb, cb = x[rows_now], y[rows_now], cell[rows_now]
            logits = net(xb).squeeze(1)
            counts = torch.zeros(4).index_add_(0, cb, torch.ones(batch))
            soft = torch.zeros(4).index_add_(0, cb, torch.sigmoid(logits))
            average = .99 * average + .01 * torch.stack([counts, soft.detach()], 1)
            expected = average[:, 0] / (1 - .99 ** (done + 1))
            price = (multipliers[:, 0] - multipliers[:, 1]) / expected.clamp(min=1e-9)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, yb) + (price * soft).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            if step + 1 in due:
                _, rates, accuracy = measure((x, y, cell))
                measure(selection)
                for label in (0, 1):
                    r = rates[[label, 2 + label]]
                    middle = (r.max() + r.min()) / 2
                    for group in (0, 1):
                        for side, sign in ((0, 1), (1, -1)):
                            g = sign * (r[group] - middle) - tolerance / 2
                            value = multipliers[2 * group + label, side] + .1 * (done - measured_at) * g
                            multipliers[2 * group + label, side] = value.clamp(min=0)
                measured_at = done
    seconds = time.perf_counter() - started
    return {"rows_per_second": steps * batch / seconds, "seconds": seconds, "training_accuracy": accuracy, "width": width}


def train_in_equipoise(program, epochs, threads):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "train", str(ROOT / "configs" / "adult_equalized_odds.yaml"), f"training.epochs={epochs}",
                   f"threads={threads}", "device=cpu", f"output.folder={folder}", "output.run=peer", "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        results = json.loads((pathlib.Path(folder) / "peer" / "results.json").read_text())
        return {"rows_per_second": results["rows_per_second"], "seconds": results["training_seconds"],
                "training_accuracy": results["measurements"][-1]["training_accuracy"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--pytorch-only", action="store_true", help="one PyTorch run as JSON (what each repeat starts)")
    options = parser.parse_args()
    if options.pytorch_only:
        print(json.dumps(train_in_pytorch(options.epochs, options.threads)))
        return
    ours, theirs = [], []
    for repeat in range(options.repeats):
        ours.append(train_in_equipoise(options.equipoise, options.epochs, options.threads))
        run = subprocess.run([sys.executable, __file__, "--pytorch-only", "--epochs", str(options.epochs), "--threads",
                              str(options.threads)], capture_output=True, text=True, check=True)
        theirs.append(json.loads(run.stdout))
        print(f"repeat {repeat + 1}: equipoise {ours[-1]['rows_per_second']:,.0f} rows/s, "
              f"pytorch {theirs[-1]['rows_per_second']:,.0f} rows/s", flush=True)
    gap = abs(ours[-1]["training_accuracy"] - theirs[-1]["training_accuracy"])
    if gap > 0.015:
        sys.exit(f"the two do not learn the same: training accuracies {ours[-1]['training_accuracy']:.4f} and "
                 f"{theirs[-1]['training_accuracy']:.4f}")
    a = statistics.median(run["rows_per_second"] for run in ours)
    b = statistics.median(run["rows_per_second"] for run in theirs)
    print(f"median of {options.repeats}, {options.threads} threads: equipoise {a:,.0f} rows/s, pytorch {b:,.0f} rows/s, "
          f"ratio {a / b:.2f}; training accuracy {ours[-1]['training_accuracy']:.4f} and "
          f"{theirs[-1]['training_accuracy']:.4f}")


if __name__ == "__main__":
    main()
