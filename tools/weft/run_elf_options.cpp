// SPDX-License-Identifier: Apache-2.0
// The command line of `weft run-elf`.
#include "tools/weft/run_elf_options.h"

#include <fmt/format.h>

#include "models/common/error.h"
#include "platform/config/scalar.h"
#include "tools/weft/gdb_options.h"

namespace weft::tool {

namespace {

std::uint64_t parse_size(const std::string& text) {
  const std::optional<double> bytes = config::parse_quantity(text, config::size_dimension());
  if (bytes && *bytes >= 1 && *bytes <= 1e12) return static_cast<std::uint64_t>(*bytes);
  throw Error(fmt::format("--ram {}: allowed: a number of bytes with its unit, like '64 MiB'", text));
}

std::uint32_t parse_address(const std::string& text) {
  if (const auto address = config::parse_integer<std::uint32_t>(text)) return *address;
  throw Error(fmt::format("--raw {}: allowed: an address, like 0x80000000", text));
}

}  // namespace

RunElfCommand::RunElfCommand(CLI::App& app)
    : command_(app.add_subcommand("run-elf", "Run a bare-metal RV32 program; ends with its exit code")) {
  command_->add_option("file", options_.file, "ELF file");
  command_->add_option("--isa", options_.isa, "Instruction set of the hart")->default_val(options_.isa);
  command_
      ->add_option(
          "--jit", jit_,
          "Translate hot code to machine code of the host: on, off, or lockstep to check it against the "
          "interpreter; never changes results")
      ->check(CLI::IsMember({"on", "off", "lockstep"}))
      ->capture_default_str();
  command_->add_option("--ram", ram_, "Size of the RAM at 0x80000000")
      ->default_val("128 MiB")
      ->type_name("SIZE");
  command_->add_option("--raw", raw_, "The file is raw binary: load it there and start it")
      ->type_name("ADDRESS");
  command_->add_option("--flash", options_.flash, "Image of the flash at 0x20000000; the hart starts there")
      ->type_name("FILE");
  command_->add_option("--max-instructions", options_.max_instructions, "Stop after so many instructions")
      ->type_name("N");
  command_
      ->add_option("--signature", options_.signature,
                   "Write the memory from begin_signature to end_signature into this file")
      ->type_name("FILE");
  command_
      ->add_option("--signature-granularity", options_.signature_granularity, "Bytes a line of the signature")
      ->check(CLI::IsMember({1, 2, 4, 8, 16}))
      ->capture_default_str();
  command_->add_flag("--semihosting", options_.semihosting,
                     "Serve semihosting requests: console, files, arguments, exit code");
  command_
      ->add_option("--semihosting-root", options_.semihosting_root, "Folder whose files the program may use")
      ->type_name("DIR")
      ->capture_default_str();
  command_->add_option("--arg", options_.arguments, "Argument of the program; may be repeated")
      ->type_name("TEXT")
      ->take_all()
      ->allow_extra_args(false);
  trace_.emplace(*command_);
  add_gdb_options(*command_, options_.gdb, options_.gdb_wait);
  command_->add_flag("-q,--quiet", options_.quiet, "No output of the program on the terminal");
  command_->add_flag("-v,--verbose", options_.verbose, "What the blocks log, and a summary at the end");
}

RunElfOptions RunElfCommand::options() const {
  RunElfOptions result = options_;
  result.trace = trace_->config();
  result.ram_size = parse_size(ram_);
  result.jit =
      jit_ == "off" ? config::JitMode::off : (jit_ == "on" ? config::JitMode::on : config::JitMode::lockstep);
  if (!raw_.empty()) result.raw = parse_address(raw_);
  const bool wants_semihosting = command_->count("--semihosting-root") + command_->count("--arg") > 0;
  if (wants_semihosting && !result.semihosting) {
    throw Error("run-elf: --semihosting-root and --arg are of use only with --semihosting");
  }
  if (result.raw && !result.file) throw Error("run-elf: --raw needs a file");
  return result;
}

}  // namespace weft::tool
