#include "kernels/cell_order/cell_order.h"

#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/cell_order/cell_order_kernel.h"
#include "kernels/device/stored_cell.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "cell_order";

}  // namespace

CellOrder cell_order(const at::Tensor& cells, std::int64_t cell_count) {
  TORCH_CHECK(cells.defined(), kOp, ": cells is an undefined tensor");
  check_supported(kOp, cells);
  CellOrderProblem problem;
  problem.cell_type = cell_type_of(kOp, cells);
  TORCH_CHECK(cells.dim() == 1 && cells.size(0) <= kMostOrderedRows, kOp, ": cells has shape ", cells.sizes(),
              ", expected [N] with N below 2^31");
  TORCH_CHECK(cell_count >= 1 && cell_count <= kMostOrderedRows, kOp, ": cell_count is ", cell_count,
              ", expected a number in [1, 2^31)");
  const at::Tensor dense = cells.contiguous();
  const auto options = cells.options().dtype(at::kLong);
  CellOrder order{at::empty({cells.size(0)}, options), at::empty({cell_count + 1}, options)};
  problem.cells = dense.const_data_ptr();
  problem.rows = order.rows.mutable_data_ptr<std::int64_t>();
  problem.offsets = order.offsets.mutable_data_ptr<std::int64_t>();
  problem.row_count = cells.size(0);
  problem.cell_count = cell_count;
#ifdef EQUIPOISE_CUDA
  if (cells.is_cuda()) {
    const c10::cuda::CUDAGuard guard(cells.device());
    const at::Tensor scratch =
        at::empty({static_cast<std::int64_t>(cell_order_scratch(problem))}, cells.options().dtype(at::kByte));
    check_launched(kOp,
                   launch_cell_order(problem, scratch.mutable_data_ptr(), c10::cuda::getCurrentCUDAStream().stream()));
    return order;
  }
#endif
  const std::int64_t bad = cell_order_cpu(problem);
  TORCH_CHECK(bad < 0, kOp, ": the cell of row ", bad, " is ", stored_cell(problem.cells, problem.cell_type, bad),
              ", expected a number in [0, ", cell_count, ")");
  return order;
}

}  // namespace equipoise::kernels
