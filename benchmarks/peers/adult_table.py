#!/usr/bin/env python3
"""Accuracy and gap on Adult (sex): Equipoise beside the same method in PyTorch, trained and tested on the same people.

usage: adult_table.py [--equipoise PATH] [--threads N] [--seeds N] [--first-seed S] [--kind KIND] [--alone] [--own-splits] [override ...]

For parity and odds at tolerances .01, .02 and .05, and N seeds from S (0) on: both files pooled and cut 60/20/20 at random by the
seed; `equipoise train configs/adult_*.yaml` (one model, with the overrides) and pytorch_loop.py each learn on the same rows. Printed are
means over the seeds on the test fifth, the mean difference of each pair with its standard error, and the published figures
of the method's prototype (three seeds, last iterate). --alone leaves PyTorch out; --own-splits too, and lets Equipoise cut
the rows as its config says.
"""
import argparse
import concurrent.futures
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import pytorch_loop

ROOT = pathlib.Path(__file__).resolve().parents[2]
# One network whose multipliers heed the bare violations of its training rows.
ONE_MODEL = ["multipliers.measure_on=train", "multipliers.allowance=0", "multipliers.margin=0"]
PROTOTYPE = {
    ("demographic_parity", 0.01): (0.8461, 0.0106), ("demographic_parity", 0.02): (0.8484, 0.0197),
    ("demographic_parity", 0.05): (0.8548, 0.0488), ("equalized_odds", 0.01): (0.8597, 0.0165),
    ("equalized_odds", 0.02): (0.8619, 0.0346), ("equalized_odds", 0.05): (0.8661, 0.0522),
}
COLUMNS = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship",
           "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income", "split"]


def write_with_splits(rows, seed, path):
    split_of = {}
    for name, index in pytorch_loop.random_splits(len(rows), seed).items():
        split_of.update((int(i), name) for i in index)
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerows(row + [split_of[i]] for i, row in enumerate(rows))


def in_equipoise(options, kind, tolerance, seed, folder):
    name = f"{kind}-{tolerance}-{seed}"
    command = [options.equipoise, "train", str(ROOT / "configs" / f"adult_{kind}.yaml"), f"seed={seed}",
               f"threads={options.threads}", f"constraints[0].tolerance={tolerance}", f"output.folder={folder}",
               f"output.run={name}", "--json"]
    if not options.own_splits:
        command += [f"data.files=[{folder}/{seed}.csv]", f"data.csv.columns=[{', '.join(COLUMNS)}]",
                    "+data.split.column=split"]
    done = subprocess.run(command + ONE_MODEL + options.override, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    results = json.loads((pathlib.Path(folder) / name / "results.json").read_text())
    test, train = (next(split for split in results["splits"] if split["split"] == name) for name in ("test", "train"))
    return test["metrics"]["accuracy"], test["constraints"][0]["gap"], train["constraints"][0]["gap"]


def in_pytorch(options, kind, tolerance, seed):
    test = pytorch_loop.train(kind, tolerance, seed, threads=options.threads)["test"]
    return test["accuracy"], test["gap"]


def mean(pairs, place):
    return statistics.mean(pair[place] for pair in pairs)


def difference(ours, theirs, place):
    each = [a[place] - b[place] for a, b in zip(ours, theirs)]
    error = statistics.stdev(each) / len(each) ** .5 if len(each) > 1 else float("nan")
    return f"{statistics.mean(each):+.4f} ({error:.4f})"


def print_row(kind, tolerance, ours, theirs):
    cells = [kind, f"{tolerance}", f"{mean(ours, 0):.4f} / {mean(ours, 1):.4f}"]
    if theirs:
        cells += [f"{mean(theirs, 0):.4f} / {mean(theirs, 1):.4f}", difference(ours, theirs, 0), difference(ours, theirs, 1)]
    cells += ["{:.4f} / {:.4f}".format(*PROTOTYPE[kind, tolerance]), ", ".join(f"{run[1]:.4f}" for run in ours),
              f"{mean(ours, 2):.4f}"]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--threads", type=int, default=1, help="of one run (default 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kind", choices=sorted({kind for kind, _ in PROTOTYPE}), help="only the rows of this constraint")
    parser.add_argument("--alone", action="store_true", help="without PyTorch")
    parser.add_argument("--own-splits", action="store_true", help="Equipoise alone, on the config's own splits")
    parser.add_argument("override", nargs="*", help="overrides of the configs")
    options = parser.parse_args()
    options.alone |= options.own_splits
    heads = ["constraint", "tolerance", "Equipoise: accuracy / gap"]
    if not options.alone:
        heads += ["PyTorch, same rows", "difference of accuracy (standard error)", "difference of gap (standard error)"]
    heads += ["prototype, published", "Equipoise's gap per seed", "its gap on training rows"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        if not options.own_splits:
            rows = pytorch_loop.read_adult()
            for seed in seeds:
                write_with_splits(rows, seed, pathlib.Path(folder) / f"{seed}.csv")
        for kind, tolerance in PROTOTYPE:
            if options.kind not in (None, kind):
                continue
            ours = [pool.submit(in_equipoise, options, kind, tolerance, seed, folder) for seed in seeds]
            theirs = [] if options.alone else [pool.submit(in_pytorch, options, kind, tolerance, seed) for seed in seeds]
            print_row(kind, tolerance, [run.result() for run in ours], [run.result() for run in theirs])


if __name__ == "__main__":
    main()
