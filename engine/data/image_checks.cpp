#include <algorithm>

#include "engine/config/field_problems.h"
#include "engine/data/column_roles.h"
#include "engine/data/images.h"

namespace equipoise::data {
namespace {

class Checks {
 public:
  Checks(const DataParams& params, const config::Origin& origin)
      : params_(params), images_(params.images), problems_(origin) {}

  // Files, or a column: each with what is its own, and whole.
  void check_ways() {
    const bool has_files = !images_.files.empty(), has_column = !images_.column.empty();
    const std::string ways = "pictures come from data.images.files, or one by one from the files that a column names; ";
    if (has_files && has_column) refuse("data.images.column", ways + "leave one of the two out");
    if (has_files && !images_.folder.empty())
      refuse("data.images.folder", ways + "beside data.images.files leave it out");
    if (!has_files && !has_column && !images_.folder.empty())
      refuse("data.images.column",
             "needed beside data.images.folder: the column of the data files that names each "
             "row's picture in it");
    if (images_.channels == 0) return;
    if (images_.channels == 2) refuse("data.images.channels", "is 2; expected 1 (grey), 3 (colour) or 0");
    if (!has_column)
      refuse("data.images.channels", has_files ? "pictures of data.images.files have the channels that these say; "
                                                 "leave it out"
                                               : "is about pictures that data.images.column names, and there is none");
  }

  void check_column() {
    const std::string& column = images_.column;
    if (column.empty()) return;
    if (const ColumnRole* role = role_of(roles_of(params_), column))
      refuse("data.images.column", "the column '" + column + "' names the pictures, and " + role->predicate);
  }

  void check_files() {
    const std::vector<std::string>& files = images_.files;
    for (auto file = files.begin(); file != files.end(); ++file)
      if (std::find(files.begin(), file, *file) != file)
        refuse("data.images.files", "the file " + *file + " is listed twice");
  }

  void check_what_the_model_sees() {
    const FeatureParams& features = params_.features;
    const std::string what = "the model sees the pictures of data.images and no column; leave it out";
    if (!features.keep.empty() || !features.drop.empty() || !features.types.empty() || features.groups_as_inputs)
      refuse("data.features", what);
    for (std::size_t i = 0; i < params_.groups.size(); ++i)
      if (params_.groups[i].input) refuse("data.groups[" + std::to_string(i) + "].input", what);
    if (params_.split.assign_by == "content")
      refuse("data.split.assign_by",
             "the content of a row is that of its columns, and what differs here are the pictures; expected row");
  }

  void throw_if_any() { problems_.throw_if_any(); }

 private:
  void refuse(const std::string& field, const std::string& what) { problems_.refuse(field, what); }

  const DataParams& params_;
  const ImageParams& images_;
  config::FieldProblems problems_;
};

}  // namespace

void check_images(const DataParams& params, const config::Origin& origin) {
  Checks checks(params, origin);
  checks.check_ways();
  if (params.images.are_named()) {
    checks.check_column();
    checks.check_files();
    checks.check_what_the_model_sees();
  }
  checks.throw_if_any();
}

}  // namespace equipoise::data
