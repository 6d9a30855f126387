#include "engine/training/cell_draws.h"

#include <algorithm>
#include <cmath>

#include "engine/training/tensor_of.h"

namespace equipoise::training {

CellDraws::CellDraws(const sampling::Sampler& sampler, const at::Device& device) : sampler_(sampler), first_({0}) {
  const sampling::SampledCells& cells = sampler.cells();
  for (const sampling::SampledCells::Cell& cell : cells.cells) first_.push_back(first_.back() + cell.rows);
  order_.resize(static_cast<std::size_t>(first_.back()));
  std::vector<std::int64_t> next = first_;
  for (std::size_t row = 0; row < cells.of_row.size(); ++row)
    if (cells.is_drawn[row])
      order_[static_cast<std::size_t>(next[static_cast<std::size_t>(cells.of_row[row])]++)] =
          static_cast<std::int64_t>(row);
  std::vector<std::int64_t> offsets = {0};
  for (std::size_t cell = 0; cell < cells.cells.size(); ++cell) {
    if (sampler.focus()) offsets.push_back(first_[cell] + hardest(cell));
    offsets.push_back(first_[cell + 1]);
  }
  on_host_ = {tensor_of(order_, at::kLong), tensor_of(offsets, at::kLong), {}};
  on_device_ = {on_host_.order.to(device), on_host_.offsets.to(device), {}};
  follow();
}

std::int64_t CellDraws::hardest(std::size_t cell) const {
  const std::int64_t rows = first_[cell + 1] - first_[cell];
  return std::min(rows, static_cast<std::int64_t>(std::ceil(sampler_.focus()->part * static_cast<double>(rows))));
}

// Of the cell's draws; as they come where nobody is favoured.
double CellDraws::share_of_hardest(std::size_t cell) const {
  const std::int64_t rows = first_[cell + 1] - first_[cell], hard = hardest(cell);
  if (hard == rows) return 1;
  const double share = sampler_.focus()->shares[cell];
  return share > 0 ? share : static_cast<double>(hard) / static_cast<double>(rows);
}

void CellDraws::follow() {
  std::vector<double> shares;
  for (std::size_t cell = 0; cell < sampler_.shares().size(); ++cell) {
    const double own = sampler_.shares()[cell], hard = sampler_.focus() ? own * share_of_hardest(cell) : 0;
    if (sampler_.focus()) shares.push_back(hard);
    shares.push_back(own - hard);
  }
  on_host_.limits = kernels::limits_of_shares(shares);
  if (on_device_.limits.defined())
    on_device_.limits.copy_(on_host_.limits);
  else
    on_device_.limits = on_host_.limits.to(on_device_.order.device(), at::kLong, false, true);
}

void CellDraws::focus_on(const std::vector<double>& losses) {
  const auto is_harder = [&](std::int64_t a, std::int64_t b) {
    const double loss_a = losses[static_cast<std::size_t>(a)], loss_b = losses[static_cast<std::size_t>(b)];
    return loss_a != loss_b ? loss_a > loss_b : a < b;
  };
  // Either part in the order of rows: two losses that another number of ranks rounds otherwise change places at the border alone.
  for (std::size_t cell = 0; cell + 1 < first_.size(); ++cell) {
    const auto begin = order_.begin() + first_[cell], end = order_.begin() + first_[cell + 1];
    const auto border = begin + hardest(cell);
    std::nth_element(begin, border, end, is_harder);
    std::sort(begin, border);
    std::sort(border, end);
  }
  on_host_.order.copy_(tensor_of(order_, at::kLong));
  on_device_.order.copy_(on_host_.order);
}

void CellDraws::walk(const checkpoint::StateWalk& walk) {
  if (!sampler_.focus()) return;
  walk.tensor("order", on_host_.order);
  const std::int64_t* order = on_host_.order.const_data_ptr<std::int64_t>();
  order_.assign(order, order + on_host_.order.numel());
  on_device_.order.copy_(on_host_.order);
}

std::vector<double> CellDraws::within_cells() const {
  std::vector<double> times(sampler_.cells().of_row.size(), 1.0);
  if (!sampler_.focus()) return times;
  for (std::size_t cell = 0; cell + 1 < first_.size(); ++cell) {
    const std::int64_t rows = first_[cell + 1] - first_[cell], hard = hardest(cell);
    const double share = share_of_hardest(cell);
    for (std::int64_t place = 0; place < rows; ++place) {
      const double own =
          place < hard ? share / static_cast<double>(hard) : (1 - share) / static_cast<double>(rows - hard);
      times[static_cast<std::size_t>(order_[static_cast<std::size_t>(first_[cell] + place)])] =
          own * static_cast<double>(rows);
    }
  }
  return times;
}

}  // namespace equipoise::training
