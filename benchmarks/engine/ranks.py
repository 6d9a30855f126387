#!/usr/bin/env python3
"""One run shared by CPU ranks beside the same run in one process, on Adult; and a model of what GPUs would make of it.

usage: ranks.py [--equipoise PATH] [--ranks R] [--epochs N] [--batch B] [--repeats N] [override ...]
       ranks.py --model [--parameters P] [--step-us T] [--cells C] [--members K]

Measured: rows trained a second, measures of whole splits included, with one thread a rank and the same global batch; medians, by turns: one
process, ranks, ranks that send one message a step (multipliers.priced_by: batch_before); and what a sum over ranks takes alone
(equipoise doctor --ranks). The machine's load is printed, for a busy one shows nothing.
Modelled (--model, no program needed): the formula of docs/guides/ranks.md with the constants below, which are of data sheets and not measured.
"""
import argparse
import json
import math
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Of one GPU, one direction. NVLink 4: 18 links of 25 GB/s (H100 data sheet); one 400 Gb/s adapter a GPU (DGX H100 data sheet).
INSIDE_BYTES_PER_US = 450e3 * 0.8  # what large all-reduces reach of it is taken to be 80 %
BETWEEN_BYTES_PER_US = 50e3 * 0.8
# To start a collective, and a message from one GPU to the next: taken, of the order that is published for NCCL.
START_US, INSIDE_HOP_US, BETWEEN_HOP_US = 6.0, 1.0, 5.0
GPUS_OF_A_NODE = 8


def sum_us(payload, ranks):
    """An all-reduce: inside each node in a ring, between nodes in a tree whose edges share the node's adapters."""
    if ranks == 1:
        return 0.0
    inside = min(ranks, GPUS_OF_A_NODE)
    nodes = math.ceil(ranks / GPUS_OF_A_NODE)
    took = START_US + 2 * (inside - 1) * INSIDE_HOP_US + 2 * (inside - 1) / inside * payload / INSIDE_BYTES_PER_US
    if nodes > 1:
        took += 2 * math.ceil(math.log2(nodes)) * BETWEEN_HOP_US + 2 * (nodes - 1) / nodes * payload / inside / BETWEEN_BYTES_PER_US
    return took


def print_model(options):
    gradient, sums = 4 * options.parameters * options.members, 4 * options.cells * options.members + 1
    print(f"{options.members} x {options.parameters:,} parameters: {gradient:,} bytes of gradient, {8 * sums:,} bytes of cell sums, "
          f"or {4 * sums:,} that ride with the gradient (multipliers.priced_by: batch_before);\n"
          f"a step of {options.step_us:g} us without its sums, the same rows a rank for any number of ranks")
    print("GPUs   cells us   gradient us   step us   this_batch   batch_before")
    for ranks in (1, 8, 64, 512):
        cells, weights, together = sum_us(8 * sums, ranks), sum_us(gradient, ranks), sum_us(gradient + 4 * sums, ranks)
        step = options.step_us + cells + weights
        print(f"{ranks:4d} {cells:10.1f} {weights:13.1f} {step:9.1f} {100 * options.step_us / step:10.1f} % "
              f"{100 * options.step_us / (options.step_us + together):12.1f} %")


def free_port():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def run(options, ranks, words, folder):
    port, started = free_port(), []
    for rank in range(ranks):
        environment = dict(os.environ)
        if ranks > 1:
            environment.update(RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE=str(ranks),
                               MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        started.append(subprocess.Popen([options.equipoise, *words, "--json"], cwd=folder, env=environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    answers = [one.communicate() for one in started]
    for one, (out, err) in zip(started, answers):
        if one.returncode != 0:
            sys.exit(f"equipoise ended with {one.returncode}:\n{err}{out}")
    return json.loads(answers[0][0])


def rows_per_second(options, ranks, priced_by):
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", str(ROOT / "configs" / "adult_equalized_odds.yaml"), "device=cpu", "threads=1",
                 f"training.epochs={options.epochs}", f"training.batch_size={options.batch}", "multipliers.measure_on=train",
                 f"multipliers.priced_by={priced_by}", f"output.folder={folder}", *options.override]
        return run(options, ranks, words, folder)["rows_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", action="store_true", help="print the model, and measure nothing")
    parser.add_argument("--parameters", type=int, default=150000)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--step-us", type=float, default=40.0)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("override", nargs="*", help="overrides of the config, for both ways")
    options = parser.parse_args()
    if options.model:
        return print_model(options)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory() as folder:
        for one in run(options, options.ranks, ["doctor", "--ranks"], folder)["sums"]:
            print(f"sum of {one['bytes']:>9,} bytes over {options.ranks} ranks: {1e6 * one['seconds']:9.1f} us")
    ways = {"1 rank": (1, "this_batch"), f"{options.ranks} ranks, this_batch": (options.ranks, "this_batch"),
            f"{options.ranks} ranks, batch_before": (options.ranks, "batch_before")}
    measured = {way: [] for way in ways}
    for _ in range(options.repeats):
        for way, (ranks, priced_by) in ways.items():
            measured[way].append(rows_per_second(options, ranks, priced_by))
    print(f"batch {options.batch}, {options.epochs} epochs, medians of {options.repeats}, by turns:")
    alone = statistics.median(measured["1 rank"])
    for way, (ranks, _) in ways.items():
        rate = statistics.median(measured[way])
        print(f"  {way:24} {rate:9,.0f} rows/s, {rate / alone:.2f} times, efficiency {100 * rate / alone / ranks:.0f} %")
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
