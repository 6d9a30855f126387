#pragma once

#include <cstdint>
#include <vector>

namespace equipoise::models {

/// Probabilities of outputs that come in families: that of the family times that of the output among its family, each from a softmax of
/// its own. Cells of groups and labels are such outputs, the label being the family: what tells labels apart is learnt apart from what tells
/// groups apart, and each tree is of one of the two (docs/decisions/0035-nested-posterior.md).
///
/// A softmax of two has one head, the log odds of its second; of more it has a head for each, of one none. Heads are those of the families,
/// then those of the first family's outputs, the second's, and so on. Rows are one after the other.
class NestedSoftmax {
 public:
  NestedSoftmax() = default;  ///< of no outputs
  /// `families` [O]: which family each output is of, from 0 on, none of them empty. Throws UserError (data) where it is not so.
  explicit NestedSoftmax(const std::vector<std::int32_t>& families);

  bool any() const { return outputs_ > 0; }
  std::int64_t outputs() const { return outputs_; }  ///< O
  std::int64_t heads() const { return heads_; }      ///< H

  /// Log probabilities [rows, O] from what heads say [rows, H].
  void log_probabilities(const float* heads, std::int64_t rows, float* out) const;

  /// Of something that is made small, from its gradient and curvature by log probabilities [rows, O] those by heads [rows, H]. The gradient is
  /// the chain rule's. Curvature [rows, O] is taken for that of a weighted cross-entropy over all outputs, 2 w p (1 - p) as growing trees has it, and
  /// what comes of it is that of each softmax at the weight w that it implies, times the probability of the family: 2 w p (1 - p) of a head
  /// among many, w p (1 - p) of the one of two.
  void chain(const float* log_probabilities, const float* gradient, const float* curvature, std::int64_t rows,
             float* head_gradient, float* head_curvature) const;

 private:
  struct Softmax {
    std::int64_t first = 0, heads = 0;  // its heads
    std::vector<std::size_t> members;   // outputs, or of the one over families these
  };

  // One row's part of what chain() is given.
  struct Row {
    const float *log_probabilities, *gradient, *curvature;
    float *head_gradient, *head_curvature;
  };
  void chain_row(const Row& row, std::vector<double>& p, std::vector<double>& family) const;
  template <typename DerivativeOf>
  void chain_heads(const Softmax& softmax, const std::vector<double>& p, const DerivativeOf& derivative_of,
                   double weight, const Row& row) const;

  std::int64_t outputs_ = 0, heads_ = 0;
  Softmax families_;
  std::vector<Softmax> within_;  // [families]
};

}  // namespace equipoise::models
