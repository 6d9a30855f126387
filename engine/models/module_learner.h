#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/task.h"
#include "engine/models/architecture.h"
#include "engine/models/network.h"

namespace equipoise::models {

/// What a ModuleLearner is besides its architecture.
struct ModuleSetting {
  std::string kind;  ///< as in the config
  double dropout = 0;
  std::int64_t outputs = 1;
  data::Task task = data::Task::binary;
  std::vector<std::int64_t> row;  ///< [width] of a dense row, or [C, H, W] of a picture
  Precision precision = Precision::fp32;
};

/// A bank of members whose function LibTorch differentiates (docs/decisions/0029). A batch is cut into parts of a fixed number of rows, each on one
/// thread of the CPU from its rows to its gradient, and the parts' gradients are added in order: the bits hang on no number of
/// threads, and a member's on no other. An architecture that looks at a batch as a whole has one part. Each pass takes memory.
class ModuleLearner final : public Network {
 public:
  ModuleLearner(Architecture architecture, ModuleSetting setting, const std::vector<std::uint64_t>& seeds,
                const at::Device& device);

  const at::Tensor& forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& step) override;
  void backward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& logit_gradient) override;
  void score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) override;

  std::int64_t outputs() const override { return setting_.outputs; }
  std::int64_t streams() const override { return architecture_.streams; }
  at::Tensor buffers() override { return buffers_; }
  void put_buffers() override;
  std::string obstacle_to_capture() const override;
  std::string description() const override;

 private:
  // Rows first .. first + count of a batch, or of what is scored.
  struct Part {
    std::int64_t first, count;
  };
  std::vector<Part> parts_of(std::int64_t rows, std::int64_t at_once) const;
  at::Tensor room_for(std::int64_t rows) const;
  void read(at::Tensor& rows, const EncodedTensors& encoded, const at::Tensor& numbers) const;
  void score_block(const EncodedTensors& encoded, std::int64_t first, std::int64_t member, at::Tensor out);
  std::size_t trained() const { return named_.size() - architecture_.buffers; }
  void make_room(std::int64_t batch);
  void each_task(std::int64_t count, const std::function<void(std::int64_t)>& work) const;
  at::Tensor of_streams(const at::Tensor& logits, std::int64_t member, const Part& part) const;
  void differentiate(std::int64_t member, std::size_t part, const at::Tensor& logit_gradient);

  Architecture architecture_;
  ModuleSetting setting_;
  std::int64_t rate_256_;
  std::vector<std::vector<at::Tensor>> leaves_;   // [K][parameters] the members' own, views of their rows
  std::vector<std::vector<at::Tensor>> trained_;  // [K] those that gradients are taken by
  at::Tensor rows_;                               // [B, row...] the batch
  at::Tensor buffers_, buffers_in_rows_;  // [K, Q] as the last pass left them, and a view of the flat rows' ends
  at::Tensor logits_;                     // [K * S, B(, O)]
  std::vector<Part> parts_;               // of the batch
  bool has_passed_ = false;               // whether there was a forward
  std::vector<at::Tensor> graphs_;        // [K * parts] logits [S, rows of the part, O] of the last forward
  at::Tensor part_gradients_;             // [K, parts, P]; undefined where there is one part
};

/// [B, O] of streams' logits [S, B, O]: the logit of their mean probability, of classes the logarithm of their mean softmax, of a
/// number their mean.
at::Tensor logits_of_mean(const at::Tensor& logits, data::Task task);

}  // namespace equipoise::models
