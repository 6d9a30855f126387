// Runs the cases of a benchmark program built without Google Benchmark; takes its options and writes its JSON.
//
// usage: PROGRAM [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] [--benchmark_repetitions=COUNT]
//                [--benchmark_out=FILE] [--benchmark_list_tests]
#include <benchmark/benchmark.h>
#include <regex.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace benchmark {
namespace internal {

Benchmark* Benchmark::Name(const std::string& name) {
  name_ = name;
  return this;
}
Benchmark* Benchmark::Arg(std::int64_t argument) {
  return Args({argument});
}
Benchmark* Benchmark::Args(const std::vector<std::int64_t>& arguments) {
  arguments_.push_back(arguments);
  return this;
}
Benchmark* Benchmark::ArgNames(const std::vector<std::string>& names) {
  argument_names_ = names;
  return this;
}
Benchmark* Benchmark::Unit(TimeUnit unit) {
  unit_ = unit;
  return this;
}
Benchmark* Benchmark::Apply(void (*function)(Benchmark*)) {
  function(this);
  return this;
}
Benchmark* Benchmark::UseRealTime() {
  real_ = true;
  return this;
}
Benchmark* Benchmark::UseManualTime() {
  manual_ = true;
  return this;
}

std::vector<Benchmark::Run> Benchmark::runs() const {
  std::vector<Run> result;
  const auto all = arguments_.empty() ? std::vector<std::vector<std::int64_t>>{{}} : arguments_;
  for (const auto& arguments : all) {
    std::string name = name_;
    for (std::size_t place = 0; place < arguments.size(); ++place) {
      name += '/';
      if (place < argument_names_.size()) name += argument_names_[place] + ':';
      name += std::to_string(arguments[place]);
    }
    if (manual_) name += "/manual_time";
    if (real_) name += "/real_time";
    result.push_back({name, arguments});
  }
  return result;
}

namespace {

std::vector<std::unique_ptr<Benchmark>>& all() {
  static std::vector<std::unique_ptr<Benchmark>> only;
  return only;
}

struct Options {
  std::string filter = ".", out;
  double min_time = 0.5;
  int repetitions = 1;
  bool only_list = false;
};

struct Result {
  std::string name, error;
  std::int64_t iterations = 0;
  double seconds = 0;  // of all iterations
  std::map<std::string, double> counters;
  TimeUnit unit = kNanosecond;
};

constexpr double kPerSecond[] = {1e9, 1e6, 1e3, 1};
constexpr const char* kUnitNames[] = {"ns", "us", "ms", "s"};

// As many iterations as take min_time, found by trying fewer.
Result measured(const Benchmark& benchmark, const Benchmark::Run& run, double min_time) {
  Result result{run.name, "", 0, 0, {}, benchmark.unit()};
  for (std::int64_t iterations = 1;;) {
    State state(run.arguments, iterations);
    benchmark.call(state);
    result.error = state.error();
    result.iterations = iterations;
    result.seconds = benchmark.manual() ? state.manual_seconds() : state.wall_seconds();
    // Manual time leaves out what lies between the calls: five times min_time of the clock on the wall is enough.
    const bool enough =
        result.seconds >= min_time || state.wall_seconds() >= 5 * min_time || iterations >= 1'000'000'000;
    if (enough || !result.error.empty()) {
      for (const auto& [name, counter] : state.counters) {
        const bool rate = counter.flags == Counter::kIsIterationInvariantRate;
        result.counters[name] = rate ? counter.value * static_cast<double>(iterations) / result.seconds : counter.value;
      }
      return result;
    }
    const double wanted = 1.4 * min_time / std::max(result.seconds, 1e-9) * static_cast<double>(iterations);
    iterations = static_cast<std::int64_t>(std::min({std::max(wanted, iterations + 1.0), 10.0 * iterations, 1e9}));
  }
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    result += letter == '\n' ? ' ' : letter;
  }
  return result + '"';
}

void write_json(std::ostream& out, const std::vector<Result>& results) {
  out << "{\n  \"context\": {\"num_cpus\": " << std::thread::hardware_concurrency()
      << ", \"library_version\": \"stand-in\"},\n  \"benchmarks\": [";
  out.precision(12);
  for (std::size_t place = 0; place < results.size(); ++place) {
    const Result& result = results[place];
    out << (place > 0 ? "," : "") << "\n    {\"name\": " << quoted(result.name)
        << ", \"run_name\": " << quoted(result.name) << ", \"run_type\": \"iteration\", ";
    if (!result.error.empty()) {
      out << "\"error_occurred\": true, \"error_message\": " << quoted(result.error) << "}";
      continue;
    }
    const double each = result.seconds / static_cast<double>(result.iterations) * kPerSecond[result.unit];
    out << "\"iterations\": " << result.iterations << ", \"real_time\": " << each << ", \"time_unit\": \""
        << kUnitNames[result.unit] << '"';
    for (const auto& [name, value] : result.counters) out << ", " << quoted(name) << ": " << value;
    out << "}";
  }
  out << "\n  ]\n}\n";
}

void print(const Result& result) {
  if (!result.error.empty()) {
    std::printf("%-48s ERROR: %s\n", result.name.c_str(), result.error.c_str());
  } else {
    std::printf("%-48s %12.4g %s", result.name.c_str(),
                result.seconds / static_cast<double>(result.iterations) * kPerSecond[result.unit],
                kUnitNames[result.unit]);
    for (const auto& [name, value] : result.counters) std::printf("  %s=%.4g", name.c_str(), value);
    std::printf("\n");
  }
  std::fflush(stdout);
}

bool read(const std::string& word, Options& options) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (name == "--benchmark_filter")
    options.filter = value;
  else if (name == "--benchmark_out")
    options.out = value;
  else if (name == "--benchmark_min_time")
    options.min_time = std::strtod(value.c_str(), nullptr);
  else if (name == "--benchmark_repetitions")
    options.repetitions = std::atoi(value.c_str());
  else if (name == "--benchmark_list_tests")
    options.only_list = true;
  else
    return false;
  return true;
}

int run(const Options& options) {
  std::vector<Result> results;
  regex_t filter;
  if (::regcomp(&filter, options.filter.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    std::fprintf(stderr, "--benchmark_filter is not a regular expression: %s\n", options.filter.c_str());
    return 2;
  }
  bool failed = false;
  for (const auto& benchmark : all()) {
    for (const Benchmark::Run& each : benchmark->runs()) {
      if (::regexec(&filter, each.name.c_str(), 0, nullptr, 0) != 0) continue;
      if (options.only_list) {
        std::printf("%s\n", each.name.c_str());
        continue;
      }
      for (int repetition = 0; repetition < options.repetitions; ++repetition) {
        results.push_back(measured(*benchmark, each, options.min_time));
        print(results.back());
        failed = failed || !results.back().error.empty();
      }
    }
  }
  ::regfree(&filter);
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    write_json(file, results);
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", options.out.c_str());
      return 2;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace

Benchmark* add(std::unique_ptr<Benchmark> added) {
  all().push_back(std::move(added));
  return all().back().get();
}

}  // namespace internal
}  // namespace benchmark

int main(int count, char** words) {
  benchmark::internal::Options options;
  for (int place = 1; place < count; ++place) {
    if (!benchmark::internal::read(words[place], options)) {
      std::fprintf(stderr,
                   "unknown option '%s' (known: --benchmark_filter=, --benchmark_min_time=, --benchmark_repetitions=, "
                   "--benchmark_out=, --benchmark_list_tests)\n",
                   words[place]);
      return 2;
    }
  }
  return benchmark::internal::run(options);
}
