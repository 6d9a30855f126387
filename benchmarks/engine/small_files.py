#!/usr/bin/env python3
"""What a file of a few thousand rows gives with default settings, and with batches of other sizes.

usage: small_files.py [override ...] [--rows N ...] [--kind KIND ...] [--seeds N] [--equipoise PROGRAM]

For each seed (shuffle, splits, weights and batches hang on it) the first N of Adult's 48,842 people are a file, of which
`equipoise train` with nothing but a constraint by sex, tolerance .05, makes a model; it is measured on those after the first 8,000, whom no
file holds. Printed for each number of rows and each way are the means over the seeds of accuracy and gap there, with all gaps in brackets, and
seconds of the whole command.
"""
import argparse
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAYS = {"default": [], "512 rows a step": ["training.batch_size=512"],
        "boosted trees": ["model={kind: boosted_trees}"]}
KINDS = ("demographic_parity", "equalized_odds")
HELD_OUT_AFTER = 8000
COLUMNS = ("age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,capital_gain,capital_loss,"
           "hours_per_week,native_country,income")


def people():
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(ROOT / "benchmarks/data/adult" / name, "rt") as file:
            lines = (line.strip().rstrip(".") for line in file)
            rows += [line for line in lines if line and not line.startswith("|")]
    return rows


def write(folder, name, rows):
    (folder / name).write_text("\n".join([COLUMNS, *rows]) + "\n")


def config(file, kind):
    return f"""name: small
data:
  files: {file}
  csv: {{missing: ["?"]}}
  label: {{column: income, positive: ">50K"}}
  groups: [{{column: sex}}]
  features: {{drop: [fnlwgt]}}
constraints:
  - {{kind: {kind}, group: sex, tolerance: 0.05}}
"""


def run(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(str(word) for word in words)}\nended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def measured(options, folder, seed, rows, kind, overrides):
    (folder / "small.yaml").write_text(config(f"small_{rows}_{seed}.csv", kind))
    begun = time.monotonic()
    run([options.equipoise, "train", folder / "small.yaml", f"seed={seed}", "output.run=small", "output.overwrite=true",
         *overrides, *options.overrides, "--json"])
    seconds = time.monotonic() - begun
    split = run([options.equipoise, "evaluate", folder / "runs/small", "--data", folder / f"new_{seed}.csv", "--json"])["split"]
    return split["metrics"]["accuracy"], split["constraints"][0]["gap"], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 3000, 8000])
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--equipoise", default=ROOT / "build/release/bin/equipoise")
    options = parser.parse_args()
    if max(options.rows) > HELD_OUT_AFTER:
        parser.error(f"--rows: at most {HELD_OUT_AFTER}; the people after them are those that models are measured on")
    with tempfile.TemporaryDirectory() as name:
        folder, rows = pathlib.Path(name), people()
        for seed in range(options.seeds):
            shuffled = rows[:]
            random.Random(seed).shuffle(shuffled)
            write(folder, f"new_{seed}.csv", shuffled[HELD_OUT_AFTER:])
            for count in options.rows:
                write(folder, f"small_{count}_{seed}.csv", shuffled[:count])
        for count in options.rows:
            for kind in options.kind:
                for way, overrides in WAYS.items():
                    if way.startswith("512") and count * 6 // 10 < 512:
                        continue
                    every = [measured(options, folder, seed, count, kind, overrides) for seed in range(options.seeds)]
                    accuracy, gaps, seconds = zip(*every)
                    print(f"{count:>6} rows  {kind:<18}  {way:<16}  accuracy {statistics.mean(accuracy):.4f}  "
                          f"gap {statistics.mean(gaps):.3f} ({' '.join(f'{gap:.3f}' for gap in gaps)})  "
                          f"{statistics.mean(seconds):.1f} s", flush=True)


if __name__ == "__main__":
    main()
