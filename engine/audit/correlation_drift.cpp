#include "engine/audit/correlation_drift.h"

#include <algorithm>
#include <cmath>

#include "engine/audit/beside_real.h"
#include "engine/evaluation/limits.h"
#include "kernels/parallel.h"

namespace equipoise::audit {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr double kLeastShare = 0.05;
constexpr std::size_t kMostColumns = 60;
constexpr double kLeastTogether = 20;

// Each column with mean 0 and deviation 1; `varies` turns false where it has none.
MatrixXd standardized(const Eigen::MatrixXf& rows, std::vector<bool>& varies) {
  MatrixXd columns = rows.cast<double>();
  for (Index c = 0; c < columns.cols(); ++c) {
    columns.col(c).array() -= columns.col(c).mean();
    const double deviation = columns.col(c).norm() / std::sqrt(static_cast<double>(columns.rows()));
    if (deviation > 1e-6) {
      columns.col(c) /= deviation;
    } else {
      varies[static_cast<std::size_t>(c)] = false;
    }
  }
  return columns;
}

// The mean of the fourth powers: 1 of a level that half of the rows have, 3 of normal numbers, 1/p of a level that few have.
std::vector<double> fourth_moments(const MatrixXd& columns) {
  std::vector<double> moments;
  for (Index c = 0; c < columns.cols(); ++c) moments.push_back(columns.col(c).array().pow(4).mean());
  return moments;
}

struct Change {
  std::size_t first = 0, second = 0;
  double made = 0, real = 0, error = 0;

  double size() const { return std::abs(made - real); }
};

void add_parts(const MatrixXd& columns, Index a, Index b, double correlation, double share,
               std::vector<double>& parts) {
  const auto one = columns.col(a).array(), other = columns.col(b).array();
  const Eigen::ArrayXd added =
      share / static_cast<double>(columns.rows()) * (one * other - correlation / 2 * (one.square() + other.square()));
  parts.insert(parts.end(), added.data(), added.data() + added.size());
}

}  // namespace

CorrelationDrift correlation_drift(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                                   const CellSample& sample, double confidence) {
  const auto all = static_cast<double>(sample.made.size() + sample.real.size());
  const std::vector<DenseColumn> columns = dense_columns(space, features, sample, kLeastShare * all, kMostColumns);
  std::vector<bool> varies(columns.size(), true);
  const MatrixXd made = standardized(dense_rows(space, columns, sample.made), varies);
  const MatrixXd real = standardized(dense_rows(space, columns, sample.real), varies);
  std::vector<std::int32_t> persons = sample.made_persons;
  persons.insert(persons.end(), sample.real_persons.begin(), sample.real_persons.end());
  std::vector<Change> changes;
  const std::vector<double> of_made = fourth_moments(made), of_real = fourth_moments(real);
  const auto together = [&](std::size_t a, std::size_t b) {
    return std::min(static_cast<double>(made.rows()) / (of_made[a] * of_made[b]),
                    static_cast<double>(real.rows()) / (of_real[a] * of_real[b]));
  };
  for (std::size_t b = 0; b < columns.size(); ++b)
    for (std::size_t a = 0; a < b; ++a)
      if (varies[a] && varies[b] && columns[a].feature != columns[b].feature && together(a, b) >= kLeastTogether)
        changes.push_back({a, b});
  if (changes.empty()) return {};
  kernels::each_task(static_cast<std::int64_t>(changes.size()), [&](std::int64_t i) {
    Change& change = changes[static_cast<std::size_t>(i)];
    const auto a = static_cast<Index>(change.first), b = static_cast<Index>(change.second);
    change.made = made.col(a).dot(made.col(b)) / static_cast<double>(made.rows());
    change.real = real.col(a).dot(real.col(b)) / static_cast<double>(real.rows());
    std::vector<double> parts;
    parts.reserve(persons.size());
    add_parts(made, a, b, change.made, 1, parts);
    add_parts(real, a, b, change.real, -1, parts);
    change.error = error_over_persons(parts, persons, sample.persons);
  });
  const auto pairs = static_cast<double>(changes.size());
  const double point = evaluation::normal_point((1 - confidence) / 2 / pairs);
  // Where none is surely a change, the one that least likely is by chance.
  const auto at_least = [&](const Change& change) { return change.size() - point * change.error; };
  const auto in_errors = [](const Change& change) { return change.error > 1e-9 ? change.size() / change.error : 0; };
  auto found = std::ranges::max_element(changes, {}, at_least);
  if (at_least(*found) <= 0) found = std::ranges::max_element(changes, {}, in_errors);
  const Change& surest = *found;
  std::vector<double> errors;
  for (const Change& change : changes) errors.push_back(change.error);
  std::ranges::nth_element(errors, errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2));
  const double reach = point * surest.error;
  const double p_value = surest.error > 0
                             ? std::min(1.0, 2 * pairs * evaluation::normal_tail(surest.size() / surest.error))
                         : surest.size() > 0 ? 0
                                             : 1;
  return {columns[surest.first].name,
          columns[surest.second].name,
          surest.made,
          surest.real,
          {std::max(0.0, surest.size() - reach), surest.size() + reach},
          p_value,
          point * errors[errors.size() / 2]};
}

}  // namespace equipoise::audit
