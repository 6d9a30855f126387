#!/usr/bin/env python3
"""How long `equipoise audit` takes on many rows, and whether it finds what was planted in them.

usage: audit.py [--program build/release/bin/equipoise] [--rows 1000000] [--repeats 3]

Thirty columns beside the label: a group that one number and one category tell, 16 numbers, 13 categories. Planted: areas under the ROC curve that
are known in closed form, and a category that goes with the label in one group alone. Needs numpy.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy

NUMBERS, CATEGORIES = 16, 13
APART = 1.0  # deviations between the groups in number 0
TOLD = (0.8, 0.3)  # shares with the first value of category 0, by group
CONFIG = """name: planted
data:
  files: [rows.csv]
  label: {column: label, positive: ["1"]}
  groups: [{column: side}]
  features: {groups_as_inputs: false}
constraints: [{kind: equalized_odds, group: side, tolerance: 0.02}]
"""


def write_rows(path, rows):
    chance = numpy.random.default_rng(1)
    side = chance.integers(0, 2, rows)
    category = chance.integers(0, 20, (CATEGORIES, rows))
    category[0] = chance.random(rows) >= numpy.where(side == 1, *TOLD)
    odds = numpy.where((side == 1) & (category[1] == 3), 0.6, 0.3)
    columns = {"side": numpy.where(side == 1, "b", "a"), "label": (chance.random(rows) < odds).astype(int).astype(str)}
    for i in range(NUMBERS):
        columns[f"number{i}"] = numpy.round(chance.normal(side * APART * (i == 0), 1), 3).astype(str)
    for i in range(CATEGORIES):
        columns[f"category{i}"] = numpy.char.add("v", category[i].astype(str))
    with open(path, "w") as file:
        file.write(",".join(columns) + "\n")
        for begin in range(0, rows, 50000):
            part = [column[begin:begin + 50000] for column in columns.values()]
            file.write("\n".join(map(",".join, zip(*part))) + "\n")
    return len(columns)


def check(audit, rows):
    auc = {proxy["input"]: proxy["auc"] for proxy in audit["proxies"]}
    near = 3 / math.sqrt(rows) + 0.01  # bins and levels lose a little
    expected = {
        "number0": 0.5 * (1 + math.erf(APART / 2)),  # of two normal numbers a deviation apart
        "category0": TOLD[0] * (1 - TOLD[1]) + (TOLD[0] * TOLD[1] + (1 - TOLD[0]) * (1 - TOLD[1])) / 2,
        "number1": 0.5,
    }
    for name, value in expected.items():
        assert abs(auc[name] - value) < near, f"{name}: {auc[name]} instead of {value}"
    assert auc[None] > max(auc["number0"], auc["category0"]), "all inputs tell less than one"
    first = audit["relations"][0]
    assert (first["input"], first["value"]) == ("category1", "v3"), first


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default="build/release/bin/equipoise")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        columns = write_rows(folder / "rows.csv", given.rows)
        (folder / "config.yaml").write_text(CONFIG)
        seconds = []
        for _ in range(given.repeats):
            start = time.perf_counter()
            command = [given.program, "audit", folder / "config.yaml", "--output", folder / "audit"]
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        check(json.loads((folder / "audit/audit.json").read_text()), given.rows)
        size = (folder / "rows.csv").stat().st_size / 2**20
    print(f"{given.rows:,} rows, {columns - 1} columns beside the label, {size:.0f} MiB of CSV: "
          f"{statistics.median(seconds):.1f} s (median of {given.repeats}; {min(seconds):.1f} to {max(seconds):.1f}); "
          "what was planted is found")


if __name__ == "__main__":
    main()
