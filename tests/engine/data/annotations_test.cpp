#include "engine/data/annotations.h"

#include <algorithm>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace annotations_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// 40 people, the label of every other one positive; ann sees all of them, bob those of an even place.
DataParams annotated(const std::string& last_line = "") {
  std::string text = "age,spam,ann,bob\n";
  for (int row = 0; row < 40; ++row)
    text += std::to_string(20 + row) + (row % 2 ? ",yes" : ",no") + (row % 4 == 3 ? ",no," : ",yes,") +
            (row % 2 ? "" : "no") + "\n";
  DataParams params;
  params.files = {temporary_file("people.csv", text + last_line)};
  params.label.column = "spam";
  params.label.positive = {"yes"};
  params.label.annotators = {"ann", "bob"};
  return params;
}

TEST(Annotations, AreReadAsTheLabelIsAndAreNoInputs) {
  core::Journal journal;
  const Prepared prepared = prepare(annotated(), 3, {}, journal);
  const Dataset& dataset = prepared.dataset;
  ASSERT_EQ(dataset.annotations.size(), 80U);
  EXPECT_THAT(std::vector<int>(dataset.annotations.begin(), dataset.annotations.begin() + 8),
              ElementsAre(1, 0, 1, kNoAnnotation, 1, 0, 0, kNoAnnotation));
  EXPECT_EQ(dataset.annotators, (std::vector<std::string>{"ann", "bob"}));
  ASSERT_EQ(dataset.encoded.features.size(), 1U);
  EXPECT_EQ(dataset.encoded.features[0].name, "age");
  EXPECT_THAT(dataset.reading, testing::Contains(HasSubstr("ann: an annotator's label, not an input")));
  // New rows need not have them.
  const std::string fresh = temporary_file("new.csv", "age,spam\n30,yes\n31,no\n");
  EXPECT_TRUE(apply(*prepared.encoder, {fresh}, Wanted::everything, journal).annotations.empty());
}

TEST(Annotations, OfClassesAreClasses) {
  DataParams params = annotated();
  params.label.task = "classes";
  params.label.positive = {};
  params.label.classes = {"yes", "no"};
  core::Journal journal;
  EXPECT_EQ(prepare(params, 3, {}, journal).dataset.annotations[0], 0);
}

TEST(Annotations, WhatIsWrongIsSaidWithItsPlace) {
  core::Journal journal;
  const auto refused = [&](const DataParams& params) { return error_of([&] { prepare(params, 3, {}, journal); }); };
  EXPECT_THAT(refused(annotated("61,yes,yess,no\n")),
              AllOf(HasSubstr("'yess' in the annotator's column 'ann' is no label"), HasSubstr("did you mean 'yes'"),
                    HasSubstr(":42")));
  DataParams params = annotated();
  params.label.annotators = {"an"};
  EXPECT_THAT(refused(params), AllOf(HasSubstr("data.label.annotators[0]"), HasSubstr("did you mean 'ann'")));
  params.label.annotators = {"spam"};
  EXPECT_THAT(refused(params), HasSubstr("'spam' is the label itself"));
  params = annotated();
  params.label.task = "regression";
  params.label.column = "age";
  params.label.positive = {};
  EXPECT_THAT(refused(params), HasSubstr("data.label.annotators: annotators say a label's values"));
}

}  // namespace annotations_test
}  // namespace equipoise::data
