#include "engine/training/late_sums.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace equipoise::training {

LateSums::LateSums(at::Tensor& gradients, std::int64_t sums, const distributed::Ranks& ranks)
    : ranks_(ranks), held_(at::zeros({sums}, gradients.options().dtype(at::kDouble))) {
  if (ranks.is_alone()) return;
  const std::int64_t own = gradients.numel(), first = gradients.storage_offset();
  // Whoever has a view of the gradients has it still: they share the storage that grows.
  message_ = at::empty({0}, gradients.options()).set_(gradients.storage(), first, {own + sums + 1}, {1});
  sent_sums_ = message_.narrow(0, own, sums);
  wanting_to_stop_ = message_.narrow(0, own + sums, 1).zero_();
}

void LateSums::walk(const checkpoint::StateWalk& walk) {
  if (!walk.has("sums")) return;
  walk.tensor("sums", held_);
  if (walk.restores()) holds_ = true;
}

at::Tensor LateSums::to_price_by(const at::Tensor& own) {
  own_ = own.flatten();
  if (!holds_) {
    held_.copy_(own_);
    ranks_.sum(held_);
    holds_ = true;
  }
  return held_.view(own.sizes());
}

void LateSums::exchange(const at::Tensor& wants_to_stop) {
  if (ranks_.is_alone()) {
    held_.copy_(own_);
    return;
  }
  sent_sums_.copy_(own_);
  wanting_to_stop_.copy_(wants_to_stop);
  ranks_.sum(message_);
  held_.copy_(sent_sums_);
}

}  // namespace equipoise::training
