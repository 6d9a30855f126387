#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "engine/cli/command.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::cli {
namespace {

core::UserError usage_error(const std::string& message) {
  return core::UserError(core::Fault::config, message);
}

// The first `count` words with a space between them.
std::string joined(const std::vector<std::string>& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + words[i];
  return text;
}

std::string name_of(const CommandEntry& entry) {
  return joined(entry.words, entry.words.size());
}

bool is_help(const std::string& word) {
  return word == "--help" || word == "-h" || word == "help";
}

// A line for each command that begins with the first `depth` words.
std::string list_of_commands(const std::vector<std::string>& words, std::size_t depth) {
  std::string text = "Commands\n";
  std::size_t width = 0;
  for (const CommandEntry& entry : commands()) width = std::max(width, name_of(entry).size());
  for (const CommandEntry& entry : commands())
    if (entry.words.size() >= depth && std::equal(words.begin(), words.begin() + depth, entry.words.begin()))
      text += fmt::format("  {:<{}}  {}\n", name_of(entry), width, entry.summary);
  return text;
}

// Of "config --help" those of config, of "--help" the whole program's.
std::string help_for(const std::vector<std::string>& words) {
  const auto depth = static_cast<std::size_t>(std::find_if(words.begin(), words.end(), is_help) - words.begin());
  if (depth > 0) return list_of_commands(words, depth) + "\nEach has --help with an example.\n";
  return version_line() + ": trains neural networks under fairness constraints\n\n" + list_of_commands(words, 0) +
         "\nEvery command has --help with an example, and --json (one JSON object on standard output).\n"
         "Progress and messages go to standard error; NO_COLOR=1 turns colours off. `equipoise --version` is the "
         "version.\n"
         "\nExit codes\n"
         "  0   done\n"
         "  1   done, but a constraint has a verdict that --fail-on names\n"
         "  2   the command line or the config is wrong\n"
         "  3   the data, a run folder or the disk is wrong\n"
         "  4   the computation left the finite numbers\n"
         "  5   memory ran out\n"
         "  70  a fault of this program\n"
         "  75  stopped by a scheduler (SIGTERM, SIGUSR1) with what it had saved: the same line goes on, of train, "
         "compare and frontier with --resume=auto\n"
         "  129, 130, 143  stopped by a terminal that went away (SIGHUP), by Ctrl-C (SIGINT), by SIGTERM\n";
}

// The first words that may stand at `depth` after `words[0 .. depth)`.
std::vector<std::string> words_at(const std::vector<std::string>& words, std::size_t depth) {
  std::vector<std::string> found;
  for (const CommandEntry& entry : commands()) {
    const bool fits =
        entry.words.size() > depth && std::equal(entry.words.begin(), entry.words.begin() + depth, words.begin());
    if (fits && std::find(found.begin(), found.end(), entry.words[depth]) == found.end())
      found.push_back(entry.words[depth]);
  }
  return found;
}

// Whether a command goes on with the word at `depth`.
bool has_longer(const std::vector<std::string>& words, std::size_t depth) {
  const std::vector<std::string> known = words_at(words, depth);
  return std::find(known.begin(), known.end(), words[depth]) != known.end();
}

// The command that `words` start with. Null when help was asked for where a verb should stand.
const CommandEntry* find_command(const std::vector<std::string>& words) {
  for (std::size_t depth = 0;; ++depth) {
    const std::vector<std::string> known = words_at(words, depth);
    const std::string before = joined(words, depth);
    if (depth == words.size()) {
      throw usage_error(fmt::format("no command after 'equipoise{}{}'; there are: {}. See equipoise --help",
                                    before.empty() ? "" : " ", before, core::listed(known)));
    }
    if (is_help(words[depth])) return nullptr;
    if (std::find(known.begin(), known.end(), words[depth]) == known.end()) {
      const std::string what = words[depth].rfind('-', 0) == 0 ? "option before the command" : "command";
      throw usage_error(fmt::format("unknown {} '{}{}{}'{}; there are: {}", what, before, before.empty() ? "" : " ",
                                    words[depth], core::did_you_mean(words[depth], known), core::listed(known)));
    }
    // Of "sweep" and "sweep report" the longer one, where its words are there.
    if (depth + 1 < words.size() && has_longer(words, depth + 1)) continue;
    for (const CommandEntry& entry : commands()) {
      if (entry.words.size() == depth + 1 && std::equal(entry.words.begin(), entry.words.end(), words.begin()))
        return &entry;
    }
  }
}

// The only place that knows CLI11: its headers are the slowest of the whole program to compile.
void declare(CLI::App& app, const Argument& argument) {
  if (bool* const* flag = std::get_if<bool*>(&argument.value)) {
    app.add_flag(argument.name, **flag, argument.help);
  } else if (const FlagOrWord* either = std::get_if<FlagOrWord>(&argument.value)) {
    app.add_flag(argument.name + "{true}", *either->value, argument.help);
  } else if (std::vector<std::string>* const* list = std::get_if<std::vector<std::string>*>(&argument.value)) {
    CLI::Option* option = app.add_option(argument.name, **list, argument.help);
    if (argument.name.front() == '-') option->allow_extra_args(false);
  } else {
    CLI::Option* option = app.add_option(argument.name, *std::get<std::string*>(argument.value), argument.help);
    if (!argument.shown_default.empty()) option->default_str(argument.shown_default);
  }
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// CLI11 knows no near names, so what it does not know is handed back to here.
void refuse_extras(const CLI::App& app, const std::string& command) {
  const std::vector<std::string> known = option_names(app);
  for (const std::string& word : app.remaining()) {
    if (word.size() < 2 || word.front() != '-') {
      throw usage_error(fmt::format("unexpected argument '{}' after 'equipoise {}'; its options are {}", word, command,
                                    core::listed(known)));
    }
    const std::string name = word.substr(0, word.find('='));
    throw usage_error(fmt::format("unknown option '{}' of 'equipoise {}'{}; there are: {}", name, command,
                                  core::did_you_mean(name, known), core::listed(known)));
  }
}

}  // namespace

const std::vector<CommandEntry>& commands() {
  static const std::vector<CommandEntry> table = {
      {{"train"},
       "Trains a model under constraints and writes a run folder with the model, its proof and a report.",
       "  equipoise train configs/adult_equalized_odds.yaml\n"
       "  equipoise train configs/adult_equalized_odds.yaml training.epochs=5 'constraints[0].tolerance=0.05' "
       "+threads=1 '~model'\n"
       "  equipoise train my.yaml --fail-on violated,not_estimable --json",
       make_train},
      {{"audit"},
       "Says what data hold before any training: who is in them, what could be shown, which inputs stand for a group.",
       "  equipoise audit configs/adult_equalized_odds.yaml\n"
       "  equipoise audit my.yaml --reference census.yaml --output audits/before",
       make_audit},
      {{"synthesize"},
       "Writes the rows that a config's recipes make up, each with its parents, without training.",
       "  equipoise synthesize configs/adult_made_rows.yaml --output made.parquet\n"
       "  equipoise synthesize my.yaml --rows 100000 --output made.csv",
       make_synthesize},
      {{"compare"},
       "Trains arms side by side at several seeds, and says what helped, what harmed and how surely.",
       "  equipoise compare configs/adult_equalized_odds.yaml --arms none,balance,fairbatch,smote --seeds 0..4\n"
       "  equipoise compare configs/bank_equal_opportunity.yaml --arms unconstrained,none,unconstrained+reweigh",
       make_compare},
      {{"frontier"},
       "Trains once (without a selection split the members of one cross-fitted model), and says accuracy against gap "
       "for twenty tolerances, each a rule that can be deployed.",
       "  equipoise frontier configs/adult_demographic_parity.yaml\n"
       "  equipoise frontier configs/adult_equalized_odds.yaml --pick 0.03\n"
       "  equipoise frontier my.yaml --tolerances 0.02,0.05,0.1 --fail-on violated,not_estimable",
       make_frontier},
      {{"retune"},
       "Decides by the model of a frontier under other tolerances, without training, and writes a run folder.",
       "  equipoise retune runs/adult-demographic-parity-frontier-001 constraints.0.tolerance=0.05",
       make_retune},
      {{"sweep"},
       "Trains every setting of a sweep file, in banks where it can, and goes on where it was stopped.",
       "  equipoise sweep configs/sweeps/tolerances.yaml --plan\n"
       "  equipoise sweep configs/sweeps/tolerances.yaml --workers 2\n"
       "  equipoise sweep configs/adult_demographic_parity.yaml -m constraints.0.tolerance=0.01,0.02 "
       "training.seed='range(0,5)'\n"
       "  equipoise sweep configs/sweeps/tolerances.yaml --slurm sweep.sbatch",
       make_sweep},
      {{"sweep", "report"},
       "Writes what a sweep's runs found: one row a run, the frontier, what each axis does, what never worked.",
       "  equipoise sweep report sweeps/adult-tolerances\n"
       "  equipoise sweep report sweeps/adult-tolerances --compare tolerance=0.02,0.05 --png",
       make_sweep_report},
      {{"watch"},
       "Shows a sweep, a bank or a run while it goes on: how far, the worst violation, multipliers, time left.",
       "  equipoise watch sweeps/adult-tolerances\n"
       "  equipoise watch runs/adult-equalized-odds-001 --once",
       make_watch},
      {{"evaluate"},
       "Measures a finished run again, on its own rows or on new ones.",
       "  equipoise evaluate runs/adult-equalized-odds-001\n"
       "  equipoise evaluate runs/adult-equalized-odds-001 --data new.csv --fail-on violated,not_shown\n"
       "  equipoise evaluate runs/adult-equalized-odds-001 --split selection --output selection.json",
       make_evaluate},
      {{"predict"},
       "Writes scores and decisions, or predicted numbers, of every row of a file.",
       "  equipoise predict runs/adult-equalized-odds-001 --data new.csv --output decisions.csv\n"
       "  equipoise predict runs/adult-equalized-odds-001 --data new.csv --keep person_id --output decisions.csv\n"
       "  equipoise predict runs/adult-equalized-odds-001 --data new.parquet --output decisions.parquet",
       make_predict},
      {{"report"},
       "Writes the report of a run again from its results.",
       "  equipoise report runs/adult-equalized-odds-001",
       make_report},
      {{"track"},
       "Sends what an MLflow server has not got of a run (tracking.mlflow), after it was away.",
       "  equipoise track runs/adult-equalized-odds-001\n"
       "  equipoise track runs/parity --uri https://mlflow.example.org --wait 300",
       make_track},
      {{"config", "show"},
       "Shows a config with every default and override filled in.",
       "  equipoise config show configs/adult_equalized_odds.yaml training.epochs=5",
       make_config_show},
      {{"config", "validate"},
       "Checks a config and lists what is wrong with it, as far as it shows without reading the data.",
       "  equipoise config validate configs/adult_equalized_odds.yaml",
       make_config_validate},
      {{"config", "schema"},
       "Prints the JSON schema (draft-07) of configs, for editors.",
       "  equipoise config schema > equipoise.schema.json\n"
       "  and as the first line of a config: # yaml-language-server: $schema=equipoise.schema.json",
       make_config_schema},
      {{"config", "explain"},
       "Explains one field of a config, or a section.",
       "  equipoise config explain training.optimizer.learning_rate\n"
       "  equipoise config explain constraints",
       make_config_explain},
      {{"config", "constraints"},
       "Lists every kind of constraint, form and rate, with examples.",
       "  equipoise config constraints",
       make_config_constraints},
      {{"doctor"},
       "Says what this machine has, what works on it and what does not and why.",
       "  equipoise doctor\n"
       "  torchrun --no-python --nproc-per-node=2 equipoise doctor --ranks",
       make_doctor},
  };
  return table;
}

int run_program(const std::vector<std::string>& words, const Console& console, TerminalJournal& journal) {
  std::vector<std::string> rest = words;
  // --json was read by main already and may stand anywhere, also before the verb.
  rest.erase(std::remove(rest.begin(), rest.end(), "--json"), rest.end());
  if (!rest.empty() && (rest.front() == "--version" || rest.front() == "version")) {
    console.print(version_line() + "\n");
    console.print_json({{"version", version_line()}});
    return 0;
  }
  const CommandEntry* entry = find_command(rest);
  if (entry == nullptr) {
    console.print(help_for(rest));
    console.print_json({{"help", help_for(rest)}});
    return 0;
  }
  const std::unique_ptr<Command> command = entry->make();
  const std::string name = name_of(*entry);
  CLI::App app(entry->summary, "equipoise " + name);
  bool wants_help = false, wants_json = false;
  app.set_help_flag();
  app.allow_extras();
  for (const Argument& argument : command->arguments()) declare(app, argument);
  app.add_flag("--json", wants_json, "One JSON object on standard output, nothing else");
  app.add_flag("-h,--help", wants_help, "This text");
  app.footer("Example\n" + entry->example);
  // CLI11 takes the arguments last first.
  try {
    app.parse(std::vector<std::string>(rest.rbegin(), rest.rend() - static_cast<std::ptrdiff_t>(entry->words.size())));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    const std::size_t at = what.find(": At Most 1 required");
    throw usage_error(at == std::string::npos ? what : what.substr(0, at) + " can be given once only");
  } catch (const CLI::ParseError& error) {
    throw usage_error(error.what());
  }
  if (wants_help) {
    // Only now: what is missing the verb says in its own words.
    for (const Argument& argument : command->arguments())
      app.get_option(argument.name.substr(0, argument.name.find(',')))->required(argument.required);
    console.print(app.help());
    console.print_json({{"help", app.help()}});
    return 0;
  }
  refuse_extras(app, name);
  return command->run(console, journal);
}

}  // namespace equipoise::cli
