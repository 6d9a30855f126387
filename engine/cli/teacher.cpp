#include "engine/cli/teacher.h"

#include <fmt/format.h>

#include "engine/cli/measuring.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"

namespace equipoise::cli {
namespace {

constexpr const char* kField = "data.teacher.run";

std::string answers_text(const data::Dataset& dataset) {
  return std::string(data::name_of(dataset.task)) +
         (dataset.outcomes.empty() ? "" : " (" + core::listed(dataset.outcomes) + ")");
}

void check_same_answers(const data::Dataset& theirs, const data::Dataset& own) {
  if (theirs.task == own.task && theirs.outcomes == own.outcomes) return;
  throw core::UserError(core::Fault::data, fmt::format("the run answers {}, and this config asks for {}",
                                                       answers_text(theirs), answers_text(own)));
}

// A teacher of pictures sees those of this config, named in the way that it learnt from.
void check_pictures(const data::Encoder& encoder, const data::ImageParams& own) {
  const bool in_files = encoder.image_column.empty();
  if (!encoder.images.any() || in_files != own.files.empty()) return;
  throw core::UserError(
      core::Fault::data,
      fmt::format("its model sees pictures {}, and data.images of this config names {}; where a model cannot see them "
                  "here, write what it predicts (equipoise predict) and name that file by data.teacher.predictions",
                  in_files ? "that files hold" : "that the column '" + encoder.image_column + "' names",
                  own.are_named() ? (in_files ? "a column" : "files") : "none"));
}

// [rows * answers], of the rows that were kept. On the CPU: a device of the teacher's choice would bring its number of threads along.
std::vector<float> scores_of(const SavedRun& run, const data::DataParams& data, const data::Prepared& prepared,
                             core::Journal& journal) {
  const data::EncoderPointer encoder = read_encoder(run);
  check_pictures(*encoder, data.images);
  const SavedModel model = read_model(run, data::layout_of(*encoder), at::kCPU);
  const data::Wanted wanted = model.rule.uses_groups() ? data::Wanted::groups : data::Wanted::inputs;
  // One of columns needs none, whatever the student sees.
  const std::vector<std::string> pictures = encoder->images.any() ? data.images.places() : std::vector<std::string>();
  const data::Dataset rows = data::apply(*encoder, data::tables_of(data), wanted, journal, "", pictures);
  check_same_answers(rows, prepared.dataset);
  const std::vector<double> scores = score_rows(rows, *model.learner, model.mixture, at::kCPU, model.rule);
  if (!all_finite(scores)) throw core::UserError(core::Fault::data, "its model gives scores that are not finite");
  const std::size_t answers = scores.size() / static_cast<std::size_t>(rows.rows());
  std::vector<float> kept;
  for (std::int64_t row = 0; row < prepared.dataset.rows(); ++row) {
    const std::int64_t read =
        prepared.rows_as_read.empty() ? row : prepared.rows_as_read[static_cast<std::size_t>(row)];
    for (std::size_t i = 0; i < answers; ++i)
      kept.push_back(static_cast<float>(scores[static_cast<std::size_t>(read) * answers + i]));
  }
  return kept;
}

}  // namespace

void score_by_teacher(const training::RunConfig& config, const config::Origin& origin, data::Prepared& prepared,
                      core::Journal& journal) {
  const std::string& folder = config.data.teacher.run;
  if (folder.empty()) return;
  try {
    const SavedRun run = open_trained_run(folder);
    prepared.dataset.teacher = scores_of(run, config.data, prepared, journal);
    journal.say(
        fmt::format("The model of '{}' teaches {} of what rows are taught.", folder, config.data.teacher.weight));
    if (!has_same_splits(run, prepared.dataset))
      journal.warn(fmt::format(
          "The teacher '{}' learnt from other splits (another seed, or other rows): rows that are for testing here may "
          "have been for training there, and what is measured of them can then be better than on new people.",
          folder));
  } catch (const core::UserError& error) {
    throw core::UserError(core::Fault::data, fmt::format("{}: {}", kField, error.what()), origin.of(kField));
  }
}

}  // namespace equipoise::cli
