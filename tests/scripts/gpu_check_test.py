"""scripts/gpu_check.py on programs that stand in for the built ones: what counts as passed, and what the JSON holds.
The GPU and the build are stood in for too: only a machine that has a GPU can run the real ones."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import gpu_check  # noqa: E402
import gpu_facts  # noqa: E402

SUMMARY = "[==========] {ran} tests ran.\n[  PASSED  ] {passed} tests.\n"
CASES = '{"benchmarks": [{"name": "cuda/push_out", "real_time": 50.0, "time_unit": "us"}]}'


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.output = self.folder / "out/gpu.json"
        (self.folder / "bin").mkdir()
        for name in ("kernels_test", "kernels_cuda_test"):
            self.program(name, f"printf '{SUMMARY.format(ran=3, passed=3)}'")
        for name in ("kernels_cuda_benchmark", "kernels_benchmark", "step_benchmark"):
            self.program(name, f"for word; do case $word in --benchmark_out=*) echo '{CASES}' >${{word#*=}};; esac; done")
        self.kernels = [{"name": "push_kernel", "registers": 40}], True

    def program(self, name, lines):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)

    def check(self, *options, no_gpu=None, sanitizer=None):
        """Exit code, standard error and the JSON, if one was written."""
        self.output.unlink(missing_ok=True)
        words = ["gpu_check.sh", "--build", str(self.folder), "--output", str(self.output), *options]
        errors = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, name, value in ((gpu_check, "build", 1.5), (gpu_check, "kernel_resources", self.kernels),
                                        (gpu_facts, "why_no_gpu", no_gpu), (gpu_facts, "capability", "9.0"),
                                        (gpu_facts, "machine", {"gpu": "H100"}), (gpu_facts, "versions", {"torch": "2.11.0"}),
                                        (gpu_facts, "limits", {"copy_bytes_per_second": 3e12})):
                stack.enter_context(mock.patch.object(target, name, return_value=value))
            stack.enter_context(mock.patch.object(gpu_check.shutil, "which", return_value=sanitizer))
            stack.enter_context(mock.patch.object(sys, "argv", words))
            stack.enter_context(contextlib.redirect_stderr(errors))
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            try:
                code = gpu_check.main()
            except SystemExit as end:
                code = end.code
        return code, errors.getvalue(), json.loads(self.output.read_text()) if self.output.exists() else None

    def test_writes_every_figure_when_all_passes(self):
        code, _, report = self.check()
        self.assertEqual(code, 0)
        self.assertTrue(report["passed"])
        self.assertEqual(report["tests"]["cuda"]["ran"], 3)
        self.assertEqual(report["benchmarks"]["kernels_cuda_benchmark"]["cases"][0]["real_time"], 50)
        self.assertEqual(report["machine"], {"gpu": "H100"})
        self.assertEqual(report["limits"]["copy_bytes_per_second"], 3e12)
        self.assertEqual(report["sanitizer"], {"skipped": "compute-sanitizer is not installed"})
        self.assertEqual(report["kernels"][0]["registers"], 40)
        self.assertRegex(report["commit"], r"^([0-9a-f]{12}|unknown)")

    def test_times_steps_where_it_is_given_their_program(self):
        self.assertNotIn("step_benchmark", self.check()[2]["benchmarks"])
        code, _, report = self.check("--step-benchmark", str(self.folder / "bin/step_benchmark"))
        self.assertEqual(code, 0)
        self.assertEqual(report["benchmarks"]["step_benchmark"]["cases"][0]["real_time"], 50)
        code, errors, report = self.check("--step-benchmark", str(self.folder / "bin/another"))
        self.assertEqual((code, report), (2, None))
        self.assertIn("bin/another is not a program", errors)

    def test_a_failed_or_skipped_test_is_not_passed(self):
        summary = SUMMARY.format(ran=3, passed=2)
        for lines, failed in ((f"printf '{summary}[  FAILED  ] Push.Agrees\\n'; exit 1", ["Push.Agrees"]),
                              (f"printf '{summary}[  SKIPPED ] 1 test, listed below:\\n'", []),
                              ("exit 0", []), ("kill -SEGV $$", [])):
            self.program("kernels_cuda_test", lines)
            code, _, report = self.check()
            self.assertEqual((code, report["passed"]), (1, False), lines)
            self.assertEqual(report["tests"]["cuda"]["failed"], failed)

    def test_a_wrong_answer_in_a_benchmark_is_not_passed(self):
        self.program("kernels_cuda_benchmark", "exit 0")
        code, _, report = self.check()
        self.assertEqual(code, 1)
        self.assertIn("no figures", report["benchmarks"]["kernels_cuda_benchmark"]["error"])
        broken = '{"benchmarks": [{"name": "push", "error_occurred": true, "error_message": "wrong gradient"}]}'
        self.program("kernels_cuda_benchmark",
                     f"for word; do case $word in --benchmark_out=*) echo '{broken}' >${{word#*=}};; esac; done")
        self.assertEqual(self.check()[0], 1)

    def test_the_sanitizer_runs_small_tests_and_its_errors_count(self):
        tool = self.folder / "compute-sanitizer"
        for exit_code in (0, 9):
            tool.write_text("#!/bin/sh\necho \"$@\"\nshift 4\n\"$@\"\necho '========= ERROR SUMMARY: 0 errors'\n"
                            f"exit {exit_code}\n")
            tool.chmod(0o755)
            code, _, report = self.check(sanitizer=str(tool))
            self.assertEqual(code, 1 if exit_code else 0)
            self.assertEqual(sorted(report["sanitizer"]), ["memcheck", "racecheck"])
            self.assertEqual(report["sanitizer"]["racecheck"]["summary"], ["ERROR SUMMARY: 0 errors"])
            self.assertIn("--tool memcheck --error-exitcode 9", (self.folder / "memcheck.log").read_text())
            self.assertIn("--gtest_filter=-CellStatsCudaTest.AgreesWith", (self.folder / "memcheck.log").read_text())

    def test_a_spill_is_not_passed(self):
        self.kernels = [{"name": "push_kernel", "stack": 8}], False
        self.assertEqual(self.check()[0], 1)

    def test_says_so_without_a_gpu(self):
        code, errors, report = self.check(no_gpu="no GPU on this machine")
        self.assertEqual((code, report), (2, None))
        self.assertIn("no GPU on this machine. Nothing was checked", errors)
        code, _, report = self.check("--build-only", no_gpu="no GPU on this machine")
        self.assertEqual((code, report), (0, None))


if __name__ == "__main__":
    unittest.main()
