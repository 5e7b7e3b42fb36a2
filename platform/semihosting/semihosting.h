// SPDX-License-Identifier: Apache-2.0
// Semihosting: a program asks its environment for console, files and its end by three instructions around an
// `ebreak` (RISC-V Semihosting specification 0.4), with the operations of Arm's "Semihosting for AArch32 and
// AArch64", 2023. No SystemC: whoever owns the hart decides what an ebreak is and hands the request over.
//
// Time is simulated time, never that of the host: SYS_CLOCK and SYS_ELAPSED count from the start of the
// simulation, SYS_TIME counts seconds as if it had started at the epoch. SYS_SYSTEM is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/semihosting/host_folder.h"

namespace weft::semihosting {

// Guest memory, without side effects and time; false where nothing answers.
struct GuestMemory {
  std::function<bool(std::uint32_t address, void* data, std::uint32_t size)> read;
  std::function<bool(std::uint32_t address, const void* data, std::uint32_t size)> write;
};

struct Services {
  GuestMemory memory;
  std::function<void(std::uint8_t)> output;    // console
  std::function<void(std::uint8_t)> errors;    // console, opened for appending: standard error
  std::function<int()> input;                  // next byte of the console, -1 at its end; may be empty
  std::function<std::uint64_t()> nanoseconds;  // of simulated time
  std::function<void(std::uint32_t code)> exit;
};

struct SemihostingConfig {
  std::filesystem::path root = ".";
  std::string command_line;
  // Answer to SYS_HEAPINFO: the stack grows down from the end of memory towards the heap.
  std::uint32_t heap_base = 0;
  std::uint32_t memory_end = 0;
};

// Whether the ebreak at `pc` stands between the two instructions that make it a request.
bool is_request(const GuestMemory& memory, std::uint32_t pc);

class Semihosting {
 public:
  // Throws weft::Error when there is no such folder as the root.
  Semihosting(const SemihostingConfig& config, Services services);
  ~Semihosting();
  Semihosting(const Semihosting&) = delete;
  Semihosting& operator=(const Semihosting&) = delete;

  // Executes the operation in a0 with the parameter in a1; answers the new a0.
  std::uint32_t call(std::uint32_t operation, std::uint32_t parameter);

 private:
  enum class Kind { input, output, errors, file, features };
  struct Handle {
    Kind kind = Kind::file;
    int descriptor = -1;         // of a file
    std::uint32_t position = 0;  // in the features
  };

  std::uint32_t open(std::uint32_t block);
  std::uint32_t close(std::uint32_t block);
  std::uint32_t write_character(std::uint32_t address);
  std::uint32_t write_string(std::uint32_t address);
  std::uint32_t write(std::uint32_t block);
  std::uint32_t read(std::uint32_t block);
  std::uint32_t seek(std::uint32_t block);
  std::uint32_t length(std::uint32_t block);
  std::uint32_t is_terminal(std::uint32_t block);
  std::uint32_t is_error(std::uint32_t block);
  std::uint32_t temporary_name(std::uint32_t block);
  std::uint32_t remove(std::uint32_t block);
  std::uint32_t rename(std::uint32_t block);
  std::uint32_t command_line(std::uint32_t block);
  std::uint32_t heap_information(std::uint32_t block);
  std::uint32_t elapsed(std::uint32_t block);
  std::uint32_t exit(std::uint32_t reason, std::uint32_t code);
  std::uint32_t exit_extended(std::uint32_t block);

  std::uint32_t fail(int error);
  // Words of a parameter block; on failure errno is set.
  template <std::size_t count>
  bool words(std::uint32_t block, std::uint32_t (&values)[count]);
  std::optional<std::string> text(std::uint32_t address, std::uint32_t length);
  Handle* handle(std::uint32_t number);
  std::uint32_t add(const Handle& handle);
  std::int64_t write_chunk(Handle& handle, const std::uint8_t* data, std::size_t size);
  std::int64_t read_chunk(Handle& handle, std::uint8_t* data, std::size_t size);

  SemihostingConfig config_;
  Services services_;
  HostFolder folder_;
  std::vector<std::optional<Handle>> handles_;
  int error_ = 0;  // SYS_ERRNO
};

}  // namespace weft::semihosting
