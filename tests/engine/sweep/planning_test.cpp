#include "engine/sweep/planning.h"

#include <fmt/format.h>

#include "engine/sweep/settings.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace planning_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class PlanOf : public SweepFolder {
 protected:
  static Earlier before(const Planning& planning, bool is_done) {
    return {planning.plan, planning.base_text, [is_done](const PlannedJob&, const std::string&) { return is_done; }};
  }
};

TEST_F(PlanOf, RunsThatDifferInWhatABankCanHoldArePacked) {
  const Planning planning = planned(
      "axes:\n"
      "  training.epochs: [1, 2]\n"
      "  constraints.0.tolerance: [0.01, 0.02, 0.05]\n"
      "  multipliers.update: [ascent, nupi]\n"
      "seeds: [1, 2, 3, 4, 5]\n"
      "bank_size: 20\n");
  EXPECT_EQ(headline(planning.plan, 2), "60 runs in 4 banks, 2 processes");
  const PlannedJob& job = planning.plan.jobs[0];
  EXPECT_EQ(job.kind, JobKind::bank);
  ASSERT_THAT(job.overrides, SizeIs(2));
  EXPECT_EQ(job.overrides[0], "training.epochs=1");
  EXPECT_THAT(job.overrides[1], HasSubstr("bank.members=[{set: [\"constraints[0].tolerance=0.01\", "
                                          "\"multipliers.update=ascent\", \"training.seed=1\"]}, {"));
  for (const PlannedJob& each : planning.plan.jobs) EXPECT_THAT(each.runs, SizeIs(15));
  EXPECT_EQ(planning.plan.runs[16].job, planning.plan.jobs[1].id);
  EXPECT_EQ(planning.plan.runs[16].member, 1u);
  EXPECT_EQ(plan_from(to_json(planning.plan), "sweep.json"), planning.plan);
}

TEST_F(PlanOf, OthersAreRunsOfTheirOwn) {
  EXPECT_EQ(headline(planned("axes: {training.epochs: [1, 2], model.hidden: [[4], [8]]}").plan, 1),
            "4 runs, 1 process");
  EXPECT_EQ(headline(planned("axes: {training.seed: [1, 2]}\nbank_size: 1").plan, 2), "2 runs, 2 processes");
  // What a recipe measures is of one run: no bank holds it.
  EXPECT_EQ(
      headline(planned("axes: {training.seed: [1, 2]}\nset: 'sampling.recipes=[{recipe: fairbatch, by: [sex], rate: "
                       "demographic_parity}]'")
                   .plan,
               2),
      "2 runs, 2 processes");
  // A ratio's tolerance is part of what is priced.
  EXPECT_EQ(
      headline(planned("axes: {'constraints[0].tolerance': [0.1, 0.2]}\nset: 'constraints[0].form=ratio'").plan, 2),
      "2 runs, 2 processes");
}

TEST_F(PlanOf, ARunIsNamedByWhatItResolvesTo) {
  const Plan one = planned("axes: {training.epochs: [1, 2]}").plan;
  // The config's own value, said or not; the name and the number of threads change no result.
  const Plan other =
      planned("axes: {training.epochs: [2, 5]}\nset: ['threads=1', 'output.folder=elsewhere']\nname: another").plan;
  EXPECT_EQ(one.runs[1].id, other.runs[0].id);
  EXPECT_NE(one.runs[0].id, one.runs[1].id);
  EXPECT_EQ(one.runs[0].id.size(), 16u);
  EXPECT_NE(planned("axes: {training.epochs: [2]}\nset: 'seed=3'").plan.runs[0].id, one.runs[1].id);
}

TEST_F(PlanOf, SettingsThatResolveToOneRunAreMerged) {
  const Planning planning = planned("axes: {training.epochs: [2, 3, 2], model.dropout: [0, 0.0]}");
  EXPECT_THAT(points(planning.plan),
              ElementsAre("training.epochs=2 model.dropout=0", "training.epochs=3 model.dropout=0"));
  EXPECT_EQ(planning.merged, 4u);
}

TEST_F(PlanOf, TheSameAgainIsTheSamePlan) {
  const std::string text = "axes: {training.seed: [1, 2]}";
  const Planning first = planned(text);
  EXPECT_EQ(planned(text, before(first, false)).plan, first.plan);
}

TEST_F(PlanOf, AWiderSweepKeepsTheJobsThatAreThere) {
  const Planning first = planned("axes: {training.seed: [1, 2]}");
  const Planning wider = planned("axes: {training.seed: [1, 2, 3, 4, 5]}", before(first, false));
  ASSERT_THAT(wider.plan.jobs, SizeIs(2));
  EXPECT_EQ(wider.plan.jobs[0], first.plan.jobs[0]);
  EXPECT_THAT(wider.plan.jobs[1].runs, SizeIs(3));
  EXPECT_EQ(wider.plan.runs[1].job, first.plan.jobs[0].id);
  // Of a bank that is not all asked for any more, what is done is kept, what is not is packed anew.
  const std::string narrower = "axes: {training.seed: [2, 3]}";
  EXPECT_EQ(planned(narrower, before(first, true)).plan.jobs[0], first.plan.jobs[0]);
  EXPECT_THAT(planned(narrower, before(first, true)).plan.jobs, SizeIs(2));
  EXPECT_THAT(planned(narrower, before(first, false)).plan.jobs, SizeIs(1));
}

TEST_F(PlanOf, AnotherSweepsFolderIsRefusedAndWhatIsDroppedCounted) {
  const Planning first = planned("axes: {training.epochs: [2, 3]}");
  EXPECT_THAT(
      refusal_of([&] { planned("axes: {training.epochs: [4, 5]}", before(first, true)); }),
      HasSubstr("is another sweep's: of its 2 runs none is asked for here; choose another folder with --folder"));
  EXPECT_EQ(planned("axes: {training.epochs: [3, 4]}", before(first, true)).dropped, 1u);
  EXPECT_EQ(planned("axes: {training.epochs: [2, 3, 4]}", before(first, true)).dropped, 0u);
}

TEST_F(PlanOf, WhatChangesNoResultIsInNoName) {
  const Planning first = planned("axes: {training.epochs: [2, 3]}");
  const Planning other = planned("axes: {training.epochs: [2, 3]}\nset: ['checkpoint.every_seconds=7']");
  EXPECT_EQ(other.plan.runs[0].id, first.plan.runs[0].id);
}

TEST_F(PlanOf, AnotherConfigMakesOtherJobs) {
  const Planning first = planned("axes: {training.epochs: [2, 3]}");
  // Its own epochs are now 3: the same run is said in another way.
  replace_in_config("epochs: 2", "epochs: 3");
  const Planning second = planned("axes: {training.epochs: [2, 3]}", before(first, false));
  EXPECT_EQ(second.plan.runs[0].id, first.plan.runs[0].id);
  EXPECT_EQ(second.plan.jobs[0].overrides.front(), "training.epochs=2");
}

// A job carries what the files held that its setting names.
class PlanWithRecipes : public PlanOf {
 protected:
  void write_recipe(const std::string& name, double amount) const {
    write(name, fmt::format("recipe: jitter\nversion: 1\nrationale: some\namount: {}\nshare: 0.5\n", amount));
  }
  // Of each job, as it is trained from the resolved config wherever that lies.
  std::vector<sampling::RecipeParams> trained(const Planning& planning) const {
    std::filesystem::create_directories(folder_ / "elsewhere");
    std::ofstream(folder_ / "elsewhere" / "base.yaml") << planning.base_text;
    const BaseConfig base(folder_ / "elsewhere" / "base.yaml", {});
    std::vector<sampling::RecipeParams> recipes;
    for (const PlannedJob& job : planning.plan.jobs) recipes.push_back(base.with(job.overrides).sampling.recipes.at(0));
    return recipes;
  }
};

TEST_F(PlanWithRecipes, AnAxisOfFilesTrainsWhatEachHoldsAndTheUsersOwnFieldsStay) {
  write_recipe("a.yaml", 0.02);
  write_recipe("b.yaml", 0.2);
  const std::string set = "set: ['sampling.recipes=[{recipe: a.yaml, share: 0.1}]']\n";
  for (const std::string& axes :
       {set + "axes: {sampling.recipes.0.recipe: [a.yaml, b.yaml]}\n",
        set + "axes: {sampling.recipes.0: [{recipe: a.yaml, share: 0.1}, {recipe: b.yaml, share: 0.1}]}\n",
        std::string("axes: {sampling.recipes: [[{recipe: a.yaml, share: 0.1}], [{recipe: b.yaml, share: 0.1}]]}\n"),
        std::string("axes: {sampling: [{recipes: [{recipe: a.yaml, share: 0.1}]}, "
                    "{recipes: [{recipe: b.yaml, share: 0.1}]}]}\n")}) {
    const Planning planning = planned(axes);
    ASSERT_THAT(planning.plan.jobs, SizeIs(2)) << axes;
    write_recipe("b.yaml", 0.9);  // too late to change anything
    const std::vector<sampling::RecipeParams> recipes = trained(planning);
    write_recipe("b.yaml", 0.2);
    EXPECT_EQ(recipes[0].recipe, "jitter") << axes;
    EXPECT_EQ(recipes[0].amount, 0.02) << axes;
    EXPECT_EQ(recipes[1].amount, 0.2) << axes;
    for (const sampling::RecipeParams& recipe : recipes) EXPECT_EQ(recipe.share, 0.1) << axes;
  }
}

TEST_F(PlanWithRecipes, AnotherAxisOfTheSameElementGoesBeforeItsFile) {
  write_recipe("a.yaml", 0.02);
  write_recipe("b.yaml", 0.2);
  const Planning planning = planned(
      "set: ['sampling.recipes=[{recipe: a.yaml}]']\n"
      "axes: {sampling.recipes.0.amount: [0.5], sampling.recipes.0.recipe: [a.yaml, b.yaml]}\n");
  for (const sampling::RecipeParams& recipe : trained(planning)) EXPECT_EQ(recipe.amount, 0.5);
}

TEST_F(PlanWithRecipes, AFileThatChangedMakesAnotherRun) {
  write_recipe("a.yaml", 0.02);
  write_recipe("b.yaml", 0.2);
  const std::string text =
      "set: ['sampling.recipes=[{recipe: a.yaml}]']\naxes: {sampling.recipes.0.recipe: [a.yaml, b.yaml]}\n";
  const Planning first = planned(text);
  EXPECT_TRUE(planned(text, before(first, true)).is_as_before);
  write_recipe("b.yaml", 0.3);
  const Planning second = planned(text, before(first, true));
  EXPECT_FALSE(second.is_as_before);
  EXPECT_EQ(second.dropped, 1u);
  EXPECT_EQ(second.plan.runs[0].id, first.plan.runs[0].id);
  EXPECT_NE(second.plan.runs[1].id, first.plan.runs[1].id);
  std::filesystem::remove(folder_ / "b.yaml");
  EXPECT_THAT(refusal(text), HasSubstr("the setting sampling.recipes[0].recipe=b.yaml: there is no recipe file"));
}

TEST_F(PlanOf, PathsInsideOfMappingsAndListsAreThoseOfTheConfigsFolder) {
  const std::string here = (std::filesystem::absolute(folder_) / "x.data").lexically_normal().string();
  for (const char* axes : {"axes: {data.split: [{test: 0.3}, {test_files: [x.data]}]}",
                           "axes: {data: [{files: [people.csv], label: {column: income, positive: a}, groups: "
                           "[{column: sex}, {column: race}]}, {files: x.data, label: {column: income, positive: a}, "
                           "groups: [{column: sex}, {column: race}]}]}"})
    EXPECT_THAT(planned(axes).plan.jobs[1].overrides.front(), HasSubstr('"' + here + '"')) << axes;
}

TEST_F(PlanOf, RefusesABankAndAConfigInASweepsPlace) {
  EXPECT_THAT(refusal("axes: {training.epochs: [1]}\nset: 'bank.seeds=[1, 2]'"),
              HasSubstr("bank: a sweep makes its banks itself"));
  core::Journal journal;
  EXPECT_THAT(refusal_of([&] { read_request(folder_ / "config.yaml", "", journal); }),
              HasSubstr("this is a config of one run; what varies is said with -m"));
}

TEST_F(PlanOf, NoSeedsAtAllAreRefusedWithTheirPlace) {
  EXPECT_THAT(refusal("axes: {training.epochs: [1]}\nseeds: []"),
              HasSubstr("sweep.yaml:3:8: seeds: the list is empty, so there would be no run"));
}

TEST_F(PlanOf, ManyWrongSettingsAreCounted) {
  const std::string text = refusal("axes: {training.epochs: {range: [-20, -1, 20]}}");
  EXPECT_THAT(text, HasSubstr("the setting training.epochs=-20: "));
  EXPECT_THAT(text, HasSubstr("and 15 more settings"));
}

}  // namespace planning_test
}  // namespace equipoise::sweep
