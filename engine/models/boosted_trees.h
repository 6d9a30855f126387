#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/lanes.h"
#include "engine/models/learner.h"
#include "engine/models/nested_softmax.h"
#include "engine/models/xgboost.h"

namespace equipoise::models {

/// A bank of sums of trees, which XGBoost grows from the gradient and the curvature of the Lagrangian by each row's logit. A tree sees a
/// number as its place among the edges of its bins (code + value, which goes up where the number does), and a category as its level.
///
/// All members grow from the same rows, those of the forward pass: the first of the encoded ones. The others are a matrix of their own, which
/// walks the trees that came since it was last asked for. On the CPU a member grows on one thread below 200,000
/// rows, so that equal calls give equal bits for any number of threads, and above for one number (docs/decisions/0031-boosted-trees.md). On a GPU
/// members grow one after the other, from gradients that never leave it; their margins come back by way of the host.
class BoostedTrees final : public Learner {
 public:
  BoostedTrees(const TreeParams& params, const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds,
               std::int64_t outputs, const at::Device& device = at::kCPU,
               const std::vector<std::int32_t>& families = {});

  /// `rows` must be 0, 1, ..., B - 1, the same in every round.
  const at::Tensor& forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) override;
  void backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) override;
  void score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) override;

  bool grows() const override { return true; }
  /// What XGBoost is told is times the number of rows: its regularisation counts them.
  void grow(const at::Tensor& logit_gradient, const at::Tensor& curvature, const at::Tensor& alive) override;
  void become(const Learner& trained, std::int64_t first, std::int64_t members_of_each,
              const at::Tensor& iterates) override;

  /// "trees", or of several members "members.3.trees": the bytes of XGBoost's own file (UBJSON).
  std::map<std::string, at::Tensor> tensors() const override;
  void take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) override;

  const std::vector<NamedTensor>& parameters() const override { return none_; }
  at::Tensor& flat_parameters() override { return rounds_; }
  at::Tensor& flat_gradients() override;
  std::int64_t members() const override { return static_cast<std::int64_t>(boosters_.size()); }
  std::int64_t outputs() const override { return outputs_; }
  std::vector<std::int32_t> families() const override { return families_; }
  std::string obstacle_to_capture() const override { return "XGBoost walks its trees by calls of its own"; }
  std::string description() const override;

 private:
  struct Rows {
    xgboost::Matrix learnt;
    std::optional<xgboost::Matrix> others;  // of the table: none where all are learnt from
  };

  xgboost::Booster new_booster() const;
  std::string misfit_of(const std::string& bytes) const;
  void leave_rows_out(std::size_t member, std::int64_t round);
  void leave_columns_out(std::size_t member, std::int64_t round, xgboost::Matrix& learnt) const;
  xgboost::Matrix matrix_of(const EncodedTensors& encoded, std::int64_t first, std::int64_t count) const;
  void take_boosters(std::vector<xgboost::Booster> boosters);
  void count_rounds();
  void show_logits();
  float* margins_of(std::size_t member, std::int64_t first);
  void put_logits(const at::Tensor& margins, const at::Tensor& out) const;
  void find_derivatives(const at::Tensor& logit_gradient, const at::Tensor& curvature);
  template <typename Work>
  void for_each_member(const Work& work);

  TreeParams params_;
  std::vector<data::Feature> features_;
  std::vector<std::uint64_t> seeds_;  // [K]
  std::map<std::string, std::string> settings_;
  std::int64_t outputs_;
  std::vector<std::int32_t> families_;  // [O], or empty
  NestedSoftmax nested_;                // of the families, if there are any
  std::int64_t heads_;                  // H, trees of a round: O, or those of the nested softmax
  at::Device device_;
  std::vector<xgboost::Booster> boosters_;  // [K]
  at::Tensor rounds_;                       // [K, 1] f32
  std::vector<NamedTensor> none_;
  // Of training alone:
  at::Tensor table_;  // codes, held so that no others can lie in the same place
  // Members that grow on one thread do so side by side, each always in the same lane: XGBoost keeps their margins by thread.
  std::unique_ptr<core::Lanes> lanes_;
  std::vector<Rows> rows_;           // one a lane
  std::int64_t learnt_rows_ = 0;     // B
  at::Tensor margins_;               // [K, rows, H] of the table, in the host's memory
  bool others_are_behind_ = false;   // margins of the rows from B on lack the newest trees
  at::Tensor logits_;                // [K, B] or [K, B, O]: on the CPU, without families, a view of margins_
  at::Tensor gradient_, curvature_;  // [K, B, H]
};

}  // namespace equipoise::models
