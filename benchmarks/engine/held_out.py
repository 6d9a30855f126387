#!/usr/bin/env python3
"""Whether constraints hold on people the model has not met, by the rows that move the multipliers and what is taken for chance.

usage: held_out.py reach|small_groups [override ...] [--acs FILE] [--seeds N] [--jobs N] [--threads N] [--device DEVICE] [--way WAY ...]
                   [--task TASK ...] [--kind KIND ...] [--tolerance T ...] [--equipoise PROGRAM] [--json FILE]

`equipoise train` for N seeds from 0 (splits, weights and batches hang on them), JOBS runs at a time. reach: Adult by sex, tolerances
.02, .05 and .10. small_groups: Adult by race and, with --acs (100,000 people of the census bureau's ACS, 2013 to 2017), income above
50,000 dollars by marital status, tolerance .05, five groups each. WAYS below says what is varied. Printed for each are means over
the seeds: test accuracy, what it is below the same model without constraints (tolerance .999), the test gap, and how many of the runs
have a gap inside the tolerance plus the noise floor of their test split, beside the share of such splits where it would be inside if the
rates of all groups were equal; then the gap of the counts pooled over the test splits, and
the gap that equal rates would show on as many rows; the smallest selection rate of any run (a constant classifier has 0); seconds of
training.
"""
import argparse
import concurrent.futures
import csv
import gzip
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]


def way(measure_on, allowance=0.0, allowance_rows=0, *more, shrinkage=0):
    return [f"multipliers.measure_on={measure_on}", f"multipliers.allowance={allowance}",
            f"multipliers.allowance_rows={allowance_rows}", "multipliers.margin=0", f"multipliers.shrinkage_rows={shrinkage}", *more]


WAYS = {
    "auto": [],
    "auto, no margin": ["multipliers.margin=0"],
    "train": way("train"),
    "train, radius .5": way("train", 0, 0, "multipliers.radius=0.5"),
    "train, allowance 1": way("train", 1),
    "train, fading": way("train", 1, 500),
    "holdout": way("holdout", 0, 0, "data.split.holdout=0.15"),
    "holdout, allowance 1": way("holdout", 1, 0, "data.split.holdout=0.15"),
    "cross-fitted": way("cross_fitted"),
    "cross-fitted, radius .5": way("cross_fitted", 0, 0, "multipliers.radius=0.5"),
    "cross-fitted, allowance .5": way("cross_fitted", 0.5),
    "cross-fitted, allowance 1": way("cross_fitted", 1),
    "cross-fitted, fading": way("cross_fitted", 1, 500),
    "auto, no shrinkage": ["multipliers.shrinkage_rows=0"],
    "auto, shrinkage 50": ["multipliers.shrinkage_rows=50"],
    "cross-fitted, shrinkage 50": way("cross_fitted", shrinkage=50),
    "cross-fitted, shrinkage 200": way("cross_fitted", shrinkage=200),
    "cross-fitted, shrinkage 1000": way("cross_fitted", shrinkage=1000),
    "distilled": ["training.distill=true"],
}
KINDS = ("demographic_parity", "equalized_odds")
STUDIES = {"reach": ([("Adult, sex", "sex")], (.02, .05, .10)),
           "small_groups": ([("Adult, race", "race"), ("Adult, sex and race", "sex*race"), ("ACS, marital status", "marital_status")], (.05,))}


def write_acs(source, folder):
    """People with a wage, and whether their income is above 50,000 dollars; neither incomes nor survey weights are kept."""
    status = {"1": "married", "2": "widowed", "3": "divorced", "4": "separated", "5": "never married"}
    with gzip.open(source, "rt") as file:
        people = [row for row in csv.DictReader(file) if float(row["wagp"]) > 0]
    with open(folder / "acs.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["state", "sex", "age", "place_in_household", "marital_status", "income"])
        for person in people:
            out.writerow([person["stabbr"], person["sex"], person["agep"], min(int(person["sporder"]), 6),
                          status[person["mar"]], "above" if float(person["pincp"]) > 50_000 else "below"])
    (folder / "acs.yaml").write_text(f"""name: acs-income
seed: 0
data:
  files: [{folder / "acs.csv"}]
  label: {{column: income, positive: [above]}}
  groups: [{{column: marital_status}}]
  split: {{test: 0.2, selection: 0.2, stratify: cells}}
model: {{kind: mlp, hidden: [256, 256], dropout: 0.3}}
training: {{epochs: 20, batch_size: 512}}
constraints:
  - {{kind: demographic_parity, group: marital_status, tolerance: 0.05}}
""")


def train(options, folder, run):
    group, kind, tolerance, settings, seed = run
    config = folder / "acs.yaml" if group == "marital_status" else ROOT / "configs" / f"adult_{kind}.yaml"
    name = f"{group}-{kind}-{tolerance}-{settings}-{seed}".replace(" ", "_").replace(",", "").replace("*", "-")
    command = [options.equipoise, "train", str(config), f"seed={seed}", f"device={options.device}", f"threads={options.threads}",
               f"constraints=[{{kind: {kind}, group: {group}, tolerance: {tolerance}}}]", f"output.folder={folder / 'runs'}",
               f"output.run={name}", *WAYS.get(settings, way("train")), *options.override]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return run, done.stderr
    return run, json.loads((folder / "runs" / name / "results.json").read_text())


def gap_of(rates):
    return max(rates) - min(rates) if len(rates) > 1 else 0.0


def pooled(constraints):
    """The largest gap of the counts added over the splits, and what it would be on average were all rates equal."""
    gap = floor = 0.0
    draws = numpy.random.default_rng(1)
    for promises in zip(*(constraint["promises"] for constraint in constraints)):
        rows, selected = {}, {}
        for level in (level for promise in promises for level in promise["levels"]):
            if level["rate"] is not None:
                rows[level["level"]] = rows.get(level["level"], 0) + level["rows"]
                selected[level["level"]] = selected.get(level["level"], 0) + level["rate"] * level["rows"]
        counts = numpy.array([rows[level] for level in rows])
        drawn = draws.binomial(counts, sum(selected.values()) / counts.sum(), size=(2000, len(counts))) / counts
        gap = max(gap, gap_of([selected[level] / rows[level] for level in rows]))
        floor = max(floor, float((drawn.max(1) - drawn.min(1)).mean()))
    return gap, floor


def equal_inside(constraint, limit):
    """How often a split of this size would show a gap of at most `limit` were the rates of all groups equal."""
    draws, largest = numpy.random.default_rng(1), numpy.zeros(4000)
    for promise in constraint["promises"]:
        levels = [level for level in promise["levels"] if level["rate"] is not None]
        rows = numpy.array([level["rows"] for level in levels])
        rate = sum(level["rate"] * level["rows"] for level in levels) / rows.sum()
        drawn = draws.binomial(rows.astype(int), rate, size=(4000, len(rows))) / rows
        largest = numpy.maximum(largest, drawn.max(1) - drawn.min(1))
    return float((largest <= limit).mean())


def figures(results, tolerance, unconstrained):
    tests = [next(split for split in result["splits"] if split["split"] == "test") for result in results]
    constraints = [test["constraints"][0] for test in tests]
    accuracy = statistics.mean(test["metrics"]["accuracy"] for test in tests)
    floors = [max(promise["noise_floor"] for promise in constraint["promises"]) for constraint in constraints]
    gaps = [constraint["gap"] for constraint in constraints]
    gap, floor = pooled(constraints)
    return {"runs": len(results), "accuracy": accuracy, "cost": unconstrained - accuracy if unconstrained else None,
            "gap": statistics.mean(gaps), "inside": sum(g <= tolerance + f for g, f in zip(gaps, floors)),
            "equal_inside": statistics.mean(equal_inside(c, tolerance + f) for c, f in zip(constraints, floors)),
            "met": sum(constraint["verdict"] == "met" for constraint in constraints), "pooled_gap": gap, "pooled_floor": floor,
            "least_selected": min(test["metrics"]["groups"][0]["selection_rate"] for test in tests),
            "seconds": statistics.mean(result["training_seconds"] for result in results)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--acs", type=pathlib.Path, help="acs_pums_2013_2017_100k.csv.gz")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--way", choices=WAYS, action="append", help="all when it is left out; of reach auto and train")
    parser.add_argument("--task", choices=["sex", "race", "sex*race", "marital_status"], action="append")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--tolerance", type=float, action="append", help="instead of the study's")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go as well")
    parser.add_argument("override", nargs="*", help="overrides of the config, for every run")
    options = parser.parse_intermixed_args()
    tasks, tolerances = STUDIES[options.study]
    tolerances = options.tolerance or tolerances
    tasks = [(title, group) for title, group in tasks if group in (options.task or [group])
             and (group != "marital_status" or options.acs)]
    chosen = ["none", *(options.way or (["auto", "train"] if options.study == "reach" else WAYS))]
    cases = [(group, kind, .999 if name == "none" else tolerance, name) for _, group in tasks for kind in options.kind or KINDS
             for name in chosen for tolerance in (tolerances[:1] if name == "none" else tolerances)]
    title_of = {group: title for title, group in tasks}
    collected, unconstrained, table, failed = {}, {}, [], False
    print("| task | constraint | tolerance | exact rates from | accuracy | below unconstrained | test gap | inside | were rates "
          "equal | met | pooled gap (floor) | least selected | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = pathlib.Path(place)
        if options.acs:
            write_acs(options.acs, folder)
        runs = [(*case, seed) for case in cases for seed in range(options.seeds)]
        for run, result in pool.map(lambda run: train(options, folder, run), runs):
            case = run[:4]
            finished = collected.setdefault(case, [])
            if isinstance(result, str):
                failed = True
                print(f"{run} failed: {result}", file=sys.stderr)
            else:
                finished.append(result)
            if run[4] + 1 < options.seeds or not finished:  # runs come back in their order
                continue
            group, kind, tolerance, name = case
            found = figures(collected[case], tolerance, unconstrained.get((group, kind)))
            if name == "none":
                unconstrained[group, kind] = found["accuracy"]
            table.append({"task": title_of[group], "kind": kind, "tolerance": tolerance, "way": name, **found})
            cost = f"{found['cost']:.4f}" if found["cost"] is not None else ""
            print(f"| {title_of[group]} | {kind} | {'' if name == 'none' else tolerance} | {name} | {found['accuracy']:.4f} | {cost} | "
                  f"{found['gap']:.4f} | {found['inside']} of {found['runs']} | "
                  f"{100 * found['equal_inside']:.0f} % | {found['met']} | {found['pooled_gap']:.4f} "
                  f"({found['pooled_floor']:.4f}) | {found['least_selected']:.3f} | {found['seconds']:.1f} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n")
    if failed or not cases:
        sys.exit("some runs failed" if failed else "no task is left: ACS needs --acs")


if __name__ == "__main__":
    main()
