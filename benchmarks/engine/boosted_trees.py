#!/usr/bin/env python3
"""Boosted trees under constraints on Adult by sex: accuracy, gap, and what the constraint costs in time beside the same XGBoost alone.

usage: boosted_trees.py [override ...] [--equipoise PATH] [--seeds N] [--repeats N] [--small-group]

First parity and odds at tolerance .02, one model (rates of its training rows), for each seed. Then, by turns, N times each: 200 rounds of XGBoost through
its C interface with a log loss of its own on as many rows of the same columns, alone, with the selection rows scored after every round, as
whoever stops early does, and alone on two threads; and the same rounds of ours without constraints and under parity, as its training says, on one thread. Medians
and ratios. Overrides go to every training of ours, and not to XGBoost. Needs numpy.

With --small-group instead: whether training comes to rest where a group is small and an input tells it (Bank by age, odds at .02, rates of training
rows), with 100 and 200 rounds, each seed: the larger gap of the training rows, mean of the last 20 rounds, and the accuracy after the last.
"""
import argparse
import csv
import ctypes
import gzip
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRAINING, SELECTION, ROUNDS = 29305, 9768, 200
NUMBERS, LEFT_OUT = {0, 4, 10, 11, 12}, {2, 8, 9}  # columns of the file; fnlwgt, race and sex are no inputs
SETTINGS = {"objective": "binary:logistic", "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0,
            "learning_rate": 0.08, "min_child_weight": 1, "max_cat_to_onehot": 64,
            "colsample_bytree": 0.55, "verbosity": 0}  # 6 columns of 11, as .5 is there: XGBoost rounds down


def adult():
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        for row in csv.reader(gzip.open(ROOT / "benchmarks" / "data" / "adult" / name, "rt")):
            if len(row) == 15:
                rows.append([value.strip() for value in row])
    columns, kinds = [], []
    for place in (i for i in range(14) if i not in LEFT_OUT):
        values = [row[place] for row in rows]
        levels = {level: number for number, level in enumerate(sorted(set(values)))}
        columns.append([float(v) if place in NUMBERS else levels[v] for v in values])
        kinds.append(b"q" if place in NUMBERS else b"c")
    order = numpy.random.default_rng(0).permutation(len(rows))
    labels = numpy.array([row[14].startswith(">") for row in rows], numpy.float32)
    return numpy.ascontiguousarray(numpy.array(columns, numpy.float32).T[order]), labels[order], kinds


class Xgboost:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.library.XGBGetLastError.restype = ctypes.c_char_p

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments) != 0:
            sys.exit(self.library.XGBGetLastError().decode())

    def matrix(self, values, labels, kinds):
        def array(of):
            return json.dumps({"data": [of.ctypes.data, True], "shape": list(of.shape), "typestr": "<f4", "version": 3}).encode()
        handle = ctypes.c_void_p()
        self.call("XGDMatrixCreateFromDense", array(values), b'{"missing": NaN, "nthread": 1}', ctypes.byref(handle))
        self.call("XGDMatrixSetStrFeatureInfo", handle, b"feature_type", (ctypes.c_char_p * len(kinds))(*kinds), ctypes.c_uint64(len(kinds)))
        self.call("XGDMatrixSetInfoFromInterface", handle, b"label", array(labels))
        return handle

    def seconds(self, values, labels, kinds, with_selection, threads=1):
        end = TRAINING + SELECTION
        start = time.perf_counter()
        train = self.matrix(numpy.ascontiguousarray(values[:TRAINING]), labels[:TRAINING], kinds)
        selection = self.matrix(numpy.ascontiguousarray(values[TRAINING:end]), numpy.ascontiguousarray(labels[TRAINING:end]), kinds)
        booster, words = ctypes.c_void_p(), ctypes.c_char_p()
        self.call("XGBoosterCreate", (ctypes.c_void_p * 2)(train, selection), ctypes.c_uint64(2), ctypes.byref(booster))
        for name, value in {**SETTINGS, "nthread": threads}.items():
            self.call("XGBoosterSetParam", booster, name.encode(), str(value).encode())
        for number in range(ROUNDS):
            self.call("XGBoosterUpdateOneIter", booster, number, train)
            if with_selection:
                self.call("XGBoosterEvalOneIter", booster, number, (ctypes.c_void_p * 1)(selection), (ctypes.c_char_p * 1)(b"selection"),
                          ctypes.c_uint64(1), ctypes.byref(words))
        taken = time.perf_counter() - start
        for handle, free in ((booster, "XGBoosterFree"), (train, "XGDMatrixFree"), (selection, "XGDMatrixFree")):
            self.call(free, handle)
        return taken


def trained(options, folder, overrides, config="adult_boosted_trees"):
    name = f"run{len(list(pathlib.Path(folder).iterdir()))}"
    command = [options.equipoise, "train", str(ROOT / "configs" / f"{config}.yaml"), f"output.folder={folder}", f"output.run={name}", *overrides, *options.overrides]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads((pathlib.Path(folder) / name / "results.json").read_text())


def figures(results, split):
    measured = next(one for one in results["splits"] if one["split"] == split)
    return measured["metrics"]["accuracy"], measured["constraints"][0]["gap"]


def small_group(options, folder):
    odds = ["~training", "model={kind: boosted_trees}", "constraints=[{kind: equalized_odds, group: age, tolerance: 0.02}]", "multipliers.measure_on=train"]
    print("| rounds | training gap, mean of the last 20 rounds, each seed | accuracy |\n|---|---|---|")
    for rounds in (100, 200):
        runs = [trained(options, folder, [*odds, f"model.trees.rounds={rounds}", f"seed={seed}"], "bank_equal_opportunity")["measurements"]
                for seed in range(options.seeds)]
        gaps = [statistics.mean(max(one["training_gaps"]) for one in run[-20:]) for run in runs]
        accuracies = [run[-1]["training_accuracy"] for run in runs]
        print(f"| {rounds} | {' '.join(f'{gap:.3f}' for gap in gaps)} | {min(accuracies):.3f} to {max(accuracies):.3f} |", flush=True)


def main():
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("overrides", nargs="*")
    given.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    given.add_argument("--xgboost", default=next(iter(map(str, (ROOT / ".deps").glob("venv/lib/python*/site-packages/xgboost/lib/libxgboost.so"))), ""))
    given.add_argument("--seeds", type=int, default=3)
    given.add_argument("--repeats", type=int, default=5)
    given.add_argument("--small-group", action="store_true")
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.small_group:
            return small_group(options, folder)
        print("| constraint | accuracy, each seed | test gap, each seed | mean accuracy / gap |\n|---|---|---|---|")
        for kind in ("demographic_parity", "equalized_odds"):
            found = [figures(trained(options, folder, [f"seed={seed}", f"constraints=[{{kind: {kind}, group: sex, tolerance: 0.02}}]",
                                                       "multipliers.measure_on=train"]), "test") for seed in range(options.seeds)]
            accuracies, gaps = zip(*found)
            print(f"| {kind}, .02 | {' '.join(f'{a:.4f}' for a in accuracies)} | {' '.join(f'{g:.4f}' for g in gaps)} | "
                  f"{statistics.mean(accuracies):.4f} / {statistics.mean(gaps):.4f} |", flush=True)
        data, peer = adult(), Xgboost(options.xgboost)
        own = ["threads=1", "multipliers.measure_on=train"]
        ways = {"XGBoost alone": lambda: peer.seconds(*data, False),
                "with selection rows scored each round": lambda: peer.seconds(*data, True),
                "on two threads": lambda: peer.seconds(*data, False, threads=2),
                "ours without constraints": lambda: trained(options, folder, [*own, "constraints=[]"])["training_seconds"],
                "under parity": lambda: trained(options, folder, own)["training_seconds"]}
        times = {name: [] for name in ways}
        for _ in range(options.repeats):
            for name, seconds in ways.items():
                times[name].append(seconds())
        medians = {name: statistics.median(taken) for name, taken in times.items()}
        parity = medians.pop("under parity")
        print(f"\n{ROUNDS} rounds, one thread, medians of {options.repeats} by turns: under parity {parity:.2f} s\n")
        print("| beside | seconds | under parity, times |\n|---|---|---|")
        for name, median in medians.items():
            print(f"| {name} | {median:.2f} | {parity / median:.2f} |")


if __name__ == "__main__":
    main()
