#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "engine/core/seed.h"
#include "engine/evaluation/compared_figures.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/paired_differences.h"

namespace equipoise::evaluation {

/// People of two groups, some of whom are collected, and two arms that are trained at several seeds and tested on a part of them.
/// A person has what is seen of them, N(1, 1) with the label and N(-.6, 1) without. An arm at a seed selects who is above
/// 0 after it added a shift for the group, a slip for the person (N(0, .15^2), a new one each time) and what came out of its
/// training for the group (N(0, noise^2)).
struct PairedSetting {
  int seeds = 5;
  double noise = 0;             ///< of training: .1 moves a rate by some 3 points
  bool same_test_rows = false;  ///< at every seed; else a new part of the people
  bool near_zero = false;       ///< the arm's gap, which is far from it otherwise
  int people = 4000, tested = 800;
};

inline constexpr std::array<double, 2> kGroupShare = {0.6, 0.4}, kBaseRate = {0.4, 0.2}, kNoShift = {0, 0};
inline constexpr double kSlip = 0.15, kWithLabel = 1, kWithout = -0.6;

inline std::array<double, 2> shift_of_arm(const PairedSetting& setting) {
  return setting.near_zero ? std::array{-0.12, 0.27} : std::array{-0.3, -0.25};
}

/// Numbers that hang on a key alone.
class PairedDraws {
 public:
  explicit PairedDraws(std::uint64_t key) : key_(key) {}
  double uniform() { return core::uniform(core::mix(key_, count_++)); }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t key_, count_ = 0;
};

struct Person {
  int group = 0, label = 0, part = 0;
  double seen = 0;
};

/// Accuracy and the gap of selection rates, in this order.
using PairedFigures = std::array<double, 2>;

/// How many were tested, selected and rightly decided.
struct Decided {
  std::array<double, 2> rows = {}, selected = {};
  double right = 0;

  void add(const Person& person, bool is_selected, double sign = 1) {
    rows[person.group] += sign;
    selected[person.group] += is_selected ? sign : 0;
    right += is_selected == (person.label == 1) ? sign : 0;
  }
  void take_out(const Decided& some) {
    for (const int g : {0, 1}) {
      rows[g] -= some.rows[g];
      selected[g] -= some.selected[g];
    }
    right -= some.right;
  }
  PairedFigures figures() const {
    return {right / (rows[0] + rows[1]), std::abs(selected[0] / rows[0] - selected[1] / rows[1])};
  }
};

/// One arm at one seed on the tested people: both figures, whole and without each part.
inline std::array<PartedFigure, 2> tested_arm(const std::vector<Person>& people, const std::vector<int>& tested,
                                              const std::array<double, 2>& shift, double noise, PairedDraws& draws) {
  const std::array<double, 2> trained = {shift[0] + noise * draws.normal(), shift[1] + noise * draws.normal()};
  Decided all;
  std::vector<Decided> parts(kParts);
  for (const int i : tested) {
    const Person& person = people[static_cast<std::size_t>(i)];
    const bool is_selected = person.seen + trained[person.group] + kSlip * draws.normal() > 0;
    all.add(person, is_selected);
    parts[person.part].add(person, is_selected);
  }
  std::array<PartedFigure, 2> figures;
  for (const int f : {0, 1}) figures[f].whole = all.figures()[f];
  for (const Decided& part : parts) {
    Decided rest = all;
    rest.take_out(part);
    for (const int f : {0, 1}) figures[f].without.push_back(rest.figures()[f]);
  }
  return figures;
}

struct PairedSet {
  std::array<std::vector<PartedFigure>, 2> arm, baseline;  ///< [figures][seeds]
};

inline PairedSet paired_set(const PairedSetting& setting, std::uint64_t key) {
  PairedDraws draws(key);
  std::vector<Person> people(static_cast<std::size_t>(setting.people));
  for (std::size_t i = 0; i < people.size(); ++i) {
    Person& person = people[i];
    person.group = draws.uniform() < kGroupShare[0] ? 0 : 1;
    person.label = draws.uniform() < kBaseRate[person.group] ? 1 : 0;
    person.seen = (person.label == 1 ? kWithLabel : kWithout) + draws.normal();
    person.part = part_of(static_cast<std::int64_t>(i));
  }
  PairedSet set;
  std::vector<int> order(people.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  for (int seed = 0; seed < setting.seeds; ++seed) {
    if (seed == 0 || !setting.same_test_rows)
      for (std::size_t i = 0; i < static_cast<std::size_t>(setting.tested); ++i)
        std::swap(order[i],
                  order[i + static_cast<std::size_t>(draws.uniform() * static_cast<double>(order.size() - i))]);
    const std::vector<int> tested(order.begin(), order.begin() + setting.tested);
    const auto baseline = tested_arm(people, tested, kNoShift, setting.noise, draws);
    const auto arm = tested_arm(people, tested, shift_of_arm(setting), setting.noise, draws);
    for (const int f : {0, 1}) {
      set.baseline[f].push_back(baseline[f]);
      set.arm[f].push_back(arm[f]);
    }
  }
  return set;
}

/// The figures of an arm among all people, the mean over trainings: from the normal distribution, and of the gap over draws
/// of what training brings.
inline PairedFigures true_figures(const std::array<double, 2>& shift, double noise) {
  const auto phi = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  const auto rate = [&](int group, double mean, double trained) {
    return phi((mean + shift[group] + trained) / std::sqrt(1 + kSlip * kSlip));
  };
  constexpr int kDraws = 40000;
  PairedDraws draws(77);
  PairedFigures sums = {0, 0};
  for (int draw = 0; draw < kDraws; ++draw) {
    std::array<double, 2> selected = {};
    double right = 0;
    for (const int g : {0, 1}) {
      const double trained = noise * draws.normal(), base = kBaseRate[g];
      const double hits = rate(g, kWithLabel, trained), false_alarms = rate(g, kWithout, trained);
      selected[g] = base * hits + (1 - base) * false_alarms;
      right += kGroupShare[g] * (base * hits + (1 - base) * (1 - false_alarms));
    }
    sums[0] += right / kDraws;
    sums[1] += std::abs(selected[0] - selected[1]) / kDraws;
  }
  return sums;
}

/// How often intervals hold the truth, and how wide they are; beside them those of the accuracy that take seeds for independent
/// (Student 1908), and those that take them for as dependent as random splits make test rows (Nadeau and Bengio 2003).
struct PairedCoverage {
  PairedFigures covered = {0, 0}, half_width = {0, 0};
  double student = 0, corrected = 0;
};

/// Whether an interval of Student's holds the truth whose squared standard error is the seeds' variance times `factor`.
inline bool student_holds(const PairedSet& set, double truth, double confidence, double factor) {
  const auto seeds = static_cast<double>(set.arm[0].size());
  double mean = 0, squares = 0;
  for (std::size_t s = 0; s < set.arm[0].size(); ++s) mean += (set.arm[0][s].whole - set.baseline[0][s].whole) / seeds;
  for (std::size_t s = 0; s < set.arm[0].size(); ++s)
    squares += std::pow(set.arm[0][s].whole - set.baseline[0][s].whole - mean, 2);
  const double deviation = std::sqrt(squares / (seeds - 1));
  // With `seeds` rows of this deviation Student's limits are those of the mean: widened by the factor.
  const Interval limits = student_limits(0, deviation * std::sqrt(factor * seeds), seeds, (1 - confidence) / 2);
  return std::abs(mean - truth) <= limits.high;
}

inline PairedCoverage paired_coverage(const PairedSetting& setting, int sets, double confidence, std::uint64_t seed) {
  const PairedFigures arm = true_figures(shift_of_arm(setting), setting.noise);
  const PairedFigures baseline = true_figures(kNoShift, setting.noise);
  PairedCoverage coverage;
  for (int i = 0; i < sets; ++i) {
    const PairedSet set = paired_set(setting, core::mix(seed, static_cast<std::uint64_t>(i)));
    const double one_of = 1.0 / setting.seeds,
                 tested_by_learnt = setting.tested / double(setting.people - setting.tested);
    const double difference = arm[0] - baseline[0];
    coverage.student += student_holds(set, difference, confidence, one_of) / static_cast<double>(sets);
    coverage.corrected +=
        student_holds(set, difference, confidence, one_of + tested_by_learnt) / static_cast<double>(sets);
    for (const int f : {0, 1}) {
      const PairedDifference found = paired_difference(set.arm[f], set.baseline[f], confidence);
      const double truth = arm[f] - baseline[f];
      coverage.covered[f] += (found.interval.low <= truth && truth <= found.interval.high) / static_cast<double>(sets);
      coverage.half_width[f] += (found.interval.high - found.interval.low) / 2 / sets;
    }
  }
  return coverage;
}

}  // namespace equipoise::evaluation
