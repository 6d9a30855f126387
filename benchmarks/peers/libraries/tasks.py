"""The five tasks: which rows, which label, which groups, what models see, and the splits that every method gets.

Standard library and numpy alone; what boosters read (a pandas table) is made where pandas is there.
"""
import csv
import dataclasses
import functools
import gzip
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "benchmarks" / "data"
TOLERANCES = (.01, .02, .05, .1)
CONSTRAINTS = {"parity": "demographic_parity", "odds": "equalized_odds"}
SPLITS = ("train", "selection", "test")
SHARES = (.6, .2, .2)
ADULT_COLUMNS = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex",
                 "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"]


def adult(group):
    rows = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(DATA / "adult" / name, "rt") as file:
            rows += [row for row in csv.reader(file, skipinitialspace=True) if len(row) == len(ADULT_COLUMNS)]
    columns = dict(zip(ADULT_COLUMNS, map(list, zip(*rows))))
    return columns, [value.startswith(">50K") for value in columns["income"]], columns[group]


def table_of(path, delimiter=","):
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter))
    return {name: [row[name] for row in rows] for name in rows[0]}


def bank(_):
    columns = table_of(DATA / "bank" / "bank-additional-full.csv.gz", ";")
    ages = [float(age) for age in columns["age"]]
    groups = ["under 30" if age < 30 else "30 to 59" if age < 60 else "60 and above" for age in ages]
    return columns, [value == "yes" for value in columns["y"]], groups


def credit(_):
    columns = table_of(DATA / "credit_default" / "UCI_Credit_Card.csv.gz")
    return columns, [value == "1" for value in columns["default-payment-next-month"]], ["women" if sex == "1" else "men" for sex in columns["SEX"]]


def acs(_):
    status = {"1": "married", "2": "widowed", "3": "divorced", "4": "separated", "5": "never married"}
    columns = table_of(DATA / "acs_sample" / "acs_pums_2013_2017_100k.csv.gz")
    kept = [i for i, wage in enumerate(columns["wagp"]) if float(wage) > 0]
    columns = {name: [values[i] for i in kept] for name, values in columns.items()}
    place = [str(min(int(order), 6)) for order in columns["sporder"]]
    seen = {"state": columns["stabbr"], "sex": columns["sex"], "age": columns["agep"], "place_in_household": place}
    return seen, [float(income) > 50_000 for income in columns["pincp"]], [status[value] for value in columns["mar"]]


@dataclasses.dataclass(frozen=True)
class Task:
    """What there is to learn. `network` is that of the repository's config: hidden units, dropout, epochs of batches of 512."""
    title: str
    group_title: str
    read: object
    group: str
    numbers: tuple
    categories: tuple
    network: tuple


ADULT = (("age", "education_num", "capital_gain", "capital_loss", "hours_per_week"),
         ("workclass", "education", "marital_status", "occupation", "relationship", "native_country"))
PAYMENTS = tuple(f"PAY_{month}" for month in (0, 2, 3, 4, 5, 6))
TASKS = {
    "adult_sex": Task("Adult", "sex", adult, "sex", *ADULT, ((256, 256), .3, 20)),
    "adult_race": Task("Adult", "race", adult, "race", *ADULT, ((256, 256), .3, 20)),
    "bank_age": Task("Bank", "age", bank, "age_group",
                     ("age", "campaign", "pdays", "previous", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed"),
                     ("job", "marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week", "poutcome"), ((64,), .2, 10)),
    "credit_sex": Task("Credit", "sex", credit, "sex",
                       ("LIMIT_BAL", *PAYMENTS, *(f"BILL_AMT{month}" for month in range(1, 7)), *(f"PAY_AMT{month}" for month in range(1, 7)),
                        *(f"EDUCATION_{level}" for level in range(7)), *(f"MARRIAGE_{level}" for level in range(4))), (), ((64,), .2, 30)),
    "acs_marital": Task("ACS income", "marital status", acs, "marital_status", ("age", "place_in_household"), ("state", "sex"), ((256, 256), .3, 20)),
}


def stratified(label, group, seed):
    """Split of each row, as an index into SPLITS: .6, .2 and .2 of every group with every label, by chance of the seed."""
    split = np.zeros(len(label), int)
    draws = np.random.default_rng(seed)
    for cell in np.unique(2 * group + label):
        rows = draws.permutation(np.flatnonzero(2 * group + label == cell))
        ends = np.rint(np.cumsum(SHARES) * len(rows)).astype(int)
        split[rows[ends[0]:ends[1]]], split[rows[ends[1]:]] = 1, 2
    return split


@dataclasses.dataclass
class Rows:
    """Some rows of a task, as methods read them."""
    matrix: np.ndarray      # [N, D] float32: standardised numbers, categories as 0 or 1
    codes: np.ndarray       # [N, F] float: numbers as they are, categories as codes, NaN for a level not learnt from
    label: np.ndarray       # [N] 0 or 1
    group: np.ndarray       # [N] index into Data.group_names


@dataclasses.dataclass
class Data:
    """A task's rows at one seed. `learning` are training and selection rows together, for methods that choose nothing on the latter."""
    task: Task
    group_names: list
    train: Rows
    selection: Rows
    learning: Rows
    test: Rows
    levels: list            # per column of codes: names of its categories, or None for a number

    def table(self, rows):
        """The codes as a pandas table with categorical columns, which boosters read natively."""
        import pandas
        names = [*self.task.numbers, *self.task.categories]
        return pandas.DataFrame({name.replace(".", "_"): rows.codes[:, i] if levels is None else pandas.Categorical.from_codes(
            np.nan_to_num(rows.codes[:, i], nan=-1).astype(int), categories=levels) for i, (name, levels) in enumerate(zip(names, self.levels))})


@functools.lru_cache(maxsize=None)
def read(name):
    """Columns, label [N] 0 or 1, group [N] as an index, names of the groups."""
    columns, label, groups = TASKS[name].read(TASKS[name].group)
    names = sorted(set(groups))
    return columns, np.array(label, int), np.array([names.index(group) for group in groups]), names


def at_seed(name, seed):
    columns, label, group, names = read(name)
    task, split = TASKS[name], stratified(label, group, seed)
    learnt = split != 2
    blocks, codes, levels_of = [], [], []
    for column in task.numbers:
        values = np.array(columns[column], float)
        blocks.append(((values - values[learnt].mean()) / (values[learnt].std() or 1))[:, None])
        codes.append(values)
        levels_of.append(None)
    for column in task.categories:
        values = np.array(columns[column])
        levels = sorted(set(values[learnt]))
        place = {level: i for i, level in enumerate(levels)}
        code = np.array([place.get(value, -1) for value in values])
        blocks.append((code[:, None] == np.arange(len(levels))).astype(float))
        codes.append(np.where(code < 0, np.nan, code))
        levels_of.append(levels)
    matrix, codes = np.hstack(blocks).astype("float32"), np.stack(codes, 1)
    parts = [Rows(matrix[part], codes[part], label[part], group[part]) for part in (split == 0, split == 1, learnt, split == 2)]
    return Data(task, names, *parts, levels_of)


def write_csv(name, seed, path, learn_from_selection=False):
    """The same rows and splits for the engine: its inputs, `label` (yes or no), the group's column and `split`. Where it is to learn from the
    selection rows, as other libraries do, these are training rows."""
    written = {**dict(enumerate(SPLITS)), **({1: "train"} if learn_from_selection else {})}
    columns, label, group, names = read(name)
    task, split = TASKS[name], stratified(label, group, seed)
    inputs = [*task.numbers, *task.categories]
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow([*inputs, "label", f"group_{task.group}", "split"])
        for i, values in enumerate(zip(*(columns[column] for column in inputs))):
            out.writerow([*values, "yes" if label[i] else "no", names[group[i]], written[split[i]]])
    return split
