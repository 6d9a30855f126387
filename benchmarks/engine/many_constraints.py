#!/usr/bin/env python3
"""What twenty constraints over three groupings cost beside one: the same network, rows and steps.

usage: many_constraints.py [override ...] [--repeats N] [--equipoise PROGRAM]

`equipoise train configs/adult_demographic_parity.yaml` with its one constraint by sex, and with twenty by sex, race and age, whose
tolerances nothing breaks, so that both do the same steps. The runs take turns; printed are each one's seconds of training, rows of the
constraint table, and the median of the ratios of neighbours. The issue asked for at most 1.10.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("demographic_parity", "equal_opportunity", "predictive_equality", "equalized_odds", "predictive_parity", "error_parity")
GROUPINGS = ("sex", "race", "age")


def constraints():
    listed = [f"{{kind: {kind}, group: {group}, tolerance: 0.9}}" for group in GROUPINGS for kind in KINDS]
    listed += ["{kind: bounded_group_loss, group: sex, at_most: 5}", "{kind: four_fifths, group: sex}"]
    return listed[:19] + ["{kind: loss_parity, group: race, tolerance: 5}"]


def train(options, folder, name, more):
    command = [options.equipoise, "train", str(ROOT / "configs" / "adult_demographic_parity.yaml"), "device=cpu", *more, *options.override,
               f"output.folder={folder}", f"output.run={name}", "output.overwrite=true"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}")
    results = json.loads((pathlib.Path(folder) / name / "results.json").read_text())
    return results["training_seconds"], results["steps"], len(results["multiplier_titles"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("override", nargs="*", help="overrides of the config, for every run")
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_intermixed_args()
    twenty = constraints()
    assert len(twenty) == 20
    one = ["constraints=[{kind: demographic_parity, group: sex, tolerance: 0.9}]"]
    ratios = []
    print("| repeat | one constraint, s | twenty, s | ratio | rows of the table |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(options.repeats):
            alone, steps, few = train(options, folder, "one", one)
            many, same_steps, rows = train(options, folder, "twenty", [f"constraints=[{', '.join(twenty)}]"])
            assert steps == same_steps
            ratios.append(many / alone)
            print(f"| {repeat} | {alone:.2f} | {many:.2f} | {ratios[-1]:.3f} | {few} and {rows} |", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
