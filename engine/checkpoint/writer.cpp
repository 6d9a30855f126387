#include "engine/checkpoint/writer.h"

#include <exception>
#include <set>
#include <utility>

namespace equipoise::checkpoint {
Writer::Writer(std::filesystem::path folder, std::int64_t keep, bool keep_best)
    : folder_(std::move(folder)), keep_(keep), keep_best_(keep_best), thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Writer::is_free() const {
  const std::lock_guard lock(mutex_);
  return !work_;
}

void Writer::save(Checkpoint checkpoint, const std::vector<std::int64_t>& best) {
  wait();
  {
    const std::lock_guard lock(mutex_);
    work_ = {std::move(checkpoint), best};
  }
  changed_.notify_all();
}

void Writer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !work_; });
}

std::int64_t Writer::saved_step() const {
  const std::lock_guard lock(mutex_);
  return saved_step_;
}

std::string Writer::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failure_, "");
}

void Writer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return work_ || is_closing_; });
    if (!work_) return;
    lock.unlock();  // `work_` stays as it is until it is taken away below
    std::string failure;
    try {
      write(*work_);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    lock.lock();
    if (failure.empty())
      saved_step_ = work_->checkpoint.step;
    else
      failure_ = failure;
    work_.reset();
    changed_.notify_all();
  }
}

void Writer::write(const Work& work) {
  const Saved written = write_checkpoint(folder_, work.checkpoint);
  const std::vector<std::int64_t> best = keep_best_ ? work.best : std::vector<std::int64_t>();
  std::vector<Saved> saved = list_checkpoints(folder_);
  // What stands beyond this step is of a run that came further and then did not go on from there.
  std::erase_if(saved, [&](const Saved& one) {
    const bool is_beyond = one.step > written.step || (one.step == written.step && one.path != written.path);
    if (is_beyond) remove_checkpoint(one);
    return is_beyond;
  });
  for (const Saved& one : superseded(saved, keep_, best)) remove_checkpoint(one);
}

std::vector<Saved> superseded(const std::vector<Saved>& saved, std::int64_t keep,
                              const std::vector<std::int64_t>& best) {
  std::set<std::int64_t> wanted;
  for (std::size_t i = 0; i < saved.size() && i < static_cast<std::size_t>(keep); ++i) wanted.insert(saved[i].step);
  for (const std::int64_t step : best) {
    if (step == 0) continue;
    // From the oldest on.
    for (auto one = saved.rbegin(); one != saved.rend(); ++one)
      if (one->step >= step) {
        wanted.insert(one->step);
        break;
      }
  }
  std::vector<Saved> unwanted;
  for (const Saved& one : saved)
    if (!wanted.contains(one.step)) unwanted.push_back(one);
  return unwanted;
}

}  // namespace equipoise::checkpoint
