#include "engine/evaluation/joint.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/titles.h"
#include "engine/core/nearest_name.h"

namespace equipoise::evaluation {
namespace {

std::string percent(double share) {
  return constraints::number_text(std::round(1e4 * share) / 100) + " %";
}

std::string sentence_of(const std::vector<ConstraintResult>& constraints, const JointResult& joint) {
  const std::string all = std::to_string(constraints.size());
  const std::string each = "each bound is then one of " + percent(joint.confidence_of_each);
  if (joint.all_met)
    return "With " + percent(joint.confidence) + " confidence all " + all + " constraints are met at once (" + each +
           ").";
  std::vector<std::string> met;
  for (const ConstraintResult& constraint : constraints)
    if (constraint.jointly_met) met.push_back(constraint.title);
  std::string sentence =
      "With " + percent(joint.confidence) + " confidence for all " + all + " constraints at once (" + each + ") ";
  if (met.empty())
    sentence += "none is shown to be met.";
  else
    sentence += std::to_string(met.size()) + " of them " + (met.size() == 1 ? "is" : "are") +
                " shown to be met: " + core::listed(met, 8) + ".";
  const auto alone = std::ranges::count(constraints, Verdict::met, &ConstraintResult::verdict);
  const double together = 1 - static_cast<double>(constraints.size()) * (1 - joint.confidence);
  if (alone > joint.met && together > 0)
    sentence += " Those called met are so each on its own; that all of them are has a confidence of " +
                percent(together) + " at least.";
  return sentence;
}

}  // namespace

double joint_miss(double miss, std::size_t constraints) {
  return miss / static_cast<double>(std::max<std::size_t>(1, constraints));
}

std::optional<JointResult> joint_result(const std::vector<ConstraintResult>& all, const EvaluationParams& params) {
  std::vector<ConstraintResult> constraints;  // those that promise something
  for (const ConstraintResult& constraint : all)
    if (constraint.verdict != Verdict::no_promise) constraints.push_back(constraint);
  if (constraints.size() < 2) return std::nullopt;
  JointResult joint;
  joint.confidence = params.confidence;
  joint.confidence_of_each = 1 - joint_miss(1 - params.confidence, constraints.size());
  joint.met = std::ranges::count(constraints, true, &ConstraintResult::jointly_met);
  joint.all_met = joint.met == static_cast<std::int64_t>(constraints.size());
  joint.sentence = sentence_of(constraints, joint);
  return joint;
}

}  // namespace equipoise::evaluation
