"""scripts/kernel_resources.py finds a kernel that spills, and a report that is missing."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/kernel_resources.py"

REPORT = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z5plainPf' for 'sm_90'
ptxas info    : Function properties for _Z5plainPf
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 256 bytes smem
ptxas info    : Compiling entry function '_Z5otherPf' for 'sm_90'
ptxas info    : Function properties for _Z5otherPf
    {stack} bytes stack frame, {stores} bytes spill stores, {loads} bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers
"""


class KernelResourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, stack=0, stores=0, loads=0):
        (self.folder / "op_cuda.cu.o").write_text("")
        (self.folder / "op_cuda.cu.o.ptxas").write_text(REPORT.format(stack=stack, stores=stores, loads=loads))

    def check(self):
        return subprocess.run([sys.executable, SCRIPT, self.folder], capture_output=True, text=True)

    def test_kernels_without_local_memory_pass(self):
        self.write()
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"40 +256 +0 +0  plain")

    def test_a_stack_frame_or_a_spill_fails(self):
        for local in ({"stack": 8}, {"stores": 4}, {"loads": 4}):
            self.write(**local)
            result = self.check()
            self.assertEqual(result.returncode, 1, local)
            self.assertRegex(result.stderr, r"other\(float\*\) keeps [48] bytes in local memory \(sm_90, 255 registers\)")
            self.assertNotIn("plain", result.stderr)

    def test_an_object_without_a_report_is_an_error(self):
        (self.folder / "op_cuda.cu.o").write_text("")
        result = self.check()
        self.assertEqual(result.returncode, 2)
        self.assertIn("op_cuda.cu.o has no ptxas report", result.stderr)

    def test_a_build_without_cuda_is_skipped_with_its_reason(self):
        result = self.check()
        self.assertEqual(result.returncode, 77)
        self.assertIn("skipped:", result.stdout)
        self.assertIn("a build without CUDA", result.stdout)


if __name__ == "__main__":
    unittest.main()
