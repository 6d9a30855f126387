"""docs/guides/python.md, run as its reader would: all its Python blocks in order, in one program."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "guides" / "python.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def figures(text):
    """Accuracy and gap of each printed line, by the line's title."""
    found = re.findall(r"^(.*): accuracy ([0-9.]+), .* gap ([0-9.]+)$", text, re.MULTILINE)
    return {title: (float(accuracy), float(gap)) for title, accuracy, gap in found}


def run_page():
    # The page's relative paths, as they are from the root of the repository, with the library of this build.
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder) / "build" / "release" / "lib" / "libequipoise_kernels.so"
        library.parent.mkdir(parents=True)
        library.symlink_to(os.environ["EQUIPOISE_KERNELS"])
        (pathlib.Path(folder) / "benchmarks").symlink_to(ROOT / "benchmarks")
        program = pathlib.Path(folder) / "page.py"
        program.write_text("\n".join(blocks("python")))
        return subprocess.run([sys.executable, program], cwd=folder, capture_output=True, text=True)


class PythonGuide(unittest.TestCase):
    def test_its_program_keeps_the_gap_that_the_page_names(self):
        done = run_page()
        self.assertEqual(done.returncode, 0, done.stderr)
        print(done.stdout)
        printed, promised = figures(done.stdout), figures(blocks("text")[0])
        self.assertEqual(list(printed), list(promised))
        self.assertEqual(len(printed), 2)
        limit = float(re.search(r"stayed below ([0-9.]+) for each", PAGE)[1])
        free, held = printed.values()
        self.assertGreater(free[1], 0.1)  # the constraint has something to do
        self.assertLess(held[1], limit)
        for title, (accuracy, _) in promised.items():
            self.assertAlmostEqual(printed[title][0], accuracy, delta=0.01, msg=title)


if __name__ == "__main__":
    unittest.main()
