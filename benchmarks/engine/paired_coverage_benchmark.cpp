// How often intervals of paired differences hold the truth, where the truth is known (paired_population.h).
//
// usage: paired_coverage_benchmark [sets of each setting, 1000]
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "benchmarks/engine/paired_population.h"

namespace equipoise::evaluation {
namespace {

void run(int sets) {
  std::printf("true gap near 0, without noise: %.1f points\n\n",
              100 * true_figures(shift_of_arm({.near_zero = true}), 0)[1]);
  std::printf(
      "| test rows | seeds | noise of training | accuracy covers, %% | half width, points | gap covers, %% | half "
      "width | "
      "gap near 0 covers, %% | accuracy by Student, %% | by Nadeau and Bengio, %% "
      "|\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const bool same : {false, true}) {
    for (const int seeds : {2, 3, 5, 10}) {
      for (const double noise : {0.0, 0.03, 0.1}) {
        PairedSetting setting{seeds, noise, same};
        const PairedCoverage far = paired_coverage(setting, sets, 0.95, 1);
        setting.near_zero = true;
        const PairedCoverage near = paired_coverage(setting, sets, 0.95, 2);
        std::printf("| %s | %d | %.2f | %.1f | %.2f | %.1f | %.2f | %.1f | %.1f | %.1f |\n",
                    same ? "the same" : "drawn anew", seeds, noise, 100 * far.covered[0], 100 * far.half_width[0],
                    100 * far.covered[1], 100 * far.half_width[1], 100 * near.covered[1], 100 * far.student,
                    100 * far.corrected);
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace
}  // namespace equipoise::evaluation

int main(int count, char** arguments) {
  const int sets = count > 1 ? std::atoi(arguments[1]) : 1000;
  if (sets < 1) {
    std::fprintf(stderr, "paired_coverage_benchmark [sets of each setting]\n");
    return 1;
  }
  equipoise::evaluation::run(sets);
  return 0;
}
