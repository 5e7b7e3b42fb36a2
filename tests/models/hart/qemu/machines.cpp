// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu/machines.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <stdexcept>

#include "tests/models/hart/assembler.h"
#include "tests/support/program.h"

namespace weft::test {

namespace {

constexpr const char* qemu = "qemu-system-riscv32";
constexpr const char* time_limit = "60";
constexpr std::uint32_t ram_mebibytes = 128;
// QEMU puts the device tree behind this.
constexpr std::uint32_t usable_ram = 96u << 20;
constexpr std::uint32_t exit_word = slot::exit;

void put(std::fstream& file, std::uint32_t address, const std::vector<std::uint8_t>& bytes) {
  file.seekp(address - ram_base);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::uint8_t> bytes_of(const std::vector<std::uint32_t>& words) {
  std::vector<std::uint8_t> bytes(4 * words.size());
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

// QEMU's timer interrupt is pending until somebody sets a time to wait for.
std::vector<std::uint32_t> boot_code() {
  constexpr std::uint32_t timer_compare = 0x02004000;
  constexpr std::int32_t here = 4 * 4;
  return {lui(t0, timer_compare), addi(t1, zero, -1), sw(t1, 0, t0), sw(t1, 4, t0),
          jal(zero, static_cast<std::int32_t>(first_slot - ram_base) - here)};
}

std::vector<std::uint32_t> power_off_code() {
  constexpr std::uint32_t finisher = 0x00100000;
  constexpr std::uint32_t pass = 0x5555;
  return {lui(t0, finisher), lui(t1, pass & ~0xFFFu), addi(t1, t1, pass & 0xFFFu), sw(t1, 0, t0),
          jal(zero, 0)};
}

}  // namespace

bool have_qemu() { return run_program(qemu, {"--version"}).status == 0; }

std::vector<std::vector<std::uint8_t>> run_on_qemu(const Features& features,
                                                   const std::vector<std::vector<std::uint8_t>>& slots) {
  const std::uint32_t end = slot_base(slots.size());
  if (end - ram_base > usable_ram) throw std::runtime_error("too many programs for the RAM");
  const TemporaryFolder folder;
  const std::string ram = folder.file("ram", "");
  std::filesystem::resize_file(ram, std::uintmax_t{ram_mebibytes} << 20);
  std::fstream file(ram, std::ios::in | std::ios::out | std::ios::binary);
  put(file, ram_base, bytes_of(boot_code()));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    put(file, slot_base(i), slots[i]);
    put(file, slot_base(i) + exit_word, bytes_of({jal(zero, slot::bytes - exit_word)}));
  }
  put(file, end, bytes_of(power_off_code()));
  file.close();

  // The guest's RAM is the file: what it leaves behind is read from there.
  const ProgramResult result = run_program(
      "timeout", {time_limit,
                  qemu,
                  "-M",
                  "virt,memory-backend=ram",
                  "-m",
                  fmt::format("{}M", ram_mebibytes),
                  "-object",
                  fmt::format("memory-backend-file,id=ram,size={}M,mem-path={},share=on", ram_mebibytes, ram),
                  "-cpu",
                  qemu_cpu(features),
                  "-bios",
                  "none",
                  "-display",
                  "none",
                  "-monitor",
                  "none",
                  "-serial",
                  "none",
                  "-icount",
                  "shift=0,sleep=off"});
  if (result.status != 0) {
    throw std::runtime_error(fmt::format("QEMU ends with status {}: {}", result.status, result.errors));
  }
  std::vector<std::vector<std::uint8_t>> pages(slots.size());
  file.open(ram, std::ios::in | std::ios::binary);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    pages[i].resize(slot::bytes - slot::data_page);
    file.seekg(slot_base(i) + slot::data_page - ram_base);
    file.read(reinterpret_cast<char*>(pages[i].data()), static_cast<std::streamsize>(pages[i].size()));
  }
  return pages;
}

SlotMachine::Result SlotMachine::run_slot(const std::vector<std::uint8_t>& image, std::uint32_t base,
                                          CounterRng* slices) {
  constexpr std::uint64_t most_cycles = 1'000'000;
  memory_ = image;
  base_ = base;
  std::memcpy(memory_.data() + exit_word, &custom_0, sizeof custom_0);
  core.reset();
  core.flush_direct();
  core.flush_code();
  core.set_pc(base);
  Result result;
  // Only the exit word ends the run; vendor instructions of the program are illegal.
  on_custom = [this, &result](std::uint32_t instruction) {
    if (core.pc() != base_ + exit_word) {
      return hart::CustomResult::trap(hart::cause::illegal_instruction, instruction);
    }
    result.ended = true;
    core.request_yield();
    return hart::CustomResult::retire();
  };
  const std::uint64_t cycles = core.cycles();
  const std::uint64_t instructions = core.instructions();
  const std::uint64_t limit = cycles + most_cycles;
  while (!result.ended && core.cycles() < limit) {
    core.run(slices == nullptr ? limit : core.cycles() + 1 + slices->below(100));
  }
  result.cycles = core.cycles() - cycles;
  result.instructions = core.instructions() - instructions;
  result.data.assign(memory_.begin() + slot::data_page, memory_.end());
  on_custom = nullptr;
  traps.clear();
  return result;
}

bool SlotMachine::inside(std::uint32_t address, unsigned size) const {
  return address >= base_ && address - base_ <= slot::bytes - size;
}

hart::DirectMemory SlotMachine::direct(std::uint32_t address) {
  if (!direct_memory || !inside(address, 1)) return {};
  return {memory_.data(), base_, base_ + slot::bytes - 1, true, true};
}

hart::AccessStatus SlotMachine::load(std::uint32_t address, unsigned size, std::uint32_t& value) {
  if (!inside(address, size)) return hart::AccessStatus::fault;
  std::memcpy(&value, memory_.data() + (address - base_), size);
  return hart::AccessStatus::ok;
}

hart::AccessStatus SlotMachine::store(std::uint32_t address, unsigned size, std::uint32_t value) {
  if (!inside(address, size)) return hart::AccessStatus::fault;
  std::memcpy(memory_.data() + (address - base_), &value, size);
  return hart::AccessStatus::ok;
}

hart::AccessStatus SlotMachine::fetch(std::uint32_t address, std::uint16_t& parcel) {
  return peek(address, parcel) ? hart::AccessStatus::ok : hart::AccessStatus::fault;
}

bool SlotMachine::peek(std::uint32_t address, std::uint16_t& parcel) {
  if (!inside(address, sizeof parcel)) return false;
  std::memcpy(&parcel, memory_.data() + (address - base_), sizeof parcel);
  return true;
}

}  // namespace weft::test
