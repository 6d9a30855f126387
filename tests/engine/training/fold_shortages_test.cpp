#include "engine/training/fold_shortages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/training/policed.h"

namespace equipoise::training {
namespace fold_shortages_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of the cell that the first training row is in only `kept` rows are trained on.
data::Dataset with_a_small_cell(int kept) {
  data::Dataset people = binary_people(900, false);
  const std::vector<std::int64_t> rows = people.rows_of(data::Split::train);
  const auto cell_of = [&](std::int64_t row) {
    const auto place = static_cast<std::size_t>(row);
    return std::pair(people.groupings[0].codes[place], people.labels[place]);
  };
  const auto small = cell_of(rows.front());
  for (const std::int64_t row : rows)
    if (cell_of(row) == small && kept-- <= 0) people.splits[static_cast<std::size_t>(row)] = data::Split::test;
  return people;
}

struct Folded {
  Folded(const data::Dataset& people, const sampling::RecipeParams& recipe, std::int64_t folds)
      : table(Policed::compiled(people, {{"demographic_parity", {"sex"}, 0.02}}, {{recipe}})),
        data(to_device(people, table.cells, folds, 3, at::kCPU)),
        sampler({{recipe}}, people, training_rows(data), config::Origin()) {}

  std::vector<std::string> shortages() const { return fold_shortages(sampler, data); }
  // How many slots are made of the rows of the small cell, when each of its rows is drawn.
  std::int64_t made_of_the_first_cell() const {
    RowPolicy policy(sampler, data, 100);
    std::vector<std::int64_t> rows;
    for (std::size_t row = 0; row < sampler.cells().of_row.size(); ++row)
      if (sampler.cells().of_row[row] == first_cell() && sampler.cells().is_drawn[row])
        rows.push_back(static_cast<std::int64_t>(row));
    const at::Tensor drawn = at::tensor(rows, at::kLong);
    return policy.made()->are_made(drawn, 9, 4).sum().item<std::int64_t>();
  }

  constraints::ConstraintTable table;
  DeviceData data;
  sampling::Sampler sampler;

 private:
  std::int32_t first_cell() const {
    std::int32_t smallest = 0;
    for (std::size_t cell = 0; cell < sampler.cells().cells.size(); ++cell)
      if (sampler.cells().cells[cell].rows < sampler.cells().cells[static_cast<std::size_t>(smallest)].rows)
        smallest = static_cast<std::int32_t>(cell);
    return smallest;
  }
};

// Four rows in five folds: the cell has enough for SMOTE, and no fold has.
TEST(FoldShortages, ARowAloneInItsFoldStaysAsItIsAndThatIsSaid) {
  const data::Dataset people = with_a_small_cell(4);
  for (const char* name : {"smote", "corrupt", "mixup"}) {
    sampling::RecipeParams recipe = making(name, 1);
    recipe.neighbors = 1;
    recipe.alpha = 1;
    recipe.inside =
        std::string(name) == "mixup" ? std::vector<std::string>{"sex", "label"} : std::vector<std::string>();
    if (std::string(name) == "mixup") recipe.by = {};
    const Folded folded(people, recipe, 5);
    EXPECT_EQ(folded.made_of_the_first_cell(), 0) << name;
    EXPECT_THAT(folded.shortages(), ElementsAre(HasSubstr(std::string(name) + ": 4 of the 4 training rows of sex=")))
        << name;
    EXPECT_THAT(folded.shortages(), ElementsAre(HasSubstr("no other in their fold"))) << name;
    const Folded whole(people, recipe, 1);
    EXPECT_EQ(whole.made_of_the_first_cell(), 4) << name;
    EXPECT_THAT(whole.shortages(), IsEmpty()) << name;
  }
}

TEST(FoldShortages, FewerNeighborsThanAskedForAreSaid) {
  sampling::RecipeParams smote = making("smote", 1);
  smote.neighbors = 5;
  const Folded folded(with_a_small_cell(10), smote, 5);
  EXPECT_EQ(folded.made_of_the_first_cell(), 10) << "each from the one other of its fold";
  EXPECT_THAT(folded.shortages(),
              ElementsAre(HasSubstr("have fewer than the 5 neighbors that are asked for in their fold")));
  EXPECT_THAT(Folded(with_a_small_cell(30), smote, 5).shortages(), IsEmpty());
}

// What needs no other row lacks none.
TEST(FoldShortages, JitterNeedsNobodyElse) {
  EXPECT_THAT(Folded(with_a_small_cell(1), making("jitter", 1), 5).shortages(), IsEmpty());
}

}  // namespace fold_shortages_test
}  // namespace equipoise::training
