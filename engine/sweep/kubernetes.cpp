#include "engine/sweep/kubernetes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "engine/config/writer.h"
#include "engine/core/error.h"

namespace equipoise::sweep {
namespace {

constexpr int kMostTries = 2;  // again, after the first

// In a command "$(NAME)" is a variable's value, and "$$" a dollar.
std::string without_variables(const std::string& word) {
  std::string text;
  for (const char letter : word) text += std::string(letter == '$' ? 2 : 1, letter);
  return text;
}

}  // namespace

std::string kubernetes_name(const std::string& name) {
  constexpr std::size_t kLongest = 50;  // pods add their index and more
  std::string text;
  for (const unsigned char letter : name) {
    if (std::isalnum(letter) != 0 && letter < 0x80)
      text += static_cast<char>(std::tolower(letter));
    else if (!text.empty() && text.back() != '-')
      text += '-';
  }
  text.resize(std::min(text.size(), kLongest));
  while (!text.empty() && text.back() == '-') text.pop_back();
  return text.empty() ? "sweep" : text;
}

void check_kubernetes_words(const std::string& image, const std::string& claim) {
  const auto is_blank = [](unsigned char letter) { return std::isspace(letter) != 0 || std::iscntrl(letter) != 0; };
  if (image.empty() || std::ranges::any_of(image, is_blank))
    throw core::UserError(
        core::Fault::config,
        fmt::format("--image is '{}', expected an image's name without blanks, such as registry/equipoise:1", image));
  constexpr std::size_t kLongest = 253;
  const auto is_part = [](const std::string& part) {
    const auto is_letter = [](char letter) {
      return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    };
    return !part.empty() && is_letter(part.front()) && is_letter(part.back()) &&
           std::ranges::all_of(part, [&](char letter) { return is_letter(letter) || letter == '-'; });
  };
  bool is_name = claim.size() <= kLongest;
  for (std::size_t at = 0; at <= claim.size();) {
    const std::size_t dot = std::min(claim.find('.', at), claim.size());
    is_name = is_name && is_part(claim.substr(at, dot - at));
    at = dot + 1;
  }
  if (!is_name)
    throw core::UserError(core::Fault::config,
                          fmt::format("--claim is '{}', expected the name of a PersistentVolumeClaim: small letters, "
                                      "digits, '-' and '.', with a letter or digit first and last, such as '{}'",
                                      claim, kubernetes_name(claim)));
}

void check_kubernetes_mount(const std::string& mount, const std::string& folder) {
  if (std::filesystem::path(mount).lexically_normal() == "/")
    throw core::UserError(core::Fault::config,
                          "--mount is '/', where a pod has the files of its image: name a folder of its own");
  if (mount.find(':') != std::string::npos)
    throw core::UserError(
        core::Fault::config,
        fmt::format("the claim cannot be mounted at '{}': Kubernetes takes no ':' in such a path; name a folder above "
                    "it with --mount, or another --folder",
                    mount));
  if (folder != mount && !folder.starts_with(mount + (mount.ends_with('/') ? "" : "/")))
    throw core::UserError(
        core::Fault::config,
        fmt::format("--mount is '{}', and the sweep's folder '{}' is not in it: every pod sees the shared "
                    "folder there",
                    mount, folder));
}

std::string kubernetes_job(const KubernetesOptions& options, const std::string& folder) {
  check_kubernetes_mount(options.mount, folder);
  const auto quoted = [](const std::string& text) { return config::in_double_quotes(text); };
  const std::size_t pods = std::max<std::size_t>(1, options.jobs);
  std::string words;
  for (const std::string& word : options.command) words += quoted(without_variables(word)) + ", ";
  std::string text = fmt::format(
      "# {} jobs, a pod each. The image holds equipoise and the data; the claim is the folder that all pods share.\n"
      "apiVersion: batch/v1\n"
      "kind: Job\n"
      "metadata:\n"
      "  name: {}\n"
      "spec:\n"
      "  completionMode: Indexed\n"
      "  completions: {}\n"
      "  parallelism: {}\n"
      "  backoffLimitPerIndex: {}  # then that job alone has failed\n"
      "  podFailurePolicy:\n"
      "    rules:\n"
      "      - action: Ignore  # stopped on the way: once more\n"
      "        onExitCodes: {{containerName: equipoise, operator: In, values: [75]}}\n"
      "      - action: Ignore  # the cluster moved it\n"
      "        onPodConditions: [{{type: DisruptionTarget, status: \"True\"}}]\n"
      "  template:\n"
      "    spec:\n"
      "      restartPolicy: Never\n"
      "      terminationGracePeriodSeconds: 120\n"
      "      containers:\n"
      "        - name: equipoise\n"
      "          image: {}\n"
      "          command: [{}\"--task\", \"$(TASK)/{}\"]\n"
      "          env:\n"
      "            - name: TASK\n"
      "              valueFrom: {{fieldRef: {{fieldPath: "
      "\"metadata.annotations['batch.kubernetes.io/job-completion-index']\"}}}}\n",
      options.jobs, quoted(kubernetes_name(options.name)), pods, options.at_a_time > 0 ? options.at_a_time : pods,
      kMostTries, quoted(options.image), words, pods);
  if (options.wants_gpu) text += "          resources: {limits: {nvidia.com/gpu: 1}}\n";
  return text + fmt::format(
                    "          volumeMounts:\n"
                    "            - {{name: shared, mountPath: {}}}\n"
                    "      volumes:\n"
                    "        - name: shared\n"
                    "          persistentVolumeClaim: {{claimName: {}}}\n",
                    quoted(options.mount), quoted(options.claim));
}

}  // namespace equipoise::sweep
