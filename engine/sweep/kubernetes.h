#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace equipoise::sweep {

struct KubernetesOptions {
  std::string name;
  std::string image;
  std::string claim;                 ///< PersistentVolumeClaim of the shared folder
  std::string mount;                 ///< where it is mounted, absolute: the sweep's folder is the same path inside
  std::vector<std::string> command;  ///< that goes on with the sweep
  std::size_t jobs = 0;
  std::size_t at_a_time = 0;  ///< 0: all
  bool wants_gpu = false;
};

/// An indexed Job (batch/v1): a pod for every job, and a pod that was stopped on the way (75) or moved by the cluster
/// is started again without counting as a failure. One that fails again and again ends no other. Throws UserError
/// (config) as check_kubernetes_mount does.
std::string kubernetes_job(const KubernetesOptions& options, const std::string& folder);

/// Throws UserError (config) for an image that is empty or has blanks, and for a claim that is no name to Kubernetes (a DNS-1123
/// subdomain: small letters, digits, '-' and '.').
void check_kubernetes_words(const std::string& image, const std::string& claim);

/// Throws UserError (config) for a mount that Kubernetes does not take (all of a pod's files, a name with ':'), and for
/// a sweep's folder that is not in it.
void check_kubernetes_mount(const std::string& mount, const std::string& folder);

/// A name as Kubernetes takes it: small letters, digits and '-', at most 63.
std::string kubernetes_name(const std::string& name);

}  // namespace equipoise::sweep
