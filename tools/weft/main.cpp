// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
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

int dispatch(int argc, char** argv) {
  CLI::App app{"Weft: a virtual platform for in-memory DNN training accelerators"};
  app.name("weft");
  app.set_version_flag("--version", "weft " WEFT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 success, 1 a run that failed, 2 bad usage or bad input; of run-elf: the program's.");

  tool::RunOptions run_options;
  CLI::App* const run = app.add_subcommand("run", "Compile a scenario, simulate it and report");
  add_scenario(*run, run_options.scenario);
  run->add_option("--out", run_options.out, "Folder for the results (default: results/<name>)")
      ->type_name("DIR");
  const tool::TraceOptions trace_options(*run);
  run->add_option("--trace-hart", run_options.trace_hart, "Hart to trace: host.hart, tile0.hart, … or all")
      ->type_name("NAME")
      ->capture_default_str();
  bool skip_reference = false;
  run->add_flag("--no-reference", skip_reference, "Do not train the golden and the float32 reference");
  run->add_option("--threads", run_options.threads, "Threads that compute, or auto: one a core (run.threads)")
      ->type_name("N");
  run->add_flag("-q,--quiet", run_options.quiet, "Neither firmware output nor progress on the terminal");
  run->add_flag("-v,--verbose", run_options.verbose,
                "Show what the blocks log (unmapped accesses, failed commands)");

  tool::add_gdb_options(*run, run_options.gdb, run_options.gdb_wait);

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
  CLI::App* const calibrate = app.add_subcommand(
      "calibrate", "Run a scenario and write the converter ranges that its currents need, for include");
  add_scenario(*calibrate, calibrate_options.scenario);
  calibrate->add_option("-o,--out", calibrate_options.out, "YAML file to write")
      ->required()
      ->type_name("FILE");
  calibrate->add_option("--coverage", calibrate_options.coverage, "Share of the currents that must not clip")
      ->type_name("SHARE")
      ->capture_default_str();
  calibrate->add_flag("-q,--quiet", calibrate_options.quiet, "No progress on the terminal");

  tool::CompareOptions compare_options;
  CLI::App* const compare = app.add_subcommand(
      "compare", "Run scenarios, or take results that are there, and print them side by side");
  compare
      ->add_option("inputs", compare_options.inputs,
                   "Scenario files, results.json files or folders with one; ratios are to the first")
      ->required();
  compare
      ->add_option("--on", compare_options.platforms,
                   "Run every scenario on this platform preset; may be repeated")
      ->type_name("PRESET")
      ->take_all()
      ->allow_extra_args(false);
  compare->add_option("--set", compare_options.set, "Override a key of every scenario; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  compare
      ->add_option("--vary", compare_options.vary,
                   "Run every scenario with each of these values of a key; several make all combinations")
      ->type_name("KEY=VALUE,VALUE...")
      ->take_all()
      ->allow_extra_args(false);
  compare->add_option("--data", compare_options.data, "Folder with the data set's files")->type_name("DIR");
  compare->add_option("--out", compare_options.out, "Folder for the results of the runs")
      ->type_name("DIR")
      ->capture_default_str();
  compare->add_flag("--json", compare_options.as_json, "As JSON");

  tool::AttributeOptions attribute_options;
  CLI::App* const attribute =
      app.add_subcommand("attribute", "Say which effect of devices costs how much accuracy");
  add_scenario(*attribute, attribute_options.scenario);
  attribute
      ->add_option("--seeds", attribute_options.seeds, "Seeds that each combination of effects runs with")
      ->type_name("N")
      ->check(CLI::Range(1, tool::max_attribute_seeds))
      ->capture_default_str();
  attribute->add_flag("--leave-one-out", attribute_options.leave_one_out, "Also run all effects but one");
  attribute->add_option("--jobs", attribute_options.jobs, "Simulations at a time")
      ->type_name("N")
      ->check(CLI::Range(1, tool::max_attribute_jobs))
      ->capture_default_str();
  attribute
      ->add_option("--out", attribute_options.out, "Folder for the runs (default: results/attribute/<name>)")
      ->type_name("DIR");
  attribute->add_flag("--json", attribute_options.as_json, "As JSON");

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
  run_options.reference = !skip_reference;
  run_options.trace = trace_options.config();
  if (run->parsed()) return tool::run(run_options);
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
