#include "kernels/not_finite/not_finite.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/not_finite/not_finite_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "not_finite";

}  // namespace

at::Tensor not_finite(const at::Tensor& logits) {
  TORCH_CHECK(logits.defined(), kOp, ": logits is an undefined tensor");
  check_supported(kOp, logits);
  TORCH_CHECK(logits.scalar_type() == at::kFloat || logits.scalar_type() == at::kBFloat16, kOp, ": logits has type ",
              logits.scalar_type(), ", expected float32 or bfloat16");
  TORCH_CHECK(logits.dim() == 2, kOp, ": logits has shape ", logits.sym_sizes(), ", expected [K, N]");
  at::Tensor rows = at::empty_symint({logits.sym_size(0)}, logits.options().dtype(at::kLong).requires_grad(false));
  if (logits.is_meta()) return rows;
  const at::Tensor dense = logits.detach().contiguous();
  NotFiniteProblem problem{dense.const_data_ptr(), logits.scalar_type() == at::kBFloat16, logits.size(0),
                           logits.size(1), rows.mutable_data_ptr<std::int64_t>()};
#ifdef EQUIPOISE_CUDA
  if (logits.is_cuda()) {
    const c10::cuda::CUDAGuard guard(logits.device());
    check_launched(kOp, launch_not_finite(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return rows;
  }
#endif
  at::parallel_for(0, problem.members, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t member = begin; member < end; ++member)
      problem.found[member] = first_not_finite(problem, member, 0, problem.rows);
  });
  return rows;
}

}  // namespace equipoise::kernels
