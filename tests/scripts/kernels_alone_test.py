"""kernels/ builds as a project of its own, without GoogleTest, and the stand-in runs the cases that GoogleTest runs.

usage: kernels_alone_test.py SOURCE_FOLDER BUILD_FOLDER PYTHON KERNELS_TEST
  BUILD_FOLDER   of this test alone; kept, so that a second run compiles only what changed
  KERNELS_TEST   the program that GoogleTest runs, for its list of cases
"""

import os
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
        for words in (("cmake", "--fresh", "-S", f"{SOURCE}/kernels", "-B", BUILD, "-G", "Ninja", "-DEQUIPOISE_CUDA=OFF",
                       f"-DEQUIPOISE_PYTHON={PYTHON}", "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON"),
                      ("ninja", "-C", BUILD, "-j", os.environ.get("EQUIPOISE_JOBS", "2"))):
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
