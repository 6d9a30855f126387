#include <algorithm>

#include <fmt/format.h>

#include "engine/cli/command.h"
#include "engine/cli/measuring.h"
#include "engine/cli/output_file.h"
#include "engine/cli/predictions_file.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"

namespace equipoise::cli {
namespace {

class Predict final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"RUN", "A run folder", &run_, "", true},
            {"--data", "Rows to decide, CSV or Parquet; may be given several times", &files_, "", true},
            {"--output", "Where to write row, score and decision: a .csv or a .parquet file", &output_, "", true}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty() || files_.empty() || output_.empty()) {
      throw core::UserError(core::Fault::config, fmt::format("predict needs {}: equipoise predict RUN --data FILE "
                                                             "--output FILE",
                                                             run_.empty()     ? "a run folder"
                                                             : files_.empty() ? "--data"
                                                                              : "--output"));
    }
    check_predictions_name(output_);
    check_output(output_, files_);
    const SavedRun run = open_run(run_);
    check_output(output_, run);
    const std::vector<double> scores = score(run, journal);
    write_predictions(output_, scores);

    journal.end_line();
    const auto positive =
        std::count_if(scores.begin(), scores.end(), [](double score) { return score > kDecisionThreshold; });
    console.print(fmt::format("{} rows, {} decided positive: {}\n", scores.size(), positive, output_));
    console.print_json({{"run", run.path.string()},
                        {"output", output_},
                        {"rows", scores.size()},
                        {"positive", positive},
                        {"warnings", journal.warnings()},
                        {"exit_code", 0}});
    return 0;
  }

 private:
  std::vector<double> score(const SavedRun& run, TerminalJournal& journal) const {
    const at::Device device = device_of(run, journal);
    const data::EncoderPointer encoder = read_encoder(run);
    const std::unique_ptr<models::Learner> learner = read_learner(run, data::layout_of(*encoder), device);
    const data::Dataset dataset = data::apply(*encoder, files_, data::Wanted::inputs, journal);
    core::stop_if_interrupted();
    std::vector<double> scores = score_rows(dataset, *learner, device);
    core::stop_if_interrupted();
    if (!all_finite(scores)) {
      throw core::UserError(core::Fault::numerical,
                            fmt::format("the model of '{}' gives scores that are not finite", run.path.string()));
    }
    return scores;
  }

  std::string run_, output_;
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Command> make_predict() {
  return std::make_unique<Predict>();
}

}  // namespace equipoise::cli
