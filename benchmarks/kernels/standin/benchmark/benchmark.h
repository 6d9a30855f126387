// Stands in for Google Benchmark where it is not installed: the part of it that the benchmarks of this folder use, under its
// names, with its names of cases and its JSON, so that scripts/bench_compare.sh reads both. Documentation: Google Benchmark's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace benchmark {

enum TimeUnit { kNanosecond, kMicrosecond, kMillisecond, kSecond };

struct Counter {
  enum Flags { kDefaults = 0, kIsIterationInvariantRate = 1 };
  enum OneK { kIs1000, kIs1024 };
  Counter(double counted = 0, Flags how = kDefaults, OneK = kIs1000) : value(counted), flags(how) {}
  double value;
  Flags flags;
};

template <typename T>
inline void DoNotOptimize(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

class State {
 public:
  State(std::vector<std::int64_t> arguments, std::int64_t iterations)
      : arguments_(std::move(arguments)), iterations_(iterations) {}

  std::int64_t range(std::size_t place = 0) const { return arguments_.at(place); }
  void SkipWithError(const char* message) { error_ = message; }
  void SetIterationTime(double seconds) { manual_seconds_ += seconds; }
  std::int64_t iterations() const { return iterations_; }
  std::map<std::string, Counter> counters;

  struct [[maybe_unused]] Value {};
  struct Iterator {
    State* state;
    std::int64_t left;
    bool operator!=(const Iterator&) {
      if (left > 0) return true;
      state->wall_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - state->start_).count();
      return false;
    }
    void operator++() { --left; }
    Value operator*() const { return {}; }
  };
  Iterator begin() {
    start_ = std::chrono::steady_clock::now();
    return {this, error_.empty() ? iterations_ : 0};
  }
  Iterator end() { return {this, 0}; }

  const std::string& error() const { return error_; }
  double wall_seconds() const { return wall_seconds_; }
  double manual_seconds() const { return manual_seconds_; }

 private:
  std::vector<std::int64_t> arguments_;
  std::int64_t iterations_;
  std::string error_;
  std::chrono::steady_clock::time_point start_;
  double wall_seconds_ = 0, manual_seconds_ = 0;
};

namespace internal {

class Benchmark {
 public:
  Benchmark(std::string name, void (*function)(State&)) : name_(std::move(name)), function_(function) {}
  Benchmark* Name(const std::string& name);
  Benchmark* Arg(std::int64_t argument);
  Benchmark* Args(const std::vector<std::int64_t>& arguments);
  Benchmark* ArgNames(const std::vector<std::string>& names);
  Benchmark* Unit(TimeUnit unit);
  Benchmark* Apply(void (*function)(Benchmark*));
  Benchmark* UseRealTime();
  Benchmark* UseManualTime();

  struct Run {
    std::string name;
    std::vector<std::int64_t> arguments;
  };
  std::vector<Run> runs() const;
  void call(State& state) const { function_(state); }
  TimeUnit unit() const { return unit_; }
  bool manual() const { return manual_; }

 private:
  std::string name_;
  void (*function_)(State&);
  std::vector<std::vector<std::int64_t>> arguments_;
  std::vector<std::string> argument_names_;
  TimeUnit unit_ = kNanosecond;
  bool real_ = false, manual_ = false;
};

Benchmark* add(std::unique_ptr<Benchmark> added);

}  // namespace internal
}  // namespace benchmark

#define EQ_STANDIN_JOIN_NAMES(a, b) a##b
#define EQ_STANDIN_NAME(a, b) EQ_STANDIN_JOIN_NAMES(a, b)
#define BENCHMARK(function)                                                                               \
  [[maybe_unused]] static ::benchmark::internal::Benchmark* EQ_STANDIN_NAME(added_benchmark_, __LINE__) = \
      ::benchmark::internal::add(std::make_unique<::benchmark::internal::Benchmark>(#function, function))
