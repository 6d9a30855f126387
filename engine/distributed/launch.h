#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise::distributed {

/// What a launcher told this process: which rank of how many it is, and where they meet. Nothing is connected yet.
struct Launch {
  std::string launcher = {};  ///< torchrun, Open MPI, MPICH, srun; "": nobody, one rank alone
  std::int64_t size = 1, rank = 0;
  std::int64_t local_size = 1, local_rank = 0;  ///< on this host
  std::string host = {};                        ///< where the rendezvous is
  std::int64_t port = 0;
  bool is_served = false;     ///< by the launcher; else by rank 0
  std::string attempt = "0";  ///< how often the launcher has started the run again: attempts never meet
};

/// "rank 3", "ranks 1, 2", for messages; many are cut short.
std::string named(const std::vector<std::int64_t>& ranks);

/// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const char*)>;

/// Reads the variables of the first launcher in the table that set any. A world of one rank is a run alone. Throws UserError (config)
/// naming the variables, where they are half set, are no numbers, or contradict each other.
Launch launch_from(const Environment& environment);
/// The same of this process's environment.
Launch launch_of_this_process();

/// The first host of a Slurm node list: "node01" of "node[01-04,07],other". Throws UserError (config) where brackets do not match.
std::string first_host(std::string_view node_list);

}  // namespace equipoise::distributed
