#include "engine/tracking/mlflow_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::tracking {
namespace mlflow_server_test {

// What servers answer is tested with real ones and stand-ins in tests/end_to_end/mlflow_test.py and mlflow_faults_test.py.
TEST(MlflowServer, ArtefactsGoThroughTheServersOwnProxyAlone) {
  const std::string server = "http://127.0.0.1:5000";
  EXPECT_EQ(proxied_path("mlflow-artifacts:/1/2/artifacts", server), "1/2/artifacts");
  EXPECT_EQ(proxied_path("mlflow-artifacts://127.0.0.1:5000/1/2/artifacts", server), "1/2/artifacts");
  EXPECT_EQ(proxied_path("mlflow-artifacts:///1/2", server), "1/2");
  for (const char* elsewhere :
       {"mlflow-artifacts://other:5000/1/2", "mlflow-artifacts://other", "mlflow-artifacts://127.0.0.1:50/1",
        "/tmp/mlruns/1/2", "file:///tmp/1", "s3://bucket/1", "", "mlflow-artifacts:", "mlflow-artifacts:/"})
    EXPECT_EQ(proxied_path(elsewhere, server), "") << elsewhere;
}

}  // namespace mlflow_server_test
}  // namespace equipoise::tracking
