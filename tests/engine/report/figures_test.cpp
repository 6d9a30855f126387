#include "engine/report/figures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace equipoise::report {
namespace figures_test {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Figures, Counts) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(-123456), "-123,456");
  EXPECT_EQ(counted(1, "row"), "1\u00A0row");
  EXPECT_EQ(counted(30162, "row"), "30,162\u00A0rows");
}

TEST(Figures, Percentages) {
  EXPECT_EQ(percent_text(0.1234), "12.3\u202F%");
  EXPECT_EQ(percent_text(1.0), "100.0\u202F%");
  EXPECT_EQ(percent_text(std::nullopt), "–");
  EXPECT_EQ(percent_text(kNan), "–");
  EXPECT_EQ(percent_range(evaluation::Interval{0.112, 0.134}), "11.2 to 13.4\u202F%");
  EXPECT_EQ(percent_range(std::nullopt), "–");
}

TEST(Figures, EachInItsUnit) {
  EXPECT_EQ(points_text(0.013), "1.3\u00A0points");
  EXPECT_EQ(points_text(-0.0172), "\u22121.7\u00A0points");
  EXPECT_EQ(points_text(-0.00001), "0.0\u00A0points");
  EXPECT_EQ(figure_text(0.2, "points"), "20.0\u00A0points");
  EXPECT_EQ(figure_text(0.2, "percent"), "20.0\u202F%");
  EXPECT_EQ(figure_text(0.2, "share"), "20.0\u202F%");
  EXPECT_EQ(figure_text(0.2, "floor"), "80.0\u202F%");
  EXPECT_EQ(figure_text(0.4126, "number"), "0.413");
  EXPECT_EQ(figure_text(std::nullopt, "percent"), "–");
  EXPECT_EQ(figure_range(evaluation::Interval{0.003, 0.034}, "points"), "0.3 to 3.4");
  EXPECT_EQ(figure_range(evaluation::Interval{0.1, 0.3}, "floor"), "70.0 to 90.0");
  EXPECT_EQ(figure_range(evaluation::Interval{0.1, 0.3}, "number"), "0.100 to 0.300");
  EXPECT_EQ(sign_of("percent"), "%");
  EXPECT_EQ(sign_of("points"), "points");
  EXPECT_EQ(sign_of("number"), "");
}

TEST(Figures, Decimals) {
  EXPECT_EQ(decimal_text(0.92134, 3), "0.921");
  EXPECT_EQ(decimal_text(std::nullopt, 3), "–");
  EXPECT_EQ(decimal_text(std::numeric_limits<double>::infinity(), 3), "–");
}

TEST(Figures, AmountsHaveAboutFourDigitsThatCount) {
  EXPECT_EQ(amount_text(34210.4), "34,210");
  EXPECT_EQ(amount_text(-1189.6), "\u22121,190");
  EXPECT_EQ(amount_text(980.44), "980.4");
  EXPECT_EQ(amount_text(999.96), "1,000");
  EXPECT_EQ(amount_text(34.2), "34.20");
  EXPECT_EQ(amount_text(9.9999), "10.00");
  EXPECT_EQ(amount_text(0.4126), "0.413");
  EXPECT_EQ(amount_text(0.00031), "0.000310");
  EXPECT_EQ(amount_text(0.0), "0.000");
  EXPECT_EQ(amount_text(-1e-12), "0.000000000");
  EXPECT_EQ(amount_text(2.5e17), "2.500e+17");
  EXPECT_EQ(amount_text(kNan), "–");
  EXPECT_EQ(amount_text(std::nullopt), "–");
  EXPECT_EQ(amount_text(34.2, amount_decimals(41500)), "34");  // in a column of large ones
  EXPECT_EQ(figure_range(evaluation::Interval{68.4, 1892.4}, "number"), "68 to 1,892");
}

TEST(Figures, RatesAreSpeltOutWhereTheyAreMeant) {
  EXPECT_EQ(spelt_out("SR gap by sex"), "selection rate gap by sex");
  EXPECT_EQ(spelt_out("TPR ratio gap by sex within race=b"), "true positive rate ratio gap by sex within race=b");
  EXPECT_EQ(spelt_out("smallest TPR by sex"), "smallest true positive rate by sex");
  EXPECT_EQ(spelt_out("TPR of sex=f - 0.5 PPV of everyone"),
            "true positive rate of sex=f - 0.5 positive predictive value of everyone");
  EXPECT_EQ(spelt_out("FPR sex=SR and job=ACC TPR above"), "false positive rate sex=SR and job=ACC TPR above");
  EXPECT_EQ(spelt_out("'ERR gap by sex' does not steer"), "'error rate gap by sex' does not steer");
  for (const char* text : {"", " ", "XYZ gap by sex", "churn by sex", "AUC of all", "the largest loss by sex"})
    EXPECT_EQ(spelt_out(text), text);
}

TEST(Figures, TicksAreShort) {
  EXPECT_EQ(tick_text(0.25), "0.25");
  EXPECT_EQ(tick_text(1500), "1500");
  EXPECT_EQ(tick_text(-20000), "\u221220,000");
  EXPECT_EQ(tick_text(1.5e6), "1.5\u202FM");
  EXPECT_EQ(tick_text(2e9), "2\u202Fbn");
  EXPECT_EQ(tick_text(3e12), "3e+12");
  EXPECT_EQ(tick_text(0.2, 2), "0.20");
  EXPECT_EQ(tick_text(20000, 0), "20,000");
}

TEST(Figures, DurationsSizesAndMoments) {
  EXPECT_EQ(duration_text(38.41), "38.4\u202Fs");
  EXPECT_EQ(duration_text(185), "3 min 05 s");
  EXPECT_EQ(duration_text(7800), "2 h 10 min");
  EXPECT_EQ(duration_text(kNan), "–");
  EXPECT_EQ(bytes_text(431), "431\u202FB");
  EXPECT_EQ(bytes_text(431392), "431.4\u202FkB");
  EXPECT_EQ(bytes_text(2100000000), "2.1\u202FGB");
  EXPECT_EQ(moment_text("2025-03-01T14:05:09Z"), "2025-03-01 14:05 UTC");
  EXPECT_EQ(moment_text("yesterday"), "yesterday");
  EXPECT_EQ(moment_text(""), "");
}

}  // namespace figures_test
}  // namespace equipoise::report
