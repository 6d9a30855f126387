#include "kernels/gather/gather.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/arguments.h"
#include "kernels/gather/gather_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "gather";
constexpr std::int64_t kTaskRows = 256;

// Returns the width that a layout on the host fills.
std::int64_t check_layout(const char* op, const at::Tensor& layout) {
  const std::int32_t* entries = layout.const_data_ptr<std::int32_t>();
  std::int64_t filled = 0;
  for (std::int64_t feature = 0; feature < layout.size(0); ++feature) {
    const std::int32_t kind = entries[feature * 3];
    const std::int32_t offset = entries[feature * 3 + 1];
    const std::int32_t width = entries[feature * 3 + 2];
    TORCH_CHECK(kind == kRamp || kind == kPick, op, ": feature ", feature, " has kind ", kind,
                ", expected 0 (ramp) or 1 (pick)");
    TORCH_CHECK(width >= (kind == kRamp ? 2 : 1), op, ": feature ", feature, " has width ", width,
                ", expected at least ", kind == kRamp ? 2 : 1);
    TORCH_CHECK(offset >= filled, op, ": feature ", feature, " has offset ", offset, ", expected at least ", filled,
                ", where the feature before it ends");
    filled = static_cast<std::int64_t>(offset) + width;
  }
  return filled;
}

void check_encoding(const char* op, const at::Tensor& codes, const at::Tensor& layout) {
  TORCH_CHECK(codes.defined(), op, ": codes is an undefined tensor");
  check_type(op, "codes", codes, at::kShort);
  TORCH_CHECK(codes.dim() == 2, op, ": codes has shape ", codes.sym_sizes(), ", expected [N, F]");
  check_device(op, "layout", layout, "codes", codes);
  check_type(op, "layout", layout, at::kInt);
  check_shape(op, "layout", layout, {codes.sym_size(1), 3});
}

// Both contiguous and on the host.
void check_codes(const char* op, const at::Tensor& codes, const at::Tensor& layout, std::int64_t row) {
  const std::int64_t features = codes.size(1);
  const std::int16_t* code = codes.const_data_ptr<std::int16_t>() + row * features;
  const std::int32_t* entries = layout.const_data_ptr<std::int32_t>();
  for (std::int64_t feature = 0; feature < features; ++feature) {
    const std::int32_t least = entries[feature * 3] == kRamp ? 0 : -1;
    const std::int32_t width = entries[feature * 3 + 2];
    TORCH_CHECK(code[feature] >= least && code[feature] < width, op, ": row ", row, ", feature ", feature, " has code ",
                code[feature], ", expected a number in [", least, ", ", width, ")");
  }
}

void check_arguments(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                     const at::Tensor& rows) {
  check_encoding(kOp, codes, layout);
  check_supported(kOp, codes);
  check_device(kOp, "values", values, "codes", codes);
  check_type(kOp, "values", values, at::kFloat);
  check_shape(kOp, "values", values, codes.sym_sizes());
  check_device(kOp, "rows", rows, "codes", codes);
  check_type(kOp, "rows", rows, at::kLong);
  TORCH_CHECK(rows.dim() == 1, kOp, ": rows has shape ", rows.sym_sizes(), ", expected [B]");
}

// After check_arguments.
void fill_batch(at::Tensor& batch, const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                const at::Tensor& rows, const Mixing& mixing = {}) {
  const at::Tensor codes_dense = codes.contiguous();
  const at::Tensor values_dense = values.contiguous();
  const at::Tensor layout_dense = layout.contiguous();
  const at::Tensor rows_dense = rows.contiguous();
  GatherProblem problem;
  problem.codes = codes_dense.const_data_ptr<std::int16_t>();
  problem.values = values_dense.const_data_ptr<float>();
  problem.layout = layout_dense.const_data_ptr<std::int32_t>();
  problem.rows = rows_dense.const_data_ptr<std::int64_t>();
  if (mixing.partners.defined()) {
    problem.partners = mixing.partners.const_data_ptr<std::int64_t>();
    problem.parts = mixing.parts.const_data_ptr<float>();
  }
  problem.batch = batch.mutable_data_ptr();
  problem.population = codes.size(0);
  problem.features = codes.size(1);
  problem.batch_rows = rows.size(0);
  problem.width = batch.size(1);
  problem.bfloat16 = batch.scalar_type() == at::kBFloat16;
#ifdef EQUIPOISE_CUDA
  if (codes.is_cuda()) {
    const c10::cuda::CUDAGuard guard(codes.device());
    check_launched(kOp, launch_gather(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  const std::int64_t filled = check_layout(kOp, layout_dense);
  TORCH_CHECK(filled <= problem.width, kOp, ": the layout fills ", filled, " components, width is ", problem.width);
  std::atomic<std::int64_t> bad_slot{-1};
  at::parallel_for(0, problem.batch_rows, kTaskRows, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t bad = gather_cpu(problem, begin, end);
    if (bad >= 0) bad_slot = bad;
  });
  if (bad_slot < 0) return;
  const std::int64_t row = problem.rows[bad_slot.load()];
  const bool is_partner = row >= 0 && row < problem.population;
  TORCH_CHECK(false, kOp, ": slot ", bad_slot.load(), is_partner ? " is mixed with row " : " asks for row ",
              is_partner ? problem.partners[bad_slot.load()] : row, ", expected a number in [0, ", problem.population,
              ")");
}

}  // namespace

std::int64_t check_encoded(const at::Tensor& codes, const at::Tensor& layout) {
  constexpr const char* kCheck = "check_encoded";
  check_encoding(kCheck, codes, layout);
  const at::Tensor host_codes = codes.cpu().contiguous();
  const at::Tensor host_layout = layout.cpu().contiguous();
  const std::int64_t filled = check_layout(kCheck, host_layout);
  for (std::int64_t row = 0; row < codes.size(0); ++row) check_codes(kCheck, host_codes, host_layout, row);
  return filled;
}

std::int64_t check_encoded_rows(const char* op, const at::Tensor& codes, const at::Tensor& layout,
                                const at::Tensor& rows) {
  const std::int64_t filled = check_layout(op, layout);
  const std::int64_t* numbers = rows.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) check_codes(op, codes, layout, numbers[i]);
  return filled;
}

at::Tensor gather(const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout, const at::Tensor& rows,
                  std::int64_t width) {
  check_arguments(codes, values, layout, rows);
  TORCH_CHECK(width >= 0, kOp, ": width is ", width, ", expected 0 or more");
  at::Tensor batch = at::empty_symint({rows.sym_size(0), width}, values.options());
  if (!codes.is_meta()) fill_batch(batch, codes, values, layout, rows);
  return batch;
}

namespace {

void check_batch(const at::Tensor& batch, const at::Tensor& codes, const at::Tensor& rows) {
  check_device(kOp, "batch", batch, "codes", codes);
  check_float_or_bfloat16(kOp, "batch", batch);
  TORCH_CHECK(batch.dim() == 2 && batch.size(0) == rows.size(0), kOp, ": batch has shape ", batch.sizes(),
              ", expected [", rows.size(0), ", D]");
  check_contiguous(kOp, "batch", batch);
}

}  // namespace

void gather_out(at::Tensor& batch, const at::Tensor& codes, const at::Tensor& values, const at::Tensor& layout,
                const at::Tensor& rows, const Mixing& mixing) {
  check_arguments(codes, values, layout, rows);
  check_batch(batch, codes, rows);
  TORCH_CHECK(mixing.partners.defined() == mixing.parts.defined(), kOp, ": ",
              mixing.parts.defined() ? "parts without partners" : "partners without parts",
              ", expected both or neither");
  if (mixing.partners.defined()) {
    check_written(kOp, "partners", mixing.partners, at::kLong, rows.sym_sizes(), "codes", codes);
    check_written(kOp, "parts", mixing.parts, at::kFloat, rows.sym_sizes(), "codes", codes);
  }
  fill_batch(batch, codes, values, layout, rows, mixing);
}

}  // namespace equipoise::kernels
