#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/cli/columns_file.h"
#include "engine/cli/command.h"
#include "engine/cli/kept_columns.h"
#include "engine/cli/measuring.h"
#include "engine/cli/output_file.h"
#include "engine/cli/predictions_file.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"

namespace equipoise::cli {
namespace {

class Predict final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"RUN", "A run folder", &run_, "", true},
            {"--data", "Rows to decide, CSV or Parquet; may be given several times", &files_, "", true},
            {"--images",
             "Of a model that sees pictures: the files of these rows, as data.images.files, which may be given several "
             "times; "
             "or the folder of theirs, as data.images.folder",
             &images_},
            {"--keep",
             "A column of these rows to write beside what the model says of them, such as an id; may be given several "
             "times",
             &keep_},
            {"--output", "Where to write rows, scores and decisions: a .csv or a .parquet file", &output_, "", true}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty() || files_.empty() || output_.empty()) {
      throw core::UserError(core::Fault::config, fmt::format("predict needs {}: equipoise predict RUN --data FILE "
                                                             "--output FILE",
                                                             run_.empty()     ? "a run folder"
                                                             : files_.empty() ? "--data"
                                                                              : "--output"));
    }
    check_columns_name(output_, "--output");
    check_kept_once(keep_);
    check_output(output_, files_);
    check_output(output_, images_);
    const SavedRun run = open_run(run_);
    if (const std::string untrained = untrained_sentence(run); !untrained.empty()) journal.warn(untrained + ".");
    check_output(output_, run);
    data::Carried carried{keep_, {}};
    const Predictions predictions = predict(run, carried, journal);
    write_predictions(output_, predictions, kept_columns(std::move(carried)));

    journal.end_line();
    const std::vector<std::int64_t> counts = decision_counts(predictions);
    console.print(fmt::format("{} rows, {}: {}\n", predictions.rows(), summary(predictions, counts), output_));
    nlohmann::ordered_json object = {{"run", run.path.string()}, {"output", output_}, {"rows", predictions.rows()}};
    if (predictions.task == data::Task::binary) {
      object["positive"] = counts.front();
    } else if (predictions.task != data::Task::regression) {
      nlohmann::ordered_json& named = object[predictions.task == data::Task::classes ? "decided" : "positive"];
      for (std::size_t i = 0; i < counts.size(); ++i) named[predictions.outcomes[i]] = counts[i];
    }
    object["warnings"] = journal.warnings();
    object["exit_code"] = 0;
    console.print_json(object);
    return 0;
  }

 private:
  // "3 decided positive", "decided a 12, b 30", "positive of hired 5, kept 9", "predicted from -1.5 to 3"
  static std::string summary(const Predictions& predictions, const std::vector<std::int64_t>& counts) {
    if (predictions.task == data::Task::binary) return fmt::format("{} decided positive", counts.front());
    if (predictions.task == data::Task::regression) {
      if (predictions.scores.empty()) return "predicted";
      const auto [least, largest] = std::minmax_element(predictions.scores.begin(), predictions.scores.end());
      return fmt::format("predicted from {:.6g} to {:.6g}", *least, *largest);
    }
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < counts.size(); ++i)
      texts.push_back(fmt::format("{} {}", predictions.outcomes[i], counts[i]));
    return (predictions.task == data::Task::classes ? "decided " : "positive of ") + core::listed(texts, 64);
  }

  Predictions predict(const SavedRun& run, data::Carried& carried, TerminalJournal& journal) const {
    const at::Device device = device_of(run, journal);
    const data::EncoderPointer encoder = read_encoder(run);
    const SavedModel model = read_model(run, data::layout_of(*encoder), device);
    data::Dataset dataset =
        data::apply(*encoder, files_, model.rule.uses_groups() ? data::Wanted::groups : data::Wanted::inputs, journal,
                    "", images_, &carried);
    check_kept_beside(keep_, {dataset.task, dataset.outcomes, {}});
    core::stop_if_interrupted();
    std::vector<double> scores = score_rows(dataset, *model.learner, model.mixture, device, model.rule);
    core::stop_if_interrupted();
    if (!all_finite(scores)) {
      throw core::UserError(core::Fault::numerical,
                            fmt::format("the model of '{}' gives scores that are not finite", run.path.string()));
    }
    return {dataset.task, std::move(dataset.outcomes), std::move(scores)};
  }

  std::string run_, output_;
  std::vector<std::string> files_, images_, keep_;
};

}  // namespace

std::unique_ptr<Command> make_predict() {
  return std::make_unique<Predict>();
}

}  // namespace equipoise::cli
