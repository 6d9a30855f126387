#include "engine/audit/logistic.h"

#include <Eigen/IterativeLinearSolvers>
#include <Eigen/Sparse>
#include <algorithm>
#include <cmath>

namespace equipoise::audit {
namespace {

constexpr double kRidge = 1;  // a row's worth

double loss_of(double logit, std::uint8_t truth) {
  const double signed_logit = truth ? logit : -logit;
  return std::max(-signed_logit, 0.0) + std::log1p(std::exp(-std::abs(signed_logit)));
}

using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;

}  // namespace

AdditiveModel::AdditiveModel(std::vector<const Input*> inputs, const Rows& rows, const std::vector<std::uint8_t>& truth)
    : inputs_(std::move(inputs)) {
  std::int64_t width = 0;
  for (const Input* input : inputs_) {
    first_.push_back(width);
    width += static_cast<std::int64_t>(input->values.size());
  }
  const auto count = static_cast<Eigen::Index>(rows.index.size());
  double positives = kRidge / 2, all = kRidge;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    positives += rows.weight[i] * truth[i];
    all += rows.weight[i];
  }
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(width + 1);
  weights[width] = std::log(positives / (all - positives));

  constexpr int kSteps = 15;
  for (int step = 0; step < kSteps; ++step) {
    weights_.assign(weights.data(), weights.data() + weights.size());
    const std::vector<double> logits = scores(rows);
    // A step of Newton's is a least squares problem of as many rows, and one more for each weight: its ridge.
    Matrix design(count + width, width + 1);
    design.reserve(Eigen::VectorXi::Constant(count + width, static_cast<int>(inputs_.size()) + 1));
    Eigen::VectorXd aims = Eigen::VectorXd::Zero(count + width);
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const double p = 1 / (1 + std::exp(-logits[place])), curve = std::max(p * (1 - p), 1e-6);
      const double root = std::sqrt(rows.weight[place] * curve);
      const auto row = static_cast<std::size_t>(rows.index[place]);
      for (std::size_t f = 0; f < inputs_.size(); ++f) design.insert(i, first_[f] + inputs_[f]->codes[row]) = root;
      design.insert(i, width) = root;
      aims[i] = root * (logits[place] + (truth[place] - p) / curve);
    }
    for (Eigen::Index k = 0; k < width; ++k) design.insert(count + k, k) = std::sqrt(kRidge);
    design.makeCompressed();
    Eigen::LeastSquaresConjugateGradient<Matrix> solver;
    solver.setMaxIterations(200);
    solver.setTolerance(1e-6);
    solver.compute(design);
    const Eigen::VectorXd next = solver.solveWithGuess(aims, weights);
    // Newton's step may go too far where a level is rare: it is halved until the loss falls.
    weights_.assign(next.data(), next.data() + next.size());
    const std::vector<double> ahead = scores(rows);
    double part = 1;
    const auto loss_at = [&](double t) {
      double loss = kRidge / 2 * (weights + t * (next - weights)).head(width).squaredNorm();
      for (std::size_t row = 0; row < logits.size(); ++row)
        loss += rows.weight[row] * loss_of(logits[row] + t * (ahead[row] - logits[row]), truth[row]);
      return loss;
    };
    const double before = loss_at(0);
    while (part > 1e-6 && loss_at(part) > before) part /= 2;
    const double moved = part * (next - weights).cwiseAbs().maxCoeff();
    weights += part * (next - weights);
    if (moved < 1e-3) break;
  }
  weights_.assign(weights.data(), weights.data() + weights.size());
}

std::vector<double> AdditiveModel::scores(const Rows& rows) const {
  std::vector<double> scores;
  scores.reserve(rows.index.size());
  for (const std::int64_t row : rows.index) {
    double score = weights_.back();
    for (std::size_t f = 0; f < inputs_.size(); ++f)
      score += weights_[static_cast<std::size_t>(first_[f]) + inputs_[f]->codes[static_cast<std::size_t>(row)]];
    scores.push_back(score);
  }
  return scores;
}

}  // namespace equipoise::audit
