"""Times measure and push against the same work in PyTorch tensor code, on the CPU.

    .deps/venv/bin/python benchmarks/peers/measure_push.py build/release/lib/libequipoise_kernels.so

Measure: per-cell count, loss, soft positives and hard positives. Push: the gradient of the Lagrangian by each logit.
PyTorch gets int64 cells and float labels made beforehand, and the best of the usual ways to sum by key. Each figure is
the median of alternating runs; answers are compared first.
"""

import argparse
import statistics
import time

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def terms(logits, labels):
    loss = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return loss, torch.sigmoid(logits), logits > 0


def measure_by_index_add(logits, labels, cells, count):
    loss, soft, hard = terms(logits, labels)
    sums = torch.zeros(4, count, dtype=logits.dtype)
    for row, values in zip(sums, (torch.ones_like(logits), loss, soft, hard.to(logits.dtype))):
        row.index_add_(0, cells, values)
    return sums.t()


def measure_by_bincount(logits, labels, cells, count):
    loss, soft, hard = terms(logits, labels)
    columns = (None, loss, soft, hard.to(logits.dtype))
    return torch.stack([torch.bincount(cells, column, minlength=count).double() for column in columns], dim=1)


def measure_by_mask(logits, labels, cells, count):
    loss, soft, hard = terms(logits, labels)
    hard = hard.to(logits.dtype)
    sums = []
    for cell in range(count):
        mask = (cells == cell).to(logits.dtype)
        sums.append(torch.stack([mask.sum(), torch.dot(mask, loss), torch.dot(mask, soft), torch.dot(mask, hard)]))
    return torch.stack(sums)


def push_by_index(logits, labels, cells, loss_price, soft_price):
    soft = torch.sigmoid(logits)
    slope = (1 - soft).mul_(soft).mul_(soft_price[cells])
    return soft.sub_(labels).mul_(loss_price[cells]).add_(slope)


def push_by_autograd(logits, labels, cells, loss_price, soft_price):
    leaf = logits.detach().requires_grad_()
    loss = binary_cross_entropy_with_logits(leaf, labels, reduction="none")
    value = torch.dot(loss, loss_price[cells]) + torch.dot(torch.sigmoid(leaf), soft_price[cells])
    value.backward()
    return leaf.grad


def alternate(ways, repeats):
    """Median seconds of each way, run in turn so that a slow moment of the machine meets all of them."""
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def report(title, medians, moved_bytes, copy_bytes_per_second):
    ours = medians["equipoise"]
    peer = min((name for name in medians if name != "equipoise"), key=medians.get)
    share = moved_bytes / ours / copy_bytes_per_second
    print(f"{title}: equipoise {ours * 1e3:.2f} ms ({share:.0%} of copy bandwidth)")
    for name in sorted(medians, key=medians.get):
        if name != "equipoise":
            print(f"    {name:20s} {medians[name] * 1e3:9.2f} ms   {medians[name] / ours:6.1f} x")
    print(f"    best peer: {peer}, {medians[peer] / ours:.1f} times slower")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", help="libequipoise_kernels.so")
    parser.add_argument("--rows", type=int, default=1 << 24)
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.ops.load_library(arguments.library)
    ops = torch.ops.equipoise
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)

    count = arguments.cells
    logits = torch.randn(arguments.rows) * 3
    narrow = torch.uint8 if count <= 256 else torch.int32
    narrow_cells = torch.randint(count, (arguments.rows,)).to(narrow)
    cell_labels = (torch.arange(count) % 2).to(torch.uint8)
    loss_price, soft_price = torch.rand(count) + 0.5, torch.rand(count) - 0.5
    cells = narrow_cells.long()
    labels = cell_labels[cells].float()

    bank = logits.unsqueeze(0)
    prices = loss_price.unsqueeze(0), soft_price.unsqueeze(0)
    gradient = torch.empty_like(bank)
    source, target = torch.ones(1 << 25), torch.zeros(1 << 25)

    def peers(function, *rest):
        return lambda: function(logits, labels, cells, *rest)

    measures = {
        "equipoise": lambda: ops.cell_stats(bank, narrow_cells, cell_labels)[0],
        "index_add": peers(measure_by_index_add, count),
        "bincount": peers(measure_by_bincount, count),
    }
    if count <= 64:
        measures["masks"] = peers(measure_by_mask, count)
    pushes = {
        "equipoise": lambda: ops.push(bank, narrow_cells, cell_labels, *prices)[0],
        "indexed prices": peers(push_by_index, loss_price, soft_price),
        "autograd": peers(push_by_autograd, loss_price, soft_price),
    }

    # Double judges both: the float sums of the peers over millions of rows are themselves off in the third figure.
    expected = measure_by_bincount(logits.double(), labels.double(), cells, count)
    torch.testing.assert_close(measures["equipoise"](), expected, rtol=1e-6, atol=1e-6)
    for name in measures:
        error = ((measures[name]() - expected) / expected).abs().max().item()
        print(f"largest relative error of measure, {name}: {error:.1e}")
    for name in pushes:
        torch.testing.assert_close(pushes[name](), pushes["equipoise"](), rtol=1e-4, atol=1e-6)

    copy_seconds = alternate({"copy": lambda: target.copy_(source)}, 2 * arguments.repeats)["copy"]
    copy_rate = 2 * source.nbytes / copy_seconds
    print(f"N = {arguments.rows}, C = {count}, {arguments.threads} threads, copy {copy_rate / 1e9:.1f} GB/s")
    read_bytes = logits.nbytes + narrow_cells.nbytes
    report("measure", alternate(measures, arguments.repeats), read_bytes, copy_rate)
    report("push, new gradient", alternate(pushes, arguments.repeats), read_bytes + logits.nbytes, copy_rate)
    pushes["equipoise"] = lambda: ops.push_out(gradient, bank, narrow_cells, cell_labels, *prices)
    report("push, kept gradient", alternate(pushes, arguments.repeats), read_bytes + logits.nbytes, copy_rate)


if __name__ == "__main__":
    main()
