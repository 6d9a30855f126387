#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/config/origin.h"
#include "engine/sampling/cells.h"
#include "engine/sampling/params.h"

namespace equipoise::sampling {

/// A share of every batch for each cell; they add up to 1.
using Shares = std::vector<double>;

/// As the rows come.
Shares natural_shares(const SampledCells& cells);

/// Of the recipe balance. By `by` and `power`: of the rows that `where` aims at, each combination of `by` gets a share in proportion to its
/// number of rows to that power, and shares it among its cells as they come; what is not aimed at keeps its share. By
/// targets: each target's share goes to its cells as they come, the rest to all others. Throws UserError (config), at
/// `path`, for targets that meet in a cell, leave a share and nobody to have it, or leave rows without a share.
Shares balanced_shares(const SampledCells& cells, const RecipeParams& params, const std::string& path,
                       const config::Origin& origin);

/// [cells] a figure of each; nothing where it was not measured.
using OfCells = std::vector<std::optional<double>>;

/// What a measure of the training rows says of the cells.
struct Measured {
  OfCells losses;              ///< mean loss
  std::vector<OfCells> given;  ///< [labels] how often the rows of a cell's groups, of any label, are given this label
};

/// One update of FairBatch (Roh, Lee, Whang, Suh 2021), for any number of groups (combinations of `by`) and labels: `step` of the batch goes
/// from one group to another among the rows of one label.
///   equal_opportunity    of the label positive, from the group with the lowest loss to the one with the highest
///   equalized_odds       the same of the label whose groups' losses are furthest apart
///   demographic_parity   of the label that groups are given at rates furthest apart, from the group with the highest rate to the one
///                        with the lowest; and the other way round among the rows of all other labels
/// No group keeps less than a twentieth of its natural share of a label.
Shares fairbatch_update(const Shares& shares, const SampledCells& cells, const Measured& measured,
                        const RecipeParams& params, double step);

/// One update of group DRO by sampling (Sagawa, Koh, Hashimoto, Liang 2020): the share of each combination of `by` times
/// exp(step * its loss), normalised; none keeps less than a twentieth of its natural share.
Shares group_dro_update(const Shares& shares, const SampledCells& cells, const OfCells& losses,
                        const RecipeParams& params, double step);

/// [cells] whether a recipe could make rows of each: two rows where they are made from others of their cell, anybody to be mixed with.
std::vector<bool> cells_to_make(const SampledCells& cells, const RecipeParams& params);

/// [cells] of the drawn rows of each how many a recipe makes up: its share of the cells that it is about and can make rows of, 0 of the
/// others.
std::vector<double> made_shares(const SampledCells& cells, const RecipeParams& params);

/// Factors of the loss of the recipe weigh: what rows count in it are the shares that the recipe balance would draw, of what rows weigh; their
/// weighted mean is 1. Throws as balanced_shares does.
std::vector<double> weighing_factors(const SampledCells& cells, const RecipeParams& params, const std::string& path,
                                     const config::Origin& origin);

/// Factors of the loss that make group (`by`) and label independent, P(group) P(label) / P(group, label) by cell (Kamiran and Calders
/// 2012), shares by weight: their weighted mean is 1.
std::vector<double> reweighing_factors(const SampledCells& cells, const RecipeParams& params);

}  // namespace equipoise::sampling
