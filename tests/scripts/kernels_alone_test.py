"""kernels/ builds as a project of its own, without GoogleTest and Google Benchmark; the stand-in runs the cases that
GoogleTest runs, and what stands in for Google Benchmark times and counts as it does.

usage: kernels_alone_test.py SOURCE_FOLDER BUILD_FOLDER PYTHON KERNELS_TEST
  BUILD_FOLDER   of this test alone; kept, so that a second run compiles only what changed
  KERNELS_TEST   the program that GoogleTest runs, for its list of cases
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

SOURCE, BUILD, PYTHON, KERNELS_TEST = sys.argv[1:5]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "2"})


def listed(program):
    """Suite.Case of each case, without GoogleTest's remarks on parameters."""
    names, suite = set(), ""
    for line in run(program, "--gtest_list_tests").stdout.splitlines():
        name = line.split("#")[0].rstrip()
        if line.startswith("  "):
            names.add(suite + name.strip())
        elif name.endswith("."):
            suite = name
    return names


class KernelsAloneTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What an earlier run found is looked for again; its objects stay (cmake --fresh would throw them away too).
        pathlib.Path(BUILD, "CMakeCache.txt").unlink(missing_ok=True)
        for words in (("cmake", "-S", f"{SOURCE}/kernels", "-B", BUILD, "-G", "Ninja", "-DEQUIPOISE_CUDA=OFF",
                       f"-DEQUIPOISE_PYTHON={PYTHON}", "-DEQUIPOISE_BENCHMARKS=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON",
                       "-DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON"),
                      ("ninja", "-C", BUILD, "-j", os.environ.get("EQUIPOISE_JOBS", "2"), "kernels_test",
                       "standin_failing_cases", "standin_benchmark_cases")):
            result = run(*words)
            if result.returncode != 0:
                raise AssertionError(f"{' '.join(words)}\n{result.stdout[-4000:]}\n{result.stderr[-2000:]}")

    def test_every_case_of_googletest_runs_and_passes(self):
        alone = f"{BUILD}/bin/kernels_test"
        self.assertEqual(listed(alone), listed(KERNELS_TEST))
        self.assertGreater(len(listed(alone)), 100)
        result = run(alone)
        self.assertEqual(result.returncode, 0, result.stdout[-4000:])
        self.assertIn(f"[  PASSED  ] {len(listed(alone))} tests.", result.stdout)

    def test_the_stand_in_can_fail(self):
        program = f"{BUILD}/bin/standin_failing_cases"
        names = listed(program)
        failing = sorted(name for name in names if "Failing" in name)
        self.assertEqual(len(failing), 24)
        result = run(program)
        self.assertEqual(result.returncode, 1)
        last = result.stdout[result.stdout.index("tests ran."):]
        self.assertEqual(sorted(line.split()[-1] for line in last.splitlines() if "FAILED" in line), failing)
        self.assertIn("[  PASSED  ] 1 tests.\n[  SKIPPED ] 1 tests.", last)

    def test_the_filter_chooses_as_googletests_does(self):
        program = f"{BUILD}/bin/standin_failing_cases"
        for chosen in ("Passing.*", "*Stops*:Nothing.*", "-*Failing*:Skipping.*"):
            result = run(program, f"--gtest_filter={chosen}")
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn("[==========] 1 tests ran.", result.stdout)
        self.assertEqual(run(program, "--gtest_filter=Nothing.*").returncode, 2)
        self.assertEqual(run(program, "--gtest_fliter=x").returncode, 2)

    def test_the_benchmarks_stand_in_writes_what_bench_compare_reads(self):
        program, figures = f"{BUILD}/bin/standin_benchmark_cases", pathlib.Path(BUILD) / "figures.json"
        names = ["two/ms/N:3/M:4/manual_time", "two/ms/N:5/M:6/manual_time", "wrong_answer/7", "timed_by_the_wall/real_time"]
        self.assertEqual(run(program, "--benchmark_list_tests").stdout.split(), names)
        options = ("--benchmark_min_time=0.01", f"--benchmark_out={figures}")
        self.assertEqual(run(program, *options).returncode, 1)
        cases = {case["name"]: case for case in json.loads(figures.read_text())["benchmarks"]}
        self.assertEqual(list(cases), names)
        for name, size in zip(names[:2], (12, 30)):
            self.assertAlmostEqual(cases[name]["real_time"], 2000, places=6)
            self.assertEqual(cases[name]["time_unit"], "us")
            self.assertAlmostEqual(cases[name]["bytes"], size / 2e-3, places=3)
            self.assertEqual(cases[name]["plain"], 5)
        self.assertEqual(cases["wrong_answer/7"]["error_message"], 'a "wrong" answer')
        self.assertGreater(cases["timed_by_the_wall/real_time"]["iterations"], 1000)
        self.assertEqual(run(program, *options, "--benchmark_filter=^two", "--benchmark_repetitions=3").returncode, 0)
        compared = run(f"{SOURCE}/scripts/bench_compare.sh", str(figures), str(figures))
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertEqual(compared.stdout.count(" 1.000"), 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
