// Cases that must all fail: a stand-in whose assertions always hold would make every test green.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace {

TEST(Failing, True) {
  EXPECT_TRUE(1 > 2);
}
TEST(Failing, False) {
  ASSERT_FALSE(1 < 2);
}
TEST(Failing, Equal) {
  EXPECT_EQ(1, 2);
}
TEST(Failing, Unequal) {
  ASSERT_NE(1, 1);
}
TEST(Failing, Less) {
  EXPECT_LT(std::numeric_limits<double>::quiet_NaN(), 1.0);
}
TEST(Failing, LessOrEqual) {
  ASSERT_LE(2, 1);
}
TEST(Failing, Greater) {
  EXPECT_GT(1, 1);
}
TEST(Failing, GreaterOrEqual) {
  ASSERT_GE(0, 1);
}
TEST(Failing, Near) {
  EXPECT_NEAR(1.0, 1.2, 0.1);
}
TEST(Failing, NearNaN) {
  EXPECT_NEAR(std::numeric_limits<double>::quiet_NaN(), 1.0, 0.1);
}
TEST(Failing, Float) {
  EXPECT_FLOAT_EQ(1.0f, 1.000001f);
}
TEST(Failing, FloatNaN) {
  EXPECT_FLOAT_EQ(std::numeric_limits<float>::quiet_NaN(), 1.0f);
}
TEST(Failing, Double) {
  EXPECT_DOUBLE_EQ(1.0, 1.000000000000002);
}
TEST(Failing, Throw) {
  EXPECT_THROW((void)0, std::runtime_error);
}
TEST(Failing, Substring) {
  EXPECT_THAT(std::string("needle"), testing::HasSubstr("thread"));
}
TEST(Failing, Elements) {
  EXPECT_THAT((std::vector<int>{1, 2}), testing::ElementsAre(1, 3));
}
TEST(Failing, MoreElements) {
  EXPECT_THAT((std::vector<int>{1, 2}), testing::ElementsAre(1));
}
TEST(Failing, NotEach) {
  EXPECT_THAT((std::vector<int>{1, 2}), testing::Each(testing::Not(2)));
}
TEST(Failing, Added) {
  ADD_FAILURE() << "said so";
}
TEST(Failing, LeavesByAnException) {
  throw std::runtime_error("said so");
}

class FailingValues : public testing::TestWithParam<std::tuple<int, bool>> {};
TEST_P(FailingValues, Each) {
  EXPECT_EQ(std::get<0>(GetParam()), 0);
}
INSTANTIATE_TEST_SUITE_P(Some, FailingValues, testing::Combine(testing::Values(1, 2), testing::Bool()));

TEST(Passing, StopsWhereAnAssertedThingFails) {
  bool went_on = false;
  [&] {
    ASSERT_EQ(1, 1) << "holds";
    went_on = true;
  }();
  EXPECT_TRUE(went_on);
  EXPECT_FLOAT_EQ(1.0f, std::nextafter(1.0f, 2.0f));
}
TEST(Skipping, SaysSo) {
  GTEST_SKIP() << "the reason";
}

}  // namespace
