#include "engine/data/repeats.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace repeats_test {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWarning = "are the same as a training row in every column";

std::vector<std::string> warnings_of(const std::string& text, const std::string& assign_by = "row") {
  DataParams params;
  params.files = {temporary_file("people.csv", text)};
  params.label.column = "hired";
  params.label.positive = {"yes"};
  params.groups = {{.column = "sex"}};
  params.split.assign_by = assign_by;
  Notes notes;
  prepare(params, 3, {}, notes);
  return notes.warnings();
}

// `times` each of `rows` people: with a number that nobody shares where `has_own`, else as many as the coarse columns tell apart.
std::string repeated(int rows, int times, bool has_own) {
  std::string text = "pay,sex,city,hired\n";
  for (int time = 0; time < times; ++time)
    for (int row = 0; row < rows; ++row) {
      const std::uint64_t draw = core::mix(5, static_cast<std::uint64_t>(has_own ? row : time * rows + row));
      text += std::to_string(has_own ? 1000 + row : static_cast<int>(draw % 4)) + (draw % 3 == 0 ? ",f," : ",m,") +
              std::to_string(row % 60) + (draw % 5 < 2 ? ",yes\n" : ",no\n");
    }
  return text;
}

TEST(Repeats, AreWarnedOfWhereRecordsStandInSeveralSplits) {
  EXPECT_THAT(warnings_of(repeated(300, 4, true)), Contains(HasSubstr(kWarning)));
  EXPECT_THAT(warnings_of(repeated(300, 1, true)), Not(Contains(HasSubstr(kWarning))));
  EXPECT_THAT(warnings_of(repeated(300, 4, true), "content"), Not(Contains(HasSubstr(kWarning))))
      << "equal rows stay together";
}

TEST(Repeats, PeopleOfWhomLittleIsKnownAreAlikeByChance) {
  EXPECT_THAT(warnings_of(repeated(300, 8, false)), Not(Contains(HasSubstr(kWarning))));
}

TEST(Repeats, PeopleOfWhomLittleIsKnownMayHaveLabelsThatFollow) {
  std::string text = "pay,sex,city,hired\n";
  for (int row = 0; row < 1500; ++row) {
    const std::uint64_t draw = core::mix(5, static_cast<std::uint64_t>(row));
    text += std::to_string(draw % 40) + (draw % 3 == 0 ? ",f," : ",m,") + std::to_string(draw / 7 % 9) +
            (draw % 40 < 15 ? ",yes\n" : ",no\n");
  }
  EXPECT_THAT(warnings_of(text), Not(Contains(HasSubstr(kWarning))));
}

TEST(Repeats, AreCountedAmongTheTestRows) {
  Table table;
  Notes notes;
  const std::vector<Split> splits = {Split::train, Split::train, Split::train, Split::test,
                                     Split::test,  Split::test,  Split::test,  Split::selection};
  DataParams params;
  const auto column = [](const std::string& name, const std::vector<std::int32_t>& values) {
    Column made{name, ColumnKind::number, {}, {{ColumnKind::number, values, {}, {}}}};
    return made;
  };
  table.columns = {column("pay", {1, 2, 2, 1, 1, 2, 9, 1}), column("label", {0, 0, 1, 0, 1, 0, 0, 0}),
                   column("split", {0, 0, 0, 1, 1, 1, 1, 2})};
  table.chunk_begins = {0, 8};
  const Repeats found = find_repeats(table, splits, {"label"}, {"split"});
  EXPECT_EQ(found.rows, 4);
  EXPECT_EQ(found.alike, 3);
  EXPECT_EQ(found.repeated, 1) << "the fourth; the fifth has another label, and of the sixth's likes there are two";
  EXPECT_EQ(found.disagreeing, 2);
  EXPECT_EQ(found.beyond_chance, 0) << "one of three training rows has its number, and two its label";
}

TEST(Repeats, PicturesOfTrainingAmongTheTestedAreWarnedOf) {
  constexpr std::size_t kRows = 100;
  std::vector<Split> splits(kRows, Split::train);
  for (std::size_t row = 50; row < kRows; ++row) splits[row] = Split::test;
  const auto warnings = [&](std::size_t repeated, bool blank) {
    ImageRows images;
    images.channels = 1;
    images.height = images.width = 4;
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t as = row >= 50 && row < 50 + repeated ? row - 50 : row;
      for (std::size_t pixel = 0; pixel < images.bytes(); ++pixel)
        images.pixels.push_back(blank ? 7 : static_cast<std::uint8_t>(core::mix(as, pixel)));
    }
    Notes notes;
    warn_of_repeated_pictures(images, splits, notes);
    return notes.warnings();
  };
  EXPECT_THAT(warnings(10, false), Contains(HasSubstr("10 of 50 test pictures are the same as one of training's")));
  EXPECT_TRUE(warnings(1, false).empty());
  EXPECT_TRUE(warnings(10, true).empty()) << "pictures of one colour are alike anyway";
}

}  // namespace repeats_test
}  // namespace equipoise::data
