#!/usr/bin/env python3
"""Every update of the multipliers on Adult (sex): what it costs, what it leaves, and whether it comes to rest.

usage: multiplier_updates.py [--equipoise PATH] [--threads N] [--seeds N] [--kind KIND] [--update UPDATE] [override ...]

`equipoise train configs/adult_*.yaml training.keep=final` at tolerance .02 for N seeds from 0 (splits, weights and batches hang on
them), with each update's settings below. Printed are means over the seeds: accuracy on the test split, the gap on the training
rows that drive the multipliers and on the test split, all of the last iterate; then, over the last tenth of the measures, how far
the most unsteady gap and multiplier swing to either side, the largest of any seed in brackets; and how many of the runs were warned
that a gap keeps swinging.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# One network whose multipliers heed the bare violations of its training rows.
ONE_MODEL = ["multipliers.measure_on=train", "multipliers.allowance=0", "multipliers.margin=0"]
SETTINGS = {
    "ascent": [],
    "nupi": [],
    "augmented": [],
    "exponentiated": ["multipliers.radius=4", "multipliers.step=0.5"],
    "swap_regret": ["multipliers.step=3"],
}
KINDS = ("equalized_odds", "demographic_parity")


def train(options, folder, kind, update, seed):
    name = f"{kind}-{update}-{seed}"
    command = [options.equipoise, "train", str(ROOT / "configs" / f"adult_{kind}.yaml"), f"seed={seed}", "device=cpu",
               f"threads={options.threads}", "training.keep=final", f"multipliers.update={update}", *SETTINGS[update], *ONE_MODEL,
               f"output.folder={folder}", f"output.run={name}", *options.override]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}")
    return json.loads((pathlib.Path(folder) / name / "results.json").read_text())


def figures(results):
    test = next(split for split in results["splits"] if split["split"] == "test")
    return (test["metrics"]["accuracy"], max(results["measurements"][-1]["training_gaps"]), test["constraints"][0]["gap"],
            results["swing"]["gap"]["amplitude"], results["swing"]["multiplier"]["amplitude"],
            any("still swung" in warning for warning in results["warnings"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", choices=KINDS, action="append", help="both when it is left out")
    parser.add_argument("--update", choices=SETTINGS, action="append", help="all when it is left out")
    parser.add_argument("override", nargs="*", help="overrides of the config, for every run")
    options = parser.parse_args()
    print("| constraint | update | test accuracy | gap on training rows | gap on test rows | gap swings | multiplier swings | warned |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kind or KINDS:
            for update in options.update or SETTINGS:
                runs = [figures(train(options, folder, kind, update, seed)) for seed in range(options.seeds)]
                accuracy, training, test, gap, multiplier, warned = zip(*runs)
                settings = ", ".join(setting.removeprefix("multipliers.") for setting in SETTINGS[update])
                cells = [kind, update + (f" ({settings})" if settings else ""), f"{statistics.mean(accuracy):.4f}",
                         f"{statistics.mean(training):.4f}", f"{statistics.mean(test):.4f}",
                         f"{statistics.mean(gap):.4f} ({max(gap):.4f})",
                         f"{statistics.mean(multiplier):.3f} ({max(multiplier):.3f})", f"{sum(warned)} of {len(warned)}"]
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
