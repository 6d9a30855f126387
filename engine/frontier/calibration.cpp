#include "engine/frontier/calibration.h"

#include <Eigen/Dense>
#include <cmath>
#include <numeric>

namespace equipoise::frontier {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kHold = 1;  // rows that speak for no change, of each number
constexpr int kMostSteps = 100;
constexpr double kSettled = 1e-10;

// Minus the logarithm of the likelihood and of the hold, by (power, biases); its gradient and Hessian where they are asked for.
class Fit {
 public:
  Fit(const HeldOut& rows, const std::vector<std::int32_t>& cell_of_row, std::int32_t cells)
      : rows_(rows), cell_of_row_(cell_of_row), cells_(cells) {
    const double all = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
    each_ = all > 0 ? static_cast<double>(rows.rows()) / all : 0;
  }

  VectorXd start() const {
    VectorXd at = VectorXd::Zero(cells_ + 1);
    at[0] = 1;
    return at;
  }

  double value(const VectorXd& at, VectorXd* gradient = nullptr, MatrixXd* curvature = nullptr) const {
    const VectorXd away = at - start();
    double value = 0.5 * kHold * away.squaredNorm();
    if (gradient) *gradient = kHold * away;
    if (curvature) *curvature = kHold * MatrixXd::Identity(at.size(), at.size());
    VectorXd logs(cells_), p(cells_), slope(at.size());
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      const double weight = rows_.weights[i] * each_;
      const double* own = rows_.posteriors.data() + i * static_cast<std::size_t>(cells_);
      for (Index c = 0; c < cells_; ++c) logs[c] = models::log_of_posterior(own[c]);
      p = at[0] * logs + at.tail(cells_);
      const double largest = p.maxCoeff(), sum = (p.array() - largest).exp().sum();
      value += weight * (largest + std::log(sum) - p[cell_of_row_[i]]);
      if (!gradient) continue;
      p = (p.array() - largest).exp() / sum;
      const double mean = p.dot(logs);
      (*gradient)[0] += weight * (mean - logs[cell_of_row_[i]]);
      gradient->tail(cells_) += weight * p;
      (*gradient)[1 + cell_of_row_[i]] -= weight;
      // The covariance of (log p, which cell) under p.
      (*curvature)(0, 0) += weight * (p.dot(logs.cwiseAbs2()) - mean * mean);
      const VectorXd mixed = weight * p.cwiseProduct((logs.array() - mean).matrix());
      curvature->col(0).tail(cells_) += mixed;
      curvature->row(0).tail(cells_) += mixed.transpose();
      curvature->bottomRightCorner(cells_, cells_).diagonal() += weight * p;
      curvature->bottomRightCorner(cells_, cells_).noalias() -= weight * p * p.transpose();
    }
    return value;
  }

 private:
  const HeldOut& rows_;
  const std::vector<std::int32_t>& cell_of_row_;
  Index cells_;
  double each_ = 0;
};

}  // namespace

models::CellCalibration calibration_of(const HeldOut& rows, const std::vector<std::int32_t>& cell_of_row,
                                       std::int32_t cells) {
  const Fit fit(rows, cell_of_row, cells);
  VectorXd at = fit.start(), gradient;
  MatrixXd curvature;
  for (int step = 0; step < kMostSteps; ++step) {
    const double value = fit.value(at, &gradient, &curvature);
    const VectorXd way = curvature.ldlt().solve(gradient);
    if (gradient.dot(way) < kSettled) break;
    // The whole is convex: some part of Newton's step goes down.
    double part = 1;
    while (part > kSettled && !(fit.value(at - part * way) < value)) part /= 2;
    at -= part * way;
  }
  return {at[0], {at.data() + 1, at.data() + at.size()}};
}

HeldOut calibrated(HeldOut rows, const models::CellCalibration& calibration, std::int32_t cells) {
  const auto count = static_cast<std::size_t>(cells);
  for (std::size_t i = 0; i < rows.rows(); ++i)
    models::calibrate(calibration, rows.posteriors.data() + i * count, count, rows.posteriors.data() + i * count);
  return rows;
}

}  // namespace equipoise::frontier
