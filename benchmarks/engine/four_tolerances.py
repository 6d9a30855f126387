#!/usr/bin/env python3
"""How long four tolerances take on Adult by sex, from the files to the report: boosted trees, a bank of networks, a frontier.

usage: four_tolerances.py [override ...] [--equipoise PATH] [--repeats N] [--way WAY ...] [--kind KIND ...]

Tolerances .01, .02, .05 and .10 by one command on all cores, by turns, N times each: medians and ranges of the whole command's seconds and of what
of them is not training, and accuracy and gap on the test rows; of the frontier also the seconds in which its rules were solved and measured.
Networks are of 128 and 128 units, one for each tolerance, and their exact rates those of the training rows, four times an epoch;
beside them those of the config (256 and 256, cross-fitted where time allows) if --way names them. Overrides go to all.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCES = [.01, .02, .05, .1]
BANK = ["train", f"bank.tolerances={TOLERANCES}"]
WAYS = {
    "boosted trees": [*BANK, "~training", "model={kind: boosted_trees}", "multipliers.measure_on=train"],
    "networks of 128 and 128": [*BANK, "model.hidden=[128, 128]", "multipliers.measure_on=train", "multipliers.measures_per_epoch=4"],
    "frontier of trees": ["frontier", "--tolerances", ",".join(map(str, TOLERANCES)), "~training", "model={kind: boosted_trees}"],
    "networks by default": BANK,
}


class Run(typing.NamedTuple):
    seconds: float
    training: float
    solving: float | None  # of a frontier
    tests: list            # the test split of each tolerance


def once(options, way, kind, folder):
    command, *words = WAYS[way]
    start = time.perf_counter()
    done = subprocess.run([options.equipoise, command, str(ROOT / "configs" / f"adult_{kind}.yaml"), *words, *options.overrides, f"output.folder={folder}",
                           "--json"], capture_output=True, text=True)
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"equipoise {command} ended with {done.returncode}:\n{done.stderr}")
    answer = json.loads(done.stdout)
    if command == "frontier":
        rules = {rule["tolerance"]: rule["test"] for rule in answer["frontier"]["rules"]}
        return Run(taken, answer["frontier"]["training_seconds"], answer["frontier"]["solving_seconds"], [rules[tolerance] for tolerance in TOLERANCES])
    results = [json.loads(path.read_text()) for path in sorted(pathlib.Path(folder).glob("*/members/*/results.json"))]
    tests = [next(split for split in one["splits"] if split["split"] == "test") for one in results]
    return Run(taken, answer["bank"]["training_seconds"], None, tests)


def spread(times):
    return f"{statistics.median(times):.1f} ({min(times):.1f} to {max(times):.1f})"


def main():
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("overrides", nargs="*")
    given.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    given.add_argument("--repeats", type=int, default=3)
    given.add_argument("--way", nargs="+", choices=list(WAYS), default=list(WAYS)[:3])
    given.add_argument("--kind", nargs="+", choices=["demographic_parity", "equalized_odds"], default=["demographic_parity"])
    options = given.parse_intermixed_args()
    print(f"{os.cpu_count()} cores, medians of {options.repeats} by turns, in brackets the least and the most\n")
    print(f"| constraint | way | whole command, s | without training, s | {' | '.join(f'{tolerance}' for tolerance in TOLERANCES)} |\n|---|---|---|---|---|---|---|---|")
    for kind in options.kind:
        found = {way: [] for way in options.way}
        for _ in range(options.repeats):
            for way in options.way:
                with tempfile.TemporaryDirectory() as folder:
                    found[way].append(once(options, way, kind, folder))
        for way, runs in found.items():
            solving = f", rules solved and measured in {spread([run.solving for run in runs])} s" if runs[0].solving is not None else ""
            tests = " | ".join(f"{test['metrics']['accuracy']:.4f} / {test['constraints'][0]['gap']:.4f}" for test in runs[-1].tests)
            print(f"| {kind} | {way}{solving} | {spread([run.seconds for run in runs])} | {spread([run.seconds - run.training for run in runs])} | {tests} |", flush=True)


if __name__ == "__main__":
    main()
