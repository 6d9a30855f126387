#include "engine/distributed/params.h"

namespace equipoise::distributed {

void RanksParams::describe(config::Fields& fields) {
  fields.number(
      "timeout", timeout, config::between(1, 86400),
      "Seconds that a rank waits for the others, at the start and in each sum; then it ends with exit code 75.");
  fields.text("interface", interface,
              "The network interface that ranks speak over, such as eth0; when left out, the one that leads to the "
              "rendezvous.");
  fields.choice("backend", backend, {"auto", "gloo", "nccl"},
                "What adds sums and gradients over ranks: auto takes nccl on GPUs, and gloo on CPUs. gloo on GPUs goes "
                "through the host.");
  fields.integer("check_every", check_every, config::between(0, 1000000000),
                 "Steps after which ranks compare their weights and multipliers bit by bit; 0 only before the first.");
}

}  // namespace equipoise::distributed
