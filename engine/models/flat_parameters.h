#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace equipoise::models {

/// How initial values come from a parameter's bound: uniform in [-bound, bound); -bound or bound, each as likely; bound itself.
enum class Initial { uniform, signs, constant };

/// One parameter of the architecture, before memory is laid out.
struct ParameterShape {
  std::string name;
  std::vector<std::int64_t> shape;  // without the leading K
  double bound = 0;
  Initial initial = Initial::uniform;
  std::vector<std::int64_t> alike = {};  // signs: how many neighbours along the last size share one; empty: none does
  at::Tensor given = {};                 // initial values of every member, where it is defined
};

/// All parameters of a bank and their gradients, a row for each member: what is done to one member (a learning rate, a
/// copy, a check) is done to one row, and no member's place in the bank can change another's bits.
struct FlatParameters {
  at::Tensor values;              // [K, P]
  at::Tensor gradients;           // [K, P]
  std::vector<at::Tensor> views;  // [K, shape...] into values; each member's part is contiguous
  std::vector<at::Tensor> gradient_views;
  at::Tensor operands;  // [K, P], what training's products read: `values`, or their bf16 copy
  std::vector<at::Tensor> operand_views;

  /// Brings a copy up to date. Called after the parameters changed and before a product.
  void refresh_operands();
};

/// Lays out and draws initial values. A value is a function of (member's seed, parameter's name, place in it) alone.
/// `operand_type` is float, or bfloat16 for operands of their own.
FlatParameters make_parameters(const std::vector<ParameterShape>& shapes, const std::vector<std::uint64_t>& seeds,
                               const at::Device& device, at::ScalarType operand_type = at::kFloat);

/// "151,041".
std::string in_thousands(std::int64_t count);

/// The share of units that are dropped, rounded to 256ths: 0 to 255 of them.
std::int64_t dropout_rate_256(double dropout);

/// [K] i64 on `device`, what decides which units a member drops.
at::Tensor dropout_seeds(const std::vector<std::uint64_t>& seeds, const at::Device& device);

}  // namespace equipoise::models
