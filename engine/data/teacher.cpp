#include "engine/data/teacher.h"

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/data/column_roles.h"
#include "engine/data/predictions_of_rows.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

constexpr const char* kField = "data.teacher";
constexpr double kSumTolerance = 0.01;

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

// As predict names them.
std::string first_name(const TeacherParams& params, const LabelParams& label) {
  if (!params.column.empty()) return params.column;
  return label.task == name_of(Task::regression) ? "prediction" : "score";
}

std::vector<std::string> names_of(const DataParams& params, const std::vector<std::string>& classes) {
  const std::string first = first_name(params.teacher, params.label);
  const std::vector<std::string>* outcomes = params.label.task == name_of(Task::labels)    ? &params.label.columns
                                             : params.label.task == name_of(Task::classes) ? &classes
                                                                                           : nullptr;
  if (outcomes == nullptr) return {first};
  std::vector<std::string> names;
  for (const std::string& outcome : *outcomes) names.push_back(first + "_" + outcome);
  return names;
}

// The scores of all rows of a table, row by row; NaN where there is none.
class ScoreReader {
 public:
  ScoreReader(const Table& from, const std::vector<std::string>& names, Task task, const config::Origin& origin)
      : from_(from), names_(names), task_(task) {
    scores_.resize(static_cast<std::size_t>(from.rows()) * names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Column& column = column_named(from, names[i], std::string(kField) + ".column", origin);
      const std::vector<double> own = NumberView(column).numbers(from);
      for (std::size_t row = 0; row < own.size(); ++row) scores_[row * names.size() + i] = own[row];
    }
  }

  // Of a training row; `read` is its row of this table.
  void check(std::int64_t read) {
    double* own = scores_.data() + static_cast<std::size_t>(read) * names_.size();
    double sum = 0;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const bool fits = std::isfinite(own[i]) && (task_ == Task::regression || (own[i] >= 0 && own[i] <= 1));
      if (!fits) refuse_score(read, names_[i], own[i]);
      sum += own[i];
    }
    if (task_ != Task::classes) return;
    if (std::abs(sum - 1) > kSumTolerance)
      throw core::UserError(core::Fault::data,
                            "the teacher's scores of all classes add up to " + number_text(sum) + ", expected 1",
                            from_.where(read));
    for (std::size_t i = 0; i < names_.size(); ++i) own[i] /= sum;
  }

  std::vector<float> scores() const { return {scores_.begin(), scores_.end()}; }

 private:
  [[noreturn]] void refuse_score(std::int64_t read, const std::string& name, double score) const {
    throw core::UserError(
        core::Fault::data,
        "the teacher's score in column '" + name + "' " +
            (std::isnan(score) ? "is missing or not a number" : "is " + number_text(score)) + "; expected " +
            (task_ == Task::regression ? "a number, the teacher's prediction" : "a probability from 0 to 1") +
            " for each training row",
        from_.where(read));
  }

  const Table& from_;
  const std::vector<std::string>& names_;
  Task task_;
  std::vector<double> scores_;
};

}  // namespace

void check_teacher(const DataParams& params, const config::Origin& origin) {
  const TeacherParams& teacher = params.teacher;
  if (!teacher.is_named()) {
    if (teacher.weight != TeacherParams().weight)
      refuse("data.teacher.weight", "there is no teacher: name its run, predictions or column", origin);
    return;
  }
  if (!teacher.run.empty() && teacher.are_stored())
    refuse("data.teacher.run", "a run scores the rows itself; expected it or stored scores (predictions, column)",
           origin);
  ColumnRoles others = roles_of(params);
  others.teacher.clear();
  check_columns_are_free(teacher_columns_of_data(params, params.label.classes), params, others,
                         std::string(kField) + ".column", "its teacher", origin);
}

std::vector<std::string> teacher_columns_of_data(const DataParams& params, const std::vector<std::string>& classes) {
  if (params.teacher.column.empty() || !params.teacher.predictions.empty()) return {};
  return names_of(params, classes);
}

TeacherScores read_teacher(const DataParams& params, const Table& table, const Dataset& dataset,
                           const config::Origin& origin, core::Journal& journal) {
  const std::vector<std::string> names = names_of(params, dataset.outcomes);
  const std::vector<std::int64_t> training = dataset.rows_of(Split::train);
  if (params.teacher.predictions.empty()) {
    ScoreReader reader(table, names, dataset.task, origin);
    for (const std::int64_t row : training) reader.check(row);
    return {reader.scores(), {}};
  }
  const Table stored = read_predictions(params.teacher.predictions, names, table, origin, journal);
  ScoreReader reader(stored, names, dataset.task, origin);
  for (const std::int64_t row : training) reader.check(table.row_as_read(row));
  return {of_rows_kept(reader.scores(), names.size(), table), stored.files.front()};
}

}  // namespace equipoise::data
