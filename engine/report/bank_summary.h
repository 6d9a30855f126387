#pragma once

#include <string>
#include <vector>

#include "engine/report/bank_report.h"
#include "engine/report/quality.h"

namespace equipoise::report {

/// One constraint over all members. Members may have tolerances of their own.
struct BankConstraint {
  std::string name;  ///< "equalized odds by sex", without the tolerance
  std::string unit;
  std::vector<const evaluation::ConstraintResult*> of;  ///< [members]; nullptr where the member was not measured

  /// The tolerances that occur, ascending.
  std::vector<double> tolerances() const;
};

/// The constraints of the bank in the order of the members' own, matched by kind, grouping and form. They point into
/// `report`.
std::vector<BankConstraint> constraints_of(const BankReport& report);

/// What each member is called: [members] the number of its folder ("3" of "members/003"), or, where folders have no
/// numbers of their own, its place from 1.
std::vector<std::string> member_numbers(const BankReport& report);

/// The worst verdict over the member's constraints; nothing where it was not measured or has no constraint.
std::optional<evaluation::Verdict> worst_verdict(const BankMember& member);

/// Whether a member's training left the finite numbers: what is measured of it is a model that it had before, and no result.
bool has_diverged(const BankMember& member);

/// Whether every measured member was measured on rows that training never saw.
bool measured_on_new_people(const BankReport& report);

/// What says how good the members are: with the figure and the names of the first that was measured.
Quality quality_of(const BankReport& report);

/// How many members keep every constraint, which of them is the most accurate, and what holds for the others.
std::string bank_sentence(const BankReport& report);

/// "Member 5 diverged, members 2 and 4 were interrupted."; "" when all finished.
std::string outcome_sentence(const BankReport& report);

/// "2", "2 and 4", "2, 4 and 7"
std::string listed(const std::vector<std::string>& words);

}  // namespace equipoise::report
