#include "engine/training/distilled_results.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/seed.h"
#include "engine/training/distillation.h"
#include "engine/training/member_seeds.h"

namespace equipoise::training {
namespace {

void take(TrainingResult& result, Student student, double seconds, std::int64_t saved_step, core::Journal& journal) {
  result.seconds = seconds;
  if (!student.network) {
    journal.warn(student.sentence);
    if (!student.interrupted) return;
    result.outcome = "interrupted";
    result.failure = student.sentence;
    result.interrupted = student.interrupted;
    result.saved_step = saved_step;
    return;
  }
  if (!student.warning.empty()) journal.warn(student.warning);
  result.learner = std::move(student.network);
  result.members = 1;
  result.kept = student.sentence;
  result.kept_step = 0;  // no measure of the members' training is the network's
}

}  // namespace

void distill_results(const std::vector<RunState>& runs, std::vector<TrainingResult>& results, DeviceData& data,
                     const std::function<double()>& seconds, std::int64_t saved_step, core::Journal& journal) {
  if (data.folds.size() == 1) {
    journal.say(
        "Nothing is distilled (training.distill): the run has no members, but one network that learnt by itself.");
    return;
  }
  join_folds(data);
  std::vector<Teacher> teachers;
  std::vector<TrainingResult*> taught;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    if (results[run].outcome != "finished") continue;
    const RunConfig& config = runs[run].config();
    const auto kept =
        std::ranges::find(results[run].measurements, results[run].kept_step, &evaluation::Measurement::step);
    teachers.push_back({config, runs[run].table(), *results[run].learner,
                        core::seed_for(model_seed(config), "distilled"),
                        kept == results[run].measurements.end() ? nullptr : &*kept});
    taught.push_back(&results[run]);
  }
  if (teachers.empty()) return;
  journal.say(fmt::format("Distilling the mean score of {} members into one network.", taught.front()->members));
  std::vector<Student> students = distill(teachers, data, journal);
  for (std::size_t i = 0; i < students.size(); ++i)
    take(*taught[i], std::move(students[i]), seconds(), saved_step, journal);
}

}  // namespace equipoise::training
