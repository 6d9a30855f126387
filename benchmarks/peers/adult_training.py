#!/usr/bin/env python3
"""Rows per second of training under equalized odds on Adult: Equipoise beside the same loop written in PyTorch.

usage: adult_training.py [--equipoise PATH] [--epochs N] [--repeats N] [--threads N]

The loop is pytorch_loop.py: the same network, optimizer, constraint and measures as configs/adult_equalized_odds.yaml with
multipliers.measure_on=train. One
process after the other, in turn; medians. Timed is training with its measures, not reading the data. Both must reach the
same accuracy.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import pytorch_loop

ROOT = pathlib.Path(__file__).resolve().parents[2]


def train_in_equipoise(program, epochs, threads):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "train", str(ROOT / "configs" / "adult_equalized_odds.yaml"), f"training.epochs={epochs}",
                   f"threads={threads}", "device=cpu", "multipliers.measure_on=train", f"output.folder={folder}",
                   "output.run=peer", "--json"]
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
        run = pytorch_loop.train(epochs=options.epochs, threads=options.threads)
        print(json.dumps(run | {"training_accuracy": run["train"]["accuracy"]}))
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
