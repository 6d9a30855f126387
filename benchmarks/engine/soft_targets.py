#!/usr/bin/env python3
"""What a teacher and smoothed labels change, on Adult by sex: a small network alone, with smoothed labels, and taught by boosted trees.

usage: soft_targets.py [override ...] [--seeds N] [--equipoise PROGRAM]

For N seeds from 0 (splits, weights and batches hang on them) boosted trees are trained without constraints; then a network of one layer of 32, without
constraints and under parity of .02 (one network, rates of its training rows): with labels alone, with label_smoothing .1, and with the trees' scores at
weights .5 and 1. Printed are test accuracy, log loss and gap, means over the seeds.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = "configs/adult_demographic_parity.yaml"
NETWORK = ["model={kind: mlp, hidden: [32], dropout: 0.1}", "multipliers.measure_on=train"]
CONSTRAINTS = {"none": ["~constraints", "multipliers.measures_per_epoch=1"], "parity .02": []}
TARGETS = {"labels": [], "smoothed by .1": ["training.label_smoothing=0.1"], "teacher, weight .5": ["+data.teacher={{run: {teacher}, weight: 0.5}}"],
           "teacher, weight 1": ["+data.teacher={{run: {teacher}, weight: 1}}"]}


def trained(arguments, folder, name, overrides):
    words = [arguments.equipoise, "train", CONFIG, f"output.folder={folder}", f"output.run={name}", *overrides, *arguments.overrides, "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stderr}")
    return {split["split"]: split for split in json.loads(done.stdout)["splits"]}["test"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    arguments = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            teacher = f"{folder}/teacher-{seed}"
            trees = trained(arguments, folder, f"teacher-{seed}", [f"seed={seed}", "~training", "model={kind: boosted_trees}", *CONSTRAINTS["none"]])
            found.setdefault(("none", "the teacher itself, boosted trees"), []).append(trees)
            for constraint, constrained in CONSTRAINTS.items():
                for target, words in TARGETS.items():
                    name = f"{constraint}-{target}-{seed}".replace(" ", "_").replace(",", "")
                    overrides = [f"seed={seed}", *NETWORK, *constrained, *(word.format(teacher=teacher) for word in words)]
                    found.setdefault((constraint, target), []).append(trained(arguments, folder, name, overrides))
    print("| constraint | taught | test accuracy | log loss | gap |\n|---|---|---|---|---|")
    for (constraint, target), tests in found.items():
        mean = lambda of: statistics.fmean(map(of, tests))
        gap = f"{mean(lambda test: test['constraints'][0]['gap']):.4f}" if tests[0]["constraints"] else ""
        print(f"| {constraint} | {target} | {mean(lambda test: test['metrics']['accuracy']):.4f} | {mean(lambda test: test['metrics']['log_loss']):.4f} | {gap} |")


if __name__ == "__main__":
    main()
