#include "engine/training/distillation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/seed.h"
#include "engine/evaluation/score_statistics.h"
#include "engine/training/excess.h"
#include "engine/training/optimizer.h"
#include "engine/training/progress_line.h"
#include "engine/training/run_state.h"
#include "engine/training/scoring.h"
#include "engine/training/split_sums.h"
#include "kernels/draw/draw.h"

namespace equipoise::training {
namespace {

using Clock = std::chrono::steady_clock;

// [1, N] or [1, N, O] f32: what the members answer for the training rows; a number in deviations of the target.
at::Tensor lessons_of(const Teacher& teacher, const DeviceData& data) {
  const models::OutputMeaning meaning{data.kernel.task, {}, 0, 1};
  return device_scores(data.encoded, teacher.members, meaning)
      .narrow(0, data.train.first, data.train.count)
      .to(at::kFloat)
      .unsqueeze(0);
}

// The mixture is refused before, and a mean of weights is the members'.
RunConfig config_of_student(RunConfig config) {
  if (config.training.keep != "final") config.training.keep = "best_feasible";
  return config;
}

class Lesson {
 public:
  Lesson(const std::vector<Teacher>& teachers, const DeviceData& data, core::Journal& journal)
      : teachers_(teachers), data_(data), journal_(journal), params_(teachers.front().config.training) {
    const at::Device device = data.cell_labels.device();
    std::vector<std::uint64_t> seeds;
    std::vector<at::Tensor> lessons;
    std::vector<double> rates;
    for (const Teacher& teacher : teachers) {
      seeds.push_back(teacher.seed);
      lessons.push_back(lessons_of(teacher, data));
      rates.push_back(teacher.config.training.optimizer.learning_rate);
      configs_.push_back(config_of_student(teacher.config));
    }
    lessons_ = at::cat(lessons);
    const RunConfig& first = teachers.front().config;
    network_ = models::make_learner(first.model, data.host, seeds, device, models::precision_of(first.precision),
                                    data.kernel.outputs, data.kernel.task);
    optimizer_ = make_optimizer(params_.optimizer, network_->flat_parameters());
    steps_per_epoch_ = data.train.count / params_.batch_size;
    steps_ = steps_per_epoch_ * params_.epochs;
    batch_seed_ = core::seed_for(static_cast<std::uint64_t>(first.seed), "batches");
    step_ = at::zeros({1}, at::TensorOptions().device(device).dtype(at::kLong));
    rows_ = at::empty({params_.batch_size}, step_.options());
    full_rates_ = at::empty({static_cast<std::int64_t>(rates.size())}, at::kDouble);
    std::ranges::copy(rates, full_rates_.data_ptr<double>());
    full_rates_ = full_rates_.to(device);
    for (std::size_t run = 0; run < teachers.size(); ++run)
      students_.emplace_back(configs_[run], teachers[run].table, MeasuredSplits::train, steps_,
                             data.selection.count > 0, std::vector<double>(), Allowance());
  }

  std::vector<Student> teach() {
    start_ = Clock::now();
    std::optional<core::Interrupted> interrupted;
    try {
      take_steps();
    } catch (const core::Interrupted& stopped) {
      interrupted = stopped;
    }
    std::vector<Student> students;
    for (std::size_t run = 0; run < students_.size(); ++run) students.push_back(student_of(run, interrupted));
    return students;
  }

 private:
  void take_steps() {
    const RunConfig& first = teachers_.front().config;
    SplitSums sums(
        data_, false, evaluation::needs_losses(teachers_.front().table), first.multipliers.temperature, *network_,
        outcome_rule(data_.kernel, params_, first.multipliers.temperature, data_.target_mean, data_.target_deviation));
    for (std::int64_t done = 1; done <= steps_; ++done) {
      core::stop_if_interrupted();
      take_step(schedule_factor(params_, done - 1, steps_));
      if (!is_measured_after(done)) continue;
      end_stopped(done);
      if (std::ranges::none_of(students_, &RunState::goes_on)) return;
      sums.run();
      judge(sums.read(), done);
    }
  }

  // The optimizer leaves the weights of one whose gradient was not finite where they were.
  void end_stopped(std::int64_t done) {
    const at::Tensor alive = optimizer_->alive().to(at::kCPU);
    for (std::size_t run = 0; run < students_.size(); ++run)
      if (alive.const_data_ptr<std::uint8_t>()[run] == 0 && students_[run].goes_on())
        students_[run].end_early("diverged", "its gradient left the finite numbers", done);
  }

  void take_step(double factor) {
    kernels::draw_epoch(rows_, data_.train.count, batch_seed_, step_);
    const at::Tensor& scores = network_->forward(data_.encoded, rows_, step_);
    step_.add_(1);
    network_->backward(data_.encoded, rows_, gradient_of(scores));
    optimizer_->step(network_->flat_parameters(), network_->flat_gradients(), full_rates_ * factor);
    network_->put_buffers();
  }

  // Of the batch's weighted mean loss: for all of these losses what the network says minus what it should. Network by network:
  // the last few elements of a tensor may be rounded otherwise, and which those are must not hang on the bank's size.
  at::Tensor gradient_of(const at::Tensor& scores) const {
    const data::Task task = data_.kernel.task;
    const at::Tensor wanted = lessons_.index_select(1, rows_);
    at::Tensor gradient = at::empty_like(scores);
    for (std::int64_t k = 0; k < scores.size(0); ++k) {
      const at::Tensor own = scores.select(0, k);
      const at::Tensor said = task == data::Task::regression ? own
                              : task == data::Task::classes  ? own.softmax(-1)
                                                             : own.sigmoid();
      gradient.select(0, k).copy_(said - wanted.select(0, k / network_->streams()));
    }
    const double answers = task == data::Task::labels ? static_cast<double>(data_.kernel.outputs) : 1;
    if (!data_.weights) return gradient.div_(static_cast<double>(rows_.size(0)) * answers);
    at::Tensor weights = data_.weights->view({-1, data_.kernel.cells_of_a_row}).select(1, 0).index_select(0, rows_);
    // A batch in which nobody weighs anything teaches nothing.
    weights = weights / (weights.sum() * answers).clamp_min(1e-30);
    return gradient.mul_(gradient.dim() == 3 ? weights.unsqueeze(1) : weights);
  }

  // Where iterates may be kept at least as often as the members were, before that once an epoch.
  bool is_measured_after(std::int64_t done) const {
    if (done == steps_) return true;
    const bool is_late = static_cast<double>(done) >= params_.candidates_from * static_cast<double>(steps_);
    const std::int64_t an_epoch = is_late ? teachers_.front().config.multipliers.measures_per_epoch : 1;
    return done % std::max<std::int64_t>(1, steps_per_epoch_ / an_epoch) == 0;
  }

  void judge(const std::vector<RunState::Sums>& sums, std::int64_t done) {
    const double epoch = static_cast<double>(done) / static_cast<double>(steps_per_epoch_);
    const double seconds = core::seconds_since(start_);
    for (std::size_t run = 0; run < students_.size(); ++run) {
      RunState& student = students_[run];
      if (!student.goes_on()) continue;
      try {
        student.measure(sums[run], {done, 0, epoch, seconds});
        student.outcome().measurements.back().multipliers.clear();  // none move here
        student.offer(network_->flat_parameters().narrow(0, static_cast<std::int64_t>(run), 1), sums[run]);
      } catch (const core::UserError& failure) {
        if (failure.fault() != core::Fault::numerical) throw;
        student.end_early("diverged", failure.what(), done);
      }
    }
    if (std::ranges::none_of(students_, &RunState::goes_on)) return;
    core::Progress progress = progress_line(students_, steps_);
    progress.stage = "distilling";
    journal_.progress(progress);
  }

  Student student_of(std::size_t run, const std::optional<core::Interrupted>& interrupted) {
    const RunState& state = students_[run];
    const Teacher& teacher = teachers_[run];
    const std::string stays = fmt::format("so the model is still the mean of {} members", teacher.members.members());
    if (interrupted) return {nullptr, fmt::format("Distillation was interrupted, {}.", stays), interrupted};
    if (!state.goes_on())
      return {nullptr, fmt::format("Distillation failed, {} ({}).", stays, state.outcome().failure)};
    Student student;
    student.network = models::make_learner(teacher.config.model, data_.host, {teacher.seed}, data_.cell_labels.device(),
                                           models::Precision::fp32, data_.kernel.outputs, data_.kernel.task);
    student.network->flat_parameters().copy_(state.kept().weights());
    const std::optional<Compared> both = compared(state, teacher);
    student.sentence =
        fmt::format("{} These are steps of its own training: it was distilled from the mean score of {} members{}.{}",
                    state.kept().sentence(), teacher.members.members(), both ? ": " + losses_of(*both) : "",
                    data_.selection.count > 0
                        ? " The same selection rows chose them, so that its bounds there say less than one choice's."
                        : " There were no selection rows to choose it by.");
    if (both) student.warning = warning_of(*both, state.table().promises);
    return student;
  }

  // The student's own measurement and the members', where the selection rows had a say in both.
  struct Compared {
    const evaluation::Measurement *own, *theirs;
  };
  static std::optional<Compared> compared(const RunState& state, const Teacher& teacher) {
    const std::vector<evaluation::Measurement>& all = state.outcome().measurements;
    const auto own = std::ranges::find(all, state.kept().step(), &evaluation::Measurement::step);
    const bool are_there = own != all.end() && own->selection_loss && teacher.measurement != nullptr &&
                           teacher.measurement->selection_loss;
    return are_there ? std::optional(Compared{&*own, teacher.measurement}) : std::nullopt;
  }

  static std::string losses_of(const Compared& both) {
    return fmt::format("its selection loss is {:.5f}, theirs was {:.5f}", *both.own->selection_loss,
                       *both.theirs->selection_loss);
  }

  // Where it lost what the members had: much of their loss, or bounds that were inside.
  static std::string warning_of(const Compared& both, const std::vector<constraints::Promise>& promises) {
    constexpr double kMuch = 1.05;
    const WorstExcess own = worst_excess(both.own->selection_bounds, promises),
                      theirs = worst_excess(both.theirs->selection_bounds, promises);
    const bool is_worse = *both.own->selection_loss > kMuch * *both.theirs->selection_loss;
    if (!is_worse && !(theirs.known > 0 && theirs.scaled <= 0 && own.scaled > 0)) return "";
    return fmt::format(
        "The distilled network has not learnt all that the members know: {}. More training.epochs help, or "
        "training.distill: false, which keeps them.",
        is_worse ? losses_of(both)
                 : "their upper bounds on the selection split were inside the tolerances, its own are not");
  }

  const std::vector<Teacher>& teachers_;
  const DeviceData& data_;
  core::Journal& journal_;
  const TrainingParams& params_;  // of the first run: what a bank shares
  std::vector<RunConfig> configs_;
  std::vector<RunState> students_;
  at::Tensor lessons_;  // [K, N] or [K, N, O] f32
  std::unique_ptr<models::Learner> network_;
  std::unique_ptr<Optimizer> optimizer_;
  std::int64_t steps_per_epoch_ = 0, steps_ = 0;
  std::uint64_t batch_seed_ = 0;
  at::Tensor step_, rows_, full_rates_;
  Clock::time_point start_;
};

}  // namespace

std::vector<Student> distill(const std::vector<Teacher>& teachers, const DeviceData& data, core::Journal& journal) {
  return Lesson(teachers, data, journal).teach();
}

}  // namespace equipoise::training
