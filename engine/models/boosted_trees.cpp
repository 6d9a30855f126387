#include "engine/models/boosted_trees.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/seed.h"

namespace equipoise::models {
namespace {

// Fewer are grown from faster by one thread than by two that meet after every split.
constexpr std::int64_t kRowsOfOneThread = 200'000;

std::size_t columns_of_a_round(const TreeParams& params, std::size_t features) {
  const double share = std::round(params.colsample_bytree * static_cast<double>(features));
  return std::max<std::size_t>(1, static_cast<std::size_t>(share));
}

std::map<std::string, std::string> settings_of(const TreeParams& params, std::size_t features, std::int64_t heads,
                                               const at::Device& device) {
  std::map<std::string, std::string> settings = {
      {"device", device.str()},
      {"disable_default_eval_metric", "1"},
      {"grow_policy", "lossguide"},
      {"lambda", fmt::format("{}", params.reg_lambda)},
      {"learning_rate", fmt::format("{}", params.learning_rate)},
      {"max_cat_to_onehot", fmt::format("{}", params.max_cat_to_onehot)},
      {"max_bin", fmt::format("{}", params.max_bin)},
      {"max_depth", fmt::format("{}", params.max_depth)},
      {"max_leaves", fmt::format("{}", params.max_leaves)},
      {"min_child_weight", fmt::format("{}", params.min_child_weight)},
      {"nthread", "1"},
      {"num_feature", fmt::format("{}", features)},
      {"objective", "reg:squarederror"},  // whose margin is its prediction: the gradient comes from outside
      {"tree_method", "hist"},
      {"verbosity", "0"},
  };
  if (!device.is_cpu()) settings["fail_on_invalid_gpu_id"] = "1";  // or another one is taken
  if (heads > 1) settings["num_class"] = fmt::format("{}", heads);
  const std::size_t columns = columns_of_a_round(params, features);
  if (columns < features)  // XGBoost rounds down
    settings["colsample_bytree"] =
        fmt::format("{}", (static_cast<double>(columns) + 0.5) / static_cast<double>(features));
  return settings;
}

// What a tree splits; NaN where it is missing, or a level that training did not know.
float seen_by_trees(const data::Feature& feature, std::int16_t code, float value) {
  constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
  if (code < 0) return kMissing;
  if (feature.kind == data::FeatureKind::ramp)
    return code == feature.width - 1 ? kMissing : static_cast<float>(code) + value;
  if (data::is_standardized(feature)) return code == 0 ? value : kMissing;
  return static_cast<float>(code);
}

bool is_category(const data::Feature& feature) {
  return feature.kind == data::FeatureKind::pick && !data::is_standardized(feature);
}

std::string tensor_name(std::int64_t member, std::int64_t members) {
  return members == 1 ? "trees" : fmt::format("members.{}.trees", member);
}

}  // namespace

BoostedTrees::BoostedTrees(const TreeParams& params, const data::EncodedRows& layout,
                           const std::vector<std::uint64_t>& seeds, std::int64_t outputs, const at::Device& device,
                           const std::vector<std::int32_t>& families)
    : params_(params),
      features_(layout.features),
      seeds_(seeds),
      outputs_(outputs),
      families_(families),
      nested_(families),
      heads_(nested_.any() ? nested_.heads() : outputs),
      device_(device) {
  if (nested_.any() && nested_.outputs() != outputs) throw std::invalid_argument("an output without a family");
  settings_ = settings_of(params, features_.size(), heads_, device);
  if (const std::string why = device.is_cpu() ? "" : xgboost::obstacle_to_cuda(); !why.empty())
    throw core::UserError(core::Fault::config, "model.kind: boosted_trees cannot grow on a GPU: " + why);
  for (std::size_t member = 0; member < seeds.size(); ++member) boosters_.push_back(new_booster());
  rounds_ = at::zeros({members(), 1}, at::TensorOptions().dtype(at::kFloat).device(device));
}

xgboost::Booster BoostedTrees::new_booster() const {
  std::map<std::string, std::string> settings = settings_;
  settings["base_score"] = "0";
  return xgboost::Booster(settings);
}

xgboost::Matrix BoostedTrees::matrix_of(const EncodedTensors& encoded, std::int64_t first, std::int64_t count) const {
  const auto features = static_cast<std::int64_t>(features_.size());
  const at::Tensor seen = at::empty({count, features}, at::kFloat);
  const at::Tensor own_codes = encoded.codes.narrow(0, first, count).to(at::kCPU).contiguous(),
                   own_values = encoded.values.narrow(0, first, count).to(at::kCPU).contiguous();
  const std::int16_t* codes = own_codes.const_data_ptr<std::int16_t>();
  const float* values = own_values.const_data_ptr<float>();
  float* out = seen.mutable_data_ptr<float>();
  at::parallel_for(0, count, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * features; i < end * features; ++i)
      out[i] = seen_by_trees(features_[static_cast<std::size_t>(i % features)], codes[i], values[i]);
  });
  std::vector<bool> categories;
  for (const data::Feature& feature : features_) categories.push_back(is_category(feature));
  return {out, count, features, categories, at::get_num_threads()};
}

// work(member, rows): side by side where each grows on one thread.
template <typename Work>
void BoostedTrees::for_each_member(const Work& work) {
  lanes_->run([&](std::size_t lane) {
    for (std::size_t member = lane; member < boosters_.size(); member += rows_.size()) work(member, rows_[lane]);
  });
}

float* BoostedTrees::margins_of(std::size_t member, std::int64_t first) {
  return margins_.mutable_data_ptr<float>() + (static_cast<std::int64_t>(member) * margins_.size(1) + first) * heads_;
}

const at::Tensor& BoostedTrees::forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor&) {
  if (table_.defined() && table_.is_same(encoded.codes) && learnt_rows_ == rows.size(0)) return logits_;
  table_ = encoded.codes;
  learnt_rows_ = rows.size(0);
  const std::int64_t all = table_.size(0), threads = at::get_num_threads();
  const bool is_wide = all >= kRowsOfOneThread || !device_.is_cpu();
  const std::int64_t lanes = is_wide ? 1 : std::min(threads, members());
  lanes_ = std::make_unique<core::Lanes>(static_cast<std::size_t>(lanes));
  rows_.clear();
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    Rows& rows_of_lane = rows_.emplace_back(Rows{matrix_of(encoded, 0, learnt_rows_), {}});
    if (learnt_rows_ < all) rows_of_lane.others = matrix_of(encoded, learnt_rows_, all - learnt_rows_);
  }
  for (xgboost::Booster& booster : boosters_) booster.set_threads(is_wide ? threads : 1);
  margins_ = at::empty({members(), all, heads_}, at::kFloat);
  gradient_ = at::empty({members(), learnt_rows_, heads_}, rounds_.options());
  curvature_ = at::empty_like(gradient_);
  logits_ = device_.is_cpu() && !nested_.any() ? margins_.narrow(1, 0, learnt_rows_)
                                               : at::empty({members(), learnt_rows_, outputs_}, rounds_.options());
  if (outputs_ == 1) logits_ = logits_.squeeze(2);
  for_each_member(
      [&](std::size_t member, const Rows& own) { boosters_[member].margins(own.learnt, margins_of(member, 0)); });
  if (const std::string own = boosters_.front().device(); own != device_.str())
    throw core::UserError(core::Fault::config,
                          fmt::format("model.kind: boosted_trees is to grow on {}, and XGBoost sees "
                                      "no such device: it chose {}",
                                      device_.str(), own));
  show_logits();
  others_are_behind_ = learnt_rows_ < all;
  return logits_;
}

void BoostedTrees::backward(const EncodedTensors&, const at::Tensor&, const at::Tensor&) {
  throw std::logic_error("trees have no parameters that a gradient moves: they grow");
}

at::Tensor& BoostedTrees::flat_gradients() {
  throw std::logic_error("trees have no parameters that have a gradient");
}

void BoostedTrees::grow(const at::Tensor& logit_gradient, const at::Tensor& curvature, const at::Tensor& alive) {
  find_derivatives(logit_gradient, curvature);
  const at::Tensor living = alive.to(at::kCPU);
  for_each_member([&](std::size_t member, Rows& own) {
    const auto place = static_cast<std::int64_t>(member);
    if (living.const_data_ptr<std::uint8_t>()[place] == 0) return;
    xgboost::Booster& booster = boosters_[member];
    if (params_.subsample < 1) leave_rows_out(member, booster.rounds());
    if (settings_.contains("colsample_bytree")) leave_columns_out(member, booster.rounds(), own.learnt);
    if (!device_.is_cpu()) c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
    booster.grow(own.learnt, gradient_.select(0, place).const_data_ptr<float>(),
                 curvature_.select(0, place).const_data_ptr<float>(), heads_);
    booster.margins(own.learnt, margins_of(member, 0));
  });
  count_rounds();
  show_logits();
  others_are_behind_ = learnt_rows_ < table_.size(0);
}

// By what the trees say, times the number of rows.
void BoostedTrees::find_derivatives(const at::Tensor& logit_gradient, const at::Tensor& curvature) {
  const at::Tensor rows = at::scalar_tensor(learnt_rows_, at::kFloat);
  if (!nested_.any()) {
    at::mul_out(gradient_, logit_gradient.view(gradient_.sizes()), rows);
    at::mul_out(curvature_, curvature.view(curvature_.sizes()), rows);
    return;
  }
  // On the host, as margins are.
  const auto on_host = [](const at::Tensor& tensor) { return tensor.to(at::kCPU).contiguous(); };
  const at::Tensor logits = on_host(logits_), gradient = on_host(logit_gradient), second = on_host(curvature);
  at::Tensor head_gradient = at::empty(gradient_.sizes(), at::kFloat), head_curvature = at::empty_like(head_gradient);
  nested_.chain(logits.const_data_ptr<float>(), gradient.const_data_ptr<float>(), second.const_data_ptr<float>(),
                members() * learnt_rows_, head_gradient.mutable_data_ptr<float>(),
                head_curvature.mutable_data_ptr<float>());
  gradient_.copy_(head_gradient.mul_(rows));
  curvature_.copy_(head_curvature.mul_(rows));
}

// What a round learns from hangs on the seed and its number alone. XGBoost's own draws go on from where a generator stood, which no file
// of it holds, and a run that goes on from a checkpoint would draw others.
void BoostedTrees::leave_rows_out(std::size_t member, std::int64_t round) {
  const std::uint64_t seed =
      core::mix(core::seed_for(seeds_[member], "rows of a round"), static_cast<std::uint64_t>(round));
  const at::Tensor left_out = at::empty({learnt_rows_, 1}, at::kBool);
  bool* is_left_out = left_out.mutable_data_ptr<bool>();
  for (std::int64_t row = 0; row < learnt_rows_; ++row)
    is_left_out[row] = core::uniform(core::mix(seed, static_cast<std::uint64_t>(row))) >= params_.subsample;
  for (const at::Tensor& of_all : {gradient_, curvature_}) {
    const at::Tensor own = of_all.select(0, static_cast<std::int64_t>(member));
    if (!device_.is_cpu()) {
      own.masked_fill_(left_out.to(device_), 0);
      continue;
    }
    float* values = own.mutable_data_ptr<float>();  // by this thread alone: others grow members of their own
    for (std::int64_t i = 0; i < own.numel(); ++i)
      if (is_left_out[i / heads_]) values[i] = 0;
  }
}

// As for rows. XGBoost takes the columns in the order of ln(u) / max(weight, 1e-6), the largest first, with a draw u of its own from 2^32: of
// these weights none that is left out comes before one that is not, unless its u is 0.
void BoostedTrees::leave_columns_out(std::size_t member, std::int64_t round, xgboost::Matrix& learnt) const {
  constexpr float kSeen = 1e30f;
  const std::uint64_t seed =
      core::mix(core::seed_for(seeds_[member], "columns of a round"), static_cast<std::uint64_t>(round));
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t column = 0; column < features_.size(); ++column) order.emplace_back(core::mix(seed, column), column);
  std::sort(order.begin(), order.end());
  std::vector<float> weights(features_.size());
  for (std::size_t place = 0; place < columns_of_a_round(params_, features_.size()); ++place)
    weights[order[place].second] = kSeen;
  learnt.weigh_columns(weights);
}

void BoostedTrees::score(const EncodedTensors& encoded, std::int64_t first, MemberSlice slice, at::Tensor& out) {
  const std::int64_t count = out.size(1);
  const auto member_at = [&](std::int64_t place) { return slice.first + place * slice.step; };
  const auto put = [&](std::int64_t place, const at::Tensor& margins) { put_logits(margins, out.select(0, place)); };
  if (table_.defined() && table_.is_same(encoded.codes)) {
    if (others_are_behind_ && first + count > learnt_rows_) {
      for_each_member([&](std::size_t member, const Rows& own) {
        boosters_[member].margins(*own.others, margins_of(member, learnt_rows_));
      });
      others_are_behind_ = false;
    }
    for (std::int64_t place = 0; place < out.size(0); ++place)
      put(place, margins_.select(0, member_at(place)).narrow(0, first, count));
    return;
  }
  const xgboost::Matrix matrix = matrix_of(encoded, first, count);
  at::Tensor margins = at::empty({count, heads_}, at::kFloat);
  for (std::int64_t place = 0; place < out.size(0); ++place) {
    xgboost::Booster& booster = boosters_[static_cast<std::size_t>(member_at(place))];
    booster.set_threads(at::get_num_threads());  // a row's margin hangs on no other row
    booster.margins(matrix, margins.mutable_data_ptr<float>());
    put(place, margins);
  }
}

void BoostedTrees::become(const Learner& trained, std::int64_t first, std::int64_t members_of_each,
                          const at::Tensor& iterates) {
  const auto& from = dynamic_cast<const BoostedTrees&>(trained);
  const at::Tensor rounds_of_each = iterates.to(at::kCPU);
  std::vector<xgboost::Booster> boosters;
  for (std::int64_t member = 0; member < members(); ++member) {
    const auto rounds = static_cast<std::int64_t>(rounds_of_each.const_data_ptr<float>()[member]);
    const xgboost::Booster& source = from.boosters_[static_cast<std::size_t>(first + member % members_of_each)];
    boosters.push_back(rounds == 0 ? new_booster() : source.first(rounds));
  }
  take_boosters(std::move(boosters));
}

void BoostedTrees::take_boosters(std::vector<xgboost::Booster> boosters) {
  boosters_ = std::move(boosters);
  count_rounds();
  table_.reset();  // and its margins with it
}

void BoostedTrees::count_rounds() {
  at::Tensor rounds = at::empty({members(), 1}, at::kFloat);
  for (std::int64_t member = 0; member < members(); ++member)
    rounds.mutable_data_ptr<float>()[member] = static_cast<float>(boosters_[static_cast<std::size_t>(member)].rounds());
  rounds_.copy_(rounds);
}

// On the CPU, without families, logits are the margins themselves.
void BoostedTrees::show_logits() {
  if (device_.is_cpu() && !nested_.any()) return;
  for (std::int64_t member = 0; member < members(); ++member)
    put_logits(margins_.select(0, member).narrow(0, 0, learnt_rows_), logits_.select(0, member));
}

// From margins [rows, H], in the host's memory one after the other, to logits [rows] or [rows, O].
void BoostedTrees::put_logits(const at::Tensor& margins, const at::Tensor& out) const {
  if (!nested_.any()) {
    out.copy_(margins.view(out.sizes()));
    return;
  }
  at::Tensor own = at::empty({margins.size(0), outputs_}, at::kFloat);
  nested_.log_probabilities(margins.const_data_ptr<float>(), margins.size(0), own.mutable_data_ptr<float>());
  out.copy_(own.view(out.sizes()));
}

std::map<std::string, at::Tensor> BoostedTrees::tensors() const {
  std::map<std::string, at::Tensor> tensors;
  for (std::int64_t member = 0; member < members(); ++member) {
    const std::string bytes = boosters_[static_cast<std::size_t>(member)].bytes();
    at::Tensor tensor = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
    std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
    tensors[tensor_name(member, members())] = tensor;
  }
  return tensors;
}

// Of trees that were grown for other rows or other answers, in words; "" where they fit.
std::string BoostedTrees::misfit_of(const std::string& bytes) const {
  const auto [columns, outputs] = xgboost::widths_of(bytes);
  if (outputs != heads_) return fmt::format("has trees of {} outputs, expected {}", outputs, heads_);
  if (columns != static_cast<std::int64_t>(features_.size()))
    return fmt::format("has trees of {} columns, expected {}", columns, features_.size());
  return "";
}

void BoostedTrees::take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) {
  const auto mismatch = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "' does not belong to this model: " + what);
  };
  if (static_cast<std::int64_t>(tensors.size()) != members())
    throw mismatch(fmt::format("it has {} tensors, expected the trees of {} members", tensors.size(), members()));
  std::vector<xgboost::Booster> boosters;
  for (std::int64_t member = 0; member < members(); ++member) {
    const std::string tensor = tensor_name(member, members());
    const auto found = tensors.find(tensor);
    if (found == tensors.end()) throw mismatch("tensor '" + tensor + "' is missing");
    if (found->second.scalar_type() != at::kByte) throw mismatch("tensor '" + tensor + "' has no bytes (U8)");
    const at::Tensor written = found->second.contiguous();
    const std::string bytes(static_cast<const char*>(written.const_data_ptr()), written.nbytes());
    std::string misfit;
    try {
      misfit = misfit_of(bytes);
      if (misfit.empty()) boosters.emplace_back(settings_, bytes);
    } catch (const std::runtime_error& error) {
      throw mismatch("tensor '" + tensor + "' holds no trees (" + error.what() + ")");
    }
    if (!misfit.empty()) throw mismatch("tensor '" + tensor + "' " + misfit);
  }
  take_boosters(std::move(boosters));
}

std::string BoostedTrees::description() const {
  const std::int64_t grown = boosters_.front().rounds();
  return grown > 0 ? fmt::format("boosted_trees, {} rounds", grown)
                   : fmt::format("boosted_trees, {} rounds of at most {} leaves", params_.rounds, params_.max_leaves);
}

}  // namespace equipoise::models
