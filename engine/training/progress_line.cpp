#include "engine/training/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/constraints/titles.h"
#include "engine/training/excess.h"

namespace equipoise::training {
namespace {

// In the units of its promise; nothing where there is none.
struct WorstViolation {
  double excess = 0;
  const constraints::Promise& promise;
};

std::optional<WorstViolation> worst_violation(const RunState& run) {
  const std::vector<constraints::Promise>& promises = run.table().promises;
  const WorstExcess worst = worst_excess(run.outcome().measurements.back().training_gaps, promises);
  if (worst.known == 0) return std::nullopt;
  const constraints::Promise& promise = promises[worst.promise];
  return WorstViolation{worst.scaled / promise.scale, promise};
}

double largest_multiplier(const evaluation::Measurement& m) {
  return m.multipliers.empty() ? 0 : *std::max_element(m.multipliers.begin(), m.multipliers.end());
}

std::string single_run(const RunState& run) {
  const evaluation::Measurement& m = run.outcome().measurements.back();
  std::string detail = fmt::format("loss {:.4f}", m.training_loss);
  if (std::isfinite(m.training_accuracy)) detail += fmt::format("  accuracy {:.4f}", m.training_accuracy);
  if (const auto worst = worst_violation(run))
    detail += fmt::format("  worst violation {:+.4f} ({})", worst->excess, constraints::promise_title(worst->promise));
  if (!m.multipliers.empty()) detail += fmt::format("  largest multiplier {:.3f}", largest_multiplier(m));
  return detail;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::string whole_bank(const std::vector<RunState>& runs) {
  Range loss, violation;
  double multiplier = 0;
  std::size_t inside = 0, going = 0;
  for (const RunState& run : runs) {
    if (!run.goes_on()) continue;
    ++going;
    loss.take(run.outcome().measurements.back().training_loss);
    multiplier = std::max(multiplier, largest_multiplier(run.outcome().measurements.back()));
    const auto worst = worst_violation(run);
    if (worst) violation.take(worst->excess);
    if (!worst || worst->excess <= 0) ++inside;
  }
  std::string detail = fmt::format("{} members  loss {:.4f} to {:.4f}", going, loss.low, loss.high);
  if (violation.low > violation.high) return detail;
  return detail + fmt::format("  {} inside their tolerances  worst violation {:+.4f}  largest multiplier {:.3f}",
                              inside, violation.high, multiplier);
}

}  // namespace

core::Progress progress_line(const std::vector<RunState>& runs, std::int64_t steps) {
  const auto going = std::find_if(runs.begin(), runs.end(), [](const RunState& run) { return run.goes_on(); });
  const evaluation::Measurement& m = going->outcome().measurements.back();
  return {"training", static_cast<double>(m.step) / static_cast<double>(steps), m.seconds,
          runs.size() == 1 ? single_run(*going) : whole_bank(runs)};
}

}  // namespace equipoise::training
