#include "engine/distributed/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/distributed/launch.h"

namespace equipoise::distributed {
namespace {

using Clock = std::chrono::steady_clock;

// Who goes on its own account, beside those who go because others went.
constexpr char kOwnReason = '!', kFollows = '.';

// On the board before a reason: the fault's digit, 0 where a new start may mend it.
std::string text_of(const Loss& loss) {
  return fmt::format("{}{}", loss.fault ? static_cast<int>(*loss.fault) : 0, loss.sentence);
}

Loss loss_from(const std::string& text) {
  const int digit = text.empty() ? 0 : text.front() - '0';
  const bool is_fault =
      digit >= static_cast<int>(core::Fault::config) && digit <= static_cast<int>(core::Fault::memory);
  return {text.empty() ? "" : text.substr(1), is_fault ? std::optional(core::Fault{digit}) : std::nullopt};
}

std::string key_of(const char* what, std::int64_t rank) {
  return fmt::format("{}/{}", what, rank);
}

// 41 of "41 7": steps, and how many signs were given.
std::int64_t steps_of(const std::string& beat) {
  return beat.empty() ? 0 : std::stoll(beat);
}

std::string after_step(std::int64_t steps) {
  return steps == 0 ? "before its first step" : fmt::format("after step {}", steps);
}

}  // namespace

struct Watch::State {
  // What the board says of a rank.
  struct Seen {
    std::string first_beat, beat, left;
  };

  explicit State(const Setting& wanted, std::unique_ptr<Board> given)
      : setting(wanted), board(std::move(given)), seen(static_cast<std::size_t>(wanted.size)) {}

  void run();
  void beat();
  void look();
  void look_at_verdict();
  std::string after_last_step(const Seen& rank) const;
  Loss verdict_now(const std::string& reason) const;
  void linger(std::unique_lock<std::mutex>& lock);

  const Setting setting;
  const std::unique_ptr<Board> board;  // the thread's alone

  std::mutex mutex;
  std::condition_variable changed;
  std::int64_t steps = 0, beats = 0;
  bool stops = false, has_ended = false;  // the thread is to end; it has
  bool looks = false;                     // a call failed
  std::string leaving, left;              // what is to be put on the board of this rank; what stands there
  std::vector<Seen> seen;
  std::int64_t looked = 0;    // rounds since a call failed
  bool is_broken = false;     // the board's host is gone
  std::string verdict, told;  // of ranks that knew earlier; of this one, for the others
  std::thread thread;
};

void Watch::State::beat() {
  std::unique_lock lock(mutex);
  const std::string text = fmt::format("{} {}", steps, ++beats), leaves = leaving == left ? "" : leaving, tells = told;
  lock.unlock();
  board->set(key_of("beat", setting.rank), text);
  if (!leaves.empty()) board->set(key_of("left", setting.rank), leaves);
  if (!tells.empty()) board->set("verdict", tells);
  lock.lock();
  if (!leaves.empty()) left = leaves;
}

// Ranks that are slow may come when the others have gone, and the board with them.
void Watch::State::look_at_verdict() {
  const std::string said = board->get("verdict");
  const std::string of_host = setting.host_rank < 0 ? "" : board->get(key_of("beat", setting.host_rank));
  const std::lock_guard lock(mutex);
  if (!said.empty()) verdict = said;
  if (setting.host_rank >= 0) seen[static_cast<std::size_t>(setting.host_rank)].beat = of_host;
}

void Watch::State::look() {
  for (std::int64_t rank = 0; rank < setting.size; ++rank) {
    const std::string left_by = board->get(key_of("left", rank)), beat_of = board->get(key_of("beat", rank));
    const std::lock_guard lock(mutex);
    Seen& one = seen[static_cast<std::size_t>(rank)];
    if (looked == 0) one.first_beat = beat_of;
    one.beat = beat_of;
    one.left = left_by;
  }
  const std::lock_guard lock(mutex);
  ++looked;
}

void Watch::State::run() {
  std::unique_lock lock(mutex);
  try {
    while (!stops) {
      const bool is_looking = looks;
      lock.unlock();
      beat();
      if (is_looking)
        look();
      else
        look_at_verdict();
      lock.lock();
      changed.notify_all();
      const bool has_news = leaving != left || looks != is_looking;
      if (!stops && !has_news) changed.wait_for(lock, looks ? setting.beat / 2 : setting.beat);
    }
  } catch (const std::exception&) {
    if (!lock.owns_lock()) lock.lock();
    is_broken = true;
  }
  has_ended = true;
  changed.notify_all();
}

Watch::Watch(const Setting& setting, std::unique_ptr<Board> board)
    : state_(std::make_shared<State>(setting, std::move(board))) {
  state_->thread = std::thread([state = state_] { state->run(); });
}

Watch::~Watch() {
  constexpr std::chrono::milliseconds kMoment{500};
  std::unique_lock lock(state_->mutex);
  state_->stops = true;
  state_->changed.notify_all();
  const bool ends = state_->changed.wait_for(lock, kMoment, [&] { return state_->has_ended; });
  lock.unlock();
  if (ends)
    state_->thread.join();
  else
    state_->thread.detach();
}

void Watch::say_step(std::int64_t steps) {
  const std::lock_guard lock(state_->mutex);
  state_->steps = steps;
}

void Watch::leave(const std::string& why, std::optional<core::Fault> fault) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (!state.leaving.empty()) return;
  state.leaving = fmt::format("{}{}", kOwnReason, text_of({why, fault}));
  state.told = text_of({fmt::format("rank {} ended {}: {}", state.setting.rank, after_step(state.steps), why), fault});
  state.changed.notify_all();
  state.changed.wait_for(lock, state.setting.beat, [&] { return state.left == state.leaving || state.has_ended; });
  state.linger(lock);
}

// A step ends when all ranks have given their part to it: whoever is lost took part in the last one of this rank.
std::string Watch::State::after_last_step(const Seen& rank) const {
  return after_step(std::max(steps, steps_of(rank.beat)));
}

Loss Watch::State::verdict_now(const std::string& reason) const {
  std::vector<std::int64_t> silent, hanging;
  Loss own_reasons;
  for (std::int64_t rank = 0; rank < setting.size; ++rank) {
    const Seen& one = seen[static_cast<std::size_t>(rank)];
    if (rank == setting.rank) continue;
    if (one.left.empty())
      (one.beat == one.first_beat ? silent : hanging).push_back(rank);
    else if (one.left.front() == kOwnReason) {
      const Loss own = loss_from(one.left.substr(1));
      own_reasons.sentence += fmt::format("{}rank {} ended {}: {}", own_reasons.sentence.empty() ? "" : "; ", rank,
                                          after_last_step(one), own.sentence);
      if (!own_reasons.fault) own_reasons.fault = own.fault;
    }
  }
  if (looked < 2 && (is_broken || looked == 0)) {
    if (!verdict.empty()) return loss_from(verdict);
    if (setting.host_rank < 0)
      return {fmt::format("the launcher's store does not answer: its host is gone or the network is cut ({})", reason)};
    if (setting.host_rank == setting.rank) return {reason};
    return {fmt::format("rank {} is lost {}: where ranks meet, which is on its host, nobody answers ({})",
                        setting.host_rank, after_last_step(seen[static_cast<std::size_t>(setting.host_rank)]), reason)};
  }
  if (!own_reasons.sentence.empty()) return own_reasons;
  if (!verdict.empty()) return loss_from(verdict);
  std::string text;
  for (const std::int64_t rank : silent)
    text += fmt::format("{}rank {} is lost {}", text.empty() ? "" : "; ", rank,
                        after_last_step(seen[static_cast<std::size_t>(rank)]));
  if (!text.empty()) return {fmt::format("{}: it gives no sign of life ({})", text, reason)};
  if (!hanging.empty())
    return {fmt::format("{} did not come {}, though alive ({})", named(hanging),
                        after_last_step(seen[static_cast<std::size_t>(hanging.front())]), reason)};
  return {fmt::format("a connection broke, and every rank is alive ({})", reason)};
}

// The others want to read what stands on the board, which goes with this process if it has it.
void Watch::State::linger(std::unique_lock<std::mutex>& lock) {
  const bool has_board = setting.host_rank == setting.rank;
  changed.wait_for(lock, has_board ? setting.grace / 2 : setting.beat / 2, [&] { return has_ended; });
}

Loss Watch::find_lost(const std::string& reason) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.looks = true;
  if (state.leaving.empty()) state.leaving = kFollows + reason;
  state.changed.notify_all();
  const auto all_have_left = [&] {
    const std::int64_t own = state.setting.rank;
    return state.looked >= 2 && std::ranges::all_of(state.seen, [&](const State::Seen& one) {
             return &one - state.seen.data() == own || !one.left.empty();
           });
  };
  state.changed.wait_for(lock, state.setting.grace, [&] { return state.has_ended || all_have_left(); });
  const Loss verdict = state.verdict_now(reason);
  if (state.has_ended) return verdict;
  state.told = text_of(verdict);
  state.changed.notify_all();
  state.linger(lock);
  return verdict;
}

}  // namespace equipoise::distributed
