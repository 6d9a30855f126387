#include <vector>

#include "kernels/gather/gather_kernel.h"
#include "kernels/gather/gather_math.h"

namespace equipoise::kernels {
namespace {

// The components [D] of row `row`; 0 where no feature has them.
template <typename Stored>
void write_row(const GatherProblem& problem, std::int64_t row, Stored* out) {
  const std::int16_t* codes = problem.codes + row * problem.features;
  const float* values = problem.values + row * problem.features;
  for (std::int64_t i = 0; i < problem.width; ++i) out[i] = Stored{};
  for (std::int64_t feature = 0; feature < problem.features; ++feature) {
    const std::int32_t* entry = problem.layout + feature * 3;
    const std::int32_t width = entry[2];
    Stored* component = out + entry[1];
    const std::int32_t code = codes[feature];
    if (entry[0] == 0) {
      // Only the components up to the code can differ from 0.
      const std::int32_t last = code < width ? code : width - 1;
      for (std::int32_t i = 0; i <= last; ++i)
        store(component + i, encoded_component(0, width, code, values[feature], i));
    } else if (code >= 0 && code < width) {
      store(component + code, encoded_component(1, width, code, values[feature], code));
    }
  }
}

template <typename Stored>
std::int64_t gather_rows(const GatherProblem& problem, std::int64_t begin, std::int64_t end) {
  const auto is_there = [&](std::int64_t row) { return row >= 0 && row < problem.population; };
  std::vector<float> own(static_cast<std::size_t>(problem.partners == nullptr ? 0 : problem.width)), partner = own;
  for (std::int64_t slot = begin; slot < end; ++slot) {
    const std::int64_t row = problem.rows[slot];
    if (!is_there(row)) return slot;
    Stored* out = static_cast<Stored*>(problem.batch) + slot * problem.width;
    if (problem.partners == nullptr) {
      write_row(problem, row, out);
      continue;
    }
    if (!is_there(problem.partners[slot])) return slot;
    write_row(problem, row, own.data());
    write_row(problem, problem.partners[slot], partner.data());
    for (std::size_t i = 0; i < own.size(); ++i)
      store(out + i, mixed_component(problem.parts[slot], own[i], partner[i]));
  }
  return -1;
}

}  // namespace

std::int64_t gather_cpu(const GatherProblem& problem, std::int64_t begin, std::int64_t end) {
  return problem.bfloat16 ? gather_rows<Bfloat16>(problem, begin, end) : gather_rows<float>(problem, begin, end);
}

}  // namespace equipoise::kernels
