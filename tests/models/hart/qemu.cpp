// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "tests/models/hart/machine.h"

namespace weft::test {

namespace {

constexpr std::uint32_t finisher = 0x00100000;
constexpr std::uint32_t finisher_pass = 0x5555;

// The file that is the RAM of QEMU's machine.
class RamFile {
 public:
  explicit RamFile(const std::vector<std::uint32_t>& words) : bytes_(words.size() * sizeof words[0]) {
    const int file = mkstemp(path_);
    REQUIRE(file >= 0);
    close(file);
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(bytes_));
    REQUIRE(out.good());
  }
  RamFile(const RamFile&) = delete;
  RamFile& operator=(const RamFile&) = delete;
  ~RamFile() { std::remove(path_); }

  const char* path() const { return path_; }
  std::size_t bytes() const { return bytes_; }
  void read(std::vector<std::uint32_t>& words) const {
    std::ifstream in(path_, std::ios::binary);
    in.read(reinterpret_cast<char*>(words.data()), static_cast<std::streamsize>(bytes_));
    REQUIRE(in.gcount() == static_cast<std::streamsize>(bytes_));
  }

 private:
  char path_[32] = "/tmp/weft-qemu-ram-XXXXXX";
  std::size_t bytes_;
};

}  // namespace

hart::CoreConfig qemu_config() {
  hart::CoreConfig config;
  config.single_float = true;
  config.zba = true;
  config.zbb = true;
  config.zbs = true;
  return config;
}

bool have_qemu() { return !std::string(WEFT_QEMU_RISCV32).empty(); }

void Image::load_constant(std::uint32_t rd, std::uint32_t value) {
  emit(lui(rd, value + 0x800u));
  emit(addi(rd, rd, static_cast<std::int32_t>(hart::sign_extend(value & 0xFFFu, 12))));
}

void Image::finish() {
  load_constant(t0, device);
  emit(sw(zero, 0, t0));
  load_constant(t0, finisher);
  load_constant(t1, finisher_pass);
  emit(sw(t1, 0, t0));
  emit(jal(zero, 0));
}

std::vector<std::uint32_t> Image::run_on_qemu() const {
  const RamFile ram(words_);
  const std::string command = fmt::format(
      "timeout 55 {} -M virt,memory-backend=ram -object "
      "memory-backend-file,id=ram,size={},mem-path={},share=on "
      "-m {}M -cpu rv32,f=true,d=false,zba=true,zbb=true,zbs=true -bios none -display none -serial none "
      "-monitor none "
      "2>/dev/null",
      WEFT_QEMU_RISCV32, ram.bytes(), ram.path(), ram.bytes() >> 20);
  REQUIRE(std::system(command.c_str()) == 0);
  std::vector<std::uint32_t> result(words_.size());
  ram.read(result);
  return result;
}

std::vector<std::uint32_t> Image::run_on_core(bool enable_cache) const {
  hart::CoreConfig config = qemu_config();
  config.enable_cache = enable_cache;
  Machine machine(config);
  machine.ram.resize(words_.size() * sizeof words_[0]);
  std::memcpy(machine.ram.data(), words_.data(), machine.ram.size());
  machine.on_device = [&machine] { machine.core.request_yield(); };
  REQUIRE(machine.core.run(unlimited) == hart::StopReason::yield);
  REQUIRE(machine.traps.empty());
  std::vector<std::uint32_t> result(words_.size());
  std::memcpy(result.data(), machine.ram.data(), machine.ram.size());
  return result;
}

}  // namespace weft::test
