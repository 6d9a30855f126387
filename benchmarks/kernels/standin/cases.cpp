// Cases of known outcome, by which tests/scripts/kernels_alone_test.py knows that the stand-in counts right.
#include <benchmark/benchmark.h>

namespace {

void two_milliseconds(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(2e-3);
  state.counters["bytes"] = benchmark::Counter(static_cast<double>(state.range(0) * state.range(1)),
                                               benchmark::Counter::kIsIterationInvariantRate);
  state.counters["plain"] = benchmark::Counter(5);
}

void wrong_answer(benchmark::State& state) {
  state.SkipWithError("a \"wrong\" answer");
  for (auto _ : state) state.SetIterationTime(1);
}

void timed_by_the_wall(benchmark::State& state) {
  volatile double sum = 0;
  for (auto _ : state) sum = sum + 1;
  benchmark::DoNotOptimize(sum);
}

BENCHMARK(two_milliseconds)
    ->Name("two/ms")
    ->ArgNames({"N", "M"})
    ->Args({3, 4})
    ->Args({5, 6})
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime();
BENCHMARK(wrong_answer)->Arg(7);
BENCHMARK(timed_by_the_wall)->UseRealTime();

}  // namespace
