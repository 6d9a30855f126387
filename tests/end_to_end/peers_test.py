"""How benchmarks/peers/compare_libraries.py uses the program: its config, splits and decisions are what the program itself reports."""
import json
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["EQUIPOISE"] = os.environ["EQUIPOISE_PROGRAM"]
sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))
from libraries import measures, tasks, with_equipoise  # noqa: E402

TOLERANCES = [.02, .1]


def some_of_credit(group):
    columns, label, groups = tasks.credit(group)
    return {name: values[:3000] for name, values in columns.items()}, label[:3000], groups[:3000]


class PeersTest(unittest.TestCase):
    def setUp(self):
        tasks.TASKS["small"] = tasks.Task("Some of Credit", "sex", some_of_credit, "sex", ("LIMIT_BAL", "PAY_0", "PAY_2"), ("EDUCATION_1",),
                                          ((8,), .1, 2))
        self.addCleanup(tasks.TASKS.pop, "small")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_decisions_have_the_accuracy_and_the_gap_that_the_program_reports(self):
        for constraint in tasks.CONSTRAINTS:
            decided = dict(with_equipoise.run("small", constraint, TOLERANCES, 1))
            self.assertEqual(list(decided), TOLERANCES)
            with_equipoise.prepare("small", constraint, self.folder, 1)
            with_equipoise.command("train", self.folder / "peers.yaml", f"bank.tolerances={TOLERANCES}", f"output.run={constraint}")
            data = tasks.at_seed("small", 1)
            for k, tolerance in enumerate(TOLERANCES):
                results = json.loads((self.folder / constraint / "members" / f"{k:03d}" / "results.json").read_text())
                test = next(split for split in results["splits"] if split["split"] == "test")
                cells = measures.cells_of(decided[tolerance], data.test.label, data.test.group, data.group_names)
                self.assertEqual(test["constraints"][0]["tolerance"], tolerance)
                self.assertAlmostEqual(measures.accuracy(cells), test["metrics"]["accuracy"], 6)
                self.assertAlmostEqual(measures.gap(cells, constraint), test["constraints"][0]["gap"], 6)
                self.assertGreater(measures.selected(cells), 0)

    def test_an_override_that_the_program_refuses_is_told_in_its_words(self):
        with self.assertRaisesRegex(RuntimeError, "equipoise train ended with 2: .*model.kind"):
            list(with_equipoise.run("small", "parity", TOLERANCES, 0, ["model.kind=oak"]))


if __name__ == "__main__":
    unittest.main()
