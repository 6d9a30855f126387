#include "kernels/encoded_linear/encoded_linear.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "kernels/arguments.h"
#include "kernels/encoded_linear/encoded_linear_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "encoded_linear";
constexpr std::int64_t kRowsPerTask = 64;
constexpr std::int64_t kColumnsPerTask = 64;

void check_contiguous(const char* name, const at::Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous(), kOp, ": ", name, " is not contiguous");
}

EncodedLinearProblem checked_problem(const EncodedTensors& encoded, std::int64_t outputs) {
  TORCH_CHECK(encoded.codes.is_cpu(), kOp, ": device ", encoded.codes.device(),
              " is not supported, expected cpu (on cuda use gather and a matrix product)");
  check_type(kOp, "codes", encoded.codes, at::kShort);
  check_type(kOp, "values", encoded.values, at::kFloat);
  check_type(kOp, "layout", encoded.layout, at::kInt);
  TORCH_CHECK(encoded.codes.dim() == 2, kOp, ": codes has shape ", encoded.codes.sizes(), ", expected [N, F]");
  check_shape(kOp, "values", encoded.values, encoded.codes.sizes());
  check_shape(kOp, "layout", encoded.layout, {encoded.codes.size(1), 3});
  check_contiguous("codes", encoded.codes);
  check_contiguous("values", encoded.values);
  check_contiguous("layout", encoded.layout);
  EncodedLinearProblem problem;
  problem.codes = encoded.codes.const_data_ptr<std::int16_t>();
  problem.values = encoded.values.const_data_ptr<float>();
  problem.layout = encoded.layout.const_data_ptr<std::int32_t>();
  problem.features = encoded.codes.size(1);
  problem.outputs = outputs;
  return problem;
}

void check_floats(const char* name, const at::Tensor& tensor, at::IntArrayRef shape) {
  TORCH_CHECK(tensor.is_cpu(), kOp, ": ", name, " is on ", tensor.device(), ", expected cpu");
  check_type(kOp, name, tensor, at::kFloat);
  check_shape(kOp, name, tensor, shape);
  check_contiguous(name, tensor);
}

// [K, ...] whose members may be any distance apart: a bank's tensors lie among its other parameters.
void check_members(const char* name, const at::Tensor& tensor, at::IntArrayRef shape) {
  TORCH_CHECK(tensor.is_cpu(), kOp, ": ", name, " is on ", tensor.device(), ", expected cpu");
  check_type(kOp, name, tensor, at::kFloat);
  check_shape(kOp, name, tensor, shape);
  TORCH_CHECK(tensor.size(0) == 0 || tensor.select(0, 0).is_contiguous(), kOp, ": ", name, " has strides ",
              tensor.strides(), ", expected each member's part to be contiguous");
}

void check_row_numbers(const EncodedTensors& encoded, const at::Tensor& rows) {
  check_type(kOp, "rows", rows, at::kLong);
  TORCH_CHECK(rows.dim() == 1, kOp, ": rows has shape ", rows.sizes(), ", expected [B]");
  check_contiguous("rows", rows);
  const std::int64_t* numbers = rows.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    TORCH_CHECK(numbers[i] >= 0 && numbers[i] < encoded.codes.size(0), kOp, ": rows[", i, "] is ", numbers[i],
                ", expected 0 to ", encoded.codes.size(0) - 1);
  }
}

void forward(at::Tensor& out, const EncodedTensors& encoded, EncodedLinearProblem problem, const at::Tensor& weight,
             const at::Tensor& ramp_sums, const at::Tensor& bias) {
  TORCH_CHECK(weight.dim() == 3, kOp, ": weight has shape ", weight.sizes(), ", expected [K, D, H]");
  const std::int64_t members = weight.size(0);
  check_members("weight", weight, {members, encoded.width, weight.size(2)});
  check_members("ramp_sums", ramp_sums, weight.sizes());
  check_members("bias", bias, {members, weight.size(2)});
  check_floats("out", out, {members, out.size(1), weight.size(2)});
  for (std::int64_t member = 0; member < members; ++member) {
    problem.weight = weight.const_data_ptr<float>() + member * weight.stride(0);
    problem.ramp_sums = ramp_sums.const_data_ptr<float>() + member * ramp_sums.stride(0);
    problem.bias = bias.const_data_ptr<float>() + member * bias.stride(0);
    problem.out = out.data_ptr<float>() + member * out.size(1) * problem.outputs;
    at::parallel_for(0, problem.batch, kRowsPerTask,
                     [&](std::int64_t begin, std::int64_t end) { encoded_linear_rows(problem, begin, end); });
  }
}

}  // namespace

void encoded_linear_out(at::Tensor& out, const EncodedTensors& encoded, const at::Tensor& rows,
                        const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  TORCH_CHECK(out.dim() == 3, kOp, ": out has shape ", out.sizes(), ", expected [K, B, H]");
  EncodedLinearProblem problem = checked_problem(encoded, out.size(2));
  check_row_numbers(encoded, rows);
  TORCH_CHECK(rows.size(0) == out.size(1), kOp, ": rows has ", rows.size(0), " entries, expected ", out.size(1));
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.batch = rows.size(0);
  forward(out, encoded, problem, weight, ramp_sums, bias);
}

void encoded_linear_range_out(at::Tensor& out, const EncodedTensors& encoded, std::int64_t first,
                              const at::Tensor& weight, const at::Tensor& ramp_sums, const at::Tensor& bias) {
  TORCH_CHECK(out.dim() == 3, kOp, ": out has shape ", out.sizes(), ", expected [K, B, H]");
  EncodedLinearProblem problem = checked_problem(encoded, out.size(2));
  TORCH_CHECK(first >= 0 && first + out.size(1) <= encoded.codes.size(0), kOp, ": rows ", first, " to ",
              first + out.size(1), " are not within the ", encoded.codes.size(0), " encoded rows");
  problem.first_row = first;
  problem.batch = out.size(1);
  forward(out, encoded, problem, weight, ramp_sums, bias);
}

void encoded_ramp_sums_out(at::Tensor& ramp_sums, const EncodedTensors& encoded, const at::Tensor& weight) {
  TORCH_CHECK(weight.dim() == 3, kOp, ": weight has shape ", weight.sizes(), ", expected [K, D, H]");
  EncodedLinearProblem problem = checked_problem(encoded, weight.size(2));
  check_members("weight", weight, {weight.size(0), encoded.width, problem.outputs});
  check_members("ramp_sums", ramp_sums, weight.sizes());
  for (std::int64_t member = 0; member < weight.size(0); ++member) {
    problem.weight = weight.const_data_ptr<float>() + member * weight.stride(0);
    float* sums = ramp_sums.data_ptr<float>() + member * ramp_sums.stride(0);
    at::parallel_for(0, problem.outputs, kColumnsPerTask,
                     [&](std::int64_t begin, std::int64_t end) { ramp_sums_range(problem, sums, begin, end); });
  }
}

void encoded_linear_backward_out(at::Tensor& weight_gradient, at::Tensor& bias_gradient, const EncodedTensors& encoded,
                                 const at::Tensor& rows, const at::Tensor& output_gradient) {
  TORCH_CHECK(output_gradient.dim() == 3, kOp, ": output_gradient has shape ", output_gradient.sizes(),
              ", expected [K, B, H]");
  const std::int64_t members = output_gradient.size(0);
  EncodedLinearProblem problem = checked_problem(encoded, output_gradient.size(2));
  check_row_numbers(encoded, rows);
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.batch = rows.size(0);
  check_floats("output_gradient", output_gradient, {members, problem.batch, problem.outputs});
  check_members("weight_gradient", weight_gradient, {members, encoded.width, problem.outputs});
  check_members("bias_gradient", bias_gradient, {members, problem.outputs});
  const at::Tensor ramp_gradient = at::empty({encoded.width, problem.outputs}, output_gradient.options());
  problem.ramp_gradient = ramp_gradient.data_ptr<float>();
  for (std::int64_t member = 0; member < members; ++member) {
    problem.output_gradient = output_gradient.const_data_ptr<float>() + member * problem.batch * problem.outputs;
    problem.weight_gradient = weight_gradient.data_ptr<float>() + member * weight_gradient.stride(0);
    problem.bias_gradient = bias_gradient.data_ptr<float>() + member * bias_gradient.stride(0);
    at::parallel_for(0, problem.outputs, kColumnsPerTask, [&](std::int64_t begin, std::int64_t end) {
      encoded_linear_backward_columns(problem, encoded.width, begin, end);
    });
  }
}

}  // namespace equipoise::kernels
