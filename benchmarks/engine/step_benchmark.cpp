// One training step of an MLP 256-256 under demographic parity: draw, gather, forward, measure, price, push, backward, AdamW.
// On a GPU the step is replayed as a graph, which is first compared with the step launched kernel by kernel; a bank is timed
// beside a run alone, so that its gain is a ratio within one process.
//
//   step_benchmark [--benchmark_filter=cuda] [--benchmark_out=FILE]
//   step_benchmark --benchmark_filter=recipes
//
// The second times steps whose batches are balanced, and some of whose rows are made by SMOTE and mixed, in turns with steps without:
// times_without is the median of the pairs.
//
// rows_per_second counts the rows of all members; share_of_products is the floating-point work of the step's matrix products
// over what a large product of this machine does in the same run (bf16 on a GPU, fp32 on a CPU).
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/seed.h"
#include "engine/models/no_autograd.h"
#include "engine/sampling/sampler.h"
#include "engine/training/captured_graph.h"
#include "engine/training/row_policy.h"
#include "engine/training/step.h"
#include "engine/training/trainer.h"

namespace equipoise::training {
namespace {

constexpr int kColumns = 32;
constexpr std::int32_t kBins = 8;  // of a piecewise-linear column
constexpr std::int64_t kSteps = 1 << 20;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Two groups, 32 numeric columns: standardised (two components each), or piecewise-linear (bins and a missing flag).
data::Dataset random_people(std::int64_t rows, bool is_piecewise) {
  const std::int32_t width = is_piecewise ? kBins + 1 : 2;
  data::Dataset people;
  people.encoded.rows = rows;
  people.encoded.width = kColumns * width;
  for (std::int32_t column = 0; column < kColumns; ++column) {
    const auto kind = is_piecewise ? data::FeatureKind::ramp : data::FeatureKind::pick;
    people.encoded.features.push_back({"x" + std::to_string(column), kind, column * width, width, false, {}});
  }
  people.encoded.codes.resize(static_cast<std::size_t>(rows * kColumns));
  people.encoded.values.resize(static_cast<std::size_t>(rows * kColumns));
  data::Grouping group{"group", {"a", "b"}, std::vector<std::int32_t>(static_cast<std::size_t>(rows))};
  people.labels.resize(static_cast<std::size_t>(rows));
  people.splits.assign(static_cast<std::size_t>(rows), data::Split::train);
  at::parallel_for(0, rows, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      float score = 0;
      for (std::int64_t column = 0; column < kColumns; ++column) {
        const auto place = static_cast<std::size_t>(row * kColumns + column);
        const std::uint64_t bits = core::mix(17, static_cast<std::uint64_t>(place));
        const auto value = static_cast<float>(core::uniform(bits));
        people.encoded.codes[place] = static_cast<std::int16_t>(is_piecewise ? bits % kBins : 0);
        people.encoded.values[place] = is_piecewise ? value : 2 * value - 1;
        if (column < 4) score += value - 0.5f;
      }
      const auto at = static_cast<std::size_t>(row);
      group.codes[at] = core::uniform(core::mix(23, at)) < 0.3 ? 0 : 1;
      people.labels[at] = score + 0.3f * static_cast<float>(group.codes[at]) > 0.2f;
    }
  });
  people.groupings.push_back(std::move(group));
  return people;
}

constraints::ConstraintTable parity(const data::Dataset& people) {
  core::Journal journal;
  return constraints::compile({{"demographic_parity", {"group"}, 0.02}}, people, 30, {}, journal);
}

/// Rows on a device. Kept for the cases that follow: making ten million takes longer than timing them.
struct Rows {
  data::Dataset people;
  constraints::ConstraintTable table;
  DeviceData data;

  Rows(std::int64_t rows, bool is_piecewise, const at::Device& device)
      : people(random_people(rows, is_piecewise)),
        table(parity(people)),
        data(to_device(people, table.cells, 1, 3, device)) {
    people.encoded.codes = {};
    people.encoded.values = {};
  }
};

const Rows& rows_for(std::int64_t rows, bool is_piecewise, const at::Device& device) {
  using Wanted = std::tuple<std::int64_t, bool, at::Device>;
  static std::optional<Wanted> held;
  static std::unique_ptr<Rows> kept;
  const Wanted wanted(rows, is_piecewise, device);
  if (held != wanted) {
    kept.reset();
    kept = std::make_unique<Rows>(rows, is_piecewise, device);
    held = wanted;
  }
  return *kept;
}

// Balance half-way, SMOTE of the smaller group and mixup across groups.
sampling::SamplingParams some_recipes() {
  sampling::SamplingParams recipes;
  recipes.recipes.resize(3);
  sampling::RecipeParams &balance = recipes.recipes[0], &smote = recipes.recipes[1], &mixup = recipes.recipes[2];
  balance.recipe = "balance";
  balance.by = {"group", "label"};
  balance.power = 0.5;
  smote.recipe = "smote";
  smote.by = {"group", "label"};
  smote.where = {{"group", "a"}};
  smote.share = 0.3;
  mixup.recipe = "mixup";
  mixup.inside = {"label"};
  mixup.across = {"group"};
  mixup.share = 0.3;
  return recipes;
}

struct Sampled {
  sampling::Sampler sampler;
  RowPolicy policy;

  Sampled(const Rows& rows, std::int64_t batch)
      : sampler(some_recipes(), rows.people, training_rows(rows.data), config::Origin()),
        policy(sampler, rows.data, batch) {}
};

struct Bank {
  std::unique_ptr<models::Learner> learner;
  std::unique_ptr<TrainingStep> step;

  Bank(const Rows& rows, std::int64_t members, std::int64_t batch, models::Precision precision,
       const at::Device& device, RowPolicy* policy = nullptr) {
    std::vector<std::uint64_t> seeds;
    for (std::int64_t k = 0; k < members; ++k) seeds.push_back(static_cast<std::uint64_t>(11 + k));
    models::ModelParams model;
    model.hidden = {256, 256};
    learner = models::make_learner(model, rows.data.host, seeds, device, precision);
    TrainingParams params;
    params.batch_size = batch;
    params.schedule = "constant";
    const std::vector<double> rates(static_cast<std::size_t>(members), 1e-3);
    step = std::make_unique<TrainingStep>(rows.data, rows.table, constraints::MultiplierParams(), params, rates, kSteps,
                                          5, *learner, policy);
    for (std::int64_t k = 0; k < members; ++k) {
      step->set_multipliers(k, std::vector<double>(rows.table.rows.size(), 0.1 * static_cast<double>(k % 7)));
    }
  }

  /// Seconds of one step, of `steps` in a row; waits for them.
  double time(std::int64_t steps) {
    step->alive();
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < steps; ++i) step->run();
    step->alive();
    return seconds_since(start) / static_cast<double>(steps);
  }

  at::Tensor weights() { return learner->flat_parameters().to(at::kCPU).clone(); }
};

// "" or what is wrong: on a GPU the captured steps must have the bits of steps launched kernel by kernel.
std::string warm_up(Bank& bank, Bank* uncaptured) {
  bank.time(4);
  if (uncaptured != nullptr) {
    const std::string why = bank.step->capture();
    if (!why.empty()) return "not captured: " + why;
    bank.time(4);
    uncaptured->time(8);
    if (!at::equal(bank.weights(), uncaptured->weights())) return "replayed steps differ from launched ones";
  }
  for (const bool alive : bank.step->alive()) {
    if (!alive) return "a member left the finite numbers";
  }
  return "";
}

// Floating-point operations a second of a large matrix product: the median of five.
double product_rate(const at::Device& device) {
  static std::map<std::string, double> known;
  double& rate = known[device.str()];
  if (rate > 0) return rate;
  const std::int64_t size = device.is_cuda() ? 8192 : 2048;
  const auto options = at::TensorOptions().device(device).dtype(device.is_cuda() ? at::kBFloat16 : at::kFloat);
  const at::Tensor a = at::randn({size, size}, options), b = at::randn({size, size}, options);
  at::Tensor out = at::empty_like(a);
  std::vector<double> seconds;
  for (int repeat = 0; repeat < 6; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    const int calls = device.is_cuda() ? 10 : 1;
    for (int i = 0; i < calls; ++i) at::mm_out(out, a, b);
    out.narrow(0, 0, 1).narrow(1, 0, 1).to(at::kCPU);
    if (repeat > 0) seconds.push_back(seconds_since(start) / calls);
  }
  std::nth_element(seconds.begin(), seconds.begin() + 2, seconds.end());
  return rate = 2.0 * static_cast<double>(size * size * size) / seconds[2];
}

// Of one row through one member: forward, and twice that backward, except for the gradient by the data.
double operations_per_row(models::Learner& learner, std::int64_t inputs) {
  const auto weights = static_cast<double>(learner.flat_parameters().size(1));
  return 6 * weights - 2 * static_cast<double>(inputs * 256);
}

double median_of(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void time_steps(benchmark::State& state, const at::Device& device) {
  const models::NoAutograd no_autograd;
  const std::int64_t members = state.range(0), batch = state.range(1);
  const auto precision = static_cast<models::Precision>(state.range(4));
  const OwnStream stream(device);
  const Rows& rows = rows_for(state.range(2), state.range(3) != 0, device);
  Bank bank(rows, members, batch, precision, device);
  std::unique_ptr<Bank> same;
  if (device.is_cuda()) same = std::make_unique<Bank>(rows, members, batch, precision, device);
  const std::string wrong = warm_up(bank, same.get());
  if (!wrong.empty()) return state.SkipWithError(wrong.c_str());
  const std::int64_t steps = device.is_cuda() ? 200 : 2;
  std::vector<double> seconds;
  for (auto _ : state) {
    seconds.push_back(bank.time(steps));
    state.SetIterationTime(seconds.back());
  }
  const double median = median_of(seconds);
  const auto rows_of_step = static_cast<double>(members * batch);
  state.counters["rows_per_second"] = rows_of_step / median;
  state.counters["share_of_products"] =
      rows_of_step * operations_per_row(*bank.learner, rows.data.encoded.width) / median / product_rate(device);
  if (same != nullptr) state.counters["launched_one_by_one"] = same->time(50) / median;
  if (members > 1) {
    Bank alone(rows, 1, batch, precision, device);
    std::unique_ptr<Bank> copy;
    if (device.is_cuda()) copy = std::make_unique<Bank>(rows, 1, batch, precision, device);
    const std::string alone_wrong = warm_up(alone, copy.get());
    if (!alone_wrong.empty()) return state.SkipWithError(alone_wrong.c_str());
    state.counters["times_one_after_another"] = static_cast<double>(members) * alone.time(steps) / median;
  }
}

void time_recipes(benchmark::State& state, const at::Device& device) {
  const models::NoAutograd no_autograd;
  const std::int64_t batch = state.range(0);
  const auto precision = static_cast<models::Precision>(state.range(2));
  const OwnStream stream(device);
  const Rows& rows = rows_for(state.range(1), true, device);
  Sampled sampled(rows, batch);
  Bank without(rows, 1, batch, precision, device), with(rows, 1, batch, precision, device, &sampled.policy);
  std::unique_ptr<Bank> same_without, same_with;
  if (device.is_cuda()) {
    same_without = std::make_unique<Bank>(rows, 1, batch, precision, device);
    same_with = std::make_unique<Bank>(rows, 1, batch, precision, device, &sampled.policy);
  }
  for (const auto& [bank, same] : {std::pair(&without, same_without.get()), {&with, same_with.get()}}) {
    const std::string wrong = warm_up(*bank, same);
    if (!wrong.empty()) return state.SkipWithError(wrong.c_str());
  }
  const std::int64_t steps = device.is_cuda() ? 200 : 5;
  std::vector<double> ratios, seconds;
  for (auto _ : state) {
    const double plain = without.time(steps);
    seconds.push_back(with.time(steps));
    ratios.push_back(seconds.back() / plain);
    state.SetIterationTime(seconds.back());
  }
  state.counters["rows_per_second"] = static_cast<double>(batch) / median_of(seconds);
  state.counters["times_without"] = median_of(ratios);
}

void cpu_step(benchmark::State& state) {
  time_steps(state, at::kCPU);
}

// Says why, where there is no GPU.
void on_cuda(benchmark::State& state, void (*time)(benchmark::State&, const at::Device&)) {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  try {
    time(state, choose_device(config, {}, journal));
  } catch (const core::UserError& error) {
    state.SkipWithError(error.what());
  }
}

void cuda_step(benchmark::State& state) {
  on_cuda(state, time_steps);
}

void cpu_recipes(benchmark::State& state) {
  time_recipes(state, at::kCPU);
}

void cuda_recipes(benchmark::State& state) {
  on_cuda(state, time_recipes);
}

// Precision by its place among models::Precision: fp32, tf32, bf16.
void asked_of_steps(benchmark::internal::Benchmark* cases) {
  cases->ArgNames({"K", "B", "N", "piecewise", "precision"})->Unit(benchmark::kMicrosecond)->UseManualTime();
}

BENCHMARK(cpu_step)
    ->Name("step/cpu")
    ->Apply(asked_of_steps)
    ->Args({1, 512, 50'000, 1, 0})
    ->Args({16, 512, 50'000, 1, 0})
    ->Args({1, 4096, 50'000, 1, 0});
BENCHMARK(cuda_step)
    ->Name("step/cuda")
    ->Apply(asked_of_steps)
    ->Args({1, 512, 50'000, 1, 0})
    ->Args({1, 512, 50'000, 1, 2})
    ->Args({1, 4096, 50'000, 1, 0})
    ->Args({1, 4096, 50'000, 1, 1})
    ->Args({1, 4096, 50'000, 1, 2})
    ->Args({64, 512, 50'000, 1, 0})
    ->Args({64, 512, 50'000, 1, 2})
    ->Args({64, 4096, 50'000, 1, 2})
    ->Args({1, 65'536, 10'000'000, 1, 0})
    ->Args({1, 65'536, 10'000'000, 1, 2})
    ->Args({1, 65'536, 10'000'000, 0, 2});

void asked_of_recipes(benchmark::internal::Benchmark* cases) {
  cases->ArgNames({"B", "N", "precision"})->Unit(benchmark::kMicrosecond)->UseManualTime();
}

BENCHMARK(cpu_recipes)->Name("step/cpu/recipes")->Apply(asked_of_recipes)->Args({4096, 50'000, 0});
BENCHMARK(cuda_recipes)
    ->Name("step/cuda/recipes")
    ->Apply(asked_of_recipes)
    ->Args({4096, 50'000, 0})
    ->Args({4096, 50'000, 2});

}  // namespace
}  // namespace equipoise::training
