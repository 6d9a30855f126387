#!/usr/bin/env python3
"""What recipes of batches do on Adult by sex, beside doing nothing, with and without a constraint; and what they cost.

usage: recipes.py [override ...] [--seeds N] [--arms ARM ...] [--cost] [--equipoise PROGRAM]

`equipoise train configs/adult_targeted_batches.yaml` with one recipe at a time. Each seed splits the data anew. Printed are means over
seeds on the test split, and in brackets the standard error of the mean difference from no recipe with the same seed.
The constraint is equalized odds at .02.
--cost: instead, seconds of a run at batches of 4,096 rows with and without, in turns; the median of the ratios of neighbours.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARMS = {
    "none": "[]",
    "balance": "[{recipe: recipes/balance.yaml, by: [sex, label]}]",
    "balance half-way": "[{recipe: recipes/balance_half_way.yaml, by: [sex, label]}]",
    "reweigh": "[{recipe: recipes/reweigh.yaml, by: sex}]",
    "fairbatch, parity": "[{recipe: recipes/fairbatch_parity.yaml, by: sex}]",
    "fairbatch, odds": "[{recipe: recipes/fairbatch_odds.yaml, by: sex}]",
    "fairbatch, opportunity": "[{recipe: recipes/fairbatch_opportunity.yaml, by: sex}]",
    "group DRO": "[{recipe: recipes/group_dro.yaml, by: [sex, label]}]",
    "SMOTE of positive women": "[{recipe: recipes/smote.yaml, where: {sex: Female, label: positive}}]",
    "balance half-way, SMOTE": "[{recipe: recipes/balance_half_way.yaml, by: [sex, label]}, "
                               "{recipe: recipes/smote.yaml, by: sex, share: 0.3}]",
    "balance half-way, SMOTE, mixup": "[{recipe: recipes/balance_half_way.yaml, by: [sex, label]}, "
                                      "{recipe: recipes/smote.yaml, by: sex, share: 0.3}, "
                                      "{recipe: recipes/mixup_across_groups.yaml, across: sex, share: 0.3}]",
    "corrupt": "[{recipe: recipes/corrupt.yaml, by: sex}]",
    "copula of women": "[{recipe: recipes/copula.yaml, by: sex, where: {sex: Female}}]",
    "counterfactual": "[{recipe: recipes/counterfactual.yaml, swap: [{column: sex, levels: {Female: Male, Male: Female}}, "
                      "{column: relationship, with: sex, levels: {Husband: Wife, Wife: Husband}}]}]",
    "mixup inside groups": "[{recipe: recipes/mixup_inside_groups.yaml, inside: sex}]",
    "mixup inside labels": "[{recipe: recipes/mixup_inside_labels.yaml}]",
    "mixup across groups": "[{recipe: recipes/mixup_across_groups.yaml, across: sex}]",
    "hard": "[{recipe: recipes/hard.yaml, by: sex}]",
    "massage": "[{recipe: recipes/massage.yaml, by: sex}]",
}
FIGURES = ("accuracy", "parity gap", "odds gap", "least TPR", "calibration error")


def train(options, folder, more):
    command = [options.equipoise, "train", str(ROOT / "configs" / "adult_targeted_batches.yaml"), "device=cpu", *more, *options.override,
               f"output.folder={folder}", "output.run=one", "output.overwrite=true"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}")
    return json.loads((pathlib.Path(folder) / "one" / "results.json").read_text())


def figures(results):
    metrics = results["splits"][0]["metrics"]
    groups = [group for group in metrics["groups"] if group["grouping"] == "sex"]
    gap = lambda rate: abs(groups[0][rate] - groups[1][rate])
    return [metrics["accuracy"], gap("selection_rate"), max(gap("true_positive_rate"), gap("false_positive_rate")),
            min(group["true_positive_rate"] for group in groups), metrics["calibration_error"]]


def compare(options, folder, title, more):
    print(f"\n{title}\n\n| recipe | " + " | ".join(FIGURES) + " |\n|---|" + "---|" * len(FIGURES), flush=True)
    plain = []
    for arm in ["none", *options.arms]:
        recipes = ARMS[arm]
        runs = [figures(train(options, folder, [f"seed={seed}", f"sampling.recipes={recipes}", *more])) for seed in range(options.seeds)]
        plain = plain or runs
        cells = []
        for i in range(len(FIGURES)):
            apart = [run[i] - base[i] for run, base in zip(runs, plain)]
            error = statistics.stdev(apart) / math.sqrt(len(apart)) if len(apart) > 1 else 0
            cells.append(f"{statistics.mean(run[i] for run in runs):.4f}" + (f" ({error:.4f})" if arm != "none" else ""))
        print(f"| {arm} | " + " | ".join(cells) + " |", flush=True)


def cost(options, folder):
    more = ["training.batch_size=4096", "training.epochs=60", "multipliers.measures_per_epoch=1"]
    print("| recipe | median ratio of seconds to none |\n|---|---|")
    for arm in ("balance", "reweigh", "fairbatch, odds", "SMOTE of positive women", "balance half-way, SMOTE",
                "balance half-way, SMOTE, mixup", "mixup across groups", "corrupt", "copula of women", "counterfactual", "hard"):
        ratios = []
        for _ in range(5):
            plain, with_one = (train(options, folder, [f"sampling.recipes={ARMS[name]}", *more])["training_seconds"] for name in ("none", arm))
            ratios.append(with_one / plain)
        print(f"| {arm} | {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("override", nargs="*", help="overrides of the config, for every run")
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=[arm for arm in ARMS if arm != "none"])
    parser.add_argument("--cost", action="store_true")
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.cost:
            return cost(options, folder)
        compare(options, folder, "Without a constraint", ["~constraints"])
        compare(options, folder, "With equalized odds at .02", [])


if __name__ == "__main__":
    main()
