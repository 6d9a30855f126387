// How often intervals cover and how often "met" is wrong: test sets drawn from populations whose rates are known.
//
//   coverage_benchmark [--draws 1000] [--seed 1] [--only rates|weights|calibration|numbers] [--json FILE]
//
//   rates        a row's group, label and logit are drawn; it is selected where the logit is above 0, and its loss is the
//                log loss
//   weights      the same, with rows of unequal weight; true are the rates by weight
//   calibration  scores in bins, whose labels do not come as often as scores say
//   numbers      predictions and their residuals, normal and skewed
//
// Each test set goes the way of real ones: sums by cell, effective rows, estimable levels, limits, bounds. Asked of every
// interval: cover in 93.5 to 96.5 % of the sets; of "met", where the tolerance is the true figure / 1.0001: wrong in 5 %
// of the sets at most, but for two standard errors. Prints Markdown; the figures of every setting go to the JSON file.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_numbers.h"
#include "benchmarks/engine/coverage_population.h"
#include "benchmarks/engine/coverage_report.h"
#include "benchmarks/engine/coverage_scores.h"

namespace equipoise::evaluation {
namespace {

const std::vector<Weighing> kWeighings = {{"by chance", 0.8},
                                          {"few heavy", 0, 0, 1, 20, {0.03, 0.03}},
                                          {"by group", 0, 0, 1, 5, {0.05, 0.5}},
                                          {"by label and logit", 0.3, 0.5, 3}};
const std::vector<Calibration> kCalibrations = {
    {"scores too low", 0.4, 1}, {"scores too high", -0.4, 1}, {"too sure", 0.1, 0.6}};

struct Table {
  std::string name;
  std::vector<Lines> lines;
  // Makes what is asked of one population after another.
  void (*each)(const std::function<void(Asked)>& look_at);
};

void each_of_rates(const std::function<void(Asked)>& look_at) {
  for (const std::int64_t rows : {100, 1000, 10000})
    for (const int groups : {2, 5, 20})
      for (const double base : {0.02, 0.1, 0.5}) look_at(asked_of_rates("rates", {rows, groups, base}, {}));
}

void each_of_weights(const std::function<void(Asked)>& look_at) {
  for (const std::int64_t rows : {300, 1000, 10000})
    for (const int groups : {2, 5})
      for (const double base : {0.1, 0.5})
        for (const Weighing& weighing : kWeighings) look_at(asked_of_rates("weights", {rows, groups, base}, weighing));
}

void each_of_calibration(const std::function<void(Asked)>& look_at) {
  for (const std::int64_t rows : {300, 1000, 10000})
    for (const int groups : {2, 5})
      for (const double base : {0.05, 0.5})
        for (const Calibration& calibration : kCalibrations)
          look_at(asked_of_scores({rows, groups, base}, calibration));
}

void each_of_numbers(const std::function<void(Asked)>& look_at) {
  for (const std::int64_t rows : {100, 1000, 10000})
    for (const int groups : {2, 5, 20})
      for (const Shape& shape : shapes()) look_at(asked_of_numbers({rows, groups, 0}, shape));
}

const std::vector<Table>& tables() {
  using Name = std::string (*)(const Found&);
  static const Name rate_and_form = [](const Found& found) { return found.rate + ", " + found.form; };
  static const Name rate_and_rows = [](const Found& found) {
    return found.rate + " | " + std::to_string(found.setting.rows);
  };
  static const Name sizes = [](const Found& found) {
    return std::to_string(found.setting.rows) + ", " + std::to_string(found.setting.groups);
  };
  static const Name rate_and_kind = [](const Found& found) { return found.rate + " | " + found.kind; };
  static const Name kind = [](const Found& found) { return found.kind; };
  static const Name rate_kind_and_rows = [](const Found& found) {
    return found.rate + " | " + found.kind + " | " + std::to_string(found.setting.rows);
  };
  static const std::vector<Table> all = {
      {"rates",
       {{"rate of one group | rows", true, rate_and_rows},
        {"rate, form", false, rate_and_form, true},
        {"rows, groups", false, sizes}},
       each_of_rates},
      {"weights",
       {{"rate of one group | weights", true, rate_and_kind},
        {"rate | weights", false, rate_and_kind, true},
        {"rows, groups", false, sizes}},
       each_of_weights},
      {"calibration",
       {{"error of one group | rows", true, rate_and_rows},
        {"error | rows", false, rate_and_rows, true},
        {"labels", false, kind}},
       each_of_calibration},
      {"numbers",
       {{"mean of one group | shape", true, rate_and_kind}, {"mean | shape | rows", false, rate_kind_and_rows, true}},
       each_of_numbers}};
  return all;
}

std::vector<Found> run(const Table& table, std::int64_t draws, std::uint64_t seed) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Found> all;
  int settings = 0;
  table.each([&](const Asked& asked) {
    const std::vector<Found> found = look(asked, draws, seed);
    all.insert(all.end(), found.begin(), found.end());
    ++settings;
  });
  print(all, table.lines, draws);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("\n%s: %lld test sets of each of %d settings, seed %llu, %.0f s on one core\n", table.name.c_str(),
              static_cast<long long>(draws), settings, static_cast<unsigned long long>(seed), seconds);
  std::fflush(stdout);
  return all;
}

void run(std::int64_t draws, std::uint64_t seed, const std::string& only, const std::string& path) {
  nlohmann::json figures = nlohmann::json::array();
  for (const Table& table : tables()) {
    if (!only.empty() && only != table.name) continue;
    for (const Found& found : run(table, draws, seed)) figures.push_back(json_of(found));
  }
  if (figures.empty()) throw std::runtime_error("there is no table '" + only + "'");
  if (path.empty()) return;
  std::ofstream out(path);
  out << nlohmann::json{{"draws", draws}, {"seed", seed}, {"figures", figures}}.dump(1) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace
}  // namespace equipoise::evaluation

int main(int count, char** arguments) {
  try {
    std::map<std::string, std::string> options = {{"--draws", "1000"}, {"--seed", "1"}, {"--only", ""}, {"--json", ""}};
    for (int i = 1; i < count; i += 2) {
      if (!options.contains(arguments[i]) || i + 1 == count)
        throw std::runtime_error(std::string("unexpected '") + arguments[i] +
                                 "'; coverage_benchmark [--draws N] [--seed N] [--only TABLE] [--json FILE]");
      options[arguments[i]] = arguments[i + 1];
    }
    equipoise::evaluation::run(std::stoll(options["--draws"]), std::stoull(options["--seed"]), options["--only"],
                               options["--json"]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
