// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <systemc>

#include "models/common/error.h"
#include "tools/weft/attribute.h"
#include "tools/weft/calibrate.h"
#include "tools/weft/commands.h"
#include "tools/weft/compare.h"
#include "tools/weft/gdb_options.h"
#include "tools/weft/noc_command.h"
#include "tools/weft/run_elf_options.h"
#include "tools/weft/trace_options.h"

// libsystemc.so refers to sc_main; Weft starts the kernel itself.
int sc_main(int, char*[]) { return 0; }

namespace {

using namespace weft;

void add_scenario(CLI::App& command, tool::ScenarioOptions& options) {
  command.add_option("scenario", options.scenario, "Scenario file (YAML)")->required();
  command.add_option("--set", options.set, "Override a key: --set training.epochs=1; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);  // one value each: what follows may be the scenario
  command.add_option("--data", options.data, "Folder with the data set's files")->type_name("DIR");
}

class RunCommand {
 public:
  explicit RunCommand(CLI::App& app)
      : command_(*app.add_subcommand("run", "Compile a scenario, simulate it and report")) {
    add_scenario(command_, options_.scenario);
    command_.add_option("--out", options_.out, "Folder for the results (default: results/<name>)")
        ->type_name("DIR");
    trace_.emplace(command_);
    command_
        .add_option("--trace-hart", options_.trace_hart, "Hart to trace: host.hart, tile0.hart, … or all")
        ->type_name("NAME")
        ->capture_default_str();
    command_.add_flag("--no-reference", skip_reference_, "Do not train the golden and the float32 reference");
    command_
        .add_option("--threads", options_.threads, "Threads that compute, or auto: one a core (run.threads)")
        ->type_name("N");
    command_.add_flag("-q,--quiet", options_.quiet, "Neither firmware output nor progress on the terminal");
    command_.add_flag("-v,--verbose", options_.verbose,
                      "Show what the blocks log (unmapped accesses, failed commands)");
    tool::add_gdb_options(command_, options_.gdb, options_.gdb_wait);
  }

  bool parsed() const { return command_.parsed(); }
  int run() const {
    tool::RunOptions options = options_;
    options.reference = !skip_reference_;
    options.trace = trace_->config();
    return tool::run(options);
  }

 private:
  CLI::App& command_;
  tool::RunOptions options_;
  std::optional<tool::TraceOptions> trace_;
  bool skip_reference_ = false;
};

CLI::App* add_calibrate(CLI::App& app, tool::CalibrateOptions& options) {
  CLI::App* const command = app.add_subcommand(
      "calibrate", "Run a scenario and write the converter ranges that its currents need, for include");
  add_scenario(*command, options.scenario);
  command->add_option("-o,--out", options.out, "YAML file to write")->required()->type_name("FILE");
  command->add_option("--coverage", options.coverage, "Share of the currents that must not clip")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_flag("-q,--quiet", options.quiet, "No progress on the terminal");
  return command;
}

CLI::App* add_compare(CLI::App& app, tool::CompareOptions& options) {
  CLI::App* const command = app.add_subcommand(
      "compare", "Run scenarios, or take results that are there, and print them side by side");
  command
      ->add_option("inputs", options.inputs,
                   "Scenario files, results.json files or folders with one; ratios are to the first")
      ->required();
  command
      ->add_option("--on", options.platforms, "Run every scenario on this platform preset; may be repeated")
      ->type_name("PRESET")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--set", options.set, "Override a key of every scenario; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--vary", options.vary,
                   "Run every scenario with each of these values of a key; several make all combinations")
      ->type_name("KEY=VALUE,VALUE...")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--data", options.data, "Folder with the data set's files")->type_name("DIR");
  command->add_option("--out", options.out, "Folder for the results of the runs")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_flag("--json", options.as_json, "As JSON");
  return command;
}

CLI::App* add_attribute(CLI::App& app, tool::AttributeOptions& options) {
  CLI::App* const command =
      app.add_subcommand("attribute", "Say which effect of devices costs how much accuracy");
  add_scenario(*command, options.scenario);
  command->add_option("--seeds", options.seeds, "Seeds that each combination of effects runs with")
      ->type_name("N")
      ->check(CLI::Range(1, tool::max_attribute_seeds))
      ->capture_default_str();
  command->add_flag("--leave-one-out", options.leave_one_out, "Also run all effects but one");
  command->add_option("--jobs", options.jobs, "Simulations at a time")
      ->type_name("N")
      ->check(CLI::Range(1, tool::max_attribute_jobs))
      ->capture_default_str();
  command->add_option("--out", options.out, "Folder for the runs (default: results/attribute/<name>)")
      ->type_name("DIR");
  command->add_flag("--json", options.as_json, "As JSON");
  return command;
}

int dispatch(int argc, char** argv) {
  CLI::App app{"Weft: a virtual platform for in-memory DNN training accelerators"};
  app.name("weft");
  app.set_version_flag("--version", "weft " WEFT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 success, 1 a run that failed, 2 bad usage or bad input; of run-elf: the program's.");

  const RunCommand run(app);

  tool::ScenarioOptions compile_options;
  std::filesystem::path compile_out;
  CLI::App* const compile =
      app.add_subcommand("compile", "Compile a scenario to program.elf, listing and manifest");
  add_scenario(*compile, compile_options);
  compile->add_option("-o,--out", compile_out, "Folder for the files")->required()->type_name("DIR");

  tool::ScenarioOptions check_options;
  CLI::App* const check = app.add_subcommand("check", "Validate a scenario and its data without running it");
  add_scenario(*check, check_options);

  tool::ScenarioOptions config_options;
  CLI::App* const config = app.add_subcommand("config", "Print a scenario with all defaults filled in");
  add_scenario(*config, config_options);

  tool::ScenarioOptions area_options;
  bool area_as_json = false;
  CLI::App* const area =
      app.add_subcommand("area", "Print area, peak power and leakage of a scenario's chip, part by part");
  add_scenario(*area, area_options);
  area->add_flag("--json", area_as_json, "As JSON, as in results.json");

  tool::CalibrateOptions calibrate_options;
  const CLI::App* const calibrate = add_calibrate(app, calibrate_options);

  tool::CompareOptions compare_options;
  const CLI::App* const compare = add_compare(app, compare_options);

  tool::AttributeOptions attribute_options;
  const CLI::App* const attribute = add_attribute(app, attribute_options);

  const tool::RunElfCommand run_elf(app);

  const tool::NocCommand noc(app);

  std::filesystem::path disasm_file;
  CLI::App* const disasm = app.add_subcommand("disasm", "Disassemble a RISC-V ELF file, Xweft included");
  disasm->add_option("file", disasm_file, "ELF file")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tool::status_ok : tool::status_bad_input;
  }
  if (run.parsed()) return run.run();
  if (run_elf.parsed()) return tool::run_elf(run_elf.options());
  if (noc.parsed()) return noc.run();
  if (compile->parsed()) return tool::compile(compile_options, compile_out);
  if (check->parsed()) return tool::check(check_options);
  if (config->parsed()) return tool::show_config(config_options);
  if (calibrate->parsed()) return tool::calibrate(calibrate_options);
  if (compare->parsed()) return tool::compare(compare_options);
  if (attribute->parsed()) return tool::attribute(attribute_options);
  if (area->parsed()) return tool::show_area(area_options, area_as_json);
  return tool::disassemble(disasm_file);
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return dispatch(argc, argv);
  } catch (const Error& error) {
    fmt::print(stderr, "weft: {}\n", error.what());
    return tool::status_bad_input;
  } catch (const std::exception& error) {
    fmt::print(stderr, "weft: internal error: {}\n", error.what());
    return tool::status_failed;
  }
}
