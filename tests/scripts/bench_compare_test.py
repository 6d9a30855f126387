"""scripts/bench_compare.sh: ratios, medians, the threshold, cases in one file only, files that are not to be read."""

import json
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/bench_compare.sh"


def timed(name, value, unit="us", **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "real_time": value, "time_unit": unit, **more}


class BenchCompareTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compare(self, old, new, *options):
        for name, content in (("old.json", old), ("new.json", new)):
            text = content if isinstance(content, str) else json.dumps({"benchmarks": content})
            (self.folder / name).write_text(text)
        return subprocess.run([SCRIPT, self.folder / "old.json", self.folder / "new.json", *options],
                              capture_output=True, text=True)

    def test_prints_the_ratio_whatever_the_unit(self):
        result = self.compare([timed("push", 2.0, "ms")], [timed("push", 1500.0)])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"push +2 ms +1\.5 ms +0\.750")

    def test_fails_above_the_threshold_only(self):
        old = [timed("push", 100), timed("draw", 100)]
        new = [timed("push", 111), timed("draw", 109)]
        result = self.compare(old, new)
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 of 2 cases slower than 1.1 x: push\n", result.stdout)
        self.assertEqual(self.compare(old, new, "--threshold", "1.2").returncode, 0)
        self.assertEqual(self.compare(old, [timed("push", 103), timed("draw", 100)], "--threshold=1.02").returncode, 1)

    def test_takes_the_median_of_repetitions(self):
        spread = [timed("push", value) for value in (90, 100, 5000)]
        mean = timed("push_mean", 1730, run_type="aggregate", aggregate_name="mean", run_name="push")
        median = timed("push_median", 100, run_type="aggregate", aggregate_name="median", run_name="push")
        for repeated in (spread, spread + [mean, median], [mean, median]):
            result = self.compare([timed("push", 100)], repeated)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn("1.000", result.stdout)

    def test_names_cases_that_only_one_file_has(self):
        result = self.compare([timed("push", 100), timed("gone", 1)], [timed("push", 100), timed("fresh", 9999)])
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"gone .*only in the old file")
        self.assertRegex(result.stdout, r"fresh .*only in the new file")

    def test_refuses_what_it_cannot_read(self):
        good = [timed("push", 100)]
        for broken, words in (("{\"benchmarks\": [", "is not Google Benchmark's JSON"),
                              ("[1, 2]", "is not Google Benchmark's JSON"),
                              ("{\"benchmarks\": []}", "has no case in it"),
                              ([{"name": "push", "time_unit": "us"}], "without a readable name, real_time or time_unit"),
                              ([timed("push", 1, error_occurred=True, error_message="wrong sums")], "wrong sums")):
            result = self.compare(good, broken)
            self.assertEqual(result.returncode, 2, broken)
            self.assertIn("new.json", result.stderr)
            self.assertIn(words, result.stderr)
        words = [SCRIPT, self.folder / "old.json", self.folder / "nowhere.json"]
        result = subprocess.run(words, capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("nowhere.json: No such file", result.stderr)

    def test_refuses_files_that_share_nothing(self):
        self.assertEqual(self.compare([timed("push", 100)], [timed("draw", 100)]).returncode, 2)
        mixed = self.compare([timed("push", 100)], [timed("push", 100, "instructions")])
        self.assertEqual(mixed.returncode, 2)
        self.assertIn("push is counted in instructions in one file and timed in the other", mixed.stderr)


if __name__ == "__main__":
    unittest.main()
