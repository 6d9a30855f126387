// How often intervals cover and how often "met" is wrong: test sets drawn from populations whose rates are known.
//
//   coverage_benchmark [--draws 1000] [--seed 1] [--json FILE]
//
// A row's group, label and logit are drawn; it is selected where the logit is above 0, and its loss is the log loss. Each
// test set goes the way of real ones: sums by cell, effective rows, estimable levels, limits, bounds. Asked of every
// interval: cover in 93.5 to 96.5 % of the sets; of "met", where the tolerance is the true figure / 1.0001: wrong in 5 %
// of the sets at most, but for two standard errors. Prints Markdown; the figures of every setting go to the JSON file.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_population.h"
#include "engine/constraints/forms.h"
#include "engine/core/seed.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/gap_interval.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {
namespace {

constexpr std::int64_t kMinRows = 30;
constexpr double kMiss = 0.05, kJustOutside = 1.0001, kLeastAsked = 0.935, kMostAsked = 0.965;
constexpr std::int64_t kResamples = 199;
const std::vector<std::string> kRates = {"selection_rate", "tpr", "ppv", "f1", "loss"};
const std::vector<std::string> kForms = {"max_min", "overall", "reference", "ratio", "at_most", "at_least", "linear"};

struct Share {
  std::int64_t count = 0, of = 0;
  void add(bool is_so) {
    count += is_so;
    ++of;
  }
  double value() const { return of > 0 ? static_cast<double>(count) / static_cast<double>(of) : std::nan(""); }
};

bool holds(const Interval& interval, double value) {
  constexpr double kRounding = 1e-12;
  return interval.low - kRounding <= value && value <= interval.high + kRounding;
}

// One row of the JSON file.
struct Found {
  Setting setting;
  std::string rate, form;  // without a form the rates of single groups
  double truth = 0;
  Share measured = {}, covered = {}, above = {}, below = {}, met_wrongly = {};
};

class Simulation {
 public:
  Simulation(std::int64_t draws, std::uint64_t seed) : draws_(draws), seed_(seed) {}

  std::vector<Found> run(const Setting& setting) const {
    const Population population(setting.groups, setting.base);
    std::vector<Figure> figures;
    std::vector<Found> found;
    for (const std::string& rate : kRates) {
      for (const std::string& form : kForms) {
        if (rate == "loss" && form == "at_least") continue;  // a loss has no floor
        figures.emplace_back(rate, form, population);
        found.push_back({setting, rate, form, figures.back().truth});
      }
    }
    for (const std::string& rate : kRates) found.push_back({setting, rate, ""});
    for (std::int64_t draw = 0; draw < draws_; ++draw) {
      const std::uint64_t key =
          core::mix(core::mix(seed_, static_cast<std::uint64_t>(setting.rows * 100 + setting.groups)),
                    static_cast<std::uint64_t>(draw * 1000 + std::llround(1000 * setting.base)));
      const CellTotals totals = draw_set(population, figures.front().table.cells, setting.rows, key);
      for (std::size_t f = 0; f < figures.size(); ++f) look(figures[f], population, totals, key, found[f]);
      for (std::size_t r = 0; r < kRates.size(); ++r)
        look_at_rates(*std::ranges::find(figures, kRates[r], &Figure::rate), population, totals,
                      found[figures.size() + r]);
    }
    return found;
  }

 private:
  // As a verdict is made (promises.cpp): met where every level is measured and the bound is inside.
  static void look(const Figure& figure, const Population& population, const CellTotals& totals, std::uint64_t key,
                   Found& found) {
    const constraints::Promise& promise = figure.table.promises[0];
    const std::vector<bool> estimable = estimable_levels(figure.table, totals, kMinRows)[0];
    const bool is_whole = std::ranges::all_of(estimable, [](bool is) { return is; });
    found.measured.add(is_whole);
    if (!is_whole) {
      found.met_wrongly.add(false);
      return;
    }
    const GapSample sample = make_gap_sample(figure.table, promise, totals.sums, totals.squares, estimable);
    found.met_wrongly.add(is_inside(upper_gap_bound(sample, kMiss), figure.truth / kJustOutside));
    const Interval interval = gap_interval(sample, kMiss, {kResamples, key});
    const double truth = constraints::gap(sample.promise, population.rates(figure.rate));
    found.covered.add(holds(interval, truth));
    found.above.add(truth < interval.low - 1e-12);
    found.below.add(truth > interval.high + 1e-12);
  }

  // Each group's rate with the interval that is shown beside it, where there are rows enough.
  static void look_at_rates(const Figure& figure, const Population& population, const CellTotals& totals,
                            Found& found) {
    const std::vector<bool> estimable = estimable_levels(figure.table, totals, kMinRows)[0];
    const GapSample sample =
        make_gap_sample(figure.table, figure.table.promises[0], totals.sums, totals.squares, estimable);
    for (std::size_t g = 0; g < sample.levels.size(); ++g) {
      const GapSample::Level& level = sample.levels[g];
      found.measured.add(estimable[g]);
      if (!estimable[g]) continue;
      const Interval interval = shown_limits_of(level, kMiss / 2);
      const double truth = population.groups[g].rate.at(figure.rate);
      found.covered.add(holds(interval, truth));
      found.above.add(truth < interval.low);
      found.below.add(truth > interval.high);
    }
  }

  std::int64_t draws_;
  std::uint64_t seed_;
};

// Settings in which too few sets could be measured say little.
bool is_judged(const Found& found, std::int64_t draws) {
  return 10 * found.covered.of >= draws;
}

double allowed(double share, const Share& of, double standard_errors) {
  return share +
         standard_errors * std::sqrt(share * (1 - share) / static_cast<double>(std::max<std::int64_t>(1, of.of)));
}

struct Summary {
  int settings = 0, met_settings = 0;
  double sum = 0, least = 1, most = 0, wrong = 0, most_wrong = 0;
  int asked = 0, under = 0, too_wrong = 0;

  void add(const Found& found) {
    ++settings;
    const double covered = found.covered.value();
    sum += covered;
    least = std::min(least, covered);
    most = std::max(most, covered);
    asked += kLeastAsked <= covered && covered <= kMostAsked;
    under += 1 - covered > allowed(kMiss, found.covered, 2);
    if (found.met_wrongly.of == 0) return;
    const double met = found.met_wrongly.value();
    ++met_settings;
    wrong += met;
    most_wrong = std::max(most_wrong, met);
    too_wrong += met > allowed(kMiss, found.met_wrongly, 2);
  }
};

void print_header(const std::string& columns) {
  std::printf("\n| %s |\n|", columns.c_str());
  for (std::size_t i = 0; i <= static_cast<std::size_t>(std::ranges::count(columns, '|')); ++i) std::printf("---|");
  std::printf("\n");
}

void print(const std::vector<Found>& all, std::int64_t draws) {
  std::map<std::pair<std::size_t, std::int64_t>, Summary> single;
  std::map<std::pair<std::size_t, std::size_t>, Summary> figures;
  std::map<std::pair<std::int64_t, int>, Summary> sizes;
  Summary total;
  for (const Found& found : all) {
    const auto rate = static_cast<std::size_t>(std::ranges::find(kRates, found.rate) - kRates.begin());
    const auto form = static_cast<std::size_t>(std::ranges::find(kForms, found.form) - kForms.begin());
    if (!is_judged(found, draws)) continue;
    if (found.form.empty()) {
      single[{rate, found.setting.rows}].add(found);
      continue;
    }
    figures[{rate, form}].add(found);
    sizes[{found.setting.rows, found.setting.groups}].add(found);
    total.add(found);
  }
  print_header(
      "rate of one group | rows | settings | covers, mean % | least | most | 93.5 to 96.5 | misses more than 5 % by 2 "
      "errors");
  for (const auto& [key, s] : single)
    std::printf("| %s | %lld | %d | %.1f | %.1f | %.1f | %d | %d |\n", kRates[key.first].c_str(),
                static_cast<long long>(key.second), s.settings, 100 * s.sum / s.settings, 100 * s.least, 100 * s.most,
                s.asked, s.under);
  const std::string columns =
      "settings | interval covers, mean % | least | most | 93.5 to 96.5 | misses more than 5 % by 2 errors | met "
      "wrongly, "
      "mean % | most | more than 5 % by 2 errors";
  const auto print_row = [](const std::string& name, const Summary& s) {
    std::printf("| %s | %d | %.1f | %.1f | %.1f | %d | %d | %.1f | %.1f | %d |\n", name.c_str(), s.settings,
                100 * s.sum / s.settings, 100 * s.least, 100 * s.most, s.asked, s.under, 100 * s.wrong / s.met_settings,
                100 * s.most_wrong, s.too_wrong);
  };
  print_header("rate, form | " + columns);
  for (const auto& [key, s] : figures) print_row(kRates[key.first] + ", " + kForms[key.second], s);
  print_row("all", total);
  print_header("rows, groups | " + columns);
  for (const auto& [key, s] : sizes) print_row(std::to_string(key.first) + ", " + std::to_string(key.second), s);
}

nlohmann::json json_of(const Found& found) {
  return {{"rows", found.setting.rows},
          {"groups", found.setting.groups},
          {"base_rate", found.setting.base},
          {"rate", found.rate},
          {"form", found.form},
          {"truth", found.truth},
          {"measured", found.measured.value()},
          {"covered", found.covered.value()},
          {"interval_above", found.above.value()},
          {"interval_below", found.below.value()},
          {"met_wrongly", found.met_wrongly.value()},
          {"sets", found.covered.of}};
}

void run(std::int64_t draws, std::uint64_t seed, const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  const Simulation simulation(draws, seed);
  std::vector<Found> all;
  for (const std::int64_t rows : {100, 1000, 10000}) {
    for (const int groups : {2, 5, 20}) {
      for (const double base : {0.02, 0.1, 0.5}) {
        const std::vector<Found> found = simulation.run({rows, groups, base});
        all.insert(all.end(), found.begin(), found.end());
      }
    }
  }
  print(all, draws);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("\n%lld test sets of each of 27 settings, seed %llu, %.0f s on one core\n", static_cast<long long>(draws),
              static_cast<unsigned long long>(seed), seconds);
  if (path.empty()) return;
  nlohmann::json figures = nlohmann::json::array();
  for (const Found& found : all) figures.push_back(json_of(found));
  std::ofstream out(path);
  out << nlohmann::json{{"draws", draws}, {"seed", seed}, {"seconds", seconds}, {"figures", figures}}.dump(1) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace
}  // namespace equipoise::evaluation

int main(int count, char** arguments) {
  try {
    std::map<std::string, std::string> options = {{"--draws", "1000"}, {"--seed", "1"}, {"--json", ""}};
    for (int i = 1; i < count; i += 2) {
      if (!options.contains(arguments[i]) || i + 1 == count)
        throw std::runtime_error(std::string("unexpected '") + arguments[i] +
                                 "'; coverage_benchmark [--draws N] [--seed N] [--json FILE]");
      options[arguments[i]] = arguments[i + 1];
    }
    equipoise::evaluation::run(std::stoll(options["--draws"]), std::stoull(options["--seed"]), options["--json"]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
