#include "engine/constraints/swap_regret.h"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "engine/constraints/log_shares.h"

namespace equipoise::constraints {
namespace {

std::size_t order_of(const std::vector<double>& log_matrix) {
  return static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(log_matrix.size()))));
}

// lambda = M lambda, sum lambda = 1: the equations of a stationary vector hang on each other, so the sum takes the place
// of the first.
Eigen::VectorXd stationary_vector(const std::vector<double>& log_matrix) {
  const auto order = static_cast<Eigen::Index>(order_of(log_matrix));
  Eigen::MatrixXd system = Eigen::Map<const Eigen::MatrixXd>(log_matrix.data(), order, order).array().exp();
  system.diagonal().array() -= 1;
  system.row(0).setOnes();
  Eigen::VectorXd right = Eigen::VectorXd::Zero(order);
  right(0) = 1;
  const Eigen::VectorXd solved = system.partialPivLu().solve(right);
  return solved.cwiseMax(std::numeric_limits<double>::min());  // rounding may leave a tiny one below 0
}

}  // namespace

std::vector<double> swap_regret_matrix(const std::vector<double>& values) {
  const double sum = 1 + std::accumulate(values.begin(), values.end(), 0.0);
  std::vector<double> column = {-std::log(sum)};
  for (const double value : values) column.push_back(std::log(value / sum));
  std::vector<double> matrix;
  for (std::size_t j = 0; j < column.size(); ++j) matrix.insert(matrix.end(), column.begin(), column.end());
  return matrix;
}

void move_swap_regret(std::vector<double>& log_matrix, const std::vector<double>& gains) {
  const std::size_t order = order_of(log_matrix);
  const Eigen::VectorXd lambda = stationary_vector(log_matrix);
  std::vector<double> column_gains(order);
  for (std::size_t j = 0; j < order; ++j) {
    column_gains[0] = 0;
    for (std::size_t i = 1; i < order; ++i) column_gains[i] = gains[i - 1] * lambda(static_cast<Eigen::Index>(j));
    const std::span<double> column(log_matrix.data() + j * order, order);
    reweigh(column, column_gains);
    double sum = 0;
    for (double& entry : column) sum += std::exp(entry = std::max(entry, std::log(kLeastEntry)));
    for (double& entry : column) entry -= std::log(sum);  // what was raised must not add up over the steps
  }
}

std::vector<double> swap_regret_ratios(const std::vector<double>& log_matrix) {
  const Eigen::VectorXd lambda = stationary_vector(log_matrix);
  std::vector<double> ratios;
  for (Eigen::Index j = 1; j < lambda.size(); ++j) ratios.push_back(lambda(j) / lambda(0));
  return ratios;
}

}  // namespace equipoise::constraints
