"""scripts/bench_instructions.sh counts what an op costs, the same each time, and more when it does more."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

# Two ops by their names, without torch: under valgrind that alone takes a minute to load.
PROGRAM = """
namespace at { struct Tensor { volatile int value = 0; }; }
namespace equipoise::kernels {
[[gnu::noinline]] void inner(at::Tensor& x) { x.value = x.value + 1; }
[[gnu::noinline]] void push_out(at::Tensor& x, double) { for (int i = 0; i < REPEATS; ++i) inner(x); }
[[gnu::noinline]] double price(const at::Tensor& x, at::Tensor&) { return x.value * 2.0; }
}
int main() {
  at::Tensor x, y;
  equipoise::kernels::push_out(x, 1.0);
  equipoise::kernels::push_out(x, 1.0);
  return equipoise::kernels::price(x, y) > 0 ? 0 : 1;
}
"""


class BenchInstructionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def count(self, *words, **environment):
        return subprocess.run([SCRIPTS / "bench_instructions.sh", *words], capture_output=True, text=True,
                              env=os.environ | environment)

    def counted(self, repeats):
        program, output = self.folder / f"program_{repeats}", self.folder / f"{repeats}.json"
        compile_words = ["c++", "-std=c++20", "-O1", f"-DREPEATS={repeats}", "-x", "c++", "-", "-o", program]
        subprocess.run(compile_words, input=PROGRAM, text=True, check=True)
        result = self.count("--program", program, "--output", output)
        self.assertEqual(result.returncode, 0, result.stderr)
        return output

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_counts_repeat_and_grow_with_the_work(self):
        small, large = self.counted(1000), self.counted(1100)
        cases = {case["name"]: case["real_time"] for case in json.loads(small.read_text())["benchmarks"]}
        self.assertEqual(sorted(cases), ["inner", "price", "push_out"])
        self.assertGreater(cases["push_out"], 2 * 1000 * 3)
        self.assertGreater(cases["push_out"], cases["inner"])
        self.assertLess(cases["price"], 20)
        self.assertEqual(self.counted(1000).read_text(), small.read_text())
        compare = [SCRIPTS / "bench_compare.sh", "--threshold", "1.02", small]
        self.assertEqual(subprocess.run([*compare, small], capture_output=True).returncode, 0)
        slower = subprocess.run([*compare, large], capture_output=True, text=True)
        self.assertEqual(slower.returncode, 1)
        self.assertRegex(slower.stdout, r"push_out .* instr +1\.\d\d\d  slower")

    def test_says_what_is_missing(self):
        result = self.count("--program", "/nowhere", "--output", self.folder / "x.json")
        self.assertEqual(result.returncode, 2)
        self.assertIn("no program at /nowhere: scripts/build.sh --benchmarks", result.stderr)
        self.assertEqual(self.count("--program", "/bin/true").returncode, 2)
        tools = self.folder / "tools"
        tools.mkdir()
        for tool in ("bash", "dirname", "env"):
            (tools / tool).symlink_to(shutil.which(tool))
        result = self.count("--program", "/bin/true", "--output", self.folder / "x.json", PATH=str(tools))
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertIn("skipped: valgrind is not installed", result.stdout)
        self.assertFalse((self.folder / "x.json").exists())


if __name__ == "__main__":
    unittest.main()
