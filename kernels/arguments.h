// Argument checks that several ops share. Seen by <op>.cpp only: it knows torch.
// A check reads sizes as symbols and no data, so that torch.compile, which calls the ops with tensors that have neither,
// meets the same messages.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <optional>

#include "kernels/device/finite.h"
#include "kernels/device/row_problem.h"

#ifdef EQUIPOISE_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace equipoise::kernels {

inline bool shares_device(const at::Tensor& tensor, const at::Tensor& other) {
  return tensor.device() == other.device();
}

// `tensor` must be on the device of the op's first argument.
inline void check_device(const char* op, const char* name, const at::Tensor& tensor, const char* first_name,
                         const at::Tensor& first) {
  TORCH_CHECK(tensor.defined(), op, ": ", name, " is an undefined tensor");
  TORCH_CHECK(shares_device(tensor, first), op, ": ", name, " is on ", tensor.device(), ", expected ", first.device(),
              ", where ", first_name, " is");
}

inline void check_type(const char* op, const char* name, const at::Tensor& tensor, at::ScalarType expected) {
  TORCH_CHECK(tensor.scalar_type() == expected, op, ": ", name, " has type ", tensor.scalar_type(), ", expected ",
              expected);
}

inline void check_float_or_bfloat16(const char* op, const char* name, const at::Tensor& tensor) {
  const at::ScalarType type = tensor.scalar_type();
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, op, ": ", name, " has type ", type,
              ", expected float32 or bfloat16");
}

inline void check_shape(const char* op, const char* name, const at::Tensor& tensor, c10::SymIntArrayRef expected) {
  const c10::SymIntArrayRef shape = tensor.sym_sizes();
  bool fits = shape.size() == expected.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i].sym_eq(expected[i]).expect_true(__FILE__, __LINE__);
  }
  TORCH_CHECK(fits, op, ": ", name, " has shape ", shape, ", expected ", expected);
}

inline void check_contiguous(const char* op, const char* name, const at::Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous(), op, ": ", name, " is not contiguous, its strides are ", tensor.sym_strides());
}

// A tensor that an op writes, or keeps from call to call.
inline void check_written(const char* op, const char* name, const at::Tensor& tensor, at::ScalarType type,
                          c10::SymIntArrayRef shape, const char* first_name, const at::Tensor& first) {
  check_device(op, name, tensor, first_name, first);
  check_type(op, name, tensor, type);
  check_shape(op, name, tensor, shape);
  check_contiguous(op, name, tensor);
}

// Every op runs on cpu, on cuda where the library was built for it, and on meta, where it only says the shape of its
// result.
inline void check_supported(const char* op, const at::Tensor& tensor) {
#ifdef EQUIPOISE_CUDA
  TORCH_CHECK(tensor.is_cpu() || tensor.is_cuda() || tensor.is_meta(), op, ": device ", tensor.device(),
              " is not supported, expected cpu or cuda");
#else
  TORCH_CHECK(tensor.is_cpu() || tensor.is_meta(), op, ": device ", tensor.device(),
              " is not supported by this build (EQUIPOISE_CUDA is OFF), expected cpu");
#endif
}

#ifdef EQUIPOISE_CUDA
// `status` is the cudaError_t of a launch.
inline void check_launched(const char* op, int status) {
  TORCH_CHECK(status == 0, op,
              ": the CUDA kernel did not start: ", cudaGetErrorString(static_cast<cudaError_t>(status)));
}
#endif

// Contiguous tensors of cell_stats and push, and the problem whose pointers are theirs.
struct RowArguments {
  at::Tensor logits;                  // [K, N] f32 | bf16
  at::Tensor cells;                   // [N] u8 | i16 | i32
  at::Tensor cell_labels;             // [C] u8
  std::optional<at::Tensor> weights;  // [N] f32
  RowProblem problem;
};

inline CellType cell_type_of(const char* op, const at::Tensor& cells, const char* name = "cells") {
  switch (cells.scalar_type()) {
    case at::kByte:
      return CellType::kU8;
    case at::kShort:
      return CellType::kI16;
    case at::kInt:
      return CellType::kI32;
    default:
      TORCH_CHECK(false, op, ": ", name, " has type ", cells.scalar_type(), ", expected uint8, int16 or int32");
  }
}

// What cell_stats, push and lagrangian have in common.
inline void check_rows(const char* op, const at::Tensor& logits, const at::Tensor& cells, const at::Tensor& cell_labels,
                       const std::optional<at::Tensor>& weights, double threshold, double temperature) {
  TORCH_CHECK(logits.defined(), op, ": logits is an undefined tensor");
  check_supported(op, logits);
  check_float_or_bfloat16(op, "logits", logits);
  TORCH_CHECK(logits.dim() == 2, op, ": logits has shape ", logits.sym_sizes(), ", expected [K, N]");
  check_device(op, "cells", cells, "logits", logits);
  check_device(op, "cell_labels", cell_labels, "logits", logits);
  cell_type_of(op, cells);
  check_shape(op, "cells", cells, {logits.sym_size(1)});
  check_type(op, "cell_labels", cell_labels, at::kByte);
  TORCH_CHECK(cell_labels.dim() == 1 && cell_labels.sym_size(0) > 0, op, ": cell_labels has shape ",
              cell_labels.sym_sizes(), ", expected [C] with C > 0");
  if (weights.has_value()) {
    check_device(op, "weights", *weights, "logits", logits);
    check_type(op, "weights", *weights, at::kFloat);
    check_shape(op, "weights", *weights, {logits.sym_size(1)});
  }
  TORCH_CHECK(is_finite(threshold), op, ": threshold is ", threshold, ", expected a finite number");
  TORCH_CHECK(temperature > 0 && is_finite(temperature), op, ": temperature is ", temperature,
              ", expected a finite number above 0");
}

// After check_rows.
inline RowArguments hold_rows(const char* op, const at::Tensor& logits, const at::Tensor& cells,
                              const at::Tensor& cell_labels, const std::optional<at::Tensor>& weights, double threshold,
                              double temperature) {
  RowArguments arguments;
  arguments.logits = logits.detach().contiguous();
  arguments.cells = cells.contiguous();
  arguments.cell_labels = cell_labels.contiguous();
  if (weights.has_value()) arguments.weights = weights->detach().contiguous();
  RowProblem& problem = arguments.problem;
  problem.logits = arguments.logits.const_data_ptr();
  problem.cells = arguments.cells.const_data_ptr();
  problem.cell_labels = arguments.cell_labels.const_data_ptr<std::uint8_t>();
  if (weights.has_value()) problem.weights = arguments.weights->const_data_ptr<float>();
  problem.members = logits.size(0);
  problem.rows = logits.size(1);
  problem.cell_count = cell_labels.size(0);
  problem.cell_type = cell_type_of(op, cells);
  problem.bfloat16 = logits.scalar_type() == at::kBFloat16;
  problem.threshold = static_cast<float>(threshold);
  problem.inverse_temperature = static_cast<float>(1.0 / temperature);
  return arguments;
}

// The two prices of push and lagrangian.
inline void check_prices(const char* op, const at::Tensor& loss_price, const at::Tensor& soft_price,
                         const at::Tensor& logits, const at::Tensor& cell_labels) {
  check_device(op, "loss_price", loss_price, "logits", logits);
  check_type(op, "loss_price", loss_price, at::kFloat);
  check_shape(op, "loss_price", loss_price, {logits.sym_size(0), cell_labels.sym_size(0)});
  check_device(op, "soft_price", soft_price, "logits", logits);
  check_type(op, "soft_price", soft_price, at::kFloat);
  check_shape(op, "soft_price", soft_price, {logits.sym_size(0), cell_labels.sym_size(0)});
}

}  // namespace equipoise::kernels
