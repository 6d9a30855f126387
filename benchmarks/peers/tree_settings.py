#!/usr/bin/env python3
"""Which settings XGBoost's trees are best with on the tables of the comparison: what the defaults of `model.trees` rest on.

usage: tree_settings.py [task ...] [--seeds N] [--set "NAME=VALUE ..."]...

For each task (adult_sex, bank_age, credit_sex, acs_marital if none is named) and seed the rows that are not tested are cut into five folds, and each is
scored by trees of the other four, without constraints: mean log loss and accuracy of all these rows, and their differences from the
defaults of before (--set replaces what is compared), with the standard error of a row's difference. One thread. Run it by
.deps/peers/bin/python (compare_libraries.py set-up).
"""
import argparse
import time

import numpy as np
import xgboost

from libraries import tasks

TASKS = ("adult_sex", "bank_age", "credit_sex", "acs_marital")
FIXED = {"objective": "binary:logistic", "grow_policy": "lossguide", "max_depth": 0, "tree_method": "hist", "nthread": 1}
BEFORE = {"rounds": 200, "eta": .08, "max_leaves": 24, "min_child_weight": 5, "colsample_bytree": .7, "max_cat_to_onehot": 4}
ONE_LEVEL = {**BEFORE, "max_cat_to_onehot": 64}
HALF = {**ONE_LEVEL, "colsample_bytree": .5}
COMPARED = [BEFORE, ONE_LEVEL, HALF, {**HALF, "min_child_weight": 1}, {**HALF, "min_child_weight": 1, "max_leaves": 20},
            {**HALF, "min_child_weight": 1, "max_leaves": 16}]


def scored_out_of_fold(settings, matrix, fold):
    logits = np.zeros(len(fold))
    rounds = int(settings["rounds"])
    booster = {name: value for name, value in settings.items() if name != "rounds"}
    for left_out in range(5):
        learnt, scored = np.flatnonzero(fold != left_out), np.flatnonzero(fold == left_out)
        trees = xgboost.train({**FIXED, **booster, "seed": left_out}, matrix.slice(learnt), rounds)
        logits[scored] = trees.predict(matrix.slice(scored), output_margin=True)
    return logits


def measured(task, seed, compared):
    """Log loss and whether the decision is right, [settings, rows] each, and seconds of a fold."""
    data = tasks.at_seed(task, seed)
    label = data.learning.label
    matrix = xgboost.DMatrix(data.table(data.learning), label, enable_categorical=True)
    fold = np.random.default_rng(seed).integers(0, 5, len(label))
    losses, right, seconds = [], [], []
    for settings in compared:
        start = time.perf_counter()
        logits = scored_out_of_fold(settings, matrix, fold)
        seconds.append((time.perf_counter() - start) / 5)
        losses.append(np.logaddexp(0, np.where(label == 1, -logits, logits)))
        right.append(((logits > 0) == label).astype(float))
    return np.array(losses), np.array(right), seconds


def words_of(settings):
    return " ".join(f"{name}={value}" for name, value in settings.items() if value != BEFORE[name]) or "before"


def main():
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("tasks", nargs="*", default=list(TASKS))
    given.add_argument("--seeds", type=int, default=2)
    given.add_argument("--set", action="append", default=[], help="settings that differ from those of before")
    options = given.parse_args()
    compared = COMPARED
    if options.set:
        compared = [BEFORE, *({**BEFORE, **{name: float(value) if "." in value else int(value) for name, value in
                                            (one.split("=") for one in words.split())}} for words in options.set)]
    print("| task | settings | log loss | less than before | accuracy | more than before | seconds |\n|---|---|---|---|---|---|---|")
    for task in options.tasks:
        results = [measured(task, seed, compared) for seed in range(options.seeds)]
        losses, right = (np.concatenate([one[part] for one in results], 1) for part in (0, 1))
        for i, settings in enumerate(compared):
            gain, more = losses[0] - losses[i], right[i] - right[0]
            error = len(gain) ** -.5
            print(f"| {task} | {words_of(settings)} | {losses[i].mean():.4f} | {gain.mean():+.4f} ({gain.std() * error:.4f}) | {right[i].mean():.4f} | "
                  f"{more.mean():+.4f} ({more.std() * error:.4f}) | {np.mean([one[2][i] for one in results]):.2f} |", flush=True)


if __name__ == "__main__":
    main()
