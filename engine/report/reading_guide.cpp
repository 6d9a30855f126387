#include "engine/evaluation/quality.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::SplitResult;

struct Word {
  const char* word;
  const char* meaning;
};

constexpr Word kGap = {
    "Gap",
    "How far apart the rates of the groups of a grouping lie. With three groups decided positive at 20, 25 and 31 %, "
    "the gap is 11.0 points. A constraint of two rates (equalized odds) is as good as the worse of them."};
constexpr Word kGapOfMeans = {"Gap",
                              "How far apart the means of the groups of a grouping lie, in the units of the target, or "
                              "how far apart shares of them "
                              "do. With three groups of mean prediction 20, 25 and 31 the gap is 11."};

constexpr Word kWords[] = {
    {"Tolerance", "The largest gap that was allowed, set in the config before training."},
    {"Interval and upper bound",
     "Another test split of the same size would give another gap. The interval covers the gap among all such people "
     "with the confidence stated; the upper bound is the side that matters for the verdict. Each promise of a "
     "constraint has a bound of its own, with all of the confidence."},
    {"Noise floor",
     "The gap that would be seen on average even if the groups were treated exactly alike (of calibration: if every "
     "error were exactly 0), for so few rows. A "
     "tolerance near it can hardly be shown to hold."},
    {"Kept model",
     "Training passes through many models. The one kept is chosen without the test split, which is used once, for this "
     "report; which rows chose it is said beside it."},
};

constexpr Word kClasses[] = {
    {"Class",
     "One of several answers of which exactly one is right for a row. The model gives each class a score, the scores "
     "of a row sum to 1, and the class with the highest is its answer."},
    {"A class against the others",
     "Rates of a class count its rows as positive and all others as negative, as if it were the only question: its "
     "true positive rate is the share of its rows that are taken for it. A constraint makes the promise for every "
     "class, and is as good as the worst of them."},
};

constexpr Word kLabels[] = {
    {"Label",
     "One of several questions with yes or no for an answer; for a row any number of them may hold. Each label has a "
     "score of its own, and the model says yes where it is above 0.5."},
    {"Mean accuracy",
     "The share of right answers over all labels together, where every label counts alike. A row may be right in some "
     "labels and wrong in others."},
};

constexpr Word kRegression[] = {
    {"Target and prediction", "The number that is told of a row, and the number that the model says for it."},
    {"Residual",
     "Prediction minus target. A mean residual above 0 says that the model predicts too much for a group on average, "
     "below 0 too little."},
    {"Root mean square error",
     "How far off a prediction typically is, in the units of the target; large errors count more than small ones. The "
     "mean absolute error counts all alike."},
    {"Explained share",
     "How much of the targets' variance the predictions account for (R\u00B2): 100 % where they are exact, 0 where "
     "they "
     "are no better than the targets' mean for every row, below 0 where they are worse."},
};

constexpr Word kFigure = {
    "Figure",
    "What a constraint holds against its tolerance, made of the predictions of a group: their mean, the mean of the "
    "residuals or of the squared errors, or the share of them above a number."};

void write_word(Markup& page, const Word& word) {
  const auto item = page.in("div");
  page.element("dt", {}, word.word).element("dd", {}, word.meaning);
}

/// The words of every run, then those of its task.
void write_words(Markup& page, const SplitResult* split) {
  page.element("h3", {}, "Words");
  const auto list = page.in("dl", {{"class", "guide"}});
  write_word(page, split && is_regression(*split) ? kGapOfMeans : kGap);
  for (const Word& word : kWords) write_word(page, word);
  if (!split) return;
  if (split->task == "classes") {
    for (const Word& word : kClasses) write_word(page, word);
  } else if (split->task == "labels") {
    for (const Word& word : kLabels) write_word(page, word);
  } else if (is_regression(*split)) {
    for (const Word& word : kRegression) write_word(page, word);
    if (!split->constraints.empty()) write_word(page, kFigure);
  }
}

void write_limits(Markup& page, const SplitResult* split) {
  page.element("h3", {}, "What is not promised");
  const auto list = page.in("ul");
  const bool regression = split && is_regression(*split);
  for (const char* sentence : {
           "Nothing is said about groups that are not listed, nor about crossings of groups that were not asked for.",
           "The verdicts are about people drawn as the test split was. Other years, other places, another way of "
           "collecting the data: measure again.",
           regression ? "Targets are taken as they are. A model that is equally close to unfair targets is not fair."
                      : "Labels are taken as they are. A model that is equally right about unfair labels is not fair.",
           "One kind of gap being small does not make the others small; some cannot be small together.",
       }) {
    page.element("li", {}, sentence);
  }
  if (regression) return;
  const bool classes = split && split->task == "classes";
  page.element("li", {},
               classes ? "Decisions are for the class with the highest score. Another rule has other gaps."
                       : "Decisions are made at a score of 0.5. Another threshold has other gaps.");
}

}  // namespace

void write_verdict_guide(Markup& page) {
  using evaluation::Verdict;
  page.element("h3", {}, "The four verdicts");
  const auto list = page.in("dl", {{"class", "guide"}});
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}) {
    const auto item = page.in("div");
    {
      const auto term = page.in("dt");
      draw_badge(page, verdict);
    }
    page.element("dd", {}, look_of(verdict).meaning);
  }
}

void write_reading_guide(Markup& page, const Report& report) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  write_verdict_guide(page);
  const SplitResult* split = headline_split(report);
  write_words(page, split);
  write_limits(page, split);
}

}  // namespace equipoise::report
