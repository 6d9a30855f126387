"""scripts/package.sh: unpacked in another folder and started with an emptied environment, the package trains the quickstart's
config, and nothing of the build or the sources is loaded.

usage: package_test.py SOURCE_FOLDER BUILD_FOLDER TORCH_FOLDER
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, TORCH = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
LARGEST = 60 * 1024 * 1024


def run(*words, environment=None, folder="/"):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=folder, env=environment or {})


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="equipoise_package_"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        archive = cls.folder / "packed.tar.gz"
        packed = run(SOURCE / "scripts/package.sh", "--built", BUILD, "--output", archive, environment=os.environ)
        if packed.returncode != 0:
            raise AssertionError(packed.stdout + packed.stderr)
        cls.size, cls.words = archive.stat().st_size, packed.stdout
        (cls.folder / "else where").mkdir()
        run("tar", "xf", archive, folder=cls.folder / "else where", environment=os.environ)
        cls.top, = (cls.folder / "else where").iterdir()
        cls.program = cls.top / "equipoise"

    def test_fits_and_runs_on_glibc_2_36(self):
        self.assertLess(self.size, LARGEST)
        self.assertLessEqual(int(re.search(r"needs GLIBC 2\.(\d+)", self.words)[1]), 36)

    def test_no_file_names_a_folder_of_this_machine_to_the_loader(self):
        programs = [self.top / "libexec/equipoise", *(self.top / "lib").glob("*.so*")]
        self.assertGreater(len(programs), 4)
        for program in programs:
            dynamic = run("readelf", "-d", program, environment=os.environ).stdout
            self.assertRegex(dynamic, r"RUNPATH.*\[\$ORIGIN(/\.\./lib)?\]", program)

    def test_trains_the_quickstart_with_an_emptied_environment(self):
        log = self.folder / "loaded"
        result = run("env", "-i", "LD_DEBUG=libs", f"LD_DEBUG_OUTPUT={log}", self.program, "--torch", TORCH, "train",
                     self.top / "configs/adult_equalized_odds.yaml", "training.epochs=1", "evaluation.resamples=200",
                     "output.run=moved", "device=cpu")
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])
        run_folder = self.top / "runs/moved"
        self.assertIn("<html", (run_folder / "report.html").read_text())
        self.assertEqual(json.loads((run_folder / "run.json").read_text())["status"], "finished")
        loaded = set()
        for part in self.folder.glob("loaded.*"):
            loaded |= set(re.findall(r"calling init: (\S.*)", part.read_text(errors="replace")))
        ours = {path for path in loaded if "/else where/" in path}
        self.assertTrue({"libequipoise_kernels.so", "libarrow.so.2600"} <= {pathlib.Path(path).name for path in ours}, loaded)
        own_torch = (str(TORCH.parent / "torch/"), str(TORCH.parent / "nvidia/"))
        self.assertTrue(any(path.startswith(own_torch) for path in loaded), loaded)
        strangers = [path for path in loaded - ours if path.startswith((str(SOURCE), str(BUILD))) and not path.startswith(own_torch)]
        self.assertEqual(strangers, [])

    def test_grows_trees_with_the_xgboost_that_it_brings(self):
        if not (TORCH.parent / "xgboost/lib/libxgboost.so").exists():
            self.skipTest("there was no XGBoost to pack")
        log = self.folder / "opened"
        result = run("env", "-i", "LD_DEBUG=libs", f"LD_DEBUG_OUTPUT={log}", self.program, "--torch", TORCH, "train",
                     self.top / "configs/adult_boosted_trees.yaml", "model.trees.rounds=3", "evaluation.resamples=200",
                     f"output.folder={self.folder}/runs", "output.run=trees")
        self.assertEqual(result.returncode, 0, result.stderr)
        loaded = " ".join(part.read_text(errors="replace") for part in self.folder.glob("opened.*"))
        self.assertRegex(loaded, r"calling init: \S*/else where/\S*/libxgboost\.so")

    def test_finds_torch_by_path_by_variable_or_by_python(self):
        link = self.folder / "linked"
        link.symlink_to(self.program)
        interpreters = self.folder / "python"
        interpreters.mkdir()
        # A python3 that finds this torch, whatever the one that runs this test is.
        (interpreters / "python3").write_text(f"#!/bin/sh\nPYTHONPATH={TORCH.parent} exec {sys.executable} \"$@\"\n")
        (interpreters / "python3").chmod(0o755)
        for words, environment in (((link, "--torch", TORCH), {}), ((link, f"--torch={TORCH.parent}"), {}),
                                   ((link,), {"EQUIPOISE_TORCH": f"{TORCH}/lib"}),
                                   ((link,), {"PATH": f"{interpreters}:/usr/bin:/bin"})):
            result = run(*words, "--version", environment=environment or {"PATH": "/usr/bin:/bin"})
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("0.1.0", result.stdout)

    def test_says_what_is_wrong_with_torch(self):
        other, bare = self.folder / "torch", self.folder / "bare"
        (other / "lib").mkdir(parents=True)
        (other / "lib/libtorch_cpu.so").touch()
        (other / "version.py").write_text("__version__ = '2.10.0'\n")
        bare.mkdir()
        (bare / "python3").write_text(f"#!/bin/sh\nexec {sys.executable} -S -I \"$@\"\n")
        (bare / "python3").chmod(0o755)
        for words, path, message in (
                (("--torch", other), "/usr/bin:/bin", f"torch in {other} is 2.10.0: this package was built for 2.11"),
                (("--torch", self.folder), "/usr/bin:/bin", "is 2.10.0"),
                (("--torch", "/nowhere"), "/usr/bin:/bin", "no torch in '/nowhere': expected lib/libtorch_cpu.so"),
                (("--torch",), "/usr/bin:/bin", "--torch needs a path"),
                ((), f"{bare}:/usr/bin:/bin", f"{bare}/python3 has no torch: install torch 2.11, or pass --torch PATH")):
            result = run(self.program, *words, *(("--version",) if words != ("--torch",) else ()), environment={"PATH": path})
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(message, result.stderr)


if __name__ == "__main__":
    missing = [tool for tool in ("patchelf", "readelf", "strip", "objdump", "tar") if not shutil.which(tool)]
    if missing or not (TORCH / "lib/libtorch_cpu.so").exists():
        print(f"skipped: {', '.join(missing) or f'torch in {TORCH}'} is missing")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
