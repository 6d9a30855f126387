"""benchmarks/peers/compare_libraries.py: what is measured, splits, going on after a kill, failures, and that the page holds what is stored."""
import ast
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
PROGRAM = PEERS / "compare_libraries.py"
sys.path.insert(0, str(PEERS))
from libraries import comparison, jobs, measures, methods, page, tasks  # noqa: E402

# Group a: 10 negatives of whom 2 are decided 1, 10 positives of whom 8 are; group b: 20 and 4, 5 and 3.
CELLS = {"a": [10, 2, 10, 8], "b": [20, 4, 5, 3]}


def program(*words):
    return [sys.executable, str(PROGRAM), *map(str, words)]


class MeasuresTest(unittest.TestCase):
    def test_cells_count_decisions(self):
        cells = measures.cells_of([1, 0, 1, 1, 0], np.array([1, 1, 0, 1, 0]), np.array([0, 0, 0, 1, 1]), ["a", "b"])
        self.assertEqual(cells, {"a": [1, 1, 2, 1], "b": [1, 0, 1, 1]})

    def test_accuracy_and_gaps_by_hand(self):
        self.assertAlmostEqual(measures.accuracy(CELLS), (8 + 8 + 16 + 3) / 45)
        self.assertAlmostEqual(measures.gap(CELLS, "parity"), 10 / 20 - 7 / 25)
        self.assertAlmostEqual(measures.gap(CELLS, "odds"), 8 / 10 - 3 / 5)
        self.assertAlmostEqual(measures.gap({**CELLS, "b": [20, 10, 5, 4]}, "odds"), 10 / 20 - 2 / 10)

    def test_a_group_without_rows_has_no_rate(self):
        self.assertAlmostEqual(measures.gap({**CELLS, "none": [4, 0, 0, 0]}, "odds"), .2)  # its false positive rate is 0, its other is none

    def test_noise_floor_is_the_mean_absolute_difference_of_two_normals(self):
        # Two groups of 2,000 with rate .3: a difference has deviation (2 x .21 / 2000)^.5, its mean size is (2 / pi)^.5 of that.
        floor = measures.noise_floor({"a": [1400, 0, 600, 600], "b": [1400, 0, 600, 600]}, "parity")
        self.assertAlmostEqual(floor, (2 * .21 / 2000) ** .5 * (2 / np.pi) ** .5, delta=.0005)

    def test_interval_of_three_seeds(self):
        mean, half = measures.mean_interval([1, 2, 3])
        self.assertAlmostEqual(mean, 2)
        self.assertAlmostEqual(half, 4.303 / 3 ** .5)
        self.assertEqual(measures.mean_interval([5]), (5, None))

    def test_accuracy_at_equal_gap(self):
        points = [(.04, .86), (.02, .84), (.03, .83), (.08, .86)]  # the third and the last are beaten
        self.assertEqual(measures.frontier(points), [(.02, .84), (.04, .86)])
        self.assertAlmostEqual(measures.accuracy_at(points, .025), .845)
        self.assertAlmostEqual(measures.accuracy_at(points, .5), .86)
        self.assertIsNone(measures.accuracy_at(points, .019))

    def test_jackknife_of_a_mean_is_its_standard_error(self):
        values = {0: 1., 1: 2., 2: 6.}
        whole, error = measures.jackknife(lambda seeds: sum(values[seed] for seed in seeds) / len(seeds), [0, 1, 2])
        self.assertAlmostEqual(whole, 3)
        self.assertAlmostEqual(error, (7 / 3) ** .5)  # variance (4 + 1 + 9) / 2 over 3 values


class TasksTest(unittest.TestCase):
    def test_splits_keep_the_shares_of_every_cell(self):
        label, group = np.arange(1000) % 2, np.arange(1000) // 500
        split = tasks.stratified(label, group, 3)
        for cell in range(4):
            self.assertEqual(np.bincount(split[2 * group + label == cell]).tolist(), [150, 50, 50])
        self.assertTrue((split == tasks.stratified(label, group, 3)).all())
        self.assertFalse((split == tasks.stratified(label, group, 4)).all())

    def test_the_engine_reads_the_same_rows_and_splits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "rows.csv"
            split = tasks.write_csv("credit_sex", 0, path)
            lines = path.read_text().splitlines()
        data = tasks.at_seed("credit_sex", 0)
        tested = [line.split(",")[-3:] for line in lines[1:] if line.endswith(",test")]
        self.assertEqual([row[0] == "yes" for row in tested], data.test.label.astype(bool).tolist())
        self.assertEqual([row[1] for row in tested], [data.group_names[g] for g in data.test.group])
        self.assertEqual(len(data.learning.label), int((split != 2).sum()))
        self.assertNotIn("SEX", lines[0].split(","))

    def test_inputs_are_standardised_by_the_rows_that_are_learnt_from(self):
        data = tasks.at_seed("credit_sex", 0)
        self.assertLess(np.abs(data.learning.matrix[:, :19].mean(0)).max(), 1e-3)
        self.assertGreater(np.abs(data.test.matrix[:, :19].mean(0)).max(), 1e-3)


class MethodsTest(unittest.TestCase):
    def test_every_row_names_a_function_that_is_there(self):
        for name, method in methods.METHODS.items():
            module, function = method.call.split(":")
            tree = ast.parse((PEERS / "libraries" / f"{module}.py").read_text())
            self.assertIn(function, [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], name)
            self.assertTrue((PEERS / f"requirements{method.environment}.txt").exists(), name)
            self.assertNotIn("|", method.settings, "would be one more column of the page's table")


FAKE = """#!{python}
import json, os, sys, time
unit = json.loads(sys.argv[-1])
with open({calls!r}, "a") as calls:
    calls.write(f"{{unit['method']}} {{unit['constraint']}} {{unit['tolerances']}}\\n")
if unit["method"] == "fairgbm":
    sys.exit("ValueError: no | such thing")
for i, tolerance in enumerate(unit["tolerances"]):
    if os.path.exists({slow!r}) and i == 2 and unit["method"] == "cooper":
        time.sleep(60)
    while os.path.exists({busy!r}) and i == 2 and unit["method"] == "cooper":
        pass
    print(json.dumps({{"tolerance": tolerance, "cells": {{"a": [100, 10, 50, 30], "b": [80, 6 + i, 40, 24]}}, "seconds": 1.5, "processor_seconds": 1.25}}),
          flush=True)
"""


class RunTest(unittest.TestCase):
    """The real program, with a stand-in for the environments' Python that answers like a worker."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("", "_fairgbm"):
            environment = self.folder / f"peers{name}"
            (environment / "bin").mkdir(parents=True)
            python = environment / "bin" / "python"
            python.write_text(FAKE.format(python=sys.executable, **{name: str(self.folder / name) for name in ("calls", "slow", "busy")}))
            python.chmod(0o755)
            (environment / ".installed").write_text(hashlib.sha256((PEERS / f"requirements{name}.txt").read_bytes()).hexdigest())
        self.results = self.folder / "libraries_adult_sex.jsonl"

    def words(self, verb, *more):
        return program(verb, "--results", self.folder, "--environments", self.folder, "--task", "adult_sex", "--seeds", "0,1", "--method", "lightgbm",
                       "cooper", "fairgbm", "fairret", *more)

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def test_a_killed_run_goes_on_and_computes_nothing_twice(self):
        (self.folder / "slow").touch()
        running = subprocess.Popen(self.words("run"), stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.time() + 30
        while time.time() < deadline and not (self.results.exists() and self.results.read_text().count('"cooper"') == 2):
            time.sleep(.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
        (self.folder / "slow").unlink()
        with open(self.results, "a") as file:
            file.write('{"task":"adult_sex","cut off in the mid')
        before = self.calls()
        done = subprocess.run(self.words("run"), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.calls()[len(before)], "cooper parity [0.05, 0.1]")  # the two tolerances that were left
        lines = [json.loads(line) for line in self.results.read_text().splitlines()]
        keys = [jobs.key(job) for job in lines]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual(len(keys), 2 * (1 + 2 * 4 + 4 + 2 * 4))  # FairGBM has no parity
        before = self.calls()
        again = subprocess.run(self.words("run"), capture_output=True, text=True)
        self.assertIn("0 units run", again.stdout)
        self.assertEqual(self.calls(), before)
        self.assertIn("12 of 12 units are done", subprocess.run(self.words("status"), capture_output=True, text=True).stdout)

    def test_a_failure_is_a_result_and_tried_again_when_asked(self):
        done = subprocess.run(self.words("run"), capture_output=True, text=True)
        self.assertIn("FAILED: ValueError: no | such thing", done.stdout)
        failed = [job for job in jobs.read(self.folder).values() if "failed" in job]
        self.assertEqual({(job["method"], job["failed"]) for job in failed}, {("fairgbm", "ValueError: no | such thing")})
        before = len(self.calls())
        self.assertIn("2 units run", subprocess.run(self.words("run", "--again"), capture_output=True, text=True).stdout)
        self.assertEqual(self.calls()[before:], ["fairgbm odds [0.01, 0.02, 0.05, 0.1]"] * 2)

    def test_a_time_out_keeps_what_was_done(self):
        for what, limit in (("busy", "1"), ("slow", "0.5")):  # of the processor; ten times as many by the clock
            with self.subTest(what):
                self.results.unlink(missing_ok=True)
                (self.folder / what).touch()
                words = self.words("run", "--time-out", limit, "--seeds", "0", "--constraint", "parity")
                done = subprocess.run(words, capture_output=True, text=True)
                (self.folder / what).unlink()
                self.assertIn(f"FAILED: time-out after {limit} s", done.stdout)
                cooper = [job for job in jobs.read(self.folder).values() if job["method"] == "cooper"]
                self.assertEqual([job.get("failed") for job in cooper], [None, None] + 2 * [f"time-out after {limit} s"])


def job(method, constraint, seed, tolerance, women, men, **more):
    return {"task": "adult_sex", "constraint": constraint, "method": method, "seed": seed, "tolerance": tolerance,
            "cells": {"women": women, "men": men}, "seconds": 3., "processor_seconds": 2., "machine": "a machine, 2 cores", **more}


# Of 1,000 women 100 are positive, of 1,000 men 300. Gap and accuracy by hand beside each.
STORED = [
    job("equipoise", "parity", 0, .05, [900, 110, 100, 60], [700, 40, 300, 180]),    # gap .05, accuracy (790 + 60 + 660 + 180) / 2000 = .845
    job("cooper", "parity", 0, .05, [900, 120, 100, 60], [700, 40, 300, 180]),       # .04, .84
    job("cooper", "parity", 0, .1, [900, 100, 100, 70], [700, 40, 300, 210]),        # .08, .87
    job("lightgbm", None, 0, None, [900, 30, 100, 70], [700, 70, 300, 230]),         # .2, .9
    job("thresholds", "parity", 0, .05, [900, 70, 100, 70], [700, 0, 300, 150]),     # .01, .875; needs the group
    {"task": "adult_sex", "constraint": "parity", "method": "fairret", "seed": 0, "tolerance": .05, "failed": "ValueError: a | b", "machine": "a machine, 2 cores"},
]


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def report(self, stored):
        jobs.append(self.folder, stored)
        page.write(jobs.read(self.folder), self.folder)
        return (self.folder / "benchmarks.md").read_text()

    def test_equal_gap_is_read_off_the_blind_frontier(self):
        found = comparison.entries(STORED, "adult_sex", "parity")
        only, = comparison.at_equal_gap(found, "equipoise", comparison.blind_peers(), comparison.mean_gap)
        self.assertEqual((only.peer, only.seeds, only.error), ("cooper", [0], None))
        self.assertAlmostEqual(only.gap, .05)
        self.assertAlmostEqual(only.difference, .845 - (.84 + .03 / 4))  # a quarter of the way from .04 to .08

    def test_a_peer_that_is_never_as_fair_is_none(self):
        fair = job("equipoise", "parity", 0, .05, [900, 100, 100, 60], [700, 0, 300, 160])   # gap 0
        only, = comparison.at_equal_gap(comparison.entries([fair, *STORED[1:]], "adult_sex", "parity"), "equipoise", comparison.blind_peers(),
                                        comparison.mean_gap)
        self.assertEqual((only.peer, only.difference), (None, None))

    def test_pooled_gaps_are_of_counts_added_up(self):
        more = [job("equipoise", "parity", 1, .05, [900, 90, 100, 40], [700, 60, 300, 220]),   # rates .13 and .28, of both seeds .15 and .25
                job("cooper", "parity", 1, .05, [900, 150, 100, 100], [700, 10, 300, 150])]    # .25 and .16, of both seeds .215 and .19
        found = comparison.entries([*STORED, *more], "adult_sex", "parity")
        ours, peer = found["equipoise"].points[0], found["cooper"].points[0]
        self.assertAlmostEqual(comparison.mean_gap(ours, [0, 1]), (.05 + .15) / 2)
        self.assertAlmostEqual(comparison.pooled_gap(ours, [0, 1]), .1)
        self.assertAlmostEqual(comparison.mean_gap(peer, [0, 1]), (.04 + .09) / 2)
        self.assertAlmostEqual(comparison.pooled_gap(peer, [0, 1]), .025)  # one favours men, the other women
        self.assertAlmostEqual(comparison.pooled_gap(peer, [1]), .09)

    def test_the_best_of_each_side_is_read_off_at_tolerance_and_noise(self):
        found = comparison.entries(STORED, "adult_sex", "parity")
        floor = comparison.floor_of(found)
        self.assertTrue(0 < floor < .03)
        tight, *_, of_05, _ = comparison.best_of_each(found, ["equipoise"], comparison.blind_peers())
        self.assertEqual((tight.tolerance, tight.ours, tight.difference), (.01, None, None))  # the only point of ours has a gap of .05
        self.assertEqual((of_05.tolerance, of_05.ours, of_05.peer[1]), (.05, (.845, "equipoise"), "cooper"))
        self.assertAlmostEqual(of_05.gap, .05 + floor)
        self.assertAlmostEqual(of_05.peer[0], .84 + .03 * (.01 + floor) / .04)
        self.assertAlmostEqual(of_05.difference, .845 - of_05.peer[0])

    def test_a_gain_is_kept_by_models_inside_alone(self):
        self.assertEqual(page.inside_cells([(True, True, .04), (False, True, .02), (False, False, .09)]),
                         "1 (2) of 3 | +0.0500 | +0.0133 (+0.0200)")
        self.assertEqual(page.inside_cells([]), " |  | ")

    def test_networks_are_compared_among_themselves(self):
        peers = comparison.blind_peers(networks_alone=True)
        self.assertEqual(sorted(peers), ["cooper", "fairret", "humancompatible", "network"])
        rest = [name for name in peers if name not in {stored["method"] for stored in STORED}]
        trees = job("equipoise_trees", "parity", 0, .05, [900, 110, 100, 60], [700, 40, 300, 180])
        text = self.report([*STORED, trees, *({**STORED[-1], "method": name, "constraint": None if methods.METHODS[name].free else "parity"} for name in rest)])
        section = text[text.index("## Networks among networks"):text.index("## Adult by sex")]
        self.assertIn("| Adult by sex, demographic parity | Equipoise, networks | 0.05 | 1 | 0.0500 | 0.8450 | Cooper | -0.0025 | **behind** |", section)
        self.assertNotIn("Equipoise, boosted trees", section)
        self.assertIn("best other network in 0 of 1 points, below it in 1.", section)

    def test_points_wait_for_every_blind_peer(self):
        text = self.report(STORED)
        self.assertIn("Left out until every blind peer has been run: Adult by sex, demographic parity (6 of the blind peers not run)", text)
        self.assertIn("At or above the best blind peer in 0 of 0 points", text)

    def test_the_page_tells_losses_failures_and_machine(self):
        rest = [name for name, method in methods.METHODS.items() if name not in {stored["method"] for stored in STORED}]
        text = self.report([*STORED, *({**STORED[-1], "method": name, "constraint": None if methods.METHODS[name].free else "parity"} for name in rest)])
        self.assertIn("| Adult by sex, demographic parity | Equipoise, networks | 0.05 | 1 | 0.0500 | 0.8450 | Cooper | -0.0025 | **behind** |", text)
        self.assertIn("At or above the best blind peer in 0 of 1 points, below it in 1.", text)
        best = text[text.index("## The best of each side"):text.index("## At equal gap")]
        self.assertIn("in 2 of 4 points, below it by no more than a standard error in 0, by more in 2.", " ".join(best.split()))
        self.assertRegex(best, r"parity \| 0.01 \| 0.0\d+ \| none is as fair \|  \| none is as fair \|  \|  \| level \|\n")
        self.assertRegex(best, r"parity \| 0.1 \| 0.1\d+ \| Equipoise, networks \| 0.8450 \| Cooper \| 0.8700 \| -0.0250 \| \*\*behind\*\* \|\n")
        self.assertIn("| Equipoise, networks | 1 | 0 | 0 | -0.0025 |", text)
        section = text[text.index("## Inside the tolerance"):text.index("## Adult by sex")]
        self.assertIn("| Equipoise, networks | 1 (1) of 1 | +0.0450 | +0.0450 (+0.0450) |  |  |  |\n", section)  # one answer is right 1,600 times of 2,000
        self.assertIn("| Cooper | 2 (2) of 2 | +0.0550 | +0.0550 (+0.0550) |  |  |  |\n", section)
        self.assertNotIn("threshold optimizer", section)
        self.assertIn("* Equipoise, networks, Adult by sex, demographic parity: 0.05 (-0.0025)\n", text)
        self.assertIn("| fairret, norm loss | | failed, 1 of its jobs: ValueError: a / b |", text)
        self.assertIn("Machine: a machine, 2 cores; one thread.", text)
        self.assertIn("| Fairlearn, threshold optimizer † | 0.05 | 0.8750 | 0.0100 | 0.145 | 1 (1) of 1 |", text)
        self.assertIn("None yet: Adult by race, Bank by age", text)

    def test_the_picture_is_whole(self):
        self.report(STORED)
        svg = (self.folder / "images" / "benchmark_adult_sex.svg").read_text()
        xml.dom.minidom.parseString(svg)
        for words in ("demographic parity", "equalized odds", "noise floor .0", "1 of 1", "failed or timed out", "Cooper"):
            self.assertIn(words, svg)

    def test_the_page_in_docs_is_what_the_stored_results_give(self):
        stored = jobs.read(ROOT / "benchmarks" / "results")
        page.write(stored, self.folder)
        for path in ("benchmarks.md", *(f"images/{image.name}" for image in (self.folder / "images").iterdir())):
            self.assertEqual((self.folder / path).read_text(), (ROOT / "docs" / path).read_text(), f"{path}: run compare_libraries.py report")


if __name__ == "__main__":
    unittest.main()
