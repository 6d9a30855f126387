#include "engine/cli/starting_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace {

constexpr const char* kField = "training.warm_start";

// What goes wrong with the named run is said of the field that names it.
template <typename Work>
auto named(const config::Origin& origin, Work work) {
  try {
    return work();
  } catch (const core::UserError& error) {
    throw core::UserError(core::Fault::data, std::string(kField) + ": " + error.what(), origin.of(kField));
  }
}

std::string listed_numbers(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
  return "[" + text + "]";
}

// What of the params makes an architecture: the fields that its kind reads, for these rows.
std::string text_of(const models::ModelParams& model, const data::EncodedRows& rows) {
  if (models::grows(model)) return model.kind;
  if (model.kind == "convnet") return fmt::format("convnet, channels {}", listed_numbers(model.channels));
  if (model.kind == "torchscript")
    return fmt::format("torchscript of a file of SHA-256 {}", core::sha256_of_file(model.file));
  if (model.kind == "ft_transformer")
    return fmt::format("ft_transformer of width {}, inner_width {}, {} blocks, {} heads", model.width,
                       model.inner_width, model.blocks, model.heads);
  std::string of_rows = model.kind;
  if (model.kind == "residual_mlp")
    of_rows += fmt::format(" of width {}, inner_width {}, {} blocks", model.width, model.inner_width, model.blocks);
  else if (model.kind != "linear")
    of_rows += " " + listed_numbers(model.hidden);
  if (model.kind == "tabm") of_rows += fmt::format(", {} submodels", model.submodels);
  if (std::ranges::any_of(rows.features, &data::Feature::embedded))
    of_rows += fmt::format(", embedding_size {}", model.embedding_size);
  return of_rows;
}

void check_same_model(const SavedRun& run, const models::ModelParams& own, const data::EncodedRows& rows) {
  models::ModelParams theirs = run.config.model;
  if (theirs.kind == "torchscript") theirs.file = run.file(run_files::kModule).string();
  const std::string before = text_of(theirs, rows), now = text_of(own, rows);
  if (before == now) return;
  throw core::UserError(core::Fault::data, fmt::format("the model of '{}' is {}, and that of this config is {}",
                                                       run.path.string(), before, now));
}

// Of a mixture those of its most probable iterate.
at::Tensor most_probable(const models::Mixture& mixture, const at::Tensor& weights) {
  if (mixture.probabilities.empty()) return weights;
  const std::int64_t of_each = weights.size(0) / static_cast<std::int64_t>(mixture.iterates());
  const auto best = std::ranges::max_element(mixture.probabilities) - mixture.probabilities.begin();
  return weights.narrow(0, best * of_each, of_each);
}

}  // namespace

data::EncoderPointer starting_encoder(const training::RunConfig& config, const config::Origin& origin) {
  if (config.training.warm_start.empty()) return nullptr;
  return named(origin, [&] { return read_encoder(open_trained_run(config.training.warm_start)); });
}

at::Tensor starting_weights(const training::RunConfig& config, const data::Dataset& dataset,
                            const config::Origin& origin, core::Journal& journal) {
  if (config.training.warm_start.empty()) return {};
  return named(origin, [&] {
    const SavedRun run = open_trained_run(config.training.warm_start);
    check_same_model(run, config.model, dataset.encoded);
    const SavedModel saved = read_model(run, dataset.encoded, at::kCPU);
    const at::Tensor weights = most_probable(saved.mixture, saved.learner->flat_parameters()).clone();
    journal.say(fmt::format("Weights start where those of '{}' ended ({}); inputs are encoded as they were there.",
                            config.training.warm_start, saved.learner->description()));
    if (!has_same_splits(run, dataset))
      journal.warn(fmt::format(
          "The weights of '{}' learnt from other splits (another seed, or other rows): rows that are for testing here "
          "may "
          "have been for training there, and what is measured of them can then be better than on new people.",
          config.training.warm_start));
    return weights;
  });
}

}  // namespace equipoise::cli
