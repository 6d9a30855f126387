#include "engine/distributed/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"

namespace equipoise::distributed {
namespace {

using Names = std::vector<const char*>;

// Of a task on its node; how many tasks each node of the step has, and which node this is.
constexpr const char *kSlurmLocalRank = "SLURM_LOCALID", *kSlurmTasksOfNodes = "SLURM_STEP_TASKS_PER_NODE",
                     *kSlurmNode = "SLURM_NODEID";

// Whose variables say what; of several names the first that is set counts.
struct Launcher {
  const char* name;
  Names rank, size, local_rank, local_size;
  bool is_outermost;  // its variables may be about what started another launcher, or about a shell of its own
};

// From the inside out: a launcher that was itself started by one below it.
const std::vector<Launcher>& launchers() {
  static const std::vector<Launcher> table = {
      {"torchrun", {"RANK"}, {"WORLD_SIZE"}, {"LOCAL_RANK"}, {"LOCAL_WORLD_SIZE"}, false},
      {"Open MPI",
       {"OMPI_COMM_WORLD_RANK"},
       {"OMPI_COMM_WORLD_SIZE"},
       {"OMPI_COMM_WORLD_LOCAL_RANK"},
       {"OMPI_COMM_WORLD_LOCAL_SIZE"},
       false},
      {"MPICH",
       {"PMI_RANK"},
       {"PMI_SIZE"},
       {"MPI_LOCALRANKID", "PMI_LOCAL_RANK", kSlurmLocalRank},  // srun --mpi=pmi2 sets the last
       {"MPI_LOCALNRANKS", "PMI_LOCAL_SIZE"},
       false},
      {"srun",
       {"SLURM_PROCID"},
       {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"},
       {kSlurmLocalRank},
       {"SLURM_NTASKS_PER_NODE"},
       true},
  };
  return table;
}

// Where ranks meet, if the user or the launcher says; and what all ranks of one job, and no others, have alike.
const Names kHosts = {"MASTER_ADDR"}, kPorts = {"MASTER_PORT"},
            kNodeLists = {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"},
            kLaunchNodes = {"SLURM_LAUNCH_NODE_IPADDR"},
            kJobs = {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "PMI_JOBID", "SLURM_JOB_ID"},
            kSteps = {"SLURM_STEP_ID"}, kAttempts = {"TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT"};

struct Found {
  const char* name;
  std::string value;
};

std::optional<Found> find(const Environment& environment, const Names& names) {
  for (const char* name : names)
    if (std::optional<std::string> value = environment(name); value && !value->empty()) return Found{name, *value};
  return std::nullopt;
}

[[noreturn]] void refuse(const std::string& why) {
  throw core::UserError(core::Fault::config, why);
}

std::int64_t number_of(const Found& found, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const char* end = found.value.data() + found.value.size();
  const auto [stop, error] = std::from_chars(found.value.data(), end, number);
  if (error != std::errc() || stop != end || number < low || number > high)
    refuse(fmt::format("{} is '{}' in the environment, expected a whole number from {} to {}", found.name, found.value,
                       low, high));
  return number;
}

constexpr std::int64_t kMostRanks = 1 << 20;

// One launcher's word, where it gave any.
struct Said {
  const Launcher* launcher;
  Found rank_from, size_from;
  Launch launch;
};

std::int64_t optional_number(const Environment& environment, const Names& names, std::int64_t low,
                             std::int64_t otherwise) {
  const std::optional<Found> found = find(environment, names);
  return found ? number_of(*found, low, kMostRanks) : otherwise;
}

// 1 of node 3 in "2(x3),1": tasks of the step, where Slurm says it.
std::optional<std::int64_t> tasks_of_own_node(const Environment& environment) {
  const std::optional<Found> all = find(environment, {kSlurmTasksOfNodes}), node = find(environment, {kSlurmNode});
  if (!all || !node) return std::nullopt;
  std::int64_t nodes_left = number_of(*node, 0, kMostRanks);
  for (std::size_t at = 0; at < all->value.size();) {
    const std::string part = all->value.substr(at, all->value.find(',', at) - at);
    at += part.size() + 1;
    const std::size_t bracket = part.find("(x");
    const std::int64_t tasks = number_of({all->name, part.substr(0, bracket)}, 0, kMostRanks);
    std::int64_t nodes = 1;
    if (bracket != std::string::npos) {
      if (part.back() != ')')
        refuse(fmt::format("{} is '{}' in the environment: a bracket is not closed", all->name, all->value));
      nodes = number_of({all->name, part.substr(bracket + 2, part.size() - bracket - 3)}, 1, kMostRanks);
    }
    if (nodes_left < nodes) return tasks;
    nodes_left -= nodes;
  }
  return std::nullopt;
}

std::int64_t local_size_of(const Launcher& launcher, const Environment& environment, std::int64_t local_rank) {
  if (find(environment, launcher.local_size)) return optional_number(environment, launcher.local_size, 1, 1);
  const std::optional<Found> from = find(environment, launcher.local_rank);
  const bool is_by_slurm = from && from->name == std::string_view(kSlurmLocalRank);
  const std::optional<std::int64_t> tasks = is_by_slurm ? tasks_of_own_node(environment) : std::nullopt;
  return tasks ? *tasks : local_rank + 1;
}

std::optional<Said> said_by(const Launcher& launcher, const Environment& environment) {
  const std::optional<Found> rank = find(environment, launcher.rank), size = find(environment, launcher.size);
  if (!rank && !size) return std::nullopt;
  if (!rank || !size) {
    if (launcher.is_outermost) return std::nullopt;  // a shell of the job, and no task of it
    refuse(fmt::format("{} is set in the environment and {} is not: {} sets both. Unset it to run alone",
                       (rank ? rank : size)->name, (rank ? launcher.size : launcher.rank).front(), launcher.name));
  }
  Said said{&launcher, *rank, *size, {}};
  Launch& launch = said.launch;
  launch.launcher = launcher.name;
  launch.size = number_of(*size, 1, kMostRanks);
  launch.rank = number_of(*rank, 0, kMostRanks);
  if (launch.rank >= launch.size)
    refuse(fmt::format("{} is {} and {} is {}: ranks count from 0 to one less than their number", rank->name,
                       launch.rank, size->name, launch.size));
  launch.local_rank = optional_number(environment, launcher.local_rank, 0, 0);
  launch.local_size = local_size_of(launcher, environment, launch.local_rank);
  // Of a job's nodes, which a step need not fill.
  if (launcher.is_outermost) launch.local_size = std::min(launch.local_size, launch.size);
  if (launch.local_rank >= launch.local_size || launch.local_size > launch.size)
    refuse(fmt::format("{} is {} and {} is {}, of {} {}: they contradict each other", launcher.local_rank.front(),
                       launch.local_rank, launcher.local_size.front(), launch.local_size, size->name, launch.size));
  return said;
}

void check_agreement(const Said& said, const Said& other) {
  if (said.launch.rank == other.launch.rank && said.launch.size == other.launch.size) return;
  refuse(fmt::format(
      "the environment says two things: {} is {} and {} is {}, but {} is {} and {} is {}. Unset those of {} or of {}",
      said.rank_from.name, said.launch.rank, said.size_from.name, said.launch.size, other.rank_from.name,
      other.launch.rank, other.size_from.name, other.launch.size, said.launcher->name, other.launcher->name));
}

std::uint64_t digest_of(const std::string& text) {
  return core::seed_for(0, text);
}

// Below the ports that systems hand out by themselves.
std::int64_t port_of_job(const std::string& job) {
  constexpr std::int64_t kFirst = 15000, kPorts = 17000;
  return kFirst + static_cast<std::int64_t>(digest_of(job) % kPorts);
}

void set_rendezvous(Launch& launch, const Environment& environment) {
  const std::optional<Found> host = find(environment, kHosts), nodes = find(environment, kNodeLists),
                             node = find(environment, kLaunchNodes), port = find(environment, kPorts),
                             job = find(environment, kJobs), step = find(environment, kSteps);
  if (host)
    launch.host = host->value;
  else if (nodes)
    launch.host = first_host(nodes->value);
  else if (node)
    launch.host = node->value;
  else if (launch.local_size == launch.size)
    launch.host = "127.0.0.1";
  else
    refuse(
        fmt::format("{} started {} ranks, and nothing in the environment says where they meet: set MASTER_ADDR to the "
                    "host of rank 0",
                    launch.launcher, launch.size));
  if (port)
    launch.port = number_of(*port, 1, 65535);
  else if (job)
    launch.port = port_of_job(job->value + "." + (step ? step->value : ""));
  else
    refuse(
        fmt::format("{} started {} ranks, and nothing in the environment says at which port they meet: set MASTER_PORT "
                    "to the same free one for all",
                    launch.launcher, launch.size));
  const std::optional<std::string> served = environment("TORCHELASTIC_USE_AGENT_STORE");
  launch.is_served = served && (*served == "True" || *served == "true" || *served == "1");
  if (const std::optional<Found> attempt = find(environment, kAttempts)) launch.attempt = attempt->value;
}

// What stands in the first bracket, up to the first comma or dash.
std::string first_of(std::string_view inside) {
  return std::string(inside.substr(0, inside.find_first_of(",-")));
}

}  // namespace

std::string first_host(std::string_view node_list) {
  std::string host;
  for (std::size_t at = 0; at < node_list.size() && node_list[at] != ','; ++at) {
    if (node_list[at] != '[') {
      host += node_list[at];
      continue;
    }
    const std::size_t close = node_list.find(']', at);
    if (close == std::string_view::npos)
      refuse(fmt::format("the node list '{}' has a bracket that is not closed", node_list));
    host += first_of(node_list.substr(at + 1, close - at - 1));
    at = close;
  }
  if (host.empty()) refuse(fmt::format("the node list '{}' begins with no host", node_list));
  return host;
}

std::string named(const std::vector<std::int64_t>& ranks) {
  constexpr std::size_t kMost = 16;
  std::vector<std::string> numbers;
  for (const std::int64_t rank : ranks) numbers.push_back(std::to_string(rank));
  return (ranks.size() == 1 ? "rank " : "ranks ") + core::listed(numbers, kMost);
}

Launch launch_from(const Environment& environment) {
  std::optional<Said> said;
  // What torchrun starts inherits the variables of what started torchrun.
  const bool is_torchrun = environment("TORCHELASTIC_RUN_ID").has_value();
  for (const Launcher& launcher : launchers()) {
    if (said && (is_torchrun || launcher.is_outermost)) break;
    const std::optional<Said> other = said_by(launcher, environment);
    if (said && other) check_agreement(*said, *other);
    if (!said) said = other;
  }
  if (!said || said->launch.size == 1) return {};
  set_rendezvous(said->launch, environment);
  return said->launch;
}

Launch launch_of_this_process() {
  return launch_from([](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  });
}

}  // namespace equipoise::distributed
