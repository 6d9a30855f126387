#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/audit/audit.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// What `equipoise audit` found; audit.json is this struct (schema: docs/audit.schema.json).
struct AuditReport {
  std::string name;
  std::string finished;   ///< ISO 8601, UTC
  std::string command;    ///< the exact command that reproduces it
  std::string reference;  ///< where the population's shares are from; "" without a reference
  double confidence = 0.95;
  std::int64_t min_rows = 30;
  std::vector<data::Fingerprint> files;
  std::vector<std::string> warnings;
  audit::Audit audit;
};

/// From this area under the curve on inputs are said to tell a group: of a pair from in and out of it they name the right one four
/// times in five.
inline constexpr double kFirstTelling = 0.8;

/// What a reader must not miss, a sentence each, the gravest kind first; empty when nothing was found.
std::vector<std::string> findings(const AuditReport& report);

nlohmann::ordered_json to_json(const AuditReport& report);

/// The findings, and a table of the groups.
std::string to_terminal(const AuditReport& report);

/// One self-contained page.
std::string to_html(const AuditReport& report);

/// Its parts, in the order they stand.
void write_audit_headline(Markup& page, const AuditReport& report);
void write_audit_groups(Markup& page, const AuditReport& report);       ///< rows, shares, answers
void write_audit_showable(Markup& page, const AuditReport& report);     ///< what the test rows could show
void write_audit_proxies(Markup& page, const AuditReport& report);      ///< inputs that tell a group
void write_audit_relations(Markup& page, const AuditReport& report);    ///< inputs that mean different things
void write_audit_slices(Markup& page, const AuditReport& report);       ///< where a run errs most
void write_audit_missing(Markup& page, const AuditReport& report);      ///< what is not known of whom
void write_audit_duplicates(Markup& page, const AuditReport& report);   ///< rows that are alike
void write_audit_suggestions(Markup& page, const AuditReport& report);  ///< recipes that the findings speak for

/// The suggested recipes as a part of a config, each line's reason in a comment above it.
std::string suggested_yaml(const audit::Suggestions& suggestions);

/// "sex=Female"
std::string level_name(const std::string& grouping, const std::string& level);
/// "education HS-grad and sex=Female"
std::string conditions_text(const audit::Slice& slice);
/// An error as the slices have it: "12.3 %", of numbers "4.56".
std::string error_text(const audit::SliceSearch& slices, double error);

}  // namespace equipoise::report
