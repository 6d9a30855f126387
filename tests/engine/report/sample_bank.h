#pragma once

#include <string>
#include <vector>

#include "engine/report/bank_report.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {

// A made-up bank: the looser the tolerance, the more accurate the member and the wider its gap.

/// One constraint as a member of that tolerance might keep it; the verdict follows from gap and bound.
inline evaluation::ConstraintResult sample_member_constraint(const std::string& kind, const std::string& grouping,
                                                             double tolerance, double gap, double spread) {
  using evaluation::Verdict;
  evaluation::ConstraintResult result;
  std::string words = kind;
  std::replace(words.begin(), words.end(), '_', ' ');
  result.title = words + " by " + grouping + ", gap at most " + nlohmann::json(tolerance).dump();
  result.kind = kind;
  result.grouping = grouping;
  result.form = "max_min";
  result.unit = "points";
  result.tolerance = tolerance;
  const double bound = gap + 0.8 * spread;
  result.verdict = gap > tolerance ? Verdict::violated : bound > tolerance ? Verdict::not_shown : Verdict::met;
  result.promises = {sample_promise("SR", "selection rate", grouping, tolerance, gap, spread, 0.004, result.verdict)};
  result.promises[0].upper_bound = bound;
  result.gap = gap;
  result.interval = result.promises[0].interval;
  result.upper_bound = bound;
  result.sentence = "A sentence a person understands.";
  return result;
}

/// `members` over four tolerances, then seeds, with one or two constraints; numbers from 0 as their folders have them.
inline BankReport sample_bank(int members, int constraints = 1) {
  const double tolerances[] = {0.02, 0.05, 0.08, 0.12};
  BankReport bank;
  bank.name = "adult-parity-by-tolerance";
  bank.finished = "2025-03-01T14:05:09Z";
  bank.command = "equipoise bank configs/adult_parity.yaml --each constraints.0.tolerance=0.02,0.05,0.08,0.12";
  bank.outcome = "finished";
  bank.training_seconds = 71.4;
  bank.rows_per_second = 182345.6;
  bank.device = "cpu, 2 threads";
  for (int i = 0; i < members; ++i) {
    const double tolerance = tolerances[i % 4];
    const double wobble = std::sin(2.7 * i + 1.2);
    BankMember member;
    member.title = "tolerance " + nlohmann::json(tolerance).dump() + ", seed " + std::to_string(1 + i / 4);
    member.folder = "members/" + std::string(i < 10 ? "00" : "0") + std::to_string(i);
    member.outcome = "finished";
    member.steps = 9120;
    member.kept = "Kept: step " + std::to_string(7980 - 57 * i) +
                  " (epoch 17.5), the most accurate whose upper bounds on the selection split are inside.";
    evaluation::SplitResult split;
    split.split = "test";
    split.metrics.rows = 9769;
    split.metrics.accuracy = 0.832 + 0.25 * tolerance - 0.6 * tolerance * tolerance + 0.0015 * wobble;
    split.metrics.accuracy_interval = wilson(split.metrics.accuracy, 9769);
    split.metrics.log_loss = 0.3;
    split.constraints = {
        sample_member_constraint("demographic_parity", "sex", tolerance, 0.8 * tolerance + 0.006 * wobble, 0.009)};
    if (constraints > 1) {
      split.constraints.push_back(sample_member_constraint("equalized_odds", "race", 0.1, 0.07 + 0.02 * wobble, 0.035));
    }
    member.result = split;
    bank.members.push_back(member);
  }
  return bank;
}

/// Members with these verdicts on one constraint of tolerance 0.05, accuracies rising by a point from 80 %.
inline BankReport bank_of(const std::vector<evaluation::Verdict>& verdicts) {
  BankReport bank = sample_bank(static_cast<int>(verdicts.size()));
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    BankMember& member = bank.members[i];
    member.title = "seed " + std::to_string(i);
    member.result->metrics.accuracy = 0.80 + 0.01 * static_cast<double>(i);
    member.result->metrics.accuracy_interval.reset();
    evaluation::ConstraintResult& constraint = member.result->constraints[0];
    constraint.tolerance = 0.05;
    constraint.verdict = verdicts[i];
    if (verdicts[i] == evaluation::Verdict::not_estimable) {
      constraint.gap.reset();
      constraint.interval.reset();
      constraint.upper_bound.reset();
    }
  }
  return bank;
}

/// The member as one whose loss left the finite numbers before anything was measured.
inline void let_diverge(BankMember& member) {
  member.outcome = "diverged";
  member.failure = "the training loss is not finite at step 1140; a lower learning rate may help";
  member.steps = 1140;
  member.kept = "";
  member.result.reset();
}

}  // namespace equipoise::report
