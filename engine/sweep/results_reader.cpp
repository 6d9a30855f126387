#include "engine/sweep/results_reader.h"

#include <fmt/format.h>
// Most of a results.json is indentation, which SSE2, that every x86-64 has, skips by sixteens.
#define RAPIDJSON_SSE2
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::sweep {
namespace {

constexpr std::int64_t kFormat = 1;  // of results.json and run.json alike

core::UserError unreadable(const std::filesystem::path& file, const std::string& why) {
  return core::UserError(core::Fault::data, fmt::format("{} {}", file.filename().string(), why));
}

using Element = rapidjson::Value;

// A field that is not what this program writes there.
struct WrongType {
  const char* expected;
};

std::string_view view_of(const Element& value) {
  if (!value.IsString()) throw WrongType{"a text"};
  return {value.GetString(), value.GetStringLength()};
}

std::string text_of(const Element& value) {
  return std::string(view_of(value));
}

// Numbers are left as they stand, and only those that are needed are converted: exactly.
template <typename Number>
Number number_from(const Element& value) {
  const std::string_view text = view_of(value);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw WrongType{"a number"};
  return number;
}

std::optional<double> number_of(const Element& value) {
  if (value.IsNull()) return std::nullopt;
  return number_from<double>(value);
}

const rapidjson::Value::ConstArray elements_of(const Element& value) {
  if (!value.IsArray()) throw WrongType{"a list"};
  return value.GetArray();
}

/// Calls `visit(key, value)` for each field of an object.
template <typename Visit>
void each_field(const Element& object, const Visit& visit) {
  if (!object.IsObject()) throw WrongType{"an object"};
  for (const auto& field : object.GetObject()) visit(view_of(field.name), field.value);
}

std::optional<evaluation::Interval> interval_of(const Element& value) {
  if (value.IsNull()) return std::nullopt;
  evaluation::Interval interval;
  each_field(value, [&](std::string_view key, const Element& one) {
    if (key == "low") interval.low = number_from<double>(one);
    if (key == "high") interval.high = number_from<double>(one);
  });
  return interval;
}

double largest_noise_floor(const Element& promises) {
  double largest = 0;
  for (const Element& promise : elements_of(promises))
    each_field(promise, [&](std::string_view key, const Element& value) {
      if (key == "noise_floor") largest = std::max(largest, number_of(value).value_or(0));
    });
  return largest;
}

// Each bin of each outcome is a promise of its own, within it.
std::size_t parts_of(const Element& promises) {
  std::set<std::string> parts;
  for (const Element& promise : elements_of(promises))
    each_field(promise, [&](std::string_view key, const Element& value) {
      if (key == "within") parts.insert(text_of(value));
    });
  return parts.size();
}

ReadResults::Constraint constraint_of(const Element& object) {
  ReadResults::Constraint constraint;
  ConstraintFigures& figures = constraint.figures;
  each_field(object, [&](std::string_view key, const Element& value) {
    if (key == "title") constraint.title = text_of(value);
    if (key == "kind") constraint.kind = text_of(value);
    if (key == "grouping") constraint.grouping = text_of(value);
    if (key == "form") constraint.form = text_of(value);
    if (key == "unit") constraint.unit = text_of(value);
    if (key == "gap") figures.gap = number_of(value);
    if (key == "upper_bound") figures.upper_bound = number_of(value);
    if (key == "interval") figures.interval = interval_of(value);
    if (key == "tolerance") figures.tolerance = number_of(value).value_or(0);
    if (key == "verdict") {
      const auto verdict = evaluation::verdict_from(text_of(value));
      figures.verdict = verdict.value_or(evaluation::Verdict::not_estimable);
    }
    if (key == "promises") figures.noise_floor = largest_noise_floor(value);
    if (key == "promises") constraint.parts = parts_of(value);
  });
  if (constraint.kind != "calibration") constraint.parts = 0;
  return constraint;
}

void read_metrics(const Element& value, SplitFigures& figures) {
  each_field(value, [&](std::string_view key, const Element& one) {
    if (key == "rows") figures.rows = number_from<std::int64_t>(one);
    if (key == "accuracy") figures.quality = number_of(one);
    if (key == "accuracy_interval") figures.quality_interval = interval_of(one);
    if (key == "auc") figures.auc = number_of(one);
    if (key == "log_loss") figures.log_loss = number_of(one);
  });
}

// The error over everyone, who come first among the groups.
std::optional<double> root_mean_square_error(const Element& regression) {
  std::optional<double> error;
  if (regression.IsNull()) return error;
  each_field(regression, [&](std::string_view key, const Element& groups) {
    if (key != "groups") return;
    for (const Element& group : elements_of(groups)) {
      std::optional<double> of_group;
      bool everyone = false;
      each_field(group, [&](std::string_view name, const Element& value) {
        if (name == "grouping") everyone = text_of(value).empty();
        if (name == "root_mean_square_error") of_group = number_of(value);
      });
      if (everyone) error = of_group;
    }
  });
  return error;
}

ReadResults::Split split_of(const Element& object) {
  ReadResults::Split split;
  split.task = "binary";
  std::optional<double> error;
  each_field(object, [&](std::string_view key, const Element& value) {
    if (key == "split") split.name = text_of(value);
    if (key == "task") split.task = text_of(value);
    if (key == "metrics") read_metrics(value, split.figures);
    if (key == "regression") error = root_mean_square_error(value);
    if (key == "constraints")
      for (const Element& constraint : elements_of(value)) split.constraints.push_back(constraint_of(constraint));
  });
  if (split.task == "regression") {
    split.figures.quality = error;
    split.figures.quality_interval.reset();
  }
  return split;
}

std::string field_of(const Element& object, std::string_view name) {
  std::string text;
  each_field(object, [&](std::string_view key, const Element& value) {
    if (key == name) text = text_of(value);
  });
  return text;
}

// What there is at the top of a file of JSON.
template <typename Visit>
void read_top(const std::filesystem::path& file, const Visit& visit) {
  constexpr std::size_t kWord = 16;  // the parser reads whole words of so many bytes, the last one too
  std::string text = core::read_file(file);
  const std::size_t size = text.size();
  text.resize(size + kWord);
  rapidjson::Document document;
  constexpr unsigned kHow = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag |
                            rapidjson::kParseIterativeFlag;  // however deep it is nested
  document.ParseInsitu<kHow>(text.data());
  if (document.HasParseError())
    throw unreadable(
        file, fmt::format("is torn, or no JSON: {} (byte {} of {})",
                          rapidjson::GetParseError_En(document.GetParseError()), document.GetErrorOffset(), size));
  try {
    each_field(document, visit);
  } catch (const WrongType& wrong) {
    throw unreadable(file, fmt::format("is not a run's: a field is not {}", wrong.expected));
  }
}

// The same of a file that says its format.
template <typename Visit>
void read_formatted(const std::filesystem::path& file, const Visit& visit) {
  std::optional<std::int64_t> format;
  read_top(file, [&](std::string_view key, const Element& value) {
    if (key == "format") {
      format = number_from<std::int64_t>(value);
      if (*format != kFormat)
        throw OtherFormat(core::Fault::data,
                          fmt::format("{} has format {}; this program reads format {}: another version of Equipoise "
                                      "wrote it",
                                      file.filename().string(), *format, kFormat));
    }
    visit(key, value);
  });
  if (!format) throw unreadable(file, "has no format: it is not a run's");
}

}  // namespace

ReadResults read_run_results(const std::filesystem::path& file) {
  ReadResults results;
  read_formatted(file, [&](std::string_view key, const Element& value) {
    if (key == "confidence") results.confidence = number_of(value).value_or(results.confidence);
    if (key == "training_seconds") results.seconds = number_of(value);
    if (key == "steps") results.steps = number_from<std::int64_t>(value);
    if (key == "splits")
      for (const Element& split : elements_of(value)) results.splits.push_back(split_of(split));
    if (key == "warnings")
      for (const Element& warning : elements_of(value)) results.warnings.push_back(text_of(warning));
    if (key == "files")
      for (const Element& data : elements_of(value)) results.files.push_back(field_of(data, "sha256"));
  });
  return results;
}

ReadMarker read_run_marker(const std::filesystem::path& file) {
  ReadMarker marker;
  read_formatted(file, [&](std::string_view key, const Element& value) {
    if (key == "status") marker.status = text_of(value);
    if (key == "started") marker.started = text_of(value);
    if (key == "finished") marker.finished = text_of(value);
  });
  return marker;
}

std::string read_splits_sha256(const std::filesystem::path& file) {
  std::string sha256;
  try {
    read_top(file, [&](std::string_view key, const Element& value) {
      if (key == "splits_sha256") sha256 = text_of(value);
    });
  } catch (const core::UserError&) {
    sha256.clear();
  }
  return sha256;
}

std::vector<std::string> read_bank_failures(const std::filesystem::path& file) {
  std::vector<std::string> failures;
  try {
    read_formatted(file, [&](std::string_view key, const Element& value) {
      if (key == "members")
        for (const Element& member : elements_of(value)) failures.push_back(field_of(member, "failure"));
    });
  } catch (const core::UserError&) {
    failures.clear();
  }
  return failures;
}

std::optional<std::string> read_reason(const std::filesystem::path& file) {
  if (std::error_code error; !std::filesystem::exists(file, error)) return std::nullopt;
  try {
    std::string reason;
    read_top(file, [&](std::string_view key, const Element& value) {
      if (key == "reason") reason = text_of(value);
    });
    return reason.empty() ? "no reason was noted" : reason;
  } catch (const core::UserError&) {
    return fmt::format("its note {} cannot be read", file.filename().string());
  }
}

}  // namespace equipoise::sweep
