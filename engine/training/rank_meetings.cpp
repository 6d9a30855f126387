#include "engine/training/rank_meetings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"

namespace equipoise::training {
namespace {

std::string state_of(models::Learner& learner, const std::vector<RunState>& runs) {
  const at::Tensor weights = learner.flat_parameters().to(at::kCPU).contiguous();
  std::string state = "weights " + core::sha256({static_cast<const char*>(weights.const_data_ptr()), weights.nbytes()});
  for (const RunState& run : runs) state += fmt::format("\nmultipliers {}", fmt::join(run.multipliers(), " "));
  return state;
}

}  // namespace

void RankMeetings::start(std::int64_t done, models::Learner& learner, const std::vector<RunState>& runs) const {
  if (ranks_.is_alone()) return;
  const std::string what =
      done == 0 ? "state before its first step" : fmt::format("state to go on from at step {}", done);
  ranks_.check_same(what, state_of(learner, runs), core::Fault::config);
}

void RankMeetings::hear_own() {
  if (has_signal_) return;
  try {
    core::stop_if_interrupted();
  } catch (const core::Interrupted& stopped) {
    signal_ = stopped;
    has_signal_ = true;
  }
}

void RankMeetings::before(TrainingStep& step) {
  if (ranks_.is_alone()) return;
  hear_own();
  if (has_signal_) step.ask_to_stop();
}

void RankMeetings::after(std::int64_t done, models::Learner& learner, const std::vector<RunState>& runs) const {
  if (ranks_.is_alone()) return;
  ranks_.say_step(done);
  if (check_every_ == 0 || done % check_every_ != 0) return;
  ranks_.check_same(fmt::format("state after step {}", done), state_of(learner, runs), core::Fault::numerical);
}

bool RankMeetings::is_to_stop(const TrainingStep& step, std::int64_t done, bool may_wait) const {
  if (ranks_.is_alone()) return core::is_interrupted();
  constexpr std::int64_t kStepsBetweenWaits = 50;
  return (may_wait || done % kStepsBetweenWaits == 0) && step.is_asked_to_stop();
}

void RankMeetings::agree_on_signal() {
  if (ranks_.is_alone()) return;
  hear_own();  // one that has come since
  const std::vector<std::string> said =
      ranks_.gather(has_signal_ ? fmt::format("{} {}", signal_.signal(), int{signal_.starts_again()}) : "");
  if (has_signal_) return;
  for (const std::string& one : said) {
    int signal = 0, starts_again = 0;
    if (std::sscanf(one.c_str(), "%d %d", &signal, &starts_again) != 2) continue;
    signal_ = core::Interrupted(signal, starts_again != 0);
    return;
  }
}

void RankMeetings::stop() const {
  if (!has_signal_) core::stop_if_interrupted();
  throw signal_;
}

void check_batch(const RunConfig& config, std::int64_t training_rows, const distributed::Ranks& ranks,
                 const config::Origin& origin) {
  const std::int64_t rows = config.training.batch_size;
  const auto refuse = [&](const std::string& why) {
    throw core::UserError(core::Fault::config, fmt::format("training.batch_size is {}, {}", rows, why),
                          origin.of("training.batch_size"));
  };
  if (rows > training_rows) refuse(fmt::format("more than the {} training rows", training_rows));
  if (rows < ranks.size()) refuse(fmt::format("and {} ranks share each batch: every one needs a row", ranks.size()));
}

std::string sharing_by(const distributed::Ranks& ranks) {
  return ranks.is_alone() ? "" : fmt::format(", shared by {} ranks", ranks.size());
}

}  // namespace equipoise::training
