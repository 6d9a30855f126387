#include "kernels/gather/gather_kernel.h"
#include "kernels/gather/gather_math.h"

namespace equipoise::kernels {
namespace {

template <typename Stored>
std::int64_t gather_rows(const GatherProblem& problem, std::int64_t begin, std::int64_t end) {
  for (std::int64_t slot = begin; slot < end; ++slot) {
    const std::int64_t row = problem.rows[slot];
    if (row < 0 || row >= problem.population) return slot;
    const std::int16_t* codes = problem.codes + row * problem.features;
    const float* values = problem.values + row * problem.features;
    Stored* out = static_cast<Stored*>(problem.batch) + slot * problem.width;
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
  return -1;
}

}  // namespace

std::int64_t gather_cpu(const GatherProblem& problem, std::int64_t begin, std::int64_t end) {
  return problem.bfloat16 ? gather_rows<Bfloat16>(problem, begin, end) : gather_rows<float>(problem, begin, end);
}

}  // namespace equipoise::kernels
