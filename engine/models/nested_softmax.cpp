#include "engine/models/nested_softmax.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

constexpr std::int64_t kRowsOfATask = 4096;

std::int64_t heads_of(std::size_t members) {
  return members == 1 ? 0 : members == 2 ? 1 : static_cast<std::int64_t>(members);
}

// log(1 / (1 + exp(-x)))
double log_sigmoid(double x) {
  return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x));
}

// Log probabilities of `count` members from what their heads say.
void log_softmax(const float* heads, std::size_t count, double* out) {
  if (count == 1) {
    out[0] = 0;
  } else if (count == 2) {
    out[0] = log_sigmoid(-static_cast<double>(heads[0]));
    out[1] = log_sigmoid(heads[0]);
  } else {
    const double largest = *std::max_element(heads, heads + count);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += std::exp(heads[i] - largest);
    for (std::size_t i = 0; i < count; ++i) out[i] = heads[i] - largest - std::log(sum);
  }
}

}  // namespace

NestedSoftmax::NestedSoftmax(const std::vector<std::int32_t>& families)
    : outputs_(static_cast<std::int64_t>(families.size())) {
  if (families.empty()) return;
  const std::int32_t last = *std::ranges::max_element(families);
  if (*std::ranges::min_element(families) < 0 || last >= outputs_)
    throw core::UserError(core::Fault::data, fmt::format("families of {} outputs are not numbered from 0", outputs_));
  within_.resize(static_cast<std::size_t>(last) + 1);
  for (std::size_t output = 0; output < families.size(); ++output)
    within_[static_cast<std::size_t>(families[output])].members.push_back(output);
  families_.members.resize(within_.size());
  std::iota(families_.members.begin(), families_.members.end(), 0);
  const auto place = [&](Softmax& softmax) {
    softmax.first = heads_;
    softmax.heads = heads_of(softmax.members.size());
    heads_ += softmax.heads;
  };
  place(families_);
  for (std::size_t family = 0; family < within_.size(); ++family) {
    if (within_[family].members.empty())
      throw core::UserError(core::Fault::data, fmt::format("family {} has no output", family));
    place(within_[family]);
  }
}

void NestedSoftmax::log_probabilities(const float* heads, std::int64_t rows, float* out) const {
  at::parallel_for(0, rows, kRowsOfATask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> of_family(within_.size()), of_output(static_cast<std::size_t>(outputs_));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* own = heads + row * heads_;
      log_softmax(own + families_.first, within_.size(), of_family.data());
      for (std::size_t family = 0; family < within_.size(); ++family) {
        const Softmax& softmax = within_[family];
        log_softmax(own + softmax.first, softmax.members.size(), of_output.data());
        for (std::size_t i = 0; i < softmax.members.size(); ++i)
          out[row * outputs_ + static_cast<std::int64_t>(softmax.members[i])] =
              static_cast<float>(of_family[family] + of_output[i]);
      }
    }
  });
}

void NestedSoftmax::chain_row(const Row& row, std::vector<double>& p, std::vector<double>& family) const {
  double curved = 0, curvature_of_one = 0;  // of all outputs, and at a weight of 1
  for (std::size_t f = 0; f < within_.size(); ++f) {
    const std::vector<std::size_t>& members = within_[f].members;
    // By differences of logarithms: a family may be so rare that all its probabilities are 0.
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const std::size_t output : members)
      largest = std::max(largest, static_cast<double>(row.log_probabilities[output]));
    for (const std::size_t output : members) sum += p[output] = std::exp(row.log_probabilities[output] - largest);
    family[f] = sum * std::exp(largest);
    for (const std::size_t output : members) {
      p[output] /= sum;
      const double of_all = p[output] * family[f];
      curved += row.curvature[output];
      curvature_of_one += 2 * of_all * (1 - of_all);
    }
  }
  const double weight = curvature_of_one > 0 ? curved / curvature_of_one : 0;
  const auto gradient_of = [&](std::size_t output) { return static_cast<double>(row.gradient[output]); };
  const auto of_family = [&](std::size_t f) {
    double sum = 0;
    for (const std::size_t output : within_[f].members) sum += gradient_of(output);
    return sum;
  };
  chain_heads(families_, family, of_family, weight, row);
  for (std::size_t f = 0; f < within_.size(); ++f) chain_heads(within_[f], p, gradient_of, weight * family[f], row);
}

// Of one softmax: from probabilities `p` and derivatives by its members' log probabilities to those by its heads; `weight` scales curvature.
template <typename DerivativeOf>
void NestedSoftmax::chain_heads(const Softmax& softmax, const std::vector<double>& p, const DerivativeOf& derivative_of,
                                double weight, const Row& row) const {
  double all = 0;
  for (const std::size_t member : softmax.members) all += derivative_of(member);
  for (std::int64_t head = 0; head < softmax.heads; ++head) {
    const std::size_t member = softmax.members[static_cast<std::size_t>(softmax.heads == 1 ? 1 : head)];
    const double curvature = (softmax.heads == 1 ? 1 : 2) * weight * p[member] * (1 - p[member]);
    row.head_gradient[softmax.first + head] = static_cast<float>(derivative_of(member) - p[member] * all);
    row.head_curvature[softmax.first + head] = static_cast<float>(curvature);
  }
}

void NestedSoftmax::chain(const float* log_probabilities, const float* gradient, const float* curvature,
                          std::int64_t rows, float* head_gradient, float* head_curvature) const {
  at::parallel_for(0, rows, kRowsOfATask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> p(static_cast<std::size_t>(outputs_)), family(within_.size());
    for (std::int64_t row = begin; row < end; ++row)
      chain_row({log_probabilities + row * outputs_, gradient + row * outputs_, curvature + row * outputs_,
                 head_gradient + row * heads_, head_curvature + row * heads_},
                p, family);
  });
}

}  // namespace equipoise::models
