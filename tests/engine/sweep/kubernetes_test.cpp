#include "engine/sweep/kubernetes.h"

#include <fmt/format.h>

#include "engine/config/tree.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace kubernetes_test {

using testing::HasSubstr;

KubernetesOptions sample() {
  return {
      "Adult, tolerances", "registry/equipoise:1", "shared", "/mnt", {"equipoise", "sweep", "/mnt/a b"}, 12, 4, true};
}

// What stands at keys, one below the other; digits are places in a list.
const config::Node& at(const config::Node& root, const std::vector<std::string>& keys) {
  const config::Node* node = &root;
  for (const std::string& key : keys)
    node = node->kind == config::Node::Kind::list ? &node->items.at(std::stoul(key)) : &node->find(key)->value;
  return *node;
}

TEST(Kubernetes, APodForEveryJobAndStoppedOnesAgain) {
  std::vector<core::Problem> problems;
  const auto root = config::parse_yaml(kubernetes_job(sample(), "/mnt/a b"), "job.yaml", problems);
  ASSERT_TRUE(root && problems.empty()) << problems.front().text();
  EXPECT_EQ(at(*root, {"apiVersion"}).text, "batch/v1");
  EXPECT_EQ(at(*root, {"metadata", "name"}).text, "adult-tolerances");
  EXPECT_EQ(at(*root, {"spec", "completionMode"}).text, "Indexed");
  EXPECT_EQ(at(*root, {"spec", "completions"}).text, "12");
  EXPECT_EQ(at(*root, {"spec", "parallelism"}).text, "4");
  const config::Node& rules = at(*root, {"spec", "podFailurePolicy", "rules"});
  EXPECT_EQ(at(rules, {"0", "action"}).text, "Ignore");
  EXPECT_EQ(at(rules, {"0", "onExitCodes", "values", "0"}).text, "75");
  const config::Node& pod = at(*root, {"spec", "template", "spec"});
  EXPECT_EQ(at(pod, {"restartPolicy"}).text, "Never") << "a Job with a podFailurePolicy takes no other";
  const config::Node& container = at(pod, {"containers", "0"});
  EXPECT_EQ(at(container, {"command"}).items.back().text, "$(TASK)/12");
  EXPECT_EQ(at(container, {"env", "0", "name"}).text, "TASK");
  EXPECT_EQ(at(container, {"volumeMounts", "0", "mountPath"}).text, "/mnt");
  EXPECT_EQ(at(container, {"resources", "limits", "nvidia.com/gpu"}).text, "1");
  EXPECT_EQ(at(pod, {"volumes", "0", "persistentVolumeClaim", "claimName"}).text, "shared");
}

TEST(Kubernetes, NamesAreAsItTakesThem) {
  EXPECT_EQ(kubernetes_name("Adult: 5 %, größer"), "adult-5-gr-er");
  EXPECT_EQ(kubernetes_name("--"), "sweep");
  EXPECT_EQ(kubernetes_name(std::string(80, 'a')).size(), 50u);
}

TEST(Kubernetes, WhatItWouldRefuseIsRefusedBefore) {
  for (const char* claim : {"Bad Name!", "", "-a", "a-", "a..b", "a.", "A", "a_b"})
    EXPECT_THAT(refusal_of([&] { check_kubernetes_words("equipoise:1", claim); }),
                HasSubstr("expected the name of a PersistentVolumeClaim"))
        << claim;
  EXPECT_THAT(refusal_of([] { check_kubernetes_words("equipoise:1", "Bad Name!"); }), HasSubstr("such as 'bad-name'"));
  EXPECT_NE(refusal_of([] { check_kubernetes_words("equipoise:1", std::string(254, 'a')); }), "no error");
  for (const char* image : {"", "two words", "a\nb"})
    EXPECT_THAT(refusal_of([&] { check_kubernetes_words(image, "equipoise"); }), HasSubstr("without blanks"));
  EXPECT_EQ(refusal_of([] { check_kubernetes_words("registry:5000/a/equipoise@sha256:0a", "data.v2-claim"); }),
            "no error");
}

TEST(Kubernetes, AnIndexThatFailsAgainAndAgainEndsNoOther) {
  std::vector<core::Problem> problems;
  const auto root = config::parse_yaml(kubernetes_job(sample(), "/mnt/a b"), "job.yaml", problems);
  EXPECT_EQ(at(*root, {"spec", "backoffLimitPerIndex"}).text, "2");
  EXPECT_EQ(at(*root, {"spec"}).find("backoffLimit"), nullptr) << "of all indices together";
}

TEST(Kubernetes, ANameIsAWordWhateverItReadsAs) {
  for (const char* name : {"2024", "true", "on", "null", "1e3"}) {
    KubernetesOptions options = sample();
    options.name = name;
    EXPECT_THAT(kubernetes_job(options, "/mnt/a b"), HasSubstr(fmt::format("  name: \"{}\"\n", name)));
  }
}

TEST(Kubernetes, DollarsOfACommandAreNoVariables) {
  KubernetesOptions options = sample();
  options.command.back() = "/mnt/$(HOME)";
  EXPECT_THAT(kubernetes_job(options, "/mnt/a"), HasSubstr("\"/mnt/$$(HOME)\", \"--task\", \"$(TASK)/12\""));
}

TEST(Kubernetes, MountsThatItWouldRefuseAreRefusedBefore) {
  EXPECT_THAT(refusal_of([] { check_kubernetes_mount("/", "/a"); }), HasSubstr("name a folder of its own"));
  EXPECT_THAT(refusal_of([] { check_kubernetes_mount("//", "/a"); }), HasSubstr("name a folder of its own"));
  EXPECT_THAT(refusal_of([] { check_kubernetes_mount("/a:b", "/a:b"); }), HasSubstr("takes no ':' in such a path"));
  EXPECT_EQ(refusal_of([] { check_kubernetes_mount("/a", "/a/b:c"); }), "no error");
}

TEST(Kubernetes, AFolderOutsideTheMountIsRefused) {
  EXPECT_THAT(refusal_of([] { kubernetes_job(sample(), "/mnt2/a"); }),
              HasSubstr("the sweep's folder '/mnt2/a' is not in it"));
}

}  // namespace kubernetes_test
}  // namespace equipoise::sweep
