#include "kernels/bank_adamw/bank_adamw.h"

#include <ATen/ops/_fused_adamw.h>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

// The parameters of one network of 331-256-256-1.
constexpr std::int64_t kParameters = 151041;

void bank_benchmark(benchmark::State& state) {
  const std::int64_t members = state.range(0);
  at::Tensor parameters = at::randn({members, kParameters});
  const at::Tensor drawn = at::randn({members, kParameters});
  const at::Tensor gradients = drawn + 0.01 * drawn.sign();  // far above epsilon, so that the first step is the rate
  const at::Tensor rates = at::full({members}, 1e-3, at::kDouble);
  BankAdamWState bank = make_bank_adamw_state(parameters);
  const at::Tensor expected = parameters - 1e-3 * gradients.sign();  // where a first step goes
  bank_adamw_(parameters, gradients, bank, rates, {});
  if (!at::allclose(parameters, expected, 1e-4, 1e-5)) {
    state.SkipWithError("wrong step");
    return;
  }
  for (auto _ : state) bank_adamw_(parameters, gradients, bank, rates, {});
  report_bytes(state, static_cast<double>(members) * kParameters * 32);
}

// The peer: LibTorch's fused step, one call a member.
void fused_benchmark(benchmark::State& state) {
  const std::int64_t members = state.range(0);
  std::vector<at::Tensor> parameters, gradients, mean, square, steps;
  for (std::int64_t k = 0; k < members; ++k) {
    parameters.push_back(at::randn({kParameters}));
    gradients.push_back(at::randn({kParameters}));
    mean.push_back(at::zeros({kParameters}));
    square.push_back(at::zeros({kParameters}));
    steps.push_back(at::zeros({}));
  }
  for (auto _ : state) {
    for (std::int64_t k = 0; k < members; ++k) {
      steps[k].add_(1);
      at::_fused_adamw_({parameters[k]}, {gradients[k]}, {mean[k]}, {square[k]}, {}, {steps[k]}, 1e-3, 0.9, 0.999, 0.0,
                        1e-8, false, false);
    }
  }
  report_bytes(state, static_cast<double>(members) * kParameters * 28);
}

BENCHMARK(bank_benchmark)->Name("bank_adamw")->Arg(1)->Arg(16)->Arg(64)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(fused_benchmark)
    ->Name("bank_adamw/libtorch_fused")
    ->Arg(1)
    ->Arg(16)
    ->Arg(64)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
