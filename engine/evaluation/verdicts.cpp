#include <algorithm>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {
namespace {

constexpr Verdict kFromBest[] = {Verdict::no_promise, Verdict::met, Verdict::not_shown, Verdict::not_estimable,
                                 Verdict::violated};

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return "met";
    case Verdict::not_shown:
      return "not_shown";
    case Verdict::violated:
      return "violated";
    case Verdict::no_promise:
      return "no_promise";
    case Verdict::not_estimable:
      break;
  }
  return "not_estimable";
}

std::optional<Verdict> verdict_from(const std::string& name) {
  for (const Verdict verdict : kFromBest)
    if (name == name_of(verdict)) return verdict;
  return std::nullopt;
}

const char* name_of(Unmeasured unmeasured) {
  switch (unmeasured) {
    case Unmeasured::too_few_rows:
      return "too_few_rows";
    case Unmeasured::unseen:
      return "unseen";
    case Unmeasured::no_stored_decision:
      return "no_stored_decision";
    case Unmeasured::absent:
      return "absent";
    case Unmeasured::empty:
      return "empty";
    case Unmeasured::no:
      break;
  }
  return "";
}

std::optional<Unmeasured> unmeasured_from(const std::string& name) {
  using enum Unmeasured;
  for (const Unmeasured unmeasured : {no, too_few_rows, unseen, no_stored_decision, absent, empty})
    if (name == name_of(unmeasured)) return unmeasured;
  return std::nullopt;
}

Verdict worst(const std::vector<Verdict>& verdicts) {
  const auto rank = [](Verdict verdict) { return std::find(std::begin(kFromBest), std::end(kFromBest), verdict); };
  if (verdicts.empty()) return Verdict::not_estimable;
  return *std::max_element(verdicts.begin(), verdicts.end(), [&](Verdict a, Verdict b) { return rank(a) < rank(b); });
}

}  // namespace equipoise::evaluation
