#include "engine/training/kept_iterate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/constraints/titles.h"

namespace equipoise::training {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

}  // namespace

KeptIterate::KeptIterate(const std::vector<constraints::Promise>& promises, bool averages, ChosenBy chosen_by,
                         std::int64_t nearest_from)
    : promises_(promises), chosen_by_(chosen_by), nearest_from_(nearest_from), averages_(averages) {}

// What is made small: of form worst the largest group's loss, else the mean.
double KeptIterate::loss_of(const evaluation::Measurement& measurement) const {
  double largest = kNone;
  for (std::size_t p = 0; p < promises_.size() && p < measurement.selection_gaps.size(); ++p)
    if (promises_[p].form == "worst") largest = std::max(largest, measurement.selection_gaps[p].value_or(kNone));
  return largest > kNone ? largest : measurement.selection_loss.value_or(measurement.training_loss);
}

KeptIterate::Iterate KeptIterate::measured(const evaluation::Measurement& measurement) const {
  Iterate iterate;
  iterate.step = measurement.step;
  iterate.epoch = measurement.epoch;
  iterate.worst = worst_excess(measurement.selection_bounds, promises_);
  iterate.loss = loss_of(measurement);
  if (std::isnan(iterate.loss)) iterate.loss = std::numeric_limits<double>::infinity();
  return iterate;
}

void KeptIterate::offer(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  const Iterate iterate = measured(measurement);
  const auto keep = [&](Iterate& kept) {
    kept = iterate;
    kept.weights = weights.clone();
  };
  ++offered_;
  early_ += iterate.step < nearest_from_;
  if (averages_ && iterate.worst.scaled <= 0) {
    sum_ = averaged_ > 0 ? sum_.add(weights) : weights.to(at::kDouble);
    ++averaged_;
  }
  if (iterate.worst.scaled > 0) {
    if (chosen_by_ == ChosenBy::selection_rows) {
      by_luck_ += shown_;
      shown_ = 0;
      inside_ = Iterate();
    }
  } else if (++shown_; !inside_.weights.defined() || iterate.loss < inside_.loss) {
    keep(inside_);
  }
  const bool is_nearer = iterate.worst.scaled < nearest_.worst.scaled;
  const bool has_early_one = nearest_.weights.defined() && nearest_.step < nearest_from_;
  if (!nearest_.weights.defined() || has_early_one || is_nearer ||
      (iterate.worst.scaled == nearest_.worst.scaled && iterate.loss < nearest_.loss))
    keep(nearest_);
}

at::Tensor KeptIterate::mean() const {
  if (averaged_ < 2) return {};
  return sum_.div(static_cast<double>(averaged_)).to(best().weights.scalar_type());
}

void KeptIterate::offer_mean(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  Iterate mean = measured(measurement);
  mean.step = 0;
  const bool is_lowest = !inside_.weights.defined() || mean.loss < inside_.loss;
  if (mean.worst.scaled <= 0 && is_lowest && std::isfinite(mean.loss)) {
    mean_ = mean;
    mean_.weights = weights.clone();
  }
  looked_at_mean_ = mean;
}

void KeptIterate::take(const evaluation::Measurement& measurement, const at::Tensor& weights) {
  inside_ = measured(measurement);
  inside_.weights = weights.clone();
  was_asked_for_ = true;
}

void KeptIterate::Iterate::walk(const checkpoint::StateWalk& walk, const at::Device& device) {
  walk.copy("weights", weights, device);
  walk.value("step", step);
  walk.value("epoch", epoch);
  walk.value("loss", loss);
  walk.value("worst.promise", worst.promise);
  walk.value("worst.known", worst.known);
  walk.value("worst.scaled", worst.scaled);
}

void KeptIterate::walk(const checkpoint::StateWalk& walk, const at::Device& device) {
  inside_.walk(walk.under("inside"), device);
  nearest_.walk(walk.under("nearest"), device);
  walk.value("shown", shown_);
  walk.value("by_luck", by_luck_);
  walk.value("offered", offered_);
  walk.value("early", early_);
  walk.value("averaged", averaged_);
  walk.value("was_asked_for", was_asked_for_);
  walk.copy("sum", sum_, device);
}

// Of the mean that was kept, or after the sentence of the iterate that was kept instead.
std::string KeptIterate::sentence_of_mean() const {
  const Iterate& mean = *looked_at_mean_;
  if (mean_.weights.defined()) {
    const std::string alone =
        inside_.weights.defined()
            ? fmt::format("its selection loss, {:.5f}, is lower than {:.5f}, the lowest of an iterate alone (step {})",
                          mean.loss, inside_.loss, inside_.step)
            : "no iterate alone was shown to be inside";
    if (mean.worst.known == 0)
      return fmt::format("Kept: the mean of the weights of the {} iterates that were looked at: {}.", averaged_, alone);
    return fmt::format(
        "Kept: the mean of the weights of {} iterates, of the {} that were looked at those whose upper bounds on the "
        "selection split were all inside the tolerances. So are its own, and {}.",
        averaged_, offered_, alone);
  }
  const std::string why = mean.worst.scaled > 0
                              ? fmt::format("the bound of {} is {} above its tolerance",
                                            constraints::promise_title(promises_[mean.worst.promise]),
                                            excess_text(promises_[mean.worst.promise], mean.worst.scaled))
                              : fmt::format("its selection loss is {:.5f}, not below {:.5f}", mean.loss, best().loss);
  return fmt::format(" The mean of the weights of the {} iterates with all bounds inside was not taken: {}.", averaged_,
                     why);
}

std::string KeptIterate::sentence() const {
  if (mean_.weights.defined()) return sentence_of_mean();
  if (looked_at_mean_) return sentence_of_best() + sentence_of_mean();
  if (!averages_ || was_asked_for_ || averaged_ > 1) return sentence_of_best();
  return sentence_of_best() + " Fewer than two iterates had all bounds inside, so there was no mean to look at.";
}

std::string KeptIterate::sentence_out_of_fold() const {
  const Iterate& kept = best();
  const std::string which = fmt::format(
      "There is no selection split: the training rows chose, each scored by the member that did not learn "
      "from it. Kept: step {} (epoch {:.2f})",
      kept.step, kept.epoch);
  const bool is_of_worst = std::ranges::any_of(promises_, [](const auto& promise) { return promise.form == "worst"; });
  const char* lowest = is_of_worst ? "the lowest largest loss of a group" : "the lowest loss";
  if (kept.worst.known == 0)
    return fmt::format(
        "{}, {} of {} iterates{}.", which, lowest, offered_,
        promises_.empty() || is_of_worst ? "" : "; no constraint could be estimated there, so none had a say");
  if (shown_ == 0)
    return fmt::format("{}. In each of {} iterates some figure was outside its tolerance; this one came nearest{}.",
                       which, offered_, of_all(kept));
  return fmt::format(
      "{}, {} among {} of {} iterates: those for which no multiplier was asked to rise, with margins on "
      "and what may be chance off{}.",
      which, lowest, shown_, offered_, of_all(kept));
}

// " (2 of 3 could be estimated)"
std::string KeptIterate::of_all(const Iterate& kept) const {
  if (kept.worst.known == promises_.size()) return "";
  return fmt::format(" ({} of {} could be estimated)", kept.worst.known, promises_.size());
}

// Among which the nearest was looked for.
std::string KeptIterate::this_one() const {
  return early_ == 0 ? "this one" : "of those of its last tenth this one";
}

// Of a training that ended before the nearest is looked for.
std::string KeptIterate::the_newest() const {
  return "training ended before its last tenth, where the nearest is looked for, and the newest is kept";
}

std::string KeptIterate::sentence_of_best() const {
  const Iterate& kept = best();
  if (was_asked_for_ && kept.step == 0)
    return "Nothing was measured before the end: the model has its initial weights.";
  if (was_asked_for_) return fmt::format("The last iterate was kept (step {}, epoch {:.2f}).", kept.step, kept.epoch);
  if (chosen_by_ == ChosenBy::rows_out_of_fold) return sentence_out_of_fold();
  const std::string which = fmt::format("Kept: step {} (epoch {:.2f})", kept.step, kept.epoch);
  if (kept.worst.known == 0) {
    const char* why = promises_.empty() ? "" : "; no constraint could be estimated there, so none had a say";
    return fmt::format("{}, the lowest selection loss of {} iterates{}.", which, offered_, why);
  }
  if (shown_ > 0) {
    return fmt::format(
        "{}, the lowest selection loss among the iterates whose upper bounds on the selection split{} were all inside "
        "the tolerances, as were those of every later one ({} of the {} that were looked at, from the last one back: "
        "in "
        "that order the bounds hold however many there are).",
        which, of_all(kept), shown_, offered_);
  }
  if (by_luck_ > 0) {
    return fmt::format(
        "{}. {} of {} iterates had all upper bounds on the selection split{} inside the tolerances, but a later one "
        "did "
        "not, so that they may be so by luck; {}.",
        which, by_luck_, offered_, of_all(kept),
        kept.step < nearest_from_ ? the_newest() : this_one() + " has the smallest bounds");
  }
  return fmt::format(
      "{}. None of {} iterates had all upper bounds on the selection split{} inside the tolerances; {}: the bound of "
      "{} is {} above its tolerance.",
      which, offered_, of_all(kept), kept.step < nearest_from_ ? the_newest() : this_one() + " came nearest",
      constraints::promise_title(promises_[kept.worst.promise]),
      excess_text(promises_[kept.worst.promise], kept.worst.scaled));
}

}  // namespace equipoise::training
