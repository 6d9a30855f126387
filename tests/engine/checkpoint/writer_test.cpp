#include "engine/checkpoint/writer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/checkpoint/identity.h"
#include "engine/core/error.h"
#include "tests/engine/checkpoint/sample.h"

namespace equipoise::checkpoint {
namespace writer_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CheckpointWriter : public CheckpointFolder {
 protected:
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> found;
    for (const Saved& saved : list_checkpoints(checkpoints())) found.push_back(saved.step);
    return found;
  }
};

TEST_F(CheckpointWriter, KeepsTheNewestAndTheFirstAfterTheBest) {
  Writer writer(checkpoints(), 2, true);
  EXPECT_EQ(writer.saved_step(), 0);
  for (const std::int64_t step : {10, 20, 30, 40, 50, 60}) writer.save(sample(step), {0, step >= 20 ? 15 : 0});
  writer.wait();
  EXPECT_TRUE(writer.is_free());
  EXPECT_EQ(writer.saved_step(), 60);
  EXPECT_EQ(writer.take_failure(), "");
  EXPECT_THAT(steps(), ElementsAre(60, 50, 20));
}

TEST_F(CheckpointWriter, KeepsTheNewestAloneWhereToldSo) {
  Writer writer(checkpoints(), 1, false);
  for (const std::int64_t step : {10, 20, 30}) writer.save(sample(step), {15});
  writer.wait();
  EXPECT_THAT(steps(), ElementsAre(30));
}

// A run that went on from an older one, because the newest was damaged.
TEST_F(CheckpointWriter, RemovesWhatLiesBeyond) {
  write_checkpoint(checkpoints(), sample(10));
  write_checkpoint(checkpoints(), sample(90));
  Writer writer(checkpoints(), 3, true);
  writer.save(sample(20), {});
  writer.wait();
  EXPECT_THAT(steps(), ElementsAre(20, 10));
}

TEST_F(CheckpointWriter, WritesWhatItHoldsBeforeItGoes) {
  {
    Writer writer(checkpoints(), 2, true);
    writer.save(sample(10), {});
  }
  EXPECT_THAT(steps(), ElementsAre(10));
}

TEST_F(CheckpointWriter, SaysWhatWentWrongOnceAndGoesOn) {
  std::ofstream(checkpoints()) << "a file";
  Writer writer(checkpoints(), 2, true);
  writer.save(sample(10), {});
  writer.wait();
  EXPECT_THAT(writer.take_failure(), HasSubstr("cannot make the folder"));
  EXPECT_EQ(writer.take_failure(), "");
  EXPECT_EQ(writer.saved_step(), 0);
  std::filesystem::remove(checkpoints());
  writer.save(sample(20), {});
  writer.wait();
  EXPECT_EQ(writer.saved_step(), 20);
}

TEST(CheckpointIdentity, NamesEveryFieldThatDiffers) {
  const Fields saved = {{"training.epochs", "20"}, {"training.batch_size", "512"}, {"model.kind", "mlp"}, {"old", "1"}};
  const Fields now = {{"training.epochs", "40"}, {"training.batch_size", "512"}, {"model.kind", "linear"}};
  const auto lines = [&](const std::vector<std::string>& allowed) {
    return to_lines(without(differences(saved, now), allowed));
  };
  EXPECT_EQ(lines({}),
            "\n  training.epochs: 20 there, 40 now\n  model.kind: mlp there, linear now\n  old: 1 there, nothing now");
  EXPECT_THAT(lines({"training", "old"}), Not(HasSubstr("training.epochs:")));
  EXPECT_THAT(lines({"train", "old"}), HasSubstr("training.epochs:")) << "a part is a whole word";
  EXPECT_EQ(lines({"training.epochs", "model.kind", "old"}), "");
}

TEST(CheckpointIdentity, KnowsTheFieldsThatMayBeAllowed) {
  const Fields known = {
      {"training.optimizer.learning_rate", "1"}, {"constraints[0].tolerance", ".1"}, {"sampling.recipes[].share", ""}};
  for (const std::string part :
       {"training", "training.optimizer", "training.optimizer.learning_rate", "constraints", "constraints[0]",
        "constraints[0].tolerance", "sampling.recipes[3].share", "sampling.recipes[3]", "sampling.recipes"})
    EXPECT_NO_THROW(check_allowed({part}, known)) << part;
  for (const std::string word : {"sampling.recipes[]", "sampling.recipes[].share", "constraints[1]", "train"})
    EXPECT_THROW(check_allowed({word}, known), core::UserError) << word;
  try {
    check_allowed({"training.optimiser"}, known);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no field 'training.optimiser' (did you mean 'training.optimizer'?)"));
  }
}

}  // namespace writer_test
}  // namespace equipoise::checkpoint
