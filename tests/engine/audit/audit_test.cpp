#include "engine/audit/audit.h"

#include <gtest/gtest.h>

#include "engine/core/journal.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace audit_test {

// A parity on 400 test rows: with equal rates at the training rows' base rate some tolerances cannot be shown.
TEST(AuditTest, SaysWhatTheTestRowsCouldShow) {
  People people(2000);
  std::vector<std::int32_t> group;
  std::vector<int> job;
  for (std::size_t row = 0; row < 2000; ++row) {
    group.push_back(chance(row, 1) < 0.3);
    job.push_back(chance(row, 2) < 0.5);
    people.dataset_.labels[row] = chance(row, 3) < 0.4;
    if (row % 5 == 0) people.dataset_.splits[row] = data::Split::test;
  }
  people.add_group("sex", {"m", "f"}, group);
  people.add_category("job", {"a", "b"}, job);
  const data::Dataset dataset = people.dataset();
  core::Journal journal;
  const auto audited = [&](double tolerance) {
    const constraints::ConstraintTable table =
        constraints::compile({{"demographic_parity", {"sex"}, tolerance}}, dataset, 30, config::Origin(), journal);
    return audit(dataset, {table}, {}, {30, 0.95, 1, {}}, {}, journal);
  };
  const Audit strict = audited(0.01), loose = audited(0.3);
  ASSERT_EQ(strict.showable.size(), 1U);
  EXPECT_GT(*strict.showable[0].least, 0.05);
  EXPECT_LT(*strict.showable[0].least, 0.15);
  EXPECT_NE(strict.showable[0].says.find("The smallest tolerance that these data could show then is"),
            std::string::npos);
  EXPECT_EQ(*loose.showable[0].least, *strict.showable[0].least);
  EXPECT_EQ(loose.showable[0].says, "");
  EXPECT_EQ(loose.rows, 2000);
  EXPECT_GT(loose.duplicates->rows, 1900);  // two values of one input
  EXPECT_EQ(loose.proxies.size(), 2U);
  EXPECT_EQ(loose.compared_relations, 1);
}

TEST(AuditTest, SaysThatAParityCannotBeJudged) {
  People people(2000);
  std::vector<std::int32_t> group;
  for (std::size_t row = 0; row < 2000; ++row) {
    group.push_back(row < 40);
    people.dataset_.labels[row] = row % 3 == 0;
    if (row % 5 == 0) people.dataset_.splits[row] = data::Split::test;
  }
  people.add_group("sex", {"m", "f"}, group);
  people.add_category("job", {"a", "b"}, std::vector<int>(2000, 0));
  const data::Dataset dataset = people.dataset();
  core::Journal journal;
  const constraints::ConstraintTable table =
      constraints::compile({{"demographic_parity", {"sex"}, 0.1}}, dataset, 30, config::Origin(), journal);
  const Audit audited = audit(dataset, {table}, {}, {30, 0.95, 1, {}}, {}, journal);
  ASSERT_EQ(audited.showable.size(), 1U);
  EXPECT_FALSE(audited.showable[0].least);
  EXPECT_EQ(audited.showable[0].says,
            "'SR gap by sex' cannot be judged on this test split: only one of its levels has as many rows there as "
            "multipliers.min_rows asks for, 30.");
}

}  // namespace audit_test
}  // namespace equipoise::audit
