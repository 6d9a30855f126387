// Runs the cases of a test program built without GoogleTest; takes its options and prints as it does.
//
// usage: PROGRAM [--gtest_filter=PATTERN[:PATTERN...][-PATTERN...]] [--gtest_list_tests]
#include <gtest/gtest.h>

#include <fnmatch.h>

#include <chrono>
#include <cstdio>
#include <cstring>

namespace testing::standin {
namespace {

struct State {
  std::vector<Case> cases;
  std::vector<std::function<void()>> expansions;
  std::vector<std::string> traces;
  bool failed = false, skipped = false;  // the case that runs
};

State& state() {
  static State only;
  return only;
}

bool matches_any(const std::string& patterns, const std::string& name) {
  std::istringstream list(patterns);
  for (std::string pattern; std::getline(list, pattern, ':');) {
    if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

bool chosen(const std::string& filter, const std::string& name) {
  const std::size_t minus = filter.find('-');
  const std::string wanted = filter.substr(0, minus);
  if (minus != std::string::npos && matches_any(filter.substr(minus + 1), name)) return false;
  return wanted.empty() || matches_any(wanted, name);
}

void run_case(const Case& run) {
  State& now = state();
  now.failed = now.skipped = false;
  const std::unique_ptr<Test> test = run.make();
  try {
    test->SetUp();
    if (!now.failed && !now.skipped) test->TestBody();
    test->TearDown();
  } catch (const std::exception& error) {
    report_failure(run.name.c_str(), 0, std::string("an exception left the test: ") + error.what());
  }
}

void list_cases(const std::vector<Case>& cases) {
  std::string last_suite;
  for (const Case& each : cases) {
    const std::size_t dot = each.name.find('.');
    const std::string suite = each.name.substr(0, dot + 1);
    if (suite != last_suite) std::printf("%s\n", suite.c_str());
    std::printf("  %s\n", each.name.substr(dot + 1).c_str());
    last_suite = suite;
  }
}

int run_cases(const std::vector<Case>& cases) {
  std::vector<std::string> failed;
  int passed = 0, skipped = 0;
  for (const Case& each : cases) {
    std::printf("[ RUN      ] %s\n", each.name.c_str());
    std::fflush(stdout);
    const auto start = std::chrono::steady_clock::now();
    run_case(each);
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    const char* outcome = "[       OK ]";
    if (state().failed) {
      outcome = "[  FAILED  ]";
      failed.push_back(each.name);
    } else if (state().skipped) {
      outcome = "[  SKIPPED ]";
      ++skipped;
    } else {
      ++passed;
    }
    std::printf("%s %s (%.0f ms)\n", outcome, each.name.c_str(), elapsed.count());
  }
  std::printf("[==========] %zu tests ran.\n[  PASSED  ] %d tests.\n", cases.size(), passed);
  if (skipped > 0) std::printf("[  SKIPPED ] %d tests.\n", skipped);
  for (const std::string& name : failed) std::printf("[  FAILED  ] %s\n", name.c_str());
  return failed.empty() ? 0 : 1;
}

}  // namespace

void add_case(Case added) {
  state().cases.push_back(std::move(added));
}
void add_later(std::function<void()> expansion) {
  state().expansions.push_back(std::move(expansion));
}

void report_failure(const char* file, int line, const std::string& text) {
  state().failed = true;
  std::printf("%s:%d: Failure\n%s\n", file, line, text.c_str());
  for (const std::string& trace : state().traces) std::printf("  where: %s\n", trace.c_str());
}

void report_skip(const std::string& text) {
  state().skipped = true;
  std::printf("Skipped\n%s\n", text.c_str());
}

Trace::Trace(std::string text) {
  state().traces.push_back(std::move(text));
}
Trace::~Trace() {
  state().traces.pop_back();
}

}  // namespace testing::standin

int main(int count, char** words) {
  using namespace testing::standin;
  std::string filter;
  bool only_list = false;
  for (int i = 1; i < count; ++i) {
    if (std::strncmp(words[i], "--gtest_filter=", 15) == 0) {
      filter = words[i] + 15;
    } else if (std::strcmp(words[i], "--gtest_list_tests") == 0) {
      only_list = true;
    } else {
      std::fprintf(stderr, "unknown option '%s' (known: --gtest_filter=, --gtest_list_tests)\n", words[i]);
      return 2;
    }
  }
  for (const auto& expansion : state().expansions) expansion();
  std::vector<Case> cases;
  for (const Case& each : state().cases) {
    if (chosen(filter, each.name)) cases.push_back(each);
  }
  if (only_list) {
    list_cases(cases);
    return 0;
  }
  if (cases.empty()) {
    std::fprintf(stderr, "no test matches '%s'\n", filter.c_str());
    return 2;
  }
  return run_cases(cases);
}
