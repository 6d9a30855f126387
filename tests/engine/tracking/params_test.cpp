#include "engine/tracking/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"

namespace equipoise::tracking {
namespace params_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string refusal(const std::string& uri) {
  TrackingParams params;
  params.mlflow.uri = uri;
  try {
    check(params, {});
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(TrackingParams, AnAddressOfAServerIsTaken) {
  for (const char* uri :
       {"", "http://127.0.0.1:5000", "http://127.0.0.1:5000/", "https://mlflow.example.org/prefix", "http://[::1]:5"})
    EXPECT_EQ(refusal(uri), "") << uri;
  EXPECT_EQ(checked_uri("https://host/a//", "x"), "https://host/a");
}

TEST(TrackingParams, OtherStoresAreNamed) {
  EXPECT_THAT(refusal("sqlite:///mlflow.db"),
              HasSubstr("tracking.mlflow.uri is 'sqlite:///mlflow.db', expected http://HOST:PORT"));
  EXPECT_THAT(refusal("mlruns"), HasSubstr("file: and sqlite: are for such a server to open"));
  EXPECT_THAT(refusal("http://"), HasSubstr("names no host"));
  EXPECT_THAT(refusal("http://:5000"), HasSubstr("names no host"));
  EXPECT_THAT(refusal("http://a b"), HasSubstr("has a space"));
}

// It would stand in config.yaml, and here in the message.
TEST(TrackingParams, SecretsInTheAddressAreRefusedAndNotRepeated) {
  for (const char* uri : {"http://me:geheim@host", "https://geheim@host/x", "ftp://me:geheim@host",
                          "http://host?token=geheim", "http://host/#geheim"})
    EXPECT_THAT(refusal(uri), AllOf(HasSubstr("tracking.mlflow.uri"), Not(HasSubstr("geheim")))) << uri;
  EXPECT_THAT(refusal("http://me:geheim@host"), HasSubstr("MLFLOW_TRACKING_TOKEN"));
}

TEST(TrackingParams, AnExperimentHasAName) {
  TrackingParams params;
  params.mlflow = {.uri = "http://host", .experiment = ""};
  EXPECT_THROW(check(params, {}), core::UserError);
}

}  // namespace params_test
}  // namespace equipoise::tracking
