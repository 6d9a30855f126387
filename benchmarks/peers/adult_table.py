#!/usr/bin/env python3
"""Accuracy and gap on Adult (sex) over seeds 0 to 2, for parity and odds at tolerances .01, .02 and .05, beside a reference.

usage: adult_table.py [--equipoise PATH] [--threads N] [--seeds N] [--kind KIND]

The reference is a prototype of the method in PyTorch (MLP 256-256, last iterate, 60/20/20 random splits of its own): test
accuracy and test gap, means of three seeds. Each run is one `equipoise train configs/adult_*.yaml` with another seed and
tolerance; the figures are those of its results.json on the test split.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = {
    ("demographic_parity", 0.01): (0.8461, 0.0106), ("demographic_parity", 0.02): (0.8484, 0.0197),
    ("demographic_parity", 0.05): (0.8548, 0.0488), ("equalized_odds", 0.01): (0.8597, 0.0165),
    ("equalized_odds", 0.02): (0.8619, 0.0346), ("equalized_odds", 0.05): (0.8661, 0.0522),
}


def one_run(program, kind, tolerance, seed, threads, folder):
    command = [program, "train", str(ROOT / "configs" / f"adult_{kind}.yaml"), f"seed={seed}", f"threads={threads}",
               f"constraints[0].tolerance={tolerance}", f"output.folder={folder}", f"output.run={kind}-{tolerance}-{seed}",
               "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    results = json.loads((pathlib.Path(folder) / f"{kind}-{tolerance}-{seed}" / "results.json").read_text())
    test = next(split for split in results["splits"] if split["split"] == "test")
    return test["metrics"]["accuracy"], test["constraints"][0]["gap"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", choices=sorted({kind for kind, _ in REFERENCE}), help="only the rows of this constraint")
    options = parser.parse_args()
    print("| constraint | tolerance | accuracy | reference | gap | reference | gap per seed |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for (kind, tolerance), (accuracy, gap) in REFERENCE.items():
            if options.kind not in (None, kind):
                continue
            runs = [one_run(options.equipoise, kind, tolerance, seed, options.threads, folder)
                    for seed in range(options.seeds)]
            print(f"| {kind} | {tolerance} | {statistics.mean(r[0] for r in runs):.4f} | {accuracy:.4f} "
                  f"| {statistics.mean(r[1] for r in runs):.4f} | {gap:.4f} | {', '.join(f'{r[1]:.4f}' for r in runs)} |",
                  flush=True)


if __name__ == "__main__":
    main()
