#include "kernels/without_derivative.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include <string>
#include <vector>

namespace equipoise::kernels {
namespace {

struct Written {
  std::string name;
  at::Tensor tensor;
};

std::vector<Written> written_by(const c10::FunctionSchema& schema, const torch::jit::Stack& stack) {
  std::vector<Written> written;
  const std::vector<c10::Argument>& arguments = schema.arguments();
  const std::size_t first = stack.size() - arguments.size();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const c10::AliasInfo* alias = arguments[i].alias_info();
    const c10::IValue& value = stack[first + i];
    if (alias == nullptr || !alias->isWrite() || !value.isTensor()) continue;
    written.push_back({arguments[i].name(), value.toTensor()});
  }
  return written;
}

void call_as_constant(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  if (at::GradMode::is_enabled()) {
    for (const Written& written : written_by(op.schema(), *stack)) {
      TORCH_CHECK(!written.tensor.requires_grad(), op.schema().name(), ": ", written.name,
                  " requires a gradient, expected a tensor that does not: the op writes it and has no derivative");
    }
  }
  const at::AutoDispatchBelowAutograd below;
  op.redispatchBoxed(keys & c10::after_autograd_keyset, stack);
}

void call_and_count(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  const std::vector<Written> all_written = written_by(op.schema(), *stack);
  {
    const at::AutoDispatchBelowADInplaceOrView below;
    op.redispatchBoxed(keys & c10::after_ADInplaceOrView_keyset, stack);
  }
  for (const Written& written : all_written) torch::autograd::impl::bump_version(written.tensor);
}

}  // namespace

torch::CppFunction without_derivative() {
  return torch::CppFunction::makeFromBoxedFunction<&call_as_constant>();
}

torch::CppFunction counting_writes() {
  return torch::CppFunction::makeFromBoxedFunction<&call_and_count>();
}

}  // namespace equipoise::kernels
