#include "kernels/score_curves/score_curves.h"

#include <ATen/ops/empty.h>

#include "kernels/arguments.h"
#include "kernels/device/stored_cell.h"
#include "kernels/score_curves/ranked_scores.h"
#include "kernels/score_curves/score_curves_kernel.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kMostRows = 2147483647;

// Contiguous tensors, and the problem whose pointers are theirs; scores are those of the first member.
struct CurveArguments {
  at::Tensor scores;
  at::Tensor labels;
  std::optional<at::Tensor> groups;
  std::optional<at::Tensor> weights;
  ScoreRows problem;

  ScoreRows of_member(std::int64_t member) const {
    ScoreRows rows = problem;
    rows.scores = scores.select(0, member).const_data_ptr();
    return rows;
  }
};

CurveArguments check_curve(const char* op, const ScoredRows& rows) {
  const at::Tensor& scores = rows.scores;
  TORCH_CHECK(scores.defined(), op, ": scores is an undefined tensor");
  check_supported(op, scores);
  TORCH_CHECK(scores.scalar_type() == at::kFloat || scores.scalar_type() == at::kDouble, op, ": scores has type ",
              scores.scalar_type(), ", expected float32 or float64");
  TORCH_CHECK(scores.dim() == 2 && scores.size(1) <= kMostRows, op, ": scores has shape ", scores.sizes(),
              ", expected [K, N] with N below 2^31");
  const std::int64_t row_count = scores.size(1);
  check_device(op, "labels", rows.labels, "scores", scores);
  check_type(op, "labels", rows.labels, at::kByte);
  check_shape(op, "labels", rows.labels, {row_count});
  CurveArguments arguments;
  arguments.scores = scores.detach().contiguous();
  arguments.labels = rows.labels.contiguous();
  ScoreRows& problem = arguments.problem;
  if (rows.groups.has_value()) {
    check_device(op, "groups", *rows.groups, "scores", scores);
    problem.group_type = cell_type_of(op, *rows.groups, "groups");
    check_shape(op, "groups", *rows.groups, {row_count});
    TORCH_CHECK(rows.group_count >= 1 && rows.group_count < kMostRows, op, ": group_count is ", rows.group_count,
                ", expected a number in [1, 2^31) with groups");
    arguments.groups = rows.groups->contiguous();
    problem.groups = arguments.groups->const_data_ptr();
  } else {
    TORCH_CHECK(rows.group_count == 0, op, ": group_count is ", rows.group_count, ", expected 0 without groups");
  }
  if (rows.weights.has_value()) {
    check_device(op, "weights", *rows.weights, "scores", scores);
    check_type(op, "weights", *rows.weights, at::kFloat);
    check_shape(op, "weights", *rows.weights, {row_count});
    arguments.weights = rows.weights->detach().contiguous();
    problem.weights = arguments.weights->const_data_ptr<float>();
  }
  problem.labels = arguments.labels.const_data_ptr<std::uint8_t>();
  problem.rows = row_count;
  problem.group_count = rows.group_count;
  problem.double_scores = scores.scalar_type() == at::kDouble;
  return arguments;
}

// `labels` and `groups` are read on the host, one element, only to say what was found.
void refuse(const char* op, const CurveArguments& rows, const BadScore& bad, std::int64_t member) {
  TORCH_CHECK(bad.not_a_number < 0, op, ": the score of member ", member, ", row ", bad.not_a_number,
              " is not a number");
  TORCH_CHECK(bad.label < 0, op, ": the label of row ", bad.label, " is ",
              static_cast<int>(rows.labels[bad.label].item<std::uint8_t>()), ", expected 0 or 1");
  TORCH_CHECK(bad.group < 0, op, ": the group of row ", bad.group, " is ",
              (*rows.groups)[bad.group].item<std::int64_t>(), ", expected a number below ", rows.problem.group_count);
}

// Looks at the rows first on the CPU, where the curves trust them; on CUDA, where they survive anything, the verdict is
// waited for when all is under way.
template <typename OnCpu, typename OnCuda>
void each_member(const char* op, const CurveArguments& rows, const OnCpu& on_cpu,
                 [[maybe_unused]] const OnCuda& on_cuda) {
  const std::int64_t members = rows.scores.size(0);
#ifdef EQUIPOISE_CUDA
  if (rows.scores.is_cuda()) {
    const c10::cuda::CUDAGuard guard(rows.scores.device());
    void* stream = c10::cuda::getCurrentCUDAStream().stream();
    at::Tensor bad_rows = at::empty({members, 3}, rows.scores.options().dtype(at::kLong));
    for (std::int64_t member = 0; member < members; ++member) {
      const ScoreRows own = rows.of_member(member);
      std::int64_t* bad = bad_rows.mutable_data_ptr<std::int64_t>() + member * 3;
      check_launched(op, launch_find_bad_score(own, bad, stream));
      on_cuda(own, member, stream);
    }
    const at::Tensor found = bad_rows.cpu();
    for (std::int64_t member = 0; member < members; ++member) {
      const std::int64_t* bad = found.const_data_ptr<std::int64_t>() + member * 3;
      refuse(op, rows, {bad[0], bad[1], bad[2]}, member);
    }
    return;
  }
#endif
  for (std::int64_t member = 0; member < members; ++member) {
    const ScoreRows own = rows.of_member(member);
    refuse(op, rows, find_bad_score_cpu(own), member);
    on_cpu(own, member);
  }
}

#ifdef EQUIPOISE_CUDA
// Allocated on the device, given to the launch, and free for the next use on the same stream when this goes.
at::Tensor scratch_of(const at::Tensor& like, std::size_t bytes) {
  return at::empty({static_cast<std::int64_t>(bytes)}, like.options().dtype(at::kByte));
}
#endif

// Bins or thresholds times groups are cells of one ordering.
void check_cells(const char* op, std::int64_t groups, std::int64_t each) {
  TORCH_CHECK((groups + 1) <= kMostRows / each, op, ": ", groups, " groups of ", each, " sums are too many, expected ",
              "fewer than 2^31 in all");
}

}  // namespace

at::Tensor score_areas(const ScoredRows& rows) {
  constexpr const char* kOp = "score_areas";
  const CurveArguments arguments = check_curve(kOp, rows);
  const std::int64_t lines = rows.group_count + 1;
  at::Tensor areas = at::empty({rows.scores.size(0), lines}, arguments.scores.options().dtype(at::kDouble));
  double* out = areas.mutable_data_ptr<double>();
  each_member(
      kOp, arguments,
      [&](const ScoreRows& own, std::int64_t member) {
        double* areas_of = out + member * lines;
        RankedScores(own).areas(own, areas_of, areas_of + own.group_count);
      },
      [&]([[maybe_unused]] const ScoreRows& own, [[maybe_unused]] std::int64_t member, [[maybe_unused]] void* stream) {
#ifdef EQUIPOISE_CUDA
        const at::Tensor scratch = scratch_of(arguments.scores, score_areas_scratch(own));
        check_launched(kOp, launch_score_areas(own, out + member * lines, scratch.mutable_data_ptr(), stream));
#endif
      });
  return areas;
}

at::Tensor score_above(const ScoredRows& rows, const at::Tensor& thresholds) {
  constexpr const char* kOp = "score_above";
  const CurveArguments arguments = check_curve(kOp, rows);
  TORCH_CHECK(thresholds.defined(), kOp, ": thresholds is an undefined tensor");
  check_type(kOp, "thresholds", thresholds, at::kDouble);
  TORCH_CHECK(thresholds.dim() == 1, kOp, ": thresholds has shape ", thresholds.sizes(), ", expected [T]");
  const std::int64_t count = thresholds.size(0), lines = rows.group_count + 1;
  check_cells(kOp, rows.group_count, 2 * (count + 1));
  const at::Tensor host = thresholds.cpu().contiguous();
  const double* ascending = host.const_data_ptr<double>();
  for (std::int64_t k = 0; k < count; ++k) {
    TORCH_CHECK(ascending[k] == ascending[k], kOp, ": threshold ", k, " is not a number");
    TORCH_CHECK(k == 0 || ascending[k] >= ascending[k - 1], kOp, ": threshold ", k, " is ", ascending[k],
                ", expected at least the one before it, ", ascending[k - 1]);
  }
  const at::Tensor own_thresholds = host.to(arguments.scores.device());
  at::Tensor above =
      at::empty({rows.scores.size(0), lines, 2, count + 1}, arguments.scores.options().dtype(at::kDouble));
  const auto curve_of = [&](std::int64_t member) {
    return ScoreAbove{own_thresholds.const_data_ptr<double>(), count,
                      above.mutable_data_ptr<double>() + member * lines * 2 * (count + 1)};
  };
  each_member(
      kOp, arguments, [&](const ScoreRows& own, std::int64_t member) { score_above_cpu(own, curve_of(member)); },
      [&]([[maybe_unused]] const ScoreRows& own, [[maybe_unused]] std::int64_t member, [[maybe_unused]] void* stream) {
#ifdef EQUIPOISE_CUDA
        const at::Tensor scratch = scratch_of(arguments.scores, score_above_scratch(own, curve_of(member)));
        check_launched(kOp, launch_score_above(own, curve_of(member), scratch.mutable_data_ptr(), stream));
#endif
      });
  return above;
}

at::Tensor score_histogram(const ScoredRows& rows, std::int64_t bins, double low, double high) {
  constexpr const char* kOp = "score_histogram";
  const CurveArguments arguments = check_curve(kOp, rows);
  TORCH_CHECK(bins >= 1 && bins < kMostRows, kOp, ": bins is ", bins, ", expected a number in [1, 2^31)");
  TORCH_CHECK(low < high && high - low - (high - low) == 0, kOp, ": the range is [", low, ", ", high,
              "], expected low < high, both finite");
  check_cells(kOp, rows.group_count, bins);
  const std::int64_t lines = rows.group_count + 1;
  at::Tensor histogram =
      at::empty({rows.scores.size(0), lines, bins, kScoreQuantities}, arguments.scores.options().dtype(at::kDouble));
  const auto curve_of = [&](std::int64_t member) {
    return ScoreHistogram{bins, low, static_cast<double>(bins) / (high - low),
                          histogram.mutable_data_ptr<double>() + member * lines * bins * kScoreQuantities};
  };
  each_member(
      kOp, arguments, [&](const ScoreRows& own, std::int64_t member) { score_histogram_cpu(own, curve_of(member)); },
      [&]([[maybe_unused]] const ScoreRows& own, [[maybe_unused]] std::int64_t member, [[maybe_unused]] void* stream) {
#ifdef EQUIPOISE_CUDA
        const at::Tensor scratch = scratch_of(arguments.scores, score_histogram_scratch(own, curve_of(member)));
        check_launched(kOp, launch_score_histogram(own, curve_of(member), scratch.mutable_data_ptr(), stream));
#endif
      });
  return histogram;
}

}  // namespace equipoise::kernels
