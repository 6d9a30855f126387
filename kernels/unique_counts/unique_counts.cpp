#include "kernels/unique_counts/unique_counts.h"

#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/unique_counts/unique_counts_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "unique_counts";
constexpr std::int64_t kMostRows = 2147483647;

UniqueCounts unique_counts_on_cpu(const UniqueProblem& problem, const at::TensorOptions& options) {
  const std::vector<ValueCount> found = unique_counts_cpu(problem);
  const std::int64_t size = static_cast<std::int64_t>(found.size());
  UniqueCounts unique{at::empty({size}, options), at::empty({size}, options.dtype(at::kLong))};
  std::int64_t* counts = unique.counts.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < size; ++i) {
    if (problem.wide) {
      unique.values.mutable_data_ptr<std::int64_t>()[i] = found[i].value;
    } else {
      unique.values.mutable_data_ptr<std::int32_t>()[i] = static_cast<std::int32_t>(found[i].value);
    }
    counts[i] = found[i].rows;
  }
  return unique;
}

#ifdef EQUIPOISE_CUDA
UniqueCounts unique_counts_on_cuda(const UniqueProblem& problem, const at::TensorOptions& options) {
  const c10::cuda::CUDAGuard guard(options.device());
  const at::TensorOptions wide = options.dtype(at::kLong);
  UniqueCounts unique{at::empty({problem.rows}, options), at::empty({problem.rows}, wide)};
  at::Tensor found = at::empty({1}, wide);
  const UniqueResult result{unique.values.mutable_data_ptr(), unique.counts.mutable_data_ptr<std::int64_t>(),
                            found.mutable_data_ptr<std::int64_t>()};
  const at::Tensor scratch =
      at::empty({static_cast<std::int64_t>(unique_counts_scratch(problem))}, options.dtype(at::kByte));
  check_launched(kOp, launch_unique_counts(problem, result, scratch.mutable_data_ptr(),
                                           c10::cuda::getCurrentCUDAStream().stream()));
  const std::int64_t size = found.item<std::int64_t>();
  // Copies, so that a handful of levels does not keep the memory of N rows.
  return {unique.values.narrow(0, 0, size).clone(), unique.counts.narrow(0, 0, size).clone()};
}
#endif

}  // namespace

UniqueCounts unique_counts(const at::Tensor& values) {
  TORCH_CHECK(values.defined(), kOp, ": values is an undefined tensor");
  check_supported(kOp, values);
  TORCH_CHECK(values.scalar_type() == at::kInt || values.scalar_type() == at::kLong, kOp, ": values has type ",
              values.scalar_type(), ", expected int32 or int64");
  TORCH_CHECK(values.dim() == 1 && values.size(0) <= kMostRows, kOp, ": values has shape ", values.sizes(),
              ", expected [N] with N below 2^31");
  const at::Tensor dense = values.contiguous();
  const UniqueProblem problem{dense.const_data_ptr(), dense.size(0), dense.scalar_type() == at::kLong};
#ifdef EQUIPOISE_CUDA
  if (values.is_cuda()) return unique_counts_on_cuda(problem, values.options());
#endif
  return unique_counts_on_cpu(problem, values.options());
}

}  // namespace equipoise::kernels
