#include "kernels/encoded_linear/encoded_linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"
#include "kernels/gather/gather.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "encoded_linear";
constexpr std::int64_t kRowsPerTask = 64;
constexpr std::int64_t kColumnsPerTask = 64;

void check_encoding(const EncodedTensors& encoded) {
  const at::Tensor& codes = encoded.codes;
  TORCH_CHECK(codes.defined(), kOp, ": codes is an undefined tensor");
  TORCH_CHECK(codes.is_cpu() || codes.is_meta(), kOp, ": device ", codes.device(),
              " is not supported, expected cpu (on cuda use gather and a matrix product)");
  check_type(kOp, "codes", codes, at::kShort);
  TORCH_CHECK(codes.dim() == 2, kOp, ": codes has shape ", codes.sym_sizes(), ", expected [N, F]");
  check_device(kOp, "values", encoded.values, "codes", codes);
  check_type(kOp, "values", encoded.values, at::kFloat);
  check_shape(kOp, "values", encoded.values, codes.sym_sizes());
  check_device(kOp, "layout", encoded.layout, "codes", codes);
  check_type(kOp, "layout", encoded.layout, at::kInt);
  check_shape(kOp, "layout", encoded.layout, {codes.sym_size(1), 3});
  check_contiguous(kOp, "codes", codes);
  check_contiguous(kOp, "values", encoded.values);
  check_contiguous(kOp, "layout", encoded.layout);
}

EncodedLinearProblem hold_encoding(const EncodedTensors& encoded, std::int64_t outputs) {
  EncodedLinearProblem problem;
  problem.codes = encoded.codes.const_data_ptr<std::int16_t>();
  problem.values = encoded.values.const_data_ptr<float>();
  problem.layout = encoded.layout.const_data_ptr<std::int32_t>();
  problem.features = encoded.codes.size(1);
  problem.outputs = outputs;
  return problem;
}

void hold_rows(EncodedLinearProblem& problem, const EncodedTensors& encoded, const at::Tensor& rows) {
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.batch = rows.size(0);
  if (!encoded.parts.defined()) return;
  problem.partners = encoded.partners.const_data_ptr<std::int64_t>();
  problem.parts = encoded.parts.const_data_ptr<float>();
}

void check_block(const char* name, const at::Tensor& tensor, const char* axes) {
  TORCH_CHECK(tensor.defined(), kOp, ": ", name, " is an undefined tensor");
  TORCH_CHECK(tensor.dim() == 3, kOp, ": ", name, " has shape ", tensor.sym_sizes(), ", expected ", axes);
}

void check_floats(const EncodedTensors& encoded, const char* name, const at::Tensor& tensor,
                  c10::SymIntArrayRef shape) {
  check_device(kOp, name, tensor, "codes", encoded.codes);
  check_type(kOp, name, tensor, at::kFloat);
  check_shape(kOp, name, tensor, shape);
  check_contiguous(kOp, name, tensor);
}

void check_rows_tensor(const EncodedTensors& encoded, const at::Tensor& rows) {
  check_device(kOp, "rows", rows, "codes", encoded.codes);
  check_type(kOp, "rows", rows, at::kLong);
  TORCH_CHECK(rows.dim() == 1, kOp, ": rows has shape ", rows.sym_sizes(), ", expected [B]");
  check_contiguous(kOp, "rows", rows);
}

// [K, ...] whose members may be any distance apart: a bank's tensors lie among its other parameters.
void check_members(const EncodedTensors& encoded, const char* name, const at::Tensor& tensor,
                   c10::SymIntArrayRef shape) {
  check_device(kOp, name, tensor, "codes", encoded.codes);
  check_type(kOp, name, tensor, at::kFloat);
  check_shape(kOp, name, tensor, shape);
  TORCH_CHECK(tensor.sym_size(0) == 0 || tensor.select(0, 0).is_contiguous(), kOp, ": ", name, " has strides ",
              tensor.sym_strides(), ", expected each member's part to be contiguous");
}

void check_row_numbers(const EncodedTensors& encoded, const at::Tensor& rows) {
  const std::int64_t* numbers = rows.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    TORCH_CHECK(numbers[i] >= 0 && numbers[i] < encoded.codes.size(0), kOp, ": rows[", i, "] is ", numbers[i],
                ", expected 0 to ", encoded.codes.size(0) - 1);
  }
}

// Of the batch `rows`.
void check_mixing(const EncodedTensors& encoded, const at::Tensor& rows) {
  TORCH_CHECK(encoded.partners.defined() == encoded.parts.defined(), kOp, ": ",
              encoded.parts.defined() ? "parts without partners" : "partners without parts",
              ", expected both or neither");
  if (!encoded.parts.defined()) return;
  check_type(kOp, "partners", encoded.partners, at::kLong);
  check_shape(kOp, "partners", encoded.partners, rows.sym_sizes());
  check_contiguous(kOp, "partners", encoded.partners);
  check_floats(encoded, "parts", encoded.parts, rows.sym_sizes());
  const auto* partners = encoded.partners.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.size(0); ++i)
    TORCH_CHECK(partners[i] >= 0 && partners[i] < encoded.codes.size(0), kOp, ": partners[", i, "] is ", partners[i],
                ", expected 0 to ", encoded.codes.size(0) - 1);
}

void check_forward(const at::Tensor& out, const EncodedTensors& encoded, const at::Tensor& weight,
                   const at::Tensor& ramp_sums, const at::Tensor& bias) {
  check_encoding(encoded);
  check_block("out", out, "[K, B, H]");
  check_block("weight", weight, "[K, D, H]");
  const c10::SymInt members = weight.sym_size(0), outputs = weight.sym_size(2);
  check_members(encoded, "weight", weight, {members, encoded.width, outputs});
  check_members(encoded, "ramp_sums", ramp_sums, weight.sym_sizes());
  check_members(encoded, "bias", bias, {members, outputs});
  check_floats(encoded, "out", out, {members, out.sym_size(1), outputs});
}

void forward(at::Tensor& out, const EncodedTensors& encoded, EncodedLinearProblem problem, const at::Tensor& weight,
             const at::Tensor& ramp_sums, const at::Tensor& bias) {
  problem.members = weight.size(0);
  problem.weight = weight.const_data_ptr<float>();
  problem.ramp_sums = ramp_sums.const_data_ptr<float>();
  problem.bias = bias.const_data_ptr<float>();
  problem.weight_stride = weight.stride(0);
  problem.ramp_stride = ramp_sums.stride(0);
  problem.bias_stride = bias.stride(0);
  problem.out = out.data_ptr<float>();
  at::parallel_for(0, problem.batch, kRowsPerTask,
                   [&](std::int64_t begin, std::int64_t end) { encoded_linear_rows(problem, begin, end); });
}

}  // namespace

void check_encoded_linear(const EncodedTensors& encoded, const at::Tensor& rows) {
  check_encoding(encoded);
  check_rows_tensor(encoded, rows);
  if (rows.is_meta()) return;
  check_row_numbers(encoded, rows);
  const std::int64_t filled = check_encoded_rows(kOp, encoded.codes, encoded.layout, rows);
  TORCH_CHECK(filled <= encoded.width, kOp, ": the layout fills ", filled, " components, width is ", encoded.width);
}

void encoded_linear_out(at::Tensor& out, const EncodedTensors& encoded, const at::Tensor& rows,
                        const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  check_forward(out, encoded, weight, ramp_sums, bias);
  check_rows_tensor(encoded, rows);
  TORCH_CHECK(rows.sym_size(0) == out.sym_size(1), kOp, ": rows has ", rows.sym_size(0), " entries, expected ",
              out.sym_size(1));
  if (out.is_meta()) return;
  check_row_numbers(encoded, rows);
  check_mixing(encoded, rows);
  EncodedLinearProblem problem = hold_encoding(encoded, out.size(2));
  hold_rows(problem, encoded, rows);
  forward(out, encoded, problem, weight, ramp_sums, bias);
}

void encoded_linear_range_out(at::Tensor& out, const EncodedTensors& encoded, std::int64_t first,
                              const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  check_forward(out, encoded, weight, ramp_sums, bias);
  const c10::SymInt population = encoded.codes.sym_size(0), end = out.sym_size(1) + first;
  TORCH_CHECK(first >= 0 && end <= population, kOp, ": rows ", first, " to ", end, " are not within the ", population,
              " encoded rows");
  if (out.is_meta()) return;
  EncodedLinearProblem problem = hold_encoding(encoded, out.size(2));
  problem.first_row = first;
  problem.batch = out.size(1);
  forward(out, encoded, problem, weight, ramp_sums, bias);
}

void encoded_ramp_sums_out(at::Tensor& ramp_sums, const EncodedTensors& encoded, const at::Tensor& weight) {
  check_encoding(encoded);
  check_block("weight", weight, "[K, D, H]");
  check_members(encoded, "weight", weight, {weight.sym_size(0), encoded.width, weight.sym_size(2)});
  check_members(encoded, "ramp_sums", ramp_sums, weight.sym_sizes());
  if (weight.is_meta()) return;
  EncodedLinearProblem problem = hold_encoding(encoded, weight.size(2));
  for (std::int64_t member = 0; member < weight.size(0); ++member) {
    problem.weight = weight.const_data_ptr<float>() + member * weight.stride(0);
    float* sums = ramp_sums.data_ptr<float>() + member * ramp_sums.stride(0);
    at::parallel_for(0, problem.outputs, kColumnsPerTask,
                     [&](std::int64_t begin, std::int64_t end) { ramp_sums_range(problem, sums, begin, end); });
  }
}

void encoded_linear_backward_out(at::Tensor& weight_gradient, at::Tensor& bias_gradient, const EncodedTensors& encoded,
                                 const at::Tensor& rows, const at::Tensor& output_gradient) {
  check_encoding(encoded);
  check_block("output_gradient", output_gradient, "[K, B, H]");
  const c10::SymInt members = output_gradient.sym_size(0), outputs = output_gradient.sym_size(2);
  // The members come one after the other: one's scratch serves all.
  at::Tensor ramp_gradient = at::empty_symint({1, encoded.width, outputs}, output_gradient.options())
                                 .expand_symint({members, encoded.width, outputs});
  encoded_linear_backward_out(weight_gradient, bias_gradient, ramp_gradient, encoded, rows, output_gradient);
}

void encoded_linear_backward_out(at::Tensor& weight_gradient, at::Tensor& bias_gradient, at::Tensor& ramp_gradient,
                                 const EncodedTensors& encoded, const at::Tensor& rows,
                                 const at::Tensor& output_gradient) {
  check_encoding(encoded);
  check_block("output_gradient", output_gradient, "[K, B, H]");
  check_rows_tensor(encoded, rows);
  const c10::SymInt members = output_gradient.sym_size(0), outputs = output_gradient.sym_size(2);
  check_floats(encoded, "output_gradient", output_gradient, {members, rows.sym_size(0), outputs});
  check_members(encoded, "weight_gradient", weight_gradient, {members, encoded.width, outputs});
  check_members(encoded, "bias_gradient", bias_gradient, {members, outputs});
  check_members(encoded, "ramp_gradient", ramp_gradient, {members, encoded.width, outputs});
  if (output_gradient.is_meta()) return;
  check_row_numbers(encoded, rows);
  check_mixing(encoded, rows);
  EncodedLinearProblem problem = hold_encoding(encoded, output_gradient.size(2));
  hold_rows(problem, encoded, rows);
  for (std::int64_t member = 0; member < output_gradient.size(0); ++member) {
    problem.output_gradient = output_gradient.const_data_ptr<float>() + member * problem.batch * problem.outputs;
    problem.weight_gradient = weight_gradient.data_ptr<float>() + member * weight_gradient.stride(0);
    problem.bias_gradient = bias_gradient.data_ptr<float>() + member * bias_gradient.stride(0);
    problem.ramp_gradient = ramp_gradient.data_ptr<float>() + member * ramp_gradient.stride(0);
    at::parallel_for(0, problem.outputs, kColumnsPerTask, [&](std::int64_t begin, std::int64_t end) {
      encoded_linear_backward_columns(problem, encoded.width, begin, end);
    });
  }
}

}  // namespace equipoise::kernels
