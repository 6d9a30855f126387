#include "engine/checkpoint/params.h"

namespace equipoise::checkpoint {

void CheckpointParams::describe(config::Fields& fields) {
  fields.integer("every_steps", every_steps, config::at_least(0),
                 "Save a checkpoint after so many training steps; 0: by time alone.");
  fields.number("every_seconds", every_seconds, config::at_least(0),
                "Save a checkpoint when so many seconds have gone by since the last; 0: by steps alone. With both 0 "
                "there are no checkpoints, and a run that is stopped starts anew.");
  fields.integer("keep", keep, config::at_least(1), "How many of the newest checkpoints are kept.");
  fields.boolean("keep_best", keep_best,
                 "Also keep the first checkpoint after the best iterate so far, of each member of a bank.");
}

}  // namespace equipoise::checkpoint
