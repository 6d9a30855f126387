#!/usr/bin/env python3
"""What parity costs a rule that does not see the group, made of LightGBM's posteriors and a linear program.

usage: best_blind_rule.py [--acs FILE] [--task race|marital_status ...] [--tolerance T ...] [--seeds N]

The most accurate rule under parity that may not look at the group decides 1 where 2 P(y=1|x) - 1 > sum_g lambda_g P(g|x) / P(g)
(Menon and Williamson 2018, for several groups).
LightGBM learns both posteriors, early-stopped; lambda solves the linear program of all decisions on 6,000 of the training and selection
rows. Same tasks and split shares as held_out.py small_groups: Adult by race and, with --acs, income above 50,000 dollars by
marital status. Printed are means over the seeds on the test fifth: accuracy, what it is below the rule without constraints, the gap,
and the gap of the counts pooled over the seeds. With true posteriors no rule could cost less; with learnt ones it is a reference, whose gap on
new people is above the tolerance where posteriors of small groups are not as good there as on the rows they were learnt from.
"""
import argparse
import csv
import gzip
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "engine"))

try:
    import lightgbm
    import numpy as np
    import pandas
    from scipy.optimize import linprog
except ImportError as error:
    sys.exit(f"{error}: pip install lightgbm numpy pandas scipy (in a virtual environment), and run this with its python")
import held_out  # noqa: E402

ROWS_OF_PROGRAM = 6000
COLUMNS = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex",
           "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"]


def adult():
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(ROOT / "benchmarks" / "data" / "adult" / name, "rt") as file:
            rows += [row for row in csv.reader(file, skipinitialspace=True) if len(row) == len(COLUMNS)]
    table = pandas.DataFrame(rows, columns=COLUMNS)
    for column in ("age", "education_num", "capital_gain", "capital_loss", "hours_per_week"):
        table[column] = table[column].astype(float)
    label = table["income"].str.startswith(">50K").astype(int).to_numpy()
    return table.drop(columns=["fnlwgt", "income", "race", "sex"]), label, table["race"]


def marital_status(path):
    with tempfile.TemporaryDirectory() as folder:
        held_out.write_acs(path, pathlib.Path(folder))
        table = pandas.read_csv(pathlib.Path(folder) / "acs.csv")
    label = (table["income"] == "above").astype(int).to_numpy()
    return table[["state", "sex", "age", "place_in_household"]].copy(), label, table["marital_status"]


def posteriors(inputs, label, group, train, selection):
    params = {"learning_rate": 0.05, "num_leaves": 31, "verbose": -1, "num_threads": 2, "seed": 1, "deterministic": True}

    def fit(target, **more):
        data = lightgbm.Dataset(inputs.iloc[train], target[train])
        held = lightgbm.Dataset(inputs.iloc[selection], target[selection], reference=data)
        return lightgbm.train({**params, **more}, data, 600, valid_sets=[held],
                              callbacks=[lightgbm.early_stopping(20, verbose=False)])

    of_label = fit(label, objective="binary")
    of_group = fit(group, objective="multiclass", num_class=int(group.max()) + 1)
    return lambda rows: (of_label.predict(inputs.iloc[rows]), of_group.predict(inputs.iloc[rows]))


def multipliers(positive, groups, tolerance):
    """Of the program max sum h (2 p - 1) under |rate of g - middle| <= tolerance / 2 for every g: [groups]."""
    rows, count = groups.shape
    weights = groups / groups.sum(0)
    gain = np.concatenate([-(2 * positive - 1) / rows, [0]])
    above = np.hstack([weights.T, -np.ones((count, 1))])
    solution = linprog(gain, A_ub=np.vstack([above, -above]), b_ub=np.full(2 * count, tolerance / 2),
                       bounds=[(0, 1)] * (rows + 1), method="highs")
    prices = -solution.ineqlin.marginals
    return prices[:count] - prices[count:]


def rates(decided, group, count):
    return np.array([[decided[group == g].sum(), (group == g).sum()] for g in range(count)], dtype=float)


def study(title, inputs, label, group_names, options):
    for column in inputs.columns:
        if inputs[column].dtype == object or str(inputs[column].dtype).startswith("str"):
            inputs[column] = inputs[column].astype("category")
    group = group_names.astype("category").cat.codes.to_numpy()
    count = int(group.max()) + 1
    found = {tolerance: [] for tolerance in [None, *options.tolerance]}
    for seed in range(options.seeds):
        order = np.random.default_rng(seed).permutation(len(label))
        test, selection, train = np.split(order, [len(label) // 5, 2 * len(label) // 5])
        of_rows = posteriors(inputs, label, group, train, selection)
        positive, groups = of_rows(test)
        known = np.random.default_rng(seed).permutation(np.concatenate([train, selection]))[:ROWS_OF_PROGRAM]
        known_positive, known_groups = of_rows(known)
        share = known_groups.mean(0)
        for tolerance in found:
            price = np.zeros(count) if tolerance is None else multipliers(known_positive, known_groups, tolerance)
            decided = 2 * positive - 1 - (groups / share) @ price > 0
            found[tolerance].append(((decided == label[test]).mean(), rates(decided, group[test], count)))
    free = np.mean([accuracy for accuracy, _ in found[None]])
    for tolerance, runs in found.items():
        accuracy = np.mean([a for a, _ in runs])
        single = [np.ptp(r[:, 0] / r[:, 1]) for _, r in runs]
        pooled = sum(r for _, r in runs)
        print(f"| {title} | {'' if tolerance is None else tolerance} | {accuracy:.4f} | {free - accuracy:.4f} | {np.mean(single):.4f} | "
              f"{np.ptp(pooled[:, 0] / pooled[:, 1]):.4f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--acs", type=pathlib.Path, help="acs_pums_2013_2017_100k.csv.gz")
    parser.add_argument("--task", choices=["race", "marital_status"], action="append")
    parser.add_argument("--tolerance", type=float, action="append")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    options.tolerance = options.tolerance or [0.03, 0.05, 0.07]
    tasks = options.task or ["race", "marital_status"]
    print("| task | tolerance | accuracy | below unconstrained | test gap | pooled gap |\n|---|---|---|---|---|---|")
    if "race" in tasks:
        study("Adult, race", *adult(), options)
    if "marital_status" in tasks and options.acs:
        study("ACS, marital status", *marital_status(options.acs), options)


if __name__ == "__main__":
    main()
