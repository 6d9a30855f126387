#include "engine/models/precision.h"

#include <ATen/Context.h>

#include <map>

namespace equipoise::models {

Precision precision_of(const std::string& name) {
  static const std::map<std::string, Precision> table = {
      {"fp32", Precision::fp32}, {"tf32", Precision::tf32}, {"bf16", Precision::bf16}};
  return table.at(name);
}

ProductSettings::ProductSettings(Precision precision, const c10::Device& device) : is_set_(!device.is_cpu()) {
  if (!is_set_) return;
  at::Context& context = at::globalContext();
  const at::CuBLASReductionOption sums = context.allowBF16ReductionCuBLAS();
  had_tf32_ = context.allowTF32CuBLAS();
  had_reduced_sums_ = sums == at::CuBLASReductionOption::AllowReducedPrecisionWithSplitK;
  had_split_sums_ = sums != at::CuBLASReductionOption::DisallowReducedPrecisionDisallowSplitK;
  context.setAllowTF32CuBLAS(precision == Precision::tf32);
  context.setAllowBF16ReductionCuBLAS(false, true);
}

ProductSettings::~ProductSettings() {
  if (!is_set_) return;
  at::globalContext().setAllowTF32CuBLAS(had_tf32_);
  at::globalContext().setAllowBF16ReductionCuBLAS(had_reduced_sums_, had_split_sums_);
}

}  // namespace equipoise::models
