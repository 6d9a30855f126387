#pragma once

#include <c10/core/Device.h>

#include <string>

namespace equipoise::models {

/// In what the matrix products of training are computed on a GPU: fp32 throughout; fp32 rounded to TF32 on the way into a
/// product; bf16 operands and activations. All three sum in fp32 and keep parameters, gradients of parameters and logits
/// as fp32. On the CPU there is fp32 alone.
enum class Precision { fp32, tf32, bf16 };

/// By its name in the config (RunConfig::describe lists the same names).
Precision precision_of(const std::string& name);

/// While it lives, LibTorch's products on a GPU are those of `precision`, whatever the environment asked for: fp32 products
/// are exact but for tf32, and the sums of bf16 products are rounded once, at their end. Then the settings are as before.
/// They are the process's own, so products of other threads see them. Nothing where `device` is the CPU.
class ProductSettings {
 public:
  ProductSettings(Precision precision, const c10::Device& device);
  ~ProductSettings();
  ProductSettings(const ProductSettings&) = delete;
  ProductSettings& operator=(const ProductSettings&) = delete;

 private:
  bool is_set_ = false, had_tf32_ = false, had_reduced_sums_ = false, had_split_sums_ = false;
};

}  // namespace equipoise::models
