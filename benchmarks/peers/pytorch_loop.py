"""The training loop of Equipoise's Adult configs written in PyTorch, for the comparisons beside it.

The same network (256-256, dropout .3), batch, optimizer (AdamW, fused), schedule, constraint (band form of max_min on soft
rates), running averages and multipliers (nuPI), exact rates of the whole training split and of the selection split eight
times an epoch, last iterate. Adult's files are pooled and cut 60/20/20 at random, by a seed.
"""
import gzip
import pathlib
import time

import numpy as np

ADULT = pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "adult"
NUMBERS = [0, 4, 10, 11, 12]
CATEGORIES = [1, 3, 5, 6, 7, 13]
SEX, LABEL = 9, 14
SPLITS = ("train", "selection", "test")


def read_adult():
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(ADULT / name, "rt") as lines:
            for line in lines:
                if line.strip() and not line.startswith("|"):
                    rows.append([field.strip() for field in line.split(",")])
    return rows


def random_splits(count, seed):
    order = np.random.default_rng(seed).permutation(count)
    ends = [int(.6 * count), int(.8 * count)]
    return dict(zip(SPLITS, np.split(order, ends)))


def encoded(rows, train):
    """Dense matrix: ramps between training quantiles for numbers, one-hot for categories."""
    blocks = []
    for column in NUMBERS:
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


def rate_pairs(kind):
    """Each rate as the cells (2 * group + label) of one group's rows; the other group's are two further."""
    return {"demographic_parity": [[0, 1]], "equalized_odds": [[0], [1]]}[kind]


def train(kind="equalized_odds", tolerance=0.02, seed=7, epochs=20, threads=2):
    """Accuracy and largest gap of the last iterate on each split, and the seconds of training with its measures."""
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rows = read_adult()
    splits = random_splits(len(rows), seed)
    x_all = torch.from_numpy(encoded(rows, splits["train"]))
    y_all = torch.tensor([float(">50K" in row[LABEL]) for row in rows])
    cell_all = torch.tensor([2 * int(row[SEX] == "Male") + int(">50K" in row[LABEL]) for row in rows])
    data = {name: tuple(t[torch.from_numpy(index)] for t in (x_all, y_all, cell_all)) for name, index in splits.items()}
    x, y, cell = data["train"]

    # member[r, g, c]: whether cell c counts for rate r of group g.
    pairs = rate_pairs(kind)
    member = torch.zeros(len(pairs), 2, 4)
    for r, cells in enumerate(pairs):
        for group in (0, 1):
            member[r, group, [c + 2 * group for c in cells]] = 1

    width, batch = x.shape[1], 512
    net = torch.nn.Sequential(torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Dropout(.3),
                              torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Dropout(.3), torch.nn.Linear(256, 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    steps_per_epoch = len(x) // batch
    steps = steps_per_epoch * epochs
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    multipliers = torch.zeros(len(pairs), 2, 2)  # rate, group, above or below the band
    outside_before = None
    average = torch.zeros(4)

    def measure(name):
        xs, ys, cells = data[name]
        net.eval()
        with torch.no_grad():
            logits = net(xs).squeeze(1)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, ys)
            counts = torch.zeros(4).index_add_(0, cells, torch.ones(len(cells)))
            hard = torch.zeros(4).index_add_(0, cells, (logits > 0).float())
        net.train()
        rates = (member @ hard) / (member @ counts)
        return {"loss": loss.item(), "rates": rates, "gap": (rates[:, 0] - rates[:, 1]).abs().max().item(),
                "accuracy": ((logits > 0).float() == ys).float().mean().item()}

    started, done, measured_at = time.perf_counter(), 0, 0
    due = {round(steps_per_epoch * (i + 1) / 8) for i in range(8)}
    for epoch in range(epochs):
        shuffled = torch.randperm(len(x))
        for step in range(steps_per_epoch):
            rows_now = shuffled[step * batch: (step + 1) * batch]
            xb, yb, cb = x[rows_now], y[rows_now], cell[rows_now]
            logits = net(xb).squeeze(1)
            counts = torch.zeros(4).index_add_(0, cb, torch.ones(batch))
            soft = torch.zeros(4).index_add_(0, cb, torch.sigmoid(logits))
            average = .99 * average + .01 * counts
            expected = (member @ average) / (1 - .99 ** (done + 1))
            soft_rates = (member @ soft) / expected.clamp(min=1e-9)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, yb)
            loss = loss + ((multipliers[..., 0] - multipliers[..., 1]) * soft_rates).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            if step + 1 in due:
                rates = measure("train")["rates"]
                measure("selection")
                middle = (rates.amax(1, keepdim=True) + rates.amin(1, keepdim=True)) / 2
                outside = torch.stack([rates - middle, middle - rates], 2) - tolerance / 2
                wanted = outside if outside_before is None else outside + 4 * (outside - outside_before)
                wanted = torch.where(outside > 0, wanted, wanted.clamp(max=0))  # a satisfied constraint's does not rise
                multipliers = (multipliers + .1 * (done - measured_at) * wanted).clamp(min=0)
                outside_before = outside
                measured_at = done
    seconds = time.perf_counter() - started
    result = {"rows_per_second": steps * batch / seconds, "seconds": seconds, "width": width}
    for name in SPLITS:
        at_end = measure(name)
        result[name] = {"accuracy": at_end["accuracy"], "gap": at_end["gap"]}
    return result
