"""docs/guides/add_a_rate.md, followed to the letter: its row in a copy of the table compiles and gives the value of its test.

usage: add_a_rate_test.py REPOSITORY COMPILER
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2]
MOST_LINES = 30

# Women: 40 negatives of which 10 are decided positive, 20 positives of which 12 are (rates_test.cpp has the same).
PROGRAM = """
#include <cstdio>
#include "engine/constraints/rates.h"
using namespace equipoise;
int main() {
  data::Cells cells;
  cells.groupings = {"sex"};
  cells.levels = {{"Female"}};
  cells.cells = {{{0}, 0}, {{0}, 1}};
  const constraints::Rate rate = constraints::make_rate("npv", cells, {{"sex", "Female"}});
  const std::vector<double> sums = {40, 0, 0, 10, 20, 0, 0, 12};
  using constraints::Reading;
  std::printf("%.17g %.17g", value_of(rate.numerator, sums, Reading::exact) / value_of(rate.denominator, sums, Reading::exact),
              VALUE);
}
"""


class Guide(unittest.TestCase):
    def test_its_row_is_a_rate(self):
        page = (ROOT / "docs/guides/add_a_rate.md").read_text()
        self.assertLess(len(page.splitlines()), MOST_LINES)
        row, value = re.findall(r"```cpp\n(.*?)```", page, re.S)
        table = (ROOT / "engine/constraints/rates.cpp").read_text()
        last = table.index("  };\n  return entries;")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "rates.cpp").write_text(table[:last] + row + table[last:])
            expected = re.search(r'"npv", (.*)\}', value).group(1)
            (folder / "main.cpp").write_text(PROGRAM.replace("VALUE", expected))
            program = folder / "program"
            subprocess.run([COMPILER, "-std=c++20", "-Werror", "-Wall", f"-I{ROOT}", *map(str, folder.glob("*.cpp")), ROOT / "engine/constraints/rate_forms.cpp", "-o", program],
                           check=True)
            found, by_hand = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
        self.assertEqual(found, by_hand)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
